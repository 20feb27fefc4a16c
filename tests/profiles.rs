//! The built-in profiles: each reads without findings, agrees with the list of profiles, maps or excuses every signal in every
//! release, and covers the pages that real exporters served. Pages are read where the folder with recordings is present.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::catalog::{
    BUILTIN, Catalog, Found, GpuTable, INDEX, Kind, MetricType, Profile, Release, Signal, SignalKind, View, make_index,
    read_profile,
};
use llmobs::catalog_report::{Wanted, verify};
use llmobs::diag::{Sink, render};
use llmobs::metrics_page;
use llmobs::source::Sources;

/// Recorded pages: file, profile and release of the exporter.
const PAGES: &[(&str, &str, &str)] = &[
    ("dcgm-4.4.x.prom", "dcgm-exporter", "4.4.1-4.6.0"),
    ("dynamo-frontend-1.6.1.prom", "dynamo", "1.6.1"),
    ("generated-vllm-0.14.1.prom", "vllm", "0.14.1"),
    ("generated-vllm-0.33.0.prom", "vllm", "0.33.0"),
    ("generated-vllm-0.8.5.post1.prom", "vllm", "0.8.5.post1"),
    ("nim-1.x.prom", "nim", "1.8.0"),
    ("otelcol-0.158.0.prom", "otelcol", "0.158.0"),
    ("triton-trtllm-backend-readme.prom", "triton", "24.11"),
    ("vllm-0.4.3.prom", "vllm", "0.4.3"),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("names_are_unique", names_are_unique),
        Trial::test("gpu_table_reads", gpu_table),
        Trial::test("profile_files_are_listed", files_are_listed),
        Trial::test("index_is_fresh", index_is_fresh),
    ];
    for builtin in BUILTIN {
        let name = builtin.name;
        trials.push(Trial::test(format!("{name}/agrees_with_the_list"), move || agrees(name)));
        trials.push(Trial::test(format!("{name}/signals_are_mapped_or_missing"), move || signals(name)));
        trials.push(Trial::test(format!("{name}/metrics_are_sound"), move || metrics(name)));
    }
    for (file, profile, release) in PAGES {
        let path = recorded().join(file);
        let absent = !path.exists();
        let test = move || page(&path, profile, release);
        trials.push(Trial::test(format!("recorded/{file}"), test).with_ignored_flag(absent));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn recorded() -> PathBuf {
    std::env::var_os("LLMOBS_RECORDED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recorded"), PathBuf::from)
}

fn read(name: &str) -> Result<Arc<Profile>, Failed> {
    let builtin = BUILTIN.iter().find(|b| b.name == name).ok_or("not in the list")?;
    let mut sources = Sources::default();
    let file = sources.add(format!("profiles/{name}.toml"), builtin.text);
    let mut sink = Sink::default();
    let profile = read_profile(&sources, file, &mut sink);
    let findings = render::human(&sink.into_sorted(), &sources, false);
    if !findings.is_empty() {
        return Err(findings.into());
    }
    Ok(Arc::new(profile.ok_or("no profile and no finding")?))
}

/// Returns a finding per line, or nothing.
fn verdict(faults: BTreeSet<String>) -> Result<(), Failed> {
    if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().collect::<Vec<_>>().join("\n").into()) }
}

fn names_are_unique() -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    let names = BUILTIN.iter().flat_map(|b| std::iter::once(&b.name).chain(b.aliases));
    verdict(names.filter(|n| !seen.insert(**n)).map(|n| format!("`{n}` stands twice")).collect())
}

fn files_are_listed() -> Result<(), Failed> {
    let mut faults = BTreeSet::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles"))? {
        let name = entry?.file_name().into_string().map_err(|n| format!("{n:?}"))?;
        let stem = name.trim_end_matches(".toml");
        if !["gpus", "xid", "index.tsv"].contains(&stem) && !BUILTIN.iter().any(|b| b.name == stem) {
            faults.insert(format!("profiles/{name} is not compiled in"));
        }
    }
    verdict(faults)
}

/// `profiles/index.tsv` is made from the profiles.
fn index_is_fresh() -> Result<(), Failed> {
    let made = make_index(|name| read(name).ok().and_then(Arc::into_inner));
    if made == INDEX {
        return Ok(());
    }
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/index.tsv"), made)?;
        return Err("profiles/index.tsv was written anew; run the test again".into());
    }
    let old: BTreeSet<&str> = INDEX.lines().collect();
    let new: BTreeSet<&str> = made.lines().collect();
    verdict(old.symmetric_difference(&new).map(|l| format!("differs: {l}")).collect())
}

fn agrees(name: &str) -> Result<(), Failed> {
    let profile = read(name)?;
    let builtin = BUILTIN.iter().find(|b| b.name == name).ok_or("not in the list")?;
    let mut faults = BTreeSet::new();
    if profile.name != builtin.name {
        faults.insert(format!("the file is named `{}`", profile.name));
    }
    if profile.kind != builtin.kind {
        faults.insert(format!("the file says kind `{}`", profile.kind.word()));
    }
    if profile.aliases != builtin.aliases {
        faults.insert(format!("the file has the aliases {:?}, the list {:?}", profile.aliases, builtin.aliases));
    }
    if profile.prefixes != builtin.prefixes {
        faults.insert(format!("the file has the prefixes {:?}, the list {:?}", profile.prefixes, builtin.prefixes));
    }
    let wraps: Vec<(&str, &str)> =
        profile.passes_on.iter().filter_map(|p| Some((p.profile.as_str(), p.prefix.as_deref()?))).collect();
    if wraps != builtin.wraps {
        faults.insert(format!("the file wraps {wraps:?}, the list says {:?}", builtin.wraps));
    }
    let others = profile.libraries.iter().chain(profile.passes_on.iter().map(|p| &p.profile));
    for other in others.filter(|o| !BUILTIN.iter().any(|b| b.name == **o)) {
        faults.insert(format!("there is no profile `{other}`"));
    }
    for library in &profile.libraries {
        if BUILTIN.iter().any(|b| b.name == library && b.kind != Kind::Library) {
            faults.insert(format!("`{library}` is no library"));
        }
    }
    if builtin.mapped == (profile.signals.is_empty() && profile.missing.is_empty()) {
        faults.insert("the list is wrong about signals being mapped".to_owned());
    }
    if let Some(pair) = profile.releases.windows(2).find(|w| w[0] >= w[1]) {
        faults.insert(format!("{} stands twice", pair[0]));
    }
    verdict(faults)
}

/// Every view of a profile: each release with each of its generations.
fn views(profile: &Arc<Profile>) -> Vec<View> {
    let mut out = Vec::new();
    for release in &profile.releases {
        let generations = profile.generations_of(release);
        if generations.is_empty() {
            out.extend(profile.select(release, None).map(|s| s.view));
        }
        out.extend(generations.into_iter().filter_map(|g| profile.select(release, Some(g))).map(|s| s.view));
    }
    out
}

fn signals(name: &str) -> Result<(), Failed> {
    let profile = read(name)?;
    let mapped = BUILTIN.iter().any(|b| b.name == name && b.mapped);
    let expected = match profile.kind {
        Kind::Engine if mapped => Signal::OF_ENGINES,
        Kind::Gpu if mapped => Signal::OF_GPUS,
        Kind::Gateway if mapped => Signal::OF_GATEWAYS,
        _ => &[],
    };
    let mut faults = BTreeSet::new();
    for view in views(&profile) {
        let at = format!("{} {}", view.release, view.generation.as_deref().unwrap_or_default());
        for entry in &profile.signals {
            if entry.range.contains(&view.release)
                && entry.generation.as_ref().is_none_or(|g| Some(g) == view.generation.as_ref())
            {
                let Some(metric) = view.metric(&entry.metric) else {
                    faults.insert(format!(
                        "{at}: `{}` is mapped to `{}`, which is not there",
                        entry.signal.word(),
                        entry.metric
                    ));
                    continue;
                };
                if !fits(entry.kind, &entry.metric, metric.kind) {
                    let kind = metric.kind.word();
                    faults.insert(format!("{at}: `{}` is a {kind}, no {:?}", entry.metric, entry.kind));
                }
                let by_value = entry.kind != SignalKind::Histogram && entry.labels.is_empty();
                if by_value && metric.name == entry.metric && metric.unit.to_base().is_none() {
                    faults.insert(format!(
                        "{at}: `{}` has the unit `{}` without base unit",
                        entry.metric,
                        metric.unit.word()
                    ));
                }
                let labels: Vec<&String> = metric.labels.iter().chain(&metric.labels_optional).collect();
                for label in entry.matchers.keys().chain(entry.matchers_re.keys()).chain(entry.labels.values()) {
                    if !labels.contains(&label) {
                        faults.insert(format!("{at}: `{}` has no label `{label}`", entry.metric));
                    }
                }
            }
        }
        for signal in expected {
            match view.signal(*signal) {
                Found::Here(source) => {
                    if source.kind == SignalKind::Histogram && source.buckets.is_empty() {
                        faults.insert(format!("{at}: `{}` has no buckets", source.series));
                    }
                }
                Found::Missing { why, .. } if why.starts_with("The profile `") => {
                    faults.insert(format!("{at}: `{}` is neither mapped nor said to be missing", signal.word()));
                }
                Found::Missing { .. } => {}
            }
        }
    }
    verdict(faults)
}

/// Whether a series can carry a signal of a shape. GPU exporters declare totals as gauges, so a gauge may be a counter.
fn fits(kind: SignalKind, series: &str, metric: MetricType) -> bool {
    match kind {
        SignalKind::Histogram => metric == MetricType::Histogram,
        SignalKind::Counter => match metric {
            MetricType::Counter | MetricType::Gauge => true,
            MetricType::Untyped => false,
            MetricType::Histogram | MetricType::Summary => series.ends_with("_sum") || series.ends_with("_count"),
        },
        SignalKind::Gauge => matches!(metric, MetricType::Gauge | MetricType::Counter),
    }
}

fn metrics(name: &str) -> Result<(), Failed> {
    let profile = read(name)?;
    let mut faults = BTreeSet::new();
    let mut catalog = Catalog::default();
    for metric in &profile.metrics {
        let at = &metric.name;
        if metric.buckets.windows(2).any(|w| w[0] >= w[1]) {
            faults.insert(format!("the buckets of `{at}` do not ascend"));
        }
        if metric.kind != MetricType::Histogram && !metric.buckets.is_empty() {
            faults.insert(format!("`{at}` is a {} with buckets", metric.kind.word()));
        }
        for next in &metric.replaced_by {
            if catalog.find(next).iter().all(|h| h.rewritten.is_some()) {
                faults.insert(format!("`{at}` is replaced by `{next}`, which no release of any profile has"));
            }
        }
        let owned = profile.prefixes.iter().any(|p| metric.name.starts_with(p.as_str()));
        if !owned && catalog.find(&metric.name).iter().all(|h| h.profile.name != profile.name) {
            faults.insert(format!("`{at}` has no prefix of the profile and is not in the index"));
        }
        let mut labels = BTreeSet::new();
        for label in metric.labels.iter().chain(&metric.labels_optional) {
            if !labels.insert(label) {
                faults.insert(format!("`{at}` has the label `{label}` twice"));
            }
        }
        if metric.range.since.as_ref().zip(metric.range.until.as_ref()).is_some_and(|(a, b)| a > b) {
            faults.insert(format!("`{at}` ends before it begins"));
        }
    }
    for view in views(&profile) {
        let mut seen = BTreeSet::new();
        for metric in view.metrics() {
            // Without a generation in the view, entries of different generations may share a name.
            if !seen.insert((&metric.name, &metric.generation)) {
                faults.insert(format!("`{}` stands twice in {}", metric.name, view.release));
            }
        }
    }
    verdict(faults)
}

fn gpu_table() -> Result<(), Failed> {
    let text = include_str!("../profiles/gpus.toml");
    let declared = text.lines().filter(|l| l.trim() == "[[gpu]]").count();
    let table = GpuTable::builtin();
    let mut faults = BTreeSet::new();
    if table.gpus.len() != declared {
        faults.insert(format!("{} of {declared} GPUs can be read", table.gpus.len()));
    }
    let mut names = BTreeSet::new();
    for gpu in &table.gpus {
        for name in std::iter::once(&gpu.id).chain(&gpu.aliases) {
            if !names.insert(name) {
                faults.insert(format!("`{name}` stands twice"));
            }
        }
        if gpu.memory_mib > gpu.memory_gib * 1024
            || f64::from(gpu.memory_mib) < f64::from(gpu.memory_gib) * 1024.0 * 0.85
        {
            faults.insert(format!("`{}`: {} MiB are not {} GiB", gpu.id, gpu.memory_mib, gpu.memory_gib));
        }
        for reported in &gpu.model_names {
            if table.by_model_name(reported).map(|g| &g.id) != Some(&gpu.id) {
                faults.insert(format!("`{reported}` is the name of two GPUs"));
            }
        }
    }
    verdict(faults)
}

/// A recorded page against the catalogue, by what `llmobs catalog verify` does: every series, with type, labels and bounds.
fn page(path: &Path, profile: &str, release: &str) -> Result<(), Failed> {
    let mut catalog = Catalog::default();
    let wanted = Wanted {
        profile: catalog.profile(profile).ok_or("no such profile")?,
        version: Some(Release::parse(release).ok_or("no release")?),
    };
    let text = fs::read_to_string(path)?;
    let mut sources = Sources::default();
    let file = sources.add(path.display().to_string(), text.clone());
    let mut sink = Sink::default();
    let page = metrics_page::read(&text, file, &mut sink);
    let findings = render::human(&sink.into_sorted(), &sources, false);
    if !findings.is_empty() {
        return Err(findings.into());
    }
    let report = verify(&page, &mut catalog, Some(&wanted)).map_err(|v| format!("{v} is too old"))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    writeln!(std::io::stdout(), "{name}: {} series, {}", page.samples.len(), report.summary())?;
    let mut faults: BTreeSet<String> = report
        .differences
        .iter()
        // One label per field of the settings, and made-up pages have one field or leave it out.
        .filter(|d| d.metric != "vllm:cache_config_info")
        .map(|d| format!("{}: {} {}", d.profile, d.metric, d.message))
        .collect();
    faults.extend(report.foreign.iter().chain(&report.unlisted).map(|n| format!("{n} is in no profile")));
    if report.families < 5 {
        faults.insert(format!("only {} families were compared", report.families));
    }
    verdict(faults)
}
