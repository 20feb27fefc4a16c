//! Which series are made: all, or those that rules and dashboards read.

use std::collections::BTreeSet;

use crate::Program;

/// Names of series.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// All that pages have.
    All,
    /// Those of these names; parts of histograms have names of their own.
    Only(BTreeSet<String>),
}

impl Wanted {
    /// Returns what the rules and dashboards of a project read.
    pub fn used(program: &Program) -> Self {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for record in program.book.records() {
            names.extend(record.expr.metric_names());
        }
        for alert in program.book.alerts() {
            names.extend(alert.expr.metric_names());
        }
        for (_, dashboard) in program.dashboards() {
            words(&dashboard, &mut names);
        }
        Self::Only(names)
    }

    /// Returns whether a series is made.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

/// Collects the words of every text of a dashboard: queries stand there with variables of Grafana in them, and are in more places
/// than one. A word that is no name of a series does no harm.
fn words(value: &serde_json::Value, out: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
            out.extend(text.split(|c: char| !is_name(c)).filter(|w| w.contains('_') || *w == "up").map(str::to_owned));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|v| words(v, out)),
        serde_json::Value::Object(all) => all.values().for_each(|v| words(v, out)),
        _ => {}
    }
}
