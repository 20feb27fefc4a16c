//! Stage 3: the plan to measures and alerts, as PromQL trees with their origin, free of any file format.
//!
//! A [`Book`] has one chapter per model, per pool and for the fleet, and `cost` adds to each what it costs. Generators print it;
//! they add no query of their own to it.

mod alerts;
mod book;
pub mod cost;
mod fleet;
mod gateway;
mod gpu;
mod lora;
mod measure;
mod model;
pub mod proof;
mod slo;

pub use crate::alert_kind::{AlertKind, ThresholdUnit};
pub use alerts::{THROTTLED_SHARE, promise, threshold as alert_threshold, xid_codes};
pub use book::{Alert, Basis, Book, Chapter, Group, Record, Subject};
pub use measure::{Latency, Level, Measure, Over, Quantile, What};

use crate::names::Names;
use crate::parallel;
use crate::resolve::{Model, Plan};

/// Which models have a chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Models {
    /// All.
    All,
    /// One of those that differ in their names alone: enough to judge the rules.
    OneOfEach,
}

/// Makes the book of a plan.
pub fn book(plan: &Plan, which: Models) -> Book {
    let names = Names::of(plan);
    let models: Vec<&Model> = match which {
        Models::All => plan.models.values().collect(),
        Models::OneOfEach => plan.one_of_each(),
    };
    let mut chapters: Vec<Chapter> = parallel::map(&models, 4, |m| model::chapter(m, plan, &names));
    chapters.extend(plan.pools.values().map(|p| gpu::chapter(p, plan, &names)));
    let fleet = fleet::chapter(plan, &chapters, &names);
    chapters.push(fleet);
    Book { chapters }
}
