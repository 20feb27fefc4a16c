//! Dashboards and their panels, in the classic schema and in schema v2.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Item, ItemKind};

/// Deepest nesting of rows that panels are looked for in; Grafana has one.
const MAX_DEPTH: usize = 4;

/// Returns whether a value is a dashboard.
pub fn is_dashboard(value: &Value) -> bool {
    let spec = body(value);
    spec.get("title").is_some_and(Value::is_string)
        && (spec.get("panels").is_some_and(Value::is_array) || spec.get("elements").is_some_and(Value::is_object))
}

/// Finds a dashboard and its panels.
pub fn items(path: &str, value: &Value) -> Vec<Item> {
    let spec = body(value);
    let dashboard = spec.get("title").and_then(Value::as_str).unwrap_or_default();
    let mut panels = Vec::new();
    classic(spec.get("panels"), MAX_DEPTH, &mut panels);
    let elements = spec.get("elements").and_then(Value::as_object);
    panels.extend(elements.into_iter().flat_map(Map::values).filter_map(|e| e.get("spec")?.as_object()));
    let mut items = vec![itself(path, dashboard, spec)];
    items.extend(panels.into_iter().map(|p| panel(path, dashboard, p)));
    items
}

/// Schema v2 and resources of the operator wrap the dashboard as an object.
fn body(value: &Value) -> &Value {
    let wrapped =
        value.get("apiVersion").and_then(Value::as_str).is_some_and(|v| v.starts_with("dashboard.grafana.app/"));
    if wrapped { value.get("spec").unwrap_or(value) } else { value }
}

fn classic<'v>(panels: Option<&'v Value>, depth: usize, found: &mut Vec<&'v Map<String, Value>>) {
    for panel in panels.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        found.push(panel);
        if depth > 0 {
            classic(panel.get("panels"), depth - 1, found);
        }
    }
}

fn itself(path: &str, title: &str, spec: &Value) -> Item {
    let fields = spec.as_object().into_iter().flatten();
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    for (key, value) in fields {
        match key.as_str() {
            "panels" | "elements" | "version" => {}
            "templating" => parts.extend(variables(value.get("list").unwrap_or(value))),
            "variables" => parts.extend(variables(value)),
            _ => drop(parts.insert(key.clone(), value.clone())),
        }
    }
    Item { kind: ItemKind::Dashboard, title: format!("dashboard \"{title}\""), file: path.to_owned(), parts }
}

fn variables(list: &Value) -> Vec<(String, Value)> {
    let name =
        |v: &Value| v.get("name").or_else(|| v.get("spec")?.get("name")).and_then(Value::as_str).map(str::to_owned);
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|v| Some((format!("variable {}", name(v)?), v.clone()))).collect()
}

fn panel(path: &str, dashboard: &str, panel: &Map<String, Value>) -> Item {
    let row = panel.get("type").and_then(Value::as_str) == Some("row");
    let title = panel.get("title").and_then(Value::as_str).unwrap_or("(no title)");
    let mut parts: BTreeMap<String, Value> = BTreeMap::new();
    for (key, value) in panel {
        match key.as_str() {
            // Numbers of panels follow their order; panels of a row are items of their own.
            "id" | "panels" => {}
            "gridPos" => drop(parts.insert("position".to_owned(), value.clone())),
            "targets" => drop(parts.insert("queries".to_owned(), value.clone())),
            _ => drop(parts.insert(key.clone(), value.clone())),
        }
    }
    let word = if row { "row" } else { "panel" };
    let title = format!("{word} \"{title}\" of dashboard \"{dashboard}\"");
    Item { kind: ItemKind::Panel, title, file: path.to_owned(), parts }
}
