//! `llmobs init`: writes a first llmobs.toml, from flags or from `/metrics` pages.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::shell::Shell;
use super::{page, project};
use crate::diag::{Diagnostic, render};
use crate::init::{self, Options};
use crate::output;
use crate::source::Sources;

/// Write a first llmobs.toml
///
/// Asks nothing. Engine, version range, model names and GPUs are read from the metrics pages that are given; without pages the
/// flags and defaults decide. What cannot be known is marked in the file.
#[derive(clap::Args)]
pub struct Arguments {
    /// Metrics page of an engine or GPU exporter, as a file or as a URL; may be repeated
    #[arg(long, value_name = "FILE|URL")]
    from_metrics: Vec<String>,
    /// Engine that serves the model
    #[arg(long)]
    engine: Option<String>,
    /// Version of the engine
    #[arg(long, value_name = "VERSION")]
    engine_version: Option<String>,
    /// Name under which the model is served
    #[arg(long, value_name = "NAME")]
    model_name: Option<String>,
    /// GPU model, by its short name
    #[arg(long)]
    gpu: Option<String>,
    /// Name of the project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Namespace of the pods
    #[arg(long)]
    namespace: Option<String>,
    /// Write to this file; `-` is stdout
    #[arg(long, value_name = "FILE", default_value = project::FILE)]
    out: PathBuf,
    /// Overwrite the file if it exists
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// A page cannot be read, or the file exists or cannot be written.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let to_stdout = arguments.out.as_os_str() == "-";
    // Said before pages are fetched; that nothing is lost is up to `write`.
    if !to_stdout && !arguments.force && arguments.out.symlink_metadata().is_ok() {
        return Err(exists(&arguments.out));
    }
    let text = match text(arguments)? {
        Ok(text) => text,
        Err((sources, findings)) => return Ok(refuse(&findings, &sources, shell)),
    };
    if to_stdout {
        shell.result(text);
        return Ok(Exit::Clean);
    }
    write(&arguments.out, &text, arguments.force)?;
    let shown = output::shown(&arguments.out);
    shell.talk(&format!("wrote {shown}; read it, then run `llmobs generate`\n"));
    Ok(Exit::Clean)
}

type Rejected = (Sources, Vec<Diagnostic>);

fn text(arguments: &Arguments) -> Result<Result<String, Rejected>, Failure> {
    let options = Options {
        project: arguments.project.clone(),
        engine: arguments.engine.clone(),
        version: arguments.engine_version.clone(),
        served_model_name: arguments.model_name.clone(),
        namespace: arguments.namespace.clone(),
        gpu: arguments.gpu.clone(),
    };
    if arguments.from_metrics.is_empty() {
        let wrong = options.check();
        return Ok(if wrong.is_empty() { Ok(init::from_flags(&options)) } else { Err((Sources::default(), wrong)) });
    }
    let pages: Result<Vec<(String, String)>, Failure> =
        arguments.from_metrics.iter().map(|from| Ok((from.clone(), page::read(from)?))).collect();
    Ok(init::from_pages(&pages?, &options).map_err(|r| (r.sources, r.diagnostics)))
}

fn refuse(findings: &[Diagnostic], sources: &Sources, shell: &Shell) -> Exit {
    shell.complain(&render::human(findings, sources, shell.colours_talk()));
    shell.complain(&format!("{}; nothing was written\n", render::summary(findings)));
    Exit::Findings
}

/// Writes the file; never over another one unless forced.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let cannot = |e: std::io::Error| Failure::new(format!("cannot write `{}`: {e}", output::shown(path)));
    if force {
        return std::fs::write(path, text).map_err(cannot);
    }
    let created = std::fs::File::create_new(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => cannot(e),
    });
    created?.write_all(text.as_bytes()).map_err(cannot)
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!("`{}` is there already", output::shown(path)))
        .help("Name another file with `--out`, or overwrite it with `--force`")
}
