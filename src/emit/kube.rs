//! Kubernetes objects: metadata that all of them share, and custom resources as small typed values.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde_json::Value;

use super::Emit;

/// A custom resource.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Custom<S: Serialize> {
    /// Group and version.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Metadata.
    pub metadata: ObjectMeta,
    /// Specification.
    pub spec: S,
}

/// Returns the metadata of an object: name, namespace, and the labels of every object with `extra`.
pub fn metadata(emit: Emit<'_>, name: String, namespace: &str, extra: &BTreeMap<String, String>) -> ObjectMeta {
    let mut labels = BTreeMap::from([
        ("app.kubernetes.io/managed-by".to_owned(), "llmobs".to_owned()),
        ("app.kubernetes.io/part-of".to_owned(), emit.names.part_of()),
    ]);
    labels.extend(emit.plan.kubernetes.labels.clone());
    labels.extend(extra.clone());
    ObjectMeta {
        name: Some(name),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels),
        ..ObjectMeta::default()
    }
}

/// Turns an object into a value for the writer. The order of keys is that of the type.
pub fn value(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or(Value::Null)
}
