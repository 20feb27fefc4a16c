//! The list of diagnostic codes: stable names, default severity, and the page that `llmobs explain CODE` prints.
//!
//! One line per code and one Markdown page per code (`codes/<code>.md`); tests hold both together. Names name the fault,
//! not the remedy.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, nothing to mend: for example a signal that the engine does not have.
    Info,
    /// Probably not what was meant; output is still written.
    Warning,
    /// Cannot be right; nothing is written.
    Error,
}

impl Severity {
    /// Returns the word that every output format uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Whether a code is reported by default, and how: `Off` is a matter of taste, and an info if it is selected.
macro_rules! level {
    (Off) => {
        (false, Severity::Info)
    };
    ($severity:ident) => {
        (true, Severity::$severity)
    };
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $severity:ident, $summary:literal;)*) => {
        /// A diagnostic code. Its name (`group/fault`) is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// Returns the stable name, for example `spec/unknown-key`.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// Returns the severity that it has unless overridden.
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => level!($severity).1,)* }
            }

            /// Returns whether it is reported without being asked for.
            pub fn on_by_default(self) -> bool {
                match self { $(Code::$variant => level!($severity).0,)* }
            }

            /// Returns one line that says what it finds.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* }
            }

            /// Returns its page, in Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("codes/", $name, ".md")),)* }
            }
        }
    };
}

codes! {
    SpecSyntax = "spec/syntax", Error, "The file is not valid TOML";
    SpecUnknownKey = "spec/unknown-key", Error, "A key that no table of llmobs.toml has";
    SpecMissingKey = "spec/missing-key", Error, "A required key is not there";
    SpecWrongType = "spec/wrong-type", Error, "A value has another TOML type than the key takes";
    SpecInvalidValue = "spec/invalid-value", Error, "A value has the right type but cannot be read as what the key means";
    SpecInvalidName = "spec/invalid-name", Error, "A name that cannot be used in Kubernetes objects, file names and labels";
    SpecUnknownValue = "spec/unknown-value", Error, "A word that is not in the list of words the key takes";
    SpecUnknownReference = "spec/unknown-reference", Error, "A name that refers to a table that is not there";
    SpecConflict = "spec/conflict", Error, "Keys that exclude each other, or one that needs another";
    SpecUnreadableFile = "spec/unreadable-file", Error, "A file that cannot be read";
    ProfileInvalid = "profile/invalid", Error, "A profile file that does not follow the profile format";
    VersionUnknown = "version/unknown", Error, "A version older than every release that the catalogue knows";
    VersionNewerThanKnown = "version/newer-than-known", Warning, "A version newer than the newest release that the catalogue knows";
    VersionBetweenKnown = "version/between-known", Info, "A release that was not read, between two that were";
    SignalMissing = "signal/missing", Info, "The engine version does not measure a signal";
    SloSignalMissing = "slo/signal-missing", Error, "An objective on a signal that the engine version does not measure";
    SloThresholdOffBucket = "slo/threshold-off-bucket", Error, "A latency threshold that is no bucket edge of the engine version";
    SloBurnRateUnreachable = "slo/burn-rate-unreachable", Error, "An objective whose alert would need more bad events than there can be";
    SloTooLittleTraffic = "slo/too-little-traffic", Error, "An objective that the expected traffic is too little to judge";
    CostRateMissing = "cost/rate-missing", Warning, "A pool in use has no rate per GPU-hour";
    CostRateUnused = "cost/rate-unused", Warning, "A rate for a GPU model or pool that nothing uses";
    CostModelWithoutGpus = "cost/model-without-gpus", Warning, "A model that no cost can be computed for";
    GpuPoolsIndistinguishable = "gpu/pools-indistinguishable", Error, "Two pools that share an exporter and a GPU model";
    GpuFieldNotCollected = "gpu/field-not-collected", Info, "A field that the deployed exporter does not collect";
    PrometheusWindowTooShort = "prometheus/window-too-short", Warning, "A scrape interval that rate windows cannot cover";
    PromqlSyntax = "promql/syntax", Error, "A query that Prometheus cannot parse";
    FeatureTooNew = "promql/feature-too-new", Error, "A part of the language that the declared Prometheus does not know";
    FeatureExperimental = "promql/experimental", Info, "A part of the language that needs a feature flag";
    RateOfGauge = "promql/rate-of-gauge", Error, "A rate of a value that does not only grow";
    RateOfRate = "promql/rate-of-rate", Error, "A rate of a value that is a rate already";
    RateOfWindowCount = "promql/rate-of-window-count", Error, "A rate of a count over a sliding window";
    RateAfterSum = "promql/rate-after-sum", Error, "A rate taken after counters were added up";
    GaugeFunctionOfCounter = "promql/gauge-function-of-counter", Warning, "A function for gauges on a counter";
    CounterWithoutRate = "promql/counter-without-rate", Warning, "The total of a counter where its growth is meant";
    QuantileWithoutLe = "promql/quantile-without-le", Error, "A quantile of buckets whose label `le` was dropped";
    QuantileWithoutRate = "promql/quantile-without-rate", Warning, "A quantile of bucket totals since the last restart";
    QuantileOfNonHistogram = "promql/quantile-of-non-histogram", Error, "A histogram_quantile of something without buckets";
    QuantileMeansNothing = "promql/quantile-means-nothing", Error, "A quantile of a histogram whose bounds were made for another unit";
    SumOfRatios = "promql/sum-of-ratios", Error, "A sum of ratios, percentages or means";
    AverageOfRatios = "promql/average-of-ratios", Off, "A mean of ratios, in which an idle replica counts as much as a busy one";
    SumOfQuantiles = "promql/sum-of-quantiles", Error, "A sum of quantiles";
    AverageOfQuantiles = "promql/average-of-quantiles", Warning, "A mean of quantiles";
    UnitMismatch = "promql/unit-mismatch", Error, "Different quantities added, subtracted or compared";
    PercentAgainstRatio = "promql/percent-against-ratio", Error, "A percentage and a ratio of one in one operation";
    ScaleMismatch = "promql/scale-mismatch", Error, "One quantity in two units in one operation, such as MiB and bytes";
    HoursOverSeconds = "promql/hours-over-seconds", Error, "An amount per hour over one per second, without the factor between them";
    ThresholdOutOfRange = "promql/threshold-out-of-range", Error, "A comparison that is always or never true";
    ThresholdBeyondBuckets = "promql/threshold-beyond-buckets", Error, "A latency threshold above the highest bucket";
    ThresholdBetweenBuckets = "promql/threshold-between-buckets", Info, "A latency threshold between two bucket edges";
    BucketNotThere = "promql/bucket-not-there", Error, "A matcher on `le` that no bucket fits";
    BucketSpelling = "promql/bucket-spelling", Error, "A matcher on `le` in a spelling that is not stored";
    WindowTooShort = "promql/window-too-short", Warning, "A window with too few samples for a rate";
    LabelsNeverMatch = "promql/labels-never-match", Error, "Two sides of an operation whose labels cannot match";
    ManyToMany = "promql/many-to-many", Warning, "An operation that finds several series per match";
    LabelDropped = "promql/label-dropped", Error, "A label that is asked for after an aggregation dropped it";
    AbsentOfConditional = "promql/absent-of-conditional", Warning, "`absent` on a metric that can be missing when all is well";
    HistogramWithoutPart = "promql/histogram-without-part", Error, "The bare name of a histogram, which no series has";
    DoubleCount = "promql/double-count", Warning, "A sum or count of series that show one thing several times";
    MetricUnknown = "metric/unknown", Error, "A metric that no release of its exporter has";
    MetricGone = "metric/gone", Error, "A metric that the release in use no longer has";
    MetricNotYet = "metric/not-yet", Error, "A metric that the release in use does not have yet";
    MetricDeprecated = "metric/deprecated", Warning, "A metric that a later release will remove";
    MetricHidden = "metric/hidden", Warning, "A metric that the release in use exports only on request, before it removes it";
    MetricOptIn = "metric/opt-in", Info, "A metric that is exported only with an option";
    MetricNotCollected = "metric/not-collected", Warning, "A GPU field that is not in the exporter's default list";
    MetricDead = "metric/dead", Warning, "A metric that is registered and never set";
    MetricRewrittenName = "metric/rewritten-name", Warning, "An underscore where the exporter writes a colon";
    MetricUnknownLabel = "metric/unknown-label", Warning, "A label that the metric does not have";
    MetricUnknownLabelValue = "metric/unknown-label-value", Warning, "A label value that the metric never has";
    DuplicateRecord = "rule/duplicate-record", Warning, "A recording rule that is there twice";
    DuplicateAlert = "rule/duplicate-alert", Warning, "An alert that is there twice";
    EvaluationOrder = "rule/evaluation-order", Warning, "A rule that reads what is recorded further down in its group";
    AlertWithoutComparison = "rule/alert-without-comparison", Warning, "An alert that fires at every value";
    ForNeverReached = "rule/for-never-reached", Warning, "A `for` longer than one event keeps the condition true";
    TemplateLabelMissing = "rule/template-label-missing", Error, "A template that shows a label which the expression dropped";
    TemplateUnit = "rule/template-unit", Error, "A template that shows the value in the wrong unit";
    NameContradictsUnit = "rule/name-contradicts-unit", Error, "A recorded name that promises another unit";
    ObjectTooLarge = "rule/object-too-large", Error, "A PrometheusRule that the operator refuses for its size";
    FieldTooNew = "rule/field-too-new", Error, "A field that the declared Prometheus does not know";
    DashboardUnitContradicts = "dashboard/unit-contradicts", Error, "A panel unit that contradicts what the query gives";
    DashboardUnknownVariable = "dashboard/unknown-variable", Error, "A variable that the dashboard does not have";
    DashboardMissingDatasource = "dashboard/missing-datasource", Warning, "A data source that the dashboard does not have";
    DashboardDuplicateUid = "dashboard/duplicate-uid", Error, "Two dashboards with one uid";
    LegendLabelDropped = "dashboard/legend-label-dropped", Warning, "A legend that shows a label which the query dropped";
    ScalerSeveralSeries = "scaler/several-series", Warning, "A KEDA query that can give several series";
    SloThresholdDiffers = "slo/threshold-differs", Warning, "An alert on a latency at another threshold than the objective";
    PageSyntax = "page/syntax", Error, "A line of a metrics page that Prometheus cannot read";
    PageEmpty = "page/empty", Error, "A metrics page without a single sample";
    PageUnknownExporter = "page/unknown-exporter", Error, "A metrics page of no engine or GPU exporter that has a profile";
    InitInvalidOption = "init/invalid-option", Error, "A flag of `llmobs init` whose value cannot be used";
    FileUnreadable = "file/unreadable", Error, "A file or folder that cannot be read";
    FileEncoding = "file/encoding", Error, "A file that is no UTF-8 text";
    FileSyntax = "file/syntax", Error, "A file that is not valid YAML or JSON";
    FileNotRendered = "file/not-rendered", Error, "A template of Helm or the like that was not rendered";
    FileLimitExceeded = "file/limit-exceeded", Error, "A file larger, deeper or more repetitive than is read";
    FileDuplicateKey = "file/duplicate-key", Error, "A name that stands twice where it must be unique";
    FileWrongShape = "file/wrong-shape", Error, "A value of another type than the format has there";
    FileMissingField = "file/missing-field", Error, "A field that the format needs is not there";
    FileUnknownField = "file/unknown-field", Error, "A field that the format does not have";
    FileConflictingFields = "file/conflicting-fields", Error, "Fields that exclude each other";
    FileInvalidValue = "file/invalid-value", Error, "A value that cannot be read as what the field means";
    FileUnknownFormat = "file/unknown-format", Info, "A named file that is nothing llmobs reads";
    FileNotRead = "file/not-read", Info, "A dashboard that stands elsewhere";
    CheckSuppressionInvalid = "check/suppression-invalid", Error, "A comment for llmobs that cannot be read";
    CheckSuppressionExpired = "check/suppression-expired", Warning, "A comment that allows a finding no longer: its date has passed";
    CheckUnusedSuppression = "check/unused-suppression", Warning, "A comment that allows a finding which is not there";
    CheckBaselineStale = "check/baseline-stale", Info, "An entry of the baseline that is no longer found";
    OutputEdited = "output/edited-file", Error, "A generated file was changed by hand";
    OutputForeign = "output/foreign-file", Error, "A file that llmobs did not write is in the way";
    OutputManifest = "output/manifest", Error, "The manifest of the output folder cannot be used";
    OutputUnwritable = "output/unwritable", Error, "A file or folder cannot be written";
    InternalBug = "internal/bug", Error, "A mistake in llmobs itself";
}

impl Code {
    /// Finds a code by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }

    /// Returns the first part of its name: `metric` of `metric/gone`.
    pub fn group(self) -> &'static str {
        self.name().split('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
