//! Reads old and new files as values. Old files are hostile input: size, depth, nodes and aliases are limited.

use std::collections::BTreeSet;

use serde_json::Value;

/// Largest text that is parsed, in bytes. A dashboard is about 0.1 MB; the rules of a model about 0.02 MB.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Most values in one YAML file.
const MAX_NODES: usize = 500_000;
/// Most paths that are named when two values differ.
const MAX_PATHS: usize = 4;
/// Depth to which differing paths are named.
const MAX_DEPTH: usize = 4;

/// Reads the documents of a YAML file, or the value of a JSON file. `None` for another kind of file, and for a text that
/// cannot be read within the limits.
pub fn values(path: &str, text: &str) -> Option<Vec<Value>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    match path.rsplit_once('.')?.1 {
        "json" => serde_json::from_str(text).ok().map(|v| vec![v]),
        "yaml" | "yml" => {
            // YAML 1.2, as Kubernetes writes it for names: `n` is a text, not a boolean.
            let options = serde_saphyr::options! {
                strict_booleans: true,
                budget: serde_saphyr::budget! { max_nodes: MAX_NODES, max_aliases: 1000, max_anchors: 1000 },
                alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
            };
            serde_saphyr::from_multiple_with_options(text, options).ok()
        }
        _ => None,
    }
}

/// Reads a JSON text in a value.
pub fn embedded(text: &str) -> Option<Value> {
    (text.len() <= MAX_BYTES).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Names where two values differ: `spec.endpoints[0].port`. At most a few names; the last is then `…`.
pub fn changed_paths(old: &Value, new: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    walk("", old, new, MAX_DEPTH, &mut paths);
    if paths.len() > MAX_PATHS {
        paths.truncate(MAX_PATHS);
        paths.push("…".to_owned());
    }
    paths
}

fn walk(path: &str, old: &Value, new: &Value, depth: usize, paths: &mut Vec<String>) {
    if old == new || paths.len() > MAX_PATHS {
        return;
    }
    match (old, new) {
        (Value::Object(a), Value::Object(b)) if depth > 0 => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&below, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), depth - 1, paths);
            }
        }
        // The documents of a file, and lists of objects, have no names; a single document needs none.
        (Value::Array(a), Value::Array(b)) if depth > 0 && a.len() == b.len() => {
            for (i, (a_item, b_item)) in a.iter().zip(b).enumerate() {
                let below = if path.is_empty() && a.len() == 1 { String::new() } else { format!("{path}[{i}]") };
                walk(&below, a_item, b_item, depth - 1, paths);
            }
        }
        _ if path.is_empty() => {}
        _ => paths.push(path.to_owned()),
    }
}
