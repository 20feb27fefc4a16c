//! What a page shows of one profile: its metrics by the names of the catalogue, with types, label sets and bucket bounds.
//!
//! The size is bounded by the profile, not by the page: names that no release has are only counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{MetricType, Profile};
use crate::metrics_page::{FamilyType, Page, Part};

/// Most different label sets that are kept of one metric.
const MAX_LABEL_SETS: usize = 64;
/// Most bucket bounds that are kept of one histogram; the longest known list has 1,024.
const MAX_BOUNDS: usize = 4_096;
/// Most unknown names that are kept.
const MAX_UNKNOWN: usize = 8;

/// One metric on a page.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Declared type.
    pub kind: Option<FamilyType>,
    /// Names of labels of its series, without `le` and `quantile`, each list sorted.
    pub label_sets: BTreeSet<Vec<String>>,
    /// Spellings of `le`.
    bounds: BTreeSet<String>,
}

impl Seen {
    /// Returns the finite bucket bounds, ascending.
    pub fn finite_bounds(&self) -> Vec<f64> {
        finite_bounds(self.bounds.iter().map(String::as_str))
    }
}

/// Reads bucket bounds; keeps the finite ones, ascending.
pub fn finite_bounds<'t>(spelled: impl Iterator<Item = &'t str>) -> Vec<f64> {
    let mut bounds: Vec<f64> = spelled.filter_map(|b| b.parse().ok()).filter(|b: &f64| b.is_finite()).collect();
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    bounds
}

/// What a page shows of one profile.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Metrics that some release has, by the name of the catalogue.
    pub seen: BTreeMap<String, Seen>,
    /// Names with a prefix of the profile that no release has: the first few.
    pub unknown: BTreeSet<String>,
    /// Whether there are more of them.
    pub more_unknown: bool,
}

impl Evidence {
    /// Collects what a page shows of a profile.
    pub fn of(page: &Page<'_>, profile: &Profile) -> Self {
        let mut evidence = Self::default();
        let known: BTreeMap<&str, MetricType> = profile.metrics.iter().map(|m| (m.name.as_str(), m.kind)).collect();
        for (name, family) in &page.families {
            // A family without samples: the exporter registered it. OpenMetrics leaves `_total` out of the declaration.
            let total = format!("{name}_total");
            let (kind, listed, part) = page.classify(name);
            let listed =
                if !known.contains_key(listed) && known.contains_key(total.as_str()) { &total } else { listed };
            if part != Part::Created && profile.owns(name) && family.kind.is_some() && known.contains_key(listed) {
                evidence.seen.entry(listed.to_owned()).or_default().kind = kind;
            }
        }
        for sample in page.samples.iter().filter(|s| profile.owns(&s.name)) {
            let (kind, listed, part) = page.classify(&sample.name);
            if part == Part::Created {
                continue;
            }
            let Some(name) = listed_name(listed, &known) else {
                evidence.note_unknown(listed);
                continue;
            };
            if !evidence.seen.contains_key(name) {
                evidence.seen.insert(name.to_owned(), Seen { kind, ..Seen::default() });
            }
            let Some(seen) = evidence.seen.get_mut(name) else { continue };
            let mut labels: Vec<String> = Vec::new();
            for (label, value) in &sample.labels {
                if label == "le" {
                    if seen.bounds.len() < MAX_BOUNDS && !seen.bounds.contains(value.as_ref()) {
                        seen.bounds.insert(value.clone().into_owned());
                    }
                } else if label != "quantile" {
                    labels.push(label.clone().into_owned());
                }
            }
            labels.sort();
            if seen.label_sets.len() < MAX_LABEL_SETS {
                seen.label_sets.insert(labels);
            }
        }
        evidence
    }

    fn note_unknown(&mut self, name: &str) {
        if self.unknown.contains(name) {
            return;
        }
        if self.unknown.len() == MAX_UNKNOWN {
            self.more_unknown = true;
        } else {
            self.unknown.insert(name.to_owned());
        }
    }

    /// Returns whether the page shows nothing of the profile.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.unknown.is_empty()
    }
}

/// Returns the beginning of a name up to its first `:` or `_`, for messages.
pub fn prefix(name: &str) -> &str {
    let end = name.find([':', '_', '.']).map_or(name.len(), |i| i + 1);
    &name[..end]
}

/// Finds the catalogue's name of a series: its own, or the base of an undeclared histogram or summary.
fn listed_name<'n>(series: &'n str, known: &BTreeMap<&str, MetricType>) -> Option<&'n str> {
    if known.contains_key(series) {
        return Some(series);
    }
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|s| series.strip_suffix(s))?;
    matches!(known.get(base), Some(MetricType::Histogram | MetricType::Summary)).then_some(base)
}
