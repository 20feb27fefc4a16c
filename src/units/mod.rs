//! Units of measure: one type per file, with its own parsing, printing and arithmetic.
//!
//! A number that leaves this module without its type carries its unit in its name.

mod bytes;
mod duration;
mod factor;
mod money;
mod number;
mod ratio;

pub use bytes::Bytes;
pub use duration::{Duration, same_edge};
pub use factor::{BaseUnit, to_base};
pub use money::{Currency, MoneyPerHour, PerMonth};
pub use number::{bucket_bound, number};
pub use ratio::Ratio;
