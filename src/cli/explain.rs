//! `llmobs explain`: a diagnostic code, an alert or a recorded series by name.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::project::{self, Project};
use super::shell::Shell;

/// Explain a diagnostic code, an alert or a recorded series
///
/// In a folder with a llmobs.toml, or with `--project`, it says what the name means in that project: thresholds, queries,
/// models.
#[derive(clap::Args)]
pub struct Arguments {
    /// For example `slo/threshold-off-bucket`, `HighTimeToFirstToken` or `ai:ttft_seconds:p99`
    topic: String,
    /// The llmobs.toml, or the folder with it
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// The topic is unknown, or the llmobs.toml that was named cannot be read.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let compilation = match &arguments.project {
        Some(path) => Some(Project::at(path).compile()?),
        // Nobody asked for the project in the current folder, so its mistakes are no obstacle.
        None if Path::new(project::FILE).is_file() => Project::at(Path::new("")).compile().ok(),
        None => None,
    };
    if let (Some(compilation), true) = (&compilation, arguments.project.is_some()) {
        project::tell_errors(compilation, shell);
    }
    let program = compilation.as_ref().and_then(|c| c.program.as_ref());
    let text = crate::explain::explain(&arguments.topic, program).map_err(|near| unknown(&arguments.topic, &near))?;
    shell.result(text);
    Ok(Exit::Clean)
}

fn unknown(topic: &str, near: &[String]) -> Failure {
    let topic = crate::diag::shorten(topic);
    let failure = Failure::new(format!("there is no diagnostic code, alert or recorded series `{topic}`"));
    let names: Vec<String> = near.iter().map(|n| format!("`{n}`")).collect();
    match names.as_slice() {
        [] => failure,
        [one] => failure.help(format!("did you mean {one}?")),
        several => failure.help(format!("there are: {}", several.join(", "))),
    }
}
