//! Hours of history for pictures: what the servers would have shown, and what the generated rules would have recorded of it.
//!
//! The samples come from the same pages that are scraped afterwards, so the past goes over into the present. promtool makes
//! blocks of them, and of the recorded series level by level: each level is asked of a Prometheus that has those below. (promtool
//! can record rules itself, but makes blocks of each rule for itself, thousands for a fleet.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use llmobs::Program;
use llmobs::promql::Expr;
use llmobs::signals::Record;
use serde_json::Value;

use super::live::Target;
use super::page::braces;
use super::project::{self, Dashboard};
use super::prometheus::Prometheus;
use super::{Context, Result, judge};

/// Length of the history in seconds.
pub const LENGTH: u32 = 3 * 3600 + 600;
/// Seconds between samples.
pub const STEP: u32 = 60;

/// Writes the history into `folder/data`. The pages have reached `age` seconds at its end, which is now.
pub fn write(targets: &[Target], age: f64, program: &Program, dashboards: &[Dashboard], folder: &Path) -> Result {
    let end = SystemTime::now().duration_since(UNIX_EPOCH).context("clock")?.as_secs();
    let shown: Vec<String> = dashboards.iter().map(|d| d.json.to_string()).collect();
    let levels = levels(program, &|name| shown.iter().any(|d| d.contains(name)));
    let text = folder.join("history.txt");
    let exprs: Vec<String> = program.book.records().map(|r| r.expr.to_string()).collect();
    let read = |name: &str| exprs.iter().chain(&shown).any(|e| e.contains(name));
    samples(targets, age, end, &read, &text)?;
    let data = folder.join("data");
    blocks(&text, &data)?;
    project::write(&folder.join("prometheus.json"), "{}")?;
    for level in levels {
        let prometheus = Prometheus::start(folder)?;
        let mut out = BufWriter::new(File::create(&text).context("history")?);
        for record in level {
            let answer = prometheus.range(&record.expr.to_string(), end - u64::from(LENGTH), end, STEP)?;
            for series in &answer {
                recorded(record, series, &mut out).context("history")?;
            }
        }
        writeln!(out, "# EOF").and_then(|()| out.flush()).context("history")?;
        drop(prometheus);
        blocks(&text, &data)?;
    }
    Ok(())
}

/// Makes blocks of a file of OpenMetrics.
fn blocks(text: &Path, data: &Path) -> Result {
    let mut promtool = judge::command("promtool")?;
    promtool.args(["tsdb", "create-blocks-from", "--quiet", "openmetrics"]).arg(text).arg(data);
    judge::accepts(&mut promtool).map(drop)
}

/// Writes one series of the answer to a record's expression, named and labelled as the rule does.
fn recorded(record: &Record, series: &Value, out: &mut impl Write) -> std::io::Result<()> {
    let pairs = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut labels: BTreeMap<String, String> = record.labels.as_ref().clone();
    for (label, value) in pairs(series.get("metric")).into_iter().filter(|(l, _)| l != "__name__") {
        labels.entry(label).or_insert_with(|| value.as_str().unwrap_or_default().to_owned());
    }
    let labels = braces(&labels.into_iter().collect());
    for sample in series.get("values").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(at), Some(value)) = (sample[0].as_f64(), sample[1].as_str()) {
            writeln!(out, "{}{labels} {value} {at}", record.name)?;
        }
    }
    Ok(())
}

/// Writes samples as OpenMetrics, without types: blocks have none.
fn samples(targets: &[Target], age: f64, end: u64, read: &dyn Fn(&str) -> bool, path: &Path) -> Result {
    let mut out = BufWriter::new(File::create(path).context("history")?);
    let mut wanted: BTreeMap<String, bool> = BTreeMap::new();
    let mut problem = Ok(());
    for target in targets {
        let mut known = std::mem::take(&mut wanted);
        target.page.names().for_each(|n| {
            known.entry(n.to_owned()).or_insert_with(|| read(n));
        });
        wanted = known;
        for back in (1..=LENGTH / STEP).rev().map(|n| n * STEP) {
            let at = end - u64::from(back);
            let is_read = |name: &str| wanted.get(name) == Some(&true);
            target.page.samples(age - f64::from(back), &is_read, &mut |name, labels, value| {
                // As a scrape does: a label that the server sets itself is renamed.
                let mut all = labels.clone();
                for (label, _) in &mut all {
                    if target.labels.contains_key(label) {
                        *label = format!("exported_{label}");
                    }
                }
                all.extend(target.labels.iter().map(|(l, v)| (l.clone(), v.clone())));
                if let Err(error) = writeln!(out, "{name}{} {value} {at}", braces(&all)) {
                    problem = Err(error.to_string());
                }
            });
            let up: Vec<(String, String)> = target.labels.iter().map(|(l, v)| (l.clone(), v.clone())).collect();
            writeln!(out, "up{} 1 {at}", braces(&up)).context("history")?;
        }
    }
    problem?;
    writeln!(out, "# EOF").and_then(|()| out.flush()).context("history")
}

/// Returns the records of the series that are shown, and of those below them; what a level reads is in the levels before.
fn levels<'a>(program: &'a Program, shown: &dyn Fn(&str) -> bool) -> Vec<Vec<&'a Record>> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for record in program.book.records() {
        names.entry(&record.name).or_default().extend(reads(&record.expr));
    }
    let mut wanted: BTreeSet<&str> = names.keys().copied().filter(|n| shown(n)).collect();
    loop {
        let below: BTreeSet<&str> =
            wanted.iter().flat_map(|n| &names[n]).copied().filter(|n| names.contains_key(n)).collect();
        if below.is_subset(&wanted) {
            break;
        }
        wanted.extend(below);
    }
    let mut levels = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < wanted.len() {
        let ready = |n: &&str| names[n].iter().all(|below| !wanted.contains(below) || done.contains(below));
        let next: BTreeSet<&str> = wanted.iter().copied().filter(|n| !done.contains(n)).filter(|n| ready(n)).collect();
        if next.is_empty() {
            break; // a circle: the test of the rules finds it
        }
        levels.push(program.book.records().filter(|r| next.contains(r.name.as_str())).collect());
        done.extend(next);
    }
    levels
}

fn reads(expr: &Expr) -> Vec<&str> {
    let mut out = Vec::new();
    expr.selectors(&mut |s| out.push(s.name.as_str()));
    out
}
