//! Finds, reads and compiles the llmobs.toml that a command is about.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::shell::Shell;
use crate::diag::{Diagnostic, Severity, render};
use crate::source::{DiskWorld, World as _};
use crate::{Compilation, compile, output};

/// Name of the file that a folder is searched for.
pub const FILE: &str = "llmobs.toml";
/// Name of the output folder beside it.
const OUT: &str = "out";

/// Notes that `check` shows without being asked for, at most.
pub const MAX_NOTES: usize = 20;

/// Where a project is.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder of the llmobs.toml; empty for the current one.
    folder: PathBuf,
    /// The file.
    file: PathBuf,
}

impl Project {
    /// Finds the project that an argument names: a file, or a folder with a llmobs.toml.
    pub fn at(path: &Path) -> Self {
        // `./llmobs.toml` reads worse than `llmobs.toml` in every message.
        let path: PathBuf = path.components().filter(|c| *c != std::path::Component::CurDir).collect();
        let is_folder = path.as_os_str().is_empty() || path.is_dir();
        let file = if is_folder { path.join(FILE) } else { path };
        Self { folder: file.parent().map(Path::to_path_buf).unwrap_or_default(), file }
    }

    /// Returns the folder that is written to.
    pub fn out(&self, flag: Option<&Path>) -> PathBuf {
        flag.map_or_else(|| self.folder.join(OUT), Path::to_path_buf)
    }

    /// Returns the folder that its own paths are relative to; empty for the current one.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of the file, as messages show it.
    pub fn shown(&self) -> String {
        output::shown(&self.file)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<String, Failure> {
        let world = DiskWorld { root: self.folder.clone() };
        let shown = self.shown();
        let read = self.file.file_name().map_or_else(|| Err(ErrorKind::NotFound.into()), |f| world.read(Path::new(f)));
        read.map_err(|e| match e.kind() {
            ErrorKind::NotFound => Failure::new(format!("there is no `{shown}`"))
                .help("Run `llmobs init` to write one, or name the file or its folder"),
            _ => Failure::new(format!("cannot read `{shown}`: {e}")),
        })
    }

    /// Reads and compiles it.
    ///
    /// # Errors
    /// The file cannot be read. What is wrong in it is in the compilation.
    pub fn compile(&self) -> Result<Compilation, Failure> {
        let world = DiskWorld { root: self.folder.clone() };
        Ok(compile(&self.shown(), self.read()?, &world))
    }
}

/// Tells the findings of a compilation that matter while doing something else: errors and warnings in full, notes by number.
pub fn tell(compilation: &Compilation, shell: &Shell) {
    let least = if shell.is_quiet() { Severity::Error } else { Severity::Warning };
    let (told, notes): (Vec<Diagnostic>, Vec<Diagnostic>) =
        compilation.diagnostics.iter().cloned().partition(|d| d.severity >= least);
    shell.complain(&render::human(&told, &compilation.sources, shell.colours_talk()));
    let n_notes = notes.iter().filter(|d| d.severity == Severity::Info).count();
    if n_notes > 0 && compilation.program.is_some() {
        let (s, them) = if n_notes == 1 { ("", "it") } else { ("s", "them") };
        let flag = if n_notes > MAX_NOTES { " --notes" } else { "" };
        shell.talk(&format!("{n_notes} note{s}: run `llmobs check{flag}` to see {them}\n"));
    }
}

/// Tells the errors of a compilation only.
pub fn tell_errors(compilation: &Compilation, shell: &Shell) {
    let errors: Vec<Diagnostic> =
        compilation.diagnostics.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    shell.complain(&render::human(&errors, &compilation.sources, shell.colours_talk()));
}

/// Returns `1 file`, `2 files`.
pub fn n_files(n: usize) -> String {
    format!("{n} file{}", if n == 1 { "" } else { "s" })
}
