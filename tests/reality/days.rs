//! Whole days of examples: the alerts that fire, the panels that have data, and what the day cost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use llmobs::simulate::Wanted;
use serde::Deserialize;

use super::support::prometheus::Prometheus;
use super::support::replay::{self, Firing};
use super::support::{Context, Result, panels, project};
use super::{EVALUATION, Play, case, seconds, write_rules};

/// Share by which what is recorded may differ from what is counted by hand.
const NEAR: f64 = 0.01;

/// Seconds after the end of an hour at which its spend is booked for certain.
const BOOKED: i64 = 300;

/// A day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    /// Example that is simulated.
    example: String,
    play: Play,
    /// When the dashboards are looked at, after the begin.
    look: String,
    /// Queries of panels that may return nothing then: a part of the query, and why.
    #[serde(default)]
    may_be_empty: Vec<(String, String)>,
    /// Alerts that must fire; no others may.
    #[serde(default)]
    fires: Vec<Expected>,
    /// What the day must have cost.
    cost: Option<Cost>,
}

/// An alert that must begin to fire in a span; it may do so more than once there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    alert: String,
    /// Labels that it has besides others.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// First and last moment, after the begin.
    between: (String, String),
}

/// Cost by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    model: String,
    /// Hours of the day, from the begin.
    hours: u32,
    gpus: f64,
    usd_per_gpu_hour: f64,
    /// Counters of tokens, as the engine writes them.
    tokens: Vec<String>,
    /// Hour whose cost per token is computed, by its end.
    busy_hour: String,
}

/// Lives through a day.
pub fn day(name: &str) -> Result {
    let day: Day = case("days", name)?;
    let source = project::examples()?.into_iter().find(|s| s.name == day.example).context("no such example")?;
    let program = project::compile(&source)?;
    let folder = tempfile::tempdir().context("temporary folder")?;
    day.play.simulate(&program, &Wanted::used(&program), folder.path())?;
    let rules = write_rules(&program, &|_| true, folder.path())?;
    let report = replay::run(folder.path(), &rules, EVALUATION)?;
    let begin = day.play.begin()?;
    let mut problems = alerts(&day, begin, &report.firings)?;
    problems.extend(report.nan.iter().map(|(series, n)| format!("{series} is NaN in {n} minutes")));

    project::write(&folder.path().join("prometheus.json"), "{}")?;
    let mut prometheus = Prometheus::start(folder.path())?;
    prometheus.at = Some(begin + seconds(&day.look)?);
    let may_be_empty: Vec<(&str, &str)> =
        day.may_be_empty.iter().map(|(part, why)| (part.as_str(), why.as_str())).collect();
    problems.extend(panels::problems(&prometheus, &project::dashboards(&program.artifacts())?, &may_be_empty)?);
    if let Some(cost) = &day.cost {
        problems.extend(costs(cost, &day.play, &mut prometheus, folder.path())?);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn alerts(day: &Day, begin: i64, firings: &[Firing]) -> Result<Vec<String>> {
    let mut seen = vec![false; day.fires.len()];
    let mut problems = Vec::new();
    for firing in firings {
        if firing.to.is_none() {
            problems.push(format!("still fires at the end: {:?}", firing.labels));
        }
        let mut is_expected = false;
        for (expected, seen) in day.fires.iter().zip(&mut seen) {
            let (from, to) = (begin + seconds(&expected.between.0)?, begin + seconds(&expected.between.1)?);
            let labels = expected.labels.iter().all(|(label, value)| firing.label(label) == value);
            if firing.label("alertname") == expected.alert && labels && (from..=to).contains(&firing.from) {
                *seen = true;
                is_expected = true;
            }
        }
        if !is_expected {
            let minutes = |at: i64| (at - begin) as f64 / 60.0;
            let to = firing.to.map_or("the end".to_owned(), |to| format!("{:.1}", minutes(to)));
            problems.push(format!("fires from minute {:.1} to {to}: {:?}", minutes(firing.from), firing.labels));
        }
    }
    let silent = day.fires.iter().zip(&seen).filter(|(_, seen)| !**seen);
    problems.extend(silent.map(|(expected, _)| format!("does not fire: {expected:?}")));
    Ok(problems)
}

/// GPUs x rate x hours, over the tokens that the pages counted.
fn costs(cost: &Cost, play: &Play, prometheus: &mut Prometheus, folder: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(folder.join("samples.txt")).context("samples.txt")?;
    let begin = play.begin()?;
    let end = begin + i64::from(cost.hours) * 3600;
    let hour = begin + seconds(&cost.busy_hour)?;
    let counted = |at: i64| counted(&text, &cost.tokens, at);
    let usd_per_hour = cost.gpus * cost.usd_per_gpu_hour;
    let usd = usd_per_hour * f64::from(cost.hours);
    let of_model = |series: &str| format!("{series}{{model=\"{}\"}}", cost.model);
    let spend = of_model("ai:spend_usd:1d");
    // Tokens per second, on average, over the day that ended when it was booked.
    let tokens = format!(
        "avg_over_time({}[{}h] offset {BOOKED}s) * {}",
        of_model("ai:tokens_per_second"),
        cost.hours,
        cost.hours * 3600
    );
    let booked = end + BOOKED;
    let checks = [
        ("spend of the day", spend.clone(), booked, usd),
        ("tokens of the day", tokens.clone(), booked, counted(end)?),
        (
            "cost per million tokens of the day",
            format!("{spend} / on () ({tokens}) * 1000000"),
            booked,
            usd / counted(end)? * 1e6,
        ),
        (
            "cost per million tokens of an hour",
            of_model("ai:cost_usd_per_million_tokens"),
            hour,
            usd_per_hour / (counted(hour)? - counted(hour - 3600)?) * 1e6,
        ),
    ];
    let mut problems = Vec::new();
    for (what, query, at, by_hand) in checks {
        prometheus.at = Some(at);
        let values: Vec<f64> = prometheus.query(&query)?.series.iter().map(|(_, value)| *value).collect();
        let is_near = matches!(values[..], [value] if (value / by_hand - 1.0).abs() <= NEAR);
        if !is_near {
            problems.push(format!("{what}: {values:?}, by hand {by_hand}: {query}"));
        }
    }
    Ok(problems)
}

/// Adds up counters at a time.
fn counted(text: &str, names: &[String], at: i64) -> Result<f64> {
    let end = format!(" {at}");
    let is_wanted = |line: &&str| line.ends_with(&end) && names.iter().any(|n| line.split('{').next() == Some(n));
    let value = |line: &str| line.rsplit(' ').nth(1).and_then(|v| v.parse::<f64>().ok()).context(line);
    let values: Vec<f64> = text.lines().filter(is_wanted).map(value).collect::<Result<_>>()?;
    if values.is_empty() { Err(format!("no {names:?} at {at}")) } else { Ok(values.iter().sum()) }
}
