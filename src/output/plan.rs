//! What would change: computed from the artifacts and the state of the folder, and from nothing else.

use std::collections::BTreeMap;

use super::manifest::{Hash, Hashes, Manifest};
use super::state::{Blocked, Entry, Found, State};
use super::{Report, path};
use crate::diag::{Code, Diagnostic};
use crate::emit::Artifact;

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    Create,
    /// It gets another content.
    Update,
    /// It is no longer generated.
    Remove,
}

impl Kind {
    /// Returns the word that every output format uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "new",
            Self::Update => "changed",
            Self::Remove => "removed",
        }
    }
}

/// What a change would destroy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A file of ours that was edited by hand.
    Edited(Found),
    /// Something that we did not write.
    Foreign(Found),
}

impl Conflict {
    /// Returns the word that every output format uses.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Edited(_) => "edited",
            Self::Foreign(_) => "foreign",
        }
    }

    /// Returns what was found.
    pub fn found(&self) -> &Found {
        match self {
            Self::Edited(found) | Self::Foreign(found) => found,
        }
    }
}

/// One file that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Path in the output folder.
    pub path: String,
    /// What happens to it.
    pub kind: Kind,
    /// What would be lost; `None` for nothing.
    pub conflict: Option<Conflict>,
}

impl Change {
    /// Returns the finding for a change with a conflict. `shown` is the path as the user should read it.
    pub fn finding(&self, shown: &str) -> Option<Diagnostic> {
        let conflict = self.conflict.as_ref()?;
        let what = match conflict.found() {
            Found::Text(_) => "file",
            Found::Bytes => "file that is not text",
            Found::Link => "symbolic link",
            Found::Folder(_) => "folder",
            Found::Special => "special file",
        };
        let finding = match (conflict, self.kind) {
            (Conflict::Edited(Found::Text(_)), Kind::Remove) => {
                let message = format!("`{shown}` was changed by hand and is no longer generated");
                Diagnostic::without_place(Code::OutputEdited, message)
                    .help("Move the file out of the output folder to keep it, or remove it with `--force`")
            }
            (Conflict::Edited(Found::Text(_)), _) => {
                Diagnostic::without_place(Code::OutputEdited, format!("`{shown}` was changed by hand"))
                    .help("Make the change in llmobs.toml instead, or overwrite it with `--force`")
            }
            (Conflict::Edited(_), _) => {
                Diagnostic::without_place(Code::OutputEdited, format!("`{shown}` was replaced by a {what}"))
                    .help("Move it away, or overwrite it with `--force`")
            }
            (Conflict::Foreign(_), _) => {
                let message = format!("`{shown}` is in the way: a {what} that llmobs did not write");
                Diagnostic::without_place(Code::OutputForeign, message)
                    .help("Move it away, name another folder with `--out`, or overwrite it with `--force`")
            }
        };
        Some(finding)
    }
}

/// Everything that writing would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Files that would change, sorted by path.
    pub changes: Vec<Change>,
    /// Number of files that are as they should be.
    pub unchanged: usize,
    /// The manifest that accepts the state before and after.
    pub(super) before: Manifest,
    /// The manifest when all is done.
    pub(super) after: Manifest,
    /// Whether the folder has `after` already.
    pub(super) manifest_is_current: bool,
    /// Temporary files to sweep.
    pub(super) leftovers: Vec<String>,
    /// Folders that may be empty afterwards.
    pub(super) emptied: Vec<String>,
}

impl Plan {
    /// Returns whether writing needs `force`.
    pub fn has_conflicts(&self) -> bool {
        self.changes.iter().any(|c| c.conflict.is_some())
    }

    /// Returns whether the folder is as it should be, the manifest included.
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.manifest_is_current
    }

    /// Counts what writing does.
    pub fn report(&self) -> Report {
        let removed = self.changes.iter().filter(|c| c.kind == Kind::Remove).count();
        Report { changed: self.changes.len() - removed, unchanged: self.unchanged, removed }
    }
}

/// Computes the plan.
///
/// # Errors
/// Findings for what cannot be written even with `force`: a path that leads out of the folder, a file where a folder should
/// be, a folder with files of others where a file should be.
pub fn plan(artifacts: &[Artifact], state: State) -> Result<Plan, Vec<Diagnostic>> {
    let recorded = state.manifest.clone().unwrap_or_default();
    let mut findings = Vec::new();
    let after = hashes(artifacts, &mut findings);
    let mut changes: Vec<Change> = Vec::new();
    let mut unchanged = 0;
    for (path, entry) in &state.entries {
        match (after.contains_key(path), entry) {
            (true, Entry::Same) => unchanged += 1,
            (generated, entry) => changes.extend(change(path, generated, entry, &recorded)),
        }
    }
    let goes = |path: &str| changes.iter().any(|c| c.path == path && c.kind == Kind::Remove && c.conflict.is_none());
    // A folder of ours may become a file, when nothing else is left in it.
    let gives_way: Vec<String> = changes
        .iter()
        .filter(|c| matches!(c.conflict.as_ref().map(Conflict::found), Some(Found::Folder(files)) if files.iter().all(|f| goes(f))))
        .map(|c| c.path.clone())
        .collect();
    findings.extend(obstacles(artifacts, &state.blocked, goes));
    for change in &mut changes {
        if gives_way.contains(&change.path) {
            change.conflict = None;
        } else if let Some(Found::Folder(files)) = change.conflict.as_ref().map(Conflict::found) {
            findings.push(folder_in_the_way(&change.path, files));
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let after = Manifest { files: after, writing: Hashes::new() };
    Ok(Plan {
        before: both(&recorded, &state.entries, &changes, &after),
        manifest_is_current: state.manifest.as_ref() == Some(&after),
        emptied: emptied(&recorded, &after),
        changes,
        unchanged,
        after,
        leftovers: state.leftovers,
    })
}

fn hashes(artifacts: &[Artifact], findings: &mut Vec<Diagnostic>) -> Hashes {
    let mut hashes = Hashes::new();
    for artifact in artifacts {
        let bug = |what: &str| {
            let message = format!("the generated path `{}` {what}", artifact.path.escape_debug());
            Diagnostic::without_place(Code::InternalBug, message).help("Report it with the llmobs.toml that caused it")
        };
        if !path::is_safe(&artifact.path) {
            findings.push(bug("is no path in the output folder"));
        } else if hashes.insert(artifact.path.clone(), Hash::of(artifact.text.as_bytes())).is_some() {
            findings.push(bug("is generated twice"));
        }
    }
    hashes
}

fn change(path: &str, generated: bool, entry: &Entry, recorded: &Manifest) -> Option<Change> {
    let conflict = match entry {
        Entry::Absent | Entry::Same | Entry::Ours(_) => None,
        // Only the hash in `files` was ever on disk for sure; a path of `writing` alone may never have been reached.
        Entry::Other(found) if recorded.files.contains_key(path) => Some(Conflict::Edited(found.clone())),
        Entry::Other(found) => Some(Conflict::Foreign(found.clone())),
    };
    let kind = match (generated, entry) {
        (true, Entry::Absent) => Kind::Create,
        (true, _) => Kind::Update,
        (false, Entry::Absent) => return None,
        // What stands at a path that we no longer generate and never finished to write is not ours to remove.
        (false, _) if matches!(conflict, Some(Conflict::Foreign(_) | Conflict::Edited(Found::Folder(_)))) => {
            return None;
        }
        (false, _) => Kind::Remove,
    };
    Some(Change { path: path.to_owned(), kind, conflict })
}

fn obstacles(
    artifacts: &[Artifact],
    blocked: &BTreeMap<String, Blocked>,
    goes: impl Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let needed = blocked.iter().filter(|(folder, _)| artifacts.iter().any(|a| path::is_below(&a.path, folder)));
    needed
        .filter_map(|(folder, why)| match why {
            Blocked::ByFile if goes(folder) => None,
            Blocked::ByFile => Some(
                Diagnostic::without_place(
                    Code::OutputForeign,
                    format!("`{folder}` is a file where a folder is needed"),
                )
                .help("Move it away, or name another folder with `--out`"),
            ),
            Blocked::ByLink => Some(
                Diagnostic::without_place(
                    Code::OutputUnwritable,
                    format!("`{folder}` is a symbolic link that leads out of the output folder"),
                )
                .help("Replace the link by a folder, or name the folder that it leads to with `--out`"),
            ),
        })
        .collect()
}

fn folder_in_the_way(path: &str, files: &[String]) -> Diagnostic {
    let holds = files.first().map_or(String::from("it is empty"), |f| format!("it holds `{f}`"));
    Diagnostic::without_place(Code::OutputForeign, format!("`{path}` is a folder where a file is needed; {holds}"))
        .help("Move it away, or name another folder with `--out`")
}

/// Returns the manifest that accepts every file as it is now and as it will be.
fn both(recorded: &Manifest, entries: &BTreeMap<String, Entry>, changes: &[Change], after: &Manifest) -> Manifest {
    let mut files = recorded.files.clone();
    for path in recorded.paths() {
        // After a crash a file may have the hash of `writing`; that is what it was before, from now on.
        if let Some(Entry::Ours(hash)) = entries.get(path) {
            files.insert(path.to_owned(), *hash);
        }
    }
    for (path, entry) in entries {
        if let (Entry::Same, Some(hash)) = (entry, after.files.get(path)) {
            files.insert(path.clone(), *hash);
        }
    }
    let written = changes.iter().filter_map(|c| after.files.get_key_value(&c.path));
    Manifest { files, writing: written.map(|(p, h)| (p.clone(), *h)).collect() }
}

/// Returns the folders that lose a file, the innermost first.
fn emptied(recorded: &Manifest, after: &Manifest) -> Vec<String> {
    let gone = recorded.paths().filter(|p| !after.files.contains_key(*p));
    let mut folders: Vec<&str> = gone.flat_map(path::folders).collect();
    folders.sort_unstable_by(|a, b| b.cmp(a));
    folders.dedup();
    folders.into_iter().map(str::to_owned).collect()
}
