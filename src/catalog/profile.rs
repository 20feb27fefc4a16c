//! A profile after reading: the metrics of one exporter by release, and its mapping of signals.

use std::collections::BTreeMap;

use super::{Release, Signal, SignalKind};
use crate::spec_words;

spec_words! {
    /// What an exporter exports about.
    Kind, "`engine`, `gpu` or `cluster`" {
        /// An inference engine.
        Engine = "engine",
        /// GPUs.
        Gpu = "gpu",
        /// The cluster around them.
        Cluster = "cluster",
    }
}

spec_words! {
    /// How an exporter writes whole bucket bounds.
    LeSpelling, "`float` or `shortest`" {
        /// `1.0`, as Python's client does.
        Float = "float",
        /// `1`, as Rust's and Go's clients do.
        Shortest = "shortest",
    }
}

spec_words! {
    /// Declared type of a metric.
    MetricType, "`counter`, `gauge`, `histogram` or `summary`" {
        /// Counter.
        Counter = "counter",
        /// Gauge.
        Gauge = "gauge",
        /// Histogram with buckets.
        Histogram = "histogram",
        /// Summary.
        Summary = "summary",
    }
}

spec_words! {
    /// What a metric truly is, where that differs from its declared type.
    Semantics, "a word for what the metric truly is" {
        /// Constant 1; the labels are the information.
        Info = "info",
        /// A unix time.
        Timestamp = "timestamp",
        /// A rate already.
        Rate = "rate",
        /// A count over a sliding window, which falls again.
        WindowCount = "window-count",
        /// The last value of something, for example a code.
        LastValue = "last-value",
        /// 0 or 1.
        Flag = "flag",
        /// The largest value so far.
        HighWaterMark = "high-water-mark",
        /// A gauge that only grows.
        Accumulates = "accumulates",
        /// A gauge in spite of its declared type.
        Gauge = "gauge",
    }
}

spec_words! {
    /// Whether a metric is there without doing anything.
    Status, "`stable`, `deprecated`, `hidden`, `opt-in` or `experimental`" {
        /// Always there.
        Stable = "stable",
        /// There, and going.
        Deprecated = "deprecated",
        /// Only with an option that brings back what is going.
        Hidden = "hidden",
        /// Only with an option or feature.
        OptIn = "opt-in",
        /// May change.
        Experimental = "experimental",
    }
}

spec_words! {
    /// How the gauges of one workload combine.
    Across, "`sum`, `avg` or `max`" {
        /// They add up.
        Sum = "sum",
        /// Their mean counts.
        Avg = "avg",
        /// The largest counts.
        Max = "max",
    }
}

/// A range of releases, both ends included.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// First release; open if `None`.
    pub since: Option<Release>,
    /// Last release; open if `None`.
    pub until: Option<Release>,
}

impl Range {
    /// Returns whether a release lies in the range.
    pub fn contains(&self, release: &Release) -> bool {
        self.since.as_ref().is_none_or(|s| s <= release) && self.until.as_ref().is_none_or(|u| release <= u)
    }
}

/// One metric in one range of releases.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Name as scraped; histograms by base name.
    pub name: String,
    /// Declared type.
    pub kind: MetricType,
    /// True nature, where it differs.
    pub semantics: Option<Semantics>,
    /// Unit of the value, as the catalogue spells it.
    pub unit: String,
    /// Generation of the engine that has it; any if `None`.
    pub generation: Option<String>,
    /// Labels that are always there.
    pub labels: Vec<String>,
    /// Labels that may be there.
    pub labels_optional: Vec<String>,
    /// Whether it carries further labels that cannot be listed.
    pub labels_open: bool,
    /// Known values of labels.
    pub label_values: BTreeMap<String, Vec<String>>,
    /// Finite bucket bounds, ascending.
    pub buckets: Vec<f64>,
    /// Releases.
    pub range: Range,
    /// Whether it is there without doing anything.
    pub status: Status,
    /// What must be on.
    pub requires: Option<String>,
    /// GPU exporter: which list collects it (`default`, `commented`, `custom`, `exporter`).
    pub csv: Option<String>,
    /// Whether it needs the profiling module of the GPU driver.
    pub profiling: bool,
    /// Successor.
    pub replaced_by: Option<String>,
    /// Where the successor is not the same quantity.
    pub caveat: Option<String>,
    /// One line of help.
    pub help: String,
}

/// One generation of an engine.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Name, for example `v1`.
    pub name: String,
    /// Releases that have it.
    pub range: Range,
    /// Releases in which it is the default.
    pub default: Range,
}

/// A signal in a range of releases.
#[derive(Clone, Debug)]
pub struct SignalEntry {
    /// The signal.
    pub signal: Signal,
    /// Its shape.
    pub kind: SignalKind,
    /// Series that it is read from; histograms by base name.
    pub metric: String,
    /// Releases.
    pub range: Range,
    /// Generation; any if `None`.
    pub generation: Option<String>,
    /// Label equals value.
    pub matchers: BTreeMap<String, String>,
    /// Label matches expression.
    pub matchers_re: BTreeMap<String, String>,
    /// Gauges: how the series of one workload combine.
    pub across: Across,
    /// What a user must know.
    pub note: Option<String>,
}

/// A signal that is not there in a range of releases.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The signal.
    pub signal: Signal,
    /// Releases.
    pub range: Range,
    /// Generation; any if `None`.
    pub generation: Option<String>,
    /// Why.
    pub why: String,
    /// What to do.
    pub instead: String,
}

/// How others deploy an exporter.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `helm` or `gpu-operator`.
    pub name: String,
    /// Namespace, where it is fixed.
    pub namespace: Option<String>,
    /// Name of the Service, where it is fixed.
    pub service: Option<String>,
    /// Name of the Service port.
    pub service_port_name: String,
    /// Labels of the Service. The value `<release>` stands for the name of the Helm release.
    pub service_labels: BTreeMap<String, String>,
    /// Fields of the default list that this deployment does not collect.
    pub not_collected: Vec<String>,
}

/// One exporter.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// What it exports about.
    pub kind: Kind,
    /// Whether an unlisted name can be called unknown.
    pub complete: bool,
    /// Default port.
    pub port: Option<u16>,
    /// Path of the metrics.
    pub path: String,
    /// Releases that were read, ascending.
    pub releases: Vec<Release>,
    /// Prefixes of names that it owns.
    pub prefixes: Vec<String>,
    /// Spelling of whole bucket bounds.
    pub le_spelling: LeSpelling,
    /// Whether a metric that a release has can be missing on its page.
    pub series_may_be_absent: bool,
    /// Label with the served model.
    pub model_label: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Generations.
    pub generations: Vec<Generation>,
    /// Metrics.
    pub metrics: Vec<Metric>,
    /// Signals.
    pub signals: Vec<SignalEntry>,
    /// Signals that are not there.
    pub missing: Vec<Missing>,
    /// How others deploy it.
    pub deployments: Vec<Deployment>,
}
