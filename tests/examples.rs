//! Golden test: the committed output of every example is what llmobs makes of it today, byte for byte.
//!
//! `LLMOBS_UPDATE=1` rewrites `examples/*/out` instead. Says nothing about whether the output is right; `judges` and `live` do.

use std::fs;

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::Program;
use llmobs::catalog::Catalog;
use llmobs::diag::{Severity, Sink, render};
use llmobs::emit::Artifact;
use llmobs::intake::{self, Hint, Kind};
use llmobs::lint;
use llmobs::names::MANIFEST;
use llmobs::output;
use llmobs::source::Sources;

#[path = "support/mod.rs"]
mod support;
use support::project::{self, Source};
use support::{Context, Result};

fn main() -> std::process::ExitCode {
    let trials = match project::examples() {
        Ok(examples) if !examples.is_empty() => {
            let variants = project::variants().unwrap_or_default();
            let checked = examples.clone().into_iter().chain(variants).map(checked);
            checked.chain(examples.into_iter().flat_map(trials)).collect()
        }
        Ok(_) => vec![failing("there is no example".to_owned())],
        Err(error) => vec![failing(error)],
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn failing(why: String) -> Trial {
    Trial::test("examples", move || Err(why.into()))
}

fn trials(source: Source) -> Vec<Trial> {
    type Test = fn(&Source) -> Result;
    let tests: [(&str, Test); 3] = [("golden", golden), ("twice", twice), ("promql", promql)];
    tests
        .into_iter()
        .map(|(name, test)| {
            let source = source.clone();
            Trial::test(format!("{name}::{}", source.name), move || test(&source).map_err(Failed::from))
        })
        .collect()
}

fn checked(source: Source) -> Trial {
    Trial::test(format!("nothing_to_find::{}", source.name), move || nothing_to_find(&source).map_err(Failed::from))
}

/// Our own checker has nothing to say about what we generate.
fn nothing_to_find(source: &Source) -> Result {
    let program = project::compile(source)?;
    let mut sources = Sources::default();
    let mut sink = Sink::default();
    let mut contents = Vec::new();
    for artifact in program.artifacts() {
        if [".yaml", ".yml", ".json"].iter().any(|e| artifact.path.ends_with(e)) {
            let file = sources.add(artifact.path, artifact.text);
            contents.push(intake::read(&sources, file, Hint { named: false }, &mut sink));
        }
    }
    let queries = contents.iter().flat_map(|c| &c.documents).filter(|d| !matches!(d.kind, Kind::Other)).count();
    if queries == 0 {
        return Err("no document was read".to_owned());
    }
    let targets = lint::project::targets(&program.plan);
    let settings = lint::project::settings(&program.plan);
    let mut catalog = Catalog::default();
    for model in program.plan.models.values() {
        catalog.add((*model.engine.profile).clone());
    }
    sink.extend(lint::check(&contents, &mut catalog, &targets, &settings));
    let found: Vec<_> = sink.into_sorted().into_iter().filter(|d| d.severity > Severity::Info).collect();
    if found.is_empty() { Ok(()) } else { Err(render::human(&found, &sources, false)) }
}

fn golden(source: &Source) -> Result {
    let artifacts = project::compile(source)?.artifacts();
    let folder = source.folder().join("out");
    if std::env::var("LLMOBS_UPDATE").is_ok_and(|v| v == "1") {
        return update(&artifacts, &folder);
    }
    let mut committed = project::files(&folder)?;
    let mut wrong = Vec::new();
    if committed.remove(MANIFEST).is_none() {
        wrong.push(format!("{MANIFEST} is not committed"));
    }
    match output::plan(&folder, &artifacts) {
        Ok(plan) if plan.is_clean() => {}
        Ok(_) => wrong.push("`llmobs generate` would change the folder".to_owned()),
        Err(_) => wrong.push("`llmobs generate` would refuse the folder".to_owned()),
    }
    for artifact in &artifacts {
        match committed.remove(&artifact.path) {
            None => wrong.push(format!("{} is not committed", artifact.path)),
            Some(path) => {
                let text = fs::read_to_string(&path).context(path.display())?;
                if text != artifact.text {
                    wrong.push(difference(&artifact.path, &text, &artifact.text));
                }
            }
        }
    }
    wrong.extend(committed.keys().map(|extra| format!("{extra} is committed, but not generated")));
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{}\nRun LLMOBS_UPDATE=1 cargo test --test examples, and read the difference.", wrong.join("\n")))
    }
}

/// Shows the first lines that differ; the rest is for `git diff` after an update.
fn difference(path: &str, old: &str, new: &str) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    let text =
        diff.unified_diff().context_radius(1).header(&format!("committed/{path}"), &format!("now/{path}")).to_string();
    text.lines().take(30).collect::<Vec<_>>().join("\n")
}

/// Writes as `llmobs generate --force` does, so that the manifest is that of a user.
fn update(artifacts: &[Artifact], folder: &std::path::Path) -> Result {
    match output::write(folder, artifacts, output::Options { force: true }) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{} cannot be written: run `llmobs generate` there", folder.display())),
    }
}

fn twice(source: &Source) -> Result {
    let (first, second) = (project::compile(source)?.artifacts(), project::compile(source)?.artifacts());
    let paths = |all: &[Artifact]| all.iter().map(|a| a.path.clone()).collect::<Vec<_>>();
    if paths(&first) != paths(&second) {
        return Err("two runs make different files".to_owned());
    }
    if paths(&first).windows(2).any(|w| w[0] >= w[1]) {
        return Err("paths are not sorted, or one is made twice".to_owned());
    }
    let differ = first.iter().zip(&second).find(|(a, b)| a.text != b.text);
    differ.map_or(Ok(()), |(a, b)| Err(difference(&a.path, &a.text, &b.text)))
}

/// A parser of others reads every expression of the book, as printed on one line and on several.
fn promql(source: &Source) -> Result {
    let program: Program = project::compile(source)?;
    let records = program.book.records().map(|r| (&r.name, &r.expr));
    let alerts: Vec<(String, _)> = program.book.alerts().map(|a| (a.kind.name().to_owned(), &a.expr)).collect();
    let alerts = alerts.iter().map(|(name, expr)| (name, *expr));
    let mut count = 0;
    for (name, expr) in records.chain(alerts) {
        for text in [expr.pretty(), expr.to_string()] {
            promql_parser::parser::parse(&text).map_err(|e| format!("{name}: {e}\n{text}"))?;
        }
        count += 1;
    }
    if count == 0 { Err("the book is empty".to_owned()) } else { Ok(()) }
}
