//! `exporter-down`: the exporters are gone, the GPUs work on.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario =
    Scenario { name: "exporter-down", about: "no GPU exporter of the pool answers", concerns: Concerns::Pools, apply };

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.up = false;
}
