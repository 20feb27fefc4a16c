//! `cold-start`: what comes first waits for kernels that are compiled and weights that are read: a prefill takes far too long, a
//! token does not. With few requests it is how a single one goes wrong.

use super::{Concerns, Conditions, Moment, Scenario};

/// How much longer a prefill takes.
const FACTOR: f64 = 60.0;

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "cold-start",
    about: "prefill takes sixty times as long, decode as long as ever",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.prefill *= FACTOR;
}
