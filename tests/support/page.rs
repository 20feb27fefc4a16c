//! Pages as exporters write them: from the catalogue (names, labels, buckets of the release) and a simple load.
//!
//! A page has every metric that a release exports without further options, and those that the signals are read from. It knows
//! nothing of rules and dashboards: what they ask for must be here because the exporter has it.

use std::fmt::Write;

use llmobs::catalog::{LeSpelling, Metric, MetricType, Semantics, Signal, SignalSource, Status};
use llmobs::resolve::{Gateway, Model, Pool};

use super::load::{Incident, LONGEST, Observations, Wave};

/// A page: families in the order of the catalogue. Plain data, so that it can be served by a thread.
#[derive(Clone, Debug, Default)]
pub struct Page {
    families: Vec<Family>,
}

#[derive(Clone, Debug)]
struct Family {
    name: String,
    kind: MetricType,
    help: String,
    series: Vec<(Labels, Value)>,
}

/// Names and values of labels.
pub type Labels = Vec<(String, String)>;

#[derive(Clone, Debug)]
enum Value {
    Gauge(Wave),
    /// A gauge that counts things.
    Count(Wave),
    Counter(Wave),
    /// A value on its way to another.
    Wrong(Box<Value>, Incident, f64),
    Histogram(Observations, Vec<(String, f64)>),
}

impl Page {
    /// Returns the names of its families.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.families.iter().map(|f| f.name.as_str())
    }

    /// Writes the samples of the families that are wanted: name, labels, value.
    pub fn samples(&self, seconds: f64, wanted: &dyn Fn(&str) -> bool, write: &mut dyn FnMut(&str, &Labels, f64)) {
        self.families.iter().filter(|f| wanted(&f.name)).for_each(|f| f.samples(seconds, write));
    }

    /// Writes the page as Prometheus' text format, `seconds` after the servers were started.
    pub fn text(&self, seconds: f64) -> String {
        let mut out = String::new();
        for family in &self.families {
            let kind = format!("{:?}", family.kind).to_lowercase();
            let _ = writeln!(out, "# HELP {} {}\n# TYPE {} {kind}", family.name, family.help, family.name);
            family.samples(seconds, &mut |name, labels, value| {
                let _ = writeln!(out, "{name}{} {value}", braces(labels));
            });
        }
        out
    }
}

impl Family {
    fn samples(&self, seconds: f64, write: &mut dyn FnMut(&str, &Labels, f64)) {
        for (labels, value) in &self.series {
            match value {
                Value::Gauge(_) | Value::Count(_) | Value::Counter(_) | Value::Wrong(..) => {
                    write(&self.name, labels, value.at(seconds));
                }
                Value::Histogram(observations, bounds) => {
                    let bucket = format!("{}_bucket", self.name);
                    let edges: Vec<f64> = bounds.iter().map(|(_, bound)| *bound).collect();
                    let counts = observations.buckets(&edges, seconds);
                    for ((le, _), count) in bounds.iter().zip(&counts).filter(|_| self.kind == MetricType::Histogram) {
                        let mut labels = labels.clone();
                        labels.push(("le".to_owned(), le.clone()));
                        write(&bucket, &labels, *count);
                    }
                    let count = counts.last().copied().unwrap_or_default();
                    write(&format!("{}_count", self.name), labels, count);
                    write(&format!("{}_sum", self.name), labels, observations.sum(seconds));
                }
            }
        }
    }
}

impl Value {
    /// What a gauge shows, or a counter has counted.
    fn at(&self, seconds: f64) -> f64 {
        match self {
            Self::Gauge(wave) => wave.at(seconds),
            Self::Count(wave) => wave.at(seconds).round(),
            Self::Counter(wave) => (wave.total(seconds) * 1e3).floor() / 1e3,
            Self::Wrong(value, incident, to) => match value.as_ref() {
                Self::Counter(_) => value.at(seconds) + to * incident.total(seconds),
                Self::Count(_) => (value.at(seconds) + to * incident.share(seconds)).round(),
                value => value.at(seconds) + (to - value.at(seconds)) * incident.share(seconds),
            },
            Self::Histogram(..) => f64::NAN,
        }
    }
}

/// Writes labels as in a selector.
pub fn braces(labels: &Labels) -> String {
    let escape = |v: &str| v.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escape(v))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

/// Makes the page of one replica of a model.
pub fn of_model(model: &Model, replica: u32, incident: Option<Incident>) -> Page {
    let maker = Replica { model, replica, incident, seed: seed(&format!("{}/{replica}", model.name)) };
    let mut families: Vec<Family> = Vec::new();
    for metric in model.engine.metrics() {
        if maker.is_there(metric) && !families.iter().any(|f| f.name == metric.name) {
            families.push(maker.family(metric));
        }
    }
    Page { families }
}

struct Replica<'a> {
    model: &'a Model,
    replica: u32,
    incident: Option<Incident>,
    seed: f64,
}

impl Replica<'_> {
    /// Without options, except the one that switches on the metrics of SGLang at all.
    fn is_there(&self, metric: &Metric) -> bool {
        let plain = matches!(metric.status, Status::Stable | Status::Deprecated)
            && metric.requires.as_deref().is_none_or(|r| r == "--enable-metrics");
        plain || self.sources(metric).next().is_some()
    }

    fn sources<'a>(&'a self, metric: &'a Metric) -> impl Iterator<Item = &'a SignalSource> {
        let all = Signal::OF_ENGINES.iter().filter_map(|s| self.model.source(*s));
        all.filter(|s| s.metric.name == metric.name)
    }

    fn family(&self, metric: &Metric) -> Family {
        let value = |share| self.troubled(metric, self.value(metric, share));
        let series = self.label_sets(metric).into_iter().map(|(labels, share)| (labels, value(share)));
        Family { name: metric.name.clone(), kind: metric.kind, help: metric.help.clone(), series: series.collect() }
    }

    /// Every combination of the known label values, with the share of the whole that falls to it.
    fn label_sets(&self, metric: &Metric) -> Vec<(Labels, f64)> {
        let mut sets: Vec<(Labels, f64)> = vec![(Vec::new(), 1.0)];
        for label in &metric.labels {
            let values = self.label_values(metric, label);
            sets = sets
                .into_iter()
                .flat_map(|(labels, share)| {
                    values.iter().map(move |(value, part)| {
                        let mut labels = labels.clone();
                        labels.push((label.clone(), value.clone()));
                        (labels, share * part)
                    })
                })
                .collect();
        }
        // A counter is often born with its first event: some replicas have not failed yet.
        let quiet = self.replica == 1;
        sets.retain(|(labels, _)| !(quiet && labels.iter().any(|(_, v)| v == "5xx" || v == "500")));
        sets
    }

    fn label_values(&self, metric: &Metric, label: &str) -> Vec<(String, f64)> {
        let one = |v: &str| vec![(v.to_owned(), 1.0)];
        let served = self.model.served_model_name.as_deref().unwrap_or(&self.model.name);
        if self.model.engine.profile.model_label.as_deref() == Some(label) {
            return one(served);
        }
        if let Some(values) = metric.label_values.get(label) {
            let rare = values.iter().filter(|v| rarity(v).is_some()).count();
            let usual = (values.len() - rare).max(1) as f64;
            return values.iter().map(|v| (v.clone(), rarity(v).unwrap_or(1.0 / usual))).collect();
        }
        match label {
            "handler" | "endpoint" | "path" => one("/v1/chat/completions"),
            "method" => one("POST"),
            "status_code" => vec![("200".to_owned(), 1.0), ("500".to_owned(), RARE)],
            "err" => vec![("validation".to_owned(), 1.0), ("overloaded".to_owned(), 1.0)],
            "model_name" => one(served),
            _ => one("0"),
        }
    }

    fn value(&self, metric: &Metric, share: f64) -> Value {
        let rate = self.requests();
        match metric.kind {
            MetricType::Histogram => {
                let bounds = bounds(metric, self.model.engine.profile.le_spelling);
                Value::Histogram(Observations::new(rate.scaled(share), self.median(metric)), bounds)
            }
            MetricType::Summary => {
                let all = vec![("+Inf".to_owned(), f64::INFINITY)];
                Value::Histogram(Observations::new(rate.scaled(share), 1.0), all)
            }
            MetricType::Counter => Value::Counter(self.counter(metric).scaled(share)),
            MetricType::Gauge if self.sources(metric).any(|s| COUNTS.contains(&s.signal)) => {
                Value::Count(self.gauge(metric))
            }
            MetricType::Gauge | MetricType::Untyped => Value::Gauge(self.gauge(metric)),
        }
    }

    /// A queue that builds up before a full KV cache: requests wait, and their first token comes late.
    fn troubled(&self, metric: &Metric, value: Value) -> Value {
        let Some(incident) = self.incident else { return value };
        let is = |signal| self.sources(metric).any(|s| s.signal == signal);
        let factor = self.sources(metric).next().map_or(1.0, |s| s.factor);
        let to = |to: f64| Value::Wrong(Box::new(value.clone()), incident, to / factor);
        match &value {
            Value::Gauge(_) if is(Signal::KvCacheUsage) => to(0.985),
            Value::Count(_) if is(Signal::Waiting) => to(85.0),
            Value::Counter(_) if is(Signal::Preemptions) => to(0.4),
            Value::Histogram(observations, bounds) => {
                let slower = match () {
                    () if is(Signal::QueueTime) => 16.0,
                    () if is(Signal::Ttft) => 12.0,
                    () if is(Signal::E2eLatency) => 2.0,
                    () => return value,
                };
                Value::Histogram(observations.with(incident, slower), bounds.clone())
            }
            _ => value,
        }
    }

    fn requests(&self) -> Wave {
        Wave { mean: 2.0 + 4.0 * self.seed, swing: 0.4, period: 5400.0, phase: self.seed }
    }

    /// Below the threshold that was promised, in the unit of the metric; else as usual for the signal; else among the lower bounds.
    fn median(&self, metric: &Metric) -> f64 {
        let promised = self.sources(metric).find_map(|s| {
            let slo = self.model.latency_slo(s.signal)?;
            Some(slo.threshold.secs_f64() / (LONGEST + 1.0) / s.factor)
        });
        let among = || metric.buckets.get(metric.buckets.len() * 2 / 5).copied();
        let usual = || self.sources(metric).find_map(|s| Some(usual(s.signal)? / s.factor));
        promised.or_else(usual).or_else(among).unwrap_or(1.0)
    }

    fn counter(&self, metric: &Metric) -> Wave {
        let requests = self.requests();
        let Some(source) = self.sources(metric).next() else { return requests };
        let per_request = match source.signal {
            Signal::PromptTokens | Signal::PrefixCacheQueries => 700.0,
            Signal::PrefixCacheHits => 380.0,
            Signal::GenerationTokens => 220.0,
            Signal::Preemptions => 0.01,
            // One metric may hold failed and all requests; then its labels part them.
            Signal::Errors if self.sources(metric).count() == 1 => RARE,
            _ => 1.0,
        };
        requests.scaled(per_request / source.factor)
    }

    fn gauge(&self, metric: &Metric) -> Wave {
        let wave = |mean: f64, swing: f64| Wave { mean, swing, period: 2700.0, phase: self.seed };
        if metric.semantics == Some(Semantics::Info) {
            return wave(1.0, 0.0);
        }
        let Some(source) = self.sources(metric).next() else { return wave(1.0, 0.2) };
        let now = match source.signal {
            Signal::Running => wave(14.0, 0.6),
            Signal::Waiting => wave(1.5, 0.95),
            Signal::KvCacheUsage => wave(0.45 + 0.15 * self.seed, 0.3),
            _ => wave(1.0, 0.2),
        };
        now.scaled(1.0 / source.factor)
    }
}

/// Tenants of a gateway, each with its share of the requests.
const TENANTS: [(&str, f64); 2] = [("search", 0.7), ("support", 0.3)];

/// Makes the page of a gateway: what its signals are read from, for every model behind it.
pub fn of_gateway(gateway: &Gateway) -> Page {
    let mut families: Vec<Family> = Vec::new();
    for source in Signal::OF_GATEWAYS.iter().filter_map(|s| gateway.source(*s)) {
        let metric = &source.metric;
        let series = gateway.models.values().flat_map(|model| gateway_series(gateway, source, model));
        match families.iter_mut().find(|f| f.name == metric.name) {
            // Failed requests may be a part of a counter that is there already.
            Some(family) => {
                let new: Vec<(Labels, Value)> =
                    series.filter(|(labels, _)| !family.series.iter().any(|(known, _)| known == labels)).collect();
                family.series.extend(new);
            }
            None => families.push(Family {
                name: metric.name.clone(),
                kind: metric.kind,
                help: metric.help.clone(),
                series: series.collect(),
            }),
        }
    }
    Page { families }
}

/// Returns the series of a signal about a model, one for each tenant if the gateway tells them apart.
fn gateway_series(gateway: &Gateway, source: &SignalSource, model: &str) -> Vec<(Labels, Value)> {
    let metric = &source.metric;
    let (of_model, of_tenant) = (gateway.kind.profile.model_label.as_deref(), gateway.tenant_label.as_deref());
    let optional =
        metric.labels_optional.iter().filter(|l| Some(l.as_str()) == of_model || Some(l.as_str()) == of_tenant);
    let names: Vec<&String> = metric.labels.iter().chain(optional).chain(source.matchers_re.keys()).collect();
    let seed = seed(&format!("{}/{model}", gateway.name));
    let requests = Wave { mean: 2.0 + 4.0 * seed, swing: 0.4, period: 5400.0, phase: seed };
    let per_request = match source.signal {
        Signal::PromptTokens => 700.0,
        Signal::GenerationTokens => 220.0,
        Signal::Errors => RARE,
        _ => 1.0,
    };
    let tenants = if names.iter().any(|l| Some(l.as_str()) == of_tenant) { TENANTS.to_vec() } else { vec![("", 1.0)] };
    let one = |(tenant, share): (&str, f64)| {
        let value = |label: &str| match label {
            _ if Some(label) == of_model => model.to_owned(),
            _ if Some(label) == of_tenant => tenant.to_owned(),
            _ if source.matchers_re.contains_key(label) => "500".to_owned(),
            _ => {
                let known = || metric.label_values.get(label).and_then(|v| v.first());
                source.matchers.get(label).or_else(known).map_or_else(|| "none".to_owned(), String::clone)
            }
        };
        let mut labels: Labels = Vec::new();
        for name in &names {
            if !labels.iter().any(|(l, _)| l == *name) {
                labels.push(((*name).clone(), value(name)));
            }
        }
        let rate = requests.scaled(per_request * share / source.factor);
        let value = if metric.kind == MetricType::Histogram {
            let median = usual(source.signal).unwrap_or(1.0) / source.factor;
            Value::Histogram(Observations::new(rate, median), bounds(metric, gateway.kind.profile.le_spelling))
        } else {
            Value::Counter(rate)
        };
        (labels, value)
    };
    tenants.into_iter().map(one).collect()
}

/// Returns a usual median in the base unit: seconds, or tokens of a request.
fn usual(signal: Signal) -> Option<f64> {
    Some(match signal {
        Signal::Ttft => 0.3,
        Signal::InterTokenLatency => 0.03,
        Signal::E2eLatency => 6.0,
        Signal::QueueTime => 0.1,
        Signal::PrefillTime => 0.2,
        Signal::DecodeTime => 5.0,
        Signal::PromptTokens => 600.0,
        Signal::GenerationTokens => 200.0,
        _ => return None,
    })
}

/// Gauges of whole requests.
const COUNTS: &[Signal] = &[Signal::Running, Signal::Waiting];

/// Share of requests that fail.
const RARE: f64 = 0.002;

/// Returns the share of a label value that stands for something rare.
fn rarity(value: &str) -> Option<f64> {
    match value {
        "5xx" | "error" | "overloaded" | "generation" | "incomplete" => Some(RARE),
        "1xx" | "3xx" | "4xx" | "abort" | "repetition" | "validation" => Some(0.01),
        _ => None,
    }
}

/// Makes the page of one host of a pool: `gpus` GPUs, with the fields that the exporter collects as it is deployed.
/// In an incident the last one is too hot.
pub fn of_host(pool: &Pool, host: &str, gpus: u32, incident: Option<Incident>) -> Page {
    let sources: Vec<std::sync::Arc<SignalSource>> = Signal::OF_GPUS.iter().filter_map(|s| pool.signal(*s)).collect();
    let mut families: Vec<Family> = Vec::new();
    for source in sources.iter().filter(|s| pool.mig || s.signal != Signal::GpuUtilizationMig) {
        let value = |gpu| {
            let value = gpu_value(pool, source, host, gpu);
            incident.filter(|_| gpu + 1 == gpus).map_or(value.clone(), |i| too_hot(source, value, i))
        };
        let series = (0..gpus).map(|gpu| (gpu_labels(pool, &source.metric, host, gpu), value(gpu)));
        let metric = &source.metric;
        families.push(Family {
            name: metric.name.clone(),
            kind: metric.kind,
            help: metric.help.clone(),
            series: series.collect(),
        });
    }
    Page { families }
}

fn gpu_labels(pool: &Pool, metric: &Metric, host: &str, gpu: u32) -> Labels {
    let model_name = pool.gpu.model_names.first().unwrap_or(&pool.gpu.title);
    let mut labels: Labels = Vec::new();
    for label in &metric.labels {
        let value = match label.as_str() {
            "gpu" => gpu.to_string(),
            "UUID" => format!("GPU-{}-{host}-{gpu}", pool.name),
            "device" => format!("nvidia{gpu}"),
            "modelName" => model_name.clone(),
            "Hostname" | "hostname" => host.to_owned(),
            _ => "0".to_owned(),
        };
        labels.push((label.clone(), value));
    }
    // The pod that holds the GPU. A scrape that sets these labels itself renames them to `exported_…`.
    for (label, value) in [("namespace", "tenant"), ("pod", "holder"), ("container", "server")] {
        if metric.labels_optional.iter().any(|l| l == label) {
            labels.push((label.to_owned(), value.to_owned()));
        }
    }
    labels
}

/// The value in the base unit, brought to the unit of the field.
fn gpu_value(pool: &Pool, source: &SignalSource, host: &str, gpu: u32) -> Value {
    let seed = seed(&format!("{}/{host}/{gpu}", pool.name));
    let wave = |mean: f64, swing: f64| Wave { mean, swing, period: 3600.0, phase: seed }.scaled(1.0 / source.factor);
    let memory = f64::from(pool.gpu.memory_mib) * 1024.0 * 1024.0;
    let power = f64::from(pool.gpu.tdp_watts.unwrap_or(300)) * (0.6 + 0.15 * seed);
    let value = match source.signal {
        Signal::GpuUtilization | Signal::GpuUtilizationMig => wave(0.55 + 0.25 * seed, 0.2),
        Signal::GpuMemoryUsed => wave(memory * (0.84 + 0.08 * seed), 0.0),
        Signal::GpuMemoryReserved => wave(memory * 0.008, 0.0),
        Signal::GpuMemoryFree => wave(memory * (0.152 - 0.08 * seed), 0.0),
        Signal::GpuTemperature => wave(56.0 + 10.0 * seed, 0.08),
        Signal::GpuMemoryTemperature => wave(64.0 + 8.0 * seed, 0.08),
        Signal::GpuSlowdownTemperature => wave(90.0, 0.0),
        Signal::GpuPower | Signal::GpuEnergy => wave(power, 0.15),
        Signal::GpuPowerLimit => wave(f64::from(pool.gpu.tdp_watts.unwrap_or(300)), 0.0),
        Signal::GpuThermalThrottle => wave(if seed > 0.9 { 0.01 } else { 0.0 }, 0.5),
        Signal::GpuPowerThrottle => wave(0.03 * seed, 0.5),
        _ => wave(0.0, 0.0),
    };
    if source.metric.kind == MetricType::Counter { Value::Counter(value) } else { Value::Gauge(value) }
}

fn too_hot(source: &SignalSource, value: Value, incident: Incident) -> Value {
    let to = match source.signal {
        Signal::GpuTemperature => 91.0,
        Signal::GpuThermalThrottle => 0.35,
        _ => return value,
    };
    Value::Wrong(Box::new(value), incident, to / source.factor)
}

/// Returns the bounds of a histogram as the exporter spells them, with `+Inf`.
fn bounds(metric: &Metric, spelling: LeSpelling) -> Vec<(String, f64)> {
    let finite = metric.buckets.iter().map(|b| (spell(*b, spelling), *b));
    finite.chain([("+Inf".to_owned(), f64::INFINITY)]).collect()
}

/// Python's client writes `1.0` and, from a million on, `1e+06`; those of Rust and Go write `1`.
fn spell(bound: f64, spelling: LeSpelling) -> String {
    match spelling {
        LeSpelling::Float if bound >= 1e6 && bound.fract() == 0.0 => {
            let text = format!("{bound:e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            format!("{mantissa}e+{exponent:0>2}")
        }
        LeSpelling::Float => format!("{bound:?}"),
        LeSpelling::Shortest => format!("{bound}"),
    }
}

/// A number from 0 to 1 that belongs to a name.
fn seed(name: &str) -> f64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    ((hash >> 11) % 1000) as f64 / 1000.0
}
