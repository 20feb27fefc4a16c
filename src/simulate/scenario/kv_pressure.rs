//! `kv-pressure`: long prompts fill the KV cache, so that fewer requests fit beside each other, wait, and push each other out.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "kv-pressure",
    about: "prompts of three times the length fill the KV cache: requests wait and are preempted",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    conditions.prompt *= 1.0 + 2.0 * moment.risen();
    conditions.least_arrivals = conditions.least_arrivals.max(1.2);
}
