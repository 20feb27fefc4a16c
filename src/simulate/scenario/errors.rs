//! `errors`: a large share of requests ends with an error of the server.

use super::{Concerns, Conditions, Moment, Scenario};

/// Share that fails.
const SHARE: f64 = 0.3;

/// The scenario.
pub const SCENARIO: Scenario =
    Scenario { name: "errors", about: "three of ten requests fail", concerns: Concerns::Models, apply };

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.errors = conditions.errors.max(SHARE);
    // At night there would be too few requests to fail.
    conditions.least_arrivals = conditions.least_arrivals.max(0.3);
}
