//! Inference: what the value of a PromQL expression is, from the catalogue and the expression alone.
//!
//! Type, nature (counter, rate, quantile ...), unit, bounds and labels of every part of a query, through recording rules that are
//! read in the same run. Judges nothing: rules about what is wrong stand in `lint`.

mod binary;
mod facts;
mod functions;
mod labels;
mod metrics;
mod quantity;
mod query;
mod records;
mod targets;

pub use facts::{Bounds, Facts, Nature, ValueType};
pub use labels::{Labels, Presence};
pub use metrics::{Against, Resolved, State};
pub use quantity::{Dimension, Quantity, Relation, near};
pub use query::{Knowledge, Typed, infer};
pub use records::{Done, Records};
pub use targets::{Target, Targets};
