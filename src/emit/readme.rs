//! README.md of the output folder: what is there, how it is deployed, which signals are missing.
//!
//! Grouped by engine and release, so that it stays readable for a thousand models.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::{Templates, inline};
use super::{Artifact, Emit};
use crate::catalog::{Found, Signal};
use crate::resolve::{Plan, Pool};
use crate::spec::{CollectorKind, Delivery, Flavour};

/// What files are, by the beginning of their path; the first that fits counts.
const KINDS: &[(&str, &str)] = &[
    ("prometheus/rules/", "Recording and alerting rules, one file per model and pool and one for the fleet"),
    ("prometheus/tests/", "promtool unit tests: each alert fires and stays silent"),
    ("prometheus/scrape.d/", "Scrape jobs, to be included by `scrape_config_files`"),
    ("prometheus/prometheus.yaml", "A whole Prometheus configuration that loads the rules and jobs"),
    ("kubernetes/rules-", "PrometheusRule: recording and alerting rules"),
    ("kubernetes/monitor-", "ServiceMonitor or PodMonitor: what Prometheus scrapes"),
    ("kubernetes/gpu-exporter-", "The GPU exporter: DaemonSet, Service, list of fields"),
    ("kubernetes/opentelemetry-", "The OpenTelemetry Collector, its permissions, and the Instrumentation"),
    ("kubernetes/dashboard", "Dashboards as Kubernetes objects"),
    ("kubernetes/", "Kubernetes objects"),
    ("grafana/provisioning/", "File provisioning of Grafana"),
    ("grafana/", "Dashboards for Grafana"),
    ("otel/", "Configuration of the OpenTelemetry Collector"),
    ("runbooks/slos/", "One page per objective: from the promise to the alert, with the arithmetic"),
    ("runbooks/", "One page per alert: what it means, where to look, what to do"),
    ("kustomization.yaml", "Lists the Kubernetes objects"),
];

#[derive(Serialize)]
struct Page {
    project: String,
    models: usize,
    pools: usize,
    files: Vec<Files>,
    kustomize: bool,
    operator: bool,
    rule_labels: String,
    monitor_labels: String,
    namespace: String,
    prometheus: String,
    delivery: &'static str,
    collector: &'static str,
    runbooks: String,
    scrape_interval: String,
    rate_window: String,
    evaluation_interval: String,
    series: Vec<Series>,
    missing: Vec<MissingRow>,
    notes: Vec<Notes>,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Files {
    path: String,
    count: usize,
    what: &'static str,
}

#[derive(Serialize)]
struct Series {
    name: String,
    meaning: String,
}

#[derive(Serialize)]
struct MissingRow {
    engine: String,
    signal: &'static str,
    why: String,
    instead: String,
    models: String,
}

#[derive(Serialize)]
struct Notes {
    engine: String,
    notes: Vec<Note>,
}

#[derive(Serialize)]
struct Note {
    signal: &'static str,
    series: String,
    text: String,
}

#[derive(Serialize)]
struct Field {
    pool: String,
    field: String,
    consequence: &'static str,
}

/// Makes the page.
pub fn artifacts(emit: Emit<'_>, all: &[Artifact]) -> Vec<Artifact> {
    let templates = Templates::new().expect("templates are compiled in and tested");
    let text = templates.render("readme.md", &page(emit, all)).expect("templates are compiled in and tested");
    vec![Artifact::file("README.md", text)]
}

fn page(emit: Emit<'_>, all: &[Artifact]) -> Page {
    let plan = emit.plan;
    Page {
        project: plan.project.name.clone(),
        models: plan.models.len(),
        pools: plan.pools.len(),
        files: files(all),
        kustomize: all.iter().any(|a| a.path == "kustomization.yaml"),
        operator: plan.prometheus.flavour == Flavour::Operator,
        rule_labels: labels(&plan.prometheus.rule_labels),
        monitor_labels: labels(&plan.prometheus.monitor_labels),
        namespace: plan.kubernetes.namespace.clone(),
        prometheus: plan.prometheus.release.to_string(),
        delivery: match plan.grafana.delivery {
            Delivery::Files => "import the JSON files, or point your own provisioning at them.",
            Delivery::Provisioning => "mount the provisioning file and the JSON files into Grafana.",
            Delivery::Sidecar => "the Grafana sidecar loads the ConfigMaps once they are applied.",
            Delivery::Operator => "the Grafana operator loads the GrafanaDashboard objects once they are applied.",
        },
        collector: match plan.tracing.as_ref().map(|t| t.collector) {
            None => "",
            Some(CollectorKind::Operator) => "needs the OpenTelemetry operator; applied with the other objects.",
            Some(CollectorKind::Config) => "start the collector with the generated configuration file.",
        },
        runbooks: match &plan.project.runbook_base_url {
            Some(base) => format!("publish the folder `runbooks` at <{base}/>; alerts link there."),
            None => "alerts name the file in this folder; set `runbook_base_url` to make it a link.".to_owned(),
        },
        scrape_interval: plan.prometheus.scrape_interval.to_string(),
        rate_window: plan.prometheus.rate_window.to_string(),
        evaluation_interval: plan.prometheus.evaluation_interval.to_string(),
        series: series(emit),
        missing: missing(plan),
        notes: notes(plan),
        fields: plan.pools.values().flat_map(fields).collect(),
    }
}

/// Files of one kind are one row; a file that is alone is named in full.
fn files(all: &[Artifact]) -> Vec<Files> {
    let mut rows: BTreeMap<&str, (usize, &str, &'static str)> = BTreeMap::new();
    for artifact in all {
        let kind = KINDS.iter().find(|(prefix, _)| artifact.path.starts_with(prefix));
        let (prefix, what) = kind.copied().unwrap_or((artifact.path.as_str(), ""));
        rows.entry(prefix).or_insert((0, &artifact.path, what)).0 += 1;
    }
    rows.into_iter()
        .map(|(prefix, (count, first, what))| Files {
            path: if count == 1 { first.to_owned() } else { format!("{prefix}*") },
            count,
            what,
        })
        .collect()
}

fn labels(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return "none are declared".to_owned();
    }
    labels.iter().map(|(k, v)| format!("`{k}: {v}`")).collect::<Vec<_>>().join(", ")
}

/// Each name once, sorted.
fn series(emit: Emit<'_>) -> Vec<Series> {
    let by_name: BTreeMap<&str, String> = emit.book.records().map(|r| (r.name.as_str(), r.measure.meaning())).collect();
    by_name.into_iter().map(|(name, meaning)| Series { name: name.to_owned(), meaning }).collect()
}

/// Engine and release, as a heading: `vLLM 0.33.0`.
fn engine(title: &str, version: &impl std::fmt::Display) -> String {
    format!("{} {version}", inline(title))
}

fn missing(plan: &Plan) -> Vec<MissingRow> {
    let mut groups: BTreeMap<(String, Signal), (String, String, Vec<&str>)> = BTreeMap::new();
    for model in plan.models.values() {
        let engine = engine(&model.engine.profile.title, &model.version);
        for (signal, found) in &model.signals {
            // What errors are a share of is missing exactly where errors are, and slots for adapters where none are declared.
            if matches!(signal, Signal::ErrorBase | Signal::LoraSlots) {
                continue;
            }
            let Found::Missing { why, instead } = found else { continue };
            let row = groups.entry((engine.clone(), *signal));
            row.or_insert_with(|| (inline(why), inline(instead), Vec::new())).2.push(&model.name);
        }
    }
    groups
        .into_iter()
        .map(|((engine, signal), (why, instead, models))| MissingRow {
            engine,
            signal: signal.title(),
            why,
            instead,
            models: few(&models),
        })
        .collect()
}

/// Names in full up to five, then how many more.
fn few(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn notes(plan: &Plan) -> Vec<Notes> {
    let mut groups: BTreeMap<String, BTreeMap<Signal, (String, String)>> = BTreeMap::new();
    let models = plan.models.values().map(|m| (&m.engine.profile.title, &m.version, &m.signals));
    let gateways = plan.gateways.values().map(|g| (&g.kind.profile.title, &g.version, &g.signals));
    for (title, version, signals) in models.chain(gateways) {
        let group = groups.entry(engine(title, version)).or_default();
        for (signal, found) in signals {
            let Found::Here(source) = found else { continue };
            if *signal == Signal::ErrorBase {
                continue;
            }
            if let Some(note) = &source.note {
                group.insert(*signal, (source.series.clone(), inline(note)));
            }
        }
    }
    groups
        .into_iter()
        .filter(|(_, notes)| !notes.is_empty())
        .map(|(engine, notes)| Notes {
            engine,
            notes: notes
                .into_iter()
                .map(|(signal, (series, text))| Note { signal: signal.title(), series, text })
                .collect(),
        })
        .collect()
}

/// Fields that the exporter release has and the deployed exporter does not collect, with what follows.
fn fields(pool: &Pool) -> Vec<Field> {
    let heat = match pool.signal(Signal::GpuSlowdownTemperature) {
        Some(_) => "GPUThermalThrottle watches the distance to the slowdown temperature instead",
        None => "GPUThermalThrottle watches a fixed temperature instead",
    };
    let power = match (pool.signal(Signal::GpuPowerLimit), pool.gpu.tdp_watts) {
        (Some(_), _) => "GPUPowerThrottle compares the draw with the limit in force instead",
        (None, Some(_)) => "GPUPowerThrottle compares the draw with the power that the board is sold with instead",
        (None, None) => "There is no alert GPUPowerThrottle",
    };
    [
        (Signal::GpuThermalThrottle, heat),
        (Signal::GpuMemoryReserved, "Memory totals leave out what the driver reserves"),
        (Signal::GpuXidCount, "An XID error is seen by the latest code only"),
        (Signal::GpuEccDbe, "There is no alert GPUEccDoubleBit"),
        (Signal::GpuPowerThrottle, power),
        (Signal::GpuNvlinkErrors, "There is no alert GPUNvLinkErrors"),
    ]
    .into_iter()
    .filter(|(signal, _)| pool.signal(*signal).is_none())
    .filter_map(|(signal, consequence)| match pool.exporter.signal(signal) {
        Found::Here(source) => Some(Field { pool: pool.name.clone(), field: source.series.clone(), consequence }),
        Found::Missing { .. } => None,
    })
    .collect()
}
