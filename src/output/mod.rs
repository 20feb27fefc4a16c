//! Stage 5: artifacts to files on disk, without ever losing what a person wrote.
//!
//! Three steps, one file each: `state` looks at the folder (and only reads), `plan` computes what would change (pure),
//! `apply` carries it out (and only writes). This stage must not know what is in an artifact.
//!
//! # What is whose
//!
//! `.llmobs-manifest.json` in the output folder lists every file that we wrote, with the SHA-256 of its bytes. A file whose
//! hash is listed is ours and may be replaced or removed. A listed file with another hash was edited by hand; a file that is
//! not listed is somebody else's. Both stop the run before the first write, all of them in one report, unless the content is
//! what we would write anyway, or `force` is set. Files that are neither generated nor listed are not even looked at.
//!
//! # What a crash leaves
//!
//! Each file is written beside its place and renamed over it, so a reader sees the old or the new text. Around all of them:
//!
//! 1. the manifest is replaced by one that accepts both states: `files` has the hashes before, `writing` the hashes after;
//! 2. files are written and removed;
//! 3. the manifest is replaced by the final one, without `writing`.
//!
//! Killed before 1: nothing happened. Killed between 1 and 3: every file is absent or has one of its two accepted hashes, so
//! the next run knows it as ours, whatever llmobs.toml says by then; a file that somebody edits in between has neither and is
//! refused. The next run also sweeps temporary files. Nothing is flushed to the medium file by file: after a loss of power
//! the file system may show an empty file, which is why an empty file is never taken for an edit.
//!
//! A second run at the same time is refused by an advisory lock on the output folder, which leaves no lock file behind.

mod apply;
mod lock;
mod manifest;
mod path;
mod plan;
mod replace;
mod state;
#[cfg(test)]
mod tests;

pub use path::shown;
pub use plan::{Change, Conflict, Kind, Plan};
pub use replace::{replace_text, write_text};
pub use state::Found;

use std::path::Path;

use crate::diag::{Code, Diagnostic};
use crate::emit::Artifact;

/// How to write.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Overwrite files that were edited by hand or that are not ours.
    pub force: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that were created or replaced.
    pub changed: usize,
    /// Files that had the right content already; they were not touched.
    pub unchanged: usize,
    /// Files that are no longer generated.
    pub removed: usize,
}

/// Why nothing, or not everything, was written.
#[derive(Debug)]
pub enum Refusal {
    /// Files stand in the way; nothing was written. The plan has a conflict in at least one change.
    Conflicts(Box<Plan>),
    /// Something cannot be read or written. Unless it came from a failed write, nothing was written.
    Findings(Vec<Diagnostic>),
}

/// Computes what writing the artifacts to a folder would change. Reads only.
///
/// # Errors
/// Findings when the folder, its manifest or a file in it cannot be used.
pub fn plan(root: &Path, artifacts: &[Artifact]) -> Result<Plan, Vec<Diagnostic>> {
    plan::plan(artifacts, state::look(root, artifacts)?)
}

/// Writes the artifacts to a folder, which is created if it is not there.
///
/// # Errors
/// [`Refusal::Conflicts`] when a file was edited by hand or is not ours and `force` is not set; [`Refusal::Findings`] when
/// the folder cannot be used.
pub fn write(root: &Path, artifacts: &[Artifact], options: Options) -> Result<Report, Refusal> {
    let stop = |d: Diagnostic| Refusal::Findings(vec![d]);
    std::fs::create_dir_all(root).map_err(|e| stop(unwritable("create the output folder", root, &e)))?;
    let _lock = lock::lock(root).map_err(|d| stop(*d))?;
    let plan = plan(root, artifacts).map_err(Refusal::Findings)?;
    if plan.has_conflicts() && !options.force {
        return Err(Refusal::Conflicts(Box::new(plan)));
    }
    let report = plan.report();
    apply::run(root, &apply::steps(&plan, artifacts)).map_err(|d| stop(*d))?;
    Ok(report)
}

/// Reads a file of the output folder as text, for comparing. `None` when it is absent, not text or too large.
pub fn read_text(root: &Path, path: &str) -> Option<String> {
    state::read_text(root, path)
}

/// Returns the paths of the files that a folder's manifest lists, relative to the folder; none if it has no manifest that can be
/// read.
pub fn generated(root: &Path) -> std::collections::BTreeSet<String> {
    let manifest = state::read_manifest(root).ok().flatten();
    manifest.iter().flat_map(|m| m.paths()).map(str::to_owned).collect()
}

/// Makes the finding for a failed operation on a path.
fn unwritable(what: &str, path: &Path, error: &std::io::Error) -> Diagnostic {
    let shown = path::shown(path);
    let finding = Diagnostic::without_place(Code::OutputUnwritable, format!("cannot {what} `{shown}`: {error}"));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            finding.help("Give yourself the right to write there, or name another folder with `--out`")
        }
        std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
            finding.help("Name a folder with `--out`, not a file")
        }
        _ => finding,
    }
}
