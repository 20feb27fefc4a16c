//! What the generated rules do in the world: simulated days in the rule engine and the storage of Prometheus.
//!
//! `table`: the same objective in sloth and here, over `tests/reality/slo/*.toml`: false pages, missed incidents, delay, NaN. The
//! result stands in README.md. `days`: `tests/reality/days/*.toml`, whole days of examples, with every alert that must fire, and with
//! panels and spend afterwards. `samples`: what Prometheus reads for an evaluation; it stands in README.md, too.
//!
//! The past is lived through by the judge `replay`, which calls the packages of Prometheus. Nothing else is exact and fast: promtool
//! makes blocks of recorded series only, each rule for itself, so that rules which read recorded series find nothing, alerts do not
//! exist and series never become stale; its unit tests know one interval for all groups; a running Prometheus evaluates at the speed
//! of the clock.
//!
//! `LLMOBS_UPDATE=1` rewrites README.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufWriter;
use std::path::Path;

use libtest_mimic::Arguments;
use llmobs::Program;
use llmobs::simulate::{History, Planned, Settings, Wanted};
use serde_json::Value;

#[path = "reality/days.rs"]
mod days;
#[path = "reality/samples.rs"]
mod samples;
#[path = "support/mod.rs"]
mod support;
#[path = "reality/table.rs"]
mod table;
use support::{Context, Result, judge, project};

/// Seconds between evaluations of groups that name no interval, as in Prometheus' own example.
const EVALUATION: u64 = 30;

fn main() -> std::process::ExitCode {
    let mut trials = Vec::new();
    match names("days") {
        Ok(names) => trials.extend(names.into_iter().map(|name| {
            let title = format!("days::{name}");
            judge::trial(title, &["replay", "prometheus"], move || days::day(&name))
        })),
        Err(error) => trials.push(libtest_mimic::Trial::test("days", move || Err(error.into()))),
    }
    trials.push(judge::trial("table".to_owned(), &["replay", "sloth"], table::table));
    trials.push(judge::trial("samples".to_owned(), &["replay", "sloth", "prometheus"], samples::samples));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Returns the names of the cases in a folder.
fn names(folder: &str) -> Result<Vec<String>> {
    let paths = project::entries(&project::root().join("tests/reality").join(folder))?;
    let cases = paths.iter().filter(|p| p.extension().is_some_and(|e| e == "toml"));
    let names: Vec<String> = cases.filter_map(|p| p.file_stem()).map(|n| n.to_string_lossy().into_owned()).collect();
    if names.is_empty() { Err(format!("{folder} has no cases")) } else { Ok(names) }
}

/// Reads a case.
fn case<T: serde::de::DeserializeOwned>(folder: &str, name: &str) -> Result<T> {
    let path = project::root().join(format!("tests/reality/{folder}/{name}.toml"));
    toml::from_str(&fs::read_to_string(&path).context(path.display())?).context(path.display())
}

/// Compiles the project of the comparison with sloth.
fn objective() -> Result<Program> {
    let root = project::root().join("tests/reality");
    project::compile(&project::Source { name: "reality".to_owned(), path: root.join("llmobs.toml") })
}

/// What happens in a case.
#[derive(Clone, Debug, serde::Deserialize)]
struct Play {
    /// When it begins.
    begin: String,
    /// How long it takes.
    hours: u64,
    /// Replicas of each model.
    replicas: u32,
    /// Scenarios, as `llmobs simulate` takes them.
    scenarios: Vec<String>,
}

impl Play {
    /// Returns the begin as a Unix time.
    fn begin(&self) -> Result<i64> {
        self.begin.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).context("begin")
    }

    /// Writes its samples to `samples.txt` in a folder.
    fn simulate(&self, program: &Program, wanted: &Wanted, folder: &Path) -> Result {
        let planned =
            |text: &String| Planned::parse(text, &program.plan).map_err(|u| format!("{}: {}", u.message, u.help));
        let settings = Settings {
            begin: self.begin()?,
            tick: 0.0,
            replicas: self.replicas,
            seed: 1,
            stored: true,
            scenarios: self.scenarios.iter().map(planned).collect::<Result<_>>()?,
        };
        let step = program.plan.prometheus.scrape_interval.whole_secs();
        let history = History { duration: self.hours * 3600, step };
        let file = fs::File::create(folder.join("samples.txt")).context("samples.txt")?;
        history.write(program, &settings, wanted, &mut BufWriter::new(file)).context("samples.txt").map(drop)
    }
}

/// Reads a length such as `10h30m` as seconds.
fn seconds(text: &str) -> Result<i64> {
    if text == "0" {
        return Ok(0);
    }
    let read = llmobs::units::Duration::parse(text).map_err(|why| format!("`{text}`: {why}"))?;
    i64::try_from(read.whole_secs()).context(text)
}

/// Writes seconds as minutes.
fn minutes(seconds: i64) -> String {
    format!("{:.1} min", seconds as f64 / 60.0)
}

/// Writes the generated rule files of a program into a folder; a rule that `keep` refuses is left out. Returns their names.
fn write_rules(program: &Program, keep: &dyn Fn(&Value) -> bool, folder: &Path) -> Result<Vec<String>> {
    let scratch = tempfile::tempdir().context("temporary folder")?;
    let mut names = Vec::new();
    for path in project::write_for_prometheus(&program.artifacts(), scratch.path())? {
        let mut file: Value =
            serde_saphyr::from_str(&fs::read_to_string(&path).context(path.display())?).context("rules")?;
        for group in file.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
            group.get_mut("rules").and_then(Value::as_array_mut).into_iter().for_each(|rules| rules.retain(keep));
        }
        let name = path.file_stem().context("name")?.to_string_lossy().into_owned();
        project::write(&folder.join(format!("{name}.json")), &file.to_string())?;
        names.push(format!("{name}.json"));
    }
    if names.is_empty() { Err("there is no rule file".to_owned()) } else { Ok(names) }
}

/// Writes those rules that the alerts of error budgets need, and what else is recorded of the objective. Returns the file names.
fn write_objective(program: &Program, folder: &Path) -> Result<Vec<String>> {
    let is_of_budget = |alert: &str| alert.ends_with("BudgetBurn");
    let mut reads: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for record in program.book.records() {
        reads.entry(&record.name).or_default().extend(record.expr.metric_names());
    }
    let mut wanted: BTreeSet<String> = reads.keys().filter(|n| n.contains(":slo_")).map(|n| (*n).to_owned()).collect();
    loop {
        let below: BTreeSet<String> = wanted.iter().filter_map(|n| reads.get(n.as_str())).flatten().cloned().collect();
        if below.is_subset(&wanted) {
            break;
        }
        wanted.extend(below);
    }
    let text = |rule: &Value, key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    write_rules(program, &|rule| wanted.contains(&text(rule, "record")) || is_of_budget(&text(rule, "alert")), folder)
}

/// Writes the rules that sloth makes of `tests/reality/sloth.yaml`. Returns the file names.
fn write_sloth(folder: &Path) -> Result<Vec<String>> {
    let mut sloth = judge::command("sloth")?;
    sloth.arg("generate").arg("-i").arg(project::root().join("tests/reality/sloth.yaml"));
    judge::accepts(sloth.arg("-o").arg(folder.join("sloth.yaml")))?;
    Ok(vec!["sloth.yaml".to_owned()])
}

/// Returns the series that both tools read.
fn series_of_objective() -> Wanted {
    let names = ["bucket", "count"].map(|part| format!("vllm:time_to_first_token_seconds_{part}"));
    Wanted::Only(names.into())
}

/// Puts a table between its marks in README.md, or says that it is stale.
fn in_readme(mark: &str, text: &str) -> Result {
    let path = project::root().join("README.md");
    let page = fs::read_to_string(&path).context("README.md")?;
    let begin = format!("<!-- begin: {mark} -->\n");
    let (before, rest) = page.split_once(&begin).context(format!("README.md lacks the {mark}"))?;
    let (_, after) = rest.split_once("<!-- end -->").context(format!("the {mark} has no end"))?;
    let fresh = format!("{before}{begin}\n{text}\n\n<!-- end -->{after}");
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        fs::write(&path, fresh).context("README.md")
    } else if page == fresh {
        Ok(())
    } else {
        Err(format!("README.md is stale: run `LLMOBS_UPDATE=1 cargo test --test reality`; now it would be\n{text}"))
    }
}
