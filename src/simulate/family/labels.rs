//! Values of labels: which series a metric has, and which share of the whole falls to each.

use crate::catalog::{Metric, Signal};
use crate::resolve::{Model, Pool};

/// Names and values of labels.
pub type Labels = Vec<(String, String)>;

/// What the labels of a series say about the requests that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// They ended well, or the labels say nothing.
    Usual,
    /// They were given up.
    Aborted,
    /// They failed.
    Failed,
    /// There are none.
    Never,
}

/// Labels of one series.
#[derive(Clone, Debug)]
pub struct Set {
    /// The labels, in the order of the catalogue.
    pub labels: Labels,
    /// What they say.
    pub outcome: Outcome,
    /// Share of the events of that outcome.
    pub share: f64,
    /// Whether it is the first value of every label that has listed ones.
    pub first: bool,
}

/// Returns every combination of the known values of a metric's labels on a replica.
pub fn of_model(model: &Model, metric: &Metric) -> Vec<Set> {
    let one = Set { labels: Vec::new(), outcome: Outcome::Usual, share: 1.0, first: true };
    let mut sets = vec![one];
    for label in &metric.labels {
        let values = values(model, metric, label);
        sets = sets
            .into_iter()
            .flat_map(|set| {
                values.iter().enumerate().map(move |(n, value)| {
                    let mut set = set.clone();
                    set.labels.push((label.clone(), value.clone()));
                    set.outcome = set.outcome.max(outcome(value));
                    set.first &= n == 0;
                    set
                })
            })
            .collect();
    }
    let count = |o: Outcome| sets.iter().filter(|s| s.outcome == o).count().max(1) as f64;
    let counts = [Outcome::Usual, Outcome::Aborted, Outcome::Failed, Outcome::Never].map(|o| (o, count(o)));
    for set in &mut sets {
        set.share = counts.iter().find(|(o, _)| *o == set.outcome).map_or(1.0, |(_, n)| 1.0 / n);
    }
    sets
}

fn values(model: &Model, metric: &Metric, label: &str) -> Vec<String> {
    let served = model.served_model_name.as_deref().unwrap_or(&model.name);
    if model.engine.profile.model_label.as_deref() == Some(label) || label == "model_name" {
        return vec![served.to_owned()];
    }
    let adapters = model.source(Signal::LoraSlots).filter(|s| s.series == metric.name);
    if let Some((holds, _)) = adapters.and_then(|s| s.labels.iter().find(|(_, l)| *l == label)) {
        let slots = model.lora_slots.unwrap_or(1);
        let names = (1..=slots).map(|n| format!("adapter-{n}")).collect::<Vec<_>>().join(",");
        return vec![match holds.as_str() {
            "slots" => slots.to_string(),
            "running" => names,
            _ => String::new(),
        }];
    }
    if let Some(values) = metric.label_values.get(label).filter(|v| !v.is_empty()) {
        return values.clone();
    }
    let words: &[&str] = match label {
        "handler" | "endpoint" | "path" => &["/v1/chat/completions"],
        "method" => &["POST"],
        "status_code" | "code" => &["200", "500"],
        "err" => &["validation", "overloaded"],
        _ => &["0"],
    };
    words.iter().map(|w| (*w).to_owned()).collect()
}

/// Words that values of labels use for outcomes of requests.
fn outcome(value: &str) -> Outcome {
    match value {
        "5xx" | "500" | "error" | "overloaded" | "generation" | "incomplete" | "dropped" => Outcome::Failed,
        "4xx" | "abort" | "validation" | "template" | "repetition" => Outcome::Aborted,
        "1xx" | "3xx" => Outcome::Never,
        _ => Outcome::Usual,
    }
}

/// A replica that holds a GPU, as the exporter attributes it.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// Its container.
    pub container: String,
}

/// Returns the labels of a GPU's series of a metric. `holder` is `None` for an idle GPU.
pub fn of_node(pool: &Pool, metric: &Metric, host: &str, gpu: usize, holder: Option<&Holder>) -> Labels {
    let model_name = pool.gpu.model_names.first().unwrap_or(&pool.gpu.title);
    let mut labels: Labels = Vec::new();
    for label in &metric.labels {
        let value = match label.as_str() {
            "gpu" => gpu.to_string(),
            "UUID" => format!("GPU-{}", uuid(host, gpu)),
            "device" => format!("nvidia{gpu}"),
            "pci_bus_id" => format!("00000000:{:02X}:00.0", 0x10 + gpu),
            "modelName" => model_name.clone(),
            "window_size_in_ms" => "300000".to_owned(),
            "Hostname" | "hostname" => host.to_owned(),
            _ => metric.label_values.get(label).and_then(|v| v.first()).cloned().unwrap_or_else(|| "0".to_owned()),
        };
        labels.push((label.clone(), value));
    }
    let optional = |label: &str| metric.labels_optional.iter().any(|l| l == label);
    if pool.mig {
        let instance = [("GPU_I_PROFILE", "1g.10gb"), ("GPU_I_ID", "1")];
        labels.extend(instance.iter().filter(|(l, _)| optional(l)).map(|(l, v)| ((*l).to_owned(), (*v).to_owned())));
    }
    if let Some(holder) = holder {
        let held = [("container", &holder.container), ("namespace", &holder.namespace), ("pod", &holder.pod)];
        labels.extend(held.iter().filter(|(l, _)| optional(l)).map(|(l, v)| ((*l).to_owned(), (*v).clone())));
    }
    labels
}

fn uuid(host: &str, gpu: usize) -> String {
    let bits = super::super::noise::seed(gpu as u64, host);
    let low = super::super::noise::seed(bits, host);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 32,
        (bits >> 16) & 0xffff,
        bits & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
