//! A page against the catalogue: which exporters it shows, and what differs from what is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::page::{Sighting, sightings};
use super::show::rewriting;
use super::text;
use crate::catalog::{Catalog, Certainty, LabelOrigin, Metric, Profile, Release, Status, View, label_origin};
use crate::init::{Evidence, detect, finite_bounds, same_bounds, same_type};
use crate::metrics_page::Page;
use crate::units::number;

/// Fewest listed families by which a profile is recognised that owns no prefix on the page.
const FEWEST: usize = 3;

/// Most unknown names for which the nearest known one is looked for: that takes time for each.
const MAX_NEAREST: usize = 20;

/// The profile that a user named.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The profile.
    pub profile: Arc<Profile>,
    /// The version; found by the page if `None`.
    pub version: Option<Release>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A name in the namespace of a complete profile that no release has.
    Unknown,
    /// A name that other releases have.
    OtherRelease,
    /// A name that something rewrote on its way.
    Rewritten,
    /// Another declared type.
    Type,
    /// Some series lacks a label that is said to be always there.
    LabelMissing,
    /// A label that is not listed.
    LabelUnlisted,
    /// A value that is not listed.
    LabelValue,
    /// Other bucket bounds.
    Buckets,
    /// A metric that every page of the release has, and this one lacks.
    Absent,
}

/// One difference.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Name of the metric.
    pub metric: String,
    /// What differs.
    pub kind: Kind,
    /// The profile that says otherwise.
    pub profile: String,
    /// The label that it is about.
    pub label: Option<String>,
    /// One clause that follows the name.
    pub message: String,
}

/// A profile that explains a part of the page.
#[derive(Clone, Debug, Serialize)]
pub struct Used {
    /// Name.
    pub profile: String,
    /// The release that was compared.
    pub release: String,
    /// Generation of the engine.
    pub generation: Option<String>,
    /// The releases that fit as well, where the page decided.
    pub fits: Option<String>,
    /// Number of families on the page that it has.
    pub families: usize,
}

/// What a page shows against the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The profiles, the one that explains most first.
    pub profiles: Vec<Used>,
    /// Number of families on the page.
    pub families: usize,
    /// Families in the namespace of a profile that lists a part only, and not these.
    pub unlisted: Vec<String>,
    /// Families outside of everything that is known.
    pub foreign: Vec<String>,
    /// What differs, by metric.
    pub differences: Vec<Difference>,
    /// What was seen, for patches.
    #[serde(skip)]
    pub(super) seen: BTreeMap<String, Sighting>,
}

/// A profile at the release that is compared.
struct Chosen {
    view: View,
    fits: Option<String>,
    families: usize,
}

/// Compares a page with the catalogue. `wanted` is compared in any case; what else the page shows is found by its names.
///
/// # Errors
/// The version that is older than every release of the wanted profile.
pub fn verify(page: &Page<'_>, catalog: &mut Catalog, wanted: Option<&Wanted>) -> Result<Report, Release> {
    let seen = sightings(page, catalog);
    let mut chosen = Vec::new();
    for profile in explaining(&seen, catalog, wanted) {
        let version = wanted.filter(|w| w.profile.name == profile.name).and_then(|w| w.version.as_ref());
        chosen.extend(choose(&profile, version, page)?);
    }
    let mut report = Report {
        profiles: Vec::new(),
        families: seen.len(),
        unlisted: Vec::new(),
        foreign: Vec::new(),
        differences: Vec::new(),
        seen: BTreeMap::new(),
    };
    for (name, sighting) in &seen {
        family(name, sighting, &mut chosen, catalog, &mut report);
    }
    for one in &chosen {
        absent(&one.view, &seen, &mut report);
    }
    report.differences.sort_by(|a, b| (&a.metric, a.kind).cmp(&(&b.metric, b.kind)));
    report.profiles = chosen
        .iter()
        .filter(|c| c.families > 0 || wanted.is_some_and(|w| w.profile.name == c.view.profile.name))
        .map(|c| Used {
            profile: c.view.profile.name.clone(),
            release: c.view.release.to_string(),
            generation: c.view.generation.clone(),
            fits: c.fits.clone(),
            families: c.families,
        })
        .collect();
    report.seen = seen;
    Ok(report)
}

/// Finds the profiles that together explain the page: again and again the one that explains most of what is left. Programs come
/// before libraries.
fn explaining(seen: &BTreeMap<String, Sighting>, catalog: &mut Catalog, wanted: Option<&Wanted>) -> Vec<Arc<Profile>> {
    let mut listed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut profiles: BTreeMap<String, Arc<Profile>> = BTreeMap::new();
    for name in seen.keys() {
        for profile in catalog.owners(name) {
            listed.entry(profile.name.clone()).or_default().insert(name);
            profiles.insert(profile.name.clone(), profile);
        }
        for hit in catalog.find(name).into_iter().filter(|h| h.rewritten.is_none()) {
            listed.entry(hit.profile.name.clone()).or_default().insert(name);
            profiles.insert(hit.profile.name.clone(), hit.profile);
        }
    }
    let mut out: Vec<Arc<Profile>> = wanted.map(|w| w.profile.clone()).into_iter().collect();
    let mut left: BTreeSet<&str> = seen.keys().map(String::as_str).collect();
    for profile in &out {
        left.retain(|n| !listed.get(&profile.name).is_some_and(|l| l.contains(n)));
    }
    for library in [false, true] {
        loop {
            let gain = |p: &Arc<Profile>| listed.get(&p.name).map_or(0, |l| l.intersection(&left).count());
            let owns = |p: &Arc<Profile>| left.iter().any(|n| p.prefixes.iter().any(|x| n.starts_with(x.as_str())));
            let best = profiles
                .values()
                .filter(|p| (p.kind == crate::catalog::Kind::Library) == library)
                .filter(|p| library || owns(p) || gain(p) >= FEWEST)
                .max_by_key(|p| (gain(p), std::cmp::Reverse(p.name.clone())));
            let Some(best) = best.filter(|p| gain(p) > 0) else { break };
            left.retain(|n| !listed.get(&best.name).is_some_and(|l| l.contains(n)));
            out.push(best.clone());
        }
    }
    out
}

fn choose(profile: &Arc<Profile>, version: Option<&Release>, page: &Page<'_>) -> Result<Option<Chosen>, Release> {
    if let Some(version) = version {
        let selected = profile.select(version, None).ok_or_else(|| version.clone())?;
        let several = profile.generations_of(version);
        let mut view = selected.view;
        // The page shows which of several generations runs.
        if several.len() > 1 {
            let evidence = Evidence::of(page, profile);
            let fit = |g: &&str| {
                let of = View { generation: Some((*g).to_owned()), ..view.clone() };
                evidence.seen.keys().filter(|n| of.metric(n).is_some()).count()
            };
            view.generation = several.into_iter().max_by_key(fit).map(str::to_owned).or(view.generation);
        }
        return Ok(Some(Chosen { view, fits: None, families: 0 }));
    }
    let detected = detect(profile, &Evidence::of(page, profile));
    Ok(detected.map(|d| {
        let fits = (d.releases.len() > 1).then(|| d.ranges());
        Chosen { view: d.view, fits, families: 0 }
    }))
}

fn family(name: &str, seen: &Sighting, chosen: &mut [Chosen], catalog: &mut Catalog, report: &mut Report) {
    let guesses = report.differences.iter().filter(|d| d.kind == Kind::Unknown).take(MAX_NEAREST).count();
    let mut add = |kind: Kind, profile: &str, label: Option<&str>, message: String| {
        let (profile, label) = (profile.to_owned(), label.map(str::to_owned));
        report.differences.push(Difference { metric: name.to_owned(), kind, profile, label, message });
    };
    let covering = |c: &&mut Chosen| c.view.metric(name).is_some_and(|m| m.name == name);
    if let Some(one) = chosen.iter_mut().find(covering) {
        one.families += 1;
        if let Some(metric) = one.view.metric(name) {
            compare(metric, seen, &mut |kind, label, message| {
                add(kind, &one.view.profile.name, label, message);
            });
        }
        return;
    }
    let elsewhere = |c: &&Chosen| c.view.profile.metrics.iter().any(|m| m.name == name);
    if let Some(one) = chosen.iter().find(elsewhere) {
        let ranges: BTreeSet<String> = one
            .view
            .profile
            .metrics
            .iter()
            .filter(|m| m.name == name)
            .map(|m| {
                let generation = m.generation.as_ref().map(|g| format!(", generation {g}")).unwrap_or_default();
                format!("{}{generation}", text::range(&m.range))
            })
            .collect();
        let ranges: Vec<String> = ranges.into_iter().collect();
        let message = format!("is not of {}: the catalogue has it {}", one.view.release, ranges.join("; "));
        return add(Kind::OtherRelease, &one.view.profile.name, None, message);
    }
    let owner = chosen.iter().find(|c| c.view.profile.owns(name)).map(|c| c.view.profile.clone());
    if let Some(profile) = owner {
        if !profile.complete {
            report.unlisted.push(name.to_owned());
            return;
        }
        let near = (guesses < MAX_NEAREST).then(|| Catalog::nearest(&profile, name)).flatten();
        let near = near.map(|n| format!("; the nearest is {n}")).unwrap_or_default();
        return add(Kind::Unknown, &profile.name, None, format!("is not in the catalogue{near}"));
    }
    match catalog.find(name).into_iter().find_map(|h| Some((h.rewritten.clone()?, h))) {
        Some((how, hit)) => {
            let message = format!("is {} by way of {}", hit.metric().name, rewriting(&how));
            add(Kind::Rewritten, &hit.profile.name, None, message);
        }
        None => report.foreign.push(name.to_owned()),
    }
}

/// Compares a family with its entry.
fn compare(metric: &Metric, seen: &Sighting, add: &mut dyn FnMut(Kind, Option<&str>, String)) {
    // The list of fields of a GPU exporter decides the declared type, and users write their own.
    let free_type = metric.csv.as_deref().is_some_and(|c| c != "exporter");
    if let Some(kind) = seen.kind
        && !free_type
        && !same_type(kind, metric.kind)
    {
        add(Kind::Type, None, format!("is a {} on the page, a {} in the catalogue", kind.word(), metric.kind.word()));
    }
    if seen.series > 0 {
        for label in metric.labels.iter().filter(|l| !seen.in_all.contains(*l)) {
            let what = if seen.in_some.contains(label) { "is not on every series" } else { "is not there" };
            add(Kind::LabelMissing, Some(label), format!("label {label} {what}"));
        }
    }
    for label in &seen.in_some {
        let origin = label_origin(metric, label);
        if matches!(origin, None | Some(LabelOrigin::Target | LabelOrigin::Exported)) && !metric.labels_open {
            add(Kind::LabelUnlisted, Some(label), format!("label {} is not listed", crate::diag::shorten(label)));
        }
    }
    for (label, listed) in &metric.label_values {
        for value in seen.values.get(label).into_iter().flatten().filter(|v| !listed.contains(v)) {
            let value = crate::diag::shorten(value);
            add(Kind::LabelValue, Some(label), format!("{label}=\"{value}\" is not among {}", listed.join(", ")));
        }
    }
    let bounds = finite_bounds(seen.bounds.iter().map(String::as_str));
    let fixed = !metric.buckets.is_empty() && metric.buckets_vary.is_none();
    if fixed && !bounds.is_empty() && !same_bounds(&bounds, &metric.buckets) {
        add(Kind::Buckets, None, between(&bounds, &metric.buckets));
    }
}

/// Says which bounds are on one side only.
fn between(page: &[f64], listed: &[f64]) -> String {
    let only = |a: &[f64], b: &[f64]| -> String {
        let near = |x: &&f64| !b.iter().any(|y| (*x - y).abs() <= 1e-9 * x.abs().max(y.abs()));
        a.iter().filter(near).map(|x| number(*x)).collect::<Vec<_>>().join(", ")
    };
    let (more, less) = (only(page, listed), only(listed, page));
    let sides = [("only on the page", more), ("only in the catalogue", less)];
    let sides: Vec<String> =
        sides.into_iter().filter(|(_, b)| !b.is_empty()).map(|(side, b)| format!("{side}: {b}")).collect();
    format!("has other bucket bounds; {}", sides.join("; "))
}

/// Finds what every page of a release has and this one lacks.
fn absent(view: &View, seen: &BTreeMap<String, Sighting>, report: &mut Report) {
    if view.profile.series_may_be_absent || view.profile.kind == crate::catalog::Kind::Library {
        return;
    }
    let always = |m: &&Metric| {
        m.status == Status::Stable
            && m.requires.is_none()
            && m.certainty == Certainty::Read
            && view.profile.owns(&m.name)
    };
    let names: BTreeSet<&str> = view.metrics().filter(always).map(|m| m.name.as_str()).collect();
    for name in names.into_iter().filter(|n| !seen.contains_key(*n)) {
        report.differences.push(Difference {
            metric: name.to_owned(),
            kind: Kind::Absent,
            profile: view.profile.name.clone(),
            label: None,
            message: format!("is not on the page; {} always has it", view.release),
        });
    }
}

impl Report {
    /// Prints it for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for used in &self.profiles {
            let generation = used.generation.as_ref().map(|g| format!(" ({g})")).unwrap_or_default();
            let fits = used.fits.as_ref().map(|f| format!(", fits {f}")).unwrap_or_default();
            let n = used.families;
            let plural = if n == 1 { "y" } else { "ies" };
            out.push_str(&format!("{} {}{generation}: {n} famil{plural}{fits}\n", used.profile, used.release));
        }
        for used in &self.profiles {
            let absent = self.differences.iter().filter(|d| d.kind == Kind::Absent && d.profile == used.profile);
            let absent: Vec<&str> = absent.map(|d| d.metric.as_str()).collect();
            if !absent.is_empty() {
                out.push_str(&format!("  {} always has, and the page lacks: {}\n", used.profile, absent.join(", ")));
            }
        }
        for difference in self.differences.iter().filter(|d| d.kind != Kind::Absent) {
            out.push_str(&format!("  {} {}\n", crate::diag::shorten(&difference.metric), difference.message));
        }
        let lists =
            [("not listed, of profiles that are a part", &self.unlisted), ("outside of the catalogue", &self.foreign)];
        for (title, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
            let names: Vec<String> = names.iter().map(|n| crate::diag::shorten(n)).collect();
            out.push_str(&format!("{title}: {}\n", names.join(", ")));
        }
        out
    }

    /// Says the result in one line.
    pub fn summary(&self) -> String {
        let known: usize = self.profiles.iter().map(|p| p.families).sum();
        let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        format!(
            "{}, {known} in the catalogue, {}",
            plural(self.families, "family", "families"),
            plural(self.differences.len(), "difference", "differences"),
        )
    }
}
