//! Paths in the output folder: relative, forward slashes, nothing that leads out of it.
//!
//! Checks texts only; what symbolic links do is looked at in `state`.

use std::path::{Path, PathBuf};

/// Returns whether a path may be written to: plain components, none of them `.` or `..`, no backslash, colon or control
/// character (which other systems read as separators or drives), and not the manifest itself.
pub fn is_safe(path: &str) -> bool {
    let plain = |c: char| !c.is_control() && c != '\\' && c != ':';
    path != crate::names::MANIFEST
        && path.chars().all(plain)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && part.len() <= 255)
}

/// Returns the place on disk of a safe path.
pub fn on_disk(root: &Path, path: &str) -> PathBuf {
    let mut full = root.to_path_buf();
    full.extend(path.split('/'));
    full
}

/// Returns the folders above a path, the outermost first: `a/b/c` gives `a` and `a/b`.
pub fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(i, _)| &path[..i])
}

/// Returns whether `path` lies below `folder`.
pub fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Spells a path for a message, with forward slashes.
pub fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}
