//! The house in order: formatting, lints, heads of files, sizes, and words that have no place here.
//!
//! Knows nothing of what llmobs does.

use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

#[path = "support/mod.rs"]
mod support;
use support::judge::accepts;
use support::project::root;
use support::{Context, Result};

/// Visible entries of the top folder; dotfiles beside them are settings of tools.
const TOP: &[&str] = &[
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "action.yml",
    "README.md",
    "examples",
    "profiles",
    "src",
    "templates",
    "tests",
];

/// Lines that a source file may have.
const LINES: usize = 500;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] = &[
    ("src/declare/mod.rs", "one macro and the reader that it expands to"),
    ("src/declare/values.rs", "one small type after the other, all of one kind"),
    ("src/promql/ast.rs", "the nodes of one tree, and what walks it"),
];

type Check = fn() -> Result;

/// Modules in the order in which they may use one another: each only those of its own line and of lines above. The map is in
/// `src/lib.rs`.
const LAYERS: &[&[&str]] = &[
    &["units", "source", "diag", "declare", "parallel", "slo"],
    &["promql", "spec", "catalog", "alert_kind", "metrics_page", "intake"],
    &["infer", "resolve"],
    &["names", "signals", "lint"],
    &["emit"],
    &["output", "diff", "explain", "reference", "init", "simulate"],
    &["catalog_report"],
    &["cli"],
];

fn main() -> std::process::ExitCode {
    let tests: [(&str, Check); 8] = [
        ("fmt", fmt),
        ("clippy", clippy),
        ("heads", heads),
        ("unfinished", unfinished),
        ("top", top),
        ("words", words),
        ("lines", lines),
        ("layers", layers),
    ];
    let trials = tests.into_iter().map(|(name, test)| Trial::ignorable_test(name, move || run(test)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// What is checked are the files that git knows; a package without its history has none.
fn run(test: fn() -> Result) -> std::result::Result<Completion, Failed> {
    if !root().join(".git").exists() {
        return Ok(Completion::ignored_with("not a git checkout"));
    }
    test()?;
    Ok(Completion::Completed)
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

fn fmt() -> Result {
    accepts(cargo().args(["fmt", "--check"])).map(drop)
}

/// `cargo test` holds no lock any more when tests run, so this does not wait for it.
fn clippy() -> Result {
    accepts(cargo().args(["clippy", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"])).map(drop)
}

/// Returns the paths that git tracks, and new ones that it does not ignore.
fn tracked() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let output = accepts(&mut git)?;
    let paths = String::from_utf8(output.stdout).context("git")?;
    Ok(paths.lines().filter(|p| root().join(p).is_file()).map(str::to_owned).collect())
}

/// Returns the text of a file; pictures and the like have none.
fn text(path: &str) -> Result<Option<String>> {
    let bytes = std::fs::read(root().join(path)).context(path)?;
    Ok(String::from_utf8(bytes).ok())
}

/// Applies a check to every line of the tracked files that `which` chooses.
fn each_line(which: fn(&str) -> bool, wrong: &dyn Fn(&str) -> bool) -> Result {
    let mut found = Vec::new();
    for path in tracked()?.iter().filter(|p| which(p)) {
        let Some(text) = text(path)? else { continue };
        let lines = text.lines().enumerate().filter(|(_, line)| wrong(line));
        found.extend(lines.map(|(n, line)| format!("{path}:{}: {}", n + 1, line.trim())));
    }
    report(found)
}

fn report(found: Vec<String>) -> Result {
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

fn heads() -> Result {
    let mut found = Vec::new();
    for path in tracked()? {
        let rust = Path::new(&path).extension().is_some_and(|e| e == "rs");
        if rust && !text(&path)?.is_some_and(|t| t.starts_with("//! ")) {
            found.push(format!("{path} does not open with `//!`"));
        }
    }
    report(found)
}

fn unfinished() -> Result {
    let marks = ["todo!", "unimplemented!", "dbg!", "not implemented", "FIXME", "TODO"];
    each_line(|p| ["src/", "templates/", "profiles/"].iter().any(|f| p.starts_with(f)), &|line| {
        marks.iter().any(|m| line.contains(m))
    })
}

fn top() -> Result {
    let mut found: Vec<String> = tracked()?.iter().filter_map(|p| p.split('/').next()).map(str::to_owned).collect();
    found.dedup();
    found.retain(|entry| !entry.starts_with('.') && !TOP.contains(&entry.as_str()));
    report(found)
}

/// Paths of the machine that something was written on, and how it was written, belong in no file.
fn words() -> Result {
    // Parted, so that this file does not find itself.
    let words = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("this ses", "sion")];
    each_line(|_| true, &|line| words.iter().any(|w| line.contains(w)))
}

fn lines() -> Result {
    let mut found = Vec::new();
    for path in tracked()?.iter().filter(|p| p.ends_with(".rs")) {
        let count = text(path)?.map_or(0, |t| t.lines().count());
        let allowed = LONG.iter().any(|(long, _)| long == path);
        if count > LINES && !allowed {
            found.push(format!("{path} has {count} lines: part it, or say in tests/tidy.rs why not"));
        }
        if count <= LINES && allowed {
            found.push(format!("{path} has {count} lines and needs no exception in tests/tidy.rs any more"));
        }
    }
    report(found)
}

/// Nothing uses a module of a layer below its own.
fn layers() -> Result {
    let layer = |module: &str| LAYERS.iter().position(|l| l.contains(&module));
    let mut found = Vec::new();
    for path in tracked()? {
        let Some(inside) = path.strip_prefix("src/").filter(|p| p.ends_with(".rs")) else { continue };
        let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let Some(own) = layer(module) else {
            found.push(format!("{path}: `{module}` is in no layer"));
            continue;
        };
        for used in text(&path)?.unwrap_or_default().split("crate::").skip(1) {
            let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if layer(used).is_some_and(|l| l > own) {
                found.push(format!("{path} uses crate::{used}, which is further down"));
            }
        }
    }
    report(found)
}
