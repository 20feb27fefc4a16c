//! `gpu-lost`: a GPU that has fallen off the bus is not reported any more.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "gpu-lost",
    about: "the first GPU of the first node is missing on the page of its exporter",
    concerns: Concerns::Pools,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    if moment.index == 0 {
        conditions.lost = true;
    }
}
