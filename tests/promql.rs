//! Holds the parser of PromQL against cases of its own, against its printer, and against Prometheus's parser.
//!
//! `tests/promql/faults/NAME.promql` are queries with faults, parted by empty lines; `NAME.txt` beside it is what is reported
//! (written anew with LLMOBS_UPDATE=1). The judge `promqlcheck` is Prometheus's parser; see tests/judges/README.md.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Trial};
use llmobs::promql::{Dialect, Options, Parsed, parse};

#[path = "support/mod.rs"]
mod support;
use support::judge::{absent, command, find, folder};
use support::project::root;
use support::{Context, Result};

#[path = "promql/mutate.rs"]
mod mutate;

/// Mutated queries that are held against Prometheus's parser.
const MUTATED: usize = 60_000;

fn main() -> std::process::ExitCode {
    let mut trials = vec![
        Trial::test("hostile", || hostile().map_err(Into::into)),
        Trial::test("fixpoint", || fixpoint().map_err(Into::into)),
    ];
    match cases() {
        Ok(cases) => {
            trials.extend(cases.into_iter().map(|c| Trial::test(format!("faults::{}", c.name), move || Ok(c.run()?))))
        }
        Err(error) => trials.push(Trial::test("faults", move || Err(error.into()))),
    }
    trials.push(differential("queries of Prometheus's tests", Ok));
    trials.push(differential(&format!("{MUTATED} mutated queries"), |queries| Ok(mutate::all(&queries, MUTATED))));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn read(text: &str) -> Parsed {
    parse(text, &Options::default())
}

/// Queries with faults, and the snapshot beside them.
struct Case {
    name: String,
    path: PathBuf,
}

fn cases() -> Result<Vec<Case>> {
    let folder = root().join("tests/promql/faults");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(&folder).context("tests/promql/faults")? {
        let path = entry.context("tests/promql/faults")?.path();
        if path.extension().is_some_and(|e| e == "promql") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            cases.push(Case { name, path });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    if cases.is_empty() { Err("tests/promql/faults has no cases".to_owned()) } else { Ok(cases) }
}

impl Case {
    /// The first line names the dialect where it is not that of Prometheus: `# dialect: grafana`.
    fn run(&self) -> Result {
        let text = std::fs::read_to_string(&self.path).context("case")?;
        let dialect = match text.lines().next() {
            Some("# dialect: grafana") => Dialect::Grafana,
            Some("# dialect: adapter") => Dialect::Adapter,
            _ => Dialect::Prometheus,
        };
        let mut out = String::new();
        for query in text.split("\n\n").map(str::trim).filter(|q| !q.is_empty() && !q.starts_with("# dialect")) {
            render(query, &parse(query, &Options { dialect }), &mut out);
        }
        let snapshot = self.path.with_extension("txt");
        if std::env::var("LLMOBS_UPDATE").is_ok_and(|v| v == "1") {
            return std::fs::write(snapshot, out).context("snapshot");
        }
        let wanted = std::fs::read_to_string(&snapshot).context("snapshot; write it with LLMOBS_UPDATE=1")?;
        if wanted == out { Ok(()) } else { Err(format!("{} differs:\n{out}", snapshot.display())) }
    }
}

/// Writes a query and under each of its lines the carets of its faults; then what is printed and used.
fn render(query: &str, parsed: &Parsed, out: &mut String) {
    use std::fmt::Write as _;
    let mut start = 0;
    for line in query.split('\n') {
        let end = start + line.len();
        let _ = writeln!(out, "| {line}");
        for fault in parsed.faults.iter().filter(|f| (start..=end).contains(&f.span.start)) {
            let before = query[start..fault.span.start].chars().count();
            let width = query[fault.span.start..fault.span.end.min(end).max(fault.span.start)].chars().count().max(1);
            let label = if fault.label.is_empty() { String::new() } else { format!(" {}", fault.label) };
            let _ = writeln!(out, "  {}{}{label}", " ".repeat(before), "^".repeat(width));
            let _ = writeln!(out, "    {}", fault.message);
            if let Some(help) = &fault.help {
                let _ = writeln!(out, "    help: {help}");
            }
        }
        start = end + 1;
    }
    if let Some(expr) = &parsed.expr {
        let _ = writeln!(out, "  = {expr}");
    }
    for (feature, span) in &parsed.uses {
        let since = feature.since().map_or_else(|| "?".to_owned(), |(major, minor)| format!("{major}.{minor}"));
        let flag = feature.flag().map_or_else(String::new, |flag| format!(" --enable-feature={flag}"));
        let _ = writeln!(out, "  uses {feature:?} at `{}`, since {since}{flag}", &query[span.range()]);
    }
    out.push('\n');
}

/// What is meant to hang or exhaust a parser is refused at once, with a fault.
fn hostile() -> Result {
    let long = |piece: &str, count: usize| piece.repeat(count);
    let queries = [
        long("(", 100_000),
        long("-", 100_000),
        long("sum(", 100_000),
        long("a[", 100_000),
        long("{", 100_000),
        long("a+", 100_000) + "a",
        long("a^", 100_000) + "a",
        format!("a[{}]", long("(", 100_000)),
        format!("a[{}1]", long("1+", 100_000)),
        format!("a{{b=~\"{}\"}}", long("(", 100_000)),
        format!("a{}", long("[5m:1m]", 100_000)),
        format!("f({})", long("a,", 300_000)),
        long("$", 100_000),
        long("{{", 100_000),
        long("\u{201c}", 100_000),
        long("\"", 100_001),
        long("<<", 100_000),
        long("a b ", 100_000),
        long(") ", 100_000),
        long("a", 2 * 1024 * 1024),
    ];
    for query in queries {
        for dialect in [Dialect::Prometheus, Dialect::Grafana, Dialect::Adapter] {
            let start = Instant::now();
            let parsed = parse(&query, &Options { dialect });
            let taken = start.elapsed();
            let begin: String = query.chars().take(20).collect();
            if parsed.faults.is_empty() && dialect == Dialect::Prometheus {
                return Err(format!("`{begin}...` is accepted"));
            }
            if taken > Duration::from_secs(2) {
                return Err(format!("`{begin}...` takes {taken:?}"));
            }
        }
    }
    Ok(())
}

/// What is printed is read as the same tree, which is printed the same.
fn fixpoint() -> Result {
    let text =
        std::fs::read_to_string(root().join("tests/promql/valid.promql")).context("tests/promql/valid.promql")?;
    let queries: Vec<String> =
        text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect();
    for query in queries.iter().cloned().chain(mutate::all(&queries, 20_000)) {
        let parsed = read(&query);
        if let Some(expr) = parsed.expr.filter(|_| parsed.faults.is_empty()) {
            printed_alike(&query, &expr)?;
        } else if queries.contains(&query) {
            return Err(format!("refused: {query}\n{:?}", parsed.faults));
        }
    }
    Ok(())
}

fn printed_alike(query: &str, expr: &llmobs::promql::Expr) -> Result {
    for printed in [expr.to_string(), expr.pretty()] {
        let again = read(&printed);
        let same = again.expr.as_ref().map(ToString::to_string);
        if !again.faults.is_empty() || same.as_ref() != Some(&expr.to_string()) {
            return Err(format!("{query}\nis printed as\n{printed}\nand then as\n{same:?} {:?}", again.faults));
        }
    }
    Ok(())
}

/// What Prometheus's parser makes of a query.
#[derive(serde::Deserialize)]
struct Verdict {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    canon: String,
}

fn judge(queries: &[String]) -> Result<Vec<Verdict>> {
    let mut child = command("promqlcheck")?
        .arg("parse")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("promqlcheck")?;
    let mut input = child.stdin.take().context("promqlcheck")?;
    let lines: Vec<String> = queries.iter().map(|q| serde_json::json!(q).to_string()).collect();
    let writer = std::thread::spawn(move || lines.iter().try_for_each(|line| writeln!(input, "{line}")));
    let output = child.wait_with_output().context("promqlcheck")?;
    let _ = writer.join();
    let text = String::from_utf8(output.stdout).context("promqlcheck")?;
    let verdicts: Vec<Verdict> = text.lines().map(|l| serde_json::from_str(l).context(l)).collect::<Result<_>>()?;
    if verdicts.len() == queries.len() { Ok(verdicts) } else { Err("promqlcheck stopped early".to_owned()) }
}

type Prepare = fn(Vec<String>) -> Result<Vec<String>>;

fn differential(name: &str, prepare: Prepare) -> Trial {
    let file = folder().join("promql.jsonl");
    let seeds = std::fs::read_to_string(&file)
        .ok()
        .map(|text| text.lines().map(|l| serde_json::from_str(l).context(l)).collect::<Result<Vec<String>>>());
    let count = seeds.as_ref().and_then(|s| s.as_ref().ok()).map_or(0, Vec::len);
    let name = if name.starts_with(char::is_numeric) { name.to_owned() } else { format!("{count} {name}") };
    Trial::ignorable_test(format!("like Prometheus: {name}"), move || {
        let Some(seeds) = seeds.filter(|_| find("promqlcheck").is_some()) else {
            return absent("`promqlcheck` is missing: run tests/judges/install.sh");
        };
        compare(&prepare(seeds?)?)?;
        Ok(Completion::Completed)
    })
}

/// Differences that are meant, and why.
fn is_meant(query: &str, error: &str) -> bool {
    // Deeper trees than anyone writes are refused, so that they can be walked.
    query.len() > 5_000 && error.is_empty()
}

/// Accepts and refuses what Prometheus does; and what is printed of an accepted query means the same to Prometheus.
fn compare(queries: &[String]) -> Result {
    let mut wrong = Vec::new();
    let mut printed = Vec::new();
    for (query, verdict) in queries.iter().zip(judge(queries)?) {
        let parsed = read(query);
        if parsed.faults.is_empty() != verdict.ok && !is_meant(query, &verdict.error) {
            let ours = parsed.faults.first().map_or("accepted", |f| &f.message);
            wrong.push(format!("{query:?}\n  ours: {ours}\n  Prometheus: {}", verdict.error));
        }
        if let Some(expr) = parsed.expr.filter(|_| verdict.ok && parsed.faults.is_empty()) {
            printed.push((query, expr.to_string(), verdict.canon));
        }
    }
    let texts: Vec<String> = printed.iter().map(|(_, text, _)| text.clone()).collect();
    for ((query, text, canon), verdict) in printed.iter().zip(judge(&texts)?) {
        // Bytes that are not UTF-8 are not kept, and a label such as "a$b" looks like one of Grafana.
        let kept = !verdict.canon.contains('\u{fffd}') && !text.contains('$');
        if verdict.canon != *canon && kept {
            wrong.push(format!("{query:?}\n  printed: {text:?}\n  {canon}\n  {} {}", verdict.canon, verdict.error));
        }
        let again = read(text);
        if again.expr.map(|e| e.to_string()).as_ref() != Some(text) {
            wrong.push(format!("{query:?}\n  printed: {text:?}, which is no fixpoint {:?}", again.faults));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} of {} differ:\n{}",
        wrong.len(),
        queries.len(),
        wrong.into_iter().take(40).collect::<Vec<_>>().join("\n")
    ))
}
