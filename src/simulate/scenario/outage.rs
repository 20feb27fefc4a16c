//! `outage`: every replica is gone, and starts anew at the end.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "outage",
    about: "no replica answers; counters begin at 0 afterwards",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.up = false;
    conditions.alive = false;
}
