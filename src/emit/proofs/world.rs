//! Turns a state into what the series of an engine or exporter do: the names, labels, buckets and units of its release.

use std::collections::{BTreeMap, BTreeSet};

use super::page::Page;
use super::script::Base;
use super::track::Motion;
use crate::catalog::{LeSpelling, Signal, SignalKind, SignalSource};
use crate::emit::Emit;
use crate::promql::{MatchOp, Selector, selector};
use crate::resolve::{Model, Pool};
use crate::signals::Subject;
use crate::signals::proof::{Driver, Replicas, Spread, State};
use crate::units::{Duration, bucket_bound, number, same_edge};

/// Replicas of a model and GPUs of a pool in a test, where a state does not say otherwise.
const USUAL: u32 = 2;

/// Observations of a latency per second in calm times.
const CALM_EVENTS: f64 = 2.0;

/// One mebibyte.
const MIB: f64 = 1024.0 * 1024.0;

/// Series by text, and what each does.
pub type Motions = BTreeMap<String, Motion>;

/// Makes series for the subject of a chapter.
pub struct World<'a> {
    emit: Emit<'a>,
    subject: &'a Subject,
    /// Names that are read; others are left out.
    read: BTreeSet<String>,
    scrape: Duration,
}

impl<'a> World<'a> {
    /// Makes a world of which only some names are read.
    pub fn new(emit: Emit<'a>, subject: &'a Subject, read: BTreeSet<String>, scrape: Duration) -> Self {
        Self { emit, subject, read, scrape }
    }

    /// Returns what each series does in a state. `calm` is what states of this test are different from.
    pub fn motions(&self, base: Base, calm: &State, state: &State) -> Motions {
        let mut out = Motions::new();
        if base == Base::Gone {
            return out;
        }
        let mut state = state.clone();
        state.add(calm);
        let now = Now { world: self, base, state: &state, always: calm };
        match self.subject {
            Subject::Model(name) => {
                if let Some(model) = self.emit.plan.models.get(name) {
                    now.model(model, &mut out);
                }
            }
            Subject::Pool(name) => {
                if let Some(pool) = self.emit.plan.pools.get(name) {
                    now.pool(pool, &mut out);
                }
            }
            Subject::Fleet => {}
        }
        now.foreign(&mut out);
        out
    }

    /// Spells a bucket bound as the declared Prometheus stores it.
    fn le(&self, page: Page<'_>, bound: f64) -> String {
        let shortest = page.profile().le_spelling == LeSpelling::Shortest
            && self.emit.plan.prometheus.release.major() < 3
            && bound.is_finite();
        if shortest { number(bound) } else { bucket_bound(bound) }
    }
}

/// The world in one state.
struct Now<'a> {
    world: &'a World<'a>,
    base: Base,
    state: &'a State,
    /// What is so in every state of the test.
    always: &'a State,
}

impl Now<'_> {
    fn reads(&self, name: &str) -> bool {
        self.world.read.contains(name)
    }

    /// What a counter does that gains `per_second`, in the exporter's unit.
    fn gain(&self, per_second: f64) -> Motion {
        let step = per_second * self.world.scrape.secs_f64();
        match self.base {
            Base::Restarted => Motion::Again(step),
            _ => Motion::Gain(step),
        }
    }

    /// What a counter of requests does: nothing without traffic, one step for a single request.
    fn traffic(&self, per_second: f64) -> Motion {
        match self.base {
            Base::Idle => Motion::Gain(0.0),
            Base::OneBadRequest => Motion::Once(1.0),
            _ => self.gain(per_second),
        }
    }

    fn value(&self, signal: Signal) -> f64 {
        self.state.values.get(&Driver::Of(signal)).copied().unwrap_or_else(|| calm(signal))
    }

    fn usual(&self, signal: Signal) -> f64 {
        self.always.values.get(&Driver::Of(signal)).copied().unwrap_or_else(|| calm(signal))
    }

    fn model(&self, model: &Model, out: &mut Motions) {
        self.up(model, out);
        self.page(Page::Engine(model), out);
        for gateway in self.world.emit.plan.gateways_of(&model.name) {
            self.page(Page::Gateway(gateway, model), out);
        }
    }

    fn page(&self, page: Page<'_>, out: &mut Motions) {
        for signal in Signal::OF_ENGINES {
            let Some(source) = page.source(*signal) else { continue };
            match source.kind {
                SignalKind::Histogram => self.latency(page, source, out),
                SignalKind::Counter => self.counter(page, source, out),
                SignalKind::Gauge => self.gauge(page, source, out),
            }
        }
    }

    fn up(&self, model: &Model, out: &mut Motions) {
        let replicas = self.state.replicas.unwrap_or(Replicas { known: USUAL, up: USUAL });
        for i in 0..replicas.known {
            let labels = model.target_matchers.iter().map(|m| (m.label.clone(), m.value.clone()));
            if self.reads("up") {
                let series = labelled("up", labels.chain([Page::Engine(model).replica(i)]));
                out.insert(series.to_string(), Motion::Level(f64::from(u8::from(i < replicas.up))));
            }
        }
    }

    fn gauge(&self, page: Page<'_>, source: &SignalSource, out: &mut Motions) {
        if !self.reads(&source.series) {
            return;
        }
        let idle = matches!(self.base, Base::Idle | Base::OneBadRequest);
        if !source.labels.is_empty() {
            self.saying(page, source, idle, out);
            return;
        }
        let climb = self.state.values.get(&Driver::Climbing(source.signal)).filter(|_| !idle);
        let motion = match climb {
            Some(per_second) => Motion::Climb(per_second / source.factor * self.world.scrape.secs_f64()),
            None if idle => Motion::Level(0.0),
            None => Motion::Level(self.value(source.signal) / source.factor),
        };
        out.extend(exported(page, source, &source.series).map(|s| (s.to_string(), motion)));
    }

    /// What the labels say now has the time as its value. An idle server says nothing new.
    fn saying(&self, page: Page<'_>, source: &SignalSource, idle: bool, out: &mut Motions) {
        let Some(series) = exported(page, source, &source.series) else { return };
        let said = self.state.values.iter().find_map(|(driver, scale)| match driver {
            Driver::Saying(signal, labels) if *signal == source.signal => Some((labels.clone(), *scale)),
            _ => None,
        });
        let (said, scale) = said.unwrap_or((BTreeMap::new(), 1.0));
        let slots = page.slots().unwrap_or_default().to_string();
        let value = |holds: &str| if holds == "slots" { Some(&slots) } else { said.get(holds) };
        let held = source.labels.iter().filter_map(|(holds, label)| Some((label, value(holds)?)));
        let series = held.filter(|(_, v)| !v.is_empty()).fold(series, |s, (label, value)| s.eq(label, value));
        let motion = if idle { Motion::Kept } else { Motion::Time(self.world.scrape.secs_f64() * scale) };
        out.insert(series.to_string(), motion);
    }

    fn counter(&self, page: Page<'_>, source: &SignalSource, out: &mut Motions) {
        if !self.reads(&source.series) {
            return;
        }
        if self.base == Base::Unfailing && matches!(source.signal, Signal::Errors | Signal::Aborts) {
            return;
        }
        let Some(mut series) = exported(page, source, &source.series) else { return };
        let mut per_second = self.value(source.signal);
        let mut once = self.traffic(per_second / source.factor);
        // A part of the same counter is told apart by labels: the rest has other values of them.
        for part in parts_of(source.signal) {
            let Some(part) = page.source(*part).filter(|p| p.series == source.series) else { continue };
            let Some(of_part) = exported(page, part, &part.series) else { continue };
            per_second -= self.value(part.signal);
            for m in of_part.matchers {
                let always = source.metric.labels.contains(&m.label);
                if always && !series.matchers.iter().any(|r| r.label == m.label) {
                    let other = source.metric.label_values.get(&m.label).into_iter().flatten();
                    let other = other.into_iter().find(|v| **v != m.value);
                    series = series.eq(&m.label, other.map_or("other", String::as_str));
                }
            }
            once = match self.traffic(per_second / source.factor) {
                // The one bad request is in the part already.
                Motion::Once(_) => Motion::Once(0.0),
                motion => motion,
            };
        }
        // Two signals may be read from one series; what a state says goes first.
        if self.state.values.contains_key(&Driver::Of(source.signal)) {
            out.insert(series.to_string(), once);
        } else {
            out.entry(series.to_string()).or_insert(once);
        }
    }

    fn latency(&self, page: Page<'_>, source: &SignalSource, out: &mut Motions) {
        let name = format!("{}_bucket", source.series);
        if !self.reads(&name) {
            return;
        }
        let calm = Spread { per_second: CALM_EVENTS, slow: 0.0, edge: 0.0 };
        let spread = self.state.latencies.get(&source.signal).copied().unwrap_or(calm);
        // Buckets differ in their last label: all before it is printed once.
        let Some(base) = exported(page, source, &name) else { return };
        let base = base.eq("le", "").to_string();
        let head = base.trim_end_matches("\"}");
        for bound in source.buckets.iter().copied().chain([f64::INFINITY]) {
            let at_edge = bound.is_finite() && same_edge(bound, spread.edge);
            let share = match (at_edge, bound > spread.edge) {
                (true, _) => 1.0 - spread.slow,
                (false, true) => 1.0,
                (false, false) => 0.0,
            };
            let motion = match self.base {
                // It was slower than any bound.
                Base::OneBadRequest if bound.is_finite() => Motion::Gain(0.0),
                _ => self.traffic(spread.per_second * share),
            };
            let le = self.world.le(page, bound / source.factor);
            out.insert(format!("{head}{le}\"}}"), motion);
        }
    }

    /// GPUs are alike, but what a state sets happens to the first.
    fn pool(&self, pool: &Pool, out: &mut Motions) {
        for gpu in 0..self.state.gpus.unwrap_or(USUAL) {
            for signal in Signal::OF_GPUS {
                let Some(source) = pool.signal(*signal).filter(|s| self.reads(&s.series)) else { continue };
                let value = if gpu == 0 { self.value(*signal) } else { self.usual(*signal) } / source.factor;
                let motion = match source.kind {
                    SignalKind::Counter => self.gain(value),
                    _ => Motion::Level(value),
                };
                out.insert(gpu_series(pool, &source, gpu).to_string(), motion);
            }
        }
        for (driver, value) in &self.state.values {
            let Driver::With(signal, label, label_value) = driver else { continue };
            let Some(source) = pool.signal(*signal).filter(|s| self.reads(&s.series)) else { continue };
            let series = gpu_series(pool, &source, 0).eq(label, label_value);
            out.insert(series.to_string(), Motion::Level(*value));
        }
    }

    fn foreign(&self, out: &mut Motions) {
        for (driver, value) in &self.state.values {
            match driver {
                Driver::Gauge(_) if value.is_nan() => None,
                Driver::Gauge(series) => out.insert(series.clone(), Motion::Level(*value)),
                Driver::Counter(series) => out.insert(series.clone(), self.gain(*value)),
                Driver::Of(_) | Driver::Climbing(_) | Driver::With(..) | Driver::Saying(..) => None,
            };
        }
    }
}

/// What a signal is in calm times: a gauge, or what a counter gains per second, in the base unit.
fn calm(signal: Signal) -> f64 {
    match signal {
        Signal::Requests | Signal::ErrorBase => 2.0,
        Signal::Running => 4.0,
        Signal::KvCacheUsage => 0.4,
        Signal::PromptTokens | Signal::PrefixCacheQueries => 1000.0,
        Signal::PrefixCacheHits => 600.0,
        Signal::GenerationTokens => 200.0,
        Signal::GpuUtilization | Signal::GpuUtilizationMig => 0.6,
        Signal::GpuMemoryUsed => 8000.0 * MIB,
        Signal::GpuMemoryFree => 2000.0 * MIB,
        Signal::GpuTemperature | Signal::GpuMemoryTemperature => 55.0,
        Signal::GpuPower | Signal::GpuEnergy => 250.0,
        Signal::GpuSlowdownTemperature => 90.0,
        Signal::GpuPowerLimit => 500.0,
        _ => 0.0,
    }
}

/// Signals that count a part of what a signal counts.
fn parts_of(signal: Signal) -> &'static [Signal] {
    match signal {
        Signal::ErrorBase => &[Signal::Errors],
        Signal::Requests => &[Signal::Aborts],
        _ => &[],
    }
}

fn labelled(name: &str, labels: impl Iterator<Item = (String, String)>) -> Selector {
    let labels: BTreeMap<String, String> = labels.filter(|(_, v)| !v.is_empty()).collect();
    labels.into_iter().fold(selector(name), |s, (k, v)| s.eq(k, v))
}

/// Returns a series as the first replica exports it and the monitor labels it; `None` if a matcher is too intricate to make up a
/// value for.
fn exported(page: Page<'_>, source: &SignalSource, series: &str) -> Option<Selector> {
    let matchers = page.selector(source, series).matchers;
    let mut labels: Vec<(String, String)> = vec![page.replica(0)];
    for m in matchers {
        let known = || source.metric.label_values.get(&m.label)?.first().cloned();
        let value = if m.op == MatchOp::Regex { example(&m.value).or_else(known)? } else { m.value };
        labels.push((m.label, value));
    }
    Some(labelled(series, labels.into_iter()))
}

/// Returns a text that matches an expression made of alternatives of plain letters and dots.
fn example(expression: &str) -> Option<String> {
    let first = expression.split('|').next()?;
    let plain = first.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    plain.then(|| first.replace('.', "0"))
}

fn gpu_series(pool: &Pool, source: &SignalSource, gpu: u32) -> Selector {
    let mut labels = vec![
        ("pool".to_owned(), pool.name.clone()),
        ("gpu".to_owned(), gpu.to_string()),
        ("UUID".to_owned(), format!("GPU-00000000-0000-0000-0000-{gpu:012}")),
        ("modelName".to_owned(), pool.gpu.model_names.first().cloned().unwrap_or_else(|| pool.gpu.title.clone())),
    ];
    let host = source.metric.labels.iter().find(|l| l.eq_ignore_ascii_case("hostname"));
    labels.extend(host.map(|h| (h.clone(), "node-1".to_owned())));
    if pool.mig {
        labels.push(("GPU_I_ID".to_owned(), "1".to_owned()));
        labels.push(("GPU_I_PROFILE".to_owned(), "1g.10gb".to_owned()));
    }
    labelled(&source.series, labels.into_iter())
}
