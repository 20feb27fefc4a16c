//! llmobs: observability as code for LLM inference. One llmobs.toml is compiled to everything that watches the service.
//!
//! # The pipeline
//!
//! | stage | folder | input | output |
//! |---|---|---|---|
//! | 1 | `spec` | text of llmobs.toml | [`spec::Document`]: every value with its place, not yet checked against others |
//! | 2 | `resolve` | document, `catalog` | [`resolve::Plan`]: defaults, references, engine releases, signals; every error reported |
//! | 3 | `signals` | plan | [`signals::Book`]: recorded measures and alerts as PromQL trees |
//! | 4 | `emit` | plan, book | [`emit::Artifact`]s: path and text |
//! | 5 | `output` | artifacts | files on disk, with a manifest |
//! | 6 | `diff` | artifacts, files on disk | what would change, by meaning and as text |
//!
//! Beside them: `source` (texts and spans), `diag` (findings and their rendering), `units`, `slo` (windows and burn rates), `declare` (TOML tables from
//! one declaration), `catalog` (profiles: metrics by release), `catalog_report` (what `llmobs catalog` answers), `alert_kind` (the
//! list of alerts), `promql` (tree, reader, builder, printer), `names` (every emitted name), `cli`, `metrics_page` (reader of
//! `/metrics` pages), `init` (pages or flags to the text of a first llmobs.toml), `simulate` (pages and history of servers that
//! nobody owns yet) and `parallel` (many things on all cores).
//!
//! The checker is a second pipeline over the same parts: `intake` (files of others to documents with places) → `promql` (text to
//! tree) → `infer` (what each part of a query is, by the catalogue) → `lint` (rules and findings).
//!
//! # Invariants
//!
//! - Stages return values and findings; none stops at the first mistake, none prints, none panics on input.
//! - Only `source::DiskWorld` and `output` read, and only `output` writes; `cli` is the only caller of them, and writes itself
//!   only what `init` and `man` are asked for, and the temporary folder of `test`. The core sees neither clock nor environment. The same input gives the same
//!   bytes: ordered maps only, no tool version in the output.
//! - PromQL is built as a tree (`promql`), names are spelled in `names`, engine facts stand in `profiles/`.
//! - Dependencies point up the table: units, source, diag, declare ← catalog, promql, spec,
//!   alert_kind ← resolve ← names, signals ← emit ← output, diff, init, simulate ← catalog_report ← cli. A test holds this.

pub mod alert_kind;
pub mod catalog;
pub mod catalog_report;
pub mod cli;
pub mod declare;
pub mod diag;
pub mod diff;
pub mod emit;
pub mod explain;

pub mod infer;
pub mod init;
pub mod intake;
pub mod lint;
pub mod metrics_page;
pub mod names;
pub mod output;
mod parallel;
pub mod promql;
pub mod reference;
pub mod resolve;
pub mod signals;
pub mod simulate;
pub mod slo;
pub mod source;
pub mod spec;
pub mod units;

use catalog::{Catalog, GpuTable};
use diag::{Diagnostic, Severity, Sink};
use emit::{Artifact, Emit};
use names::Names;
use resolve::{CheckSettings, Context, Plan};
use signals::{Book, Models};
use source::{FileId, Sources, World};

/// What compiling one llmobs.toml gives.
pub struct Compilation {
    /// Every file that was read, for rendering findings.
    pub sources: Sources,
    /// Findings, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// Plan and book; `None` if there was an error.
    pub program: Option<Program>,
}

/// A checked project.
pub struct Program {
    /// The plan.
    pub plan: Plan,
    /// The rules.
    pub book: Book,
    /// The names.
    pub names: Names,
}

impl Program {
    /// Makes every artifact, sorted by path.
    pub fn artifacts(&self) -> Vec<Artifact> {
        emit::artifacts(self.emit())
    }

    /// Makes what the checker reads, sorted by path: dashboards, and rules.
    pub fn artifacts_to_check(&self) -> Vec<Artifact> {
        emit::to_check(self.emit())
    }

    /// Makes the bare JSON of every dashboard, however they are delivered: its part (`fleet`, `model-vllm`) and its document.
    pub fn dashboards(&self) -> Vec<(String, serde_json::Value)> {
        emit::dashboards(self.emit())
    }

    /// Makes every unit test of the alerts by itself, with the rules that it needs.
    pub fn proofs(&self) -> Vec<emit::ProofRun> {
        emit::proof_runs(self.emit())
    }

    /// Returns what generators read.
    pub fn emit(&self) -> Emit<'_> {
        Emit { plan: &self.plan, book: &self.book, names: &self.names }
    }

    /// Returns every collector configuration as `otelcol` reads it: name and text. Artifacts may hold them inside of objects.
    pub fn collector_configs(&self) -> Vec<(String, String)> {
        emit::collector_configs(Emit { plan: &self.plan, book: &self.book, names: &self.names })
    }
}

/// Compiles the text of a llmobs.toml. `name` is shown in findings; `world` gives profiles of the user.
pub fn compile(name: &str, text: String, world: &dyn World) -> Compilation {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let compiled = compile_file(file, &mut sources, &mut Catalog::default(), world, Models::All);
    Compilation { sources, diagnostics: compiled.diagnostics, program: compiled.program }
}

/// What compiling a file among others gives.
#[derive(Default)]
pub struct Compiled {
    /// Findings, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// Plan and book; `None` if there was an error.
    pub program: Option<Program>,
    /// The plan of a file with errors: what it declares is still known, but nothing is made of it.
    pub faulty: Option<Plan>,
    /// `[check]`, as far as it could be read.
    pub check: CheckSettings,
}

/// Compiles a llmobs.toml that was read already. Profiles of the user are added to `sources` and `catalog`; `models` have rules.
pub fn compile_file(
    file: FileId,
    sources: &mut Sources,
    catalog: &mut Catalog,
    world: &dyn World,
    models: Models,
) -> Compiled {
    let mut sink = Sink::default();
    let document = spec::read(sources, file, &mut sink);
    let gpus = GpuTable::builtin();
    let mut ctx = Context { catalog, gpus: &gpus, sources, world, sink: &mut sink, unread_profiles: false };
    let plan = resolve::resolve(&document, &mut ctx);
    let diagnostics = sink.into_sorted();
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let check = plan.as_ref().map(|p| p.check.clone()).unwrap_or_default();
    let (plan, faulty) = if failed { (None, plan) } else { (plan, None) };
    let program = plan.map(|plan| {
        let book = signals::book(&plan, models);
        let names = Names::of(&plan);
        Program { plan, book, names }
    });
    Compiled { diagnostics, program, faulty, check }
}
