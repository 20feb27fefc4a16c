//! Looks at the output folder: what stands at every path that is generated or recorded.
//!
//! Reads only, and only those paths. Texts are kept only where a person has to be shown a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::manifest::{Hash, Manifest};
use super::{path, unwritable};
use crate::diag::{Code, Diagnostic};
use crate::emit::Artifact;
use crate::names::{MANIFEST, TEMPORARY};
use crate::source::MAX_FILE_BYTES;

/// Deepest folder that is looked into, and most files that are listed, when a folder stands where a file should be.
const MAX_IN_THE_WAY: usize = 1000;

/// Something at a path that we did not write, or not like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A text.
    Text(String),
    /// A file that is not UTF-8, or larger than any file of ours.
    Bytes,
    /// A symbolic link.
    Link,
    /// A folder and the files in it, as paths in the output folder.
    Folder(Vec<String>),
    /// A device, socket or pipe.
    Special,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Absent,
    /// What we would write.
    Same,
    /// What we wrote before.
    Ours(Hash),
    /// Anything else.
    Other(Found),
}

/// Why nothing can be written below a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// It is a file.
    ByFile,
    /// It is a symbolic link that leads out of the output folder.
    ByLink,
}

/// The output folder as it is.
#[derive(Debug, Default)]
pub struct State {
    /// What we wrote before; `None` when the folder has no manifest.
    pub manifest: Option<Manifest>,
    /// Every path that is generated or recorded.
    pub entries: BTreeMap<String, Entry>,
    /// Folders that nothing can be written below.
    pub blocked: BTreeMap<String, Blocked>,
    /// Temporary files of a run that crashed.
    pub leftovers: Vec<String>,
}

/// Looks at the folder. A folder that is not there is an empty one.
///
/// # Errors
/// Findings for what cannot be read, and for a manifest that cannot be used.
pub fn look(root: &Path, artifacts: &[Artifact]) -> Result<State, Vec<Diagnostic>> {
    match std::fs::metadata(root) {
        Ok(m) if m.is_dir() => {}
        Ok(_) => return Err(vec![unwritable("write to", root, &io::ErrorKind::NotADirectory.into())]),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(vec![unwritable("read", root, &e)]),
    }
    let manifest = read_manifest(root).map_err(|d| vec![*d])?;
    let recorded = manifest.clone().unwrap_or_default();
    let mut wanted: BTreeMap<&str, Option<&str>> = recorded.paths().map(|p| (p, None)).collect();
    wanted
        .extend(artifacts.iter().filter(|a| path::is_safe(&a.path)).map(|a| (a.path.as_str(), Some(a.text.as_str()))));

    let mut findings = Vec::new();
    let (folders, blocked) = folders(root, wanted.keys().copied(), &mut findings);
    let mut entries = BTreeMap::new();
    for (path, expected) in wanted {
        let reachable = path.rfind('/').is_none_or(|end| folders.contains(&path[..end]));
        let entry = if reachable { entry(root, path, expected, &recorded) } else { Ok(Entry::Absent) };
        match entry {
            Ok(entry) => drop(entries.insert(path.to_owned(), entry)),
            Err(e) => findings.push(unwritable("read", &path::on_disk(root, path), &e)),
        }
    }
    let leftovers = leftovers(root, &folders, !recorded.writing.is_empty());
    let blocked = blocked.into_iter().map(|(p, b)| (p.to_owned(), b)).collect();
    if findings.is_empty() { Ok(State { entries, blocked, leftovers, manifest }) } else { Err(findings) }
}

/// Reads a file as text. `None` when it is absent, not a file, not UTF-8 or too large.
pub fn read_text(root: &Path, path: &str) -> Option<String> {
    let full = path::on_disk(root, path);
    let metadata = std::fs::metadata(&full).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return None;
    }
    String::from_utf8(std::fs::read(&full).ok()?).ok()
}

pub(super) fn read_manifest(root: &Path) -> Result<Option<Manifest>, Box<Diagnostic>> {
    let full = root.join(MANIFEST);
    let unreadable = |e: &io::Error| {
        let message = format!("cannot read `{}`: {e}", path::shown(&full));
        Box::new(Diagnostic::without_place(Code::OutputManifest, message))
    };
    let metadata = match std::fs::metadata(&full) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unreadable(&e)),
    };
    // A link may be followed to a file (some build systems stage inputs so); a pipe would block for ever.
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return Err(unreadable(&io::Error::other("not a file of a size that llmobs writes")));
    }
    let text = std::fs::read_to_string(&full).map_err(|e| unreadable(&e))?;
    Manifest::parse(&text).map(Some)
}

/// Finds which folders above the paths are there, and which of them nothing can be written below.
fn folders<'p>(
    root: &Path,
    paths: impl Iterator<Item = &'p str>,
    findings: &mut Vec<Diagnostic>,
) -> (BTreeSet<&'p str>, BTreeMap<&'p str, Blocked>) {
    let all: BTreeSet<&str> = paths.flat_map(path::folders).collect();
    let (mut there, mut blocked) = (BTreeSet::new(), BTreeMap::new());
    // Sorted, so a folder comes before those below it; below one that is blocked or absent there is nothing to look at.
    for folder in all {
        if folder.rfind('/').is_some_and(|end| !there.contains(&folder[..end])) {
            continue;
        }
        let full = path::on_disk(root, folder);
        match std::fs::symlink_metadata(&full) {
            Ok(m) if m.is_dir() => drop(there.insert(folder)),
            Ok(m) if m.is_symlink() && stays_inside(root, &full) => drop(there.insert(folder)),
            Ok(m) if m.is_symlink() => drop(blocked.insert(folder, Blocked::ByLink)),
            Ok(_) => drop(blocked.insert(folder, Blocked::ByFile)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => findings.push(unwritable("read", &full, &e)),
        }
    }
    (there, blocked)
}

/// Returns whether a link leads to a folder in the output folder.
fn stays_inside(root: &Path, link: &Path) -> bool {
    match (root.canonicalize(), link.canonicalize()) {
        (Ok(root), Ok(target)) => target.starts_with(root) && target.is_dir(),
        _ => false,
    }
}

fn entry(root: &Path, path: &str, expected: Option<&str>, recorded: &Manifest) -> io::Result<Entry> {
    let full = path::on_disk(root, path);
    let metadata = match std::fs::symlink_metadata(&full) {
        Ok(metadata) => metadata,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Entry::Absent);
        }
        Err(e) => return Err(e),
    };
    if metadata.is_symlink() {
        let same = expected.is_some_and(|text| read_text(root, path).as_deref() == Some(text));
        return Ok(if same { Entry::Same } else { Entry::Other(Found::Link) });
    }
    if metadata.is_dir() {
        let mut files = Vec::new();
        list(root, path, &mut files)?;
        return Ok(Entry::Other(Found::Folder(files)));
    }
    if !metadata.is_file() {
        return Ok(Entry::Other(Found::Special));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Ok(Entry::Other(Found::Bytes));
    }
    let bytes = std::fs::read(&full)?;
    if expected.is_some_and(|text| text.as_bytes() == bytes) {
        return Ok(Entry::Same);
    }
    let hash = Hash::of(&bytes);
    let torn = bytes.is_empty() && recorded.paths_contain(path);
    if torn || recorded.accepts(path, hash) {
        return Ok(Entry::Ours(hash));
    }
    Ok(Entry::Other(String::from_utf8(bytes).map_or(Found::Bytes, Found::Text)))
}

fn list(root: &Path, folder: &str, files: &mut Vec<String>) -> io::Result<()> {
    for item in std::fs::read_dir(path::on_disk(root, folder))? {
        let item = item?;
        // A name that is not UTF-8 is not ours either way.
        let path = format!("{folder}/{}", item.file_name().to_string_lossy());
        if files.len() >= MAX_IN_THE_WAY || !item.file_type()?.is_dir() {
            files.push(path);
        } else {
            list(root, &path, files)?;
        }
        if files.len() > MAX_IN_THE_WAY {
            break;
        }
    }
    files.sort();
    Ok(())
}

/// Lists temporary files: in the output folder always, in the others only after a crash.
fn leftovers(root: &Path, folders: &BTreeSet<&str>, crashed: bool) -> Vec<String> {
    let others = folders.iter().copied().filter(|_| crashed);
    let mut found = Vec::new();
    for folder in std::iter::once("").chain(others) {
        let Ok(items) = std::fs::read_dir(path::on_disk(root, folder)) else { continue };
        for name in items.flatten().filter_map(|i| i.file_name().into_string().ok()) {
            if name.starts_with(TEMPORARY) {
                found.push(if folder.is_empty() { name } else { format!("{folder}/{name}") });
            }
        }
    }
    found.sort();
    found
}
