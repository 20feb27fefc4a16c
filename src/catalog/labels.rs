//! Labels of a stored series: those of the metric, and those that scraping adds or renames.

use super::Metric;
use super::lookup::underscored;

/// Labels that a scrape, its service discovery or the external labels of a server usually add.
const OF_TARGETS: &[&str] = &[
    "account",
    "app",
    "az",
    "component",
    "deployment",
    "endpoint",
    "instance",
    "job",
    "location",
    "project_id",
    "prometheus",
    "prometheus_replica",
    "release",
    "replica",
    "scrape_job",
    "service",
    "service_instance_id",
    "service_name",
    "service_namespace",
    "stage",
    "team",
    "tenant",
];

/// Words of labels that say where a target runs, alone or with others: `cluster_name`, `kubernetes_pod_name`.
const PLACES: &[&str] = &[
    "cluster",
    "container",
    "datacenter",
    "env",
    "environment",
    "host",
    "hostname",
    "k8s",
    "kubernetes",
    "namespace",
    "node",
    "nodepool",
    "pod",
    "region",
    "zone",
];

/// Ends of the domains that labels of Kubernetes objects begin with: `ray.io/cluster` is stored as `ray_io_cluster`.
const DOMAINS: &[&str] = &["ai", "cloud", "com", "dev", "io", "net", "org", "sh"];

/// Where a label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelOrigin {
    /// Every series of the metric has it. `le` of histograms and `quantile` of summaries too.
    Always,
    /// Some series of the metric have it.
    Sometimes,
    /// The metric has labels that cannot be listed; this may be one.
    Open,
    /// The metric's own label of this name without `exported_`: the scrape found a target label of the same name, and
    /// `honor_labels` is off.
    Exported,
    /// A usual label of targets.
    Target,
}

/// Says where a label of a metric comes from; `None` if nothing known gives it.
pub fn label_origin(metric: &Metric, label: &str) -> Option<LabelOrigin> {
    use super::MetricType::{Histogram, Summary};
    if matches!((metric.kind, label), (Histogram, "le") | (Summary, "quantile")) || lists(&metric.labels, label) {
        return Some(LabelOrigin::Always);
    }
    if lists(&metric.labels_optional, label) {
        return Some(LabelOrigin::Sometimes);
    }
    if let Some(own) = label.strip_prefix("exported_")
        && (lists(&metric.labels, own) || lists(&metric.labels_optional, own))
    {
        return Some(LabelOrigin::Exported);
    }
    if is_of_targets(label) {
        return Some(LabelOrigin::Target);
    }
    metric.labels_open.then_some(LabelOrigin::Open)
}

fn is_of_targets(label: &str) -> bool {
    let words: Vec<&str> = label.split('_').collect();
    let of_object = words.len() > 2 && words[1..words.len() - 1].iter().any(|w| DOMAINS.contains(w));
    let of_place = words.iter().any(|w| PLACES.contains(w)) && words.first() != Some(&"exported");
    OF_TARGETS.contains(&label) || label.starts_with("__") || of_object || of_place
}

/// Returns whether anything known gives a metric this label.
pub fn label_is_known(metric: &Metric, label: &str) -> bool {
    label_origin(metric, label).is_some()
}

/// Labels of OpenTelemetry origin are stored with dots or with underscores, as the server is set up.
fn lists(labels: &[String], label: &str) -> bool {
    labels.iter().any(|l| l == label || underscored(l) == underscored(label))
}
