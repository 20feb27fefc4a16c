//! Two releases of one exporter against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::compare::changes;
use crate::catalog::{Matched, Metric, Profile, Release, Selected};

/// What differs between two releases.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// Profile.
    pub profile: String,
    /// The releases that stand for the two versions.
    pub releases: (String, String),
    /// Where a version was not read itself, one sentence each.
    pub notes: Vec<String>,
    /// Metrics of the old release that the new one lacks, and that have no successor in it.
    pub gone: Vec<Gone>,
    /// Metrics of the old release that the new one lacks, with successors.
    pub renamed: Vec<Gone>,
    /// Metrics that only the new release has.
    pub added: Vec<Added>,
    /// Metrics that both have, with what changed.
    pub changed: Vec<Changed>,
}

/// A metric that is gone.
#[derive(Clone, Debug, Serialize)]
pub struct Gone {
    /// Name.
    pub name: String,
    /// Successors.
    pub replaced_by: Vec<String>,
    /// Where a successor is not the same quantity.
    pub caveat: Option<String>,
}

/// A metric that is new.
#[derive(Clone, Debug, Serialize)]
pub struct Added {
    /// Name.
    pub name: String,
    /// Declared type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// One line of help.
    pub help: String,
}

/// A metric that changed.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Name.
    pub name: String,
    /// One sentence per change.
    pub changes: Vec<String>,
}

/// Compares two versions. Of engines with several generations, the default one of each version counts.
///
/// # Errors
/// The version that is older than every release that was read.
pub fn diff<'v>(profile: &Arc<Profile>, old: &'v Release, new: &'v Release) -> Result<Diff, &'v Release> {
    let (before, after) = (profile.select(old, None).ok_or(old)?, profile.select(new, None).ok_or(new)?);
    let (had, has) = (metrics(&before), metrics(&after));
    let mut out = Diff {
        profile: profile.name.clone(),
        releases: (label(&before), label(&after)),
        notes: [(old, &before), (new, &after)].into_iter().filter_map(|(v, s)| note(v, s)).collect(),
        gone: Vec::new(),
        renamed: Vec::new(),
        added: Vec::new(),
        changed: Vec::new(),
    };
    let mut successors: BTreeSet<&str> = BTreeSet::new();
    for (name, metric) in &had {
        match has.get(name) {
            Some(now) => {
                let changes = changes(metric, now);
                if !changes.is_empty() {
                    out.changed.push(Changed { name: (*name).to_owned(), changes });
                }
            }
            None => {
                let gone = Gone {
                    name: (*name).to_owned(),
                    replaced_by: metric.replaced_by.clone(),
                    caveat: metric.caveat.clone(),
                };
                let here = metric.replaced_by.iter().any(|n| has.contains_key(base(n, &has)));
                successors.extend(metric.replaced_by.iter().map(String::as_str));
                if here { out.renamed.push(gone) } else { out.gone.push(gone) }
            }
        }
    }
    let new = has.iter().filter(|(name, _)| !had.contains_key(*name) && !successors.contains(*name));
    out.added = new
        .map(|(name, metric)| Added {
            name: (*name).to_owned(),
            kind: metric.kind.word(),
            unit: metric.unit.word(),
            help: metric.help.clone(),
        })
        .collect();
    Ok(out)
}

/// A successor may be named as a series of a histogram.
fn base<'n>(name: &'n str, metrics: &BTreeMap<&str, &Metric>) -> &'n str {
    let cut = ["_bucket", "_sum", "_count"].iter().find_map(|s| name.strip_suffix(s));
    cut.filter(|b| metrics.contains_key(b)).unwrap_or(name)
}

fn metrics(selected: &Selected) -> BTreeMap<&str, &Metric> {
    selected.view.metrics().map(|m| (m.name.as_str(), m)).collect()
}

fn label(selected: &Selected) -> String {
    let generation = selected.view.generation.as_ref().map(|g| format!(" ({g})")).unwrap_or_default();
    format!("{}{generation}", selected.view.release)
}

fn note(version: &Release, selected: &Selected) -> Option<String> {
    let read = &selected.view.release;
    match selected.matched {
        Matched::Exactly => None,
        Matched::Between => Some(format!("{version} was not read; {read} stands for it")),
        Matched::Newer => Some(format!("{version} is newer than what was read; {read} stands for it")),
    }
}

impl Diff {
    /// Prints it for people.
    pub fn text(&self) -> String {
        let mut out = format!("{} {} to {}\n", self.profile, self.releases.0, self.releases.1);
        for note in &self.notes {
            out.push_str(&format!("note: {note}\n"));
        }
        section(&mut out, "gone", &self.gone.iter().map(Gone::lines).collect::<Vec<_>>());
        section(&mut out, "replaced", &self.renamed.iter().map(Gone::lines).collect::<Vec<_>>());
        let added = |a: &Added| vec![format!("{} ({} in {})", a.name, a.kind, a.unit), a.help.clone()];
        section(&mut out, "new", &self.added.iter().map(added).collect::<Vec<_>>());
        let changed = |c: &Changed| std::iter::once(c.name.clone()).chain(c.changes.iter().cloned()).collect();
        section(&mut out, "changed", &self.changed.iter().map(changed).collect::<Vec<_>>());
        if self.gone.len() + self.renamed.len() + self.added.len() + self.changed.len() == 0 {
            out.push_str("no difference\n");
        }
        out
    }
}

impl Gone {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.name.clone()];
        if !self.replaced_by.is_empty() {
            lines.push(format!("now {}", self.replaced_by.join(", ")));
        }
        lines.extend(self.caveat.clone());
        lines
    }
}

fn section(out: &mut String, title: &str, items: &[Vec<String>]) {
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}:\n"));
    for item in items {
        for (n, line) in item.iter().filter(|l| !l.is_empty()).enumerate() {
            out.push_str(if n == 0 { "  " } else { "      " });
            out.push_str(line);
            out.push('\n');
        }
    }
}
