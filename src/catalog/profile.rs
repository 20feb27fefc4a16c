//! A profile after reading: the metrics of one exporter by release, and its mapping of signals.

use std::collections::BTreeMap;

use super::{Release, Signal, SignalKind};
use crate::spec_words;
use crate::units::Unit;

spec_words! {
    /// What an exporter exports about.
    Kind, "`engine`, `gpu`, `cluster`, `gateway`, `serving`, `telemetry` or `library`" {
        /// An inference engine.
        Engine = "engine",
        /// GPUs and other accelerators.
        Gpu = "gpu",
        /// The cluster around them: nodes, workloads, costs.
        Cluster = "cluster",
        /// A gateway or router in front of engines.
        Gateway = "gateway",
        /// A platform that runs engines.
        Serving = "serving",
        /// Monitoring itself.
        Telemetry = "telemetry",
        /// A client library: metrics that many programs export in the same way.
        Library = "library",
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
    MetricType, "`counter`, `gauge`, `histogram`, `summary` or `untyped`" {
        /// Counter.
        Counter = "counter",
        /// Gauge.
        Gauge = "gauge",
        /// Histogram with buckets.
        Histogram = "histogram",
        /// Summary.
        Summary = "summary",
        /// Exported without a type, or with one that is not known.
        Untyped = "untyped",
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
        /// A mean already: it has no weights, so a mean or sum of several means nothing.
        Mean = "mean",
        /// A histogram whose bounds were made for another unit: its quantiles mean nothing.
        WrongBuckets = "wrong-buckets",
        /// A histogram that observes the mean of each request: its quantiles are of requests, not of what the mean is of.
        RequestMean = "request-mean",
        /// One series per state, 1 for the state that holds.
        StateSet = "state-set",
        /// Registered, and never set to anything that has a meaning.
        Dead = "dead",
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
    /// How well a profile or metric is known. A finding of level error must not rest on what is derived.
    Certainty, "`read` or `derived`" {
        /// Read in the source of the exporter or seen on a page of it.
        Read = "read",
        /// Derived: from documents, from other releases, or by a rule.
        Derived = "derived",
    }
}

spec_words! {
    /// How the name of an OpenTelemetry instrument becomes the name of a series, where it is not the way the exporter's own page
    /// shows it. The words follow `otlp.translation_strategy` of Prometheus.
    OtlpMode, "`escaped-with-suffixes`, `escaped-without-suffixes`, `utf8-with-suffixes` or `untranslated`" {
        /// Underscores for other letters; unit and `_total` appended.
        EscapedWithSuffixes = "escaped-with-suffixes",
        /// Underscores for other letters; nothing appended.
        EscapedWithoutSuffixes = "escaped-without-suffixes",
        /// Letters kept; unit and `_total` appended.
        Utf8WithSuffixes = "utf8-with-suffixes",
        /// The name of the instrument.
        Untranslated = "untranslated",
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
#[derive(Clone, Debug, Default, PartialEq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name as scraped; histograms by base name.
    pub name: String,
    /// Declared type.
    pub kind: MetricType,
    /// True nature, where it differs.
    pub semantics: Option<Semantics>,
    /// Unit of the value; of a histogram or summary, of what it observes.
    pub unit: Unit,
    /// Least and largest value, where they are known.
    pub bounds: Option<(f64, f64)>,
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
    /// Finite bucket bounds, ascending; empty where they are not known.
    pub buckets: Vec<f64>,
    /// What decides the bounds where they are not fixed; `buckets` is an example then.
    pub buckets_vary: Option<String>,
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
    /// Successors; several where the quantity was split.
    pub replaced_by: Vec<String>,
    /// Where the successor is not the same quantity.
    pub caveat: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// How well it is known.
    pub certainty: Certainty,
    /// Its names under other translations of OpenTelemetry names.
    pub otlp_names: Vec<(OtlpMode, String)>,
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
    /// Labels that hold what is read, by what they hold.
    pub labels: BTreeMap<String, String>,
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

/// Metrics of another exporter that come through this one.
#[derive(Clone, Debug)]
pub struct PassesOn {
    /// Profile of the other exporter.
    pub profile: String,
    /// Releases of this one that do it.
    pub range: Range,
    /// Put in front of the names, after every letter that is not of `[A-Za-z0-9_]` became `_`. `None` if names stay as they are.
    pub prefix: Option<String>,
    /// Labels that are added.
    pub labels: Vec<String>,
    /// How well it is known.
    pub certainty: Certainty,
    /// What a reader should know.
    pub note: Option<String>,
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
    /// Labels that tell tenants apart, the usual one first.
    pub tenant_labels: Vec<String>,
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
    /// How well the profile is known.
    pub certainty: Certainty,
    /// Profiles of client libraries whose metrics its pages can show too.
    pub libraries: Vec<String>,
    /// Exporters whose metrics come through this one.
    pub passes_on: Vec<PassesOn>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Every name in `metrics`, names of OpenTelemetry translations included, with the metrics that have it.
    pub(super) by_name: BTreeMap<String, Vec<Named>>,
}

/// A metric under one of its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// Index into the metrics of the profile.
    pub(super) metric: usize,
    /// The translation that makes the name; `None` for the name on the exporter's own page.
    pub(super) mode: Option<OtlpMode>,
}
