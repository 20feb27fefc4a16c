//! Tables without references to others: defaults, and what their values exclude.

use std::collections::BTreeMap;

use super::Context;
use super::endpoints::{equal, no_matchers};
use super::plan::{
    AlertOverride, GrafanaSettings, KubernetesSettings, Model, OtlpDestination, Pool, ProjectSettings,
    PrometheusSettings, TracingSettings,
};
use crate::alert_kind::{AlertKind, ThresholdUnit};
use crate::catalog::{Release, Signal};
use crate::declare::Named;
use crate::declare::values::{KubeLabelValue, LabelKey, LabelValue, PromLabelName, Url, VersionText};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::promql::Matcher;
use crate::source::{Place, Spanned};
use crate::spec::{CollectorKind, Delivery, Document, Flavour, Protocol, SchemaKind, SignalKind, Threshold};
use crate::units::{Bytes, Duration, Ratio};

/// Returns labels as plain strings.
pub fn labels(named: Option<&Spanned<Named<LabelKey, KubeLabelValue>>>) -> BTreeMap<String, String> {
    named.iter().flat_map(|n| &n.value.entries).map(|(k, v)| (k.0.clone(), v.0.clone())).collect()
}

/// Reads a version of a program that has no profile; reports what is no version.
fn version(text: Option<&Spanned<VersionText>>, default: &str, ctx: &mut Context<'_>) -> Release {
    let fallback = || Release::parse(default).or_else(|| Release::parse("0")).expect("a default version is a version");
    let Some(text) = text else { return fallback() };
    Release::parse(&text.0).unwrap_or_else(|| {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            format!("`{}` is no version", text.0),
            text.place,
            format!("expected a version such as `{default}`"),
        ));
        fallback()
    })
}

pub fn project(document: &Document) -> Option<ProjectSettings> {
    let raw = document.project.as_ref()?;
    let name = raw.name.as_ref()?.as_str().to_owned();
    Some(ProjectSettings {
        owner: raw.owner.as_ref().map_or_else(|| name.clone(), |o| o.as_str().to_owned()),
        environment: raw.environment.as_ref().map(|e| e.as_str().to_owned()),
        runbook_base_url: raw.runbook_base_url.as_ref().map(|u| u.as_str().to_owned()),
        name,
    })
}

pub fn kubernetes(document: &Document) -> KubernetesSettings {
    let raw = document.kubernetes.as_ref();
    KubernetesSettings {
        namespace: raw
            .and_then(|k| k.namespace.as_ref())
            .map_or_else(|| "monitoring".to_owned(), |n| n.as_str().to_owned()),
        labels: labels(raw.and_then(|k| k.labels.as_ref())),
        kube_state_metrics: raw.and_then(|k| k.kube_state_metrics.as_ref()).is_some_and(|k| k.value),
    }
}

pub fn prometheus(document: &Document, ctx: &mut Context<'_>) -> PrometheusSettings {
    let raw = document.prometheus.as_ref().map(|p| &p.value);
    let duration = |d: Option<&Spanned<Duration>>, default: u64| d.map_or(Duration::from_secs(default), |d| d.value);
    let scrape = raw.and_then(|p| p.scrape_interval.as_ref());
    let evaluation = raw.and_then(|p| p.evaluation_interval.as_ref());
    let window = raw.and_then(|p| p.rate_window.as_ref());
    for d in [scrape, evaluation, window].into_iter().flatten() {
        if d.is_zero() || !d.is_whole_millis() {
            ctx.sink.push(Diagnostic::new(
                Code::SpecInvalidValue,
                "an interval of Prometheus cannot be that short",
                d.place,
                format!("expected at least 1ms in whole milliseconds; found `{}`", d.value),
            ));
        }
    }
    let scrape_interval = duration(scrape, 30);
    // Four scrapes let a rate survive one lost scrape on each side; two minutes are four collections of dcgm-exporter (30 s).
    let least = (scrape_interval * 4).max(Duration::from_secs(120));
    let mut rate_window = duration(window, 300).max(least);
    if let Some(window) = window
        && window.value < least
    {
        ctx.sink.push(
            Diagnostic::new(
                Code::PrometheusWindowTooShort,
                format!("a rate window of {} is too short for a scrape interval of {scrape_interval}", window.value),
                window.place,
                format!("expected at least {least}: four scrapes, and four collections of dcgm-exporter at 30s"),
            )
            .help(format!("write `rate_window = \"{least}\"`")),
        );
        rate_window = window.value;
    } else if scrape_interval > Duration::from_secs(75)
        && let Some(scrape) = scrape
    {
        ctx.sink.push(
            Diagnostic::new(
                Code::PrometheusWindowTooShort,
                format!(
                    "a scrape interval of {scrape_interval} makes alerts slow: rates need a window of {rate_window}"
                ),
                scrape.place,
                "longer than 75s, a quarter of the usual window of 5m",
            )
            .help("scrape at least every 60s"),
        );
    }
    PrometheusSettings {
        flavour: raw.and_then(|p| p.flavour.as_ref()).map_or(Flavour::Operator, |f| f.value),
        release: version(raw.and_then(|p| p.version.as_ref()), "3.5.0", ctx),
        scrape_interval,
        evaluation_interval: duration(evaluation, 30),
        rate_window,
        rule_prefix: raw.and_then(|p| p.rule_prefix.as_ref()).map_or_else(|| "ai".to_owned(), |p| p.0.clone()),
        rule_labels: labels(raw.and_then(|p| p.rule_labels.as_ref())),
        monitor_labels: labels(raw.and_then(|p| p.monitor_labels.as_ref())),
    }
}

pub fn grafana(document: &Document, ctx: &mut Context<'_>) -> GrafanaSettings {
    let raw = document.grafana.as_ref().map(|g| &g.value);
    let delivery = raw.and_then(|g| g.delivery.as_ref()).map_or(Delivery::Sidecar, |d| d.value);
    let schema = raw.and_then(|g| g.schema.as_ref());
    if let Some(schema) = schema
        && schema.value == SchemaKind::V2
        && !matches!(delivery, Delivery::Files)
    {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("the schema `v2` cannot be delivered by `{}`", delivery.word()),
                schema.place,
                "sidecar, file provisioning and the Grafana operator load classic dashboards only",
            )
            .help("write `delivery = \"files\"`, or `schema = \"classic\"`"),
        );
    }
    let mut instance_labels = labels(raw.and_then(|g| g.instance_labels.as_ref()));
    if instance_labels.is_empty() {
        instance_labels.insert("dashboards".to_owned(), "grafana".to_owned());
    }
    GrafanaSettings {
        delivery,
        folder: raw
            .and_then(|g| g.folder.as_ref())
            .map_or_else(|| "LLM inference".to_owned(), |f| f.as_str().to_owned()),
        datasource: raw.and_then(|g| g.datasource.as_ref()).map(|d| d.as_str().to_owned()),
        schema: schema.map_or(SchemaKind::Classic, |s| s.value),
        instance_labels,
        sidecar_label: raw
            .and_then(|g| g.sidecar_label.as_ref())
            .map_or_else(|| "grafana_dashboard".to_owned(), |l| l.as_str().to_owned()),
    }
}

pub fn tracing(
    document: &Document,
    models: &BTreeMap<String, Model>,
    ctx: &mut Context<'_>,
) -> Option<TracingSettings> {
    let raw = document.tracing.as_ref()?;
    let slowest = models
        .values()
        .filter_map(|m| m.latency_slo(Signal::E2eLatency))
        .map(|s| s.threshold)
        .max()
        .unwrap_or(Duration::from_secs(10));
    let mut destinations = BTreeMap::new();
    for (name, d) in raw.destinations.iter().flat_map(|d| &d.value.entries) {
        let Some(endpoint) = &d.endpoint else { continue };
        let protocol = d.protocol.as_ref().map_or(Protocol::Grpc, |p| p.value);
        let signals: Vec<SignalKind> =
            d.signals.as_ref().map_or_else(|| vec![SignalKind::Traces], |s| s.value.iter().map(|s| s.value).collect());
        check_endpoint(name.as_str(), endpoint, protocol, ctx);
        if let Some(declared) = &d.signals
            && declared.value.is_empty()
        {
            ctx.sink.push(Diagnostic::new(
                Code::SpecInvalidValue,
                format!("the destination `{name}` takes nothing"),
                declared.place,
                "expected `traces`, `metrics` or both",
            ));
        }
        destinations.insert(
            name.as_str().to_owned(),
            OtlpDestination {
                endpoint: endpoint.as_str().to_owned(),
                authority: endpoint.authority().to_owned(),
                tls: endpoint.is_tls(),
                protocol,
                traces: signals.contains(&SignalKind::Traces),
                metrics: signals.contains(&SignalKind::Metrics),
                headers: d
                    .headers
                    .iter()
                    .flat_map(|h| &h.value.entries)
                    .map(|(k, v)| (k.0.clone(), v.0.clone()))
                    .collect(),
            },
        );
    }
    if !destinations.values().any(|d| d.traces)
        && let Some(declared) = &raw.destinations
        && !ctx.sink.has_error_within(declared.place)
        && declared.refused.is_empty()
        && declared.entries.values().all(|d| d.refused.is_empty() && d.endpoint.is_some())
    {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                "no destination takes traces",
                declared.place,
                "expected at least one destination with `traces` among its signals",
            )
            .help("add `destinations.tempo.endpoint = \"http://tempo.monitoring:4317\"`"),
        );
    }
    let memory_limit = raw.memory_limit.as_ref().map_or(Bytes::new(1 << 30), |b| b.value);
    if let Some(declared) = &raw.memory_limit
        && declared.mebibytes() < 128
    {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            format!("a memory limit of {} is too small for a collector", declared.value),
            declared.place,
            "expected at least 128MiB",
        ));
    }
    if let Some(declared) = &raw.keep_slower_than
        && (declared.whole_millis() == 0 || declared.value > Duration::from_secs(3600))
    {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecInvalidValue,
                format!("a threshold of {} cannot be used to sample traces", declared.value),
                declared.place,
                "expected 1ms to 1h: the collector holds every trace in memory for longer than this",
            )
            .help("to keep every trace, write `keep_share = \"100%\"`"),
        );
    }
    Some(TracingSettings {
        collector: raw.collector.as_ref().map_or(CollectorKind::Operator, |c| c.value),
        release: collector_release(raw.version.as_ref(), ctx),
        replicas: raw.replicas.as_ref().map_or(1, |r| r.0),
        memory_limit,
        keep_slower_than: raw.keep_slower_than.as_ref().map_or(slowest, |d| d.value),
        keep_share: raw.keep_share.as_ref().map_or_else(|| Ratio::new(0.1).expect("0.1 is a ratio"), |r| r.value),
        own_metrics: raw.matchers.as_ref().and_then(|m| own_metrics(m, ctx)),
        destinations,
    })
}

/// Returns the matchers of the collector's own metrics; reports none.
fn own_metrics(matchers: &Spanned<Named<PromLabelName, LabelValue>>, ctx: &mut Context<'_>) -> Option<Vec<Matcher>> {
    if matchers.entries.is_empty() && matchers.refused.is_empty() {
        ctx.sink.push(no_matchers("the collector", "every collector", "otel-collector", matchers.place));
        return None;
    }
    Some(equal(matchers))
}

/// Oldest collector that we write for: with it came readers of its own metrics (opentelemetry-collector #11205).
const OLDEST_COLLECTOR: &str = "0.111.0";

/// Reads the version of the collector, which is also the tag of its image.
fn collector_release(text: Option<&Spanned<VersionText>>, ctx: &mut Context<'_>) -> Release {
    let release = version(text, "0.158.0", ctx);
    let Some(text) = text else { return release };
    let parts: Vec<&str> = release.as_str().split('.').collect();
    let full = parts.len() == 3 && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    // What `version` refused has been replaced by the default, which is full.
    if !full {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            format!("`{}` is no release of the OpenTelemetry Collector", text.0),
            text.place,
            "expected three numbers, such as `0.158.0`: the version is the tag of the image",
        ));
    } else if Release::parse(OLDEST_COLLECTOR).is_some_and(|oldest| release < oldest) {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecInvalidValue,
                format!("the OpenTelemetry Collector {release} is too old"),
                text.place,
                format!("expected {OLDEST_COLLECTOR} or newer"),
            )
            .help("upgrade the collector; its configuration has changed since"),
        );
    }
    release
}

/// Reports an endpoint that its protocol cannot use.
fn check_endpoint(name: &str, endpoint: &Spanned<Url>, protocol: Protocol, ctx: &mut Context<'_>) {
    let authority = endpoint.authority();
    let path = endpoint.as_str().split("://").nth(1).and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    // The address in the brackets of `[::1]:4317` has colons too.
    let has_port = authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    let diagnostic = |title: String, expected: &str, help: String| {
        Diagnostic::new(Code::SpecInvalidValue, title, endpoint.place, expected).help(help)
    };
    match protocol {
        Protocol::Grpc if path.is_some() => ctx.sink.push(diagnostic(
            format!("the gRPC endpoint of `{name}` has a path"),
            "expected `http://host:4317`: OTLP over gRPC has no path",
            "remove the path, or write `protocol = \"http\"`".to_owned(),
        )),
        Protocol::Grpc if !has_port => ctx.sink.push(diagnostic(
            format!("the gRPC endpoint of `{name}` names no port"),
            "expected `http://host:4317`",
            "add the port, 4317 by convention, or write `protocol = \"http\"`".to_owned(),
        )),
        Protocol::Http => {
            let signal_path = ["/v1/traces", "/v1/metrics"].into_iter().find(|p| endpoint.as_str().ends_with(p));
            if let Some(signal_path) = signal_path {
                ctx.sink.push(diagnostic(
                    format!("the HTTP endpoint of `{name}` ends with the path of a signal"),
                    "expected the base URL: the collector adds `/v1/traces` or `/v1/metrics`",
                    format!("remove `{signal_path}`"),
                ));
            }
        }
        Protocol::Grpc => {}
    }
}

/// Reports a `for` that no rule can have, or with which the alert would be of no use.
fn check_hold(kind: AlertKind, hold: &Spanned<Duration>, ctx: &mut Context<'_>) {
    if !hold.is_whole_millis() {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            "`for` cannot be finer than a millisecond",
            hold.place,
            "expected whole milliseconds",
        ));
    }
    let most = kind.longest_hold();
    if hold.value <= most {
        return;
    }
    let help = match kind.compares_with() {
        Some(back) => format!(
            "it compares with what was up to {back} before: what lasts that long is compared with itself, and nobody is told"
        ),
        None => "an alert that waits longer is of no use to anybody".to_owned(),
    };
    ctx.sink.push(
        Diagnostic::new(
            Code::SpecInvalidValue,
            format!("`for` of `{}` is too long", kind.name()),
            hold.place,
            format!("expected at most `{most}`; found `{}`", hold.value),
        )
        .help(help),
    );
}

/// Reports a threshold of `GPUThermalThrottle` in a unit that no pool is watched in.
fn unused_threshold(kind: AlertKind, value: f64, place: Place, pools: &BTreeMap<String, Pool>, ctx: &mut Context<'_>) {
    if kind.threshold_unit() != ThresholdUnit::ShareOrCelsius || pools.is_empty() {
        return;
    }
    let share = value < 1.0;
    if pools.values().any(|p| p.signal(Signal::GpuThermalThrottle).is_some() == share) {
        return;
    }
    let label = if share {
        "no exporter collects throttling: expected degrees Celsius, such as `85`"
    } else {
        "every exporter collects throttling: expected a share of time, such as `\"5%\"`"
    };
    let message = format!("the threshold of `{}` would not be used", kind.name());
    ctx.sink.push(Diagnostic::new(Code::SpecConflict, message, place, label));
}

/// Resolves `[alerts]`.
pub fn alerts(
    document: &Document,
    pools: &BTreeMap<String, Pool>,
    ctx: &mut Context<'_>,
) -> BTreeMap<String, AlertOverride> {
    let mut out = BTreeMap::new();
    let Some(named) = &document.alerts else { return out };
    for (key, raw) in &named.entries {
        let Some(kind) = AlertKind::ALL.iter().find(|k| k.name() == key.0) else {
            let place = named.key_places.get(key).copied().unwrap_or(raw.place);
            let mut diagnostic = Diagnostic::new(
                Code::SpecUnknownReference,
                format!("there is no alert `{}`", key.0),
                place,
                "expected the name of a generated alert",
            );
            diagnostic = match did_you_mean(&key.0, AlertKind::ALL.iter().map(|k| k.name())) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => {
                    let names: Vec<String> = AlertKind::ALL.iter().map(|k| format!("`{}`", k.name())).collect();
                    diagnostic.help(format!("use one of {}", names.join(", ")))
                }
            };
            ctx.sink.push(diagnostic);
            continue;
        };
        let mut threshold = None;
        if let Some(written) = &raw.threshold {
            let fits = match written.value {
                Threshold::Percent(r) => kind.threshold_unit().accept(r.value(), true),
                Threshold::Number(n) => kind.threshold_unit().accept(n, false),
            };
            if let Some(value) = fits {
                unused_threshold(*kind, value, written.place, pools, ctx);
            }
            match fits {
                Some(value) => threshold = Some(value),
                None => {
                    let found = match written.value {
                        Threshold::Percent(share) => share.to_string(),
                        Threshold::Number(n) => crate::units::number(n),
                    };
                    ctx.sink.push(Diagnostic::new(
                        Code::SpecInvalidValue,
                        format!("the threshold of `{}` does not fit", kind.name()),
                        written.place,
                        format!("{}; found `{found}`", kind.threshold_unit().expected()),
                    ));
                }
            }
        }
        let hold = raw.hold.as_ref().map(|d| d.value);
        if let Some(hold) = &raw.hold {
            check_hold(*kind, hold, ctx);
        }
        out.insert(
            key.0.clone(),
            AlertOverride {
                enabled: raw.enabled.as_ref().map(|e| e.value),
                threshold,
                hold,
                severity: raw.severity.as_ref().map(|s| s.value.word().to_owned()),
                place: raw.place,
            },
        );
    }
    out
}
