//! promtool unit tests, made from the proofs of alerts: what must fire and what must stay silent, from the exporter's series on.
//!
//! The tests start from what the exporter writes, so they hold recording rules and alert together. Written to
//! `prometheus/tests/<part>.yaml`, those of error budgets to a file of their own. They name the file with the rules; where that is a PrometheusRule, promtool wants its `spec` alone.

mod burn;
mod closure;
mod pack;
mod script;
mod track;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rules::part;
use super::{Artifact, Emit, yaml};
use crate::parallel;
use crate::promql::{AggregateOp, selector};
use crate::signals::proof::State;
use crate::signals::{Alert, Chapter};
use crate::units::Duration;
use script::{Check, Clock, Phase, Script, Seen};
use track::Track;
use world::World;

#[derive(Serialize)]
struct TestFile {
    rule_files: Vec<String>,
    evaluation_interval: String,
    group_eval_order: Vec<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    interval: String,
    input_series: Vec<Series>,
    promql_expr_test: Vec<Expectation>,
}

/// One series and its values in promtool's notation.
#[derive(Clone, Serialize)]
struct Series {
    series: String,
    values: String,
}

#[derive(Serialize)]
struct Expectation {
    expr: String,
    eval_time: String,
    exp_samples: Vec<Sample>,
}

#[derive(Serialize)]
struct Sample {
    labels: String,
    value: f64,
}

/// How often rules are evaluated in tests that begin a week ago.
const PAST_EVALUATION: Duration = Duration::from_secs(900);

/// Makes a test file for each chapter that has alerts.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let chapters: Vec<&Chapter> = emit.book.chapters.iter().filter(|c| c.alerts().next().is_some()).collect();
    let files = parallel::map(&chapters, 1, |c| [Some(file(emit, c)), past(emit, c), burn::file(emit, c)]);
    files.into_iter().flatten().flatten().collect()
}

/// Alerts that compare with last week have a file of their own: promtool evaluates every rule all through the week, so it does
/// that less often.
fn past(emit: Emit<'_>, chapter: &Chapter) -> Option<Artifact> {
    let alerts: Vec<&Alert> = chapter.alerts().filter(|a| a.proof.past.is_some()).collect();
    if alerts.is_empty() {
        return None;
    }
    let settings = &emit.plan.prometheus;
    let evaluation = settings.evaluation_interval.max(PAST_EVALUATION);
    let clock = Clock::new(settings.scrape_interval, evaluation);
    let groups = pack::groups(emit, chapter, &alerts);
    let tests = groups.iter().map(|group| {
        test(
            emit,
            names("silent just below, fires in time, resolves", group),
            chapter,
            group,
            &script::of_past(group, clock),
        )
    });
    let file = test_file(emit, chapter, evaluation, tests.collect());
    Some(Artifact::file(format!("prometheus/tests/{}-past.yaml", part(&chapter.subject)), yaml::document(&file)))
}

fn test_file(emit: Emit<'_>, chapter: &Chapter, evaluation: Duration, tests: Vec<Test>) -> TestFile {
    TestFile {
        rule_files: vec![format!("../../{}", super::rules::path(emit, &chapter.subject))],
        evaluation_interval: evaluation.to_string(),
        group_eval_order: chapter.groups.iter().map(|g| g.name.clone()).collect(),
        tests,
    }
}

fn names(what: &str, alerts: &[&Alert]) -> String {
    let mut names: Vec<&str> = alerts.iter().map(|a| a.kind.name()).collect();
    names.dedup();
    format!("{what}: {}", names.join(", "))
}

fn file(emit: Emit<'_>, chapter: &Chapter) -> Artifact {
    let settings = &emit.plan.prometheus;
    let alerts: Vec<&Alert> = chapter.alerts().collect();
    let evaluation = evaluation(settings.evaluation_interval, &alerts);
    let clock = Clock::new(settings.scrape_interval, evaluation);
    let mut tests = vec![quiet(emit, chapter, &alerts, clock)];
    let of_now: Vec<&Alert> =
        alerts.iter().copied().filter(|a| a.proof.past.is_none() && a.kind.budget().is_none()).collect();
    tests.extend(pack::groups(emit, chapter, &of_now).iter().map(|group| {
        let script = script::of_alerts(group, clock);
        test(emit, names("silent just below, fires in time, resolves", group), chapter, group, &script)
    }));
    let file = test_file(emit, chapter, evaluation, tests);
    Artifact::file(format!("prometheus/tests/{}.yaml", part(&chapter.subject)), yaml::document(&file))
}

/// Every minute is often enough for alerts that wait for two: it halves the time of the tests.
fn evaluation(declared: Duration, alerts: &[&Alert]) -> Duration {
    let minute = Duration::from_secs(60);
    let slow = alerts.iter().all(|a| a.hold.is_zero() || a.hold >= minute * 2);
    if slow { declared.max(minute) } else { declared }
}

fn quiet(emit: Emit<'_>, chapter: &Chapter, alerts: &[&Alert], clock: Clock) -> Test {
    let script = script::of_quiet(alerts, emit.plan.prometheus.rate_window, clock);
    test(emit, "idle, one bad request, a restart, everything gone".to_owned(), chapter, alerts, &script)
}

fn test(emit: Emit<'_>, name: String, chapter: &Chapter, alerts: &[&Alert], script: &Script<'_>) -> Test {
    let mut calm = State::default();
    for alert in alerts {
        calm.add(&alert.proof.calm);
    }
    let world = World::new(emit, &chapter.subject, closure::of(chapter, alerts));
    Test {
        name,
        interval: emit.plan.prometheus.scrape_interval.to_string(),
        input_series: series(&world, &calm, &script.phases),
        promql_expr_test: script.checks.iter().map(|check| expectation(check, alerts)).collect(),
    }
}

fn series(world: &World<'_>, calm: &State, phases: &[Phase]) -> Vec<Series> {
    let motions: Vec<_> = phases.iter().map(|p| world.motions(p.base, calm, &p.state)).collect();
    let names: BTreeSet<&String> = motions.iter().flat_map(|m| m.keys()).collect();
    let mut tracks: BTreeMap<&String, Track> = names.into_iter().map(|n| (n, Track::default())).collect();
    for (motions, phase) in motions.iter().zip(phases) {
        for (name, track) in &mut tracks {
            track.push(motions.get(*name).copied().unwrap_or(track::Motion::Gone), phase.scrapes);
        }
    }
    tracks.into_iter().map(|(name, track)| Series { series: name.clone(), values: track.values() }).collect()
}

fn expectation(check: &Check<'_>, alerts: &[&Alert]) -> Expectation {
    let looked_at = match check.alert {
        Some(alert) => {
            let of_kind = selector("ALERTS").eq("alertname", alert.kind.name());
            alert.proof.told_apart.iter().fold(of_kind, |s, (label, value)| s.eq(label, value))
        }
        None if matches!(check.seen, Seen::Exactly(_)) => selector("ALERTS"),
        None => {
            let mut names: Vec<&str> = alerts.iter().map(|a| a.kind.name()).collect();
            names.dedup();
            selector("ALERTS").re("alertname", names.join("|"))
        }
    };
    let looked_at = match check.seen {
        Seen::Nothing => looked_at,
        Seen::Pending => looked_at.eq("alertstate", "pending"),
        Seen::NotFiring | Seen::Firing | Seen::Exactly(_) => looked_at.eq("alertstate", "firing"),
    };
    let exp_samples = match &check.seen {
        Seen::Nothing | Seen::NotFiring => Vec::new(),
        Seen::Pending | Seen::Firing => {
            let kind = check.alert.map_or("", |a| a.kind.name());
            vec![sample(kind, 1)]
        }
        Seen::Exactly(kinds) => kinds.iter().map(|(kind, n)| sample(kind.name(), *n)).collect(),
    };
    let expr = looked_at.expr().by(AggregateOp::Count, ["alertname"]).to_string();
    Expectation { expr, eval_time: check.at.to_string(), exp_samples }
}

fn sample(alert: &str, n: usize) -> Sample {
    Sample { labels: format!("{{alertname=\"{alert}\"}}"), value: n as f64 }
}
