//! `stuck`: the engine answers to scrapes and holds its requests, but nothing moves.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario =
    Scenario { name: "stuck", about: "requests run, and no token is generated", concerns: Concerns::Models, apply };

fn apply(conditions: &mut Conditions, _: &Moment) {
    conditions.stuck = true;
}
