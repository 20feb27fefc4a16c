//! Simulated pages and histories: what the catalogue says of them, what promtool and Prometheus take, what scenarios change.
//!
//! `tests/simulate/scenarios.toml` says for every scenario which signals rise and fall.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::{Arguments, Trial};
use llmobs::Program;
use llmobs::catalog::{Catalog, Signal, SignalKind, SignalSource};
use llmobs::catalog_report::verify;
use llmobs::metrics_page;
use llmobs::signals::What;
use llmobs::simulate::{History, Planned, SCENARIOS, Settings, Simulation, Wanted};
use llmobs::source::Sources;

#[path = "support/mod.rs"]
mod support;
use support::judge;
use support::project::{self, Source};
use support::prometheus::Prometheus;
use support::{Context, Result, http};

/// A Monday noon.
const NOON: i64 = 1_767_614_400;
/// Seconds of simulated time after which pages are judged: rare things have happened by then.
const SETTLED: f64 = 2.0 * 3600.0;

fn main() -> std::process::ExitCode {
    let sources = project::examples().and_then(|examples| Ok((examples, project::variants()?)));
    let trials = match sources {
        Ok((examples, variants)) => trials(examples, variants),
        Err(error) => vec![Trial::test("examples", move || Err(error.into()))],
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

type Test = fn(&Source) -> Result;

fn trials(examples: Vec<Source>, variants: Vec<Source>) -> Vec<Trial> {
    let mut trials = Vec::new();
    let tests: [(&str, Test); 4] = [("pages", pages), ("histograms", histograms), ("same", same), ("used", used)];
    for source in examples.iter().chain(&variants) {
        for (name, test) in tests {
            let source = source.clone();
            trials.push(Trial::test(format!("{name}::{}", source.name), move || Ok(test(&source)?)));
        }
        let (name, source) = (format!("records::{}", source.name), source.clone());
        trials.push(judge::trial(name, &["promtool", "prometheus"], move || records(&source)));
    }
    for source in examples {
        let name = format!("blocks::{}", source.name);
        trials.push(judge::trial(name, &["promtool"], move || blocks(&source)));
    }
    trials.extend(SCENARIOS.iter().map(|s| {
        let name = s.name;
        Trial::test(format!("scenario::{name}"), move || Ok(scenario(name)?))
    }));
    trials.push(Trial::test("table_is_whole", || Ok(table_is_whole()?)));
    trials.push(Trial::test("wrong_scenarios", || Ok(wrong_scenarios()?)));
    trials.push(judge::trial("served".to_owned(), &["promtool"], served));
    trials
}

fn settings(begin: i64) -> Settings {
    Settings { begin, tick: 15.0, replicas: 2, seed: 1, stored: false, scenarios: Vec::new() }
}

/// Reads a page that must have no fault.
fn read<'a>(sources: &'a Sources, file: llmobs::source::FileId) -> Result<metrics_page::Page<'a>> {
    let mut sink = llmobs::diag::Sink::default();
    let page = metrics_page::read(&sources.get(file).context("file")?.text, file, &mut sink);
    let faults = sink.into_sorted();
    if faults.is_empty() { Ok(page) } else { Err(format!("{faults:?}")) }
}

/// Every page is as the catalogue says.
fn pages(source: &Source) -> Result {
    let program = project::compile(source)?;
    let simulation = Simulation::new(&program, &settings(NOON), &Wanted::All);
    let mut catalog = Catalog::default();
    let mut problems = Vec::new();
    for (n, target) in simulation.targets().iter().enumerate() {
        let text = simulation.page(n, SETTLED).context(&target.instance)?;
        let mut sources = Sources::default();
        let file = sources.add(target.path(), text);
        let page = read(&sources, file)?;
        // What rules read of OpenCost are the nodes' prices alone.
        if page.samples.len() < 2 {
            problems.push(format!("{}: {} samples only", target.job, page.samples.len()));
        }
        let report = verify(&page, &mut catalog, None).map_err(|v| format!("{v} is too old"))?;
        problems.extend(report.differences.iter().map(|d| format!("{}: {} {}", target.job, d.metric, d.message)));
        problems.extend(report.foreign.iter().map(|f| format!("{}: {f} is of nobody", target.job)));
    }
    all_well(problems)
}

fn all_well(problems: Vec<String>) -> Result {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

type Key = (String, Vec<(String, String)>);

/// Returns the samples of a page by name and labels.
fn samples(text: &str) -> Result<BTreeMap<Key, f64>> {
    let mut sources = Sources::default();
    let file = sources.add("page", text);
    let page = read(&sources, file)?;
    let owned = |labels: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)]| {
        labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<Vec<_>>()
    };
    Ok(page.samples.iter().map(|s| ((s.name.to_string(), owned(&s.labels)), s.value)).collect())
}

/// Buckets rise with `le` and with time, the last one is the count, and some have observations.
fn histograms(source: &Source) -> Result {
    let program = project::compile(source)?;
    let simulation = Simulation::new(&program, &settings(NOON), &Wanted::All);
    let mut problems = Vec::new();
    let mut judged = 0;
    for n in 0..simulation.targets().len() {
        let mut before: BTreeMap<Key, f64> = BTreeMap::new();
        for seconds in [300.0, 315.0, 1200.0, SETTLED] {
            let now = samples(&simulation.page(n, seconds).context("page")?)?;
            for (key, value) in now.iter().filter(|((name, _), _)| name.ends_with("_bucket")) {
                if before.get(key).is_some_and(|b| b > value) {
                    problems.push(format!("{key:?} fell from {:?} to {value}", before.get(key)));
                }
            }
            let mut by_series: BTreeMap<Key, Vec<(f64, f64)>> = BTreeMap::new();
            for ((name, labels), value) in now.iter().filter(|((name, _), _)| name.ends_with("_bucket")) {
                let le = labels.iter().find(|(k, _)| k == "le").context("a bucket without le")?;
                let le: f64 = le.1.parse().context(&le.1)?;
                let rest = labels.iter().filter(|(k, _)| k != "le").cloned().collect();
                by_series.entry((name.clone(), rest)).or_default().push((le, *value));
            }
            for ((name, labels), mut buckets) in by_series {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                if buckets.windows(2).any(|w| w[0].1 > w[1].1) || buckets.iter().any(|b| b.1.fract() != 0.0) {
                    problems.push(format!("{name}{labels:?}: {buckets:?}"));
                }
                let count = (name.replace("_bucket", "_count"), labels);
                let last = buckets.last().copied().context("no bucket")?;
                if !last.0.is_infinite() || now.get(&count) != Some(&last.1) {
                    problems.push(format!("{count:?} is {:?}, the last bucket {last:?}", now.get(&count)));
                }
                judged += usize::from(last.1 > 0.0);
            }
            before = now;
        }
    }
    if judged == 0 {
        problems.push("no histogram has observations".to_owned());
    }
    all_well(problems)
}

fn text_of(program: &Program, settings: &Settings, history: History, wanted: &Wanted) -> Result<String> {
    let mut out = Vec::new();
    history.write(program, settings, wanted, &mut out).context("history")?;
    String::from_utf8(out).context("history")
}

/// The same settings give the same bytes; another seed gives others.
fn same(source: &Source) -> Result {
    let program = project::compile(source)?;
    let history = History { duration: 1800, step: 60 };
    let wanted = Wanted::used(&program);
    let one = text_of(&program, &settings(NOON), history, &wanted)?;
    if one != text_of(&program, &settings(NOON), history, &wanted)? {
        return Err("two runs differ".to_owned());
    }
    if one == text_of(&program, &Settings { seed: 2, ..settings(NOON) }, history, &wanted)? {
        return Err("the seed changes nothing".to_owned());
    }
    Ok(())
}

/// What is used is a part of all, and holds what every rule reads of exporters.
fn used(source: &Source) -> Result {
    let program = project::compile(source)?;
    let history = History { duration: 3600, step: 300 };
    let names = |wanted: &Wanted| -> Result<BTreeSet<String>> {
        let text = text_of(&program, &settings(NOON), history, wanted)?;
        Ok(text.lines().map(|l| l.split(['{', ' ']).next().unwrap_or_default().to_owned()).collect())
    };
    let (used, all) = (names(&Wanted::used(&program))?, names(&Wanted::All)?);
    let mut problems: Vec<String> = used.difference(&all).map(|n| format!("{n} is used only")).collect();
    if used.len() * 2 > all.len() {
        problems.push(format!("{} of {} names are used", used.len(), all.len()));
    }
    let recorded: Vec<&str> = program.book.records().map(|r| r.name.as_str()).collect();
    for record in program.book.records() {
        let of_exporters = record.expr.metric_names().into_iter().filter(|n| !recorded.contains(&n.as_str()));
        problems.extend(of_exporters.filter(|n| !used.contains(n)).map(|n| format!("{} reads {n}", record.name)));
    }
    problems.sort();
    problems.dedup();
    all_well(problems)
}

/// promtool makes blocks of a history with a restart in it.
fn blocks(source: &Source) -> Result {
    let program = project::compile(source)?;
    let scenarios = vec![Planned::parse("restart@1h+30m", &program.plan).map_err(|u| u.message)?];
    let settings = Settings { scenarios, ..settings(NOON) };
    let history = History { duration: 3 * 3600, step: 60 };
    let folder = tempfile::tempdir().context("temporary folder")?;
    let text = folder.path().join("history.txt");
    project::write(&text, &text_of(&program, &settings, history, &Wanted::used(&program))?)?;
    let data = folder.path().join("data");
    let mut promtool = judge::command("promtool")?;
    promtool.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(&text).arg(&data);
    judge::accepts(&mut promtool)?;
    let mut promtool = judge::command("promtool")?;
    let listed = judge::accepts(promtool.args(["tsdb", "list"]).arg(&data))?;
    let listed = String::from_utf8_lossy(&listed.stdout).lines().skip(1).count();
    if listed < 2 { Err(format!("{listed} blocks of three hours")) } else { Ok(()) }
}

/// Every recorded series that is computed from exporters has data in a Prometheus that holds a simulated half hour, and none is NaN.
fn records(source: &Source) -> Result {
    let program = project::compile(source)?;
    let folder = tempfile::tempdir().context("temporary folder")?;
    // Prometheus deletes what is older than its retention.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("clock")?.as_secs();
    let (begin, end) = (now - 2400, now - 600);
    let history = History { duration: end - begin, step: 15 };
    let begin = i64::try_from(begin).context("clock")?;
    let text = folder.path().join("history.txt");
    // Failures, and enough requests whenever the test runs.
    let busy = Planned::parse("errors@0s+1d", &program.plan).map_err(|u| u.message)?;
    let settings = Settings { scenarios: vec![busy], ..settings(begin) };
    project::write(&text, &text_of(&program, &settings, history, &Wanted::used(&program))?)?;
    let data = folder.path().join("data");
    let mut promtool = judge::command("promtool")?;
    promtool.args(["tsdb", "create-blocks-from", "--quiet", "openmetrics"]).arg(&text).arg(&data);
    judge::accepts(&mut promtool)?;
    project::write(&folder.path().join("prometheus.json"), "{}")?;
    let prometheus = Prometheus::start(folder.path())?;
    let recorded: BTreeSet<&str> = program.book.records().map(|r| r.name.as_str()).collect();
    let mut problems = Vec::new();
    let mut judged = 0;
    for record in program.book.records() {
        let reads = record.expr.metric_names();
        // No GPU reports an error here.
        let quiet = record.measure.what == What::GpuXid;
        if quiet || reads.is_empty() || reads.iter().any(|n| recorded.contains(n.as_str())) {
            continue;
        }
        judged += 1;
        let answer = prometheus.range(&record.expr.to_string(), end - 300, end - 60, 60)?;
        let values = answer.iter().flat_map(|s| s["values"].as_array().cloned().unwrap_or_default());
        let values: Vec<String> = values.map(|v| v[1].as_str().unwrap_or_default().to_owned()).collect();
        if values.is_empty() || values.iter().any(|v| v == "NaN") {
            problems.push(format!("{} has {values:?}: {}", record.name, record.expr));
        }
    }
    if judged == 0 {
        problems.push("no recorded series was judged".to_owned());
    }
    all_well(problems)
}

/// What a scenario does to a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Up,
    Down,
    Gone,
}

/// Reads `[scenario] signal = "up"`.
fn table() -> Result<BTreeMap<String, BTreeMap<String, Change>>> {
    let path = project::root().join("tests/simulate/scenarios.toml");
    let text = std::fs::read_to_string(&path).context(path.display())?;
    let table: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(&text).context("scenarios.toml")?;
    let change = |word: String| match word.as_str() {
        "up" => Ok(Change::Up),
        "down" => Ok(Change::Down),
        "gone" => Ok(Change::Gone),
        _ => Err(format!("`{word}` is no change")),
    };
    let row = |row: BTreeMap<String, String>| row.into_iter().map(|(k, v)| Ok((k, change(v)?))).collect::<Result<_>>();
    table.into_iter().map(|(name, signals)| Ok((name, row(signals)?))).collect()
}

fn table_is_whole() -> Result {
    let table = table()?;
    let known = |name: &String| SCENARIOS.iter().any(|s| s.name == name);
    let unknown = table.keys().filter(|n| !known(n)).map(|n| format!("there is no scenario {n}"));
    let missing = SCENARIOS.iter().filter(|s| table.get(s.name).is_none_or(BTreeMap::is_empty));
    all_well(unknown.chain(missing.map(|s| format!("{} has no row", s.name))).collect())
}

/// A project with one model and one pool, at the newest releases that the examples have.
const PROJECT: &str = r#"
version = 1
project.name = "trouble"
[models.chat]
engine = "vllm"
version = "0.33.0"
pods = { app = "vllm" }
pool = "h100"
slos.ttft = { objective = "99%", threshold = "2.5s" }
slos.errors = { objective = "99%" }
[gpus.h100]
model = "h100-sxm"
count = 2
fields = ["DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "DCGM_FI_DEV_THERMAL_VIOLATION", "DCGM_FI_DEV_XID_ERRORS"]
deployed_by = "helm"
version = "4.5.3-4.8.2"
"#;

/// Each signal of a row is measured over ten minutes in the middle of the trouble, and over the same minutes without it.
fn scenario(name: &str) -> Result {
    let table = table()?;
    let row = table.get(name).context("no row")?;
    let compiled =
        llmobs::compile("llmobs.toml", PROJECT.to_owned(), &llmobs::source::DiskWorld { root: Path::new("").into() });
    let why = format!("{:?}", compiled.diagnostics);
    let program = compiled.program.context(why)?;
    let planned = Planned::parse(&format!("{name}@1h+30m"), &program.plan).map_err(|u| u.message)?;
    let well = measures(&program, Vec::new())?;
    let ill = measures(&program, vec![planned])?;
    let mut problems = Vec::new();
    for (signal, change) in row {
        let (well, ill) = (well.get(signal).copied(), ill.get(signal).copied());
        let good = match (change, well, ill) {
            (Change::Up, Some(well), Some(ill)) => ill > well * 1.2 + 1e-6,
            (Change::Down, Some(well), Some(ill)) => ill < well * 0.9,
            (Change::Gone, Some(_), None) => true,
            _ => false,
        };
        if !good {
            problems.push(format!("{signal} goes {change:?}: {well:?} and {ill:?} in trouble"));
        }
    }
    all_well(problems)
}

/// Every signal of the model's first replica and of the pool's node: growth of counters, mean of histograms, sum of gauges. Besides
/// them `up_models` and `up_gpus`, the share of minutes that a target answers; `restarts`, how often requests fell; `gpus`, how
/// many are reported.
fn measures(program: &Program, scenarios: Vec<Planned>) -> Result<BTreeMap<String, f64>> {
    let simulation = Simulation::new(program, &Settings { scenarios, ..settings(NOON) }, &Wanted::All);
    let model = program.plan.models.values().next().context("no model")?;
    let pool = program.plan.pools.values().next().context("no pool")?;
    let of_model = Signal::OF_ENGINES.iter().filter_map(|s| model.source(*s).cloned());
    let of_pool = Signal::OF_GPUS.iter().filter_map(|s| Some(pool.signal(*s)?.as_ref().clone()));
    let node = simulation.targets().len() - 1;
    let mut out = BTreeMap::new();
    for (n, up, sources) in [(0, "up_models", of_model.collect::<Vec<_>>()), (node, "up_gpus", of_pool.collect())] {
        let mut pages = Vec::new();
        for minute in 50..90_u32 {
            pages.push(simulation.page(n, f64::from(minute) * 60.0).map(|p| samples(&p)).transpose()?);
        }
        let answered: Vec<&BTreeMap<Key, f64>> = pages.iter().flatten().collect();
        out.insert(up.to_owned(), answered.len() as f64 / pages.len() as f64);
        if let Some(source) = sources.iter().find(|s| s.signal == Signal::Requests) {
            let requests: Vec<f64> = answered.iter().map(|p| sum(p, source, "")).collect();
            out.insert("restarts".to_owned(), requests.windows(2).filter(|w| w[1] < w[0]).count() as f64);
        }
        let (Some(Some(from)), Some(Some(to))) = (pages.get(22), pages.get(32)) else { continue };
        for source in &sources {
            let grown = |suffix: &str| sum(to, source, suffix) - sum(from, source, suffix);
            let value = match source.kind {
                SignalKind::Histogram => grown("_sum") / grown("_count").max(1.0),
                SignalKind::Counter => grown(""),
                SignalKind::Gauge => sum(to, source, ""),
            };
            out.insert(source.signal.word().to_owned(), value);
        }
        let gpu = |labels: &[(String, String)]| labels.iter().find(|(l, _)| l == "gpu").map(|(_, v)| v.clone());
        let gpus: BTreeSet<String> = to.keys().filter_map(|(_, labels)| gpu(labels)).collect();
        out.insert(if n == node { "gpus" } else { "gpus_of_engine" }.to_owned(), gpus.len() as f64);
    }
    Ok(out)
}

/// Adds up the series of a signal. The only expression that profiles have for a value here is that of status codes.
fn sum(page: &BTreeMap<Key, f64>, source: &SignalSource, suffix: &str) -> f64 {
    let name = format!("{}{suffix}", source.series);
    let fits = |labels: &[(String, String)], label: &String, value: &str| {
        labels.iter().any(|(l, v)| l == label && (v == value || (v.starts_with('5') && value.starts_with('5'))))
    };
    let all = |labels: &[(String, String)]| {
        source.matchers.iter().chain(&source.matchers_re).all(|(l, v)| fits(labels, l, v))
    };
    page.iter().filter(|((n, labels), _)| *n == name && all(labels)).map(|(_, v)| v).sum()
}

/// Texts that are refused, and words of the answer.
fn wrong_scenarios() -> Result {
    let source = project::examples()?.into_iter().find(|s| s.name == "quickstart").context("quickstart")?;
    let program = project::compile(&source)?;
    let wrong = [
        ("kv-presure@1m+1m", "did you mean `kv-pressure`"),
        ("nothing-like-it@1m+1m", "`cache-collapse`, `cold-start`"),
        ("slow:nobody@1m+1m", "there are: `chat`"),
        ("xid:chat@1m+1m", "there are: `l4`"),
        ("slow", "NAME[:SUBJECT]@START+LENGTH"),
        ("slow@1m", "NAME[:SUBJECT]@START+LENGTH"),
        ("slow@soon+1m", "cannot read `soon`"),
        ("slow@1m+0s", "has no length"),
    ];
    let mut problems = Vec::new();
    for (text, word) in wrong {
        match Planned::parse(text, &program.plan) {
            Ok(_) => problems.push(format!("{text} is taken")),
            Err(u) if !format!("{} {}", u.message, u.help).contains(word) => problems.push(format!("{text}: {u:?}")),
            Err(_) => {}
        }
    }
    all_well(problems)
}

/// The program that serves.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The pages are served, a target in an outage is not there, and promtool takes the scrape configuration.
fn served() -> Result {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobs"));
    command.arg("simulate").arg(project::root().join("examples/quickstart"));
    command.args(["--listen", "127.0.0.1:0", "--speed", "600", "--scenario", "exporter-down@0s+100d", "--quiet"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("llmobs")?;
    let stdout = child.stdout.take().context("stdout")?;
    let _served = Served(child);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).context("stdout")?;
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (status, list) = http::get(&address, "/")?;
    let paths: Vec<&str> = list.lines().filter_map(|l| l.strip_prefix(&format!("http://{address}"))).collect();
    let encoded = |p: &&str| !p.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.:".contains(c));
    if status != 200 || paths.len() != 4 || paths.iter().any(encoded) {
        return Err(format!("{status}: {list}"));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    for path in paths.iter().filter(|p| p.starts_with("/targets/")) {
        let (status, page) = http::get(&address, path)?;
        let down = path.contains("gpus-");
        if (down && status != 503) || (!down && (status != 200 || samples(&page)?.len() < 50)) {
            return Err(format!("{path}: {status}"));
        }
    }
    for (path, wanted) in [("/targets/nobody/metrics", 404), ("/nothing", 404), ("/targets", 404)] {
        let (status, _) = http::get(&address, path)?;
        if status != wanted {
            return Err(format!("{path}: {status}"));
        }
    }
    let (_, config) = http::get(&address, "/scrape_config.yaml")?;
    let folder = tempfile::tempdir().context("temporary folder")?;
    let path = folder.path().join("prometheus.yaml");
    project::write(&path, &config)?;
    judge::accepts(judge::command("promtool")?.args(["check", "config"]).arg(&path)).map(drop)
}
