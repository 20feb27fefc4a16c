//! Runbooks, one page per alert that the book has: `runbooks/<Alert>.md`.
//!
//! Words stand in `templates/runbooks/`. This module adds what belongs to the project: thresholds, rules, and queries, of which
//! only those appear whose series the book records.

use std::collections::BTreeSet;

use serde::Serialize;

use super::runbooks_money::whose;
use super::text::Templates;
use super::{Artifact, Emit};
use crate::names::Names;
use crate::promql::{Expr, selector};
use crate::resolve::{Model, Plan};
use crate::signals::{
    Alert, AlertKind, Book, Chapter, Latency, Level, Measure, Quantile, Subject, ThresholdUnit, What,
};
use crate::spec::Flavour;
use crate::units::{Duration, number, percent};

/// Most rules that a page shows in full; a fleet of a thousand models has the rest in its rule files.
const MAX_RULES: usize = 40;

#[derive(Serialize)]
struct Page {
    alert: &'static str,
    meaning: &'static str,
    /// Whether the threshold comes from an SLO.
    latency: bool,
    /// `model`, `pool` or `all`.
    subject: &'static str,
    severities: BTreeSet<String>,
    engines: BTreeSet<String>,
    example_note: String,
    queries: Vec<Query>,
    rows: Vec<Row>,
    rules: Vec<Rule>,
    shown: usize,
    rules_in: &'static str,
    /// XID codes that the alert is about.
    xids: Vec<Xid>,
    has_threshold: bool,
    /// Pools whose rule watches a fixed temperature in place of throttling.
    fallback: String,
    /// Models or pools whose release was not read.
    unread: String,
}

#[derive(Serialize)]
struct Query {
    title: &'static str,
    read: &'static str,
    expr: String,
}

#[derive(Serialize)]
struct Xid {
    code: u32,
    meaning: &'static str,
    action: &'static str,
}

#[derive(Serialize)]
struct Row {
    name: String,
    threshold: String,
    hold: String,
    severity: String,
}

#[derive(Serialize)]
struct Rule {
    name: String,
    expr: String,
}

/// Makes the pages.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let kinds = emit.book.alert_kinds();
    if kinds.is_empty() {
        return Vec::new();
    }
    let templates = Templates::new().expect("templates are compiled in and tested");
    kinds.into_iter().map(|kind| artifact(emit, kind, &templates)).collect()
}

fn artifact(emit: Emit<'_>, kind: AlertKind, templates: &Templates) -> Artifact {
    let name = format!("runbooks/{}.md", kind.name());
    let text = templates.render(&name, &page(emit, kind)).expect("templates are compiled in and tested");
    Artifact::file(emit.names.runbook_path(kind), text)
}

fn page(emit: Emit<'_>, kind: AlertKind) -> Page {
    let watched: Vec<(&Chapter, &Alert)> =
        emit.book.chapters.iter().flat_map(|c| c.alerts().filter(|a| a.kind == kind).map(move |a| (c, a))).collect();
    let rows: Vec<Row> = watched
        .iter()
        .map(|(chapter, alert)| Row {
            name: whose(chapter, alert).to_owned(),
            threshold: threshold(alert),
            hold: alert.hold.to_string(),
            severity: severity(alert),
        })
        .collect();
    let rules = watched
        .iter()
        .take(MAX_RULES)
        .map(|(c, a)| Rule { name: whose(c, a).to_owned(), expr: a.expr.pretty() })
        .collect();
    let subjects: Vec<&Subject> = watched.iter().map(|(c, _)| &c.subject).collect();
    let (queries, example_note) = queries(emit, kind, &watched);
    Page {
        alert: kind.name(),
        meaning: kind.meaning(),
        latency: kind.latency().is_some(),
        subject: match watched.first().map(|(c, _)| &c.subject) {
            _ if kind.watches_money() => "budget of",
            Some(Subject::Pool(_)) => "pool",
            Some(Subject::Fleet) => "all",
            _ => "model",
        },
        xids: crate::signals::xid_codes(kind)
            .into_iter()
            .map(|(code, xid)| Xid { code, meaning: &xid.meaning, action: &xid.action })
            .collect(),
        has_threshold: kind.threshold_unit() != ThresholdUnit::Nothing,
        severities: watched.iter().map(|(_, a)| severity(a)).collect(),
        engines: models_of(emit.plan, &subjects).map(|m| m.engine.profile.name.clone()).collect(),
        example_note,
        queries,
        shown: rows.len().min(MAX_RULES),
        rows,
        rules,
        rules_in: match emit.plan.prometheus.flavour {
            Flavour::Plain => "`prometheus/rules/`",
            Flavour::Operator => "`kubernetes/rules-*.yaml`",
        },
        fallback: fallback(&watched),
        unread: unread(emit.plan, &subjects),
    }
}

/// Returns what pages call a subject.
pub fn name(subject: &Subject) -> &str {
    match subject {
        Subject::Model(name) | Subject::Pool(name) => name,
        Subject::Fleet => "fleet",
    }
}

fn severity(alert: &Alert) -> String {
    alert.labels.get("severity").cloned().unwrap_or_default()
}

/// Returns the threshold of an alert as a person writes it: `2.5s`, `5%`, `85 °C`.
pub fn threshold(alert: &Alert) -> String {
    if let Some(basis) = alert.basis.as_ref().and_then(|b| b.threshold.clone()) {
        return basis;
    }
    if alert.kind.latency().is_some() {
        return Duration::parse(&format!("{}s", number(alert.threshold)))
            .map_or_else(|_| format!("{}s", number(alert.threshold)), Duration::human);
    }
    if let (Some(burn_rate), Some(window)) = (alert.labels.get("burn_rate"), alert.labels.get("long_window")) {
        return format!("{burn_rate} times the budget over {window}");
    }
    match alert.kind.threshold_unit() {
        // Throttling is a share of time; a fallback temperature is above 1.
        ThresholdUnit::ShareOrCelsius if alert.threshold <= 1.0 => {
            format!("{} of the time", percent(alert.threshold))
        }
        ThresholdUnit::ShareOrCelsius => format!("{} °C", number(alert.threshold)),
        ThresholdUnit::Requests => format!("{} requests", number(alert.threshold)),
        ThresholdUnit::Factor => format!("{} times as much", number(alert.threshold)),
        ThresholdUnit::Budgets => format!("{} of the budget", percent(alert.threshold)),
        ThresholdUnit::Nothing => "none".to_owned(),
        ThresholdUnit::Ratio | ThresholdUnit::Slo => percent(alert.threshold),
    }
}

/// The models that an alert is about: those it watches, or those that run on the pools it watches.
fn models_of<'a>(plan: &'a Plan, subjects: &'a [&Subject]) -> impl Iterator<Item = &'a Model> {
    let named: BTreeSet<(bool, &str)> = subjects.iter().map(|s| (matches!(s, Subject::Pool(_)), name(s))).collect();
    plan.models.values().filter(move |m| {
        named.contains(&(false, m.name.as_str()))
            || m.pool.as_ref().is_some_and(|pool| named.contains(&(true, pool.as_str())))
    })
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    match all.len() {
        0..=12 => all.join(", "),
        n => format!("{} and {} more", all[..12].join(", "), n - 12),
    }
}

fn fallback(watched: &[(&Chapter, &Alert)]) -> String {
    let by_temperature = |a: &Alert| a.basis.as_ref().is_some_and(|b| b.threshold.is_none());
    listed(
        watched
            .iter()
            .filter(|(_, a)| a.kind == AlertKind::GPUThermalThrottle && by_temperature(a))
            .map(|(c, _)| name(&c.subject)),
    )
}

fn unread(plan: &Plan, subjects: &[&Subject]) -> String {
    listed(subjects.iter().copied().filter(|s| is_unread(plan, s)).map(name))
}

fn is_unread(plan: &Plan, subject: &Subject) -> bool {
    match subject {
        Subject::Model(name) => plan.models.get(name).is_some_and(|m| m.engine.release != m.version),
        Subject::Pool(name) => plan.pools.get(name).is_some_and(|p| p.exporter.release != p.version),
        Subject::Fleet => false,
    }
}

/// A question of a page: the series, and how its answer is read.
pub type Question = (Measure, &'static str, &'static str);

/// Returns the queries whose series exist, written for one model or pool, and a note that says for which.
fn queries(emit: Emit<'_>, kind: AlertKind, watched: &[(&Chapter, &Alert)]) -> (Vec<Query>, String) {
    let mut examples = BTreeSet::new();
    let mut out = Vec::new();
    for (measure, title, read) in questions(kind) {
        let found = watched.iter().find_map(|(c, _)| query(emit, &c.subject, measure));
        if let Some((expr, example)) = found {
            examples.insert(example);
            out.push(Query { title, read, expr: expr.to_string() });
        }
    }
    let only = watched.len() == 1;
    let note = match examples.into_iter().collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        _ if only => String::new(),
        names => format!(
            "The queries are written for {}; put in the labels of the alert that fired.",
            listed(names.iter().map(String::as_str))
        ),
    };
    (out, note)
}

/// Returns the query of a measure for a subject, or for the pool that a model runs on.
fn query(emit: Emit<'_>, subject: &Subject, measure: Measure) -> Option<(Expr, String)> {
    let Emit { plan, book, names } = emit;
    let of_pool = matches!(measure.level, Level::Gpu | Level::Pool);
    match subject {
        Subject::Model(model) if of_pool => {
            let pool = plan.models.get(model)?.pool.clone()?;
            recorded(book, names, &Subject::Pool(pool), measure)
        }
        _ => recorded(book, names, subject, measure),
    }
}

fn recorded(book: &Book, names: &Names, subject: &Subject, measure: Measure) -> Option<(Expr, String)> {
    book.chapter(subject).filter(|c| c.has(measure))?;
    let name = name(subject);
    let series = selector(names.record(measure));
    let series = match subject {
        Subject::Model(_) => series.eq("model", name),
        Subject::Pool(_) => series.eq("pool", name),
        Subject::Fleet => series,
    };
    Some((series.expr(), name.to_owned()))
}

fn questions(kind: AlertKind) -> Vec<Question> {
    let p = |latency, quantile| Measure::model(What::LatencyQuantile(latency, quantile));
    let model = Measure::model;
    let waiting: Question =
        (model(What::Waiting), "Do requests wait?", "Above zero and rising: more comes in than can be served.");
    let running: Question = (
        model(What::Running),
        "How large is the batch?",
        "Flat at a round number while requests wait: a setting caps it.",
    );
    let queue: Question =
        (p(Latency::Queue, Quantile::P99), "How long in the queue?", "Near the slow latency itself: it is all queue.");
    let cache: Question = (
        model(What::KvCacheMax),
        "Is the KV cache full?",
        "Near 1 on the fullest replica: memory is the limit, not compute.",
    );
    let preempted: Question =
        (model(What::Preemptions), "Are requests preempted?", "Above zero: work is thrown away and done again.");
    let replicas: Question =
        (model(What::ReplicasUp), "How many replicas answer?", "Fewer than an hour ago: start there.");
    let requests: Question =
        (model(What::Requests), "Is there traffic at all?", "Far below one per second: a few requests decide the p99.");
    let prompts: Question =
        (model(What::PromptTokens), "How much prompt comes in?", "A jump without more requests: prompts got longer.");
    let generated: Question =
        (model(What::GenerationTokens), "How much is generated?", "More per request than before: answers got longer.");
    let prefill: Question = (
        p(Latency::Prefill, Quantile::P99),
        "How slow is prefill?",
        "High with a short queue: long prompts or slow GPUs.",
    );
    let decode: Question =
        (p(Latency::Decode, Quantile::P99), "How slow is decoding?", "High: large batches, long answers or slow GPUs.");
    let hits: Question = (
        model(What::PrefixCacheHitRatio),
        "Does the prefix cache help?",
        "A drop means more prefill for the same prompts.",
    );
    let adapters = (model(What::LoraAdapters), "Which adapters wait?", "One that does not run has no slot.");
    let heat: Question = (
        Measure::pool(What::GpuThermalThrottled),
        "Are its GPUs throttled by heat?",
        "Above 0.05: see GPUThermalThrottle.",
    );
    let temperature: Question =
        (Measure::pool(What::GpuTemperature), "How hot is the hottest GPU?", "Compare with last week.");
    let budget: [Question; 3] = [
        (model(What::SloBurnRate), "How fast does it burn?", "1 is what the budget allows; compare the windows."),
        (model(What::SloBudgetRemaining), "How much is left?", "Below zero: the promise of this window is broken."),
        (model(What::SloBudgetExhaustion), "How long does it last?", "Seconds at the burn rate of the last hour."),
    ];
    let of_budget = |kind| budget.into_iter().chain(questions(kind)).collect();
    match kind {
        AlertKind::TimeToFirstTokenBudgetBurn => of_budget(AlertKind::HighTimeToFirstToken),
        AlertKind::InterTokenLatencyBudgetBurn => of_budget(AlertKind::HighInterTokenLatency),
        AlertKind::EndToEndLatencyBudgetBurn => of_budget(AlertKind::HighEndToEndLatency),
        AlertKind::QueueTimeBudgetBurn => of_budget(AlertKind::HighQueueTime),
        AlertKind::ErrorBudgetBurn => of_budget(AlertKind::HighInferenceErrorRate),
        AlertKind::AvailabilityBudgetBurn => budget.into_iter().chain([replicas, requests, waiting]).collect(),
        AlertKind::HighTimeToFirstToken => vec![
            waiting,
            queue,
            cache,
            replicas,
            (
                p(Latency::Ttft, Quantile::P50),
                "Is it everybody or the tail?",
                "Median well: only some requests are slow.",
            ),
            prefill,
            prompts,
            hits,
            heat,
            requests,
        ],
        AlertKind::HighInterTokenLatency => vec![
            running,
            prompts,
            preempted,
            (
                p(Latency::Itl, Quantile::P50),
                "Is it everybody or the tail?",
                "Median well: prefill of others disturbs some.",
            ),
            decode,
            cache,
            heat,
            temperature,
            requests,
        ],
        AlertKind::HighEndToEndLatency => vec![
            generated,
            waiting,
            queue,
            (p(Latency::E2e, Quantile::P50), "Is it everybody or the tail?", "Median well: a few long answers."),
            decode,
            prefill,
            replicas,
            cache,
            heat,
            requests,
        ],
        AlertKind::HighQueueTime => {
            vec![waiting, running, cache, replicas, requests, preempted, prompts, heat]
        }
        AlertKind::HighInferenceErrorRate => vec![
            replicas,
            (model(What::Errors), "How many fail?", "Compare with the start of the last rollout."),
            requests,
            waiting,
            cache,
        ],
        AlertKind::LoRASlotsExhausted => vec![adapters, waiting, running, replicas],
        AlertKind::KVCachePressure => vec![
            waiting,
            preempted,
            (model(What::KvCacheAvg), "Is it one replica or all?", "Far below the maximum: one replica only."),
            running,
            prompts,
            replicas,
            hits,
        ],
        AlertKind::ModelDown | AlertKind::FewerReplicasThanWanted => vec![
            replicas,
            (
                model(What::Replicas),
                "How many are known?",
                "Zero or gone: discovery finds nothing, or there are no pods.",
            ),
            requests,
            waiting,
        ],
        AlertKind::EngineStuck => {
            vec![
                running,
                waiting,
                (model(What::GenerationTokens), "What do the others generate?", "Zero: all hang."),
                cache,
            ]
        }
        AlertKind::LatencyRegression => {
            vec![waiting, running, prompts, generated, hits, cache, replicas, heat, requests]
        }
        AlertKind::QueueGrowing => vec![waiting, running, requests, replicas, cache, prompts, generated],
        AlertKind::HighAbortRatio => vec![
            (
                model(What::Aborts),
                "How many are given up?",
                "A step: a rollout of a client. A slope: waiting became too long.",
            ),
            (
                p(Latency::Ttft, Quantile::P99),
                "How long until the first token?",
                "Near a time-out of gateway or client: that is it.",
            ),
            (p(Latency::E2e, Quantile::P99), "How long in all?", "Near a time-out of gateway or client: that is it."),
            waiting,
            requests,
        ],
        AlertKind::PrefixCacheCollapse => {
            vec![
                hits,
                (model(What::PrefixCacheQueries), "How much is asked of it?", "More than usual: other prompts."),
                cache,
                replicas,
            ]
        }
        AlertKind::CostBudgetBurn | AlertKind::CostBudgetForecast | AlertKind::CostBudgetExhausted => {
            super::runbooks_money::questions()
        }
        AlertKind::NoTraffic => vec![requests, replicas, running, waiting],
        AlertKind::GPUPowerThrottle => vec![
            (
                Measure::gpu(What::GpuPowerThrottled),
                "Which GPUs, and how much?",
                "The share of time at the power limit.",
            ),
            (Measure::gpu(What::GpuPower), "What do they draw?", "At the limit of the board: as designed."),
            (Measure::gpu(What::GpuTemperature), "How hot are they?", "Hot as well: a higher limit does not help."),
        ],
        AlertKind::GPUXidCritical | AlertKind::GPUXidWarning | AlertKind::GPUXidApplication => vec![
            (
                Measure::gpu(What::GpuXid),
                "Which GPUs, which codes?",
                "One GPU: the board. All of a host: the host or its driver.",
            ),
            (Measure::gpu(What::GpuUtilization), "Is work on it?", "None any more: it is out of service already."),
            (Measure::gpu(What::GpuTemperature), "Is it hot?", "Heat makes errors of memory and links."),
        ],
        AlertKind::GPUEccDoubleBit | AlertKind::GPURowRemapFailure | AlertKind::GPUNvLinkErrors => vec![
            (Measure::gpu(What::GpuXid), "Are there XID errors as well?", "They say more: go on with their runbook."),
            (Measure::gpu(What::GpuUtilization), "Is work on it?", "None any more: it is out of service already."),
            (Measure::gpu(What::GpuTemperature), "Is it hot?", "Heat makes errors of memory and links."),
        ],
        AlertKind::GPULost | AlertKind::GPUExporterMissing | AlertKind::ScrapeTargetDown => vec![
            (
                Measure::pool(What::HostGpus),
                "How many GPUs does each host report?",
                "One less: that GPU. None: the exporter or the host.",
            ),
            (Measure::gpu(What::GpuXid), "Did the driver report errors?", "79: the GPU has fallen off the bus."),
        ],
        AlertKind::GatewayDown
        | AlertKind::RuleEvaluationFailing
        | AlertKind::RuleGroupTooSlow
        | AlertKind::CollectorRefusing
        | AlertKind::CollectorDropping => Vec::new(),
        AlertKind::GPUMemoryNearFull => vec![
            (Measure::gpu(What::GpuMemoryUsedRatio), "Which GPUs?", "One of many: something else runs there."),
            (Measure::gpu(What::GpuMemoryUsed), "Did it jump or creep?", "A jump is a rollout; a creep is a leak."),
            (Measure::gpu(What::GpuUtilization), "Is the GPU working?", "Full and idle: a process was left behind."),
        ],
        AlertKind::GPUThermalThrottle => vec![
            (
                Measure::gpu(What::GpuThermalThrottled),
                "Which GPUs, and how much?",
                "The share of time at reduced clocks.",
            ),
            (Measure::gpu(What::GpuTemperature), "How hot are they?", "One card, one host or all: see below."),
            (
                Measure::gpu(What::GpuPower),
                "What do they draw?",
                "Falling power at full load is the throttling itself.",
            ),
            (Measure::gpu(What::GpuUtilization), "Are they loaded?", "Hot and idle: cooling, for certain."),
        ],
    }
}
