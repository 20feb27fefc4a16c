//! Replaces one file that a person wrote, whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use super::apply::temporary;

/// Writes a new text beside a file and renames it over it, if the file still holds `old`. A link stays a link; rights stay.
///
/// # Errors
/// The file changed in the meantime (`Other`), or cannot be read or written.
pub fn replace_text(path: &Path, old: &str, new: &str) -> io::Result<()> {
    let target = path.canonicalize()?;
    if std::fs::read(&target)? != old.as_bytes() {
        return Err(io::Error::other("the file was changed while it was checked"));
    }
    let rights = std::fs::metadata(&target)?.permissions();
    if rights.readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut file = temporary(&target).map_err(plain)?;
    file.write_all(new.as_bytes())?;
    file.as_file().set_permissions(rights)?;
    file.persist(&target).map(drop).map_err(|e| e.error)
}

/// Writes a text to a file, new or not, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    let mut file = temporary(path).map_err(plain)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

/// The name of the temporary file would be part of the message, and differ each time.
fn plain(error: io::Error) -> io::Error {
    error.kind().into()
}
