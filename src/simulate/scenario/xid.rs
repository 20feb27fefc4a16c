//! `xid`: an XID error on one GPU.

use super::{Concerns, Conditions, Moment, Scenario};

/// Double-bit ECC error.
pub const CODE: u32 = 48;

/// The scenario.
pub const SCENARIO: Scenario = Scenario {
    name: "xid",
    about: "the first GPU of the first node reports XID 48, a double-bit memory error",
    concerns: Concerns::Pools,
    apply,
};

fn apply(conditions: &mut Conditions, moment: &Moment) {
    if moment.index == 0 {
        conditions.xid = CODE;
    }
}
