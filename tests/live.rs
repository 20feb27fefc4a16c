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
use support::project::{self, Dashboard, Schema, Source};
use support::prometheus::Prometheus;
use support::{Context, Result, history, live};

/// Shortest time before anything is judged: rates need several scrapes, alerts several evaluations.
const SETTLE: Duration = Duration::from_secs(15);
/// The same where there is history: some evaluations, so that alerts fire.
const REFRESH: Duration = Duration::from_secs(6);
/// Longest time until every recorded series must be there.
const DEADLINE: Duration = Duration::from_secs(60);

/// Notes of Prometheus that are expected: a part of the text, and why.
const EXPECTED_NOTES: &[(&str, &str)] =
    &[("metric might not be a counter", "TGI and dcgm-exporter name their counters without _total")];

/// Queries that may return nothing: a part of the query, and why.
const MAY_BE_EMPTY: &[(&str, &str)] = &[("ALERTS", "no alert fires while the service is well")];

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

/// Queries that must return something for one choice of variables at least: a part of the query, and why.
const NOT_FOR_EVERY_CHOICE: &[(&str, &str)] = &[
    (":slo{", "a model without that objective has no limit"),
    ("cache_usage_perc", "releases of vLLM name it in two ways, and the panel asks for both"),
];

/// Notes of dashshot that say nothing about the dashboard: a part of the text, and why.
const EXPECTED_PICTURE_NOTES: &[(&str, &str)] = &[
    ("annotation", "dashshot does not draw annotations"),
    ("link(s)", "dashshot draws no links"),
    ("stored value", "the model with the incident is asked for everywhere, but runs on one engine"),
];

fn main() -> std::process::ExitCode {
    let trials = match project::examples() {
        Ok(examples) => examples.into_iter().flat_map(trials).collect(),
        Err(error) => vec![Trial::test("examples", move || Err(error.into()))],
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

type Shared = Arc<OnceLock<Result<Live>>>;

/// A check of a running Prometheus.
type Check = fn(&Live) -> Result;

fn trials(source: Source) -> Vec<Trial> {
    let shared = Shared::default();
    let tests: [(&str, Check); 3] = [("rules", rules), ("alerts", alerts), ("dashboards", dashboards)];
    let mut trials = Vec::new();
    for (name, test) in tests {
        let (source, shared) = (source.clone(), shared.clone());
        let name = format!("{name}::{}", source.name);
        trials.push(judge::trial(name, &["prometheus"], move || test(started(&shared, &source)?)));
    }
    trials.push(Trial::ignorable_test(format!("pictures::{}", source.name), move || {
        let Some(program) = std::env::var_os("LLMOBS_DASHSHOT") else {
            return Ok(Completion::ignored_with("LLMOBS_DASHSHOT is not set"));
        };
        pictures(&Live::start(&source, true)?, &source.name, &PathBuf::from(program))?;
        Ok(Completion::Completed)
    }));
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

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
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

fn unexpected<'a>(notes: &'a [String], expected: &'a [(&str, &str)]) -> impl Iterator<Item = &'a String> {
    notes.iter().filter(|n| !expected.iter().any(|(part, _)| n.contains(part)))
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
    let mut problems = Vec::new();
    if live.dashboards.is_empty() {
        problems.push("there is no dashboard".to_owned());
    }
    for dashboard in live.dashboards.iter().filter(|d| d.schema == Schema::Classic) {
        let queries = queries(&dashboard.json);
        if queries.is_empty() {
            problems.push(format!("{}: no query", dashboard.name));
        }
        let choices = choices(live, &dashboard.json)?;
        for (panel, query) in &queries {
            let place = format!("{} / {panel}", dashboard.name);
            problems.extend(of_query(live, query, &choices)?.into_iter().map(|p| format!("{place}: {p}")));
        }
    }
    all_well(problems)
}

fn lists(list: &[(&str, &str)], query: &str) -> bool {
    list.iter().any(|(part, _)| query.contains(part))
}

/// Asks a query for every choice of variables and returns what is wrong with the answers.
fn of_query(live: &Live, query: &str, choices: &[Values]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut empty = Vec::new();
    for values in choices {
        let query = interpolate(query, values);
        match live.prometheus.query(&query) {
            Err(error) => problems.push(error),
            Ok(answer) => {
                if !answer.has_data() {
                    empty.push(format!("no data: {query}"));
                }
                problems.extend(unexpected(&answer.notes, EXPECTED_NOTES).map(|n| format!("{n}: {query}")));
            }
        }
    }
    let some = lists(NOT_FOR_EVERY_CHOICE, query) && empty.len() < choices.len();
    if !some && !lists(MAY_BE_EMPTY, query) && !lists(NOT_AFTER_A_MINUTE, query) {
        problems.extend(empty);
    }
    Ok(problems)
}

/// Returns title and query of every target of a classic dashboard.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard.get("panels").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut out = Vec::new();
    for panel in &panels {
        out.extend(queries(panel));
        let targets = panel.get("targets").and_then(Value::as_array).cloned().unwrap_or_default();
        let queries = targets.iter().map(|t| (text(panel, "title").to_owned(), text(t, "expr").to_owned()));
        out.extend(queries.filter(|(_, q)| !q.is_empty()));
    }
    out
}

type Values = Vec<(String, String)>;

/// Returns the values of variables that a reader can choose: each value of a variable that takes one, all of one that takes many.
fn choices(live: &Live, dashboard: &Value) -> Result<Vec<Values>> {
    let variables = dashboard.pointer("/templating/list").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut choices: Vec<Values> = vec![Vec::new()];
    for variable in &variables {
        let name = text(variable, "name").to_owned();
        let mut next = Vec::new();
        for chosen in choices {
            for value in values(live, variable, &chosen)? {
                let mut chosen = chosen.clone();
                chosen.push((name.clone(), value));
                next.push(chosen);
            }
        }
        if next.is_empty() {
            return Err(format!("the variable {name} of {} has no value", text(dashboard, "title")));
        }
        choices = next;
    }
    Ok(choices)
}

fn values(live: &Live, variable: &Value, chosen: &Values) -> Result<Vec<String>> {
    let on = |key: &str| variable.get(key).and_then(Value::as_bool).unwrap_or(false);
    let query = variable.get("query").map_or("", |q| q.as_str().unwrap_or_else(|| text(q, "query")));
    match text(variable, "type") {
        "datasource" => Ok(vec!["prometheus".to_owned()]),
        "query" => {
            let inner = query.strip_prefix("label_values(").and_then(|q| q.strip_suffix(')')).context(query)?;
            let (series, label) = inner.rsplit_once(',').unwrap_or(("", inner));
            let all = live.prometheus.label_values(label.trim(), &interpolate(series.trim(), chosen))?;
            if !on("multi") && !on("includeAll") {
                return Ok(all);
            }
            let own = text(variable, "allValue");
            let any = || all.iter().map(|v| v.replace('.', "\\\\.")).collect::<Vec<_>>().join("|");
            // A variable that offers nothing is found by the caller.
            Ok(if all.is_empty() { all } else { vec![if own.is_empty() { any() } else { own.to_owned() }] })
        }
        _ => Ok(query.split(',').take(1).map(str::to_owned).collect()),
    }
}

/// Puts values in the places of variables as Grafana does, the longest names first.
fn interpolate(query: &str, values: &Values) -> String {
    let builtin = [
        ("__rate_interval", "1m"),
        ("__interval_ms", "15000"),
        ("__interval", "15s"),
        ("__range_s", "3600"),
        ("__range", "1h"),
    ];
    let mut all: Vec<(String, String)> = builtin.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    all.extend(values.iter().cloned());
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut out = query.to_owned();
    for (name, value) in all {
        while let Some(start) = out.find(&format!("${{{name}:")) {
            let Some(length) = out[start..].find('}') else { break };
            out.replace_range(start..=start + length, &value);
        }
        out = out.replace(&format!("${{{name}}}"), &value).replace(&format!("${name}"), &value);
    }
    out
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
