//! `llmobs man`: manual pages, made of the same definition as `--help`.

use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::shell::Shell;
use crate::output;

/// Print the manual page
#[derive(clap::Args)]
pub struct Arguments {
    /// Write the pages of all commands to this folder instead
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// The folder cannot be written.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    if let Some(folder) = &arguments.out {
        let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(super::command(), folder));
        let shown = output::shown(folder);
        written.map_err(|e| Failure::new(format!("cannot write manual pages to `{shown}`: {e}")))?;
        return Ok(Exit::Clean);
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(super::command()).render(&mut page);
    rendered.map_err(|e| Failure::new(format!("cannot make the manual page: {e}")))?;
    shell.result(page);
    Ok(Exit::Clean)
}
