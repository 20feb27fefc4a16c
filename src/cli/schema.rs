//! `llmobs schema`: the JSON Schema of llmobs.toml.

use super::exit::{Exit, Failure};
use super::shell::Shell;

/// Print the JSON Schema of llmobs.toml
///
/// Editors complete and check llmobs.toml with it.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the command.
///
/// # Errors
/// None.
pub fn run(shell: &mut Shell) -> Result<Exit, Failure> {
    shell.result(format!("{:#}\n", crate::spec::json_schema()));
    Ok(Exit::Clean)
}
