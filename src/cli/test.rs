//! `llmobs test`: runs the unit tests of the alerts through promtool and says which alert passes.
//!
//! promtool is another program: where it is not there, that is said and nothing is judged. Each test is run by itself, with the
//! rules that it needs, in a temporary folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::exit::{Exit, Failure};
use super::project::{self, Project};
use super::shell::Shell;
use crate::emit::{PROOF_RULES, ProofRun};
use crate::parallel;

/// Prove the alerts: run their generated unit tests through promtool
///
/// For every alert: it fires when it must and not before its time, and stays silent just below its threshold, without traffic,
/// for one bad request at night, after a restart and when everything is gone. promtool must be installed; it comes with
/// Prometheus.
#[derive(clap::Args)]
pub struct Arguments {
    /// The llmobs.toml, or the folder with it
    #[arg(default_value = ".", value_name = "PATH")]
    project: PathBuf,
    /// The program, if it is not on the PATH
    #[arg(long, value_name = "PATH", default_value = "promtool")]
    promtool: PathBuf,
}

/// How a test went: nothing, or what promtool said.
type Said = Result<(), String>;

/// Runs the command.
///
/// # Errors
/// The llmobs.toml cannot be read, or promtool is not there.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let compilation = Project::at(&arguments.project).compile()?;
    project::tell(&compilation, shell);
    let Some(program) = &compilation.program else { return Ok(Exit::Findings) };
    let version = version(&arguments.promtool)?;
    let runs = program.proofs();
    let results = parallel::map(&runs, 1, |run| judge(&arguments.promtool, run));
    let mut alerts: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    let mut said = String::new();
    for (run, result) in runs.iter().zip(results) {
        let result = result?;
        let failed = result.as_ref().err().map(|text| failed(text, run)).unwrap_or_default();
        for alert in &run.alerts {
            let passes = alerts.entry((&run.part, alert)).or_insert(true);
            *passes &= !failed.contains(alert);
        }
        if let Err(text) = result {
            said.push_str(&format!("\n{}: {}\n{}\n", run.part, run.name, text.trim_end()));
        }
    }
    let wide = alerts.keys().map(|(part, _)| part.len()).max().unwrap_or(0);
    let mut lines = String::new();
    for ((part, alert), passes) in &alerts {
        lines.push_str(&format!("{} {part:wide$} {alert}\n", if *passes { "pass" } else { "FAIL" }));
    }
    let n_failed = alerts.values().filter(|passes| !**passes).count();
    lines.push_str(&said);
    lines.push_str(&format!(
        "\n{} alerts, {} tests, {n_failed} failed ({})\n",
        alerts.len(),
        runs.len(),
        crate::diag::printable(version)
    ));
    shell.result(lines);
    Ok(if n_failed == 0 { Exit::Clean } else { Exit::Findings })
}

/// Returns the first line that promtool says about itself.
fn version(promtool: &Path) -> Result<String, Failure> {
    let output =
        Command::new(promtool).arg("--version").stdin(Stdio::null()).output().map_err(|e| absent(promtool, &e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().unwrap_or_default();
    if !output.status.success() || !first.starts_with("promtool") {
        return Err(Failure::new(format!("`{}` is not promtool", promtool.display())));
    }
    Ok(first.split(" (").next().unwrap_or(first).to_owned())
}

fn absent(promtool: &Path, error: &std::io::Error) -> Failure {
    let shown = promtool.display();
    let failure = match error.kind() {
        ErrorKind::NotFound => Failure::new(format!("`{shown}` is not there: nothing was tested")),
        _ => Failure::new(format!("`{shown}` cannot be started: {error}")),
    };
    failure.help("Install promtool, which comes with Prometheus, or name it with `--promtool PATH`")
}

fn judge(promtool: &Path, run: &ProofRun) -> Result<Said, Failure> {
    let unwritable = |e: std::io::Error| Failure::new(format!("cannot write to the temporary folder: {e}"));
    let folder = tempfile::tempdir().map_err(unwritable)?;
    let test = folder.path().join("test.yaml");
    std::fs::write(folder.path().join(PROOF_RULES), &run.rules).map_err(unwritable)?;
    std::fs::write(&test, &run.test).map_err(unwritable)?;
    let call = Command::new(promtool).args(["test", "rules"]).arg(&test).stdin(Stdio::null()).output();
    let output = call.map_err(|e| absent(promtool, &e))?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let text = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    let lines = text.lines().filter(|l| !l.trim().is_empty()).map(|l| crate::diag::printable(l.to_owned()));
    Ok(Err(lines.collect::<Vec<String>>().join("\n")))
}

/// Returns the alerts that promtool names in what failed; all of the test if it names none.
fn failed(said: &str, run: &ProofRun) -> BTreeSet<String> {
    let plain = said.replace('\\', "");
    let named: BTreeSet<String> =
        run.alerts.iter().filter(|a| plain.contains(&format!("alertname=\"{a}\""))).cloned().collect();
    if named.is_empty() { run.alerts.iter().cloned().collect() } else { named }
}
