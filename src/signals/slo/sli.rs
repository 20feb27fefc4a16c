//! The events of each indicator, per second: which there are, and which of them are bad.

use crate::catalog::Signal;
use crate::names::Names;
use crate::promql::{AggregateOp, BinaryOp, Expr, Grouping, aggregate, call, number, selector, vector};
use crate::resolve::{Model, Plan, Slo};
use crate::signals::book::Group;
use crate::signals::model::{bucket_measure, recorded};
use crate::signals::{Latency, Measure, What, gateway};
use crate::slo::Sli;

/// Returns whether the group of a model records what an objective counts.
pub fn has_events(slo: &Slo, plan: &Plan, group: &Group) -> bool {
    let has = |what: What| match plan.measured_at(slo) {
        Some(at) => gateway::has(at, what, group),
        None => group.records.iter().any(|r| r.measure == Measure::model(what)),
    };
    match latency(slo) {
        Some(latency) => has(What::LatencyBuckets(latency)) || has(What::LatencyBucketsMillis(latency)),
        None if slo.sli == Sli::Errors => has(What::Errors),
        None => true,
    }
}

fn latency(slo: &Slo) -> Option<Latency> {
    Latency::ALL.iter().copied().find(|l| slo.latency() == Some(l.signal()))
}

/// Returns events and bad events, 1/second, without labels.
///
/// While nothing is counted at all, both are zero, so that windows know of quiet times. Where events are counted and bad ones cannot
/// be told (a bucket is missing), bad events are missing: that must not look like success.
pub fn per_second(slo: &Slo, model: &Model, plan: &Plan, names: &Names) -> Option<(Expr, Expr)> {
    let (events, bad) = match latency(slo) {
        Some(latency) => slower(slo, latency, model, plan, names)?,
        None if slo.sli == Sli::Errors => failed(slo, model, plan, names)?,
        None => unavailable(model, plan),
    };
    // absent() has labels and is 1
    let nothing = call("absent", [events.clone()]).sum().op(BinaryOp::Sub, number(1.0));
    Some((events.or(vector(0.0)), bad.or(nothing)))
}

/// All observations, and those above the threshold.
fn slower(slo: &Slo, latency: Latency, model: &Model, plan: &Plan, names: &Names) -> Option<(Expr, Expr)> {
    let at = plan.measured_at(slo);
    let source = at.map_or_else(|| model.source(latency.signal()), |g| g.source(latency.signal()))?;
    let seconds = slo.threshold?.secs_f64();
    let le = source.le_at(seconds)?;
    let what = bucket_measure(source, latency);
    let recorded = at.map_or_else(|| recorded(model, names, what), |g| gateway::recorded(g, model, names, what));
    let buckets = |le: String| recorded.clone().eq("le", le).expr().sum();
    let all = buckets("+Inf".to_owned());
    Some((all.clone(), all.op(BinaryOp::Sub, buckets(le))))
}

/// All requests that end, and those that fail.
fn failed(slo: &Slo, model: &Model, plan: &Plan, names: &Names) -> Option<(Expr, Expr)> {
    if let Some(at) = plan.measured_at(slo) {
        let all = gateway::rate(at, model, at.source(Signal::ErrorBase)?, names);
        return Some((all, gateway::recorded(at, model, names, What::Errors).expr().sum()));
    }
    let base = model.source(Signal::ErrorBase)?;
    let all = model.selector(base, &base.series).rate(names.window().into()).sum().times(base.factor);
    Some((all, recorded(model, names, What::Errors).expr().sum()))
}

/// Replicas that Prometheus knows, and those of them that do not answer: replica-seconds per second.
fn unavailable(model: &Model, plan: &Plan) -> (Expr, Expr) {
    let up = selector("up").matching(&model.target_matchers).range(plan.prometheus.rate_window.into());
    // A replica with several targets is as available as the worst of them.
    let each = call("avg_over_time", [up]).by(AggregateOp::Min, [model.replica_label()]);
    let known = aggregate(AggregateOp::Count, Grouping::All, each.clone());
    let down = number(1.0).op(BinaryOp::Sub, aggregate(AggregateOp::Avg, Grouping::All, each));
    (known.clone(), known.op(BinaryOp::Mul, down))
}
