//! The one door to the file system.
//!
//! The compiler asks a [`World`] for texts; a command hands in the disk, a test hands in a map.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Largest file that is read, in bytes. A llmobs.toml of 1,000 models is about half a megabyte.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What the compiler may ask of the outside.
pub trait World {
    /// Reads a UTF-8 text. `path` is relative to the folder of llmobs.toml, or absolute.
    ///
    /// # Errors
    /// Not found, not readable, larger than [`MAX_FILE_BYTES`], or not UTF-8 (`InvalidData`).
    fn read(&self, path: &Path) -> io::Result<String>;
}

/// The disk, seen from one folder.
#[derive(Clone, Debug)]
pub struct DiskWorld {
    /// Folder that relative paths start from.
    pub root: PathBuf,
}

impl World for DiskWorld {
    fn read(&self, path: &Path) -> io::Result<String> {
        let path = self.root.join(path);
        let size = std::fs::metadata(&path)?.len();
        if size > MAX_FILE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{size} bytes; the limit is {MAX_FILE_BYTES} bytes"),
            ));
        }
        let bytes = std::fs::read(&path)?;
        String::from_utf8(bytes).map_err(|e| {
            io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to()))
        })
    }
}

/// A few texts in memory, for tests and for commands that have the text already.
#[derive(Clone, Debug, Default)]
pub struct MemoryWorld {
    /// Path to text.
    pub files: BTreeMap<PathBuf, String>,
}

impl World for MemoryWorld {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.files.get(path).cloned().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }
}
