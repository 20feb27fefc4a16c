//! Paths, folders and globs to the files that are read, in an order that depends on nothing but their names.
//!
//! Looks at names only; reads no file. Links to folders are followed only where the user names them.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use crate::diag::{Code, Diagnostic, Sink, shorten};
use crate::source::{Entry, EntryKind, World};

/// Folders that hold what tools wrote, not what people did.
const SKIPPED: &[&str] = &["target", "node_modules"];
/// Files of llmobs in an output folder.
const OWN: &[&str] = &[".llmobs-manifest.json"];
/// Files in folders that are looked at, at most.
const MAX_FILES: usize = 200_000;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Path as the user would write it, with forward slashes; `-` for the standard input.
    pub path: String,
    /// Whether the user named the file; else it was found in a folder or by a glob.
    pub named: bool,
}

/// Returns the files that `paths` name: files, folders with all below them, globs, `-`. What cannot be read is a finding.
///
/// Each file comes once, in the order of the paths, within a folder by name.
pub fn discover(paths: &[String], world: &dyn World, sink: &mut Sink) -> Vec<Found> {
    let mut walk = Walk { world, sink, out: Vec::new(), full: false };
    for path in paths {
        let path = &path.replace('\\', "/");
        if path == "-" {
            walk.out.push(Found { path: path.clone(), named: true });
            continue;
        }
        match world.kind(Path::new(path)) {
            Ok(EntryKind::Folder | EntryKind::FolderLink) => walk.folder(path.trim_end_matches('/'), None),
            Ok(_) => walk.out.push(Found { path: path.clone(), named: true }),
            Err(error) if path.contains(['*', '?', '[', '{']) => walk.glob(path, &error),
            Err(error) => walk.unreadable(path, &error),
        }
    }
    let mut out = walk.out;
    let mut seen = std::collections::BTreeMap::new();
    for found in &out {
        *seen.entry(plain(&found.path).to_owned()).or_insert(false) |= found.named;
    }
    out.retain_mut(|found| match seen.remove(plain(&found.path)) {
        Some(named) => {
            found.named = named;
            true
        }
        None => false,
    });
    out
}

/// A path without `./`.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./")
}

struct Walk<'w> {
    world: &'w dyn World,
    sink: &'w mut Sink,
    out: Vec<Found>,
    full: bool,
}

impl Walk<'_> {
    fn unreadable(&mut self, path: &str, error: &std::io::Error) {
        let message = format!("`{}` cannot be read: {error}", shorten(path));
        self.sink.push(Diagnostic::without_place(Code::FileUnreadable, message));
    }

    /// Adds the files below a folder, those that match or those with a known ending.
    fn folder(&mut self, root: &str, matcher: Option<&GlobMatcher>) {
        let mut open = vec![root.to_owned()];
        while let Some(folder) = open.pop() {
            let entries = match self.world.list(Path::new(if folder.is_empty() { "." } else { &folder })) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable(&folder, &error);
                    continue;
                }
            };
            let mut folders = Vec::new();
            for Entry { name, kind } in entries {
                let path = match folder.as_str() {
                    "" => name.clone(),
                    "/" => format!("/{name}"),
                    folder => format!("{folder}/{name}"),
                };
                match kind {
                    EntryKind::Folder if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) => {
                        folders.push(path)
                    }
                    EntryKind::File => {
                        let wanted = matcher.map_or_else(|| is_ours(&name), |m| m.is_match(plain(&path)));
                        if wanted && !OWN.contains(&name.as_str()) {
                            self.out.push(Found { path, named: false });
                        }
                    }
                    _ => {}
                }
            }
            if self.out.len() > MAX_FILES {
                if !std::mem::replace(&mut self.full, true) {
                    let message = format!("`{}` holds more than {MAX_FILES} files", shorten(root));
                    self.sink.push(Diagnostic::without_place(Code::FileLimitExceeded, message));
                }
                return;
            }
            open.extend(folders.into_iter().rev());
        }
    }

    fn glob(&mut self, path: &str, error: &std::io::Error) {
        let glob = match GlobBuilder::new(plain(path)).literal_separator(true).build() {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                let message = format!("`{}` is no glob: {}", shorten(path), error.kind());
                self.sink.push(Diagnostic::without_place(Code::FileUnreadable, message));
                return;
            }
        };
        // Only the folders below the last one without a pattern can match.
        let fixed = path.find(['*', '?', '[', '{']).and_then(|at| path[..at].rfind('/'));
        let root = match fixed {
            Some(0) => "/",
            Some(at) => &path[..at],
            None => "",
        };
        let before = self.out.len();
        match self.world.kind(Path::new(if root.is_empty() { "." } else { root })) {
            Ok(_) => self.folder(root, Some(&glob)),
            Err(_) => return self.unreadable(path, error),
        }
        if self.out.len() == before && !self.full {
            let message = format!("`{}` matches no file", shorten(path));
            self.sink.push(Diagnostic::without_place(Code::FileUnreadable, message));
        }
    }
}

/// Whether a file in a folder is looked at.
fn is_ours(name: &str) -> bool {
    let hidden = name.starts_with('.');
    !hidden && (name == "llmobs.toml" || [".yaml", ".yml", ".json"].iter().any(|e| name.ends_with(e)))
}
