//! Units of measure: one type per file, with its own parsing, printing and arithmetic.
//!
//! A number that leaves this module without its type carries its unit in its name.

mod base_unit;
mod bytes;
mod duration;
mod money;
pub mod money_units;
mod number;
mod ratio;
mod unit;

pub use base_unit::BaseUnit;
pub use bytes::Bytes;
pub use duration::{Duration, same_edge};
pub use money::{Currency, MoneyPerHour, PerMonth, Price};
pub use number::{bucket_bound, number, percent};
pub use ratio::Ratio;
pub use unit::{Dimension, Physical, Unit};
