//! `slow`: the servers work at a quarter of their speed, and queues follow where they are busy.

use super::{Concerns, Conditions, Moment, Scenario};

/// How much longer everything takes.
const FACTOR: f64 = 4.0;

/// The scenario.
pub const SCENARIO: Scenario =
    Scenario { name: "slow", about: "prefill and decode take four times as long", concerns: Concerns::Models, apply };

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.latency *= FACTOR;
}
