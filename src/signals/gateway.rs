//! What gateways see of a model: latency, requests, failures, tokens, and tokens by tenant. Cost by tenant is added by `cost`.
//!
//! Recorded in the chapter of the model, with the label `gateway`, so that objectives measured there are proved with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book::{Group, Record};
use super::model::{bucket_measure, with_one_spelling};
use super::{Latency, Level, Measure, Quantile, What};
use crate::catalog::{Signal, SignalSource};
use crate::names::Names;
use crate::promql::{BinaryOp, Expr, Selector, call, number, selector, text};
use crate::resolve::{Gateway, Model, Plan};

/// Label that names the tenant, whatever the gateway calls it.
pub const TENANT: &str = "tenant";

/// Latencies that gateways may measure.
const LATENCIES: [Latency; 3] = [Latency::Ttft, Latency::Itl, Latency::E2e];

/// Makes the records of every gateway in front of a model.
pub fn records(model: &Model, plan: &Plan, names: &Names) -> Vec<Record> {
    let mut out = Vec::new();
    for gateway in plan.gateways_of(&model.name) {
        let labels = gateway.labels_of(&model.labels);
        let maker = Maker { gateway, model, plan, names, labels };
        for latency in LATENCIES {
            maker.latency(latency, &mut out);
        }
        maker.throughput(&mut out);
        maker.errors(&mut out);
        maker.tenants(&mut out);
    }
    out
}

/// Returns a selector of what a gateway sees of a model.
pub fn recorded(gateway: &Gateway, model: &Model, names: &Names, what: What) -> Selector {
    let name = names.record(Measure { level: Level::Gateway, what });
    gateway.labels_of(&model.labels).iter().fold(selector(name), |s, (k, v)| s.eq(k, v))
}

/// Returns whether a group records what a gateway sees.
pub fn has(gateway: &Gateway, what: What, group: &Group) -> bool {
    let measure = Measure { level: Level::Gateway, what };
    group.records.iter().any(|r| r.measure == measure && r.labels.get("gateway") == Some(&gateway.name))
}

/// Returns the rate of a counter of a gateway, summed, in the base unit per second.
pub fn rate(gateway: &Gateway, model: &Model, source: &SignalSource, names: &Names) -> Expr {
    let counter = gateway.selector(source, &source.series, &model.name);
    counter.rate(names.window().into()).sum().times(source.factor)
}

struct Maker<'a> {
    gateway: &'a Gateway,
    model: &'a Model,
    plan: &'a Plan,
    names: &'a Names,
    labels: Arc<BTreeMap<String, String>>,
}

impl Maker<'_> {
    fn record(&self, level: Level, what: What, expr: Expr) -> Record {
        let measure = Measure { level, what };
        let name = self.names.record(measure);
        Record { measure, name, labels: self.labels.clone(), expr, origin: self.gateway.place }
    }

    fn recorded(&self, what: What) -> Selector {
        recorded(self.gateway, self.model, self.names, what)
    }

    fn rate(&self, source: &SignalSource) -> Expr {
        rate(self.gateway, self.model, source, self.names)
    }

    fn latency(&self, latency: Latency, out: &mut Vec<Record>) {
        let Some(source) = self.gateway.source(latency.signal()) else { return };
        let buckets = self.gateway.selector(source, &format!("{}_bucket", source.series), &self.model.name);
        let rate = buckets.rate(self.names.window().into()).sum_by(["le"]);
        let what = bucket_measure(source, latency);
        let rate = with_one_spelling(rate, source, &self.gateway.kind.profile, self.plan);
        out.push(self.record(Level::Gateway, what, rate));
        for quantile in [Quantile::P50, Quantile::P95, Quantile::P99] {
            // A quantile of no observations is NaN; the comparison drops it, so that idle means no series.
            let value = self.recorded(what).expr().quantile(quantile.value()).times(source.factor);
            let value = value.op(BinaryOp::Ge, number(0.0));
            out.push(self.record(Level::Gateway, What::LatencyQuantile(latency, quantile), value));
        }
    }

    fn throughput(&self, out: &mut Vec<Record>) {
        for (signal, what) in [
            (Signal::Requests, What::Requests),
            (Signal::PromptTokens, What::PromptTokens),
            (Signal::GenerationTokens, What::GenerationTokens),
        ] {
            out.extend(self.gateway.source(signal).map(|s| self.record(Level::Gateway, what, self.rate(s))));
        }
    }

    /// A counter of failures is born with the first failure: until then it is zero of the requests that are counted.
    fn errors(&self, out: &mut Vec<Record>) {
        let of = |signal| self.gateway.source(signal);
        let (Some(errors), Some(base)) = (of(Signal::Errors), of(Signal::ErrorBase)) else { return };
        let failed = self.rate(errors).or(self.rate(base).op(BinaryOp::Mul, number(0.0)));
        out.push(self.record(Level::Gateway, What::Errors, failed));
        let ratio = self.recorded(What::Errors).expr().sum().per(self.rate(base).above(0.0));
        out.push(self.record(Level::Gateway, What::ErrorRatio, ratio));
    }

    fn tenants(&self, out: &mut Vec<Record>) {
        let Some(label) = &self.gateway.tenant_label else { return };
        for (signal, what) in
            [(Signal::PromptTokens, What::PromptTokens), (Signal::GenerationTokens, What::GenerationTokens)]
        {
            let Some(source) = self.gateway.source(signal) else { continue };
            let counter = self.gateway.selector(source, &source.series, &self.model.name);
            let by_label = counter.rate(self.names.window().into()).sum_by([label]);
            let named = if label == TENANT {
                by_label
            } else {
                let copied = call("label_replace", [by_label, text(TENANT), text("$1"), text(label), text("(.*)")]);
                copied.sum_by([TENANT])
            };
            out.push(self.record(Level::Tenant, what, named.times(source.factor)));
        }
    }
}
