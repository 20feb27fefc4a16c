//! A page of an engine: the models that it serves, their histograms, and the version as far as the page shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::detect::{Detected, same_bounds};
use super::draft::{Draft, Model, Observed, duration, slug, suggestions};
use super::evidence::finite_bounds;
use crate::catalog::{Found, Signal, SignalSource};
use crate::declare::values::LabelValue;
use crate::diag::shorten;
use crate::metrics_page::Page;

/// Most models that are written of one page; a server with more is a gateway.
const MAX_MODELS: usize = 100;
/// Most differences that are listed in comments.
const MAX_DIFFERENCES: usize = 8;
/// Signals whose bounds llmobs.toml can replace.
const LATENCIES: [Signal; 4] = [Signal::Ttft, Signal::InterTokenLatency, Signal::E2eLatency, Signal::QueueTime];

/// Cumulative counts by the spelling of `le`, added over the other labels.
type Counts<'p> = BTreeMap<&'p str, f64>;

/// Adds the models of a page to the draft.
pub fn add(page: &Page<'_>, detected: Detected, options: &Options, draft: &mut Draft) {
    let profile = detected.view.profile.clone();
    let served = served_names(page, &detected);
    if served.len() > MAX_MODELS {
        draft.notes.push(format!("A page serves {} models; the first {MAX_MODELS} are written.", served.len()));
    }
    let mut histograms = histograms(page, &detected);
    let several = !draft.models.is_empty();
    let mut app = None;
    for name in served.into_iter().take(MAX_MODELS) {
        let version = options.version.clone().unwrap_or_else(|| detected.view.release.to_string());
        let valid = name.filter(|n| LabelValue::parse(n).is_ok());
        let served = valid.map(str::to_owned);
        let same = |m: &Model| m.engine == profile.name && m.version == version && m.served == served;
        if served.is_some() && draft.models.iter().any(same) {
            // Another replica of a model that an earlier page has shown.
            continue;
        }
        let table = draft.model_name(name.unwrap_or(&profile.name));
        let app = app.get_or_insert_with(|| if several { table.clone() } else { slug(&profile.name) }).clone();
        let histograms = histograms.remove(&name).unwrap_or_default();
        let mut notes = version_notes(&detected);
        if let (Some(name), None) = (name, &served) {
            notes.push(format!("The served model name {} cannot be written in llmobs.toml.", shorten(name)));
        }
        draft.models.push(Model {
            name: table,
            engine: profile.name.clone(),
            version,
            notes,
            generation: detected.view.generation.clone().filter(|_| detected.write_generation),
            served,
            port: profile.port,
            app,
            buckets: own_buckets(&histograms),
            objectives: suggestions(&detected.view, |signal| observed(histograms.get(&signal)?)),
        });
    }
}

/// Returns the values of the model label, sorted; one `None` where the engine has no such label.
fn served_names<'p>(page: &'p Page<'_>, detected: &Detected) -> Vec<Option<&'p str>> {
    let profile = &detected.view.profile;
    let label = profile.model_label.as_deref();
    let own = page.samples.iter().filter(|s| profile.owns(&s.name));
    let names: BTreeSet<&str> = own.filter_map(|s| s.label(label?)).filter(|n| !n.is_empty()).collect();
    if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() }
}

/// Says which releases a page fits.
pub fn version_notes(detected: &Detected) -> Vec<String> {
    let profile = &detected.view.profile;
    let mut notes = Vec::new();
    let newest = profile.releases.last().is_some_and(|last| detected.releases.contains(last));
    let newer = if newest { ", and perhaps newer ones" } else { "" };
    if detected.differences.is_empty() {
        notes.push(format!("The page fits {}{newer}: CHANGE version to the one you run.", detected.ranges()));
    } else {
        notes.push(format!("The page fits no known release exactly. Nearest: {}{newer}.", detected.ranges()));
        notes.push(format!("CHANGE version to the one you run. What differs from {}:", detected.view.release));
        notes.extend(detected.differences.iter().take(MAX_DIFFERENCES).map(|d| format!("- {d}")));
        if detected.differences.len() > MAX_DIFFERENCES {
            notes.push(format!("- and {} more", detected.differences.len() - MAX_DIFFERENCES));
        }
    }
    if !detected.evidence.unknown.is_empty() {
        let names: Vec<String> = detected.evidence.unknown.iter().map(|n| shorten(n)).collect();
        let more = if detected.evidence.more_unknown { " and others" } else { "" };
        notes.push(format!("No known release has {}{more}: an add-on, or a newer release.", names.join(", ")));
    }
    notes
}

/// What a page shows of one histogram of one model.
struct Histogram<'p> {
    source: SignalSource,
    counts: Counts<'p>,
}

impl Histogram<'_> {
    /// Returns the finite bounds in the base unit.
    fn edges(&self) -> Vec<f64> {
        finite_bounds(self.counts.keys().copied()).into_iter().map(|b| b * self.source.factor).collect()
    }
}

/// Latency histograms by signal.
type Histograms<'p> = BTreeMap<Signal, Histogram<'p>>;

/// Collects the latency histograms of every model in one pass.
fn histograms<'p>(page: &'p Page<'_>, detected: &Detected) -> BTreeMap<Option<&'p str>, Histograms<'p>> {
    let view = &detected.view;
    let mut sources: BTreeMap<String, (Signal, SignalSource)> = BTreeMap::new();
    for signal in LATENCIES {
        if let Found::Here(source) = view.signal(signal) {
            sources.insert(format!("{}_bucket", source.series), (signal, source.as_ref().clone()));
        }
    }
    let label = view.profile.model_label.as_deref();
    let mut models: BTreeMap<Option<&'p str>, Histograms<'p>> = BTreeMap::new();
    for sample in &page.samples {
        let Some((signal, source)) = sources.get(sample.name.as_ref()) else { continue };
        let Some(le) = sample.label("le") else { continue };
        let model = label.and_then(|l| sample.label(l)).filter(|n| !n.is_empty());
        let histogram = models
            .entry(model)
            .or_default()
            .entry(*signal)
            .or_insert_with(|| Histogram { source: source.clone(), counts: Counts::new() });
        *histogram.counts.entry(le).or_default() += sample.value;
    }
    models
}

fn observed(histogram: &Histogram<'_>) -> Option<Observed> {
    let edges = histogram.edges();
    if edges.is_empty() {
        return None;
    }
    let mut counts: Vec<(f64, f64)> = histogram
        .counts
        .iter()
        .filter_map(|(le, n)| Some((le.parse::<f64>().ok()? * histogram.source.factor, *n)))
        .collect();
    counts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = counts.last().map_or(0.0, |(_, n)| *n);
    let some = count.is_finite() && count > 0.0;
    let p99 = counts.iter().find(|(_, n)| some && *n >= 0.99 * count).map(|(edge, _)| *edge);
    Some(Observed { edges, p99, count })
}

/// Returns the bounds that differ from the default ones, where all of them can be written.
fn own_buckets(histograms: &Histograms<'_>) -> Vec<(Signal, Vec<String>)> {
    let mut out = Vec::new();
    for (signal, histogram) in histograms {
        let edges = histogram.edges();
        if edges.is_empty() || same_bounds(&edges, &histogram.source.buckets) {
            continue;
        }
        if let Some(written) = edges.iter().map(|e| duration(*e)).collect::<Option<Vec<_>>>() {
            out.push((*signal, written));
        }
    }
    out
}
