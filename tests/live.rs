//! Every example alive: a real Prometheus scrapes pages as the engines and exporters write them, evaluates the generated rules and
//! answers the queries of the generated dashboards.
//!
//! `rules`: all healthy, all recorded series there, none NaN. `alerts`: all loaded, none wakes anybody. `dashboards`: every query
//! has data. `pictures`: with `LLMOBS_DASHSHOT=…/dashshot.mjs`, every dashboard drawn into `target/dashboards`, nothing empty.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Trial};
use llmobs::Program;
use llmobs::promql::Matcher;
use llmobs::signals::{Record, Subject};
use serde_json::Value;

#[path = "support/mod.rs"]
mod support;
use support::judge::{self, accepts};
use support::panels::{self, EXPECTED_NOTES, MAY_BE_EMPTY, NOT_FOR_EVERY_CHOICE, lists, text, unexpected};
use support::project::{self, Dashboard, Schema, Source};
use support::prometheus::Prometheus;
use support::{Context, Result, history, live};

/// Shortest time before anything is judged: rates need several scrapes, alerts several evaluations.
const SETTLE: Duration = Duration::from_secs(15);
/// The same where there is history: some evaluations, so that alerts fire.
const REFRESH: Duration = Duration::from_secs(6);
/// Longest time until every recorded series must be there: windows are added up at whole minutes, and the first may have been empty.
const DEADLINE: Duration = Duration::from_secs(100);

/// Queries that need more history than a test has; pictures have hours of it and leave nothing out: a part of the query, and why.
const NOT_AFTER_A_MINUTE: &[(&str, &str)] = &[
    ("window=\"6h\"", "hours are added up from steps of five minutes"),
    ("window=\"1d\"", "days are added up from half hours"),
    ("window=\"3d\"", "days are added up from half hours"),
    ("slo_budget_remaining_ratio", "read from the window of the objective"),
    ("slo_budget_exhaustion_seconds", "read from what is left of the budget"),
    (":increase28d", "the window of an objective is added up from hours"),
    (":increase30d", "the window of an objective is added up from hours"),
];

/// Recorded series that are not there at every time: the end of the name, and why.
const NOT_AT_EVERY_TIME: &[(&str, &str)] = &[
    (":hour", "the spend of an hour is recorded at its end"),
    ("spend_usd:2h", "spend of whole hours"),
    ("spend_usd:6h", "spend of whole hours"),
    ("spend_usd:3d", "spend of whole hours"),
    (":increase2h", "hours are added up from steps of five minutes"),
    (":increase6h", "hours are added up from steps of five minutes"),
    (":increase1d", "days are added up from half hours"),
    (":increase3d", "days are added up from half hours"),
    (":increase28d", "the window of an objective is added up from hours"),
    (":increase30d", "the window of an objective is added up from hours"),
    ("slo_budget_remaining_ratio", "read from the window of the objective"),
    ("slo_budget_exhaustion_seconds", "while nothing is bad, a budget lasts for ever"),
    ("gpu_xid", "no GPU reports an error while the service is well"),
    ("slo_burn_rate window=6h", "hours are added up from steps of five minutes"),
    ("slo_burn_rate window=1d", "days are added up from half hours"),
    ("slo_burn_rate window=3d", "days are added up from half hours"),
];

/// Notes of dashshot that say nothing about the dashboard: a part of the text, and why.
const EXPECTED_PICTURE_NOTES: &[(&str, &str)] = &[
    ("annotation", "dashshot does not draw annotations"),
    ("link(s)", "dashshot draws no links"),
    ("stored value", "the model with the incident is asked for everywhere, but runs on one engine"),
];

fn main() -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    let trials = match project::examples() {
        Ok(examples) => {
            // Nearly all of the time is waiting for whole minutes: all examples wait at once.
            arguments.test_threads.get_or_insert(examples.len());
            trials(&examples)
        }
        Err(error) => vec![Trial::test("examples", move || Err(error.into()))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

type Shared = Arc<OnceLock<Result<Live>>>;

/// A check of a running Prometheus.
type Check = fn(&Live) -> Result;

/// Trials in the order in which they begin: each example with its first check, and what takes the processor last.
fn trials(examples: &[Source]) -> Vec<Trial> {
    let live: Vec<(&Source, Shared)> = examples.iter().map(|source| (source, Shared::default())).collect();
    let tests: [(&str, Check); 3] = [("rules", rules), ("alerts", alerts), ("dashboards", dashboards)];
    let mut trials = Vec::new();
    for (name, test) in tests {
        for (source, shared) in &live {
            let (source, shared) = ((*source).clone(), shared.clone());
            let name = format!("{name}::{}", source.name);
            trials.push(judge::trial(name, &["prometheus"], move || test(started(&shared, &source)?)));
        }
    }
    for source in examples.iter().cloned() {
        trials.push(Trial::ignorable_test(format!("pictures::{}", source.name), move || {
            let Some(program) = std::env::var_os("LLMOBS_DASHSHOT") else {
                return Ok(Completion::ignored_with("LLMOBS_DASHSHOT is not set"));
            };
            pictures(&Live::start(&source, true)?, &source.name, &PathBuf::from(program))?;
            Ok(Completion::Completed)
        }));
    }
    trials
}

fn started<'a>(shared: &'a Shared, source: &Source) -> Result<&'a Live> {
    shared.get_or_init(|| Live::start(source, false)).as_ref().map_err(Clone::clone)
}

/// An example with its Prometheus.
struct Live {
    prometheus: Prometheus,
    records: Vec<String>,
    alerts: usize,
    dashboards: Vec<Dashboard>,
    troubled: Option<String>,
    folder: tempfile::TempDir,
    started: Instant,
}

impl Live {
    /// Starts servers and Prometheus and waits until the recorded series are there, or the deadline. For pictures there are hours
    /// of history and an incident.
    fn start(source: &Source, for_pictures: bool) -> Result<Self> {
        let program = project::compile(source)?;
        let artifacts = program.artifacts();
        let folder = tempfile::tempdir().context("temporary folder")?;
        let dashboards = project::dashboards(&artifacts)?;
        let targets = live::targets(&program.plan, for_pictures);
        let since = Instant::now();
        if for_pictures {
            history::write(&targets, live::UPTIME, &program, &dashboards, folder.path())?;
        }
        live::prepare(targets, &artifacts, folder.path(), since, for_pictures)?;
        let prometheus = Prometheus::start(folder.path())?;
        let live = Self {
            prometheus,
            records: records(&program),
            alerts: program.book.alerts().count(),
            dashboards,
            troubled: live::troubled(&program.plan).map(|m| m.name.clone()),
            folder,
            started: Instant::now(),
        };
        thread::sleep(if for_pictures { REFRESH } else { SETTLE });
        while live.started.elapsed() < DEADLINE && !live.missing()?.is_empty() {
            thread::sleep(Duration::from_secs(2));
        }
        Ok(live)
    }

    /// Returns the recorded series that are not there, or have a value that is no number.
    fn missing(&self) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for query in &self.records {
            let answer = self.prometheus.query(query)?;
            if answer.series.is_empty() {
                missing.push(format!("no series: {query}"));
            } else if answer.series.iter().any(|(_, v)| v.is_nan()) {
                missing.push(format!("NaN: {query}"));
            }
        }
        Ok(missing)
    }
}

/// One query per recorded series, with the labels that tell models and pools apart.
fn records(program: &Program) -> Vec<String> {
    let mut queries = BTreeSet::new();
    for chapter in &program.book.chapters {
        let named = |r: &Record| match r.labels.get("window") {
            Some(window) => format!("{} window={window}", r.name),
            None => r.name.clone(),
        };
        let always = |r: &&Record| !NOT_AT_EVERY_TIME.iter().any(|(end, _)| named(r).ends_with(end));
        for record in chapter.records().filter(always) {
            let mut selector = llmobs::promql::selector(&record.name);
            for (label, value) in record.labels.iter() {
                selector = selector.eq(label, value);
            }
            let has = |label: &str, all: &[Matcher]| all.iter().any(|m| m.label == label);
            if let Subject::Pool(pool) = &chapter.subject
                && !has("pool", &selector.matchers)
            {
                selector = selector.eq("pool", pool);
            }
            queries.insert(selector.expr().to_string());
        }
    }
    queries.into_iter().collect()
}

fn all_well(problems: Vec<String>) -> Result {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn rules(live: &Live) -> Result {
    let mut problems = live.missing()?;
    let rules = live.prometheus.rules()?;
    if rules.is_empty() {
        problems.push("no rule is loaded".to_owned());
    }
    for rule in &rules {
        let name = text(rule, "name");
        if text(rule, "health") != "ok" {
            problems.push(format!("{name} is {}: {}", text(rule, "health"), text(rule, "lastError")));
        }
        let notes = live.prometheus.query(text(rule, "query"))?.notes;
        problems.extend(unexpected(&notes, EXPECTED_NOTES).map(|n| format!("{name}: {n}")));
    }
    all_well(problems)
}

/// No alert is even pending: the holds are longer than the test.
fn alerts(live: &Live) -> Result {
    let rules = live.prometheus.rules()?;
    let alerts: Vec<&Value> = rules.iter().filter(|r| text(r, "type") == "alerting").collect();
    let mut problems = Vec::new();
    if alerts.len() != live.alerts {
        problems.push(format!("{} alerts are loaded, {} are in the book", alerts.len(), live.alerts));
    }
    let awake = alerts.iter().filter(|a| text(a, "state") != "inactive");
    problems.extend(awake.map(|a| format!("{} is {}: {}", text(a, "name"), text(a, "state"), a["alerts"])));
    all_well(problems)
}

fn dashboards(live: &Live) -> Result {
    all_well(panels::problems(&live.prometheus, &live.dashboards, NOT_AFTER_A_MINUTE)?)
}

fn pictures(live: &Live, name: &str, dashshot: &std::path::Path) -> Result {
    let mut files = Vec::new();
    for dashboard in live.dashboards.iter().filter(|d| d.schema == Schema::Classic) {
        let path = live.folder.path().join("dashboards").join(format!("{}.json", dashboard.name));
        project::write(&path, &for_picture(&dashboard.json, live.troubled.as_deref()).to_string())?;
        files.push(path);
    }
    if files.is_empty() {
        return Err("there is no dashboard".to_owned());
    }
    let mut problems = Vec::new();
    // Themes differ in colours alone: one example shows both.
    let themes: &[&str] = if name == "quickstart" { &["dark", "light"] } else { &["dark"] };
    for theme in themes {
        let out = project::root().join("target/dashboards").join(name).join(theme);
        let mut call = Command::new("node");
        call.arg(dashshot).arg("--prometheus").arg(format!("http://{}", live.prometheus.address));
        call.args(["--from", "now-3h", "--theme", theme, "--out"]).arg(&out).args(&files);
        let drawn = accepts(&mut call);
        let report = std::fs::read_to_string(out.join("report.json")).context("report.json");
        match (report, drawn) {
            (Ok(report), _) => {
                let report: Value = serde_json::from_str(&report).context("report.json")?;
                problems.extend(findings(&report).into_iter().map(|f| format!("{theme}: {f}")));
            }
            (Err(_), Err(error)) => problems.push(error),
            (Err(error), Ok(_)) => problems.push(error),
        }
    }
    all_well(problems)
}

/// Returns a dashboard that asks in steps of the history, and that shows the model with the incident where it shows one.
fn for_picture(dashboard: &Value, troubled: Option<&str>) -> Value {
    let mut out = dashboard.clone();
    for panel in out.get_mut("panels").and_then(Value::as_array_mut).into_iter().flatten() {
        for target in panel.get_mut("targets").and_then(Value::as_array_mut).into_iter().flatten() {
            target["interval"] = Value::from(format!("{}s", history::STEP));
        }
    }
    for variable in out.pointer_mut("/templating/list").and_then(Value::as_array_mut).into_iter().flatten() {
        if text(variable, "name") == "model" && variable["multi"] == false {
            variable["current"] = serde_json::json!({ "text": troubled, "value": troubled });
        }
    }
    out
}

/// Returns what a report finds fault with.
fn findings(report: &Value) -> Vec<String> {
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for dashboard in list(report, "dashboards") {
        let title = text(&dashboard, "title").to_owned();
        let mut say = |what: String| found.push(format!("{title}: {what}"));
        if dashboard.get("error").is_some_and(|e| !e.is_null()) {
            say(dashboard["error"].to_string());
        }
        let notes = |of: &Value| list(of, "notes").iter().map(Value::to_string).collect::<Vec<_>>();
        unexpected(&notes(&dashboard), EXPECTED_PICTURE_NOTES).for_each(|n| say(n.clone()));
        for panel in list(&dashboard, "panels") {
            let title = text(&panel, "title").to_owned();
            list(&panel, "errors").iter().for_each(|e| say(format!("{title}: {e}")));
            unexpected(&notes(&panel), EXPECTED_PICTURE_NOTES).for_each(|n| say(format!("{title}: {n}")));
            let queries = panel.get("queries").map(Value::to_string).unwrap_or_default();
            let allowed = lists(MAY_BE_EMPTY, &queries) || lists(NOT_FOR_EVERY_CHOICE, &queries);
            if panel.get("empty").and_then(Value::as_bool) == Some(true) && !allowed {
                say(format!("{title}: empty"));
            }
        }
    }
    found
}
