//! One metric: everything the catalogue says about a series name.

use serde::Serialize;

use super::text;
use crate::catalog::{Catalog, Certainty, Hit, Metric, MetricType, Part, Rewriting, Status, underscored};

/// One entry behind a series: a metric in a range of releases.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Profile.
    pub profile: String,
    /// Name of the metric, as scraped.
    pub metric: String,
    /// Which part of the metric the series is.
    pub part: &'static str,
    /// What was done to the name; empty if nothing was.
    pub rewritten: String,
    /// Declared type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it truly is, where that differs.
    pub semantics: Option<&'static str>,
    /// Unit.
    pub unit: &'static str,
    /// Releases.
    pub releases: String,
    /// First release.
    pub since: Option<String>,
    /// Last release.
    pub until: Option<String>,
    /// Generation of the engine.
    pub generation: Option<String>,
    /// Labels that are always there.
    pub labels: Vec<String>,
    /// Labels that may be there.
    pub labels_optional: Vec<String>,
    /// Whether there are labels that cannot be listed.
    pub labels_open: bool,
    /// Known values of labels.
    pub label_values: std::collections::BTreeMap<String, Vec<String>>,
    /// Finite bucket bounds.
    pub buckets: Vec<f64>,
    /// What decides the bounds.
    pub buckets_vary: Option<String>,
    /// Whether it is there without doing anything.
    pub status: &'static str,
    /// What must be on.
    pub requires: Option<String>,
    /// Successors.
    pub replaced_by: Vec<String>,
    /// Where a successor is not the same.
    pub caveat: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// `read` or `derived`.
    pub certainty: &'static str,
    /// One line of help.
    pub help: String,
    /// Names under which it may be stored.
    pub also: Vec<String>,
}

/// Returns every entry behind a series name, in the order of the look-up.
pub fn show(catalog: &mut Catalog, series: &str) -> Vec<Shown> {
    let hits = catalog.find(series);
    hits.iter().map(|hit| shown(hit, catalog)).collect()
}

fn shown(hit: &Hit, catalog: &mut Catalog) -> Shown {
    let metric = hit.metric();
    Shown {
        profile: hit.profile.name.clone(),
        metric: metric.name.clone(),
        part: match hit.part {
            Part::Value => "value",
            Part::Bucket => "bucket",
            Part::Sum => "sum",
            Part::Count => "count",
            Part::Created => "created",
            Part::Quantile => "quantile",
        },
        rewritten: hit.rewritten.as_ref().map(rewriting).unwrap_or_default(),
        kind: metric.kind.word(),
        semantics: metric.semantics.map(crate::catalog::Semantics::word),
        unit: metric.unit.word(),
        releases: text::range(&metric.range),
        since: metric.range.since.as_ref().map(ToString::to_string),
        until: metric.range.until.as_ref().map(ToString::to_string),
        generation: metric.generation.clone(),
        labels: metric.labels.clone(),
        labels_optional: metric.labels_optional.clone(),
        labels_open: metric.labels_open,
        label_values: metric.label_values.clone(),
        buckets: metric.buckets.clone(),
        buckets_vary: metric.buckets_vary.clone(),
        status: metric.status.word(),
        requires: metric.requires.clone(),
        replaced_by: metric.replaced_by.clone(),
        caveat: metric.caveat.clone(),
        note: metric.note.clone(),
        certainty: metric.certainty.word(),
        help: metric.help.clone(),
        also: also(&hit.profile.name, metric, catalog),
    }
}

/// Says what a rewriting did, behind `by way of`.
pub fn rewriting(rewriting: &Rewriting) -> String {
    match rewriting {
        Rewriting::Prefixed { by, prefix } => format!("{by}, which puts {prefix} in front"),
        Rewriting::ColonToUnderscore => "a Collector or bridge that turns the colon into an underscore".to_owned(),
        Rewriting::TotalAdded => "a Collector that adds _total to counters".to_owned(),
        Rewriting::Otlp(mode) => format!("the translation {} of OpenTelemetry names", mode.word()),
    }
}

/// Returns the other names under which a metric may be stored, each with what makes it.
fn also(profile: &str, metric: &Metric, catalog: &mut Catalog) -> Vec<String> {
    let mut out: Vec<String> =
        metric.otlp_names.iter().map(|(mode, name)| format!("{name} (translation {})", mode.word())).collect();
    let escaped = underscored(&metric.name);
    if escaped != metric.name && metric.name.contains(':') {
        out.push(format!("{escaped} (colon to underscore)"));
    }
    for (by, prefix) in catalog.wrappers(profile) {
        out.push(format!("{prefix}{escaped} ({by})"));
    }
    out
}

impl Shown {
    /// Prints entries for people: what is the same in a row of entries is said once.
    pub fn text(series: &str, all: &[Self]) -> String {
        let mut out = String::new();
        let mut last: Option<&Self> = None;
        for one in all {
            if last.is_none_or(|l| (&l.profile, &l.metric, &l.rewritten) != (&one.profile, &one.metric, &one.rewritten))
            {
                if last.is_some() {
                    out.push('\n');
                }
                one.head(series, &mut out);
            }
            one.entry(&mut out);
            last = Some(one);
        }
        out
    }

    fn head(&self, series: &str, out: &mut String) {
        out.push_str(&format!("{} of {}\n", self.metric, self.profile));
        if self.part != "value" && self.metric != series {
            let part = match self.part {
                "bucket" => "its buckets",
                "created" => "the time at which it was made",
                "quantile" => "its quantiles",
                part => &format!("its {part}"),
            };
            out.push_str(&format!("  {series}: {part}\n"));
        }
        if !self.rewritten.is_empty() {
            out.push_str(&format!("  stored as {series} by way of {}\n", self.rewritten));
        }
        if !self.help.is_empty() {
            out.push_str(&format!("  {}\n", self.help));
        }
        for also in &self.also {
            out.push_str(&format!("  also {also}\n"));
        }
    }

    fn entry(&self, out: &mut String) {
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                out.push_str(&format!("    {name:<10} {value}\n"));
            }
        };
        let generation = self.generation.as_ref().map(|g| format!(", generation {g}")).unwrap_or_default();
        line("releases", &format!("{}{generation}", self.releases));
        let semantics = self.semantics.map(|s| format!(" ({s})")).unwrap_or_default();
        line("type", &format!("{}{semantics} in {}", self.kind, self.unit));
        let open = self.labels_open.then(|| "...".to_owned());
        let optional = self.labels_optional.iter().map(|l| format!("[{l}]"));
        let labels: Vec<String> = self.labels.iter().cloned().chain(optional).chain(open).collect();
        let labels = labels.join(", ");
        line("labels", if labels.is_empty() { "none" } else { &labels });
        for (label, values) in &self.label_values {
            line("", &format!("{label} = {}", values.join(" | ")));
        }
        if self.kind == MetricType::Histogram.word() {
            let vary = self.buckets_vary.as_ref().map(|v| format!("set by {v}")).unwrap_or_default();
            let known = if self.buckets.is_empty() { String::new() } else { text::bounds(&self.buckets) };
            let both = [known, vary].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ");
            line("buckets", if both.is_empty() { "not known" } else { &both });
        }
        if self.status != Status::Stable.word() {
            line("status", self.status);
        }
        line("requires", self.requires.as_deref().unwrap_or_default());
        line("successor", &self.replaced_by.join(", "));
        line("caveat", self.caveat.as_deref().unwrap_or_default());
        line("note", self.note.as_deref().unwrap_or_default());
        if self.certainty == Certainty::Derived.word() {
            line("certainty", "derived, not read");
        }
    }
}
