//! Reader of `/metrics` pages: the Prometheus text exposition format 0.0.4 and OpenMetrics text.
//!
//! Reads what such pages use: families with TYPE, HELP and UNIT, samples with labels, timestamps, exemplars (skipped), quoted
//! UTF-8 names, `# EOF`. Borrows from the text wherever nothing is escaped. Every fault is a finding with its place; reading
//! goes on with the next line, in time linear in the text. This module must not know any exporter.

mod line;
mod reader;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use reader::{MAX_FAULTS, MAX_SAMPLES, read};

use crate::source::Place;

/// Declared type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyType {
    /// Counter.
    Counter,
    /// Gauge.
    Gauge,
    /// Histogram.
    Histogram,
    /// Summary.
    Summary,
    /// No type: `untyped`, or `unknown` in OpenMetrics.
    Untyped,
    /// OpenMetrics: constant 1 with labels.
    Info,
    /// OpenMetrics: one series per state.
    StateSet,
    /// OpenMetrics: a histogram that can fall.
    GaugeHistogram,
}

impl FamilyType {
    /// Reads the word of a TYPE line.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            "untyped" | "unknown" => Self::Untyped,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "gaugehistogram" => Self::GaugeHistogram,
            _ => return None,
        })
    }

    /// Returns the word of a TYPE line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Untyped => "untyped",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::GaugeHistogram => "gaugehistogram",
        }
    }
}

/// What a page says about one family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family<'a> {
    /// Type; `None` without a TYPE line.
    pub kind: Option<FamilyType>,
    /// Help as written, escapes included.
    pub help: Option<&'a str>,
    /// Unit of OpenMetrics.
    pub unit: Option<&'a str>,
}

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Name as written, for example `x_bucket`.
    pub name: Cow<'a, str>,
    /// Labels in the order of the page, without repetitions.
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Value.
    pub value: f64,
    /// Timestamp as written: milliseconds in 0.0.4, seconds in OpenMetrics.
    pub timestamp: Option<f64>,
    /// The line.
    pub place: Place,
}

impl Sample<'_> {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_ref())
    }
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page<'a> {
    /// Families that have a TYPE, HELP or UNIT line, by name.
    pub families: BTreeMap<Cow<'a, str>, Family<'a>>,
    /// Samples in the order of the page.
    pub samples: Vec<Sample<'a>>,
    /// Whether the page ends with `# EOF`, so that it is OpenMetrics.
    pub open_metrics: bool,
}

/// Which part of a family a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The value itself, or a counter's `_total`.
    Value,
    /// A bucket, sum or count of a histogram or summary.
    OfDistribution,
    /// The time at which a client library made the series.
    Created,
}

impl Page<'_> {
    /// Returns the declared type of a series, the name by which catalogues list it (base name for histograms and summaries, name
    /// as scraped for all others), and its part.
    pub fn classify<'n>(&self, series: &'n str) -> (Option<FamilyType>, &'n str, Part) {
        use FamilyType::{Counter, GaugeHistogram, Histogram, Summary};
        let kind = |name: &str| self.families.get(name).and_then(|f| f.kind);
        if let Some(own) = kind(series) {
            // prometheus_client declares `x_created` as a gauge of its own.
            return match series.strip_suffix("_created") {
                Some(base) if self.has_created(base) => (Some(own), series, Part::Created),
                _ => (Some(own), series, Part::Value),
            };
        }
        if let Some(base) = series.strip_suffix("_created")
            && self.has_created(base)
        {
            return (None, series, Part::Created);
        }
        for suffix in ["_bucket", "_sum", "_count", "_gsum", "_gcount"] {
            let Some(base) = series.strip_suffix(suffix) else { continue };
            if let Some(of @ (Histogram | Summary | GaugeHistogram)) = kind(base) {
                return (Some(of), base, Part::OfDistribution);
            }
        }
        // OpenMetrics declares `x` and writes `x_total` or `x_info`.
        if let Some(of @ Counter) = series.strip_suffix("_total").and_then(kind) {
            return (Some(of), series, Part::Value);
        }
        if let Some(of @ FamilyType::Info) = series.strip_suffix("_info").and_then(kind) {
            return (Some(of), series, Part::Value);
        }
        (None, series, Part::Value)
    }

    /// Returns whether a family can have `_created` series: `base` is a distribution, or a counter with or without `_total`.
    fn has_created(&self, base: &str) -> bool {
        use FamilyType::{Counter, Histogram, Summary};
        let kind = |name: &str| self.families.get(name).and_then(|f| f.kind);
        matches!(kind(base), Some(Counter | Histogram | Summary)) || kind(&format!("{base}_total")) == Some(Counter)
    }
}
