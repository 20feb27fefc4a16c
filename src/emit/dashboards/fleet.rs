//! The overview: whether anything is wrong, which model it is, how fast, how much, where it is full.

use super::firing::{self, small};
use super::gateways;
use super::layout::table_height;
use super::model::{Color, Column, Dashboard, Order, Panel, Query, Row, Thresholds, Unit, Variable, View};
use super::scope::{NEAR, Scope, narrowed, or_zero};
use crate::promql::{AggregateOp, BinaryOp, Expr, Grouping, aggregate, call, number, selector, text};
use crate::resolve::Model;
use crate::signals::{AlertKind, Latency, Measure, Quantile, Subject, What};

/// Most rows of the table of models that are shown without scrolling.
const TABLE_ROWS: usize = 20;

/// Makes the dashboard.
pub fn dashboard(scope: &Scope<'_>) -> Dashboard {
    let rows = vec![wrong(scope), models(scope), fast(scope), traffic(scope), gateways::seen(scope), full(scope)];
    Dashboard {
        part: "fleet".to_owned(),
        uid: scope.emit.names.dashboard_uid("fleet"),
        title: scope.title("LLM fleet overview"),
        description: "All models at a glance: start here, then follow the model's name to its detail.".to_owned(),
        tags: scope.tags(),
        from: "now-3h",
        variables: vec![scope.namespace_variable(), model_variable(scope)],
        datasource: scope.emit.plan.grafana.datasource.clone(),
        annotation: scope.annotation(scope.firing()),
        links: scope.links("fleet"),
        rows: rows.into_iter().filter(|r| !r.panels.is_empty()).collect(),
    }
}

/// Returns the variable that narrows the overview to some models.
pub fn model_variable(scope: &Scope<'_>) -> Variable {
    Variable {
        name: "model",
        label: "Model",
        description: "Models of the chosen namespaces.",
        series: selector(scope.record(Measure::model(What::Info))).re("namespace", "$namespace").expr(),
        values_of: "model",
        several: true,
    }
}

fn wrong(scope: &Scope<'_>) -> Row {
    let mut panels = Vec::new();
    let alerts = !scope.emit.book.alert_kinds().is_empty();
    if alerts {
        let description = "If it is not \"none\", the table beside it says which; open the runbook.";
        panels.push(firing::count(scope.firing().expr(), description));
    }
    let down = scope.model(What::Replicas).expr().sum().op(BinaryOp::Sub, scope.model(What::ReplicasUp).expr().sum());
    panels.push(
        small(
            "Replicas down",
            "Replicas that Prometheus knows but cannot scrape: look at their pods first.",
            Unit::Short,
        )
        .thresholds(Thresholds::limit(1.0))
        .word("0", "none", Color::Green)
        .no_value("no replicas")
        .query(Query::now(down, "down")),
    );
    let unseen = scope.model(What::Info).expr().op_on(BinaryOp::Unless, ["model"], scope.model(What::Replicas));
    panels.push(
        small(
            "Models unseen",
            "Declared models without a single target: scaled to zero, or not scraped. Their alerts cannot fire.",
            Unit::Short,
        )
        .thresholds(Thresholds::limit(1.0))
        .word("0", "none", Color::Green)
        .query(Query::now(or_zero(aggregate(AggregateOp::Count, Grouping::All, unseen), &[]), "unseen")),
    );
    if scope.any_model(What::ErrorRatio) {
        let worst = aggregate(AggregateOp::Max, Grouping::All, scope.model(What::ErrorRatio).expr());
        panels.push(
            small(
                "Worst error ratio",
                "Failed requests per request of the model that fails most; the table of models names it.",
                Unit::Ratio,
            )
            .decimals(2)
            .thresholds(scope.colors(AlertKind::HighInferenceErrorRate))
            .no_value("no traffic")
            .links(scope.runbook(AlertKind::HighInferenceErrorRate))
            .query(Query::now(worst, "worst")),
        );
    }
    if alerts {
        let width = 24 - panels.iter().map(|p| p.width).sum::<u32>();
        panels.push(firing_table(scope).size(width, 6));
    }
    Row::new("Is anything wrong right now?", panels)
}

fn firing_table(scope: &Scope<'_>) -> Panel {
    let labels = ["alertname", "severity", "model", "pool", "hostname", "gpu"];
    let firing = scope.firing().expr().by(AggregateOp::Count, labels);
    let has_pools = !scope.emit.plan.pools.is_empty();
    let mut columns = vec![
        firing::names(scope, 190),
        Column::value(0, "Firing", Unit::Short).width(60).colored(Thresholds::limit(1.0)),
        Column::label("severity", "Severity").width(80),
        Column::label("model", "Model"),
    ];
    if has_pools {
        columns.extend([
            Column::label("pool", "Pool").width(70),
            Column::label("hostname", "Host"),
            Column::label("gpu", "GPU").width(50),
        ]);
    }
    Panel::new(
        "Firing alerts of this project",
        "Follow the alert to its runbook. One line that says \"none\" means that no alert fires.",
        View::Table { columns, sort: None },
        Unit::Short,
    )
    .query(Query::now(or_zero(firing, &[("alertname", "none")]), ""))
}

fn models(scope: &Scope<'_>) -> Row {
    let per_model = |expr: Expr| Query::now(expr.by(AggregateOp::Max, ["model", "namespace"]), "");
    let mut queries = vec![Query::now(info(scope), "")];
    let link = format!(
        "/d/${{__data.fields.dashboard}}?${{datasource:queryparam}}&{}&{}",
        "var-model=${__value.raw}", "${__url_time_range}"
    );
    let mut columns = vec![Column::label("model", "Model").link("Open the model", link)];
    columns.extend([
        Column::label("namespace", "Namespace"),
        Column::label("engine_name", "Engine").width(80),
        Column::label("engine_version", "Version").width(110),
        Column::label("dashboard", "dashboard").hidden(),
    ]);
    columns.push(Column::value(0, "info", Unit::Short).hidden());
    let mut add = |what: What, column: fn(usize) -> Column| {
        if scope.any_model(what) {
            columns.push(column(queries.len()));
            queries.push(per_model(scope.model(what).expr()));
        }
    };
    let p99 = |latency| What::LatencyQuantile(latency, Quantile::P99);
    add(What::ReplicasUp, |n| {
        let none = Thresholds { base: Color::Red, steps: vec![(1.0, Color::Text)] };
        Column::value(n, "Replicas up", Unit::Short).width(105).colored(none)
    });
    add(What::Requests, |n| Column::value(n, "Requests", Unit::RequestsPerSecond).width(110));
    add(What::Tokens, |n| Column::value(n, "Tokens", Unit::TokensPerSecond).width(120));
    add(p99(Latency::Ttft), |n| Column::value(n, "TTFT p99", Unit::Seconds).width(100));
    add(p99(Latency::Itl), |n| Column::value(n, "ITL p99", Unit::Seconds).width(100));
    add(p99(Latency::E2e), |n| Column::value(n, "E2E p99", Unit::Seconds).width(100));
    let all: Vec<&Model> = scope.emit.plan.models.values().collect();
    if let Some(share) = scope.share_of_slo(Latency::Ttft, &all) {
        let colors = Thresholds::two(NEAR, 1.0);
        columns.push(Column::value(queries.len(), "TTFT of SLO", Unit::Ratio).decimals(0).width(110).colored(colors));
        queries.push(Query::now(share.by(AggregateOp::Max, ["model"]), ""));
    }
    if scope.any_model(What::ErrorRatio) {
        let colors = scope.colors(AlertKind::HighInferenceErrorRate);
        columns.push(Column::value(queries.len(), "Errors", Unit::Ratio).decimals(2).width(85).colored(colors));
        queries.push(per_model(scope.model(What::ErrorRatio).expr()));
    }
    if scope.any_model(What::KvCacheMax) {
        let colors = scope.colors(AlertKind::KVCachePressure);
        columns.push(Column::value(queries.len(), "KV cache", Unit::Ratio).decimals(0).width(150).bar(colors));
        queries.push(per_model(scope.model(What::KvCacheMax).expr()));
    }
    if scope.any_model(What::Waiting) {
        columns.push(Column::value(queries.len(), "Waiting", Unit::Short).width(85));
        queries.push(per_model(scope.model(What::Waiting).expr()));
    }
    let panel = Panel::new(
        "Models",
        "One line per model; an empty cell is something that the engine does not measure, or a model without traffic. \
         Follow the name to the detail.",
        View::Table { columns, sort: Some(Order::Largest("Tokens")) },
        Unit::Short,
    )
    .size(24, table_height(all.len().min(TABLE_ROWS)))
    .queries(queries);
    Row::new("Which model is it?", vec![panel])
}

/// Engine and version of each model, with the uid of the dashboard that shows its detail.
pub fn info(scope: &Scope<'_>) -> Expr {
    let labels = ["model", "namespace", "engine_name", "engine_version"];
    let info = scope.model(What::Info).expr().by(AggregateOp::Group, labels);
    scope.groups.iter().fold(info, |expr, group| {
        let uid = scope.emit.names.dashboard_uid(&group.part);
        let (label, pattern) = if group.whole {
            ("engine_name", group.engine.clone())
        } else {
            // Names of models are plain letters, digits and hyphens.
            ("model", group.models.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join("|"))
        };
        call("label_replace", [expr, text("dashboard"), text(&uid), text(label), text(&pattern)])
    })
}

fn fast(scope: &Scope<'_>) -> Row {
    let p99 = |latency: &&Latency| scope.any_model(What::LatencyQuantile(**latency, Quantile::P99));
    let shown = [Latency::Ttft, Latency::Itl, Latency::E2e];
    let mut panels = Vec::new();
    let together: Vec<Query> = shown.iter().flat_map(|l| together(scope, *l)).collect();
    if !together.is_empty() {
        panels.push(
            Panel::new(
                "All chosen models of an engine together",
                "p99 over the requests of the chosen models, from their added buckets; engines have different buckets and \
                 stand apart. If it is bad, find the model below.",
                View::Stat { graph: true },
                Unit::Seconds,
            )
            .size(24, 4)
            .thresholds(Thresholds::plain(Color::Blue))
            .no_value("no traffic")
            .queries(together),
        );
    }
    for latency in shown.iter().filter(p99).take(2) {
        let kind = AlertKind::ALL.iter().copied().find(|k| k.latency() == Some(latency.signal()));
        panels.push(
            Panel::new(
                format!("{} p99 by model", latency.short()),
                "Compare a model with itself an hour ago, not with others: models differ by size. Gaps are times without \
                 requests.",
                View::Timeseries { stacked: false, legend: scope.legend(), lines: false },
                Unit::Seconds,
            )
            .size(12, 9)
            .min(0.0)
            .no_value("no traffic")
            .links(kind.and_then(|k| scope.runbook(k)))
            .query(scope.over_time(scope.model(What::LatencyQuantile(*latency, Quantile::P99)), "{{model}}")),
        );
    }
    Row::new("How fast are we?", panels)
}

/// The p99 over the chosen models of each engine. Engines have different buckets, which cannot be added.
fn together(scope: &Scope<'_>, latency: Latency) -> Vec<Query> {
    let buckets = Measure::fleet(What::LatencyBuckets(latency));
    let records = scope.emit.book.chapter(&Subject::Fleet).into_iter().flat_map(|c| c.records());
    records
        .filter(|r| r.measure == buckets)
        .map(|record| {
            let chosen = narrowed(&record.expr, &[("namespace", "$namespace"), ("model", "$model")]);
            let expr = chosen.quantile(Quantile::P99.value()).op(BinaryOp::Ge, number(0.0));
            let engine = record.labels.get("engine_name").map_or("", String::as_str);
            scope.over_time(expr, format!("{engine}: {} p99", latency.short()))
        })
        .collect()
}

fn by_model(scope: &Scope<'_>, title: &str, description: &str, what: What, unit: Unit, stacked: bool) -> Option<Panel> {
    scope.any_model(what).then(|| {
        Panel::new(title, description, View::Timeseries { stacked, legend: scope.legend(), lines: false }, unit)
            .size(12, 9)
            .min(0.0)
            .no_value("no traffic")
            .query(scope.over_time(scope.model(what), "{{model}}"))
    })
}

fn traffic(scope: &Scope<'_>) -> Row {
    let tokens = by_model(
        scope,
        "Tokens by model",
        "Prompt and generated tokens per second. A sudden fall with steady requests means that answers got shorter or stuck.",
        What::Tokens,
        Unit::TokensPerSecond,
        true,
    );
    let requests = by_model(
        scope,
        "Requests by model",
        "Finished requests per second. If only one model falls, look at its replicas; if all fall, look at the gateway.",
        What::Requests,
        Unit::RequestsPerSecond,
        true,
    );
    Row::new("How much traffic?", [tokens, requests].into_iter().flatten().collect())
}

fn full(scope: &Scope<'_>) -> Row {
    let mut panels = Vec::new();
    panels.extend(
        by_model(
            scope,
            "KV cache of the fullest replica",
            "Near 100 % the engine delays or preempts requests: add replicas or shorten contexts.",
            What::KvCacheMax,
            Unit::Ratio,
            false,
        )
        .map(|p| p.max(1.0).links(scope.runbook(AlertKind::KVCachePressure))),
    );
    panels.extend(by_model(
        scope,
        "Requests waiting",
        "A queue that does not empty means too few replicas.",
        What::Waiting,
        Unit::Short,
        false,
    ));
    if scope.emit.book.has(Measure::pool(What::GpuUtilization)) {
        let series = selector(scope.record(Measure::pool(What::GpuUtilization)));
        panels.push(
            Panel::new(
                "GPU utilisation by pool",
                "Mean over the GPUs of a pool, whatever models are chosen. Full queues on idle GPUs point at the engine, not \
                 at hardware.",
                View::Timeseries { stacked: false, legend: scope.pool_legend(), lines: false },
                Unit::Ratio,
            )
            .min(0.0)
            .max(1.0)
            .query(scope.over_time(series, "{{pool}}")),
        );
    }
    panels.extend(by_model(
        scope,
        "Preemptions",
        "Running requests that were thrown out of a full KV cache and start again: each costs its user the time so far.",
        What::Preemptions,
        Unit::PerSecond,
        false,
    )
    .map(|p| p.size(12, 8)));
    Row::new("Where is it full?", panels)
}
