//! The detail of one model: what its users feel, what the engine does, where its limit is, which replica differs, what it costs.
//!
//! One dashboard per group of models that measure the same, so that no panel is empty for want of a metric.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Color, Dashboard, Legend, Panel, Query, Row, Thresholds, Unit, Variable, View};
use super::scope::{ModelGroup, NEAR, Scope, objectives};
use crate::catalog::{Across, Signal, SignalKind};
use crate::promql::{AggregateOp, BinaryOp, Expr, MatchOp, Window, number, selector};
use crate::resolve::Model;
use crate::signals::{AlertKind, Latency, Measure, Quantile, What};

/// Height of latency panels: a legend of four lines below the graph.
const LATENCY_HEIGHT: u32 = 9;

/// Makes the dashboard of a group.
pub fn dashboard(scope: &Scope<'_>, group: &ModelGroup<'_>) -> Dashboard {
    let maker = Maker { scope, group };
    let rows = vec![maker.users(), maker.engine(), maker.limit(), maker.replicas(), maker.cost()];
    Dashboard {
        part: group.part.clone(),
        uid: scope.emit.names.dashboard_uid(&group.part),
        title: scope.title(&format!("LLM model detail: {}", group.title)),
        description: "One model: read the rows from top to bottom, from what users feel to what causes it.".to_owned(),
        tags: scope.tags(),
        from: "now-3h",
        variables: vec![scope.namespace_variable(), maker.variable()],
        datasource: scope.emit.plan.grafana.datasource.clone(),
        annotation: scope.annotation(scope.firing().re("model", "$model")),
        links: scope.links(&group.part),
        rows: rows.into_iter().filter(|r| !r.panels.is_empty()).collect(),
    }
}

struct Maker<'a> {
    scope: &'a Scope<'a>,
    group: &'a ModelGroup<'a>,
}

fn lines(stacked: bool) -> View {
    View::Timeseries { stacked, legend: Legend::Below, lines: false }
}

impl Maker<'_> {
    fn variable(&self) -> Variable {
        let info = selector(self.scope.record(Measure::model(What::Info))).re("namespace", "$namespace");
        let info = if self.group.whole {
            info.eq("engine_name", &self.group.engine)
        } else {
            // Names of models are plain letters, digits and hyphens.
            info.re("model", self.group.models.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join("|"))
        };
        Variable {
            name: "model",
            label: "Model",
            description: "Models whose engine measures what this dashboard shows.",
            series: info.expr(),
            values_of: "model",
            several: false,
        }
    }

    fn has(&self, what: What) -> bool {
        self.group.has(self.scope.emit, what)
    }

    fn quantile(&self, latency: Latency, quantile: Quantile) -> Expr {
        self.scope.model(What::LatencyQuantile(latency, quantile)).expr()
    }

    fn has_latency(&self, latency: Latency) -> bool {
        self.has(What::LatencyBuckets(latency))
    }

    fn alert(latency: Latency) -> Option<AlertKind> {
        AlertKind::ALL.iter().copied().find(|k| k.latency() == Some(latency.signal()))
    }

    /// The threshold and quantile of a latency's objective if all models of the group have the same.
    fn common_objective(&self, latency: Latency) -> Option<(Quantile, f64)> {
        let of = |m: &Model| {
            let slo = m.latency_slo(latency.signal())?;
            Some((Quantile::of(slo.objective.value()), slo.threshold.secs_f64()))
        };
        let first = of(self.group.models.first()?)?;
        self.group.models.iter().all(|m| of(m) == Some(first)).then_some(first)
    }

    fn users(&self) -> Row {
        let mut panels = vec![self.limits()];
        panels.extend(self.numbers());
        for latency in [Latency::Ttft, Latency::Itl, Latency::E2e] {
            if self.has_latency(latency) {
                panels.push(self.latency(latency));
            }
        }
        // Three graphs and a heatmap fill two lines; two heatmaps beside one graph would leave a hole.
        for latency in [Latency::Ttft, Latency::E2e] {
            if self.has_latency(latency) {
                panels.push(self.buckets(latency));
            }
        }
        fill(&mut panels);
        Row::new("Do users wait?", panels)
    }

    /// Every limit that the model has, each as a share of it in use.
    fn limits(&self) -> Panel {
        let scope = self.scope;
        let mut queries = Vec::new();
        for latency in Latency::ALL {
            if let Some(share) = scope.share_of_slo(*latency, &self.group.models) {
                queries.push(Query::now(share, format!("{} of SLO", latency.short())));
            }
        }
        for (what, kind, name) in [
            (What::ErrorRatio, AlertKind::HighInferenceErrorRate, "Errors of alert threshold"),
            (What::KvCacheMax, AlertKind::KVCachePressure, "KV cache of alert threshold"),
        ] {
            let threshold = scope.threshold(kind);
            if self.has(what) && threshold > 0.0 {
                // ratio ÷ ratio = ratio
                queries.push(Query::now(scope.model(what).expr().per(number(threshold)), name));
            }
        }
        if queries.is_empty() {
            queries
                .push(Query::now(scope.model(What::ReplicasUp).expr().per(scope.model(What::Replicas)), "Replicas up"));
        }
        // A dial alone shows no name.
        let title = match queries.as_slice() {
            [only] => only.legend.clone(),
            _ => "How much of each limit is in use?".to_owned(),
        };
        Panel::new(
            title,
            "100 % is the threshold of the SLO or alert. What is red breaks it now; what is orange will be next.",
            View::Gauge,
            Unit::Ratio,
        )
        .size(24, 6)
        .min(0.0)
        .max(1.25)
        .decimals(0)
        .thresholds(Thresholds::two(NEAR, 1.0))
        .no_value("no traffic")
        .queries(queries)
    }

    fn numbers(&self) -> Vec<Panel> {
        let scope = self.scope;
        let stat = |title: String, description: &str, unit| {
            Panel::new(title, description, View::Stat { graph: true }, unit)
                .thresholds(Thresholds::plain(Color::Blue))
                .no_value("no traffic")
        };
        let mut out = Vec::new();
        for latency in [Latency::Ttft, Latency::Itl, Latency::E2e] {
            if !self.has_latency(latency) {
                continue;
            }
            let objective = self.common_objective(latency);
            let quantile = objective.map_or(Quantile::P99, |(q, _)| q);
            let colors = objective
                .map_or(Thresholds::plain(Color::Blue), |(_, seconds)| Thresholds::two(seconds * NEAR, seconds));
            out.push(
                stat(
                    format!("{} {}", latency.short(), quantile.title()),
                    "The slowest requests of now; the graph of the same name below has the course and the SLO.",
                    Unit::Seconds,
                )
                .thresholds(colors)
                .query(scope.over_time(self.quantile(latency, quantile), quantile.title())),
            );
        }
        for (what, title, description, unit) in [
            (What::Requests, "Requests", "Finished requests per second.", Unit::RequestsPerSecond),
            (What::Tokens, "Tokens", "Prompt and generated tokens per second.", Unit::TokensPerSecond),
        ] {
            if self.has(what) {
                out.push(stat(title.to_owned(), description, unit).query(scope.over_time(scope.model(what), title)));
            }
        }
        let down = scope.model(What::Replicas).expr().op(BinaryOp::Sub, scope.model(What::ReplicasUp));
        out.push(
            Panel::new(
                "Replicas",
                "Known to Prometheus, and of these the ones that do not answer: look at their pods first.",
                View::Stat { graph: false },
                Unit::Short,
            )
            .thresholds(Thresholds::plain(Color::Blue))
            .no_value("none seen")
            .queries([Query::now(scope.model(What::Replicas), "known"), Query::now(down, "down")]),
        );
        // One line of equal panels.
        let width = 24 / u32::try_from(out.len()).unwrap_or(24).max(1);
        out.into_iter().map(|p| p.size(width, 4)).collect()
    }

    fn latency(&self, latency: Latency) -> Panel {
        let mut quantiles = BTreeSet::from([Quantile::P50, Quantile::P95, Quantile::P99]);
        // Quantiles that only some models record would be missing for the others.
        quantiles.retain(|q| self.has(What::LatencyQuantile(latency, *q)));
        let mut panel = Panel::new(
            latency.short(),
            match latency {
                Latency::Ttft => {
                    "Time until the first token. If it rises with the queue, add replicas; if not, look at prompt lengths."
                }
                Latency::Itl => {
                    "Time between two tokens. If it rises with running requests, the batch is too large for the GPU."
                }
                _ => "Time of a whole request. It grows with answer lengths too: compare with tokens per request.",
            },
            lines(false),
            Unit::Seconds,
        )
        .size(12, LATENCY_HEIGHT)
        .min(0.0)
        .no_value("no traffic")
        .links(Self::alert(latency).and_then(|k| self.scope.runbook(k)));
        for quantile in quantiles {
            panel = panel.query(self.scope.over_time(self.quantile(latency, quantile), quantile.title()));
        }
        if !objectives(latency, &self.group.models).is_empty() {
            let threshold = self.scope.model(What::SloThreshold(latency));
            panel = panel.query(self.scope.over_time(threshold, "SLO {{quantile}}").limit());
        }
        panel
    }

    fn buckets(&self, latency: Latency) -> Panel {
        let buckets = self.scope.model(What::LatencyBuckets(latency)).expr().sum_by(["le"]);
        Panel::new(
            format!("{}: all requests", latency.short()),
            "Each cell is a rate of requests. Two bands are two kinds of requests or a replica that differs; a quantile \
             hides that.",
            View::Buckets,
            Unit::Seconds,
        )
        .size(12, LATENCY_HEIGHT)
        .no_value("no traffic")
        .query(self.scope.over_time(buckets, "{{le}}"))
    }

    fn over_time(
        &self,
        title: &str,
        description: &str,
        unit: Unit,
        series: &[(What, &str)],
        stacked: bool,
    ) -> Option<Panel> {
        let series: Vec<&(What, &str)> = series.iter().filter(|(what, _)| self.has(*what)).collect();
        if series.is_empty() {
            return None;
        }
        let queries = series.iter().map(|(what, name)| self.scope.over_time(self.scope.model(*what), *name));
        let panel = Panel::new(title, description, lines(stacked), unit);
        Some(panel.min(0.0).no_value("no traffic").queries(queries))
    }

    fn engine(&self) -> Row {
        let tokens = self.over_time(
            "Tokens",
            "Prompt tokens load the prefill, generated tokens the decode. A change of the ratio is a change of workload.",
            Unit::TokensPerSecond,
            &[(What::PromptTokens, "prompt"), (What::GenerationTokens, "generated")],
            true,
        );
        let requests = self
            .over_time(
                "Requests",
                "Finished and failed requests per second. Failures without a change of load point at the engine.",
                Unit::RequestsPerSecond,
                &[(What::Requests, "finished"), (What::Errors, "failed")],
                false,
            )
            .map(|p| p.links(self.scope.runbook(AlertKind::HighInferenceErrorRate)));
        let batch = self.over_time(
            "Requests in the engine",
            "Running requests stop growing where the engine is full; from there on the queue grows.",
            Unit::Short,
            &[(What::Running, "running"), (What::Waiting, "waiting")],
            false,
        );
        let times = self.times();
        let mut panels: Vec<Panel> = [tokens, requests, batch, times].into_iter().flatten().collect();
        fill(&mut panels);
        Row::new("What does the engine do?", panels)
    }

    /// Where the time of slow requests goes.
    fn times(&self) -> Option<Panel> {
        let p99 = |l| What::LatencyQuantile(l, Quantile::P99);
        let panel = self.over_time(
            "Phases of a request, p99",
            "Long queue: too few replicas. Long prefill: long prompts. Long decode: long answers or a large batch.",
            Unit::Seconds,
            &[(p99(Latency::Queue), "queue"), (p99(Latency::Prefill), "prefill"), (p99(Latency::Decode), "decode")],
            false,
        )?;
        Some(panel.links(self.scope.runbook(AlertKind::HighQueueTime)))
    }

    fn limit(&self) -> Row {
        let kv = self
            .over_time(
                "KV cache",
                "A fullest replica far above the mean means uneven routing; all of them near 100 % means too few replicas.",
                Unit::Ratio,
                &[(What::KvCacheMax, "fullest replica"), (What::KvCacheAvg, "mean")],
                false,
            )
            .map(|p| self.kv_limit(p.max(1.0)));
        let preemptions = self.over_time(
            "Preemptions",
            "Requests thrown out of a full KV cache. Anything but zero for long: lower the batch size or add memory.",
            Unit::PerSecond,
            &[(What::Preemptions, "preemptions")],
            false,
        );
        let hits = self
            .over_time(
                "Prefix-cache hits",
                "Share of prompt tokens found in the cache. A fall makes TTFT rise: look for a changed system prompt or router.",
                Unit::Ratio,
                &[(What::PrefixCacheHitRatio, "hit ratio")],
                false,
            )
            .map(|p| p.max(1.0));
        let mut panels: Vec<Panel> = [kv, preemptions, hits].into_iter().flatten().collect();
        fill(&mut panels);
        Row::new("Where is the limit?", panels)
    }

    fn kv_limit(&self, panel: Panel) -> Panel {
        let limit = self.scope.threshold(AlertKind::KVCachePressure);
        let mut panel = panel
            .thresholds(Thresholds { base: Color::Green, steps: vec![(limit, Color::Red)] })
            .links(self.scope.runbook(AlertKind::KVCachePressure));
        panel.view = View::Timeseries { stacked: false, legend: Legend::Below, lines: true };
        panel
    }

    fn replicas(&self) -> Row {
        let panels = [
            (
                Signal::Running,
                "Running requests by replica",
                "One line far from the others: routing or a sick replica.",
                Unit::Short,
            ),
            (
                Signal::KvCacheUsage,
                "KV cache by replica",
                "One replica full and others empty: the router does not balance.",
                Unit::Ratio,
            ),
            (
                Signal::GenerationTokens,
                "Generated tokens by replica",
                "A replica that generates less at the same load is slow: compare its GPU.",
                Unit::TokensPerSecond,
            ),
        ];
        let mut panels: Vec<Panel> = panels
            .into_iter()
            .filter_map(|(signal, title, description, unit)| {
                let queries = self.per_replica(signal);
                let max = (unit == Unit::Ratio).then_some(1.0);
                let mut panel = Panel::new(title, description, lines(false), unit).min(0.0).queries(queries);
                panel.max = max;
                (!panel.queries.is_empty()).then(|| panel.no_value("no replicas"))
            })
            .collect();
        fill(&mut panels);
        Row::new("Which replica is different?", panels)
    }

    /// The engine's own series by replica: one query per name that the group's releases have. Models that others scrape have no
    /// label that `$model` could match, and are left out.
    fn per_replica(&self, signal: Signal) -> Vec<Query> {
        let ours = |m: &&&Model| {
            m.target_matchers.iter().any(|t| t.label == "model" && t.value == m.name && t.op == MatchOp::Equal)
        };
        let models: Vec<&Model> = self.group.models.iter().filter(ours).copied().collect();
        if models.len() < self.group.models.len() {
            return Vec::new();
        }
        let mut out: BTreeMap<String, Query> = BTreeMap::new();
        for model in models {
            let Some(source) = model.source(signal) else { continue };
            let replica = model.replica_label();
            let mut series = selector(&source.series).re("model", "$model");
            for (label, value) in &source.matchers {
                series = series.eq(label, value);
            }
            for (label, value) in &source.matchers_re {
                series = series.re(label, value);
            }
            let op = match source.across {
                Across::Sum => AggregateOp::Sum,
                Across::Avg => AggregateOp::Avg,
                Across::Max => AggregateOp::Max,
            };
            let expr = match source.kind {
                SignalKind::Counter => series.rate(Window::rate_interval()).sum_by([replica]),
                _ => series.expr().by(op, [replica]),
            };
            let expr = expr.times(source.factor);
            out.entry(expr.to_string()).or_insert_with(|| self.scope.raw(expr, format!("{{{{{replica}}}}}")));
        }
        out.into_values().collect()
    }

    fn cost(&self) -> Row {
        let emit = self.scope.emit;
        let Some(costs) = &emit.plan.costs else { return Row::new("", Vec::new()) };
        if !self.group.any(emit, What::CostPerHour) {
            return Row::new("", Vec::new());
        }
        let money = || Unit::Money(costs.currency.grafana_unit());
        let stats = [
            (What::Gpus, "GPUs held", "GPUs of all replicas: what the model pays for, busy or not.", Unit::Short),
            (What::CostPerHour, "Cost per hour", "GPUs held times the price of the pool.", money()),
            (What::SpendPerDay, "Last 24 hours", "What the model cost in the last 24 hours.", money()),
        ];
        let mut panels: Vec<Panel> = stats
            .into_iter()
            .filter(|(what, ..)| self.group.any(emit, *what))
            .map(|(what, title, description, unit)| {
                let decimals = matches!(unit, Unit::Money(_)).then_some(2);
                let panel = Panel::new(title, description, View::Stat { graph: false }, unit)
                    .size(4, 8)
                    .thresholds(Thresholds::plain(Color::Blue))
                    .no_value("no price")
                    .query(Query::now(self.scope.model(what), title));
                Panel { decimals, ..panel }
            })
            .collect();
        let per_million =
            [(What::CostPerMillionTokens, "all tokens"), (What::CostPerMillionGenerationTokens, "generated tokens")];
        let queries: Vec<Query> = per_million
            .iter()
            .filter(|(what, _)| self.group.any(emit, *what))
            .map(|(what, name)| self.scope.over_time(self.scope.model(*what), *name))
            .collect();
        if !queries.is_empty() {
            let width = 24 - panels.iter().map(|p| p.width).sum::<u32>();
            panels.push(
                Panel::new(
                    "Cost per million tokens",
                    "Over the last hour. It rises when traffic falls and replicas stay: scale down.",
                    lines(false),
                    money(),
                )
                .size(width, 8)
                .min(0.0)
                .no_value("no price or no traffic")
                .queries(queries),
            );
        }
        Row::new("What does it cost?", panels)
    }
}

/// Widens the panels that would leave a hole at the end of the last line: one alone takes the line, three share it.
fn fill(panels: &mut [Panel]) {
    let half: Vec<usize> = panels.iter().enumerate().filter(|(_, p)| p.width == 12).map(|(n, _)| n).collect();
    let last = match half.len() {
        1 => 24,
        n if n % 2 == 1 => 8,
        _ => return,
    };
    let tail = if last == 24 { 1 } else { 3 };
    for n in half.into_iter().rev().take(tail) {
        panels[n].width = last;
    }
}
