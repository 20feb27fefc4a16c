//! `llmobs check`: every finding about a llmobs.toml, notes included.

use std::path::PathBuf;

use clap::ValueEnum;

use super::exit::{Exit, Failure};
use super::project::Project;
use super::shell::Shell;
use crate::diag::{Severity, render};

/// Check a llmobs.toml and print every finding
///
/// Errors and warnings, and notes about what an engine version cannot tell. Writes nothing.
#[derive(clap::Args)]
pub struct Arguments {
    /// The llmobs.toml, or the folder with it
    #[arg(default_value = ".")]
    path: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the lines and what to do
    Human,
    /// One line per finding
    Concise,
    /// One JSON object
    Json,
}

/// Runs the command.
///
/// # Errors
/// The llmobs.toml cannot be read.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let compilation = Project::at(&arguments.path).compile()?;
    let findings = &compilation.diagnostics;
    shell.result(match arguments.format {
        Format::Human => render::human(findings, &compilation.sources, shell.colours_results()),
        Format::Concise => render::concise(findings, &compilation.sources),
        Format::Json => render::json(findings, &compilation.sources),
    });
    let summary = render::summary(findings);
    shell.talk(&format!("{}\n", if summary.is_empty() { "no findings" } else { &summary }));
    let failed = findings.iter().any(|d| d.severity == Severity::Error);
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}
