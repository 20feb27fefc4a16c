//! Explains one thing by name: a diagnostic code, an alert, or a recorded series, in Markdown.
//!
//! Without a program it says what a name means in general; with one, what it is in this project. Reads values only; prints
//! nothing; gives the same bytes each time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::Program;
use crate::catalog::{Found, Signal, SignalSource, View};
use crate::diag::{Code, did_you_mean};
use crate::emit::threshold_text;
use crate::signals::{Alert, AlertKind, Chapter, Record, Subject, ThresholdUnit, What};

/// Explains a topic.
///
/// # Errors
/// The topic is unknown: the nearest names, or all of its kind if none is near.
pub fn explain(topic: &str, program: Option<&Program>) -> Result<String, Vec<String>> {
    if let Some(code) = Code::from_name(topic) {
        return Ok(code.page().to_owned());
    }
    if let Some(kind) = AlertKind::from_name(topic) {
        return Ok(alert(kind, program));
    }
    if let Some(text) = program.and_then(|p| series(topic, p)) {
        return Ok(text);
    }
    Err(suggestions(topic, program))
}

fn suggestions(topic: &str, program: Option<&Program>) -> Vec<String> {
    let codes: Vec<&str> = Code::ALL.iter().map(|c| c.name()).collect();
    let alerts: Vec<&str> = AlertKind::ALL.iter().map(|k| k.name()).collect();
    let series: BTreeSet<&str> = program.iter().flat_map(|p| p.book.records()).map(|r| r.name.as_str()).collect();
    let near: BTreeSet<String> = [
        did_you_mean(topic, codes.iter().copied()),
        did_you_mean(topic, alerts.iter().copied()),
        did_you_mean(topic, series.iter().copied()),
    ]
    .into_iter()
    .flatten()
    .map(str::to_owned)
    .collect();
    if !near.is_empty() {
        return near.into_iter().collect();
    }
    let of_kind: Vec<&str> = if topic.contains('/') {
        codes
    } else if topic.contains(':') && !series.is_empty() {
        series.into_iter().collect()
    } else {
        alerts
    };
    of_kind.into_iter().map(str::to_owned).collect()
}

fn describe(subject: &Subject) -> String {
    match subject {
        Subject::Model(name) => format!("model `{name}`"),
        Subject::Pool(name) => format!("pool `{name}`"),
        Subject::Fleet => "the fleet".to_owned(),
    }
}

fn alert(kind: AlertKind, program: Option<&Program>) -> String {
    let mut out = format!("# {}\n\n{}\n\n", kind.name(), kind.meaning());
    let default = crate::units::number(kind.default_threshold());
    let threshold = match kind.threshold_unit() {
        ThresholdUnit::Slo => "that of the SLO of the model; without the SLO there is no alert".to_owned(),
        ThresholdUnit::Ratio => format!("{}%", crate::units::number(kind.default_threshold() * 100.0)),
        ThresholdUnit::ShareOrCelsius => format!(
            "5% of the time where throttling is collected, 3 °C below the slowdown temperature where that is, else {default} °C"
        ),
        ThresholdUnit::Requests => format!("{default} requests"),
        ThresholdUnit::Factor => format!("{default} times as much"),
        ThresholdUnit::Budgets => format!("{default} times the budget"),
        ThresholdUnit::Nothing => "none".to_owned(),
    };
    let (hold, severity) = (kind.default_hold(), kind.default_severity());
    let _ = writeln!(out, "Defaults: threshold {threshold}; for {hold}; severity {severity}.");
    let Some(program) = program else { return out };
    let mut found = false;
    for chapter in &program.book.chapters {
        for alert in chapter.alerts().filter(|a| a.kind == kind) {
            instance(&mut out, chapter, alert, program);
            found = true;
        }
    }
    if found {
        let _ = writeln!(out, "\nRunbook: `{}`", program.names.runbook_path(kind));
    } else if program.plan.alerts.get(kind.name()).is_some_and(|a| a.enabled == Some(false)) {
        out.push_str("\nThis project has switched it off in `[alerts]`.\n");
    } else if kind.watches_money() {
        out.push_str("\nThis project has none: `[costs]` has no budget for anything that has a price.\n");
    } else {
        out.push_str("\nThis project has none: no SLO or no signal that it needs.\n");
    }
    without(&mut out, kind, program);
    out
}

/// Says which models and pools lack a signal that the alert needs, and why.
fn without(out: &mut String, kind: AlertKind, program: &Program) {
    let mut lines = Vec::new();
    let mut line = |subject: String, signal: Signal, found: Option<Found>| {
        if let Some(Found::Missing { why, .. }) = found {
            lines.push(format!("- {subject}: {}. {why}", signal.title()));
        }
    };
    for signal in kind.needs() {
        if Signal::OF_ENGINES.contains(signal) {
            for model in program.plan.models.values() {
                line(format!("model `{}`", model.name), *signal, model.signals.get(signal).cloned());
            }
        } else {
            for pool in program.plan.pools.values() {
                let found = match pool.exporter.signal(*signal) {
                    Found::Here(source) if !pool.collects(&source) => Some(Found::Missing {
                        why: format!("`{}` is not in the list of fields of its exporter.", source.series),
                        instead: String::new(),
                    }),
                    found => Some(found),
                };
                line(format!("pool `{}`", pool.name), *signal, found);
            }
        }
    }
    if !lines.is_empty() {
        let _ = write!(out, "\n## Signals that are not there\n\n{}\n", lines.join("\n"));
    }
}

fn instance(out: &mut String, chapter: &Chapter, alert: &Alert, program: &Program) {
    let change = program.plan.alerts.get(alert.kind.name());
    let whence = |changed: bool, default: &'static str| if changed { "from `[alerts]`" } else { default };
    let by_slo = if alert.kind.latency().is_some() { "from the SLO" } else { "default" };
    // A threshold of the file may be of the unit that this pool is not watched in.
    let own = change.and_then(|c| c.threshold);
    let used = own.is_some_and(|t| crate::units::number(t) == crate::units::number(alert.threshold));
    let _ = writeln!(out, "\n## {}\n", describe(&chapter.subject));
    let threshold = whence(used, by_slo);
    let _ = writeln!(out, "- threshold: {} ({threshold})", threshold_text(alert));
    if let Some(basis) = &alert.basis {
        let _ = writeln!(out, "- why this threshold: {}", basis.why);
    }
    let hold = whence(change.is_some_and(|c| c.hold.is_some()), "default");
    let _ = writeln!(out, "- for: {} ({hold})", alert.hold);
    let severity = whence(change.is_some_and(|c| c.severity.is_some()), "default");
    let labels: Vec<String> = alert.labels.iter().map(|(k, v)| format!("`{k}={v:?}`")).collect();
    let _ = writeln!(out, "- labels: {} (severity: {severity})", labels.join(", "));
    let _ = writeln!(out, "\n```promql\n{}\n```", alert.expr.pretty());
}

fn series(name: &str, program: &Program) -> Option<String> {
    let all: Vec<(&Chapter, &Record)> = program
        .book
        .chapters
        .iter()
        .flat_map(|c| c.records().filter(|r| r.name == name).map(move |r| (c, r)))
        .collect();
    let (chapter, record) = all.first()?;
    let mut out = format!("# {name}\n\n{}\n\n", record.measure.meaning());
    if matches!(record.measure.what, What::LatencyBuckets(_) | What::LatencyBucketsMillis(_)) {
        out.push_str(
            "Read from classic buckets: no release in the catalogue exports a latency as a native histogram, so there is no other form.\n\n",
        );
    }
    let labels: Vec<String> = record.labels.iter().map(|(k, v)| format!("`{k}={v:?}`")).collect();
    if !labels.is_empty() {
        let _ = writeln!(out, "Labels that the rule sets: {}.\n", labels.join(", "));
    }
    let _ = writeln!(out, "Recorded {} times in this project. For {}:\n", all.len(), describe(&chapter.subject));
    let _ = writeln!(out, "```promql\n{}\n```\n\nReads:\n", record.expr.pretty());
    for read in record.expr.metric_names() {
        let from = program
            .book
            .records()
            .find(|r| r.name == read)
            .map(|r| r.measure.meaning())
            .or_else(|| source(&read, &chapter.subject, program))
            .unwrap_or_else(|| "A series of Prometheus itself.".to_owned());
        let _ = writeln!(out, "- `{read}`: {from}");
    }
    Some(out)
}

/// Returns what the catalogue says about a series of the engine or exporter of a subject.
fn source(series: &str, subject: &Subject, program: &Program) -> Option<String> {
    let (view, sources): (_, Vec<&SignalSource>) = match subject {
        Subject::Model(name) => {
            let model = program.plan.models.get(name)?;
            // What no engine exports is on the page of a gateway.
            if model.engine.metric(series).is_none() {
                let gateway = program.plan.gateways_of(name).find(|g| g.kind.metric(series).is_some())?;
                return Some(described(series, &gateway.kind, &sources_of(&gateway.signals)));
            }
            (&model.engine, sources_of(&model.signals))
        }
        Subject::Pool(name) => (&program.plan.pools.get(name)?.exporter, Vec::new()),
        Subject::Fleet => return None,
    };
    view.metric(series)?;
    Some(described(series, view, &sources))
}

fn sources_of(signals: &BTreeMap<Signal, Found>) -> Vec<&SignalSource> {
    signals.values().filter_map(|f| if let Found::Here(source) = f { Some(&**source) } else { None }).collect()
}

/// Says what a series of a release is, and what a user of its signal must know.
fn described(series: &str, view: &View, sources: &[&SignalSource]) -> String {
    let help = view.metric(series).map_or("", |m| m.help.trim_end_matches('.'));
    let note = sources.iter().find(|s| series.starts_with(s.series.as_str())).and_then(|s| s.note.as_deref());
    let mut text = format!("{help} ({} {}).", view.profile.title, view.release);
    if let Some(note) = note {
        let _ = write!(text, " {note}");
    }
    text
}
