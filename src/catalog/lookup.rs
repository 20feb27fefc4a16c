//! Look-ups across profiles: from the name of a stored series to the metrics that it can come from.
//!
//! Only profiles that list the name, or own its prefix, are read.

use std::sync::Arc;

use super::index::profiles_with;
use super::profile::Named;
use super::{BUILTIN, Catalog, Kind, Metric, MetricType, OtlpMode, Profile};
use crate::diag::did_you_mean;

/// A metric that a series can come from.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The profile.
    pub profile: Arc<Profile>,
    /// Index into the metrics of the profile.
    pub metric: usize,
    /// Which part of the metric the series is.
    pub part: Part,
    /// What was done to the name on its way; `None` if the exporter itself shows it so.
    pub rewritten: Option<Rewriting>,
}

impl Hit {
    /// Returns the metric in its range of releases.
    pub fn metric(&self) -> &Metric {
        &self.profile.metrics[self.metric]
    }
}

/// Part of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The series itself. Of a histogram only a native one has it.
    Value,
    /// Buckets of a histogram, with `le`.
    Bucket,
    /// Sum of a histogram or summary.
    Sum,
    /// Count of a histogram or summary.
    Count,
    /// Unix time at which a client library made the series.
    Created,
    /// Quantiles of a summary, with `quantile`.
    Quantile,
}

impl Part {
    /// Returns what is put behind the name of a metric.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Value | Self::Quantile => "",
            Self::Bucket => "_bucket",
            Self::Sum => "_sum",
            Self::Count => "_count",
            Self::Created => "_created",
        }
    }

    /// Returns whether metrics of a type have the part.
    fn of(self, kind: MetricType) -> bool {
        use MetricType::{Counter, Histogram, Summary};
        match self {
            Self::Value => kind != Summary,
            Self::Quantile => kind == Summary,
            Self::Bucket => kind == Histogram,
            Self::Sum | Self::Count => matches!(kind, Histogram | Summary),
            Self::Created => matches!(kind, Counter | Histogram | Summary),
        }
    }
}

/// What was done to a name between exporter and store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rewriting {
    /// A server that wraps the engine put a prefix in front and underscores in place of other letters.
    Prefixed {
        /// Profile of the server, for example `ray-serve`.
        by: String,
        /// The prefix, for example `ray_`.
        prefix: String,
    },
    /// A colon became an underscore, as Collectors and StatsD bridges write it.
    ColonToUnderscore,
    /// A counter without `_total` got it, as the prometheus exporter of a Collector writes it.
    TotalAdded,
    /// Another translation of the name of an OpenTelemetry instrument.
    Otlp(OtlpMode),
}

impl Catalog {
    /// Returns every entry, of every profile and range of releases, that a stored series of this name can come from.
    ///
    /// Names as exporters show them come first, in the order of the profiles; rewritten ones are looked for only if there is none.
    pub fn find(&mut self, series: &str) -> Vec<Hit> {
        let mut hits = self.find_plain(series, None);
        if hits.is_empty() {
            for (name, rewriting) in self.before_rewriting(series) {
                let found = self.find_plain(&name, Some(&rewriting)).into_iter();
                // Nothing adds `_total` to a gauge.
                let may_be = |h: &Hit| rewriting != Rewriting::TotalAdded || h.metric().kind == MetricType::Counter;
                hits.extend(found.filter(may_be));
            }
        }
        hits.sort_by_key(|h| h.rewritten.is_some());
        hits
    }

    /// Returns the profiles in whose namespace a name lies, by their prefixes, also if it is not listed. Libraries own none.
    pub fn owners(&mut self, series: &str) -> Vec<Arc<Profile>> {
        let own = self.own.values().filter(|p| p.prefixes.iter().any(|x| series.starts_with(x.as_str())));
        let mut out: Vec<Arc<Profile>> = own.cloned().collect();
        for builtin in BUILTIN {
            if builtin.prefixes.iter().any(|p| series.starts_with(p)) && !self.own.contains_key(builtin.name) {
                out.extend(self.profile(builtin.name));
            }
        }
        out
    }

    /// Returns the listed series nearest to one that is not there: a wrong or missing suffix first, then a slip of the pen.
    pub fn nearest(profile: &Profile, series: &str) -> Option<String> {
        let all: Vec<String> = profile.metrics.iter().flat_map(Metric::series).collect();
        const ENDINGS: &[&str] = &["_total", "_bucket", "_sum", "_count", "_seconds", "_bytes", "_ratio", "_info", ""];
        let stem = |name: &str| -> String {
            let mut rest = name;
            while let Some(shorter) = ENDINGS.iter().filter(|e| !e.is_empty()).find_map(|e| rest.strip_suffix(e)) {
                rest = shorter;
            }
            rest.to_owned()
        };
        let wanted = stem(series);
        let same_part = |name: &str| Part::of_name(name) == Part::of_name(series);
        let same_stem: Vec<&String> = all.iter().filter(|n| stem(n) == wanted).collect();
        let best = same_stem.iter().find(|n| same_part(n)).or(same_stem.first());
        best.map(|n| (*n).clone()).or_else(|| did_you_mean(series, all.iter().map(String::as_str)).map(str::to_owned))
    }

    /// Returns the names of all profiles with their kinds, the user's own first, then by name.
    pub fn profile_names(&self) -> Vec<(String, Kind)> {
        let own = self.own.values().map(|p| (p.name.clone(), p.kind));
        let builtin = BUILTIN.iter().filter(|b| !self.own.contains_key(b.name)).map(|b| (b.name.to_owned(), b.kind));
        own.chain(builtin).collect()
    }

    /// Returns the profiles that wrap another one, each with the prefix that it puts in front of the names.
    pub fn wrappers(&self, profile: &str) -> Vec<(String, String)> {
        self.wraps().into_iter().filter(|w| w.profile == profile).map(|w| (w.by, w.prefix)).collect()
    }

    /// Finds a name as an exporter writes it.
    fn find_plain(&mut self, series: &str, rewriting: Option<&Rewriting>) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (name, parts) in listed_names(series) {
            for profile in self.listing(&name, rewriting) {
                for Named { metric, mode } in profile.by_name.get(&name).into_iter().flatten() {
                    let kind = profile.metrics[*metric].kind;
                    if let Some(part) = parts.iter().find(|p| p.of(kind)) {
                        let rewritten = rewriting.cloned().or(mode.map(Rewriting::Otlp));
                        hits.push(Hit { profile: profile.clone(), metric: *metric, part: *part, rewritten });
                    }
                }
            }
        }
        hits
    }

    /// Returns the profiles that list a name; behind a prefix only those that are wrapped with it.
    fn listing(&mut self, name: &str, rewriting: Option<&Rewriting>) -> Vec<Arc<Profile>> {
        let mut out: Vec<Arc<Profile>> = self.own.values().filter(|p| p.by_name.contains_key(name)).cloned().collect();
        for builtin in profiles_with(name) {
            if !self.own.contains_key(builtin) {
                out.extend(self.profile(builtin));
            }
        }
        if let Some(Rewriting::Prefixed { by, prefix }) = rewriting {
            let wrapped: Vec<String> =
                self.wraps().into_iter().filter(|w| w.by == *by && w.prefix == *prefix).map(|w| w.profile).collect();
            out.retain(|p| wrapped.contains(&p.name));
        }
        out
    }

    /// Returns the names that a series can have had before something rewrote it.
    fn before_rewriting(&self, series: &str) -> Vec<(String, Rewriting)> {
        let own = self.own.values().flat_map(|p| p.prefixes.iter().map(String::as_str));
        let builtin = BUILTIN.iter().flat_map(|b| b.prefixes.iter().copied());
        let mut with_colon: Vec<&str> = own.chain(builtin).filter(|p| p.contains(':')).collect();
        with_colon.sort_unstable();
        with_colon.dedup();
        let restore = |name: &str| -> Vec<String> {
            let whole = |prefix: &&str| Some(format!("{prefix}{}", name.strip_prefix(&underscored(prefix))?));
            with_colon.iter().filter_map(whole).collect()
        };
        let mut out: Vec<(String, Rewriting)> =
            restore(series).into_iter().map(|name| (name, Rewriting::ColonToUnderscore)).collect();
        let mut seen: Vec<(String, String)> = Vec::new();
        for wrap in self.wraps() {
            if seen.contains(&(wrap.by.clone(), wrap.prefix.clone())) {
                continue;
            }
            seen.push((wrap.by.clone(), wrap.prefix.clone()));
            let Some(rest) = series.strip_prefix(&wrap.prefix) else { continue };
            let rewriting = Rewriting::Prefixed { by: wrap.by, prefix: wrap.prefix };
            out.extend(restore(rest).into_iter().map(|name| (name, rewriting.clone())));
            out.push((rest.to_owned(), rewriting));
        }
        if let Some(base) = series.strip_suffix("_total") {
            out.push((base.to_owned(), Rewriting::TotalAdded));
        }
        out
    }

    fn wraps(&self) -> Vec<Wrap> {
        let mut out = Vec::new();
        for profile in self.own.values() {
            for passed in &profile.passes_on {
                if let Some(prefix) = &passed.prefix {
                    out.push(Wrap::new(&profile.name, &passed.profile, prefix));
                }
            }
        }
        for builtin in BUILTIN.iter().filter(|b| !self.own.contains_key(b.name)) {
            out.extend(builtin.wraps.iter().map(|(profile, prefix)| Wrap::new(builtin.name, profile, prefix)));
        }
        out
    }
}

/// A profile that comes through another one under a prefix.
struct Wrap {
    by: String,
    profile: String,
    prefix: String,
}

impl Wrap {
    fn new(by: &str, profile: &str, prefix: &str) -> Self {
        Self { by: by.to_owned(), profile: profile.to_owned(), prefix: prefix.to_owned() }
    }
}

impl Part {
    /// Returns the part that the end of a name speaks of.
    fn of_name(name: &str) -> Self {
        let parts = [Self::Bucket, Self::Sum, Self::Count, Self::Created];
        parts.into_iter().find(|p| name.ends_with(p.suffix())).unwrap_or(Self::Value)
    }
}

impl Profile {
    /// Returns whether a name is of this exporter: by its prefixes, or, if it has none, because it lists the name.
    pub fn owns(&self, series: &str) -> bool {
        if self.prefixes.is_empty() {
            return listed_names(series).iter().any(|(name, _)| self.by_name.contains_key(name));
        }
        self.prefixes.iter().any(|p| series.starts_with(p.as_str()))
    }
}

impl Metric {
    /// Returns the names of its series on a page, without `_created`.
    pub fn series(&self) -> Vec<String> {
        let with = |parts: &[Part]| parts.iter().map(|p| format!("{}{}", self.name, p.suffix())).collect();
        match self.kind {
            MetricType::Histogram => with(&[Part::Bucket, Part::Sum, Part::Count]),
            MetricType::Summary => with(&[Part::Quantile, Part::Sum, Part::Count]),
            MetricType::Counter | MetricType::Gauge | MetricType::Untyped => vec![self.name.clone()],
        }
    }
}

/// Returns a name with an underscore in place of every letter that is not of `[A-Za-z0-9_]`.
pub fn underscored(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Returns the names under which a catalogue can list a series, each with the parts that the series then is.
fn listed_names(series: &str) -> Vec<(String, &'static [Part])> {
    let mut out: Vec<(String, &'static [Part])> = vec![(series.to_owned(), &[Part::Value, Part::Quantile])];
    let parts: [(&str, &'static [Part]); 4] = [
        ("_bucket", &[Part::Bucket]),
        ("_sum", &[Part::Sum]),
        ("_count", &[Part::Count]),
        ("_created", &[Part::Created]),
    ];
    for (suffix, part) in parts {
        let Some(base) = series.strip_suffix(suffix) else { continue };
        out.push((base.to_owned(), part));
        if suffix == "_created" {
            // The client library leaves `_total` out of the name.
            out.push((format!("{base}_total"), part));
        }
    }
    out
}
