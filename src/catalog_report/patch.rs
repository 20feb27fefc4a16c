//! What differs on a page as entries of a profile.

use std::collections::{BTreeMap, BTreeSet};

use super::page::Sighting;
use super::verify::{Difference, Kind, Report};
use crate::init::finite_bounds;
use crate::metrics_page::FamilyType;
use crate::units::number;

/// Prints `[[metric]]` entries for every metric that the page shows and the catalogue does not, or not so. Units are taken from
/// the page or from the usual ending of a name; what neither shows is `unknown`, for a person to fill in.
pub fn patch(report: &Report) -> String {
    let releases: BTreeMap<&str, &str> =
        report.profiles.iter().map(|p| (p.profile.as_str(), p.release.as_str())).collect();
    // Nothing is known of these.
    let mut names: BTreeMap<&str, Vec<&Difference>> =
        report.foreign.iter().chain(&report.unlisted).map(|n| (n.as_str(), Vec::new())).collect();
    for difference in report.differences.iter().filter(|d| of_page(d.kind)) {
        names.entry(&difference.metric).or_default().push(difference);
    }
    let mut out = String::new();
    for (name, differences) in names {
        let Some(seen) = report.seen.get(name) else { continue };
        if !out.is_empty() {
            out.push('\n');
        }
        let since = differences.first().and_then(|d| releases.get(d.profile.as_str()).copied());
        let values = differences.iter().filter(|d| d.kind == Kind::LabelValue).filter_map(|d| d.label.as_deref());
        entry(name, seen, since, &values.collect(), &mut out);
    }
    out
}

fn of_page(kind: Kind) -> bool {
    !matches!(kind, Kind::Absent | Kind::Rewritten)
}

fn entry(name: &str, seen: &Sighting, since: Option<&str>, values: &BTreeSet<&str>, out: &mut String) {
    let list = |items: &mut dyn Iterator<Item = &String>| items.map(|i| text(i)).collect::<Vec<_>>().join(", ");
    out.push_str(&format!("[[metric]]\nname = {}\ntype = \"{}\"\n", text(name), kind(seen)));
    out.push_str(&format!("unit = \"{}\"\n", unit(name, seen)));
    out.push_str(&format!("labels = [{}]\n", list(&mut seen.in_all.iter())));
    let optional = list(&mut seen.in_some.difference(&seen.in_all));
    if !optional.is_empty() {
        out.push_str(&format!("labels_optional = [{optional}]\n"));
    }
    for label in values {
        let values = list(&mut seen.values.get(*label).into_iter().flatten());
        out.push_str(&format!("label_values.{} = [{values}]\n", text(label)));
    }
    let bounds = finite_bounds(seen.bounds.iter().map(String::as_str));
    if !bounds.is_empty() {
        let bounds: Vec<String> = bounds.iter().map(|b| number(*b)).collect();
        out.push_str(&format!("buckets = [{}]\n", bounds.join(", ")));
    }
    if let Some(since) = since {
        out.push_str(&format!("since = {}\n", text(since)));
    }
    if !seen.help.is_empty() {
        out.push_str(&format!("help = {}\n", text(&crate::diag::shorten(&seen.help))));
    }
}

fn kind(seen: &Sighting) -> &'static str {
    match seen.kind {
        Some(FamilyType::Counter) => "counter",
        Some(FamilyType::Gauge | FamilyType::Info | FamilyType::StateSet) => "gauge",
        Some(FamilyType::Histogram | FamilyType::GaugeHistogram) => "histogram",
        Some(FamilyType::Summary) => "summary",
        Some(FamilyType::Untyped) | None => "untyped",
    }
}

fn unit(name: &str, seen: &Sighting) -> &'static str {
    let declared = seen.unit.as_deref().unwrap_or_default();
    let name = name.strip_suffix("_total").unwrap_or(name);
    let ends = |unit: &str| declared == unit || name.ends_with(&format!("_{unit}"));
    ["seconds", "milliseconds", "bytes", "ratio", "percent", "celsius", "joules", "tokens", "info"]
        .into_iter()
        .find(|u| ends(u))
        .unwrap_or("unknown")
}

/// Writes a TOML string.
fn text(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}
