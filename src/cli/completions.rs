//! `llmobs completions`: completion scripts for shells.

use super::exit::{Exit, Failure};
use super::shell::Shell;

/// Print a completion script for a shell
#[derive(clap::Args)]
pub struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

/// Runs the command.
///
/// # Errors
/// None.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "llmobs", &mut script);
    shell.result(script);
    Ok(Exit::Clean)
}
