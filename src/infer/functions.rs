//! What each function makes of its argument. One match arm per behaviour; the list of functions stands in `promql`.

use std::sync::Arc;

use super::facts::{Bounds, Facts, Nature, ValueType};
use super::labels::{Labels, Presence};
use super::quantity::Quantity;
use super::query::Typed;
use crate::promql::{Call, ExprKind, MatchOp};

/// Returns what is known about the value of a call.
pub fn call(call: &Call, parts: &[Typed<'_>]) -> Facts {
    let vector = || Facts::unknown(ValueType::Vector);
    let argument = |n: usize| parts.get(n).map(|p| &p.facts);
    let last = || argument(parts.len().saturating_sub(1));
    let of = |n: usize| argument(n).cloned().unwrap_or_else(vector);
    let keep = |mut facts: Facts| {
        facts.value = ValueType::Vector;
        facts.constant = None;
        facts.condition = false;
        facts
    };
    match call.function {
        "rate" | "irate" => rate(keep(of(0)), Nature::Rate),
        "increase" => rate(keep(of(0)), Nature::Increase),
        "delta" | "idelta" => {
            let mut facts = keep(of(0));
            facts.bounds = Bounds::default();
            facts.nature = Nature::Gauge;
            facts
        }
        "deriv" => {
            let mut facts = keep(of(0));
            facts.bounds = Bounds::default();
            facts.nature = Nature::Unknown;
            facts.unit = facts.unit.map(|u| u.per(Quantity::SECONDS));
            facts
        }
        "predict_linear" | "double_exponential_smoothing" | "holt_winters" => {
            Facts { bounds: Bounds::default(), ..keep(of(0)) }
        }
        "changes" | "resets" | "count_over_time" => count(keep(of(0))),
        "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" | "first_over_time"
        | "mad_over_time" => {
            let mut facts = keep(of(0));
            if facts.nature == Nature::Flag && call.function == "avg_over_time" {
                facts.nature = Nature::Share;
                facts.unit = Some(Quantity::RATIO);
            }
            facts
        }
        "quantile_over_time" => keep(of(1)),
        "sum_over_time" => {
            let mut facts = keep(of(0));
            facts.nature = Nature::Unknown;
            facts.unit = None;
            facts.bounds = Bounds { min: facts.bounds.min.filter(|m| *m >= 0.0), max: None };
            facts
        }
        "stddev_over_time" | "stdvar_over_time" | "stddev" | "stdvar" => {
            Facts { unit: None, bounds: Bounds::positive(), ..keep(of(0)) }
        }
        "present_over_time" => {
            Facts { nature: Nature::Flag, unit: None, bounds: Bounds::between(1.0, 1.0), ..count(keep(of(0))) }
        }
        "absent" | "absent_over_time" => {
            let labels = parts.first().and_then(Typed::selector).map_or_else(Labels::none, |s| {
                let equal = s.matchers.iter().filter(|m| m.op == MatchOp::Equal && m.label != "__name__");
                Labels::stored(equal.map(|m| (Arc::from(m.label.as_str()), Presence::Always)), false)
            });
            Facts {
                nature: Nature::Flag,
                bounds: Bounds::between(1.0, 1.0),
                labels: Arc::new(labels),
                sure: true,
                ..vector()
            }
        }
        "histogram_quantile" => {
            let mut facts = quantile(keep(of(1)));
            facts.sure = argument(1).is_some_and(|f| f.sure);
            facts
        }
        "histogram_quantiles" => {
            let mut facts = quantile(keep(of(0)));
            if let Some(ExprKind::String(label)) = parts.get(1).map(|p| &p.expr.kind) {
                facts.labels = Arc::new(facts.labels.with(label, Presence::Always));
            }
            facts
        }
        "histogram_avg" => Facts { nature: Nature::Mean, ..distribution(keep(of(0))) },
        "histogram_sum" => distribution(keep(of(0))),
        "histogram_stddev" | "histogram_stdvar" => Facts { unit: None, ..distribution(keep(of(0))) },
        "histogram_count" => count(keep(of(0))),
        "histogram_fraction" => {
            let facts = keep(of(2));
            let labels = Arc::new(facts.labels.without(["le"]));
            Facts {
                nature: Nature::Share,
                unit: Some(Quantity::RATIO),
                bounds: Bounds::between(0.0, 1.0),
                labels,
                ..facts
            }
        }
        "label_replace" | "label_join" => {
            let mut facts = keep(of(0));
            if let Some(ExprKind::String(label)) = parts.get(1).map(|p| &p.expr.kind) {
                let presence = replaced(call, parts);
                facts.labels = Arc::new(facts.labels.with(label, presence));
            }
            facts
        }
        "info" => {
            let mut facts = keep(of(0));
            let labels = Labels::stored(facts.labels.names().map(|n| (Arc::from(n), Presence::Maybe)), true);
            facts.labels = Arc::new(labels);
            facts
        }
        "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => keep(of(0)),
        "round" | "ceil" | "floor" => {
            let mut facts = keep(of(0));
            facts.bounds = facts.bounds.map(|x| if call.function == "ceil" { x.ceil() } else { x.floor() });
            if facts.nature == Nature::Counter {
                facts.nature = Nature::Unknown;
            }
            facts
        }
        "abs" => Facts { bounds: Bounds { min: Some(0.0), max: None }, ..keep(of(0)) },
        "clamp" => limit(keep(of(0)), argument(1).and_then(|f| f.constant), argument(2).and_then(|f| f.constant)),
        "clamp_min" => limit(keep(of(0)), argument(1).and_then(|f| f.constant), None),
        "clamp_max" => limit(keep(of(0)), None, argument(1).and_then(|f| f.constant)),
        "scalar" => {
            let mut facts = of(0);
            facts.value = ValueType::Scalar;
            facts.labels = Arc::new(Labels::none());
            facts.condition = false;
            facts
        }
        "vector" => {
            let mut facts = of(0);
            facts.value = ValueType::Vector;
            facts.labels = Arc::new(Labels::none());
            facts
        }
        "time" => Facts {
            nature: Nature::Timestamp,
            labels: Arc::new(Labels::none()),
            sure: true,
            ..Facts::unknown(ValueType::Scalar)
        },
        "pi" => Facts::number(std::f64::consts::PI),
        "timestamp"
        | "ts_of_last_over_time"
        | "ts_of_first_over_time"
        | "ts_of_max_over_time"
        | "ts_of_min_over_time" => {
            Facts { nature: Nature::Timestamp, unit: None, bounds: Bounds::default(), ..keep(of(0)) }
        }
        "minute" | "hour" | "day_of_week" | "day_of_month" | "day_of_year" | "days_in_month" | "month" | "year" => {
            let labels = argument(0).map_or_else(|| Arc::new(Labels::none()), |f| f.labels.clone());
            Facts { labels, ..vector() }
        }
        "sgn" => Facts { unit: None, nature: Nature::Unknown, bounds: Bounds::between(-1.0, 1.0), ..keep(of(0)) },
        // Logarithms, roots and angles change what a value measures.
        _ => {
            let labels = last().map_or_else(|| Arc::new(Labels::unknown()), |f| f.labels.clone());
            Facts { labels, ..vector() }
        }
    }
}

fn rate(mut facts: Facts, nature: Nature) -> Facts {
    // A mistake, and reported; what was meant is the value itself.
    if facts.nature == Nature::GivenRate {
        return facts;
    }
    facts.nature = match facts.nature {
        Nature::Buckets => Nature::BucketRates,
        Nature::Histogram => Nature::Histogram,
        _ => nature,
    };
    if nature == Nature::Rate && facts.nature == Nature::Rate {
        facts.unit = facts.unit.map(Quantity::per_second);
    }
    facts.bounds = Bounds::positive();
    facts
}

fn count(facts: Facts) -> Facts {
    Facts {
        nature: Nature::Gauge,
        unit: Some(Quantity::COUNT),
        bounds: Bounds::positive(),
        sure: true,
        metric: None,
        ..facts
    }
}

fn quantile(facts: Facts) -> Facts {
    let labels = Arc::new(facts.labels.without(["le"]));
    Facts { nature: Nature::Quantile, labels, ..distribution(facts) }
}

/// Returns the values that a distribution is of.
fn distribution(facts: Facts) -> Facts {
    let unit = facts.metric.as_ref().and_then(|m| m.metric()).and_then(|m| Quantity::of_unit(m.unit));
    Facts { unit, nature: Nature::Unknown, bounds: Bounds::default(), ..facts }
}

fn limit(mut facts: Facts, min: Option<f64>, max: Option<f64>) -> Facts {
    if let Some(min) = min {
        facts.bounds.min = Some(facts.bounds.min.map_or(min, |m| m.max(min)));
    }
    if let Some(max) = max {
        facts.bounds.max = Some(facts.bounds.max.map_or(max, |m| m.min(max)));
    }
    facts
}

/// Returns whether `label_replace` and `label_join` set their label on every series: with an empty source label and expression, or
/// an expression that matches everything and a value that is not empty.
fn replaced(call: &Call, parts: &[Typed<'_>]) -> Presence {
    let text = |n: usize| match parts.get(n).map(|p| &p.expr.kind) {
        Some(ExprKind::String(s)) => Some(s.as_str()),
        _ => None,
    };
    let everything = matches!(text(4), Some("" | ".*" | "(.*)"));
    let sure =
        call.function == "label_replace" && everything && text(2).is_some_and(|v| !v.is_empty() && !v.contains('$'));
    if sure { Presence::Always } else { Presence::Maybe }
}
