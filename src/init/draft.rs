//! What will be written: models and pools with everything that is known and what to say about it.

use std::collections::BTreeSet;

use super::Options;
use crate::catalog::{Catalog, Found, GpuTable, Release, Signal, View};
use crate::declare::values::Slug;
use crate::units::{Duration, number};

/// Longest name of a table, in letters.
const MAX_NAME: usize = 40;

/// A file before it is text.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Names of the pages, printable.
    pub pages: Vec<String>,
    /// The models.
    pub models: Vec<Model>,
    /// The pools.
    pub pools: Vec<Pool>,
    /// What a reader should know about the pages as a whole.
    pub notes: Vec<String>,
}

/// A model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name of the table.
    pub name: String,
    /// Engine.
    pub engine: String,
    /// Version.
    pub version: String,
    /// Comments on engine and version.
    pub notes: Vec<String>,
    /// Generation, where it is not the default.
    pub generation: Option<String>,
    /// Name under which it is served; a value that llmobs.toml takes.
    pub served: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// Label `app` of the pods.
    pub app: String,
    /// Bucket bounds that are not the default ones.
    pub buckets: Vec<(Signal, Vec<String>)>,
    /// Suggested objectives.
    pub objectives: Vec<Objective>,
}

/// A suggested objective.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Key.
    pub key: &'static str,
    /// Share, for example `99%`.
    pub share: &'static str,
    /// Threshold on a bucket edge, for latencies.
    pub threshold: Option<String>,
    /// Why this one.
    pub why: String,
}

/// A pool.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// Name of the table.
    pub name: String,
    /// Id of the GPU model.
    pub gpu: String,
    /// GPUs that were seen.
    pub count: Option<usize>,
    /// Version of the exporter.
    pub version: Option<String>,
    /// Whether an exporter is there already, so that others deploy it.
    pub deployed: bool,
    /// Fields besides the default list.
    pub fields: Vec<String>,
    /// Whether MIG is in use.
    pub mig: bool,
    /// Comments.
    pub notes: Vec<String>,
}

impl Draft {
    /// Adds a starter model if no page has shown one, and the pool of a flag if no page has shown one.
    pub fn complete(&mut self, options: &Options) {
        if self.models.is_empty() {
            let mut model = starter_model(options, self);
            model.notes.push("No page of an engine was given: CHANGE engine and version to what you run.".to_owned());
            self.models.push(model);
        }
        if let (true, Some(gpu)) = (self.pools.is_empty(), &options.gpu) {
            self.pools.push(starter_pool(gpu));
        }
    }

    /// Returns a free name for a model made of a served name: `meta-llama/Llama-3.1-8B` gives `llama-3-1-8b`.
    pub fn model_name(&self, served: &str) -> String {
        let used: BTreeSet<&str> = self.models.iter().map(|m| m.name.as_str()).collect();
        unique(&slug(served), &used)
    }
}

/// Returns the draft of a file from flags alone.
pub fn starter(options: &Options) -> Draft {
    let mut draft = Draft::default();
    draft.models.push(starter_model(options, &draft));
    draft.pools.push(starter_pool(options.gpu.as_deref().unwrap_or("l4")));
    draft
}

fn starter_model(options: &Options, draft: &Draft) -> Model {
    let profile = Catalog::default().engine(options.engine_or_default());
    let newest = profile.as_ref().and_then(|p| p.releases.last()).map_or("1.0.0", Release::as_str);
    let version = options.version.clone().unwrap_or_else(|| newest.to_owned());
    let selected = profile.as_ref().zip(Release::parse(&version)).and_then(|(p, v)| p.select(&v, None));
    let objectives = selected.map(|s| suggestions(&s.view, |_| None)).unwrap_or_default();
    let mut notes = Vec::new();
    if options.version.is_none() {
        notes.push("The newest release that llmobs knows; CHANGE it to the one you run.".to_owned());
    }
    let engine = profile.as_ref().map_or_else(|| options.engine_or_default().to_owned(), |p| p.name.clone());
    Model {
        name: options.served_model_name.as_deref().map_or_else(|| "chat".to_owned(), |s| draft.model_name(s)),
        app: slug(&engine),
        engine,
        version,
        notes,
        generation: None,
        served: options.served_model_name.clone(),
        port: profile.as_ref().and_then(|p| p.port),
        buckets: Vec::new(),
        objectives,
    }
}

fn starter_pool(gpu: &str) -> Pool {
    let id = GpuTable::builtin().get(gpu).map_or_else(|| gpu.to_owned(), |g| g.id.clone());
    Pool { name: slug(&id), gpu: id, ..Pool::default() }
}

/// What a page has observed of one histogram: the bound below which 99 of 100 requests are, and how many there were.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Finite bounds in the base unit, ascending; not empty.
    pub edges: Vec<f64>,
    /// Edge at or above the 99th percentile; `None` without observations. Infinite beyond the highest bound.
    pub p99: Option<f64>,
    /// Observations.
    pub count: f64,
}

/// Returns suggested objectives for an engine; `observed` gives what a page shows of a signal.
pub fn suggestions(view: &View, observed: impl Fn(Signal) -> Option<Observed>) -> Vec<Objective> {
    // Where nothing was observed: what a person at a chat window finds acceptable.
    let usual = [
        (Signal::Ttft, "ttft", "99%", 2.5),
        (Signal::InterTokenLatency, "inter_token_latency", "99%", 0.1),
        (Signal::E2eLatency, "e2e_latency", "95%", 30.0),
    ];
    let mut out = Vec::new();
    for (signal, key, share, usual) in usual {
        let Found::Here(source) = view.signal(signal) else { continue };
        let seen = observed(signal);
        let edges = seen.as_ref().map_or(&source.buckets, |o| &o.edges);
        let p99 = seen.as_ref().and_then(|o| o.p99);
        let wanted = p99.unwrap_or(usual);
        // Nothing can be seen to exceed the highest edge. Computed edges are written with four digits, which is near enough.
        let edges = edges.split_last().map_or(&[][..], |(_, below)| below);
        let writable = |e: &f64| duration(four_digits(*e)).map(|d| (*e, d));
        let above = edges.iter().filter(|e| **e >= wanted * (1.0 - 1e-9)).find_map(writable);
        let Some((edge, text)) = above.or_else(|| edges.iter().rev().find_map(writable)) else { continue };
        let n = seen.as_ref().map_or(0.0, |o| o.count);
        let why = match p99 {
            None => "a bucket edge near what users accept".to_owned(),
            Some(p99) if p99 <= edge * (1.0 + 1e-9) => format!("99% of the {} on the page were faster", number(n)),
            Some(_) => {
                format!("the highest that can be measured; of the {} on the page more than 1% were slower", number(n))
            }
        };
        out.push(Objective { key, share, threshold: Some(text), why });
    }
    if matches!(view.signal(Signal::Errors), Found::Here(_)) {
        out.push(Objective { key: "errors", share: "99%", threshold: None, why: "requests without error".to_owned() });
    }
    let why = "time with replicas that answer".to_owned();
    out.push(Objective { key: "availability", share: "99.5%", threshold: None, why });
    out
}

/// Rounds to four significant digits.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// Writes seconds as a duration that reads back to the same edge; `None` if it is too fine or too long.
pub fn duration(seconds: f64) -> Option<String> {
    let written = Duration::parse(&format!("{}s", number(seconds))).ok()?;
    let text = written.human();
    (Duration::parse(&text) == Ok(written) && !written.is_zero()).then_some(text)
}

/// Makes a table name: the part after the last slash, small letters, digits and dashes.
pub fn slug(text: &str) -> String {
    let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
    let mut out = String::new();
    for c in last.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() == MAX_NAME {
            break;
        }
    }
    let out = out.trim_end_matches('-');
    if Slug::parse(out).is_ok() { out.to_owned() } else { "model".to_owned() }
}

/// Returns `base`, or `base-2`, `base-3` and so on, whichever is free.
pub fn unique(base: &str, used: &BTreeSet<&str>) -> String {
    if !used.contains(base) {
        return base.to_owned();
    }
    (2_usize..)
        .map(|n| {
            let suffix = format!("-{n}");
            let kept = base[..base.len().min(MAX_NAME - suffix.len())].trim_end_matches('-');
            format!("{kept}{suffix}")
        })
        .find(|name| !used.contains(name.as_str()))
        .unwrap_or_else(|| base.to_owned())
}
