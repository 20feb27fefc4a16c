//! The advisory lock of the output folder: two runs must not write at the same time.
//!
//! Locks the folder itself where the system can, so no lock file is left between the generated files. Elsewhere (Windows)
//! it locks nothing: renames keep single files whole there as well.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::diag::{Code, Diagnostic};

/// Takes the lock; it is released when the file is dropped, also by a crash.
///
/// # Errors
/// Another run holds it. A file system without locks is not an error.
pub fn lock(root: &Path) -> Result<Option<File>, Box<Diagnostic>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let Ok(folder) = File::open(root) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(Box::new(
            Diagnostic::without_place(
                Code::OutputUnwritable,
                format!("another run of llmobs is writing to `{}`", super::path::shown(root)),
            )
            .help("Wait until it has finished, then run the command again"),
        )),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}
