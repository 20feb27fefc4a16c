//! The profile format: its declared tables. What the keys mean together is checked where they are read.

use super::{Across, Certainty, Kind, LeSpelling, MetricType, OtlpMode, Semantics, Signal, Status};
use crate::declare::values::{Count, ExportedName, Finite, Prose, UrlPath, VersionText};
use crate::declare::{FieldDoc, FromKey, FromToml as _, Named};
use crate::source::Spanned;
use crate::spec_table;
use crate::units::Unit;

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
        /// Exporters whose metrics come through this one.
        optional passes_on: Vec<Spanned<RawPassesOn>>,
    }
}

spec_table! {
    /// The exporter.
    RawExporter {
        /// Name, as `engine` in llmobs.toml names it.
        required name: ExportedProfileName,
        /// Title.
        required title: Prose,
        /// What it exports about.
        required kind: Kind,
        /// Whether a name that begins with one of the prefixes and is not listed does not exist.
        optional complete: bool = "`false`",
        /// How well the profile is known: `read`, or `derived`, on which no finding of level error rests.
        optional certainty: Certainty = "`read`",
        /// Profiles of client libraries whose metrics its pages can show too.
        optional libraries: Vec<Spanned<ExportedProfileName>>,
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
        /// Gateways: labels that tell tenants apart, the usual one first.
        optional tenant_labels: Vec<Spanned<ExportedName>>,
        /// Other names of the profile.
        optional aliases: Vec<Spanned<Prose>>,
        /// What a reader should know.
        optional notes: Vec<Spanned<Prose>>,
    }
}

impl FromKey for OtlpMode {
    const PATTERN: &'static str = "^(escaped-with-suffixes|escaped-without-suffixes|utf8-with-suffixes|untranslated)$";

    fn from_key(text: &str) -> Result<Self, String> {
        const ALL: [OtlpMode; 4] = [
            OtlpMode::EscapedWithSuffixes,
            OtlpMode::EscapedWithoutSuffixes,
            OtlpMode::Utf8WithSuffixes,
            OtlpMode::Untranslated,
        ];
        ALL.into_iter()
            .find(|mode| mode.word() == text)
            .ok_or_else(|| format!("expected one of {}", OtlpMode::WORDS.join(", ")))
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
        required unit: Unit,
        /// Whether values lie outside of what the unit allows: a ratio above 1, or -1 for none.
        optional outside_of_unit: bool = "`false`",
        /// Generation that has it.
        optional generation: ExportedProfileName,
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
        /// What decides the bounds where they are not fixed, for example the context length of the model; the listed ones are an example.
        optional buckets_vary: Prose,
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
        /// Successors; several where the quantity was split.
        optional replaced_by: Vec<Spanned<ExportedName>>,
        /// Where the successor is not the same quantity.
        optional caveat: Prose,
        /// What a reader should know.
        optional note: Prose,
        /// How well it is known, where that differs from the profile.
        optional certainty: Certainty,
        /// Names under other translations of OpenTelemetry names.
        optional otlp_names: Named<OtlpMode, ExportedName>,
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
        /// Labels that hold what is read, by what they hold: of `lora_slots` the names of `running` and `waiting` adapters and the number of `slots`.
        optional labels: Named<ExportedProfileName, ExportedName>,
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

spec_table! {
    /// An exporter whose metrics come through this one.
    RawPassesOn {
        /// Its profile.
        required profile: ExportedProfileName,
        /// First release of this exporter that does it.
        optional since: VersionText,
        /// Last release.
        optional until: VersionText,
        /// Put in front of the names, after every letter that is not of `[A-Za-z0-9_]` became `_`. Without it names stay as they are.
        optional prefix: ExportedName,
        /// Labels that are added.
        optional labels: Vec<Spanned<ExportedName>>,
        /// How well it is known.
        optional certainty: Certainty = "`read`",
        /// What a reader should know.
        optional note: Prose,
    }
}

/// Returns the keys of a profile file, for the reference.
pub fn fields() -> &'static [FieldDoc] {
    RawProfile::fields()
}
