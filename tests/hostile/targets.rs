//! The readers, each with its seeds, its tokens, and the whole way from bytes to rendered findings.

use llmobs::catalog::{Catalog, read_profile};
use llmobs::diag::{Diagnostic, Sink, render};
use llmobs::infer::Targets;
use llmobs::init;
use llmobs::intake::{self, Hint};
use llmobs::lint::baseline::{Baseline, fingerprint};
use llmobs::lint::suppress::{self, Date};
use llmobs::lint::{self, Settings};
use llmobs::promql::{self, Dialect, Options};
use llmobs::source::{MemoryWorld, Sources};
use serde_json::json;

use super::corpus;

/// A reader.
pub struct Target {
    /// Name of the test.
    pub name: &'static str,
    /// Files to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Tokens of the format.
    pub tokens: &'static [&'static str],
    /// Reads one input. Says what is wrong with llmobs, not with the input.
    pub run: fn(Vec<u8>, &mut Run) -> Result<(), String>,
}

/// What one case may leave for the next.
#[derive(Default)]
pub struct Run {
    catalog: Catalog,
}

const QUERY: &[&str] = &[
    "sum by (",
    "rate(",
    "[5m]",
    "[5m:]",
    "{le=\"0.5\"}",
    "=~\".*\"",
    "!~",
    " offset -5m",
    " @ end()",
    " and on(",
    " group_left(",
    " or vector(0)",
    "histogram_quantile(0.9, ",
    "absent(",
    "bool ",
    "^",
    "- ",
    "+",
    "$__rate_interval",
    "${x:regex}",
    "[[y]]",
    "<<.Series>>",
    "{\"a.b\", c=\"d\"}",
    "quantile_over_time(",
    "__name__=~\"vllm:.*\"",
    "vllm:num_requests_running",
    "DCGM_FI_DEV_GPU_UTIL",
    "#",
    "0x1p",
    "1_000",
    "1d2h",
    " unless ",
    "label_replace(",
    "without (",
    " fill(0)",
    " smoothed",
    "topk(",
    "time()",
];

const YAML: &[&str] = &[
    "&a ",
    "*a",
    "<<: *a",
    "? ",
    "- ",
    ": ",
    "|\n",
    ">-\n",
    "!!str ",
    "---\n",
    "...\n",
    "  ",
    "      ",
    "# llmobs: allow promql/syntax -- x\n",
    "# llmobs: allow-file */* until 2020-01-01\n",
    "groups:\n",
    "rules:\n",
    "- record: a:b\n",
    "expr: ",
    "for: 5m\n",
    "annotations:\n",
    "{{ $labels.x }}",
    "{{ range query \"up\" }}",
    "kind: PrometheusRule\n",
    "kind: ConfigMap\n",
    "kind: ScaledObject\n",
    "seriesQuery: ",
    "metricsQuery: ",
    "sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)",
];

const JSON: &[&str] = &[
    "{\"a\":",
    "[[",
    "\"expr\":\"",
    "\"targets\":[",
    "\"panels\":[",
    "\"unit\":\"percent\"",
    "\\ud83d",
    "\\n",
    ",",
    ":",
    "1E400",
    "true",
    "\"elements\":{",
    "\"spec\":",
    "\"uid\":\"x\"",
    "$__interval",
    "\"templating\":{\"list\":[",
    "\"kind\":\"Panel\",",
];

const TOML: &[&str] = &[
    "[models.x]\n",
    "[[a]]\n",
    "a.b.c = ",
    "\"\"\"",
    "'''",
    "1979-05-27",
    "inf",
    "nan",
    "{ a = 1 }",
    " = ",
    "engine = \"vllm\"\n",
    "version = \"0.11.0\"\n",
    "[gpus.h100]\n",
    "[check]\n",
    "allow = ",
    "[[metrics]]\n",
    "since = \"0.1\"\n",
    "buckets = [",
    "labels = [\"a\"]\n",
];

const PAGE: &[&str] = &[
    "# TYPE a counter\n",
    "# HELP a b\n",
    "# EOF\n",
    "# UNIT a seconds\n",
    "{le=\"+Inf\"} 1\n",
    " 1 1700000000\n",
    "{\"a.b\",c=\"d\"} 1\n",
    " # {trace_id=\"x\"} 1\n",
    "vllm:num_requests_running{model_name=\"m\"} 1\n",
    "NaN",
    "+Inf",
    "\\n",
    "\\\"",
    "_bucket",
    "_total",
];

/// Every reader.
pub const TARGETS: &[Target] = &[
    Target { name: "project", seeds: projects, tokens: TOML, run: project },
    Target { name: "profile", seeds: profiles, tokens: TOML, run: profile },
    Target { name: "rules", seeds: rules, tokens: YAML, run: |bytes, run| check("case.yaml", bytes, run).map(drop) },
    Target {
        name: "scalers",
        seeds: scalers,
        tokens: YAML,
        run: |bytes, run| check("case.yaml", bytes, run).map(drop),
    },
    Target {
        name: "dashboards",
        seeds: corpus::dashboards,
        tokens: JSON,
        run: |bytes, run| check("case.json", bytes, run).map(drop),
    },
    Target { name: "promql", seeds: corpus::queries, tokens: QUERY, run: query },
    Target { name: "pages", seeds: pages, tokens: PAGE, run: page },
    Target { name: "baselines", seeds: baselines, tokens: JSON, run: baseline },
];

fn projects() -> Vec<Vec<u8>> {
    corpus::files(&["examples", "tests/variants", "tests/spec"], &[".toml"])
}

fn profiles() -> Vec<Vec<u8>> {
    corpus::files(&["profiles"], &[".toml"])
}

fn rules() -> Vec<Vec<u8>> {
    corpus::files(&["tests/lint", "tests/intake/cases", "examples/quickstart"], &[".yaml", ".yml"])
}

fn scalers() -> Vec<Vec<u8>> {
    corpus::files(&["tests/intake/cases"], &["keda.yaml", "adapter-values.yaml", "adapter.yaml", "scaledobject.yaml"])
}

fn pages() -> Vec<Vec<u8>> {
    corpus::files(&["tests/init", "tests/catalog"], &[".prom"])
}

fn baselines() -> Vec<Vec<u8>> {
    let entry = json!({"file": "a.yaml", "code": "promql/syntax", "text": "sum(", "count": 2});
    vec![json!({"version": 1, "findings": [entry, entry]}).to_string().into_bytes()]
}

/// Checks a file as `llmobs check` does. Returns the findings, rendered for people.
pub fn check(name: &str, bytes: Vec<u8>, run: &mut Run) -> Result<String, String> {
    let mut sources = Sources::default();
    let mut sink = Sink::default();
    let Some(file) = intake::add(&mut sources, name, bytes, &mut sink) else { return rendered(sink, &sources) };
    let contents = [intake::read(&sources, file, Hint { named: true }, &mut sink)];
    let found = lint::check(&contents, &mut run.catalog, &Targets::default(), &Settings::default());
    let today = Date::parse("2027-02-01").ok_or("no date")?;
    sink.extend(suppress::sift(&sources, &[file], &contents, found, today).findings);
    rendered(sink, &sources)
}

/// Renders findings in every format, and sees to it that each has a place that is there.
fn rendered(sink: Sink, sources: &Sources) -> Result<String, String> {
    let findings = sink.into_sorted();
    for d in &findings {
        placed(d, sources)?;
    }
    render::concise(&findings, sources);
    render::github(&findings, sources);
    render::sarif(&findings, &[], sources, &|d| fingerprint(d, sources));
    serde_json::from_str::<serde_json::Value>(&render::json(&findings, sources)).map_err(|e| e.to_string())?;
    Ok(render::human(&findings, sources, false))
}

fn placed(d: &Diagnostic, sources: &Sources) -> Result<(), String> {
    for label in d.primary.iter().chain(&d.related) {
        let text = sources.get(label.place.file).map(|f| f.text.as_str()).ok_or("a place in no file")?;
        if text.get(label.place.span.range()).is_none() {
            return Err(format!("{:?} is no piece of the text: {}", label.place.span, d.message));
        }
    }
    if d.message.is_empty() || d.message.contains('\n') {
        Err(format!("{:?} is no message", d.message))
    } else {
        Ok(())
    }
}

fn project(bytes: Vec<u8>, run: &mut Run) -> Result<(), String> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let compiled = llmobs::compile("llmobs.toml", text, &MemoryWorld::default());
    let mut sink = Sink::default();
    sink.extend(compiled.diagnostics);
    rendered(sink, &compiled.sources)?;
    // What compiles gives files that the checker can read.
    for artifact in compiled.program.iter().flat_map(llmobs::Program::artifacts).filter(|a| a.path.contains("rule")) {
        check(&artifact.path, artifact.text.into_bytes(), run)?;
    }
    Ok(())
}

fn profile(bytes: Vec<u8>, _: &mut Run) -> Result<(), String> {
    const RULES: &str = "groups: [{name: g, rules: [{record: a:b, expr: 'sum(rate(vllm:prompt_tokens_total[5m]))'}]}]";
    let mut sources = Sources::default();
    let file = sources.add("case.toml", String::from_utf8_lossy(&bytes).into_owned());
    let mut sink = Sink::default();
    let profile = read_profile(&sources, file, &mut sink);
    rendered(sink, &sources)?;
    let mut run = Run::default();
    if let Some(profile) = profile {
        run.catalog.add(profile);
        check("case.yaml", RULES.into(), &mut run)?;
    }
    Ok(())
}

/// A query in each dialect, alone and where files hold it.
fn query(bytes: Vec<u8>, run: &mut Run) -> Result<(), String> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    for dialect in [Dialect::Prometheus, Dialect::Grafana, Dialect::Adapter] {
        let parsed = promql::parse(&text, &Options { dialect });
        if let Some(fault) = parsed.faults.iter().find(|f| text.get(f.span.range()).is_none()) {
            return Err(format!("{fault:?} is at no piece of the text"));
        }
        if parsed.expr.is_none() && parsed.faults.is_empty() {
            return Err("neither a tree nor a fault".to_owned());
        }
        // A tree is printed as something that reads as the same tree.
        if let Some(expr) = parsed.expr.filter(|_| parsed.faults.is_empty()) {
            expr.pretty();
            let printed = expr.to_string();
            let again = promql::parse(&printed, &Options { dialect });
            if again.expr.as_ref().map(ToString::to_string).as_ref() != Some(&printed) {
                return Err(format!("printed as `{printed}`, which reads as {again:?}"));
            }
        }
    }
    let rules =
        json!({"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": text}, {"alert": "A", "expr": text}]}]});
    check("case.json", rules.to_string().into_bytes(), run)?;
    let panel = json!({"title": "p", "type": "timeseries", "targets": [{"expr": text, "refId": "A"}],
        "fieldConfig": {"defaults": {"unit": "percentunit"}}});
    let dashboard = json!({"title": "d", "schemaVersion": 39, "panels": [panel]});
    check("case.json", dashboard.to_string().into_bytes(), run)?;
    Ok(())
}

fn page(bytes: Vec<u8>, run: &mut Run) -> Result<(), String> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut sources = Sources::default();
    let file = sources.add("case.prom", text.as_str());
    let mut sink = Sink::default();
    let page = llmobs::metrics_page::read(&text, file, &mut sink);
    if let Ok(report) = llmobs::catalog_report::verify(&page, &mut run.catalog, None) {
        report.text();
        report.summary();
        llmobs::catalog_report::patch(&report);
    }
    rendered(sink, &sources)?;
    match init::from_pages(&[("case.prom".to_owned(), text)], &init::Options::default()) {
        Ok(written) => {
            let compiled = llmobs::compile("llmobs.toml", written, &MemoryWorld::default());
            let mut sink = Sink::default();
            sink.extend(compiled.diagnostics);
            rendered(sink, &compiled.sources)?;
        }
        Err(rejected) => {
            let mut sink = Sink::default();
            sink.extend(rejected.diagnostics);
            rendered(sink, &rejected.sources)?;
        }
    }
    Ok(())
}

fn baseline(bytes: Vec<u8>, _: &mut Run) -> Result<(), String> {
    match Baseline::parse(&String::from_utf8_lossy(&bytes)) {
        Err(why) if why.is_empty() || why.contains('\n') => Err(format!("{why:?} is no message")),
        Err(_) => Ok(()),
        Ok(read) => Baseline::parse(&read.print()).map(drop),
    }
}
