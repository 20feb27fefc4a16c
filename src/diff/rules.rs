//! Rules and alerts, in rule files and in PrometheusRule objects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Item, ItemKind};

/// Returns whether a value is a file that Prometheus loads rules from.
pub fn is_rule_file(value: &Value) -> bool {
    value.get("groups").is_some_and(Value::is_array) && value.get("kind").is_none()
}

/// Finds the rules of a rule file, or of the `spec` of a PrometheusRule.
pub fn items(path: &str, spec: &Value) -> Vec<Item> {
    let groups = spec.get("groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    groups.iter().flat_map(|group| group_items(path, group)).collect()
}

fn group_items(path: &str, group: &Value) -> Vec<Item> {
    let rules = group.get("rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let itself = group.get("name").and_then(Value::as_str).map(|name| Item {
        kind: ItemKind::Group,
        title: format!("group {name}"),
        file: path.to_owned(),
        parts: parts(group, &["name", "rules"]),
    });
    itself.into_iter().chain(rules.iter().filter_map(|rule| item(path, rule))).collect()
}

fn item(path: &str, rule: &Value) -> Option<Item> {
    let kind = if rule.get("alert").is_some() { ItemKind::Alert } else { ItemKind::Rule };
    let key = if kind == ItemKind::Alert { "alert" } else { "record" };
    let name = rule.get(key)?.as_str()?;
    let title = format!("{} {name}{}", kind.word(), subject(path));
    Some(Item { kind, title, file: path.to_owned(), parts: parts(rule, &[key]) })
}

fn parts(value: &Value, but: &[&str]) -> BTreeMap<String, Value> {
    let fields = value.as_object().into_iter().flatten().filter(|(key, _)| !but.contains(&key.as_str()));
    fields.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Returns whom the rules of a file are about, in brackets: ` (model chat)`. Our file names say it, whatever the flavour.
fn subject(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    match stem.strip_prefix("rules-").unwrap_or(stem).split_once('-') {
        Some(("model", name)) => format!(" (model {name})"),
        Some(("gpus", name)) => format!(" (pool {name})"),
        _ => String::new(),
    }
}
