//! From a name in a query to the catalogue's entries in the releases that matter, and from those to facts.

use std::sync::Arc;

use super::facts::{Bounds, Facts, Nature, ValueType};
use super::labels::{Labels, Presence};
use super::quantity::Quantity;
use super::targets::Targets;
use crate::catalog::{Catalog, Certainty, Kind, Metric, MetricType, Part, Profile, Release, Rewriting, Semantics};
use crate::units::Unit;

/// Where a name stands in the catalogue, seen from the releases that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It lies in no known exporter's namespace, or in that of one whose list is not complete.
    Foreign,
    /// Every release that matters has it.
    Here,
    /// Some releases that matter have it, others do not.
    Partly,
    /// No release that matters has it, others do.
    Elsewhere,
    /// It lies in the namespace of exporters whose lists are complete, and no release has it.
    Unlisted,
}

/// A release that matters.
#[derive(Clone, Debug)]
pub struct Against {
    /// Release.
    pub release: Release,
    /// Generation of the engine.
    pub generation: Option<String>,
    /// What declared it; `None` if nothing did and the newest release stands in.
    pub declared_by: Option<String>,
    /// GPU exporters: whether it was made to collect the field.
    pub own_fields: bool,
    /// GPU exporters: whether the GPUs are split into MIG instances; `None` if not declared.
    pub mig: Option<bool>,
    /// Whether it has the metric.
    pub has: bool,
}

/// A name, looked up.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Name as the query has it.
    pub name: String,
    /// Name as the exporter has it: before anything rewrote it.
    pub original: String,
    /// Whether a server that wraps the engine passed it on, with labels of its own.
    pub passed_on: bool,
    /// Where it stands.
    pub state: State,
    /// Whether the name lies in no namespace of the exporter that has it (`http_requests_total`): others export it too, with other
    /// labels.
    pub generic: bool,
    /// Which series of the metric it is.
    pub part: Part,
    /// The exporter; the first of several.
    pub profile: Option<Arc<Profile>>,
    /// Entries of `profile`, in every release.
    pub entries: Vec<usize>,
    /// Entries of `profile` in the releases that matter; all of them if it is elsewhere.
    pub current: Vec<usize>,
    /// The releases that matter.
    pub against: Vec<Against>,
    /// How the stored name came from the exporter's.
    pub rewritten: Option<Rewriting>,
    /// Other exporters that have the name too.
    pub also: Vec<String>,
}

impl Resolved {
    /// Returns whether its GPUs are split into MIG instances; `None` if some may be and others not.
    pub fn mig(&self) -> Option<bool> {
        let first = self.against.first()?.mig;
        first.filter(|_| self.against.iter().all(|a| a.mig == first))
    }

    /// Returns the entries in the releases that matter.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        let profile = self.profile.as_deref();
        self.current.iter().filter_map(move |i| profile.and_then(|p| p.metrics.get(*i)))
    }

    /// Returns all entries.
    pub fn history(&self) -> impl Iterator<Item = &Metric> {
        let profile = self.profile.as_deref();
        self.entries.iter().filter_map(move |i| profile.and_then(|p| p.metrics.get(*i)))
    }

    /// Returns the entry that stands for it.
    pub fn metric(&self) -> Option<&Metric> {
        self.metrics().last()
    }

    /// Returns whether the name is in the catalogue, and nobody else's.
    pub fn is_known(&self) -> bool {
        !self.entries.is_empty() && !self.generic
    }

    /// Returns whether the exporter's metrics are all listed, so that what is said of them is the whole of it.
    pub fn is_of_complete(&self) -> bool {
        self.is_known() && self.profile.as_ref().is_some_and(|p| p.complete)
    }

    /// Returns whether what is known about it was derived, not read in the exporter's source.
    pub fn is_derived(&self) -> bool {
        let derived = |p: &Arc<Profile>| p.certainty == Certainty::Derived;
        self.profile.as_ref().is_some_and(derived) || self.metrics().any(|m| m.certainty == Certainty::Derived)
    }

    /// Returns whether somebody declared the releases.
    pub fn is_declared(&self) -> bool {
        self.against.iter().any(|a| a.declared_by.is_some())
    }

    /// Returns the finite bucket bounds that all entries in question share, ascending, in the metric's own unit.
    pub fn common_buckets(&self) -> Vec<f64> {
        let mut all = self.metrics().filter(|m| m.kind == MetricType::Histogram).map(|m| m.buckets.clone());
        let Some(first) = all.next() else { return Vec::new() };
        all.fold(first, |common, other| common.into_iter().filter(|b| other.contains(b)).collect())
    }

    /// Returns whether any entry has a bound.
    pub fn any_bucket(&self, bound: f64) -> bool {
        self.metrics().any(|m| m.buckets.iter().any(|b| super::quantity::near(*b, bound)))
    }
}

/// Beginnings of names that many programs export, whatever a declared one does.
const COMMON: &[&str] = &[
    "certwatcher_",
    "controller_runtime_",
    "go_",
    "grpc_",
    "http_",
    "leader_election_",
    "otel_scope_",
    "process_",
    "promhttp_",
    "python_",
    "request_",
    "requests_",
    "rest_client_",
    "rpc_",
    "scrape_",
    "target_info",
    "up",
    "workqueue_",
];

/// Looks a name up for the deployments that a selector can mean: those that it names, if any (see [`Targets::named`]).
pub fn resolve(name: &str, named: &[usize], targets: &Targets, catalog: &mut Catalog) -> Resolved {
    let mut out = Resolved {
        name: name.to_owned(),
        original: name.to_owned(),
        passed_on: false,
        state: State::Foreign,
        generic: false,
        part: Part::Value,
        profile: None,
        entries: Vec::new(),
        current: Vec::new(),
        against: Vec::new(),
        rewritten: None,
        also: Vec::new(),
    };
    // Exporters write one colon at most: more of them are a recorded name of somebody else.
    if name.is_empty() || name.contains(['$', '<', '[']) || name.matches(':').count() > 1 {
        return out;
    }
    let hits = catalog.find(name);
    if hits.is_empty() {
        let mut owners = catalog.owners(name);
        if owners.is_empty() {
            // `vllm_x` for `vllm:x`: nobody exports the one, and no release of the owner has the other.
            if let Some((prefix, rest)) = name.split_once('_') {
                let with_colon = format!("{prefix}:{rest}");
                owners = catalog.owners(&with_colon);
                if !owners.is_empty() {
                    out.original = with_colon;
                    out.rewritten = Some(Rewriting::ColonToUnderscore);
                }
            }
        }
        if let Some(owner) = owners.first()
            && owners.iter().all(|o| o.complete)
        {
            out.against = against(owner, &out.original, named, targets);
            out.profile = Some(owner.clone());
            out.state = State::Unlisted;
        }
        return out;
    }
    // What is declared comes first; then an exporter that has the name as it stands, before one that has it only rewritten.
    let declared = |p: &Profile| targets.declares(p);
    let best = hits
        .iter()
        .enumerate()
        .min_by_key(|(n, h)| (h.rewritten.is_some(), !declared(&h.profile), *n))
        .map(|(_, h)| (h.profile.clone(), h.part, h.rewritten.clone()));
    let Some((profile, part, rewritten)) = best else { return out };
    out.entries =
        hits.iter().filter(|h| Arc::ptr_eq(&h.profile, &profile) && h.part == part).map(|h| h.metric).collect();
    for hit in &hits {
        if !Arc::ptr_eq(&hit.profile, &profile) && !out.also.contains(&hit.profile.name) {
            out.also.push(hit.profile.name.clone());
        }
    }
    out.part = part;
    if let Some(Rewriting::ColonToUnderscore) = rewritten
        && let Some(entry) = out.entries.first().and_then(|i| profile.metrics.get(*i))
    {
        out.original = format!("{}{}", entry.name, part.suffix());
    }
    let through = |wrapper: &Profile| wrapper.passes_on.iter().any(|w| w.profile == profile.name && w.prefix.is_none());
    let mut wrappers = targets.profiles().filter(|p| *p != profile.name);
    out.passed_on = matches!(rewritten, Some(Rewriting::Prefixed { .. }))
        || wrappers.any(|w| catalog.profile(w).is_some_and(|w| through(&w)));
    out.rewritten = rewritten;
    let mut matter = against(&profile, &out.original, named, targets);
    for against in &mut matter {
        let here = |i: &&usize| {
            profile.metrics.get(**i).is_some_and(|m| {
                m.range.contains(&against.release)
                    && (m.generation.is_none() || against.generation.is_none() || m.generation == against.generation)
            })
        };
        let mut found: Vec<usize> = out.entries.iter().filter(here).copied().collect();
        // Nothing is declared: a release that was only derived may run, too.
        if found.is_empty() && against.declared_by.is_none() {
            let later = |i: &&usize| {
                profile
                    .metrics
                    .get(**i)
                    .is_some_and(|m| profile.releases.iter().any(|r| *r > against.release && m.range.contains(r)))
            };
            found = out.entries.iter().filter(later).copied().collect();
        }
        against.has = !found.is_empty();
        for index in found {
            if !out.current.contains(&index) {
                out.current.push(index);
            }
        }
    }
    out.state = if matter.iter().all(|a| a.has) {
        State::Here
    } else if matter.iter().any(|a| a.has) {
        State::Partly
    } else {
        State::Elsewhere
    };
    if out.current.is_empty() {
        out.current.clone_from(&out.entries);
    }
    let owned = |prefix: &String| out.original.starts_with(prefix.as_str()) || out.name.starts_with(prefix.as_str());
    let outside = out.rewritten.is_none() && !profile.prefixes.iter().any(owned);
    out.generic = outside && (!declared(&profile) || COMMON.iter().any(|p| name.starts_with(p)));
    if out.generic {
        out.state = State::Foreign;
    }
    out.against = matter;
    out.profile = Some(profile);
    out
}

/// Returns the releases that matter: those of the declared deployments, else the newest that is known.
fn against(profile: &Arc<Profile>, original: &String, named: &[usize], targets: &Targets) -> Vec<Against> {
    let declared = targets.of(profile, named);
    if declared.is_empty() {
        let newest = newest_read(profile);
        return newest
            .into_iter()
            .map(|release| Against {
                release,
                generation: None,
                declared_by: None,
                own_fields: false,
                mig: None,
                has: false,
            })
            .collect();
    }
    declared
        .into_iter()
        .map(|t| Against {
            release: t.release.clone(),
            generation: t.generation.clone(),
            declared_by: Some(t.declared_by.clone()),
            own_fields: t.own_fields || t.fields.contains(original),
            mig: t.mig,
            has: false,
        })
        .collect()
}

/// Returns the newest release whose changes were read: at most half of what is new in it was derived.
fn newest_read(profile: &Profile) -> Option<Release> {
    let read = |release: &&Release| {
        let new = || profile.metrics.iter().filter(|m| m.range.since.as_ref() == Some(release));
        2 * new().filter(|m| m.certainty == Certainty::Derived).count() <= new().count()
    };
    profile.releases.iter().rev().find(read).or(profile.releases.last()).cloned()
}

/// Returns what is known about the stored series of a name.
pub fn facts(resolved: &Arc<Resolved>) -> Facts {
    let mut all = resolved.metrics().map(|m| facts_of(m, resolved.part));
    let Some(mut facts) = all.next() else { return by_convention(&resolved.name) };
    for other in all {
        if other.nature != facts.nature {
            facts.nature = Nature::Unknown;
        }
        if other.unit != facts.unit {
            facts.unit = None;
        }
        facts.labels = Arc::new(facts.labels.either(&other.labels));
        if other.bounds != facts.bounds {
            facts.bounds = Bounds::default();
        }
    }
    if resolved.generic {
        // What a client library gives is the same everywhere; other names may be anybody's.
        facts.sure = resolved.profile.as_ref().is_some_and(|p| p.kind == Kind::Library);
        facts.labels = Arc::new(Labels::stored([], true));
        facts.bounds = Bounds::default();
        return facts;
    }
    facts.metric = Some(resolved.clone());
    facts
}

fn facts_of(metric: &Metric, part: Part) -> Facts {
    let unit = Quantity::of_unit(metric.unit);
    let nature = match (part, metric.semantics, metric.kind) {
        (Part::Bucket, ..) => Nature::Buckets,
        (Part::Sum | Part::Count, ..) => Nature::Counter,
        (Part::Created, ..) => Nature::Timestamp,
        (Part::Quantile, ..) => Nature::Quantile,
        (Part::Value, Some(semantics), _) => match semantics {
            Semantics::Info => Nature::Info,
            Semantics::Timestamp => Nature::Timestamp,
            Semantics::Rate => Nature::GivenRate,
            Semantics::WindowCount => Nature::WindowCount,
            Semantics::LastValue => Nature::LastValue,
            Semantics::Flag => Nature::Flag,
            Semantics::HighWaterMark => Nature::HighWaterMark,
            Semantics::Accumulates => Nature::Accumulator,
            Semantics::Gauge => Nature::Gauge,
            Semantics::Mean => Nature::Mean,
            Semantics::StateSet => Nature::Flag,
            Semantics::WrongBuckets | Semantics::RequestMean => Nature::Histogram,
            Semantics::Dead => Nature::Unknown,
        },
        (Part::Value, None, MetricType::Counter) => Nature::Counter,
        (Part::Value, None, MetricType::Gauge) => Nature::Gauge,
        (Part::Value, None, MetricType::Histogram | MetricType::Summary) => Nature::Histogram,
        (Part::Value, None, MetricType::Untyped) => Nature::Unknown,
    };
    let unit = match part {
        Part::Bucket | Part::Count => Some(Quantity::COUNT),
        Part::Created => None,
        _ => unit,
    };
    let nature = if nature == Nature::Gauge && metric.unit == Unit::Boolean { Nature::Flag } else { nature };
    let bounds = match (part, nature, metric.bounds) {
        (Part::Value, Nature::Gauge | Nature::Flag | Nature::Info, Some((min, max))) => Bounds::between(min, max),
        (_, Nature::Counter | Nature::Buckets, _) => Bounds::positive(),
        _ => Bounds::default(),
    };
    let named = metric
        .labels
        .iter()
        .map(|l| (Arc::from(l.as_str()), Presence::Always))
        .chain(metric.labels_optional.iter().map(|l| (Arc::from(l.as_str()), Presence::Maybe)))
        .chain(["instance", "job"].into_iter().map(|l| (Arc::from(l), Presence::Always)))
        .chain((part == Part::Bucket).then(|| (Arc::from("le"), Presence::Always)))
        .chain((part == Part::Quantile).then(|| (Arc::from("quantile"), Presence::Always)));
    Facts {
        nature,
        unit,
        sure: true,
        bounds,
        labels: Arc::new(Labels::stored(named, true)),
        ..Facts::unknown(ValueType::Vector)
    }
}

/// Returns what a name alone says that follows Prometheus's conventions. Not sure: somebody else's metric may follow none.
fn by_convention(name: &str) -> Facts {
    let mut facts = Facts::unknown(ValueType::Vector);
    let money = ["cost", "price", "dollars", "usd", "spend"].iter().any(|w| name.contains(w));
    let hourly = ["_per_hour", "_hourly", "hourly_"].iter().any(|w| name.contains(w));
    if money && hourly {
        facts.nature = Nature::GivenRate;
        facts.unit = Quantity::of_unit(Unit::DollarsPerHour);
    } else if name.ends_with("_bucket") {
        facts.nature = Nature::Buckets;
        facts.unit = Some(Quantity::COUNT);
        facts.labels = Arc::new(Labels::stored([(Arc::from("le"), Presence::Always)], true));
    } else if name.contains(':') {
        // A recorded name of somebody else: its value may be anything.
    } else if let Some(base) = name.strip_suffix("_total") {
        facts.nature = Nature::Counter;
        facts.unit = suffix_unit(base);
    } else if let Some(base) = name.strip_suffix("_sum") {
        facts.unit = suffix_unit(base);
    } else if name.ends_with("_info") {
        facts.nature = Nature::Info;
    } else if name.ends_with("_timestamp_seconds") {
        facts.nature = Nature::Timestamp;
    } else if !name.ends_with("_count") {
        facts.unit = suffix_unit(name);
    }
    facts
}

fn suffix_unit(name: &str) -> Option<Quantity> {
    let units = [
        Unit::Seconds,
        Unit::Milliseconds,
        Unit::Bytes,
        Unit::Ratio,
        Unit::Joules,
        Unit::Celsius,
        Unit::Tokens,
        Unit::Dollars,
    ];
    let written = |u: &Unit| name.strip_suffix(u.word()).is_some_and(|rest| rest.ends_with('_'));
    units.into_iter().find(written).and_then(Quantity::of_unit)
}
