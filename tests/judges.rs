//! Holds everything that is generated, for every example and every variant, against the programs that will read it.
//!
//! One test per judge and project, and one per judge that shows that it can refuse (`tests/judges/negative`). Judges are found in
//! `${LLMOBS_JUDGES:-~/.cache/llmobs/judges}/bin` and on the PATH; see tests/judges/README.md.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Trial};
use llmobs::emit::Artifact;
use serde_json::{Value, json};

#[path = "judges/proofs.rs"]
mod proofs;
#[path = "support/mod.rs"]
mod support;
use support::judge::{self, accepts, command, refuses, schemas, trial};
use support::project::{self, Schema, Source};
use support::{Context, Result};

/// Version of Kubernetes whose schemas kubernetes-validate applies.
const KUBERNETES: &str = "1.37.0";

fn main() -> std::process::ExitCode {
    let mut trials = negatives();
    match projects() {
        Ok(projects) => trials.extend(projects.into_iter().flat_map(|p| trials_of(&Arc::new(p)))),
        Err(error) => trials.push(Trial::test("projects", move || Err(error.into()))),
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A compiled project, and its files as Kubernetes, Prometheus and the others get them.
struct Project {
    name: String,
    artifacts: Vec<Artifact>,
    /// What each rule reads.
    reads: proofs::Reads,
    /// Everything as generated.
    out: PathBuf,
    /// Everything, with PrometheusRules as rule files.
    plain: PathBuf,
    rules: Vec<PathBuf>,
    /// Configurations of judges, and parts taken out of objects.
    work: PathBuf,
    _folder: tempfile::TempDir,
}

fn projects() -> Result<Vec<Project>> {
    let mut sources = project::examples()?;
    sources.extend(project::variants()?);
    sources.iter().map(prepare).collect()
}

fn prepare(source: &Source) -> Result<Project> {
    let program = project::compile(source)?;
    let (artifacts, reads) = (program.artifacts(), proofs::Reads::of(&program));
    let folder = tempfile::tempdir().context("temporary folder")?;
    let [out, plain, work] = ["out", "plain", "work"].map(|f| folder.path().join(f));
    for artifact in &artifacts {
        project::write(&out.join(&artifact.path), &artifact.text)?;
    }
    let rules = project::write_for_prometheus(&artifacts, &plain)?;
    Ok(Project { name: source.name.clone(), artifacts, reads, out, plain, rules, work, _folder: folder })
}

type Test = fn(&Project) -> Result;

/// Every judge: name, programs that it needs, whether there is something for it in a project, the test.
const JUDGES: &[(&str, &[&str], Applies, Test)] = &[
    ("promtool-check-rules", &["promtool"], |_| true, check_rules),
    ("promtool-test-rules", &["promtool"], |p| !rule_tests(p).is_empty(), test_rules),
    ("promtool-check-config", &["promtool"], |_| true, check_config),
    ("otelcol-validate", &["otelcol"], |p| !list(project::collectors(&p.artifacts)).is_empty(), otelcol),
    ("crdcheck", &["crdcheck"], |p| !objects(p).is_empty(), crdcheck),
    ("kubernetes-validate", &["kubernetes-validate"], |p| !objects(p).is_empty(), kubernetes_validate),
    ("dashcheck", &["dashcheck"], |p| !dashboards(p, Schema::Classic).is_empty(), dashcheck),
    ("cue", &["cue"], |p| !list(project::dashboards(&p.artifacts)).is_empty(), cue),
    ("kustomize", &["kustomize"], |p| p.out.join("kustomization.yaml").is_file(), kustomize),
];

type Applies = fn(&Project) -> bool;

fn trials_of(project: &Arc<Project>) -> Vec<Trial> {
    let applicable = JUDGES.iter().filter(|(_, _, applies, _)| applies(project));
    applicable
        .map(|(name, programs, _, test)| {
            let project = project.clone();
            trial(format!("{name}::{}", project.name), programs, move || test(&project))
        })
        .collect()
}

/// A list, or one entry that stands for the error, so that the test runs and says it.
fn list<T>(result: Result<Vec<T>>) -> Vec<Result<T>> {
    match result {
        Ok(items) => items.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }
}

fn check_rules(project: &Project) -> Result {
    if project.rules.is_empty() {
        return Err("there is no rule file".to_owned());
    }
    accepts(command("promtool")?.arg("check").arg("rules").args(&project.rules)).map(drop)
}

/// Paths of the rule tests, which name rule files relative to themselves.
fn rule_tests(project: &Project) -> Vec<PathBuf> {
    let tests =
        project.artifacts.iter().filter(|a| matches!(project::yaml_with(a, &["tests", "rule_files"]), Ok(Some(_))));
    tests.map(|a| project.plain.join(&a.path)).collect()
}

/// Example whose tests run as they are generated, with all of the rules.
const WHOLE: &str = "quickstart";

/// Every test must pass. promtool evaluates all rules of a file at every step, most of them in vain: each test has a process of its
/// own with the rules that it depends on, unless `LLMOBS_WHOLE_TESTS` is set.
fn test_rules(project: &Project) -> Result {
    let mut files = Vec::new();
    if project.name == WHOLE || std::env::var_os("LLMOBS_WHOLE_TESTS").is_some() {
        files = rule_tests(project);
    } else {
        let mut tests = Vec::new();
        for file in rule_tests(project) {
            tests.extend(proofs::parted(&file, &project.reads)?);
        }
        // The longest first, so that none is left to run alone.
        tests.sort_by_key(|t| std::cmp::Reverse(t.length()));
        for (n, test) in tests.iter().enumerate() {
            files.push(test.write(&project.work.join(format!("proof-{n}")))?);
        }
    }
    let next = AtomicUsize::new(0);
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let run = || -> Result {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            accepts(judge::promtool()?.arg("test").arg("rules").arg(file))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| "a thread panics".to_owned())?)
    })
}

/// The generated configuration; where there is none, or only parts of one, a configuration that loads rules and parts.
fn check_config(project: &Project) -> Result {
    let mut parts = Vec::new();
    for artifact in &project.artifacts {
        let Some(config) = project::yaml_with(artifact, &["scrape_configs"])? else { continue };
        let path = project.plain.join(&artifact.path);
        if config.get("global").is_some() || config.get("rule_files").is_some() {
            accepts(command("promtool")?.arg("check").arg("config").arg(&path))?;
        } else {
            parts.push(path);
        }
    }
    let path = project.work.join("prometheus.json");
    let config = json!({ "rule_files": project.rules, "scrape_config_files": parts });
    project::write(&path, &config.to_string())?;
    accepts(command("promtool")?.arg("check").arg("config").arg(&path)).map(drop)
}

fn otelcol(project: &Project) -> Result {
    for (name, config) in project::collectors(&project.artifacts)? {
        let path = project.work.join(name);
        let text = config.to_string();
        project::write(&path, &text)?;
        let mut call = command("otelcol")?;
        call.arg("validate").arg("--config").arg(&path);
        // Values of credentials are the user's; any will do.
        call.envs(variables(&text).into_iter().map(|name| (name, "1")));
        accepts(&mut call)?;
    }
    Ok(())
}

/// Returns the names in `${env:NAME}`.
fn variables(text: &str) -> Vec<&str> {
    let after = text.split("${env:").skip(1);
    after.filter_map(|t| t.split(['}', ':']).next()).collect()
}

fn objects(project: &Project) -> Vec<PathBuf> {
    project.artifacts.iter().filter(|a| a.kubernetes).map(|a| project.out.join(&a.path)).collect()
}

fn crdcheck(project: &Project) -> Result {
    accepts(command("crdcheck")?.arg("-crd").arg(schemas().join("crd")).args(objects(project))).map(drop)
}

fn kubernetes_validate(project: &Project) -> Result {
    accepts(command("kubernetes-validate")?.args(["--strict", "-k", KUBERNETES]).args(objects(project))).map(drop)
}

fn dashboards(project: &Project, schema: Schema) -> Vec<Result<(PathBuf, Value)>> {
    let all = list(project::dashboards(&project.artifacts)).into_iter();
    let wanted = all.filter(|d| d.as_ref().map_or(true, |d| d.schema == schema));
    wanted.map(|d| d.map(|d| (project.work.join(format!("{}.json", d.name)), d.json))).collect()
}

/// Writes dashboards as files and returns their paths.
fn dashboard_files(project: &Project, schema: Schema) -> Result<Vec<PathBuf>> {
    let written = dashboards(project, schema).into_iter().map(|d| {
        let (path, json) = d?;
        project::write(&path, &json.to_string())?;
        Ok(path)
    });
    written.collect()
}

fn dashcheck(project: &Project) -> Result {
    accepts(command("dashcheck")?.args(dashboard_files(project, Schema::Classic)?)).map(drop)
}

fn cue(project: &Project) -> Result {
    for (schema, definition, file) in CUE {
        for path in dashboard_files(project, *schema)? {
            accepts(&mut cue_call(definition, file, &path)?)?;
        }
    }
    Ok(())
}

/// Grafana's definitions: schema, path of the definition, file.
const CUE: &[(Schema, &str, &str)] = &[
    (Schema::Classic, "lineage.schemas[0].schema.spec", "grafana/v1beta1/dashboard_kind.cue"),
    (Schema::V2, "DashboardSpec", "grafana/v2beta1/dashboard_spec.cue"),
];

fn cue_call(definition: &str, file: &str, dashboard: &Path) -> Result<std::process::Command> {
    let mut call = command("cue")?;
    call.args(["vet", "-d", definition]).arg(schemas().join(file)).arg(dashboard);
    Ok(call)
}

/// kustomize must find every object that is there: what it leaves out is not deployed.
fn kustomize(project: &Project) -> Result {
    let output = accepts(command("kustomize")?.arg("build").arg(&project.out))?;
    let built: Vec<Value> =
        serde_saphyr::from_multiple(&String::from_utf8_lossy(&output.stdout)).context("kustomize")?;
    let mut wanted = 0;
    for artifact in project.artifacts.iter().filter(|a| a.kubernetes) {
        wanted += project::documents(artifact)?.len();
    }
    if built.len() == wanted { Ok(()) } else { Err(format!("{} objects of {wanted} are built", built.len())) }
}

/// Each judge refuses a small broken file, and says why.
fn negatives() -> Vec<Trial> {
    let file = |name: &str| project::root().join("tests/judges/negative").join(name);
    let bad = |name: &str, programs: &'static [&'static str], arguments: Vec<String>, word: &'static str| {
        trial(format!("refuses::{name}"), programs, move || refuses(command(programs[0])?.args(&arguments), word))
    };
    let path = |name: &str| file(name).display().to_string();
    let words = |words: &[&str], last: String| words.iter().map(|w| (*w).to_owned()).chain([last]).collect::<Vec<_>>();
    let schema = |name: &str| schemas().join(name).display().to_string();
    let mut trials = vec![
        bad("promtool-check-rules", &["promtool"], words(&["check", "rules"], path("rules.yaml")), "parse error"),
        bad("promtool-test-rules", &["promtool"], words(&["test", "rules"], path("rules-test.yaml")), "FAILED"),
        bad(
            "promtool-check-config",
            &["promtool"],
            words(&["check", "config"], path("prometheus.yaml")),
            "scrape_intervall",
        ),
        bad("otelcol-validate", &["otelcol"], words(&["validate", "--config"], path("collector.yaml")), "batchh"),
        bad("crdcheck", &["crdcheck"], words(&["-crd", &schema("crd")], path("monitor.yaml")), "nosuch"),
        bad(
            "kubernetes-validate",
            &["kubernetes-validate"],
            words(&["--strict", "-k", KUBERNETES], path("daemonset.yaml")),
            "selector",
        ),
        bad("dashcheck", &["dashcheck"], words(&[], path("dashboard.json")), "exprr"),
        bad("kustomize", &["kustomize"], words(&["build"], path("kustomize")), "missing.yaml"),
    ];
    for (schema, definition, file) in CUE {
        let dashboard = path(if *schema == Schema::V2 { "dashboard-v2.json" } else { "dashboard.json" });
        trials.push(trial(format!("refuses::cue-{schema:?}").to_lowercase(), &["cue"], move || {
            refuses(&mut cue_call(definition, file, Path::new(&dashboard))?, "conflicting values")
        }));
    }
    trials
}
