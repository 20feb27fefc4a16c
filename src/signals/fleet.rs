//! The chapter of the fleet: the models and pools together. Reads recorded series of other chapters only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::book::{Chapter, Group, Record, Subject};
use super::{Latency, Measure, Quantile, What, cost};
use crate::catalog::SignalSource;
use crate::names::Names;
use crate::promql::{AggregateOp, BinaryOp, Expr, Grouping, aggregate, number, selector};
use crate::resolve::Plan;
use crate::source::Place;
use crate::units;

/// Makes the chapter.
pub fn chapter(plan: &Plan, chapters: &[Chapter], names: &Names) -> Chapter {
    let maker = Maker { plan, chapters, names };
    let interval = plan.prometheus.evaluation_interval;
    let mut records = maker.records();
    records.extend(cost::of_fleet(plan, chapters, names));
    let group = Group { name: names.group("fleet"), interval, records, alerts: Vec::new() };
    let alerts = super::alerts::of_fleet(plan, names, &group);
    let mut chapter = Chapter { subject: Subject::Fleet, groups: vec![group] };
    let spend = cost::spend_of_fleet(plan, chapters, names);
    chapter.add(names.group("fleet-spend"), cost::spend_interval(plan), spend, Vec::new());
    chapter.add(names.group("fleet-alerts"), interval, Vec::new(), alerts);
    chapter
}

/// Returns the finite edges, in seconds, that a latency has in every model of an engine that measures it; `None` if none does.
pub fn common_edges(plan: &Plan, engine: &str, latency: Latency) -> Option<Vec<f64>> {
    let mut lists = sources(plan, engine, latency).map(|s| &s.buckets);
    let mut common = lists.next()?.clone();
    for list in lists {
        common.retain(|edge| list.iter().any(|other| (other - edge).abs() <= 1e-9 * edge.abs()));
    }
    Some(common)
}

fn sources<'a>(plan: &'a Plan, engine: &str, latency: Latency) -> impl Iterator<Item = &'a SignalSource> {
    let models = plan.models.values().filter(move |m| m.engine.profile.name == engine);
    // Bounds in milliseconds cannot be added to bounds in seconds.
    models.filter_map(move |m| m.source(latency.signal())).filter(|s| s.factor >= 1.0)
}

struct Maker<'a> {
    plan: &'a Plan,
    chapters: &'a [Chapter],
    names: &'a Names,
}

impl Maker<'_> {
    fn records(&self) -> Vec<Record> {
        let mut out = Vec::new();
        for latency in Latency::ALL {
            self.latency(*latency, &mut out);
        }
        for what in [
            What::PromptTokens,
            What::GenerationTokens,
            What::Requests,
            What::Errors,
            What::Preemptions,
            What::Running,
            What::Waiting,
            What::Replicas,
            What::ReplicasUp,
        ] {
            self.sum(what, Measure::model(what), &mut out);
        }
        self.tokens(&mut out);
        self.kv_cache(&mut out);
        for what in [What::GpuMemoryUsed, What::GpuMemoryTotal, What::GpuPower] {
            self.sum(what, Measure::pool(what), &mut out);
        }
        self.utilisation(&mut out);
        out
    }

    fn has(&self, measure: Measure) -> bool {
        self.chapters.iter().any(|c| c.has(measure))
    }

    fn push(&self, what: What, expr: Expr, out: &mut Vec<Record>) {
        self.push_with(what, expr, BTreeMap::new(), out);
    }

    fn push_with(&self, what: What, expr: Expr, labels: BTreeMap<String, String>, out: &mut Vec<Record>) {
        let measure = Measure::fleet(what);
        let name = self.names.record(measure);
        out.push(Record { measure, name, labels: Arc::new(labels), expr, origin: Place::default() });
    }

    fn recorded(&self, measure: Measure) -> Expr {
        selector(self.names.record(measure)).expr()
    }

    fn sum(&self, what: What, of: Measure, out: &mut Vec<Record>) {
        if self.has(of) {
            self.push(what, self.recorded(of).sum(), out);
        }
    }

    /// Buckets can be added only at edges that all summands have; at those the sum is exact. Engines share few edges (vLLM and
    /// SGLang have none between 1 and 10 s in common), so there is one distribution per engine, over the edges that its
    /// declared releases share. A mean of quantiles would be no quantile.
    fn latency(&self, latency: Latency, out: &mut Vec<Record>) {
        let engines: BTreeSet<&str> = self.plan.models.values().map(|m| m.engine.profile.name.as_str()).collect();
        for engine in engines {
            let Some(edges) = common_edges(self.plan, engine, latency).filter(|e| !e.is_empty()) else { continue };
            let labels = BTreeMap::from([("engine_name".to_owned(), engine.to_owned())]);
            let mut buckets = selector(self.names.record(Measure::model(What::LatencyBuckets(latency))));
            if sources(self.plan, engine, latency).any(|s| s.buckets.len() != edges.len()) {
                buckets = buckets.re("le", edge_pattern(&edges));
            }
            let of_engine = selector(self.names.record(Measure::model(What::Info))).eq("engine_name", engine);
            let expr = buckets.expr().op_on(BinaryOp::And, ["model", "namespace"], of_engine).sum_by(["le"]);
            self.push_with(What::LatencyBuckets(latency), expr, labels.clone(), out);
            for quantile in [Quantile::P50, Quantile::P95, Quantile::P99] {
                let expr = selector(self.names.record(Measure::fleet(What::LatencyBuckets(latency))))
                    .eq("engine_name", engine)
                    .expr()
                    .quantile(quantile.value())
                    .op(BinaryOp::Ge, number(0.0));
                self.push_with(What::LatencyQuantile(latency, quantile), expr, labels.clone(), out);
            }
        }
    }

    /// Models that count one kind of tokens only are left out: their sum would not be of both.
    fn tokens(&self, out: &mut Vec<Record>) {
        self.sum(What::Tokens, Measure::model(What::Tokens), out);
    }

    fn kv_cache(&self, out: &mut Vec<Record>) {
        let max = Measure::model(What::KvCacheMax);
        if self.has(max) {
            self.push(What::KvCacheMax, aggregate(AggregateOp::Max, Grouping::All, self.recorded(max)), out);
        }
    }

    /// The mean over GPUs, not over pools.
    fn utilisation(&self, out: &mut Vec<Record>) {
        let gpu = Measure::gpu(What::GpuUtilization);
        if self.has(gpu) {
            self.push(What::GpuUtilization, aggregate(AggregateOp::Avg, Grouping::All, self.recorded(gpu)), out);
        }
        let throttled = Measure::gpu(What::GpuThermalThrottled);
        if self.has(throttled) {
            let expr = aggregate(AggregateOp::Max, Grouping::All, self.recorded(throttled));
            self.push(What::GpuThermalThrottled, expr, out);
        }
        let temperature = Measure::gpu(What::GpuTemperature);
        if self.has(temperature) {
            let expr = aggregate(AggregateOp::Max, Grouping::All, self.recorded(temperature));
            self.push(What::GpuTemperature, expr, out);
        }
    }
}

/// Returns an expression for `le` that matches the edges in the spelling of recorded buckets, and `+Inf`.
fn edge_pattern(edges: &[f64]) -> String {
    let escaped = |e: &f64| units::bucket_bound(*e).replace('.', "\\.").replace('+', "\\+");
    let mut parts: Vec<String> = edges.iter().map(escaped).collect();
    parts.push("\\+Inf".to_owned());
    parts.join("|")
}
