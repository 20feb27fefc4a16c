//! `thermal`: heat, and the time that is lost to it.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "thermal",
    about: "the GPUs of the first node are too hot and are slowed down",
    concerns: Concerns::Pools,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    if moment.index == 0 {
        conditions.heat = moment.risen();
    }
}
