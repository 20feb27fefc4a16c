//! One metric in two releases: what changed.

use super::text::{bounds, labels};
use crate::catalog::{Metric, Status};

/// Returns what differs between two entries of one metric, a short sentence each. What it is first, then how it is reached.
pub fn changes(old: &Metric, new: &Metric) -> Vec<String> {
    let mut out = Vec::new();
    if old.kind != new.kind {
        out.push(format!("type: {}, now {}", old.kind.word(), new.kind.word()));
    }
    if old.semantics != new.semantics {
        let word = |m: &Metric| m.semantics.map_or("as declared", crate::catalog::Semantics::word);
        out.push(format!("nature: {}, now {}", word(old), word(new)));
    }
    if old.unit != new.unit {
        out.push(format!("unit: {}, now {}", old.unit.word(), new.unit.word()));
    }
    if (&old.labels, &old.labels_optional, old.labels_open) != (&new.labels, &new.labels_optional, new.labels_open) {
        out.push(format!("labels: {}, now {}", labels(old), labels(new)));
    }
    for (label, now) in &new.label_values {
        let before = old.label_values.get(label).map_or(&[][..], Vec::as_slice);
        let added: Vec<&str> = now.iter().filter(|v| !before.contains(v)).map(String::as_str).collect();
        if !added.is_empty() {
            out.push(format!("values of {label}: {} came", added.join(", ")));
        }
    }
    for (label, before) in &old.label_values {
        let now = new.label_values.get(label).map_or(&[][..], Vec::as_slice);
        let gone: Vec<&str> = before.iter().filter(|v| !now.contains(v)).map(String::as_str).collect();
        if !gone.is_empty() {
            out.push(format!("values of {label}: {} went", gone.join(", ")));
        }
    }
    if old.buckets != new.buckets {
        let shown = |m: &Metric| if m.buckets.is_empty() { "not known".to_owned() } else { bounds(&m.buckets) };
        out.push(format!("buckets: {}, now {}", shown(old), shown(new)));
    }
    if old.status != new.status {
        let successors = if new.status == Status::Stable { String::new() } else { new.replaced_by.join(", ") };
        let of = if successors.is_empty() { String::new() } else { format!("; use {successors}") };
        out.push(format!("status: {}, now {}{of}", old.status.word(), new.status.word()));
    }
    if old.requires != new.requires {
        let shown = |m: &Metric| m.requires.clone().unwrap_or_else(|| "nothing".to_owned());
        out.push(format!("requires: {}, now {}", shown(old), shown(new)));
    }
    out
}
