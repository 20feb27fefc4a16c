//! kustomization.yaml over the generated Kubernetes objects.
//!
//! It sets no namespace: each object carries its own.

use serde::Serialize;

use super::{Artifact, yaml};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization {
    api_version: &'static str,
    kind: &'static str,
    /// Paths relative to the file, sorted.
    resources: Vec<String>,
}

/// Makes the kustomization, if there is anything to list.
pub fn artifacts(all: &[Artifact]) -> Vec<Artifact> {
    let mut resources: Vec<String> = all.iter().filter(|a| a.kubernetes).map(|a| a.path.clone()).collect();
    if resources.is_empty() {
        return Vec::new();
    }
    resources.sort();
    let kustomization =
        Kustomization { api_version: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources };
    vec![Artifact::file("kustomization.yaml", yaml::document(&kustomization))]
}
