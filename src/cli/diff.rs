//! `llmobs diff`: what `generate` would change in the output folder.

use std::path::PathBuf;

use clap::ValueEnum;

use super::exit::{Exit, Failure};
use super::generate::refuse;
use super::project::{self, Project};
use super::shell::Shell;
use crate::diag::render;
use crate::diff::{self, FilePair};
use crate::output;

/// Show what `generate` would change, by meaning and as text
///
/// First rules, alerts, dashboards, panels and Kubernetes objects that would be added, removed or changed, then a unified diff
/// of each file.
#[derive(clap::Args)]
pub struct Arguments {
    /// The llmobs.toml, or the folder with it
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Compare with this folder instead of `out` beside the llmobs.toml
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Exit with 1 if there are differences
    #[arg(long)]
    exit_code: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object
    Json,
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
        shell.complain(&format!("{}; nothing to compare\n", render::summary(&compilation.diagnostics)));
        return Ok(Exit::Findings);
    };
    let artifacts = program.artifacts();
    let out = project.out(arguments.out.as_deref());
    let plan = match output::plan(&out, &artifacts) {
        Ok(plan) => plan,
        Err(findings) => return Ok(refuse(&findings, shell)),
    };
    let pairs: Vec<FilePair<'_>> = plan
        .changes
        .iter()
        .map(|change| FilePair {
            change,
            old: output::read_text(&out, &change.path),
            new: artifacts.iter().find(|a| a.path == change.path).map(|a| a.text.as_str()),
        })
        .collect();
    let items = diff::compare(&pairs);
    match arguments.format {
        Format::Json => shell.result(diff::json(&pairs, &items)),
        Format::Human if pairs.is_empty() => shell.talk(&format!("no differences in {}\n", output::shown(&out))),
        Format::Human => shell.result(diff::human(&pairs, &items, shell.colours_results())),
    }
    Ok(if arguments.exit_code && !pairs.is_empty() { Exit::Findings } else { Exit::Clean })
}
