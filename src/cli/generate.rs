//! `llmobs generate`: writes the output folder, or says whether it is up to date.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::project::{self, Project, n_files};
use super::shell::Shell;
use crate::diag::{Diagnostic, render};
use crate::diff::text;
use crate::emit::Artifact;
use crate::output::{self, Conflict, Found, Options, Plan, Refusal};
use crate::source::Sources;

/// Most lines that are shown of how a file was edited; `llmobs diff` shows all.
const MAX_DIFF_LINES: usize = 60;

/// Write everything that watches the models to the output folder
///
/// Files that are as they should be are not touched, files that are no longer generated are removed. A file that was changed
/// by hand, or that llmobs did not write, stops the run before anything is written.
#[derive(clap::Args)]
pub struct Arguments {
    /// The llmobs.toml, or the folder with it
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Write to this folder instead of `out` beside the llmobs.toml
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write nothing; list the files that would change, and exit with 1 if there are any
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Overwrite files that were changed by hand or not written by llmobs
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// The llmobs.toml cannot be read.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let project = Project::at(&arguments.path);
    let compilation = project.compile()?;
    project::tell(&compilation, shell);
    let Some(program) = compilation.program.as_ref() else {
        shell.complain(&format!("{}; nothing was written\n", render::summary(&compilation.diagnostics)));
        return Ok(Exit::Findings);
    };
    let artifacts = program.artifacts();
    let out = project.out(arguments.out.as_deref());
    if arguments.check { check(&out, &artifacts, shell) } else { write(&out, &artifacts, arguments.force, shell) }
}

fn write(out: &Path, artifacts: &[Artifact], force: bool, shell: &mut Shell) -> Result<Exit, Failure> {
    match output::write(out, artifacts, Options { force }) {
        Ok(report) => {
            shell.talk(&format!(
                "wrote {} to {} ({} changed, {} unchanged, {} removed)\n",
                n_files(artifacts.len()),
                output::shown(out),
                report.changed,
                report.unchanged,
                report.removed
            ));
            Ok(Exit::Clean)
        }
        Err(Refusal::Findings(findings)) => Ok(refuse(&findings, shell)),
        Err(Refusal::Conflicts(plan)) => {
            tell_conflicts(out, &plan, artifacts, shell);
            Ok(Exit::Findings)
        }
    }
}

fn check(out: &Path, artifacts: &[Artifact], shell: &mut Shell) -> Result<Exit, Failure> {
    let plan = match output::plan(out, artifacts) {
        Ok(plan) => plan,
        Err(findings) => return Ok(refuse(&findings, shell)),
    };
    let shown = output::shown(out);
    if plan.is_clean() {
        shell.talk(&format!("{shown} is up to date ({})\n", n_files(artifacts.len())));
        return Ok(Exit::Clean);
    }
    for change in &plan.changes {
        let note = change.conflict.as_ref().map_or(String::new(), |c| format!(" ({})", c.word()));
        shell.result(format!("{:<8} {}{note}\n", change.kind.word(), change.path));
    }
    if plan.changes.is_empty() {
        shell.result(format!("{:<8} {}\n", "changed", crate::names::MANIFEST));
    }
    let n = plan.changes.len().max(1);
    let would = format!("{} would change", n_files(n));
    shell.complain(&format!("{shown} is not up to date: {would}; run `llmobs generate`\n"));
    Ok(Exit::Findings)
}

/// Tells findings about the output folder, which has no place in a text.
pub fn refuse(findings: &[Diagnostic], shell: &Shell) -> Exit {
    shell.complain(&render::human(findings, &Sources::default(), shell.colours_talk()));
    Exit::Findings
}

fn tell_conflicts(out: &Path, plan: &Plan, artifacts: &[Artifact], shell: &Shell) {
    let mut n = 0;
    for change in &plan.changes {
        let Some(finding) = change.finding(&output::shown(&out.join(&change.path))) else { continue };
        n += 1;
        refuse(&[finding], shell);
        if let Some(Found::Text(old)) = change.conflict.as_ref().map(Conflict::found) {
            let new = artifacts.iter().find(|a| a.path == change.path).map(|a| a.text.as_str());
            let diff = text::unified(&change.path, Some(old), new);
            let diff = text::painted(&text::shortened(&diff, MAX_DIFF_LINES), shell.colours_talk());
            shell.complain(&format!("{diff}\n"));
        }
    }
    shell.complain(&format!("{} in the way; nothing was written\n", n_files(n)));
}
