//! Runbooks, one page per alert.

use super::{Artifact, Emit};

/// Makes the artifacts.
pub fn artifacts(_emit: Emit<'_>) -> Vec<Artifact> {
    Vec::new()
}
