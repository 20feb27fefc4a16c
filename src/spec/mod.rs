//! Stage 1: the text of llmobs.toml to a raw tree with a place on every value.
//!
//! One file per table; each table is declared once and gives its struct, its reader, its JSON Schema and its reference. This
//! stage checks types, units and spelling of single values. References between tables are stage 2 (`resolve`).

mod alerts;
mod costs;
mod document;
mod gpus;
mod grafana;
mod kubernetes;
mod models;
mod profiles;
mod project;
mod prometheus;
mod slos;
mod tracing;

pub use alerts::{AlertSettings, Threshold};
pub use costs::Costs;
pub use document::Document;
pub use gpus::{DeployedBy, GpuPool};
pub use grafana::{Delivery, Grafana, SchemaKind};
pub use kubernetes::Kubernetes;
pub use models::Model;
pub use profiles::Profiles;
pub use project::Project;
pub use prometheus::{Flavour, Prometheus};
pub use slos::{LatencyObjective, ShareObjective, Slos};
pub use tracing::{CollectorKind, Destination, Protocol, SignalKind, Tracing};

use crate::diag::Sink;
use crate::source::{FileId, Sources};

/// Reads the text of a llmobs.toml. The document is as complete as the text allows; the sink has what was wrong.
pub fn read(sources: &Sources, file: FileId, sink: &mut Sink) -> Document {
    crate::declare::read_document(sources, file, sink)
}

/// Returns the JSON Schema (draft 2020-12) of llmobs.toml.
pub fn json_schema() -> serde_json::Value {
    let mut schema =
        schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "llmobs.toml".into());
    serde_json::Value::from(schema)
}
