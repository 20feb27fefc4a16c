//! `restart`: a rolling restart, in which each replica has its turn.

use super::{Concerns, Conditions, Moment, Scenario};

/// Share of its turn that a replica is gone.
const GONE: f64 = 0.5;

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "restart",
    about: "replicas restart one after the other: each is gone for a while, and counts from 0",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    let turn = moment.length / f64::from(moment.of.max(1));
    let own = moment.elapsed - turn * f64::from(moment.index);
    if (0.0..turn * GONE).contains(&own) {
        conditions.up = false;
        conditions.alive = false;
    }
}
