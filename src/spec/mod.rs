//! Stage 1: the text of llmobs.toml to a raw tree with a place on every value.
//!
//! One file per table; each table is declared once and gives its struct, its reader, its JSON Schema and its reference. This
//! stage checks types, units and spelling of single values. References between tables are stage 2 (`resolve`).

mod alerts;
mod check;
mod costs;
mod document;
mod gateways;
mod gpus;
mod grafana;
mod kubernetes;
mod models;
mod profiles;
mod project;
mod prometheus;
mod slos;
mod tracing;
mod workload;

pub use alerts::{AlertSettings, Threshold};
pub use check::{Check, CodeKey, Glob, Level, StoredNames};
pub use costs::{Costs, GpusFrom, PriceSource, Rate, RateByPurchase};
pub use document::Document;
pub use gateways::{Fronted, Gateway};
pub use gpus::{DeployedBy, GpuPool, Purchase};
pub use grafana::{Delivery, Grafana, SchemaKind};
pub use kubernetes::Kubernetes;
pub use models::Model;
pub use profiles::Profiles;
pub use project::Project;
pub use prometheus::{Flavour, Prometheus};
pub use slos::{AlertWindow, Buckets, LatencyObjective, ShareObjective, Slos};
pub use tracing::{CollectorKind, Destination, Protocol, SignalKind, Tracing};
pub use workload::Workload;

use serde_json::json;

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
    let mut schema = serde_json::Value::from(schema);
    one_way_to_servers(&mut schema, "Model");
    one_way_to_servers(&mut schema, "Gateway");
    a_price(&mut schema);
    schema
}

/// Adds what stage 2 says about finding the servers of a model or gateway, so that editors say it, too: one of three ways, or none and
/// matchers, and none of them empty.
fn one_way_to_servers(schema: &mut serde_json::Value, table: &str) {
    let table = schema.pointer_mut(&format!("/$defs/{table}")).and_then(serde_json::Value::as_object_mut);
    let Some(table) = table else { return };
    let ways = ["pods", "service", "targets"];
    for (key, least) in [
        ("pods", "minProperties"),
        ("service", "minProperties"),
        ("matchers", "minProperties"),
        ("targets", "minItems"),
    ] {
        if let Some(property) = table.get_mut("properties").and_then(|p| p.get_mut(key)) {
            property[least] = 1.into();
        }
    }
    let one = ways.map(|way| json!({ "required": [way] }));
    table.insert("if".to_owned(), json!({ "properties": { "monitor": { "const": false } }, "required": ["monitor"] }));
    table.insert("then".to_owned(), json!({ "required": ["matchers"] }));
    table.insert("else".to_owned(), json!({ "oneOf": one }));
}

/// Adds what stage 2 says about prices: without a source there is none, and OpenCost is the only one where it is named.
fn a_price(schema: &mut serde_json::Value) {
    let Some(costs) = schema.pointer_mut("/$defs/Costs").and_then(serde_json::Value::as_object_mut) else { return };
    let keys = ["rates", "energy_price"].map(|key| json!({ "required": [key] }));
    let own = json!({ "anyOf": keys });
    let opencost = json!({ "properties": { "source": { "const": "opencost" } }, "required": ["source"] });
    costs.insert("if".to_owned(), opencost);
    costs.insert("then".to_owned(), json!({ "not": own }));
    costs.insert("else".to_owned(), own);
}
