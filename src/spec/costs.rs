//! `[costs]`.

use crate::declare::Named;
use crate::declare::values::{Amount, Slug};
use crate::spec_table;
use crate::units::Currency;

spec_table! {
    /// What GPUs cost.
    Costs {
        /// Currency of every amount in the file.
        optional currency: Currency = "`USD`",
        /// Price of one GPU for one hour, by the name of a pool or by GPU model. A pool's own rate wins.
        required rates: Named<Slug, Amount>,
        /// What may be spent in a month of 730 hours.
        optional monthly_budget: Amount,
    }
}
