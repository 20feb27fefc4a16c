//! One release of one profile: what is there, and from where each signal is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::read::base_name;
use super::{Across, Metric, MetricType, Profile, Release, Signal, SignalEntry, SignalKind};
use crate::promql::{Matcher, Selector, selector};
use crate::units::{BaseUnit, bucket_bound, same_edge};

/// Where a version lies among the releases that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// It was read.
    Exactly,
    /// It lies between two that were read; the older one stands for it.
    Between,
    /// It is newer than the newest that was read, which stands for it.
    Newer,
}

/// A version of a profile, chosen.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The view.
    pub view: View,
    /// How it was chosen.
    pub matched: Matched,
}

/// A profile at one release and generation.
#[derive(Clone, Debug)]
pub struct View {
    /// The profile.
    pub profile: Arc<Profile>,
    /// The release that stands for the declared version.
    pub release: Release,
    /// The generation, for engines that have several.
    pub generation: Option<String>,
}

/// A signal, or why it is not there.
#[derive(Clone, Debug)]
pub enum Found {
    /// It is there.
    Here(Arc<SignalSource>),
    /// It is not: why, and what to do instead.
    Missing {
        /// Why.
        why: String,
        /// What to do.
        instead: String,
    },
}

/// From where a signal is read in one release.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalSource {
    /// The signal.
    pub signal: Signal,
    /// Its shape.
    pub kind: SignalKind,
    /// Name of the series; histograms by base name.
    pub series: String,
    /// Label equals value.
    pub matchers: BTreeMap<String, String>,
    /// Label matches expression.
    pub matchers_re: BTreeMap<String, String>,
    /// Labels that hold what is read, by what they hold: `running`, `waiting`, `slots`. Empty where the value holds it.
    pub labels: BTreeMap<String, String>,
    /// How gauges combine.
    pub across: Across,
    /// Base unit of the value after multiplication with `factor`.
    pub base_unit: BaseUnit,
    /// From the exporter's unit to the base unit.
    pub factor: f64,
    /// Finite bucket bounds in the base unit, ascending.
    pub buckets: Vec<f64>,
    /// What a user must know.
    pub note: Option<String>,
    /// The catalogue entry.
    pub metric: Metric,
}

impl SignalSource {
    /// Returns the `le` of the recorded bucket whose bound is a number of seconds; `None` if no bound is. Recorded buckets have one
    /// spelling, whatever the exporter's is.
    pub fn le_at(&self, seconds: f64) -> Option<String> {
        let edge = self.buckets.iter().copied().find(|e| same_edge(*e, seconds))?;
        Some(bucket_bound(edge / self.factor))
    }

    /// Returns a selector of a series of the signal, with other matchers before its own.
    pub fn selector(&self, series: &str, matchers: &[Matcher]) -> Selector {
        let mut selector = selector(series).matching(matchers);
        for (label, value) in &self.matchers {
            selector = selector.eq(label, value);
        }
        for (label, value) in &self.matchers_re {
            selector = selector.re(label, value);
        }
        selector
    }
}

impl Profile {
    /// Chooses the release that stands for `version`, and a generation.
    ///
    /// `None` if the version is older than every release that was read. An unknown `generation` is ignored here; ask
    /// [`Profile::generations_of`] first.
    pub fn select(self: &Arc<Self>, version: &Release, generation: Option<&str>) -> Option<Selected> {
        let release = self.releases.iter().rev().find(|r| *r <= version)?.clone();
        let matched = if release == *version {
            Matched::Exactly
        } else if Some(&release) == self.releases.last() {
            Matched::Newer
        } else {
            Matched::Between
        };
        let generation = match generation {
            Some(wanted) => Some(wanted.to_owned()),
            None => self
                .generations
                .iter()
                .find(|g| g.range.contains(version) && g.default.contains(version))
                .map(|g| g.name.clone()),
        };
        Some(Selected { view: View { profile: self.clone(), release, generation }, matched })
    }

    /// Returns the generations that a version has.
    pub fn generations_of(&self, version: &Release) -> Vec<&str> {
        self.generations.iter().filter(|g| g.range.contains(version)).map(|g| g.name.as_str()).collect()
    }
}

impl View {
    fn fits(&self, generation: Option<&String>) -> bool {
        match (generation, &self.generation) {
            (Some(entry), Some(own)) => entry == own,
            _ => true,
        }
    }

    /// Returns the metric of a name in this release; a series of a histogram finds its histogram.
    pub fn metric(&self, series: &str) -> Option<&Metric> {
        let here = |m: &&Metric| m.range.contains(&self.release) && self.fits(m.generation.as_ref());
        let exact = self.profile.metrics.iter().filter(|m| m.name == series).find(here);
        exact.or_else(|| {
            let base = base_name(series);
            let histogram =
                |m: &&Metric| m.name == base && matches!(m.kind, MetricType::Histogram | MetricType::Summary);
            self.profile.metrics.iter().filter(histogram).find(here)
        })
    }

    /// Returns the metrics of this release.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.profile.metrics.iter().filter(|m| m.range.contains(&self.release) && self.fits(m.generation.as_ref()))
    }

    /// Returns from where a signal is read, or why it is not there.
    pub fn signal(&self, signal: Signal) -> Found {
        let entry = self
            .profile
            .signals
            .iter()
            .find(|s| s.signal == signal && s.range.contains(&self.release) && self.fits(s.generation.as_ref()));
        if let Some(source) = entry.and_then(|e| self.source(e)) {
            return Found::Here(Arc::new(source));
        }
        let missing = self
            .profile
            .missing
            .iter()
            .find(|m| m.signal == signal && m.range.contains(&self.release) && self.fits(m.generation.as_ref()));
        match missing {
            Some(m) => Found::Missing { why: m.why.clone(), instead: m.instead.clone() },
            None => Found::Missing {
                why: format!("The profile `{}` does not map it.", self.profile.name),
                instead: "Add a [[signal]] entry to a profile of your own.".to_owned(),
            },
        }
    }

    fn source(&self, entry: &SignalEntry) -> Option<SignalSource> {
        let metric = self.metric(&entry.metric)?;
        let counts_events = entry.kind == SignalKind::Counter
            && metric.kind == MetricType::Histogram
            && entry.metric.ends_with("_count");
        // What labels hold has no unit, and the value another meaning.
        let (base_unit, factor) =
            if counts_events || !entry.labels.is_empty() { (BaseUnit::Count, 1.0) } else { metric.unit.to_base()? };
        Some(SignalSource {
            signal: entry.signal,
            kind: entry.kind,
            series: entry.metric.clone(),
            matchers: entry.matchers.clone(),
            matchers_re: entry.matchers_re.clone(),
            labels: entry.labels.clone(),
            across: entry.across,
            base_unit,
            factor,
            buckets: metric.buckets.iter().map(|b| b * factor).collect(),
            note: entry.note.clone(),
            metric: metric.clone(),
        })
    }
}
