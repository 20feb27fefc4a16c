//! Kubernetes objects. Rules and dashboards in them are items of their own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Item, ItemKind, dashboards, parse, rules};

/// Returns whether a value is a Kubernetes object.
pub fn is_object(value: &Value) -> bool {
    ["apiVersion", "kind"].iter().all(|key| value.get(key).is_some_and(Value::is_string))
}

/// Finds an object and what is in it.
pub fn items(path: &str, mut object: Value) -> Vec<Item> {
    let mut items = Vec::new();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = text(&object, "kind");
    match kind.as_str() {
        "PrometheusRule" => {
            if let Some(spec) = object.get_mut("spec") {
                items.extend(rules::items(path, spec));
                remove(spec, "groups");
            }
        }
        "ConfigMap" => items.extend(take_dashboards(path, object.get_mut("data"))),
        "GrafanaDashboard" => items.extend(take_dashboards(path, object.get_mut("spec"))),
        _ => {}
    }
    let metadata = object.get("metadata").cloned().unwrap_or_default();
    let (namespace, name) = (text(&metadata, "namespace"), text(&metadata, "name"));
    let slash = if namespace.is_empty() { "" } else { "/" };
    let title = format!("{kind} {namespace}{slash}{name}").trim_end().to_owned();
    items.push(Item { kind: ItemKind::Object, title, file: path.to_owned(), parts: parts(object) });
    items
}

/// Takes the texts that are dashboards out of a map of texts.
fn take_dashboards(path: &str, texts: Option<&mut Value>) -> Vec<Item> {
    let Some(texts) = texts.and_then(Value::as_object_mut) else { return Vec::new() };
    let mut items = Vec::new();
    texts.retain(|_, text| {
        let value = text.as_str().filter(|t| t.starts_with('{')).and_then(parse::embedded);
        let dashboard = value.filter(dashboards::is_dashboard);
        items.extend(dashboard.iter().flat_map(|d| dashboards::items(path, d)));
        dashboard.is_none()
    });
    items
}

fn remove(value: &mut Value, key: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(key);
    }
}

/// Splits an object into the parts that a reader knows by name: `metadata.labels`, `spec.endpoints`.
fn parts(object: Value) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    let Value::Object(top) = object else { return parts };
    for (key, value) in top {
        match value {
            Value::Object(inner) if matches!(key.as_str(), "metadata" | "spec" | "data") => {
                parts.extend(inner.into_iter().map(|(k, v)| (format!("{key}.{k}"), v)));
            }
            value => drop(parts.insert(key, value)),
        }
    }
    parts
}
