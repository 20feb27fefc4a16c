//! The chapter of one model: latency, throughput, saturation, replicas. Cost is added by `cost`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::book::{Chapter, Group, Record, Subject};
use super::{Latency, Measure, Quantile, What, alerts, cost, gateway, lora, slo};
use crate::catalog::{Across, LeSpelling, Profile, Signal, SignalSource};
use crate::names::Names;
use crate::promql::{AggregateOp, BinaryOp, Expr, Grouping, Selector, aggregate, call, number, selector, text, vector};
use crate::resolve::{Model, Plan, Wanted};

/// Makes the chapter.
pub fn chapter(model: &Model, plan: &Plan, names: &Names) -> Chapter {
    let maker = Maker { model, plan, names };
    let part = format!("model-{}", model.name);
    let mut records = maker.records();
    records.extend(lora::records(model, plan, names));
    records.extend(gateway::records(model, plan, names));
    records.extend(cost::of_model(model, plan, names));
    records.extend(cost::of_tenants(model, plan, names));
    let interval = plan.prometheus.evaluation_interval;
    let mut group = Group { name: names.group(&part), interval, records, alerts: Vec::new() };
    let (fast, slow) = slo::records(model, plan, names, &group);
    group.records.extend(fast);
    let alerts = alerts::of_model(model, plan, names, &group);
    let mut chapter = Chapter { subject: Subject::Model(model.name.clone()), groups: vec![group] };
    let name = |what| names.group(&format!("{part}-{what}"));
    chapter.add(name("slo"), slo::slow_interval(plan), slow, Vec::new());
    chapter.add(name("spend"), cost::spend_interval(plan), cost::spend_of_model(model, plan, names), Vec::new());
    chapter.add(name("alerts"), interval, Vec::new(), alerts);
    chapter
}

/// Returns a selector of a recorded series of a model.
pub fn recorded(model: &Model, names: &Names, what: What) -> Selector {
    model.labels.iter().fold(selector(names.record(Measure::model(what))), |s, (k, v)| s.eq(k, v))
}

/// Returns the quantiles that are recorded of a latency: the usual three, and that of the objective.
pub fn quantiles(model: &Model, latency: Latency) -> BTreeSet<Quantile> {
    let mut quantiles = BTreeSet::from([Quantile::P50, Quantile::P95, Quantile::P99]);
    quantiles.extend(model.latency_slo(latency.signal()).map(|s| Quantile::of(s.objective.value())));
    quantiles
}

/// Returns the measure that the buckets of a latency are recorded as. Profiles allow seconds and milliseconds.
pub fn bucket_measure(source: &SignalSource, latency: Latency) -> What {
    if source.factor < 1.0 { What::LatencyBucketsMillis(latency) } else { What::LatencyBuckets(latency) }
}

/// Prometheus before 3.0 stores `le` as the exporter spells it. Whole bounds are brought to the spelling of 3.0 (`1.0`), so that
/// recorded buckets of all exporters and versions can be added.
pub fn with_one_spelling(rate: Expr, source: &SignalSource, profile: &Profile, plan: &Plan) -> Expr {
    let respell = plan.prometheus.release.major() < 3
        && profile.le_spelling == LeSpelling::Shortest
        && source.metric.buckets.iter().any(|b| b.fract() == 0.0);
    if !respell {
        return rate;
    }
    call("label_replace", [rate, text("le"), text("$1.0"), text("le"), text("([0-9]+)")])
}

struct Maker<'a> {
    model: &'a Model,
    plan: &'a Plan,
    names: &'a Names,
}

impl Maker<'_> {
    fn record(&self, what: What, expr: Expr) -> Record {
        let measure = Measure::model(what);
        Record {
            measure,
            name: self.names.record(measure),
            labels: self.model.labels.clone(),
            expr,
            origin: self.model.place,
        }
    }

    fn recorded(&self, what: What) -> Selector {
        recorded(self.model, self.names, what)
    }

    /// `sum(rate(counter[window]))` in the base unit per second.
    fn rate(&self, source: &SignalSource) -> Expr {
        self.model.selector(source, &source.series).rate(self.names.window().into()).sum().times(source.factor)
    }

    fn records(&self) -> Vec<Record> {
        let mut out = Vec::new();
        out.push(self.info());
        for latency in Latency::ALL {
            self.latency(*latency, &mut out);
        }
        self.throughput(&mut out);
        self.errors(&mut out);
        self.saturation(&mut out);
        self.replicas(&mut out);
        out
    }

    fn info(&self) -> Record {
        let mut record = self.record(What::Info, vector(1.0));
        let labels = Arc::make_mut(&mut record.labels);
        labels.insert("engine_name".to_owned(), self.model.engine.profile.name.clone());
        labels.insert("engine_version".to_owned(), self.model.version.to_string());
        if let Some(served) = &self.model.served_model_name {
            labels.insert("served_model_name".to_owned(), served.clone());
        }
        if let Some(pool) = self.model.pool.as_ref().and_then(|p| self.plan.pools.get(p)) {
            labels.insert("pool".to_owned(), pool.name.clone());
            labels.insert("gpu_model".to_owned(), pool.gpu.id.clone());
        }
        record
    }

    /// Each histogram is aggregated once, into rates per bucket; quantiles read those.
    fn latency(&self, latency: Latency, out: &mut Vec<Record>) {
        let Some(source) = self.model.source(latency.signal()) else { return };
        let buckets = self.model.selector(source, &format!("{}_bucket", source.series));
        let rate = buckets.rate(self.names.window().into()).sum_by(["le"]);
        let what = bucket_measure(source, latency);
        let rate = with_one_spelling(rate, source, &self.model.engine.profile, self.plan);
        out.push(self.record(what, rate));
        if let Some(slo) = self.model.latency_slo(latency.signal()) {
            // A constant: dashboards draw it as the line that the chosen model must stay below.
            let mut threshold = self.record(What::SloThreshold(latency), vector(slo.threshold.secs_f64()));
            Arc::make_mut(&mut threshold.labels)
                .insert("quantile".to_owned(), Quantile::of(slo.objective.value()).title());
            out.push(threshold);
        }
        for quantile in quantiles(self.model, latency) {
            // A quantile of no observations is NaN; the comparison drops it, so that idle means no series.
            let quantiles = self.recorded(what).expr().quantile(quantile.value()).times(source.factor);
            out.push(self.record(What::LatencyQuantile(latency, quantile), quantiles.op(BinaryOp::Ge, number(0.0))));
        }
    }

    fn throughput(&self, out: &mut Vec<Record>) {
        let model = self.model;
        let prompt = model.source(Signal::PromptTokens);
        let generation = model.source(Signal::GenerationTokens);
        if let Some(source) = prompt {
            out.push(self.record(What::PromptTokens, self.rate(source)));
        }
        if let Some(source) = generation {
            out.push(self.record(What::GenerationTokens, self.rate(source)));
        }
        if prompt.is_some() && generation.is_some() {
            let sum = self.recorded(What::PromptTokens).expr().op(BinaryOp::Add, self.recorded(What::GenerationTokens));
            out.push(self.record(What::Tokens, sum));
        }
        if let Some(source) = model.source(Signal::Requests) {
            out.push(self.record(What::Requests, self.rate(source)));
        }
        if let Some(source) = model.source(Signal::Preemptions) {
            out.push(self.record(What::Preemptions, self.rate(source)));
        }
        if let Some(source) = model.source(Signal::Aborts) {
            out.push(self.record(What::Aborts, self.rate(source)));
        }
        let hits = model.source(Signal::PrefixCacheHits);
        if let (Some(hits), Some(queries)) = (hits, model.source(Signal::PrefixCacheQueries)) {
            out.push(self.record(What::PrefixCacheHits, self.rate(hits)));
            out.push(self.record(What::PrefixCacheQueries, self.rate(queries)));
            let queries = self.recorded(What::PrefixCacheQueries).expr().above(0.0);
            let ratio = self.recorded(What::PrefixCacheHits).expr().per(queries);
            out.push(self.record(What::PrefixCacheHitRatio, ratio));
        }
    }

    /// A counter of failures is often born with the first failure: until then it is zero of the requests that are counted. If
    /// the requests are not counted either, nothing is recorded, and that is visible.
    fn errors(&self, out: &mut Vec<Record>) {
        let (Some(errors), Some(base)) = (self.model.source(Signal::Errors), self.model.source(Signal::ErrorBase))
        else {
            return;
        };
        let failed = self.rate(errors).or(self.rate(base).op(BinaryOp::Mul, number(0.0)));
        out.push(self.record(What::Errors, failed));
        let ratio = self.recorded(What::Errors).expr().per(self.rate_with_labels(base).above(0.0));
        out.push(self.record(What::ErrorRatio, ratio));
    }

    /// The rate of a counter with the labels of recorded series, for operations with them.
    fn rate_with_labels(&self, source: &SignalSource) -> Expr {
        // Both sides are one series; `on ()` would do, but the result must keep the labels of the left side.
        let labels: Vec<&String> = self.model.labels.keys().collect();
        let selector = self.model.selector(source, &source.series);
        let present = |l: &&String| selector.matchers.iter().any(|m| m.label == **l);
        if labels.iter().all(present) {
            return selector.rate(self.names.window().into()).sum_by(labels).times(source.factor);
        }
        let mut expr = self.rate(source);
        for (label, value) in self.model.labels.iter() {
            expr = call("label_replace", [expr, text(label), text(value), text(""), text("")]);
        }
        expr
    }

    fn saturation(&self, out: &mut Vec<Record>) {
        for (signal, what) in [(Signal::Running, What::Running), (Signal::Waiting, What::Waiting)] {
            if let Some(source) = self.model.source(signal) {
                let op = match source.across {
                    Across::Sum => AggregateOp::Sum,
                    Across::Avg => AggregateOp::Avg,
                    Across::Max => AggregateOp::Max,
                };
                let gauge = self.model.selector(source, &source.series).expr();
                out.push(self.record(what, aggregate(op, Grouping::All, gauge).times(source.factor)));
            }
        }
        if let Some(source) = self.model.source(Signal::KvCacheUsage) {
            // A usage is a ratio: it may be averaged over replicas of one size, never summed.
            for (what, op) in [(What::KvCacheAvg, AggregateOp::Avg), (What::KvCacheMax, AggregateOp::Max)] {
                let gauge = self.model.selector(source, &source.series).expr();
                out.push(self.record(what, aggregate(op, Grouping::All, gauge).times(source.factor)));
            }
        }
    }

    fn replicas(&self, out: &mut Vec<Record>) {
        let up = selector("up").matching(&self.model.target_matchers).expr();
        let replica = self.model.replica_label();
        let per_replica = |op| up.clone().by(op, [replica]);
        out.push(
            self.record(What::Replicas, aggregate(AggregateOp::Count, Grouping::All, per_replica(AggregateOp::Max))),
        );
        out.push(self.record(What::ReplicasUp, per_replica(AggregateOp::Min).sum()));
        let Some(wanted) = &self.model.wanted else { return };
        // Several kube-state-metrics say the same.
        let of_workload = wanted.series(self.model.namespace.as_deref());
        let of_workload = of_workload.map(|s| aggregate(AggregateOp::Max, Grouping::All, s.expr()));
        let declared = if let Wanted::Number(n) = wanted { f64::from(*n) } else { 0.0 };
        out.push(self.record(What::ReplicasWanted, of_workload.unwrap_or_else(|| vector(declared))));
    }
}
