//! What a page shows, family by family, under the names that a catalogue would list.
//!
//! Bounded by the number of families and small limits for each, not by the number of samples.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Part as MetricPart};
use crate::metrics_page::{FamilyType, Page, Part};

/// Most values that are kept of one label.
const MAX_VALUES: usize = 64;
/// Most bucket bounds that are kept of one histogram.
const MAX_BOUNDS: usize = 4_096;

/// One family on a page.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    /// Declared type.
    pub kind: Option<FamilyType>,
    /// Help as written.
    pub help: String,
    /// Unit of OpenMetrics.
    pub unit: Option<String>,
    /// Number of its series.
    pub series: usize,
    /// Labels that every series has, without `le` and `quantile`.
    pub in_all: BTreeSet<String>,
    /// Labels that some series has.
    pub in_some: BTreeSet<String>,
    /// Values of labels; incomplete above a limit.
    pub values: BTreeMap<String, BTreeSet<String>>,
    /// Spellings of `le`.
    pub bounds: BTreeSet<String>,
}

/// Collects the families of a page. Series of creation times are left out.
pub fn sightings(page: &Page<'_>, catalog: &mut Catalog) -> BTreeMap<String, Sighting> {
    let mut out: BTreeMap<String, Sighting> = BTreeMap::new();
    let mut names: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (name, family) in &page.families {
        if page.classify(name).2 == Part::Created || family.kind.is_none() {
            continue;
        }
        let listed = match family.kind {
            Some(FamilyType::Counter) if page.open_metrics => with_ending(name, "_total"),
            Some(FamilyType::Info) => with_ending(name, "_info"),
            _ => name.clone().into_owned(),
        };
        let seen = out.entry(listed).or_default();
        seen.kind = family.kind;
        seen.help = family.help.unwrap_or_default().to_owned();
        seen.unit = family.unit.map(str::to_owned);
    }
    for sample in &page.samples {
        let name = sample.name.as_ref();
        if !names.contains_key(name) {
            names.insert(name, listed(page, name, catalog));
        }
        let Some(Some(listed)) = names.get(name) else { continue };
        if !out.contains_key(listed) {
            out.insert(listed.clone(), Sighting::default());
        }
        if let Some(seen) = out.get_mut(listed) {
            seen.add(&sample.labels);
        }
    }
    out
}

fn with_ending(name: &str, ending: &str) -> String {
    if name.ends_with(ending) { name.to_owned() } else { format!("{name}{ending}") }
}

/// Returns the name by which a catalogue lists a series; `None` for creation times.
fn listed(page: &Page<'_>, series: &str, catalog: &mut Catalog) -> Option<String> {
    let (kind, listed, part) = page.classify(series);
    if part == Part::Created {
        return None;
    }
    if kind.is_none() {
        // Without a TYPE line the catalogue knows which part of what it is.
        if let Some(hit) = catalog.find(series).into_iter().find(|h| h.rewritten.is_none()) {
            return (hit.part != MetricPart::Created).then(|| hit.metric().name.clone());
        }
    }
    Some(listed.to_owned())
}

impl Sighting {
    fn add(&mut self, labels: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)]) {
        let mut own: BTreeSet<&str> = BTreeSet::new();
        for (label, value) in labels {
            if label == "le" {
                if self.bounds.len() < MAX_BOUNDS && !self.bounds.contains(value.as_ref()) {
                    self.bounds.insert(value.clone().into_owned());
                }
                continue;
            }
            if label == "quantile" {
                continue;
            }
            own.insert(label);
            if !self.in_some.contains(label.as_ref()) {
                self.in_some.insert(label.clone().into_owned());
                self.values.insert(label.clone().into_owned(), BTreeSet::new());
            }
            if let Some(values) = self.values.get_mut(label.as_ref())
                && values.len() < MAX_VALUES
                && !values.contains(value.as_ref())
            {
                values.insert(value.clone().into_owned());
            }
        }
        if self.series == 0 {
            self.in_all = own.into_iter().map(str::to_owned).collect();
        } else {
            self.in_all.retain(|l| own.contains(l.as_str()));
        }
        self.series += 1;
    }
}
