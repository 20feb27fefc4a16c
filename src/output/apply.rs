//! Carries out a plan: the only code of the library that writes.
//!
//! The plan becomes a list of steps, each of which the file system does whole or not at all; what the order of the steps
//! guarantees is said in `output`. A test stops the list after every step.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::Path;

use super::plan::{Change, Kind, Plan};
use super::{path, unwritable};
use crate::diag::Diagnostic;
use crate::emit::Artifact;
use crate::names::{MANIFEST, TEMPORARY};

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Replaces the manifest.
    Manifest(String),
    /// Writes a file of ours and the folders above it.
    Write(&'a str, &'a str),
    /// Removes a file; it may be gone already.
    Remove(&'a str),
    /// Removes a folder if it is empty.
    Prune(&'a str),
}

/// Returns the steps of a plan; none when there is nothing to do.
pub fn steps<'a>(plan: &'a Plan, artifacts: &'a [Artifact]) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = plan.leftovers.iter().map(|p| Step::Remove(p)).collect();
    if plan.changes.is_empty() {
        steps.extend(plan.emptied.iter().map(|f| Step::Prune(f)));
        if !plan.manifest_is_current {
            steps.push(Step::Manifest(plan.after.print()));
        }
        return steps;
    }
    steps.push(Step::Manifest(plan.before.print()));
    let changed: BTreeSet<&str> = plan.changes.iter().map(|c| c.path.as_str()).collect();
    let writes: Vec<Step<'a>> =
        artifacts.iter().filter(|a| changed.contains(a.path.as_str())).map(|a| Step::Write(&a.path, &a.text)).collect();
    let removed = plan.changes.iter().filter(|c| c.kind == Kind::Remove);
    // New files come before old ones go, so a list of files never names one that was removed. Only what stands where a
    // folder or a file is needed has to go first.
    let (first, last): (Vec<&Change>, Vec<&Change>) = removed.partition(|c| is_in_the_way(plan, &c.path));
    let prune = || plan.emptied.iter().map(|f| Step::Prune(f));
    if !first.is_empty() {
        steps.extend(first.into_iter().map(|c| Step::Remove(&c.path)));
        steps.extend(prune());
    }
    steps.extend(writes);
    steps.extend(last.into_iter().map(|c| Step::Remove(&c.path)));
    steps.extend(prune());
    steps.push(Step::Manifest(plan.after.print()));
    steps
}

/// Returns whether a path that goes is a folder of one that comes, or lies below one.
fn is_in_the_way(plan: &Plan, path: &str) -> bool {
    let folder = format!("{path}/");
    let next = plan.after.files.range(folder.clone()..).next();
    next.is_some_and(|(new, _)| new.starts_with(&folder))
        || path::folders(path).any(|f| plan.after.files.contains_key(f))
}

/// Does the steps in order.
///
/// # Errors
/// A finding for the first that fails; those before it are done, and a further run goes on from there.
pub fn run(root: &Path, steps: &[Step<'_>]) -> Result<(), Box<Diagnostic>> {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        match step {
            Step::Manifest(text) => replace(root, MANIFEST, text)?,
            Step::Write(path, text) => {
                if let Some(folder) = path::folders(path).last().filter(|f| made.insert(f)) {
                    let full = path::on_disk(root, folder);
                    std::fs::create_dir_all(&full).map_err(|e| failed("create the folder", &full, &e))?;
                }
                replace(root, path, text)?;
            }
            Step::Remove(path) => {
                let full = path::on_disk(root, path);
                match std::fs::remove_file(&full) {
                    Err(e) if !matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                        return Err(failed("remove", &full, &e));
                    }
                    _ => {}
                }
            }
            // A folder with files of others in it, or one that is gone, is as it should be.
            Step::Prune(folder) => drop(std::fs::remove_dir(path::on_disk(root, folder))),
        }
    }
    Ok(())
}

/// Writes a text beside its place and renames it there.
fn replace(root: &Path, path: &str, text: &str) -> Result<(), Box<Diagnostic>> {
    let full = path::on_disk(root, path);
    let written = temporary(&full).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        // A folder of ours that gave way to this file is empty by now.
        if full.symlink_metadata().is_ok_and(|m| m.is_dir()) {
            std::fs::remove_dir(&full)?;
        }
        file.persist(&full).map(drop).map_err(|e| e.error)
    });
    written.map_err(|e| failed("write", &full, &e))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Box<Diagnostic> {
    Box::new(unwritable(what, path, error))
}

/// Makes a file beside a path, to be renamed over it.
pub(super) fn temporary(full: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // Others may read what we generate, as far as the umask lets them; temporary files are private by default.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let folder = full.parent().filter(|p| !p.as_os_str().is_empty());
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}
