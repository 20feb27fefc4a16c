//! The same objective in sloth and here: who pages when.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::support::replay::{self, Firing, Report};
use super::support::{Context, Result};
use super::{EVALUATION, Play, case, in_readme, minutes, names, objective, seconds, series_of_objective};
use super::{write_objective, write_sloth};

/// Seconds after the end of trouble at which a page may still begin: the short window looks back so long.
const LATEST: i64 = 300;

/// A case of the table.
#[derive(Debug, Deserialize)]
struct Case {
    /// What happens, for the table.
    title: String,
    #[serde(flatten)]
    play: Play,
    /// When paging is right, as START+LENGTH; missing if it never is.
    trouble: Option<String>,
    /// Bad requests that must be in it, so that it shows what its title says; not counted if missing.
    bad: Option<f64>,
}

/// What a tool made of a case.
struct Outcome {
    false_pages: usize,
    false_tickets: usize,
    /// Seconds until the first right page; `None` if there is none.
    delay: Option<i64>,
    nan_minutes: u64,
}

/// Returns when a page is right, as Unix times.
fn trouble(case: &Case) -> Result<Option<(i64, i64)>> {
    let Some(text) = &case.trouble else { return Ok(None) };
    let (start, length) = text.split_once('+').context("trouble is START+LENGTH")?;
    let start = case.play.begin()? + seconds(start)?;
    Ok(Some((start, start + seconds(length)? + LATEST)))
}

fn judge(report: &Report, trouble: Option<(i64, i64)>) -> Outcome {
    let is_right = |f: &Firing| trouble.is_some_and(|(from, to)| (from..=to).contains(&f.from));
    let of = |severity: &'static str| report.firings.iter().filter(move |f| f.label("severity") == severity);
    // A ticket may follow trouble later: its windows are longer.
    let ticket_is_right = |f: &Firing| trouble.is_some_and(|(from, _)| f.from >= from);
    let pages: Vec<&Firing> = of("critical").filter(|f| !is_right(f)).collect();
    let tickets: Vec<&Firing> = of("warning").filter(|f| !ticket_is_right(f)).collect();
    Outcome {
        false_pages: apart(&pages),
        false_tickets: apart(&tickets),
        delay: trouble.and_then(|(from, _)| of("critical").filter(|f| is_right(f)).map(|f| f.from - from).min()),
        nan_minutes: report.nan_minutes,
    }
}

/// Counts firings, those that overlap once: nobody is woken twice by them.
fn apart(firings: &[&Firing]) -> usize {
    let (mut count, mut until) = (0, i64::MIN);
    for firing in firings {
        count += usize::from(firing.from > until);
        until = until.max(firing.to.unwrap_or(i64::MAX));
    }
    count
}

/// Counts the requests above the threshold in the samples of a case; counters that fall begin at 0.
fn slow(folder: &Path) -> Result<f64> {
    let text = fs::read_to_string(folder.join("samples.txt")).context("samples.txt")?;
    let mut before: BTreeMap<&str, f64> = BTreeMap::new();
    let mut slow = 0.0;
    for line in text.lines() {
        let sign = if line.contains("seconds_count{") {
            1.0
        } else if line.contains("le=\"2.5\"") {
            -1.0
        } else {
            continue;
        };
        let mut words = line.rsplitn(3, ' ').skip(1);
        let value: f64 = words.next().and_then(|v| v.parse().ok()).context(line)?;
        let series = words.next().context(line)?;
        let last = before.insert(series, value).unwrap_or(0.0);
        slow += sign * if value < last { value } else { value - last };
    }
    Ok(slow)
}

/// Runs every case and compares the table with README.md. Ours must not err.
pub fn table() -> Result {
    let program = objective()?;
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    let mut counted = 0;
    for name in names("slo")? {
        let case: Case = case("slo", &name)?;
        let trouble = trouble(&case)?;
        for ours in [false, true] {
            let folder = tempfile::tempdir().context("temporary folder")?;
            case.play.simulate(&program, &series_of_objective(), folder.path())?;
            if let Some(bad) = case.bad
                && bad != slow(folder.path())?
            {
                problems.push(format!("{name}: {} bad requests, expected {bad}", slow(folder.path())?));
            }
            let rules = if ours { write_objective(&program, folder.path())? } else { write_sloth(folder.path())? };
            let result = judge(&replay::run(folder.path(), &rules, EVALUATION)?, trouble);
            let missed = trouble.is_some() && result.delay.is_none();
            counted += usize::from(trouble.is_some());
            let errs = result.false_pages + result.false_tickets > 0 || missed || result.nan_minutes > 0;
            let row = format!(
                "| {} | {} | {} | {} | {} | {} | {} |",
                case.title,
                if ours { "llmobs" } else { "sloth 0.16" },
                result.false_pages,
                result.false_tickets,
                if trouble.is_some() { usize::from(missed).to_string() } else { "-".to_owned() },
                result.delay.map_or_else(|| "-".to_owned(), minutes),
                result.nan_minutes
            );
            if ours && errs {
                problems.push(format!("{name}: {row}"));
            }
            rows.push(row);
        }
    }
    if counted == 0 {
        problems.push("no case has trouble".to_owned());
    }
    let text = format!(
        "| what happens | tool | false pages | false tickets | missed | delay | NaN minutes |\n|---|---|---|---|---|---|---|\n{}",
        rows.join("\n")
    );
    if problems.is_empty() {
        in_readme("objectives in reality", &text)
    } else {
        Err(format!("{}\n\n{text}", problems.join("\n")))
    }
}
