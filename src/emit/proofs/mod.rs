//! promtool unit tests, made from the proofs of alerts: what must fire and what must stay silent, from the exporter's series on.
//!
//! The tests start from what the exporter writes, so they hold recording rules and alert together. Written to
//! `prometheus/tests/<part>.yaml`, those of error budgets, of budgets of money and of comparisons
//! with last week to files of their own. They name the file
//! with the rules; where that is a PrometheusRule, promtool wants its `spec` alone.

mod burn;
mod closure;
mod pack;
mod page;
mod past;
mod script;
mod spend;
mod track;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rules::part;
use super::{Artifact, Emit, yaml};
use crate::parallel;
use crate::promql::{AggregateOp, Selector, selector};
use crate::signals::proof::State;
use crate::signals::{Alert, AlertKind, Chapter};
use crate::units::Duration;
use script::{Base, Check, Clock, Phase, Script, Seen};
use track::{Motion, Track};
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

/// How long alerts may wait that are tested together over a week.
const LONG_HOLD: Duration = Duration::from_secs(3600);

/// Makes the test files of each chapter that has alerts.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let files = parallel::map(&chapters(emit), 1, |c| {
        [
            ("", of_now(emit, c)),
            ("-past", of_past(emit, c)),
            ("-budgets", burn::tested(emit, c)),
            ("-spend", spend::tested(emit, c)),
        ]
        .map(|(suffix, tested)| {
            let evaluation = tested.first()?.evaluation;
            let tests = tested.into_iter().map(|t| t.test).collect();
            let path = format!("prometheus/tests/{}{suffix}.yaml", part(&c.subject));
            let rules = format!("../../{}", super::rules::path(emit, &c.subject));
            Some(Artifact::file(path, yaml::document(&test_file(c, &rules, evaluation, tests))))
        })
    });
    files.into_iter().flatten().flatten().collect()
}

/// One test with the rules that it needs, to be run by itself.
#[derive(Clone, Debug)]
pub struct Run {
    /// Part of names and paths that stands for the chapter: `model-chat`.
    pub part: String,
    /// What is tested.
    pub name: String,
    /// Names of the alerts that it is about, each once, in reading order.
    pub alerts: Vec<String>,
    /// The rules that the alerts need, as a rule file.
    pub rules: String,
    /// The test, which expects the rules beside it in [`RULES`].
    pub test: String,
}

/// File name under which the test of a [`Run`] looks for its rules.
pub const RULES: &str = "rules.yaml";

/// Makes every test by itself.
pub fn runs(emit: Emit<'_>) -> Vec<Run> {
    let runs = parallel::map(&chapters(emit), 1, |c| {
        let tested = of_now(emit, c)
            .into_iter()
            .chain(of_past(emit, c))
            .chain(burn::tested(emit, c))
            .chain(spend::tested(emit, c));
        tested.map(|t| run(c, t)).collect::<Vec<Run>>()
    });
    runs.into_iter().flatten().collect()
}

fn run(chapter: &Chapter, tested: Tested<'_>) -> Run {
    let names = closure::above(chapter, &tested.alerts, &tested.given);
    let mut alerts: Vec<String> = tested.alerts.iter().map(|a| a.kind.name().to_owned()).collect();
    alerts.dedup();
    Run {
        part: part(&chapter.subject),
        name: tested.test.name.clone(),
        alerts,
        rules: super::rules::some_rules(chapter, &names, &tested.alerts),
        test: yaml::document(&test_file(chapter, RULES, tested.evaluation, vec![tested.test])),
    }
}

fn chapters(emit: Emit<'_>) -> Vec<&Chapter> {
    emit.book.chapters.iter().filter(|c| c.alerts().next().is_some()).collect()
}

/// A test and what it is about.
struct Tested<'a> {
    test: Test,
    alerts: Vec<&'a Alert>,
    evaluation: Duration,
    /// Recorded series that the test brings itself, with no need of the rules below them.
    given: BTreeSet<String>,
}

fn of_now<'a>(emit: Emit<'_>, chapter: &'a Chapter) -> Vec<Tested<'a>> {
    let settings = &emit.plan.prometheus;
    // How much is spent in these tests depends on prices and budgets, not on what is tested.
    let all: Vec<&Alert> = chapter.alerts().filter(|a| !a.kind.watches_money()).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let evaluation = evaluation(settings.evaluation_interval, &all);
    let clock = Clock::new(settings.scrape_interval, evaluation);
    let script = script::of_quiet(&all, settings.rate_window, clock);
    let quiet = test(emit, "idle, one bad request, a restart, everything gone".to_owned(), chapter, &all, &script);
    let of_now = |a: &&Alert| a.proof.past.is_none() && a.kind.budget().is_none();
    let now: Vec<&Alert> = all.iter().copied().filter(of_now).collect();
    let mut out = vec![Tested { test: quiet, alerts: all, evaluation, given: BTreeSet::new() }];
    out.extend(pack::groups(emit, chapter, &now).into_iter().map(|alerts| {
        let script = script::of_alerts(&alerts, clock);
        Tested {
            test: test(emit, name(&alerts), chapter, &alerts, &script),
            alerts,
            evaluation,
            given: BTreeSet::new(),
        }
    }));
    out
}

/// Alerts that compare with last week have a file of their own: promtool evaluates every rule all through the week, so it does
/// that less often.
fn of_past<'a>(emit: Emit<'_>, chapter: &'a Chapter) -> Vec<Tested<'a>> {
    let settings = &emit.plan.prometheus;
    let past: Vec<&Alert> = chapter.alerts().filter(|a| a.proof.past.is_some()).collect();
    let evaluation = settings.evaluation_interval.max(PAST_EVALUATION);
    // Five scrapes of a window are enough here.
    let scrape = settings.scrape_interval.max(Duration::from_secs(settings.rate_window.whole_secs() / 5));
    let clock = Clock::new(scrape, evaluation);
    let mut out = Vec::new();
    // Those that wait long are tested alone: for others so long a test would reach back to itself.
    let (long, short): (Vec<&Alert>, Vec<&Alert>) = past.iter().partition(|a| a.hold > LONG_HOLD);
    let groups = pack::groups(emit, chapter, &short).into_iter().chain(long.into_iter().map(|a| vec![a]));
    for alerts in groups {
        for (n, script) in past::of_past(&alerts, settings.rate_window, clock).iter().enumerate() {
            let name = if n == 0 { name(&alerts) } else { format!("{} ({})", name(&alerts), n + 1) };
            out.push(Tested {
                test: test(emit, name, chapter, &alerts, script),
                alerts: alerts.clone(),
                evaluation,
                given: BTreeSet::new(),
            });
        }
    }
    out
}

fn test_file(chapter: &Chapter, rules: &str, evaluation: Duration, tests: Vec<Test>) -> TestFile {
    TestFile {
        rule_files: vec![rules.to_owned()],
        evaluation_interval: evaluation.to_string(),
        group_eval_order: chapter.groups.iter().map(|g| g.name.clone()).collect(),
        tests,
    }
}

fn name(alerts: &[&Alert]) -> String {
    let mut names: Vec<&str> = alerts.iter().map(|a| a.kind.name()).collect();
    names.dedup();
    format!("silent just below, fires in time, resolves: {}", names.join(", "))
}

/// Every minute is often enough for alerts that wait for two: it halves the time of the tests.
fn evaluation(declared: Duration, alerts: &[&Alert]) -> Duration {
    let minute = Duration::from_secs(60);
    let slow = alerts.iter().all(|a| a.hold.is_zero() || a.hold >= minute * 2);
    if slow { declared.max(minute) } else { declared }
}

fn test(emit: Emit<'_>, name: String, chapter: &Chapter, alerts: &[&Alert], script: &Script<'_>) -> Test {
    let mut calm = State::default();
    for alert in alerts {
        calm.add(&alert.proof.calm);
    }
    let world = World::new(emit, &chapter.subject, closure::of(chapter, alerts), script.scrape);
    Test {
        name,
        interval: script.scrape.to_string(),
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
            // Labels that held a while ago stay on a page as long as its server runs.
            let ended = matches!(phase.base, Base::Gone | Base::Restarted);
            let without = if ended { Motion::Gone } else { Motion::Kept };
            track.push(motions.get(*name).copied().unwrap_or(without), phase.scrapes);
        }
    }
    tracks.into_iter().map(|(name, track)| Series { series: name.clone(), values: track.values() }).collect()
}

fn expectation(check: &Check<'_>, alerts: &[&Alert]) -> Expectation {
    let looked_at = match check.alert {
        Some(alert) => told_apart(selector("ALERTS").eq("alertname", alert.kind.name()), alert),
        None if matches!(check.seen, Seen::Exactly(_)) => {
            let money = AlertKind::ALL.iter().filter(|k| k.watches_money()).map(|k| k.name());
            selector("ALERTS").not_re("alertname", money.collect::<Vec<_>>().join("|"))
        }
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

/// Adds the labels that tell an alert from others of its kind.
fn told_apart(of_kind: Selector, alert: &Alert) -> Selector {
    alert.proof.told_apart.iter().fold(of_kind, |s, (label, value)| s.eq(label, value))
}

/// Expects that an alert fires, or that it does not.
fn firing_at(alert: &Alert, at: Duration, firing: bool) -> Expectation {
    let firing_now = selector("ALERTS").eq("alertname", alert.kind.name()).eq("alertstate", "firing");
    let expr = told_apart(firing_now, alert).expr().by(AggregateOp::Count, ["alertname"]).to_string();
    let exp_samples = if firing { vec![sample(alert.kind.name(), 1)] } else { Vec::new() };
    Expectation { expr, eval_time: at.to_string(), exp_samples }
}

fn sample(alert: &str, n: usize) -> Sample {
    Sample { labels: format!("{{alertname=\"{alert}\"}}"), value: n as f64 }
}
