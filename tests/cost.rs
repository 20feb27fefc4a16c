//! Cost by hand: for each `tests/cost/NAME.toml`, promtool evaluates the generated rules over the series of `NAME.yaml` and must
//! find what a person computed in its comments.
//!
//! Each file names a change (`# wrong: 3.25 -> 3.26`) with which its tests must fail, so that none of them is an empty promise.

use std::fs;
use std::path::PathBuf;

use libtest_mimic::{Arguments, Trial};
use llmobs::Program;
use llmobs::source::MemoryWorld;

#[path = "support/mod.rs"]
mod support;
use support::judge::{accepts, command, refuses, trial};
use support::project;
use support::{Context, Result};

fn main() -> std::process::ExitCode {
    let trials = names().unwrap_or_default().into_iter().flat_map(|name| {
        let (right, wrong) = (name.clone(), name.clone());
        [
            trial(format!("by_hand::{name}"), &["promtool"], move || by_hand(&right)),
            trial(format!("wrong_is_found::{name}"), &["promtool"], move || wrong_is_found(&wrong)),
        ]
    });
    let mut trials: Vec<Trial> = trials.collect();
    trials.push(Trial::test("there_are_cases", || if names()?.len() > 5 { Ok(()) } else { Err("few cases".into()) }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn folder() -> PathBuf {
    project::root().join("tests/cost")
}

fn names() -> Result<Vec<String>> {
    let files = project::entries(&folder())?;
    let names = files.iter().filter(|p| p.extension().is_some_and(|e| e == "toml"));
    Ok(names.filter_map(|p| p.file_stem()).map(|n| n.to_string_lossy().into_owned()).collect())
}

fn by_hand(name: &str) -> Result {
    let text = text(name, "toml")?;
    accepts(&mut prepared(name, &text)?.0).map(drop)
}

/// The tests of a case must see the change that its file names.
fn wrong_is_found(name: &str) -> Result {
    let text = text(name, "toml")?;
    let line = text.lines().find_map(|l| l.strip_prefix("# wrong: ")).context("no line `# wrong: A -> B`")?;
    let (from, to) = line.split_once(" -> ").context("no ` -> `")?;
    let rest = text.replacen(line, "", 1);
    if !rest.contains(from) {
        return Err(format!("`{from}` is not in the file"));
    }
    refuses(&mut prepared(name, &rest.replace(from, to))?.0, "FAILED")
}

fn text(name: &str, extension: &str) -> Result<String> {
    let path = folder().join(format!("{name}.{extension}"));
    fs::read_to_string(&path).context(path.display())
}

/// Returns the command that runs the tests of a case, and the folder that it reads.
fn prepared(name: &str, toml: &str) -> Result<(std::process::Command, tempfile::TempDir)> {
    let program = compiled(toml)?;
    let place = tempfile::tempdir().context("temporary folder")?;
    let rules = project::write_for_prometheus(&program.artifacts(), place.path())?;
    let listed: Vec<String> = rules.iter().map(|r| format!("  - {}\n", r.display())).collect();
    let interval = program.plan.prometheus.evaluation_interval;
    let tests = text(name, "yaml")?;
    // promtool takes groups in an order of its own; a Prometheus that has run for a minute does not depend on any.
    let groups = program.book.chapters.iter().flat_map(|c| &c.groups);
    let order: String = groups.map(|g| format!("  - {}\n", g.name)).collect();
    let rules = listed.concat();
    let whole = format!("rule_files:\n{rules}evaluation_interval: {interval}\ngroup_eval_order:\n{order}{tests}");
    let file = place.path().join("tests.yaml");
    project::write(&file, &whole)?;
    let mut command = command("promtool")?;
    command.args(["test", "rules"]).arg(&file);
    Ok((command, place))
}

fn compiled(toml: &str) -> Result<Program> {
    let compilation = llmobs::compile("llmobs.toml", toml.to_owned(), &MemoryWorld::default());
    let shown = llmobs::diag::render::human(&compilation.diagnostics, &compilation.sources, false);
    compilation.program.ok_or(shown)
}
