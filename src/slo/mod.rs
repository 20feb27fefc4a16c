//! The arithmetic of service level objectives: windows, burn rates, budgets, and how many events a judgement needs.
//!
//! Knows numbers only: no llmobs.toml, no PromQL. Sources: Google's SRE Workbook, chapter 5, "Alerting on SLOs", table 5-8 for the
//! windows and the shares of the budget.

mod events;
mod pair;
mod sli;

pub use events::{enough_events, least_events};
pub use pair::{Pair, Urgency, pairs};
pub use sli::Sli;
