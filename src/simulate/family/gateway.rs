//! Labels of the series on a gateway's page: the model, the tenant, how a request ended.

use super::labels::{Outcome, Set};
use crate::catalog::{Metric, SignalSource};
use crate::resolve::Gateway;

/// Tenants of every gateway that tells them apart, and the share of the requests of each.
const TENANTS: [(&str, f64); 3] = [("search", 0.5), ("support", 0.3), ("batch", 0.2)];

/// Returns the label sets of a metric about a model that the gateway calls `value`. `sources` are the signals that are read from
/// the metric.
pub fn of_gateway(gateway: &Gateway, value: &str, metric: &Metric, sources: &[&SignalSource]) -> Vec<Set> {
    let one = Set { labels: Vec::new(), outcome: Outcome::Usual, share: 1.0, first: true };
    let mut sets = vec![one];
    let own_tenant = gateway.tenant_label.as_ref().filter(|l| !metric.labels.contains(l) && takes(metric, l));
    for label in metric.labels.iter().chain(own_tenant) {
        if gateway.tenant_label.as_ref() == Some(label) {
            sets = sets.iter().flat_map(|set| TENANTS.map(|(tenant, share)| with(set, label, tenant, share))).collect();
            continue;
        }
        let values = values(gateway, value, metric, sources, label);
        sets = sets.iter().flat_map(|set| values.iter().map(|v| with(set, label, v, 1.0))).collect();
    }
    // A label that failures alone have.
    let of_failures = sources.iter().flat_map(|s| s.matchers_re.keys()).find(|l| !metric.labels.contains(l));
    if let Some(label) = of_failures {
        let known = metric.label_values.get(label).and_then(|v| v.first()).map_or("error", String::as_str);
        let failed: Vec<Set> =
            sets.iter().map(|set| Set { outcome: Outcome::Failed, ..with(set, label, known, 1.0) }).collect();
        sets.extend(failed);
    }
    sets
}

/// Returns whether a metric can have a label.
fn takes(metric: &Metric, label: &String) -> bool {
    metric.labels_open || metric.labels_optional.contains(label)
}

fn with(set: &Set, label: &str, value: &str, share: f64) -> Set {
    let mut set = set.clone();
    set.labels.push((label.to_owned(), value.to_owned()));
    set.share *= share;
    set
}

fn values(gateway: &Gateway, model: &str, metric: &Metric, sources: &[&SignalSource], label: &str) -> Vec<String> {
    if gateway.kind.profile.model_label.as_deref() == Some(label) || label.contains("model") {
        return vec![model.to_owned()];
    }
    let mut read: Vec<String> = sources.iter().filter_map(|s| s.matchers.get(label).cloned()).collect();
    if !read.is_empty() {
        read.dedup();
        return read;
    }
    if let Some(first) = metric.label_values.get(label).and_then(|v| v.first()) {
        return vec![first.clone()];
    }
    let word = match label {
        "route" | "endpoint" => "/v1/chat/completions",
        "status_code" => "200",
        "exception_status" => "500",
        "error_type" | "error_code" | "exception_class" => "Internal",
        "status" => "success",
        "streaming" => "true",
        "priority" => "0",
        _ => "none",
    };
    vec![word.to_owned()]
}
