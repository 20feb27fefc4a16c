//! The arithmetic of service level objectives: windows, burn rates, budgets, and how many events a judgement needs.
//!
//! Knows numbers only: no llmobs.toml, no PromQL. Sources: Google's SRE Workbook, chapter 5, "Alerting on SLOs", table 5-8 for the
//! windows and the shares of the budget.

mod detect;
mod events;
mod pair;
mod sli;

pub use detect::{detected_after, gone_after};
pub use events::{MOST as MOST_LEAST_EVENTS, chance, enough_events, least_events, tolerated};
pub use pair::{Pair, Urgency, pairs};
pub use sli::Sli;
