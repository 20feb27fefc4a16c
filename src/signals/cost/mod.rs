//! Cost: what GPUs cost, who holds them, what one gets for it, what is spent, and how much of the budget that is.
//!
//! | file | gives |
//! |---|---|
//! | `quantity` | expressions with their unit as a type |
//! | `account` | whose money it is: a model, a pool, a namespace, the fleet; the unit of each recorded series |
//! | `gpus` | GPUs by what runs |
//! | `price` | price of a GPU-hour: declared, by energy, by OpenCost |
//! | `model`, `pool`, `fleet` | what is recorded of each |
//! | `tenant` | the part of each tenant that a gateway tells in the cost of a model |
//! | `spend` | spend of the hour, the day and the month, forecast, budget |
//! | `burn` | pairs of windows in which a budget burns too fast |
//!
//! An alert on a budget compares `spend:1h` (and sums of `spend:hour`, one value for each whole hour) with `budget:month`;
//! both have the labels of their account.

mod account;
mod burn;
mod fleet;
mod gpus;
mod model;
mod pool;
mod price;
mod quantity;
mod spend;
mod tenant;

pub use account::{Account, Kind, kinds};
pub use burn::{Burn, burns, spend_in};
pub use price::declared as price_of_pool;
pub use quantity::{Join, Quantity, Series};

pub(super) use fleet::{records as of_fleet, spend as spend_of_fleet};
pub(super) use model::{records as of_model, spend as spend_of_model};
pub(super) use pool::{records as of_pool, spend as spend_of_pool};
pub(super) use spend::interval as spend_interval;
pub(super) use tenant::records as of_tenants;
