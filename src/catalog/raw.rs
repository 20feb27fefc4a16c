//! The profile format: its declared tables, and the turn from a raw file into a [`Profile`].

use std::collections::BTreeMap;

use super::profile::Range;
use super::{
    Across, Deployment, Generation, Kind, LeSpelling, Metric, MetricType, Missing, Profile, Release, Semantics, Signal,
    SignalEntry, SignalKind, Status,
};
use crate::declare::values::{Count, ExportedName, Finite, Prose, UrlPath, VersionText};
use crate::declare::{Named, read_document};
use crate::diag::{Code, Diagnostic, Sink, did_you_mean, shorten};
use crate::source::{FileId, Place, Sources, Spanned};
use crate::spec_table;

spec_table! {
    /// A profile: the metrics of one exporter by release and their mapping to signals.
    RawProfile {
        /// The exporter.
        required exporter: RawExporter,
        /// Generations of the engine.
        optional generation: Vec<Spanned<RawGeneration>>,
        /// What the profile was read from.
        optional source: Vec<Spanned<RawSource>>,
        /// Lists of labels that metrics name with `labels_from`.
        optional label_sets: Named<ExportedName, Vec<Spanned<ExportedName>>>,
        /// Lists of bucket bounds that metrics name with `buckets_from`.
        optional bucket_sets: Named<ExportedName, Vec<Spanned<Finite>>>,
        /// How others deploy the exporter.
        optional deployment: Vec<Spanned<RawDeployment>>,
        /// The metrics.
        optional metric: Vec<Spanned<RawMetric>>,
        /// The signals.
        optional signal: Vec<Spanned<RawSignal>>,
        /// The signals that are not there.
        optional missing: Vec<Spanned<RawMissing>>,
    }
}

spec_table! {
    /// The exporter.
    RawExporter {
        /// Name, as `engine` in llmobs.toml names it.
        required name: ExportedProfileName,
        /// Title.
        required title: Prose,
        /// `engine`, `gpu` or `cluster`.
        required kind: Kind,
        /// Whether a name that is not listed does not exist.
        optional complete: bool = "`false`",
        /// Default port.
        optional port: Count,
        /// Path of the metrics.
        optional path: UrlPath = "`/metrics`",
        /// Releases that were read, in ascending order.
        required versions: Vec<Spanned<VersionText>>,
        /// Prefixes of metric names that belong to the exporter.
        optional prefixes: Vec<Spanned<ExportedName>>,
        /// How the exporter writes whole bucket bounds: `float` (`1.0`) or `shortest` (`1`).
        optional le_spelling: LeSpelling = "`float`",
        /// Whether a metric that a release has can be missing on its page, for example because a series begins with its first event.
        optional series_may_be_absent: bool = "`false`",
        /// Label with the name of the served model.
        optional model_label: ExportedName,
        /// Other names of the profile.
        optional aliases: Vec<Spanned<Prose>>,
        /// What a reader should know.
        optional notes: Vec<Spanned<Prose>>,
    }
}

/// Name of a profile: the same letters as a table name.
pub type ExportedProfileName = crate::declare::values::Slug;

spec_table! {
    /// A generation of an engine.
    RawGeneration {
        /// Name.
        required name: ExportedProfileName,
        /// First release that has it.
        optional since: VersionText,
        /// Last release that has it.
        optional until: VersionText,
        /// First release in which it is the default.
        optional default_since: VersionText,
        /// Last release in which it is the default.
        optional default_until: VersionText,
    }
}

spec_table! {
    /// A file that facts were read from.
    RawSource {
        /// Short name that metrics refer to.
        optional ref_ as "ref": Prose,
        /// Repository or document.
        optional repo: Prose,
        /// Path in it.
        optional path: Prose,
        /// Version read.
        optional version: Prose,
    }
}

spec_table! {
    /// How others deploy the exporter.
    RawDeployment {
        /// `helm` or `gpu-operator`.
        required name: ExportedProfileName,
        /// Namespace, where it is fixed.
        optional namespace: Prose,
        /// Name of the Service, where it is fixed.
        optional service: Prose,
        /// Name of the Service port.
        required service_port_name: Prose,
        /// Number of the Service port.
        optional port: Count,
        /// Labels of the Service.
        optional service_labels: Named<crate::declare::values::LabelKey, Prose>,
        /// Fields of the default list that it does not collect.
        optional not_collected: Vec<Spanned<ExportedName>>,
        /// Key of a ConfigMap with a list of fields.
        optional custom_csv_configmap_key: Prose,
        /// Exporter by release of the deployer.
        optional exporter_by_operator: Named<ExportedName, Prose>,
    }
}

spec_table! {
    /// A metric in a range of releases in which nothing about it changed.
    RawMetric {
        /// Name as scraped; histograms by base name.
        required name: ExportedName,
        /// Declared type.
        required kind as "type": MetricType,
        /// What it truly is, where that differs.
        optional semantics: Semantics,
        /// Unit of the value.
        required unit: ExportedName,
        /// Generation that has it.
        optional generation: ExportedProfileName,
        /// Group of metrics that is not the exporter's own.
        optional family: ExportedName,
        /// Labels that are always there.
        optional labels: Vec<Spanned<ExportedName>>,
        /// Label set in front of `labels`.
        optional labels_from: ExportedName,
        /// Labels that may be there.
        optional labels_optional: Vec<Spanned<ExportedName>>,
        /// Label set in front of `labels_optional`.
        optional labels_optional_from: ExportedName,
        /// Pattern of further labels.
        optional labels_dynamic: Prose,
        /// Known values of labels.
        optional label_values: Named<ExportedName, Vec<Spanned<Prose>>>,
        /// Release from which a label value is there.
        optional label_values_since: Named<ExportedName, Named<ExportedName, VersionText>>,
        /// Finite bucket bounds.
        optional buckets: Vec<Spanned<Finite>>,
        /// Bucket set.
        optional buckets_from: ExportedName,
        /// Family of histograms whose bounds one option replaces.
        optional bucket_family: ExportedName,
        /// First release.
        optional since: VersionText,
        /// Last release.
        optional until: VersionText,
        /// Whether it is there without doing anything.
        optional status: Status = "`stable`",
        /// What must be on.
        optional requires: Prose,
        /// List of fields that collects it.
        optional csv: ExportedName,
        /// Number of the field.
        optional field_id: Count,
        /// Whether it needs profiling.
        optional profiling: bool,
        /// Successor.
        optional replaced_by: Prose,
        /// Where the successor is not the same quantity.
        optional caveat: Prose,
        /// What a reader should know.
        optional note: Prose,
        /// One line of help.
        optional help: Prose,
        /// Source.
        optional source: Prose,
    }
}

spec_table! {
    /// A signal in a range of releases.
    RawSignal {
        /// The signal.
        required name: Signal,
        /// Its shape.
        required kind: RawSignalKind,
        /// Series that it is read from.
        required metric: ExportedName,
        /// First release.
        optional since: VersionText,
        /// Last release.
        optional until: VersionText,
        /// Generation.
        optional generation: ExportedProfileName,
        /// Label equals value.
        optional matchers: Named<ExportedName, Prose>,
        /// Label matches expression (RE2).
        optional matchers_re: Named<ExportedName, Prose>,
        /// How the gauges of one workload combine.
        optional across: Across = "`sum`",
        /// What a user must know.
        optional note: Prose,
    }
}

crate::spec_words! {
    /// Shape of a signal as a profile writes it.
    RawSignalKind, "`histogram`, `counter` or `gauge`" {
        /// Histogram.
        Histogram = "histogram",
        /// Counter.
        Counter = "counter",
        /// Gauge.
        Gauge = "gauge",
    }
}

spec_table! {
    /// A signal that is not there in a range of releases.
    RawMissing {
        /// The signal.
        required signal: Signal,
        /// First release.
        optional since: VersionText,
        /// Last release.
        optional until: VersionText,
        /// Generation.
        optional generation: ExportedProfileName,
        /// Why.
        required why: Prose,
        /// What to do.
        required instead: Prose,
    }
}

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
        let metrics: Vec<Metric> = list(raw.metric).filter_map(|m| self.metric(m, &label_sets, &bucket_sets)).collect();
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
            metrics,
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
        Some(Metric {
            kind,
            semantics: raw.semantics.map(|s| s.value),
            unit: raw.unit.map_or_else(|| "count".to_owned(), |u| u.value.0),
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
            range: self.range(raw.since.as_ref(), raw.until.as_ref()),
            status: raw.status.map_or(Status::Stable, |s| s.value),
            requires: raw.requires.map(|r| r.value.0),
            csv: raw.csv.map(|c| c.value.0),
            profiling: raw.profiling.is_some_and(|p| p.value),
            replaced_by: raw.replaced_by.map(|r| r.value.0),
            caveat: raw.caveat.map(|c| c.value.0),
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
        let unit = metrics.iter().find(|m| m.name == base || m.name == metric.0).map_or("", |m| m.unit.as_str());
        if kind == SignalKind::Histogram && !["seconds", "milliseconds"].contains(&unit) {
            self.fault(
                metric.place,
                format!("the signal `{}` is a latency, and `{}` is in `{unit}`", signal.word(), shorten(&metric.0)),
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
            across: raw.across.map_or(Across::Sum, |a| a.value),
            note: raw.note.map(|n| n.value.0),
        })
    }
}

/// Returns the base name of a series of a histogram.
pub fn base_name(series: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|s| series.strip_suffix(s)).unwrap_or(series)
}

fn list<T>(raw: Option<Spanned<Vec<Spanned<T>>>>) -> impl Iterator<Item = Spanned<T>> {
    raw.into_iter().flat_map(|l| l.value)
}

fn names(raw: Option<&Spanned<Vec<Spanned<ExportedName>>>>) -> Vec<String> {
    raw.into_iter().flat_map(|l| &l.value).map(|n| n.0.clone()).collect()
}
