//! The watchers watched: rules that fail or are late, a collector that refuses or loses telemetry.

use super::{Draft, FleetCx};
use crate::promql::{MatchOp, Matcher, Selector, call, selector};
use crate::signals::AlertKind;
use crate::signals::proof::{Proof, State};
use crate::spec::{CollectorKind, Flavour};
use crate::units::Duration;

/// How far back counters are looked at.
const BACK: Duration = Duration::from_secs(900);

pub fn drafts(cx: &FleetCx<'_>) -> Vec<Draft> {
    let mut out = vec![
        rules(
            cx,
            AlertKind::RuleEvaluationFailing,
            "prometheus_rule_evaluation_failures_total",
            "Prometheus fails to evaluate rules",
            "Alerts of this group may be silent although something is wrong. The page of rules in Prometheus shows the error.",
        ),
        rules(
            cx,
            AlertKind::RuleGroupTooSlow,
            "prometheus_rule_group_iterations_missed_total",
            "Prometheus misses evaluations",
            "An evaluation took longer than the interval, so the next was left out: recorded series have gaps and alerts are late.",
        ),
    ];
    if let Some(own) = Own::of(cx) {
        out.push(collector(
            &own,
            AlertKind::CollectorRefusing,
            &["otelcol_receiver_refused_spans", "otelcol_receiver_refused_metric_points"],
            "receiver",
            "refuses telemetry",
            "Most often its memory limit is reached; senders that do not try again lose what they sent.",
        ));
        out.push(collector(
            &own,
            AlertKind::CollectorDropping,
            &[
                "otelcol_exporter_send_failed_spans",
                "otelcol_exporter_send_failed_metric_points",
                "otelcol_exporter_enqueue_failed_spans",
                "otelcol_exporter_enqueue_failed_metric_points",
            ],
            "exporter",
            "loses telemetry",
            "Its destination does not take it, or its queue is full.",
        ));
    }
    out
}

/// The counters begin with the group, so an increase is seen.
fn rules(cx: &FleetCx<'_>, kind: AlertKind, counter: &str, what: &str, then: &str) -> Draft {
    let group = cx.names.group("");
    let of_project = selector(counter).re("rule_group", format!(".*;{group}.+"));
    let expr = call("increase", [of_project.range(BACK.into())]).sum_by(["rule_group"]).above(0.0);
    let one = selector(counter).eq("rule_group", format!("rules.yaml;{group}fleet"));
    let foreign = selector(counter).eq("rule_group", "rules.yaml;other");
    Draft::new(kind, expr, 0.0, proof(&one, &[foreign], 0.01)).says(
        format!("{what} of {{{{ $labels.rule_group }}}}"),
        format!("{what} of the group {{{{ $labels.rule_group }}}}: {{{{ $value | humanize }}}} in the last 15 minutes. {then}"),
    )
}

/// How the collector's own metrics are selected.
struct Own {
    matchers: Vec<Matcher>,
    /// Labels of a collector that is meant, and of another one.
    ours: Vec<(String, String)>,
    foreign: Vec<(String, String)>,
}

impl Own {
    /// Those that are declared, else those of the operator's monitor. Elsewhere it is not known under which job it is scraped.
    fn of(cx: &FleetCx<'_>) -> Option<Self> {
        let tracing = cx.plan.tracing.as_ref()?;
        let job = |value: &str| vec![("job".to_owned(), value.to_owned())];
        if let Some(declared) = &tracing.own_metrics {
            let mut ours = job("otel");
            for m in declared {
                ours.retain(|(label, _)| *label != m.label);
                ours.push((m.label.clone(), m.value.clone()));
            }
            let foreign = ours.iter().map(|(label, value)| (label.clone(), format!("{value}-other"))).collect();
            return Some(Self { matchers: declared.clone(), ours, foreign });
        }
        let by_operator =
            cx.plan.prometheus.flavour == Flavour::Operator && tracing.collector == CollectorKind::Operator;
        let name = cx.names.collector();
        by_operator.then(|| Self {
            matchers: vec![Matcher::new("job", MatchOp::Regex, format!(".*{name}.*"))],
            ours: job(&format!("{name}-collector-monitoring")),
            foreign: job("another"),
        })
    }
}

/// Counters of the collector begin with the first event: what matters goes on for longer than that.
fn collector(own: &Own, kind: AlertKind, counters: &[&str], label: &'static str, what: &str, then: &str) -> Draft {
    let rate = |counter: &&str| {
        let series = selector(*counter).matching(&own.matchers);
        call("increase", [series.range(BACK.into())]).sum_by(["job", label]).above(0.0)
    };
    let Some(expr) = counters.iter().map(rate).reduce(|a, b| a.or(b)) else {
        return Draft::new(kind, crate::promql::number(0.0), 0.0, Proof::at_once(Vec::new(), Vec::new()));
    };
    let of = |counter: &str, labels: &[(String, String)]| {
        let series = labels.iter().fold(selector(counter), |s, (label, value)| s.eq(label, value));
        // It may be among the labels that select.
        if labels.iter().any(|(l, _)| l == label) { series } else { series.eq(label, "otlp") }
    };
    let ours: Vec<Selector> = counters.iter().map(|c| of(c, &own.ours)).collect();
    let foreign: Vec<Selector> = counters.iter().map(|c| of(c, &own.foreign)).collect();
    let state = |series: &Selector| State::default().counter(series, 0.01);
    let calm = ours.iter().chain(&foreign).fold(State::default(), |s, series| s.counter(series, 0.0));
    let below = foreign.iter().fold(State::default(), |s, series| s.counter(series, 0.01));
    let proof = Proof { fall: BACK, calm, ..Proof::at_once(ours.iter().map(state).collect(), vec![below]) };
    Draft::new(kind, expr, 0.0, proof).says(
        format!("The collector {what} ({{{{ $labels.{label} }}}})"),
        format!(
            "The OpenTelemetry Collector of job {{{{ $labels.job }}}} {what} at its {label} {{{{ $labels.{label} }}}}: \
             {{{{ $value | humanize }}}} items in the last 15 minutes. {then}"
        ),
    )
}

fn proof(one: &Selector, foreign: &[Selector], per_second: f64) -> Proof {
    let calm = foreign.iter().fold(State::default().counter(one, 0.0), |s, series| s.counter(series, 0.0));
    let below = foreign.iter().fold(State::default(), |s, series| s.counter(series, per_second));
    let bad = State::default().counter(one, per_second);
    Proof { fall: BACK, calm, ..Proof::at_once(vec![bad], vec![below]) }
}
