//! The turn from a raw profile file into a [`Profile`]. Reports every key that does not fit the others; knows no TOML.

use std::collections::BTreeMap;

use super::profile::{Named as Entry, Range};
use super::raw::{ExportedProfileName, RawMetric, RawPassesOn, RawProfile, RawSignal, RawSignalKind};
use super::{
    Across, Certainty, Deployment, Generation, Kind, LeSpelling, Metric, MetricType, Missing, PassesOn, Profile,
    Release, SignalEntry, SignalKind, Status,
};
use crate::declare::values::{ExportedName, Finite, Prose, VersionText};
use crate::declare::{Named, read_document};
use crate::diag::{Code, Diagnostic, Sink, did_you_mean, shorten};
use crate::source::{FileId, Place, Sources, Spanned};
use crate::units::Unit;

/// Reads a profile. `None`, with findings in the sink, if the exporter itself cannot be read.
pub fn read_profile(sources: &Sources, file: FileId, sink: &mut Sink) -> Option<Profile> {
    let raw: RawProfile = read_document(sources, file, sink);
    Turn { sink }.profile(raw)
}

/// Turns raw tables into values; reports what does not fit.
struct Turn<'s> {
    sink: &'s mut Sink,
}

impl Turn<'_> {
    fn fault(&mut self, place: Place, message: String, label: &str) {
        self.sink.push(Diagnostic::new(Code::ProfileInvalid, message, place, label));
    }

    fn release(&mut self, text: Option<&Spanned<VersionText>>) -> Option<Release> {
        let text = text?;
        let release = Release::parse(&text.0);
        if release.is_none() {
            self.fault(text.place, format!("`{}` is no release", shorten(&text.0)), "expected numbers with dots");
        }
        release
    }

    fn range(&mut self, since: Option<&Spanned<VersionText>>, until: Option<&Spanned<VersionText>>) -> Range {
        Range { since: self.release(since), until: self.release(until) }
    }

    fn profile(&mut self, raw: RawProfile) -> Option<Profile> {
        let exporter = raw.exporter?;
        let name = exporter.name.clone()?;
        let mut releases: Vec<Release> =
            exporter.versions.iter().flat_map(|v| &v.value).filter_map(|v| self.release(Some(v))).collect();
        releases.sort();
        if releases.is_empty() {
            self.fault(
                exporter.place,
                "a profile needs at least one release".to_owned(),
                "expected `versions = [\"1.0.0\"]`",
            );
        }
        let label_sets = raw.label_sets.map(|s| s.value).unwrap_or_default();
        let bucket_sets = raw.bucket_sets.map(|s| s.value).unwrap_or_default();
        let certainty = exporter.certainty.as_ref().map_or(Certainty::Read, |c| c.value);
        let metrics: Vec<Metric> =
            list(raw.metric).filter_map(|m| self.metric(m, &label_sets, &bucket_sets, certainty)).collect();
        let signals: Vec<SignalEntry> = list(raw.signal).filter_map(|s| self.signal(s, &metrics)).collect();
        Some(Profile {
            name: name.as_str().to_owned(),
            title: exporter.title.as_ref().map_or_else(|| name.as_str().to_owned(), |t| t.0.clone()),
            kind: exporter.kind.as_ref().map_or(Kind::Engine, |k| k.value),
            complete: exporter.complete.as_ref().is_some_and(|c| c.value),
            port: exporter.port.as_ref().and_then(|p| u16::try_from(p.0).ok()),
            path: exporter.path.as_ref().map_or_else(|| "/metrics".to_owned(), |p| p.0.clone()),
            releases,
            prefixes: names(exporter.prefixes.as_ref()),
            le_spelling: exporter.le_spelling.as_ref().map_or(LeSpelling::Float, |l| l.value),
            series_may_be_absent: exporter.series_may_be_absent.as_ref().is_some_and(|s| s.value),
            model_label: exporter.model_label.as_ref().map(|l| l.0.clone()),
            tenant_labels: names(exporter.tenant_labels.as_ref()),
            aliases: exporter.aliases.iter().flat_map(|a| &a.value).map(|a| a.0.clone()).collect(),
            generations: list(raw.generation)
                .filter_map(|g| {
                    Some(Generation {
                        name: g.value.name.as_ref()?.as_str().to_owned(),
                        range: self.range(g.since.as_ref(), g.until.as_ref()),
                        default: self.range(g.default_since.as_ref(), g.default_until.as_ref()),
                    })
                })
                .collect(),
            signals,
            missing: list(raw.missing)
                .filter_map(|m| {
                    Some(Missing {
                        signal: m.signal.as_ref()?.value,
                        range: self.range(m.since.as_ref(), m.until.as_ref()),
                        generation: m.generation.as_ref().map(|g| g.as_str().to_owned()),
                        why: m.why.as_ref()?.0.clone(),
                        instead: m.instead.as_ref()?.0.clone(),
                    })
                })
                .collect(),
            deployments: list(raw.deployment)
                .filter_map(|d| {
                    Some(Deployment {
                        name: d.name.as_ref()?.as_str().to_owned(),
                        namespace: d.namespace.as_ref().map(|n| n.0.clone()),
                        service: d.service.as_ref().map(|n| n.0.clone()),
                        service_port_name: d.service_port_name.as_ref()?.0.clone(),
                        service_labels: d
                            .service_labels
                            .iter()
                            .flat_map(|l| &l.value.entries)
                            .map(|(k, v)| (k.0.clone(), v.0.clone()))
                            .collect(),
                        not_collected: names(d.not_collected.as_ref()),
                    })
                })
                .collect(),
            certainty,
            libraries: list(exporter.value.libraries).map(|l| l.value.as_str().to_owned()).collect(),
            passes_on: list(raw.passes_on).filter_map(|p| self.passes_on(p.value)).collect(),
            notes: list(exporter.value.notes).map(|n| n.value.0).collect(),
            by_name: by_name(&metrics),
            metrics,
        })
    }

    fn passes_on(&mut self, raw: RawPassesOn) -> Option<PassesOn> {
        Some(PassesOn {
            profile: raw.profile?.as_str().to_owned(),
            range: self.range(raw.since.as_ref(), raw.until.as_ref()),
            prefix: raw.prefix.map(|p| p.value.0),
            labels: names(raw.labels.as_ref()),
            certainty: raw.certainty.map_or(Certainty::Read, |c| c.value),
            note: raw.note.map(|n| n.value.0),
        })
    }

    fn labels(
        &mut self,
        sets: &Named<ExportedName, Vec<Spanned<ExportedName>>>,
        from: Option<&Spanned<ExportedName>>,
        own: Option<&Spanned<Vec<Spanned<ExportedName>>>>,
    ) -> Vec<String> {
        let mut labels = Vec::new();
        if let Some(from) = from {
            match sets.entries.get(&from.value) {
                Some(set) => labels.extend(set.value.iter().map(|l| l.0.clone())),
                None => self.fault(from.place, format!("no label set `{}`", shorten(&from.0)), "not in [label_sets]"),
            }
        }
        labels.extend(names(own));
        labels
    }

    fn metric(
        &mut self,
        raw: Spanned<RawMetric>,
        label_sets: &Named<ExportedName, Vec<Spanned<ExportedName>>>,
        bucket_sets: &Named<ExportedName, Vec<Spanned<Finite>>>,
        certainty: Certainty,
    ) -> Option<Metric> {
        let place = raw.place;
        let raw = raw.value;
        let name = raw.name?.value.0;
        let kind = raw.kind?.value;
        let mut buckets: Vec<f64> = raw.buckets.iter().flat_map(|b| &b.value).map(|b| b.0).collect();
        if let Some(from) = &raw.buckets_from {
            match bucket_sets.entries.get(&from.value) {
                Some(set) => buckets = set.value.iter().map(|b| b.0).collect(),
                None => self.fault(from.place, format!("no bucket set `{}`", shorten(&from.0)), "not in [bucket_sets]"),
            }
        }
        if buckets.windows(2).any(|w| w[0] >= w[1]) {
            self.fault(place, format!("the bucket bounds of `{name}` do not ascend"), "expected ascending bounds");
        }
        let unit = raw.unit.map_or(Unit::Unknown, |u| u.value);
        let outside = raw.outside_of_unit.is_some_and(|o| o.value);
        // A counter of a unit with bounds is a sum.
        let bounds = unit.bounds().filter(|_| !outside && kind != MetricType::Counter);
        Some(Metric {
            bounds,
            kind,
            semantics: raw.semantics.map(|s| s.value),
            unit,
            generation: raw.generation.map(|g| g.value.as_str().to_owned()),
            labels: self.labels(label_sets, raw.labels_from.as_ref(), raw.labels.as_ref()),
            labels_optional: self.labels(label_sets, raw.labels_optional_from.as_ref(), raw.labels_optional.as_ref()),
            labels_open: raw.labels_dynamic.is_some(),
            label_values: raw
                .label_values
                .iter()
                .flat_map(|v| &v.value.entries)
                .map(|(k, v)| (k.0.clone(), v.value.iter().map(|x| x.0.clone()).collect()))
                .collect(),
            buckets,
            buckets_vary: raw.buckets_vary.map(|b| b.value.0),
            range: self.range(raw.since.as_ref(), raw.until.as_ref()),
            status: raw.status.map_or(Status::Stable, |s| s.value),
            requires: raw.requires.map(|r| r.value.0),
            csv: raw.csv.map(|c| c.value.0),
            profiling: raw.profiling.is_some_and(|p| p.value),
            replaced_by: names(raw.replaced_by.as_ref()),
            caveat: raw.caveat.map(|c| c.value.0),
            note: raw.note.map(|n| n.value.0),
            certainty: raw.certainty.map_or(certainty, |c| c.value),
            otlp_names: raw
                .otlp_names
                .into_iter()
                .flat_map(|t| t.value.entries)
                .map(|(mode, name)| (mode, name.value.0))
                .collect(),
            help: raw.help.map_or_else(String::new, |h| h.value.0),
            name,
        })
    }

    fn signal(&mut self, raw: Spanned<RawSignal>, metrics: &[Metric]) -> Option<SignalEntry> {
        let place = raw.place;
        let raw = raw.value;
        let (signal, metric) = (raw.name?.value, raw.metric?);
        let kind = match raw.kind?.value {
            RawSignalKind::Histogram => SignalKind::Histogram,
            RawSignalKind::Counter => SignalKind::Counter,
            RawSignalKind::Gauge => SignalKind::Gauge,
        };
        if kind != signal.kind() {
            let expected = format!("expected a {}", format!("{:?}", signal.kind()).to_lowercase());
            self.fault(place, format!("the signal `{}` has another shape", signal.word()), &expected);
            return None;
        }
        let base = base_name(&metric.0);
        if !metrics.iter().any(|m| m.name == metric.0 || (m.name == base && m.kind == MetricType::Histogram)) {
            let message =
                format!("the signal `{}` names `{}`, which no [[metric]] has", signal.word(), shorten(&metric.0));
            let mut fault =
                Diagnostic::new(Code::ProfileInvalid, message, metric.place, "not a metric of this profile");
            if let Some(near) = did_you_mean(&metric.0, metrics.iter().map(|m| m.name.as_str())) {
                fault = fault.help(format!("did you mean `{near}`?"));
            }
            self.sink.push(fault);
            return None;
        }
        let unit = metrics.iter().find(|m| m.name == base || m.name == metric.0).map_or(Unit::Unknown, |m| m.unit);
        if kind == SignalKind::Histogram && ![Unit::Seconds, Unit::Milliseconds].contains(&unit) {
            self.fault(
                metric.place,
                format!(
                    "the signal `{}` is a latency, and `{}` is in `{}`",
                    signal.word(),
                    shorten(&metric.0),
                    unit.word()
                ),
                "expected a histogram in `seconds` or `milliseconds`",
            );
            return None;
        }
        let table = |t: Option<Spanned<Named<ExportedName, Prose>>>| -> BTreeMap<String, String> {
            t.map(|t| t.value.entries.into_iter().map(|(k, v)| (k.0, v.value.0)).collect()).unwrap_or_default()
        };
        Some(SignalEntry {
            signal,
            kind,
            metric: metric.value.0,
            range: self.range(raw.since.as_ref(), raw.until.as_ref()),
            generation: raw.generation.map(|g| g.value.as_str().to_owned()),
            matchers: table(raw.matchers),
            matchers_re: table(raw.matchers_re),
            labels: raw.labels.map(labels).unwrap_or_default(),
            across: raw.across.map_or(Across::Sum, |a| a.value),
            note: raw.note.map(|n| n.value.0),
        })
    }
}

/// Returns the base name of a series of a histogram.
pub fn base_name(series: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|s| series.strip_suffix(s)).unwrap_or(series)
}

fn labels(raw: Spanned<Named<ExportedProfileName, ExportedName>>) -> BTreeMap<String, String> {
    raw.value.entries.into_iter().map(|(k, v)| (k.as_str().to_owned(), v.value.0)).collect()
}

fn list<T>(raw: Option<Spanned<Vec<Spanned<T>>>>) -> impl Iterator<Item = Spanned<T>> {
    raw.into_iter().flat_map(|l| l.value)
}

fn names(raw: Option<&Spanned<Vec<Spanned<ExportedName>>>>) -> Vec<String> {
    raw.into_iter().flat_map(|l| &l.value).map(|n| n.0.clone()).collect()
}

fn by_name(metrics: &[Metric]) -> BTreeMap<String, Vec<Entry>> {
    let mut out: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for (index, metric) in metrics.iter().enumerate() {
        out.entry(metric.name.clone()).or_default().push(Entry { metric: index, mode: None });
        for (mode, name) in metric.otlp_names.iter().filter(|(_, n)| *n != metric.name) {
            let entries = out.entry(name.clone()).or_default();
            // Two translations may make the same name.
            if entries.last().is_none_or(|e| e.metric != index) {
                entries.push(Entry { metric: index, mode: Some(*mode) });
            }
        }
    }
    out
}
