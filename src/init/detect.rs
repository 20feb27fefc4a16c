//! Which releases of a profile a page can come from.
//!
//! Every release and generation is compared with the page. Names that no release has are left out: they tell no release from
//! another. The releases with the fewest contradictions are the result; with none, they fit.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::evidence::{Evidence, Seen};
use crate::catalog::{Metric, MetricType, Profile, Release, Status, View};
use crate::metrics_page::FamilyType;

/// What a page was made by.
#[derive(Clone, Debug)]
pub struct Detected {
    /// The newest release that fits best.
    pub view: View,
    /// Whether `view.generation` must be written because it is not the default of the release.
    pub write_generation: bool,
    /// Every release of this generation that fits as well, ascending.
    pub releases: Vec<Release>,
    /// What does not fit `view`, one sentence each, sorted; empty if all fits.
    pub differences: Vec<String>,
    /// What the page shows.
    pub evidence: Evidence,
}

/// Compares a page with every release. `None` for a profile without releases.
pub fn detect(profile: &Arc<Profile>, evidence: &Evidence) -> Option<Detected> {
    let mut candidates: Vec<(View, (usize, usize, usize))> = Vec::new();
    for release in &profile.releases {
        let mut generations: Vec<Option<String>> =
            profile.generations_of(release).into_iter().map(|g| Some(g.to_owned())).collect();
        if generations.is_empty() {
            generations.push(None);
        }
        for generation in generations {
            let view = View { profile: profile.clone(), release: release.clone(), generation };
            // Names prove more than labels, types and bounds, and what is there more than what is missing: a page may be cut.
            let unknown = evidence.seen.keys().filter(|n| !has(&view, n)).count();
            let absent = absent(&view, evidence).len();
            let n = (unknown, differences(&view, evidence).len() - absent - unknown, absent);
            candidates.push((view, n));
        }
    }
    let fewest = candidates.iter().map(|(_, n)| *n).min()?;
    candidates.retain(|(_, n)| *n == fewest);
    let newest = candidates.iter().map(|(v, _)| v.release.clone()).max()?;
    let default = profile.select(&newest, None).and_then(|s| s.view.generation);
    let of_newest = || candidates.iter().map(|(v, _)| v).filter(|v| v.release == newest);
    let view = of_newest().find(|v| v.generation == default).or_else(|| of_newest().next())?.clone();
    let releases = candidates
        .iter()
        .map(|(v, _)| v)
        .filter(|v| v.generation == view.generation)
        .map(|v| v.release.clone())
        .collect();
    Some(Detected {
        write_generation: view.generation != default,
        differences: differences(&view, evidence),
        releases,
        evidence: evidence.clone(),
        view,
    })
}

impl Detected {
    /// Returns the releases as ranges of those that were read: `0.16.0 to 0.19.1, 0.21.0`.
    pub fn ranges(&self) -> String {
        let known = &self.view.profile.releases;
        let mut parts: Vec<(usize, usize)> = Vec::new();
        for index in (0..known.len()).filter(|i| self.releases.contains(&known[*i])) {
            match parts.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => parts.push((index, index)),
            }
        }
        let text = |(first, last): &(usize, usize)| match first == last {
            true => known[*first].to_string(),
            false => format!("{} to {}", known[*first], known[*last]),
        };
        parts.iter().map(text).collect::<Vec<_>>().join(", ")
    }
}

fn has(view: &View, name: &str) -> bool {
    view.metric(name).is_some_and(|m| m.name == name)
}

/// Returns what of a page contradicts a release.
fn differences(view: &View, evidence: &Evidence) -> Vec<String> {
    let mut out = Vec::new();
    for (name, seen) in &evidence.seen {
        match view.metric(name).filter(|_| has(view, name)) {
            Some(metric) => compare(metric, seen, &mut out),
            None => out.push(format!("the page has {name}, which {} does not have", view.release)),
        }
    }
    out.extend(absent(view, evidence).into_iter().map(|name| format!("the page lacks {name}")));
    out
}

/// Returns what every page of a release has and this one lacks.
fn absent<'v>(view: &'v View, evidence: &Evidence) -> BTreeSet<&'v str> {
    if view.profile.series_may_be_absent {
        return BTreeSet::new();
    }
    let always = |m: &&Metric| m.status == Status::Stable && m.requires.is_none() && view.profile.owns(&m.name);
    view.metrics().filter(always).map(|m| m.name.as_str()).filter(|n| !evidence.seen.contains_key(*n)).collect()
}

fn compare(metric: &Metric, seen: &Seen, out: &mut Vec<String>) {
    let name = &metric.name;
    // The list of fields of a GPU exporter decides the declared type, and users write their own.
    let free_type = metric.csv.as_deref().is_some_and(|c| c != "exporter");
    if let Some(kind) = seen.kind
        && !free_type
        && !same_type(kind, metric.kind)
    {
        out.push(format!("{name} is a {} on the page, expected a {}", kind.word(), metric.kind.word()));
    }
    if let Some(difference) = seen.label_sets.iter().find_map(|set| labels(metric, set)) {
        out.push(format!("{name} {difference}"));
    }
    let bounds = seen.finite_bounds();
    if !metric.buckets.is_empty() && !bounds.is_empty() && !same_bounds(&bounds, &metric.buckets) {
        out.push(format!("{name} has other bucket bounds than the default ones"));
    }
}

/// Returns whether a declared type of a page is the one of the catalogue.
pub fn same_type(page: FamilyType, listed: MetricType) -> bool {
    if listed == MetricType::Untyped {
        return true;
    }
    match page {
        FamilyType::Counter => listed == MetricType::Counter,
        FamilyType::Gauge | FamilyType::Info | FamilyType::StateSet => listed == MetricType::Gauge,
        FamilyType::Histogram => listed == MetricType::Histogram,
        FamilyType::Summary => listed == MetricType::Summary,
        FamilyType::Untyped => true,
        FamilyType::GaugeHistogram => false,
    }
}

fn labels(metric: &Metric, set: &[String]) -> Option<String> {
    if let Some(missing) = metric.labels.iter().find(|l| !set.contains(l)) {
        return Some(format!("has no label {missing}"));
    }
    let listed = |l: &&String| metric.labels.contains(l) || metric.labels_optional.contains(l);
    let extra = set.iter().find(|l| !listed(l)).filter(|_| !metric.labels_open)?;
    Some(format!("has the label {}, which is not listed", crate::diag::shorten(extra)))
}

/// Returns whether two lists of bounds are the same; exporters print the same bound with different numbers of digits.
pub fn same_bounds(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()))
}
