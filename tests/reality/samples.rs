//! What Prometheus reads to evaluate an objective: the query statistics of its API, over 30 days of data.
//!
//! What a query reads depends on the samples that are there, not on their values. So pages are simulated for the last days, which is
//! what rules read of them at most; recorded series that are read over a window have 30 days, a sample per evaluation of their group,
//! and the others an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use llmobs::Program;
use serde_json::Value;

use super::support::prometheus::Prometheus;
use super::support::{Context, Result, project, replay};
use super::{EVALUATION, Play, in_readme, objective, series_of_objective, write_objective, write_sloth};

/// Seconds of the window of the objective.
const WINDOW: i64 = 30 * 86_400;
/// Hours of pages: the longest window that is read of them, and a little.
const RAW_HOURS: u64 = 73;
/// How many times fewer samples ours must read.
const FEWER: u64 = 20;

/// A rule as it is evaluated.
struct Rule {
    expr: String,
    /// What it records; `None` if it alerts.
    record: Option<String>,
    /// Seconds between evaluations.
    interval: u64,
}

/// What the rules of a tool read.
struct Cost {
    rules: usize,
    /// Samples of one evaluation of every rule.
    samples: u64,
    /// Of these, by rules that read pages.
    of_pages: u64,
    /// Samples of an hour.
    per_hour: u64,
    /// Most samples that a rule holds at once.
    peak: u64,
}

/// Measures both tools with one replica and with four, and compares the table with README.md.
pub fn samples() -> Result {
    let program = objective()?;
    let mut rows = Vec::new();
    let mut all = Vec::new();
    for replicas in [1, 4] {
        for (tool, ours) in [("sloth 0.16", false), ("llmobs", true)] {
            let cost = measure(&program, replicas, ours)?;
            rows.push(format!(
                "| {replicas} | {tool} | {} | {} | {} | {} | {} |",
                cost.rules, cost.samples, cost.of_pages, cost.per_hour, cost.peak
            ));
            all.push(cost);
        }
    }
    let text = format!(
        "| replicas | tool | rules | samples per evaluation | of these, of engines | samples per hour | most at once |\n\
         |---|---|---|---|---|---|---|\n{}",
        rows.join("\n")
    );
    let [sloth, ours, _, ours_of_four] = &all[..] else { return Err("four measurements".to_owned()) };
    if ours.samples * FEWER > sloth.samples || ours.per_hour * FEWER > sloth.per_hour {
        return Err(format!("more than a {FEWER}th of the samples\n{text}"));
    }
    if ours.samples - ours.of_pages != ours_of_four.samples - ours_of_four.of_pages {
        return Err(format!("what is recorded depends on the replicas\n{text}"));
    }
    in_readme("samples of an objective", &text)
}

fn measure(program: &Program, replicas: u32, ours: bool) -> Result<Cost> {
    let folder = tempfile::tempdir().context("temporary folder")?;
    let folder = folder.path();
    let files = if ours { write_objective(program, folder)? } else { write_sloth(folder)? };
    let rules = rules(folder, &files)?;
    let end = history(program, folder, replicas, &files, &rules)?;
    let mut prometheus = Prometheus::start(folder)?;
    prometheus.at = Some(end);
    let mut cost = Cost { rules: rules.len(), samples: 0, of_pages: 0, per_hour: 0, peak: 0 };
    for rule in &rules {
        let (samples, peak) = prometheus.samples(&rule.expr)?;
        cost.samples += samples;
        cost.of_pages += if rule.expr.contains("vllm:") { samples } else { 0 };
        cost.per_hour += samples * 3600 / rule.interval;
        cost.peak = cost.peak.max(peak);
    }
    Ok(cost)
}

fn rules(folder: &Path, files: &[String]) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for file in files {
        let text = fs::read_to_string(folder.join(file)).context(file)?;
        let file: Value = serde_saphyr::from_str(&text).context(file)?;
        for group in file["groups"].as_array().into_iter().flatten() {
            let interval = match group["interval"].as_str() {
                Some(text) => llmobs::units::Duration::parse(text)?.whole_secs(),
                None => EVALUATION,
            };
            rules.extend(group["rules"].as_array().into_iter().flatten().map(|rule| Rule {
                expr: rule["expr"].as_str().unwrap_or_default().to_owned(),
                record: rule["record"].as_str().map(str::to_owned),
                interval,
            }));
        }
    }
    if rules.is_empty() { Err("no rules".to_owned()) } else { Ok(rules) }
}

/// Fills `folder/data` and returns the Unix time of the end.
fn history(program: &Program, folder: &Path, replicas: u32, files: &[String], rules: &[Rule]) -> Result<i64> {
    let play = |hours| Play { begin: "2026-01-05T00:00:00Z".to_owned(), hours, replicas, scenarios: Vec::new() };
    // Which series there are is seen in an hour.
    let text = folder.join("samples.txt");
    play(1).simulate(program, &series_of_objective(), folder)?;
    replay::run(folder, files, EVALUATION)?;
    let recorded = recorded(folder, rules)?;
    fs::remove_dir_all(folder.join("data")).context("data")?;

    let pages = play(RAW_HOURS);
    let end = pages.begin()? + i64::try_from(RAW_HOURS).context("hours")? * 3600;
    pages.simulate(program, &series_of_objective(), folder)?;
    let file = fs::OpenOptions::new().append(true).open(&text).context("samples.txt")?;
    let mut out = BufWriter::new(file);
    for (series, (interval, is_read_back)) in &recorded {
        let length = if *is_read_back { WINDOW } else { 3600 };
        let step = usize::try_from(*interval).context("interval")?;
        for at in (end - length..=end).rev().step_by(step) {
            writeln!(out, "{series} 0.5 {at}").context("samples.txt")?;
        }
    }
    out.flush().context("samples.txt")?;
    drop(out);
    replay::run(folder, &[], EVALUATION)?;
    fs::remove_file(&text).context("samples.txt")?;
    Ok(end)
}

/// Returns the recorded series as a page writes them, with their interval, and whether some rule reads a window of them.
fn recorded(folder: &Path, rules: &[Rule]) -> Result<BTreeMap<String, (u64, bool)>> {
    project::write(&folder.join("prometheus.json"), "{}")?;
    let prometheus = Prometheus::start(folder)?;
    let names: BTreeMap<&str, u64> = rules.iter().filter_map(|r| Some((r.record.as_deref()?, r.interval))).collect();
    let back: BTreeSet<&str> =
        names.keys().copied().filter(|name| rules.iter().any(|r| reads_back(&r.expr, name))).collect();
    let mut out = BTreeMap::new();
    for (name, interval) in names {
        for series in prometheus.series(name)? {
            out.insert(series, (interval, back.contains(name)));
        }
    }
    if out.is_empty() { Err("nothing is recorded".to_owned()) } else { Ok(out) }
}

/// Whether an expression reads a window of a series: `name{…}[…]`.
fn reads_back(expr: &str, name: &str) -> bool {
    expr.match_indices(name).any(|(at, _)| {
        let rest = expr[at + name.len()..].trim_start();
        let rest = if rest.starts_with('{') { rest.split_once('}').map_or("", |(_, rest)| rest) } else { rest };
        rest.trim_start().starts_with('[')
    })
}
