//! What a rule may know besides the query: the catalogue's view and what was declared about the deployment.

use crate::catalog::Release;
use crate::diag::Severity;
use crate::infer::{Knowledge, Resolved};
use crate::units::Duration;

/// A promise of llmobs.toml about a latency.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Name of the model.
    pub model: String,
    /// Name of the profile of its engine.
    pub profile: String,
    /// Base names of the histograms that measure it.
    pub metric: String,
    /// What was promised, in seconds.
    pub threshold: f64,
    /// What is measured: `ttft`.
    pub signal: String,
}

/// What was declared about the deployment.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Version of Prometheus; `None` if not declared.
    pub prometheus: Option<Release>,
    /// Scrape interval; `None` if not declared.
    pub scrape_interval: Option<Duration>,
    /// Latency objectives.
    pub objectives: Vec<Objective>,
    /// Whether names with a colon are stored with an underscore on purpose, because a Collector rewrites them.
    pub colons_rewritten: bool,
}

/// The surroundings of a query.
pub struct Cx<'c> {
    /// Catalogue, releases, recording rules.
    pub knowledge: &'c Knowledge<'c>,
    /// What was declared.
    pub settings: &'c Settings,
}

impl Cx<'_> {
    /// Returns a name of the exporter as it is stored here: with underscores where a Collector turns colons into them.
    pub fn stored(&self, name: &str) -> String {
        if self.settings.colons_rewritten { crate::catalog::underscored(name) } else { name.to_owned() }
    }

    /// Returns error if the releases in question were declared and the catalogue read them itself, else warning: what rests on the
    /// newest release, or on derived facts, is doubtful.
    pub fn certain(&self, metric: &Resolved) -> Severity {
        if metric.is_declared() && !metric.is_derived() { Severity::Error } else { Severity::Warning }
    }
}
