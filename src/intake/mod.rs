//! Files that others wrote: bytes to documents, every string with its way back to the bytes of the file.
//!
//! | file | what it does |
//! |---|---|
//! | `discover` | paths, folders and globs to files |
//! | `encoding` | bytes to text |
//! | `json`, `yaml` | text to one tree (`node`); names that stand twice (`duplicates`) |
//! | `template` | text of Helm that explains why a file cannot be read |
//! | `shape` | fields of a tree to values, wrong types to findings |
//! | `text` | strings with places, through escapes, folds and documents within documents |
//! | `recognise` | which document a tree is; unwraps Kubernetes objects |
//! | `rules`, `dashboard`, `scaler`, `adapter` | trees to typed documents |
//! | `comments` | lines for llmobs in comments |
//!
//! Faults of structure are found here, codes `file/...`. This module must not know PromQL, metrics or the catalogue, and must
//! not judge what a document asks for.

mod adapter;
mod comments;
pub mod dashboard;
mod discover;
mod duplicates;
mod encoding;
mod json;
mod node;
mod recognise;
mod rules;
mod scaler;
mod shape;
mod template;
mod text;
mod yaml;

pub use adapter::{Adapter, AdapterRule};
pub use comments::Comment;
pub use dashboard::Dashboard;
pub use discover::{Found, discover};
pub use encoding::add;
pub use rules::{Group, Rule, RuleFile};
pub use scaler::{Scaler, Trigger};
pub use shape::{Pairs, Timed};
pub use text::Text;

use crate::diag::{Code, Diagnostic, Sink};
use crate::source::{FileId, Place, Sources};
use node::Node;
use shape::Reader;
use text::Source;

/// Levels that lists may be nested within lists, and mappings within mappings.
const MAX_DEPTH: usize = 128;
/// Values that one file may hold.
const MAX_NODES: usize = 5_000_000;
/// Faults of syntax that are shown of one file.
const MAX_PROBLEMS: usize = 50;
/// Faults of structure that are shown of one document.
const MAX_FAULTS: usize = 500;

/// How to read a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint {
    /// Whether the user named the file. Others are passed over in silence if they are nothing that llmobs reads.
    pub named: bool,
}

/// What stands in a file.
#[derive(Clone, Debug, Default)]
pub struct FileContents {
    /// Documents in the order of the file.
    pub documents: Vec<Document>,
    /// Comments that begin with `llmobs:`.
    pub comments: Vec<Comment>,
}

/// A document of a file, or one within another.
#[derive(Clone, Debug)]
pub struct Document {
    /// The whole of it.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
    /// The Kubernetes object that holds it.
    pub object: Option<ObjectRef>,
}

/// A Kubernetes object.
#[derive(Clone, Debug)]
pub struct ObjectRef {
    /// For example `PrometheusRule`.
    pub kind: Text,
    /// `metadata.namespace`.
    pub namespace: Option<Text>,
    /// `metadata.name`.
    pub name: Option<Text>,
    /// `metadata.labels`.
    pub labels: Pairs,
    /// The whole object.
    pub place: Place,
}

/// The kinds of documents.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Rules for Prometheus, a file or an object.
    Rules(RuleFile),
    /// A Grafana dashboard.
    Dashboard(Box<Dashboard>),
    /// A KEDA ScaledObject or ScaledJob.
    Scaler(Scaler),
    /// Rules of prometheus-adapter.
    Adapter(Adapter),
    /// Unit tests for promtool.
    RuleTests,
    /// A llmobs.toml; `spec` reads it.
    Project,
    /// Something else.
    Other,
}

/// Reads a file of `sources`. Faults go to `sink`; what can be read behind them is returned all the same.
pub fn read(sources: &Sources, file: FileId, hint: Hint, sink: &mut Sink) -> FileContents {
    let Some(content) = sources.get(file) else { return FileContents::default() };
    let whole = Place { file, span: (0..content.text.len()).into() };
    let document = |kind| Document { place: whole, kind, object: None };
    if content.name.rsplit(['/', '\\']).next().is_some_and(|n| n.ends_with(".toml")) {
        let known = content.name.ends_with("llmobs.toml");
        if !known && hint.named {
            sink.push(unknown(whole));
        }
        return FileContents {
            documents: vec![document(if known { Kind::Project } else { Kind::Other })],
            comments: Vec::new(),
        };
    }
    // Of thousands of files most are something else; what they lack is not worth a parser, and their faults are not ours.
    if !hint.named && !recognise::may_be_ours(&content.text) {
        return FileContents { documents: vec![document(Kind::Other)], comments: Vec::new() };
    }
    let source = Source::File(file, &content.text);
    let mut problems = Vec::new();
    let json = content.name.ends_with(".json");
    let roots = parse(source, json, &mut problems);
    let failed = !problems.is_empty();
    sink.extend(problems);
    let mut reader = Reader::new(source, sink);
    let mut documents = Vec::new();
    for root in &roots {
        recognise::document(&mut reader, root, &mut documents);
    }
    let ours = documents.iter().any(|d| !matches!(d.kind, Kind::Other) || d.object.is_some());
    if hint.named && !ours && !failed {
        sink.push(unknown(whole));
    }
    FileContents { documents, comments: if json { Vec::new() } else { comments::of(file, &content.text) } }
}

fn unknown(whole: Place) -> Diagnostic {
    let place = Place { span: (0..0).into(), ..whole };
    Diagnostic::new(Code::FileUnknownFormat, "the file is nothing that llmobs reads", place, "")
        .help("name a rule file, PrometheusRule, dashboard, ScaledObject, adapter configuration or llmobs.toml")
}

/// Parses a text of either format. Faults go to `problems`.
fn parse<'a>(source: Source<'a>, json: bool, problems: &mut Vec<Diagnostic>) -> Vec<Node<'a>> {
    let text = source.text().trim_start_matches('\u{feff}').trim_start();
    let mut own = Vec::new();
    // `kubectl get -o json > x.yaml` and the like. YAML would read it too, slower, and with fewer strict faults.
    let object = text.strip_prefix('{').is_some_and(|t| t.trim_start().starts_with(['"', '}']));
    let mut roots = Vec::new();
    if json || object {
        roots.extend(json::read(source, &mut own));
        if !json && roots.is_empty() {
            own.clear();
            roots = yaml::read(source, &mut own);
        }
    } else {
        roots = yaml::read(source, &mut own);
    }
    // What a parser makes of a template is nobody's intent.
    let refused = own.iter().any(|p| p.code != Code::FileDuplicateKey);
    if refused && template::explain(source, &mut own) {
        roots.clear();
    }
    problems.append(&mut own);
    roots
}
