//! `low-traffic`: so few requests that one of them is a large share.

use super::{Concerns, Conditions, Moment, Scenario};

/// Requests per hour at all replicas together.
const PER_HOUR: f64 = 6.0;

/// The scenario.
pub const SCENARIO: Scenario =
    Scenario { name: "low-traffic", about: "six requests an hour arrive at most", concerns: Concerns::Models, apply };

fn apply(conditions: &mut Conditions, moment: &Moment) {
    conditions.most_arrivals_per_second = PER_HOUR / 3600.0 / f64::from(moment.of.max(1));
}
