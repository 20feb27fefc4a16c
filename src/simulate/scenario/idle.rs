//! `idle`: nobody asks for anything.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario =
    Scenario { name: "idle", about: "no request arrives", concerns: Concerns::Models, apply };

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.arrivals = 0.0;
    conditions.least_arrivals = 0.0;
}
