//! `cache-collapse`: prompts stop sharing their beginnings, so that all of them is computed.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "cache-collapse",
    about: "prompts are hardly found in the prefix cache any more",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.hits *= 0.05;
}
