//! The choice of what a series shows: by the signals that are read from its metric, else by type, unit and words of the name.

use super::labels::{Labels, Outcome, Set};
use crate::catalog::{Metric, MetricType, Semantics, Signal, SignalSource};
use crate::simulate::distribution::Histogram;
use crate::simulate::noise;
use crate::simulate::quantity::{self, Observed, Quantity};
use crate::simulate::scenario::XID;
use crate::simulate::series::{Distribution, Meter};
use crate::units::{BaseUnit, Unit};

/// Returns how a series of an engine gets its value. `sources` are the signals that are read from its metric.
pub fn of_engine(metric: &Metric, sources: &[&SignalSource], set: &Set) -> Meter {
    let factor = factor(metric, sources);
    match metric.kind {
        MetricType::Histogram | MetricType::Summary => histogram(metric, sources, set),
        MetricType::Counter => counter(metric, sources, set, factor),
        MetricType::Gauge | MetricType::Untyped => gauge(metric, sources, set, factor),
    }
}

/// From the base unit to the unit of the metric.
fn factor(metric: &Metric, sources: &[&SignalSource]) -> f64 {
    let to_base = sources.first().map(|s| s.factor).or_else(|| metric.unit.physical().map(|p| p.scale));
    1.0 / to_base.filter(|f| *f > 0.0).unwrap_or(1.0)
}

fn has(metric: &Metric, words: &[&str]) -> bool {
    words.iter().any(|w| metric.name.contains(w))
}

fn histogram(metric: &Metric, sources: &[&SignalSource], set: &Set) -> Meter {
    let of = sources.iter().find_map(|s| quantity::observed(s.signal));
    let mut of = of.unwrap_or_else(|| unmapped_histogram(metric));
    if of == Observed::EndToEnd && set.outcome == Outcome::Failed {
        of = Observed::Failed;
    }
    if of == Observed::InterToken && metric.semantics == Some(Semantics::RequestMean) {
        of = Observed::InterTokenOfRequest;
    }
    let scale = factor(metric, sources);
    let edges: Vec<f64> = metric.buckets.iter().map(|b| b / scale).collect();
    // Somewhere among the lower bounds.
    let median = (of == Observed::Other).then(|| edges.get(edges.len() * 2 / 5).copied().filter(|e| *e > 0.0));
    let phase = noise::uniform(0, 0, noise::seed(0, &metric.name));
    Meter::Histogram(Box::new(Distribution {
        of,
        share: set.share,
        median: median.map(|m| m.unwrap_or(1.0)),
        scale,
        histogram: Histogram::new(&edges),
        buckets: true,
        phase,
    }))
}

fn unmapped_histogram(metric: &Metric) -> Observed {
    match metric.unit.to_base().map(|(base, _)| base) {
        Some(BaseUnit::Tokens) if has(metric, &["prompt", "input"]) => Observed::PromptTokens,
        Some(BaseUnit::Tokens) if has(metric, &["generat", "output"]) => Observed::GeneratedTokens,
        Some(BaseUnit::Seconds) if has(metric, &["first_token"]) => Observed::Ttft,
        Some(BaseUnit::Seconds) if has(metric, &["per_token", "per_output_token", "inter_token"]) => {
            Observed::InterTokenOfRequest
        }
        Some(BaseUnit::Seconds) if has(metric, &["queue"]) => Observed::Queue,
        Some(BaseUnit::Seconds) if has(metric, &["inference"]) => Observed::Inference,
        Some(BaseUnit::Seconds) if has(metric, &["prefill"]) => Observed::Prefill,
        Some(BaseUnit::Seconds) if has(metric, &["decode"]) => Observed::Decode,
        Some(BaseUnit::Seconds) if has(metric, &["e2e", "http_request"]) => Observed::EndToEnd,
        _ => Observed::Other,
    }
}

fn counter(metric: &Metric, sources: &[&SignalSource], set: &Set, factor: f64) -> Meter {
    let by_outcome = |usual: Quantity| match set.outcome {
        Outcome::Usual => usual,
        Outcome::Aborted => Quantity::Aborts,
        Outcome::Failed => Quantity::Errors,
        Outcome::Never => Quantity::Zero,
    };
    let is = |signal: Signal| sources.iter().any(|s| s.signal == signal);
    let counts_requests = is(Signal::Requests) || is(Signal::ErrorBase);
    let of = match sources.first() {
        Some(_) if counts_requests && set.outcome == Outcome::Usual => {
            // With failures beside it, a series counts the others; alone it counts all.
            if is(Signal::Errors) || has(metric, &["success"]) { Quantity::Answered } else { Quantity::Requests }
        }
        Some(_) if counts_requests || is(Signal::Errors) => by_outcome(Quantity::Errors),
        Some(source) => quantity::of_signal(source.signal).unwrap_or_else(|| unmapped_counter(metric, by_outcome)),
        None => unmapped_counter(metric, by_outcome),
    };
    Meter::Counter { of, scale: set.share * factor, total: 0.0, late: set.outcome != Outcome::Usual }
}

fn unmapped_counter(metric: &Metric, by_outcome: impl Fn(Quantity) -> Quantity) -> Quantity {
    const RARE: &[&str] = &[
        "fail",
        "error",
        "reject",
        "drop",
        "corrupt",
        "evict",
        "abort",
        "timeout",
        "exceed",
        "skip",
        "external",
        "mm_cache",
        "spec_decode",
    ];
    if has(metric, &["preempt", "retract"]) {
        return Quantity::Preemptions;
    }
    if has(metric, &["abort"]) {
        return Quantity::Aborts;
    }
    if has(metric, RARE) {
        return Quantity::Zero;
    }
    match metric.unit.to_base().map(|(base, _)| base) {
        Some(BaseUnit::Tokens) if has(metric, &["cached", "hit"]) => Quantity::CacheHits,
        Some(BaseUnit::Tokens) if has(metric, &["prompt", "input", "prefill", "queries"]) => Quantity::PromptTokens,
        Some(BaseUnit::Tokens) => Quantity::GenerationTokens,
        Some(BaseUnit::Seconds) => Quantity::BusySeconds,
        _ if has(metric, &["http_requests", "success"]) => by_outcome(Quantity::Answered),
        _ => by_outcome(Quantity::Requests),
    }
}

fn gauge(metric: &Metric, sources: &[&SignalSource], set: &Set, factor: f64) -> Meter {
    let by_value = sources.first().filter(|s| s.labels.is_empty());
    if let Some(of) = by_value.and_then(|s| quantity::of_signal(s.signal)) {
        return Meter::Gauge(of, factor);
    }
    let is_state = metric.unit == Unit::Boolean && !metric.label_values.is_empty();
    match metric.semantics {
        Some(Semantics::Info) => return Meter::Constant(1.0),
        Some(Semantics::Timestamp) => return Meter::Clock,
        Some(Semantics::Accumulates) => {
            let of = unmapped_counter(metric, |usual| usual);
            return Meter::Counter { of, scale: factor, total: 0.0, late: false };
        }
        Some(Semantics::StateSet) => return Meter::Constant(if set.first { 1.0 } else { 0.0 }),
        _ if is_state => return Meter::Constant(if set.first { 1.0 } else { 0.0 }),
        _ => {}
    }
    let of = match metric.unit {
        Unit::TokensPerSecond if has(metric, &["prompt", "input"]) => Quantity::PromptRate,
        Unit::TokensPerSecond => Quantity::GenerationRate,
        Unit::Ratio | Unit::Percent if has(metric, &["hit"]) => Quantity::HitRatio,
        Unit::Ratio | Unit::Percent if has(metric, &["cpu", "swa", "mamba", "lora"]) => Quantity::Zero,
        Unit::Ratio | Unit::Percent if has(metric, &["utilization"]) => Quantity::Utilization,
        Unit::Ratio | Unit::Percent if has(metric, &["usage"]) => Quantity::KvUsage,
        _ if has(metric, &["running", "current_size"]) => Quantity::Running,
        _ if has(metric, &["waiting", "queue_reqs", "queue_size"]) => Quantity::Waiting,
        _ => Quantity::Zero,
    };
    Meter::Gauge(of, factor)
}

/// Returns how a series of a GPU gets its value.
pub fn of_gpu(metric: &Metric, source: Option<&SignalSource>) -> Meter {
    let known: Vec<&SignalSource> = source.into_iter().collect();
    let factor = factor(metric, &known);
    let of = source.and_then(|s| quantity::of_signal(s.signal)).unwrap_or_else(|| unmapped_field(metric));
    // Some fields are declared as counters and show what holds now.
    let grows = metric.kind == MetricType::Counter && metric.semantics.is_none();
    if grows { Meter::Counter { of, scale: factor, total: 0.0, late: false } } else { Meter::Gauge(of, factor) }
}

/// Returns the series of an XID error, for a field that counts errors of the last minutes by code: it is there while there are some.
pub fn of_window(metric: &Metric, labels: &Labels) -> Option<(Labels, Meter)> {
    let by_code = metric.semantics == Some(Semantics::WindowCount) && metric.labels_optional.iter().any(|l| l == "xid");
    by_code.then(|| {
        let mut labels = labels.clone();
        labels.push(("xid".to_owned(), XID.to_string()));
        (labels, Meter::Rare(Quantity::XidCount))
    })
}

fn unmapped_field(metric: &Metric) -> Quantity {
    let grows = metric.kind == MetricType::Counter && metric.semantics.is_none();
    if grows {
        return Quantity::Zero;
    }
    match metric.unit {
        Unit::Celsius => Quantity::Temperature,
        Unit::Watts => Quantity::Power,
        Unit::Hertz | Unit::Megahertz => Quantity::Clock,
        Unit::Ratio | Unit::Percent if has(metric, &["ENC_", "DEC_"]) => Quantity::Zero,
        Unit::Ratio | Unit::Percent => Quantity::Utilization,
        Unit::BytesPerSecond | Unit::KilobytesPerSecond | Unit::MegabytesPerSecond | Unit::GigabytesPerSecond => {
            Quantity::Traffic
        }
        _ => Quantity::Zero,
    }
}
