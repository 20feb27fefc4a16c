//! Stage 4: plan and book to artifacts: one file per kind of artifact, each a list of typed values that one writer prints.
//!
//! No generator reads a file, a clock or the environment; the same input gives the same bytes.

mod collector;
mod dashboards;
mod gpu_exporter;
mod gpu_exporter_pod;
mod grafana;
mod instrumentation;
mod kube;
mod kustomization;
mod monitors;
mod proofs;
mod readme;
mod relabel;
mod rules;
mod runbooks;
mod runbooks_money;
mod scrape;
mod scrape_config;
mod slo_page;
mod text;
mod yaml;

pub use dashboards::dashboards;
pub use gpu_exporter::{Field as ExporterField, fields as exporter_fields};
pub use proofs::{RULES as PROOF_RULES, Run as ProofRun, runs as proof_runs};
pub use runbooks::threshold as threshold_text;
pub use scrape::timeout as scrape_timeout;
pub use yaml::body as yaml_body;

use crate::names::Names;
use crate::parallel;
use crate::resolve::Plan;
use crate::signals::Book;

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Path in the output folder, with forward slashes.
    pub path: String,
    /// The whole text, with a final newline.
    pub text: String,
    /// Whether it holds Kubernetes objects, which the kustomization lists.
    pub kubernetes: bool,
}

impl Artifact {
    /// Makes a file.
    pub fn file(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), kubernetes: false }
    }

    /// Makes a file of Kubernetes objects.
    pub fn objects(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), kubernetes: true }
    }
}

/// What generators read.
#[derive(Clone, Copy)]
pub struct Emit<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The rules.
    pub book: &'a Book,
    /// The names.
    pub names: &'a Names,
}

/// Returns every collector configuration with the path of a plain configuration as its name, also when it is part of an object.
pub fn collector_configs(emit: Emit<'_>) -> Vec<(String, String)> {
    collector::configs(emit)
}

/// Makes what the checker reads, sorted by path: dashboards, and rules.
pub fn to_check(emit: Emit<'_>) -> Vec<Artifact> {
    let makers: [fn(Emit<'_>) -> Vec<Artifact>; 2] = [grafana::artifacts, rules::artifacts];
    let mut all: Vec<Artifact> = parallel::map(&makers, 1, |make| make(emit)).into_iter().flatten().collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Makes every artifact, sorted by path.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let makers: [fn(Emit<'_>) -> Vec<Artifact>; 10] = [
        proofs::artifacts,
        rules::artifacts,
        runbooks::artifacts,
        slo_page::artifacts,
        grafana::artifacts,
        monitors::artifacts,
        scrape_config::artifacts,
        gpu_exporter::artifacts,
        collector::artifacts,
        instrumentation::artifacts,
    ];
    let mut all: Vec<Artifact> = parallel::map(&makers, 1, |make| make(emit)).into_iter().flatten().collect();
    all.extend(kustomization::artifacts(&all));
    all.extend(readme::artifacts(emit, &all));
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}
