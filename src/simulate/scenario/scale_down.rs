//! `scale-down`: the last replica is taken away on purpose. Service discovery does not know it any more, so not even `up` is left.

use super::{Concerns, Conditions, Moment, Scenario};

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "scale-down",
    about: "the last replica is taken away, with all its series; the others do its work",
    concerns: Concerns::Models,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    if moment.index + 1 == moment.of {
        conditions.up = false;
        conditions.alive = false;
        conditions.known = false;
    }
}
