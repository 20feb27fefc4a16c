//! ServiceMonitor and PodMonitor objects of models and GPU exporters.

use super::{Artifact, Emit};

/// Makes the artifacts.
pub fn artifacts(_emit: Emit<'_>) -> Vec<Artifact> {
    Vec::new()
}
