//! `traffic-spike`: demand beyond what the replicas can serve.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "traffic-spike",
    about: "four times as many requests arrive, and more than can be served",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    conditions.arrivals *= 1.0 + 3.0 * moment.risen();
    conditions.least_arrivals = conditions.least_arrivals.max(2.5 * moment.risen());
}
