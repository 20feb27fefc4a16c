//! The one door to the file system.
//!
//! The compiler asks a [`World`] for texts; a command hands in the disk, a test hands in a map.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Largest file that is read, in bytes. A llmobs.toml of 1,000 models is about half a megabyte.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, also behind a link.
    File,
    /// A folder.
    Folder,
    /// A link to a folder; following it could lead back.
    FolderLink,
    /// A pipe, a socket or a device.
    Special,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name within the folder.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What the compiler may ask of the outside.
pub trait World {
    /// Reads a UTF-8 text. `path` is relative to the folder of llmobs.toml, or absolute.
    ///
    /// # Errors
    /// Not found, not readable, larger than [`MAX_FILE_BYTES`], or not UTF-8 (`InvalidData`).
    fn read(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(self.read_bytes(path)?).map_err(|e| {
            io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to()))
        })
    }

    /// Reads a file, whatever it holds.
    ///
    /// # Errors
    /// Not found, not readable, or larger than [`MAX_FILE_BYTES`].
    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns what a path leads to. A link to a folder counts as the folder.
    ///
    /// # Errors
    /// Not found or not readable.
    fn kind(&self, path: &Path) -> io::Result<EntryKind>;

    /// Returns the entries of a folder, sorted by name. Names that are not Unicode are left out.
    ///
    /// # Errors
    /// Not found, not readable, or no folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;
}

/// The disk, seen from one folder.
#[derive(Clone, Debug)]
pub struct DiskWorld {
    /// Folder that relative paths start from.
    pub root: PathBuf,
}

impl World for DiskWorld {
    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        let too_large = |size: &str| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{size} bytes; the limit is {MAX_FILE_BYTES} bytes"))
        };
        let file = std::fs::File::open(self.root.join(path))?;
        let size = file.metadata()?.len();
        if size > MAX_FILE_BYTES {
            return Err(too_large(&size.to_string()));
        }
        // A pipe or device says nothing about its size.
        let mut bytes = Vec::with_capacity(size as usize);
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES { Err(too_large("too many")) } else { Ok(bytes) }
    }

    fn kind(&self, path: &Path) -> io::Result<EntryKind> {
        Ok(of_type(std::fs::metadata(self.root.join(path))?.file_type()))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut out = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let mut kind = of_type(entry.file_type()?);
            if entry.file_type()?.is_symlink() {
                // A link that leads nowhere is as good as none.
                let Ok(target) = std::fs::metadata(entry.path()) else { continue };
                kind = if target.is_dir() { EntryKind::FolderLink } else { of_type(target.file_type()) };
            }
            out.push(Entry { name, kind });
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }
}

fn of_type(kind: std::fs::FileType) -> EntryKind {
    match kind {
        k if k.is_dir() => EntryKind::Folder,
        k if k.is_file() => EntryKind::File,
        _ => EntryKind::Special,
    }
}

/// A few texts in memory, for tests and for commands that have the text already.
#[derive(Clone, Debug, Default)]
pub struct MemoryWorld {
    /// Path to text.
    pub files: BTreeMap<PathBuf, String>,
}

impl World for MemoryWorld {
    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).map(|text| text.clone().into_bytes()).ok_or_else(not_found)
    }

    fn kind(&self, path: &Path) -> io::Result<EntryKind> {
        if self.files.contains_key(path) {
            return Ok(EntryKind::File);
        }
        let folder = clean(path);
        let inside = self.files.keys().any(|f| f.strip_prefix(&folder).is_ok());
        if inside { Ok(EntryKind::Folder) } else { Err(not_found()) }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let folder = clean(folder);
        let mut out: BTreeMap<String, EntryKind> = BTreeMap::new();
        for inside in self.files.keys().filter_map(|f| f.strip_prefix(&folder).ok()) {
            let mut parts = inside.components();
            let Some(first) = parts.next() else { continue };
            let kind = if parts.next().is_some() { EntryKind::Folder } else { EntryKind::File };
            out.insert(first.as_os_str().to_string_lossy().into_owned(), kind);
        }
        if out.is_empty() {
            return Err(not_found());
        }
        Ok(out.into_iter().map(|(name, kind)| Entry { name, kind }).collect())
    }
}

fn not_found() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no such file")
}

/// A path without `.`, as the keys are.
fn clean(path: &Path) -> PathBuf {
    path.components().filter(|c| *c != std::path::Component::CurDir).collect()
}
