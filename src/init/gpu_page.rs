//! A page of a GPU exporter: GPU models, how many GPUs, MIG, and the fields that are collected.
//!
//! Labels are those of dcgm-exporter (`modelName`, `UUID`, `GPU_I_ID`), which every `gpu` profile so far describes.

use std::collections::{BTreeMap, BTreeSet};

use super::detect::Detected;
use super::draft::{Draft, Pool, slug, unique};
use super::model_page::version_notes;
use crate::catalog::{Found, GpuTable, Signal};
use crate::declare::values::VersionText;
use crate::diag::shorten;
use crate::metrics_page::Page;

/// Most unknown GPU names that are listed.
const MAX_UNKNOWN: usize = 8;

/// GPUs of one model on a page.
#[derive(Default)]
struct Group<'p> {
    uuids: BTreeSet<&'p str>,
    mig: bool,
}

/// Adds the pools of a page to the draft.
pub fn add(page: &Page<'_>, detected: Detected, gpus: &GpuTable, draft: &mut Draft) {
    let profile = &detected.view.profile;
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for sample in page.samples.iter().filter(|s| profile.owns(&s.name)) {
        let Some(model) = sample.label("modelName") else { continue };
        let group = groups.entry(model).or_default();
        group.uuids.extend(sample.label("UUID").filter(|u| !u.is_empty()));
        group.mig |= sample.label("GPU_I_ID").is_some_and(|i| !i.is_empty());
    }
    let mut unknown: Vec<String> = Vec::new();
    let mut found: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for (name, group) in groups {
        match gpus.by_model_name(name) {
            None => unknown.push(shorten(name)),
            Some(gpu) => {
                let pool = found.entry(gpu.id.clone()).or_default();
                pool.uuids.extend(group.uuids);
                pool.mig |= group.mig && gpu.mig;
            }
        }
    }
    if found.is_empty() && unknown.is_empty() {
        draft
            .notes
            .push("The page of the GPU exporter has no label modelName: add a [gpus.NAME] table yourself.".into());
    }
    if !unknown.is_empty() {
        let more = unknown.len().saturating_sub(MAX_UNKNOWN);
        unknown.truncate(MAX_UNKNOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        draft.notes.push(format!("The GPU table has no {}{more}: no pool is written for them.", unknown.join(", ")));
    }
    for (id, group) in found {
        join(id, &group, &detected, draft);
    }
}

/// Adds the GPUs of one model: to the pool of an earlier page, or as a new pool.
fn join(id: String, group: &Group<'_>, detected: &Detected, draft: &mut Draft) {
    let version = detected.view.release.to_string();
    let version = VersionText::parse(&version).ok().map(|_| version);
    let fields = extra_fields(detected);
    if let Some(pool) = draft.pools.iter_mut().find(|p| p.gpu == id && p.version == version) {
        // Another node of the same pool.
        pool.count = Some(pool.count.unwrap_or(0) + group.uuids.len());
        pool.mig |= group.mig;
        pool.fields.retain(|f| fields.contains(f));
        return;
    }
    let mut notes = version_notes(detected);
    notes.extend(missing(detected));
    let used = draft.pools.iter().map(|p| p.name.as_str()).collect();
    let name = unique(&slug(&id), &used);
    let count = Some(group.uuids.len()).filter(|n| *n > 0);
    draft.pools.push(Pool { name, gpu: id, count, version, deployed: true, fields, mig: group.mig, notes });
}

/// Returns the fields on the page that are not in the default list.
fn extra_fields(detected: &Detected) -> Vec<String> {
    let view = &detected.view;
    let extra = |name: &&String| {
        view.metric(name).is_some_and(|m| m.name == **name && m.csv.as_deref().is_some_and(|c| c != "default"))
    };
    detected.evidence.seen.keys().filter(extra).cloned().collect()
}

/// Says which signals the page lacks although the release has them in its default list.
fn missing(detected: &Detected) -> Option<String> {
    let view = &detected.view;
    // Utilisation is per GPU or per MIG instance, never both.
    let wanted = [
        Signal::GpuMemoryUsed,
        Signal::GpuMemoryFree,
        Signal::GpuTemperature,
        Signal::GpuPower,
        Signal::GpuThermalThrottle,
        Signal::GpuXid,
    ];
    let lacking: Vec<String> = wanted
        .into_iter()
        .filter_map(|signal| match view.signal(signal) {
            Found::Here(source) if !detected.evidence.seen.contains_key(&source.metric.name) => {
                Some(format!("{} ({})", source.series, signal.title()))
            }
            _ => None,
        })
        .collect();
    (!lacking.is_empty())
        .then(|| format!("Not on the page: {}. Add them to the exporter's list of fields.", lacking.join(", ")))
}
