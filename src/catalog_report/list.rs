//! Lists: every profile, and every metric that fits some words.

use std::collections::BTreeSet;

use serde::Serialize;

use super::text::{columns, releases};
use crate::catalog::{BUILTIN, Catalog, Certainty};

/// One profile in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Title.
    pub title: String,
    /// What it exports about.
    pub kind: &'static str,
    /// Releases that were read, ascending.
    pub releases: Vec<String>,
    /// Number of different metric names.
    pub metrics: usize,
    /// Whether an unlisted name with one of the prefixes does not exist.
    pub complete: bool,
    /// `read` or `derived`.
    pub certainty: &'static str,
    /// Whether a llmobs.toml can name it.
    pub usable: bool,
}

/// Lists every profile.
pub fn list(catalog: &mut Catalog) -> Vec<Entry> {
    let mut out = Vec::new();
    for (name, kind) in catalog.profile_names() {
        let Some(profile) = catalog.profile(&name) else { continue };
        let names: BTreeSet<&str> = profile.metrics.iter().map(|m| m.name.as_str()).collect();
        let mapped = BUILTIN.iter().find(|b| b.name == name).is_none_or(|b| b.mapped);
        out.push(Entry {
            aliases: profile.aliases.clone(),
            title: profile.title.clone(),
            kind: kind.word(),
            releases: profile.releases.iter().map(ToString::to_string).collect(),
            metrics: names.len(),
            complete: profile.complete,
            certainty: profile.certainty.word(),
            usable: mapped
                && (catalog.engine(&name).is_some()
                    || catalog.gateway(&name).is_some()
                    || catalog.gpu_exporter(&name).is_some()),
            name,
        });
    }
    out
}

/// Prints a list of profiles for people.
pub fn list_text(entries: &[Entry], catalog: &mut Catalog) -> String {
    let mut rows = vec![["PROFILE", "KIND", "RELEASES", "METRICS", ""].map(str::to_owned).to_vec()];
    for entry in entries {
        let range = catalog.profile(&entry.name).map(|p| releases(&p)).unwrap_or_default();
        let mut remarks = Vec::new();
        remarks.push(if entry.complete { "complete" } else { "part" });
        if entry.certainty == Certainty::Derived.word() {
            remarks.push("derived");
        }
        rows.push(vec![
            entry.name.clone(),
            entry.kind.to_owned(),
            range,
            entry.metrics.to_string(),
            remarks.join(", "),
        ]);
    }
    columns(&rows)
}

/// A metric that a search found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Match {
    /// Profile.
    pub profile: String,
    /// Name as scraped.
    pub name: String,
    /// Declared type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// One line of help.
    pub help: String,
}

/// Finds the metrics whose name, help, unit, type, labels or profile have every word, in any letter case. The newest entry of
/// each name stands for it.
pub fn search(catalog: &mut Catalog, words: &[String]) -> Vec<Match> {
    let words: Vec<String> = words.iter().map(|w| w.to_lowercase()).collect();
    let mut out = Vec::new();
    for (name, _) in catalog.profile_names() {
        let Some(profile) = catalog.profile(&name) else { continue };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for metric in profile.metrics.iter().rev() {
            let labels = metric.labels.join(" ");
            let (kind, unit) = (metric.kind.word(), metric.unit.word());
            let text = format!("{} {} {unit} {kind} {labels} {name}", metric.name, metric.help).to_lowercase();
            if words.iter().all(|w| text.contains(w.as_str())) && seen.insert(&metric.name) {
                out.push(Match {
                    profile: name.clone(),
                    name: metric.name.clone(),
                    kind,
                    unit,
                    help: metric.help.clone(),
                });
            }
        }
    }
    out.sort();
    out
}

/// Prints matches for people.
pub fn search_text(matches: &[Match]) -> String {
    let row = |m: &Match| vec![m.profile.clone(), m.name.clone(), m.kind.to_owned(), m.unit.to_owned(), m.help.clone()];
    columns(&matches.iter().map(row).collect::<Vec<_>>())
}
