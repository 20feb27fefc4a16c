//! README.md of the output folder: what is there, how it is deployed, which signals are missing.

use super::{Artifact, Emit};

/// Makes the page.
pub fn artifacts(_emit: Emit<'_>, _all: &[Artifact]) -> Vec<Artifact> {
    Vec::new()
}
