//! The alerts of models and pools: conditions over recorded series, with words for the person who is woken.

use std::collections::BTreeMap;

use super::book::{Alert, Group};
use super::model::{bucket_measure, recorded};
use super::{AlertKind, Latency, Measure, Quantile, What};
use crate::names::Names;
use crate::promql::{BinaryOp, Expr, number, selector};
use crate::resolve::{Model, Plan, Pool};
use crate::source::Place;
use crate::units::{bucket_bound, number as digits, same_edge};

/// Share of time lost to thermal throttling from which the alert fires, where throttling is collected.
pub const THROTTLED_SHARE: f64 = 0.05;

/// Fewest failed or slow events in the rate window: one of two requests at night is no incident.
pub const MIN_EVENTS: f64 = 5.0;

/// Makes the alerts of a model from what its group records.
pub fn of_model(model: &Model, plan: &Plan, names: &Names, group: &Group) -> Vec<Alert> {
    AlertKind::ALL.iter().filter_map(|kind| model_alert(*kind, model, plan, names, group)).collect()
}

/// Makes the alerts of a pool from what its group records.
pub fn of_pool(pool: &Pool, plan: &Plan, names: &Names, group: &Group) -> Vec<Alert> {
    AlertKind::ALL.iter().filter_map(|kind| pool_alert(*kind, pool, plan, names, group)).collect()
}

/// Returns whether a model has a signal that an alert needs; used by documents, too.
fn has(group: &Group, measure: Measure) -> bool {
    group.records.iter().any(|r| r.measure == measure)
}

fn model_alert(kind: AlertKind, model: &Model, plan: &Plan, names: &Names, group: &Group) -> Option<Alert> {
    let threshold = threshold(kind, plan);
    let labels: Vec<String> = model.labels.keys().cloned().collect();
    let (expr, threshold, summary, description) = match kind {
        AlertKind::HighInferenceErrorRate => {
            if !has(group, Measure::model(What::ErrorRatio)) {
                return None;
            }
            // failures/second x seconds of the window = failures
            let failures = recorded(model, names, What::Errors).expr().times(names.window().secs_f64());
            let enough = failures.op(BinaryOp::Ge, number(MIN_EVENTS));
            let expr =
                recorded(model, names, What::ErrorRatio).expr().above(threshold).op_on(BinaryOp::And, labels, enough);
            (
                expr,
                threshold,
                "{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} fail".to_owned(),
                format!(
                    "More than {} of the requests to model {{{{ $labels.model }}}} failed over the last {}, and at least {} \
                     requests did. Now: {{{{ $value | humanizePercentage }}}}.",
                    percent(threshold),
                    names.window(),
                    digits(MIN_EVENTS)
                ),
            )
        }
        AlertKind::KVCachePressure => {
            if !has(group, Measure::model(What::KvCacheMax)) {
                return None;
            }
            let mut expr = recorded(model, names, What::KvCacheMax).expr().above(threshold);
            let waiting = has(group, Measure::model(What::Waiting));
            if waiting {
                let queue = recorded(model, names, What::Waiting).expr().above(0.0);
                expr = expr.op_on(BinaryOp::And, labels, queue);
            }
            let queue = if waiting { " while requests wait in the queue" } else { "" };
            (
                expr,
                threshold,
                "KV cache of {{ $labels.model }} at {{ $value | humanizePercentage }} with requests waiting".to_owned(),
                format!(
                    "The fullest replica of model {{{{ $labels.model }}}} uses {{{{ $value | humanizePercentage }}}} of its KV \
                     cache (threshold {}){queue}. New requests are delayed or running ones preempted.",
                    percent(threshold)
                ),
            )
        }
        _ => {
            let signal = kind.latency()?;
            let slo = model.latency_slo(signal)?;
            let latency = Latency::ALL.iter().copied().find(|l| l.signal() == signal)?;
            let quantile = Quantile::of(slo.objective.value());
            let seconds = slo.threshold.secs_f64();
            let slow = recorded(model, names, What::LatencyQuantile(latency, quantile)).expr().above(seconds);
            let expr = slow.op_on(BinaryOp::And, labels, enough_slow(model, names, latency, seconds)?);
            (
                expr,
                seconds,
                format!(
                    "{} {} of {{{{ $labels.model }}}} is {{{{ $value | humanizeDuration }}}}, above {}",
                    quantile.title(),
                    latency.short(),
                    slo.threshold.human()
                ),
                format!(
                    "The objective of model {{{{ $labels.model }}}} is that {} of the {} have a {} of at most {}. Over the last {} the \
                     {} was {{{{ $value | humanizeDuration }}}}, and at least {} {} were slower than the threshold.",
                    slo.objective,
                    latency.events(),
                    signal.title(),
                    slo.threshold.human(),
                    names.window(),
                    quantile.title(),
                    digits(MIN_EVENTS),
                    latency.events()
                ),
            )
        }
    };
    finish(kind, plan, names, expr, threshold, summary, description, model.place)
}

/// (observations - observations up to the threshold)/second x seconds of the window >= 5: so many were slower.
///
/// `None` if the buckets have no edge at the threshold, which stage 2 has refused.
fn enough_slow(model: &Model, names: &Names, latency: Latency, seconds: f64) -> Option<Expr> {
    let source = model.source(latency.signal())?;
    let what = bucket_measure(source, latency);
    let edge = source.buckets.iter().copied().find(|e| same_edge(*e, seconds))? / source.factor;
    // Recorded buckets have one spelling, see the chapter of the model.
    let le = bucket_bound(edge);
    let all = recorded(model, names, what).eq("le", "+Inf").expr();
    let fast = recorded(model, names, what).eq("le", le).expr();
    let slower = all.op_ignoring(BinaryOp::Sub, ["le"], fast);
    Some(slower.times(names.window().secs_f64()).op(BinaryOp::Ge, number(MIN_EVENTS)))
}

fn pool_alert(kind: AlertKind, pool: &Pool, plan: &Plan, names: &Names, group: &Group) -> Option<Alert> {
    let own = plan.alerts.get(kind.name()).and_then(|a| a.threshold);
    // GPUThermalThrottle takes a share of time or degrees Celsius; each pool uses the one of its kind.
    let share = own.filter(|t| *t < 1.0).unwrap_or(THROTTLED_SHARE);
    let degrees = kind == AlertKind::GPUThermalThrottle;
    let threshold = own.filter(|t| !degrees || *t > 1.0).unwrap_or_else(|| kind.default_threshold());
    let recorded = |what| selector(names.record(Measure::gpu(what))).eq("pool", &pool.name).expr();
    let gpu = "GPU {{ $labels.gpu }} of {{ $labels.hostname }}";
    let (expr, threshold, summary, description) = match kind {
        AlertKind::GPUMemoryNearFull => {
            if !has(group, Measure::gpu(What::GpuMemoryUsedRatio)) {
                return None;
            }
            (
                recorded(What::GpuMemoryUsedRatio).above(threshold),
                threshold,
                format!("{gpu} has {{{{ $value | humanizePercentage }}}} of its memory in use"),
                format!(
                    "{gpu} (pool {{{{ $labels.pool }}}}, {{{{ $labels.modelName }}}}) has more than {} of its memory in use. \
                     Engines reserve most of the memory at start; beyond that, the next allocation may fail.",
                    percent(threshold)
                ),
            )
        }
        AlertKind::GPUThermalThrottle if has(group, Measure::gpu(What::GpuThermalThrottled)) => (
            recorded(What::GpuThermalThrottled).above(share),
            share,
            format!("{gpu} is throttled by heat {{{{ $value | humanizePercentage }}}} of the time"),
            format!(
                "{gpu} (pool {{{{ $labels.pool }}}}, {{{{ $labels.modelName }}}}) ran with reduced clocks because of heat for \
                 more than {} of the last {}.",
                percent(share),
                names.window()
            ),
        ),
        AlertKind::GPUThermalThrottle if has(group, Measure::gpu(What::GpuTemperature)) => (
            recorded(What::GpuTemperature).op(BinaryOp::Gt, number(threshold)),
            threshold,
            format!("{gpu} is at {{{{ $value }}}} degrees Celsius"),
            format!(
                "{gpu} (pool {{{{ $labels.pool }}}}, {{{{ $labels.modelName }}}}) is hotter than {} degrees Celsius and may be \
                 throttled. The exporter does not collect throttling itself.",
                digits(threshold)
            ),
        ),
        _ => return None,
    };
    finish(kind, plan, names, expr, threshold, summary, description, pool.place)
}

fn threshold(kind: AlertKind, plan: &Plan) -> f64 {
    plan.alerts.get(kind.name()).and_then(|a| a.threshold).unwrap_or_else(|| kind.default_threshold())
}

fn percent(ratio: f64) -> String {
    format!("{}%", digits((ratio * 1e10).round() / 1e8))
}

#[allow(clippy::too_many_arguments)]
fn finish(
    kind: AlertKind,
    plan: &Plan,
    names: &Names,
    expr: Expr,
    threshold: f64,
    summary: String,
    description: String,
    origin: Place,
) -> Option<Alert> {
    let change = plan.alerts.get(kind.name());
    if change.is_some_and(|c| c.enabled == Some(false)) {
        return None;
    }
    let severity = change.and_then(|c| c.severity.clone()).unwrap_or_else(|| kind.default_severity().to_owned());
    let mut labels =
        BTreeMap::from([("severity".to_owned(), severity), ("owner".to_owned(), plan.project.owner.clone())]);
    if let Some(environment) = &plan.project.environment {
        labels.insert("environment".to_owned(), environment.clone());
    }
    let annotations = BTreeMap::from([
        ("summary".to_owned(), summary),
        ("description".to_owned(), description),
        ("runbook_url".to_owned(), names.runbook_link(kind)),
    ]);
    Some(Alert {
        kind,
        expr,
        hold: change.and_then(|c| c.hold).unwrap_or_else(|| kind.default_hold()),
        labels,
        annotations,
        threshold,
        origin,
    })
}
