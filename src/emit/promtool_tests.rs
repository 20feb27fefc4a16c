//! promtool unit tests: for every alert, series of the exporter that make it fire and series that leave it silent.
//!
//! The tests start from what the exporter writes, so they hold recording rules and alert together. Written to
//! `prometheus/tests/<part>.yaml`. They name the file with the rules; where that is a PrometheusRule, promtool wants its `spec` alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rules::part;
use super::{Artifact, Emit, yaml};
use crate::catalog::{LeSpelling, Signal, SignalSource};
use crate::promql::{MatchOp, Selector, selector};
use crate::resolve::{Model, Pool};
use crate::signals::{Alert, AlertKind, Chapter, Subject, What};
use crate::units::{Duration, bucket_bound, number, same_edge};

#[derive(Serialize)]
struct TestFile {
    rule_files: Vec<String>,
    evaluation_interval: String,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    interval: String,
    input_series: Vec<Series>,
    promql_expr_test: Vec<Expectation>,
}

/// One series and its values in promtool's notation (`0+10x40`: 0, 10, 20, … 41 values).
#[derive(Clone, Serialize)]
struct Series {
    series: String,
    values: String,
}

#[derive(Serialize)]
struct Expectation {
    expr: String,
    eval_time: String,
    exp_samples: Vec<Sample>,
}

#[derive(Serialize)]
struct Sample {
    labels: String,
    value: f64,
}

/// Stands where a bucket bound will stand; no label value has it.
const PLACEHOLDER: &str = "<le>";

/// What the series of a test do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Fires,
    Silent,
}

/// Makes a test file for each chapter that has alerts.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    emit.book.chapters.iter().filter_map(|c| chapter(emit, c)).collect()
}

fn chapter(emit: Emit<'_>, chapter: &Chapter) -> Option<Artifact> {
    let tests: Vec<Test> = chapter
        .alerts()
        .flat_map(|alert| [Scenario::Fires, Scenario::Silent].map(|s| test(emit, chapter, alert, s)))
        .flatten()
        .collect();
    if tests.is_empty() {
        return None;
    }
    let part = part(&chapter.subject);
    let file = TestFile {
        rule_files: vec![format!("../../{}", super::rules::path(emit, &chapter.subject))],
        evaluation_interval: emit.plan.prometheus.evaluation_interval.to_string(),
        tests,
    };
    Some(Artifact::file(format!("prometheus/tests/{part}.yaml"), yaml::document(&file)))
}

fn test(emit: Emit<'_>, chapter: &Chapter, alert: &Alert, scenario: Scenario) -> Option<Test> {
    let settings = &emit.plan.prometheus;
    // Long enough for the rate window to fill and the hold time to pass.
    let at = sum(&[settings.rate_window, alert.hold, Duration::from_secs(300)]);
    let steps = at.whole_millis() / settings.scrape_interval.whole_millis().max(1) + 1;
    let maker = Maker { emit, steps };
    let series = match &chapter.subject {
        Subject::Model(name) => maker.model(emit.plan.models.get(name)?, alert, scenario),
        Subject::Pool(name) => maker.pool(emit.plan.pools.get(name)?, chapter, alert, scenario),
        Subject::Fleet => None,
    }?;
    let name = alert.kind.name();
    let (title, samples) = match scenario {
        Scenario::Fires => (format!("{name} fires"), vec![Sample { labels: "{}".to_owned(), value: 1.0 }]),
        Scenario::Silent => (format!("{name} stays silent at its threshold or below"), Vec::new()),
    };
    let firing = selector("ALERTS").eq("alertname", name).eq("alertstate", "firing").expr();
    let expr = crate::promql::aggregate(crate::promql::AggregateOp::Count, crate::promql::Grouping::All, firing);
    Some(Test {
        name: title,
        interval: settings.scrape_interval.to_string(),
        input_series: series,
        promql_expr_test: vec![Expectation { expr: expr.to_string(), eval_time: at.to_string(), exp_samples: samples }],
    })
}

fn sum(durations: &[Duration]) -> Duration {
    let secs = durations.iter().map(|d| d.secs_f64()).sum::<f64>().ceil();
    Duration::from_secs(secs as u64)
}

struct Maker<'a> {
    emit: Emit<'a>,
    /// Steps of each series.
    steps: u64,
}

impl Maker<'_> {
    fn constant(&self, series: &Selector, value: f64) -> Series {
        Series { series: series.to_string(), values: format!("{}x{}", number(value), self.steps) }
    }

    fn growing(&self, series: impl ToString, step: f64) -> Series {
        Series { series: series.to_string(), values: format!("0+{}x{}", number(step), self.steps) }
    }

    fn model(&self, model: &Model, alert: &Alert, scenario: Scenario) -> Option<Vec<Series>> {
        match alert.kind {
            AlertKind::HighInferenceErrorRate => self.errors(model, alert.threshold, scenario),
            AlertKind::KVCachePressure => self.kv_cache(model, alert.threshold, scenario),
            kind => self.latency(model, model.source(kind.latency()?)?, alert.threshold, scenario),
        }
    }

    /// Fires: every request is slower than the threshold. Silent: every request falls into the bucket that ends at it.
    fn latency(&self, model: &Model, source: &SignalSource, threshold: f64, scenario: Scenario) -> Option<Vec<Series>> {
        let base = exported(model, source, &format!("{}_bucket", source.series))?;
        let bounds = source.buckets.iter().copied().chain([f64::INFINITY]);
        let at_threshold = |bound: f64| bound.is_finite() && same_edge(bound, threshold);
        // One bound stands for all: the text of the series differs in it only.
        let pattern = base.eq("le", PLACEHOLDER).to_string();
        Some(
            bounds
                .map(|bound| {
                    let series = pattern.replace(PLACEHOLDER, &self.le(model, bound / source.factor));
                    let counted = match scenario {
                        Scenario::Fires => bound > threshold && !at_threshold(bound),
                        Scenario::Silent => bound > threshold || at_threshold(bound),
                    };
                    self.growing(series, if counted { 10.0 } else { 0.0 })
                })
                .collect(),
        )
    }

    /// Spells a bucket bound as the declared Prometheus stores it.
    fn le(&self, model: &Model, bound: f64) -> String {
        let shortest = model.engine.profile.le_spelling == LeSpelling::Shortest
            && self.emit.plan.prometheus.release.major() < 3
            && bound.is_finite();
        if shortest { number(bound) } else { bucket_bound(bound) }
    }

    /// Of 1,000 requests per step, more or fewer fail than the threshold.
    fn errors(&self, model: &Model, threshold: f64, scenario: Scenario) -> Option<Vec<Series>> {
        const REQUESTS: f64 = 1000.0;
        let (errors, base) = (model.source(Signal::Errors)?, model.source(Signal::ErrorBase)?);
        let share = match scenario {
            Scenario::Fires => f64::midpoint(threshold, 1.0),
            Scenario::Silent => threshold / 2.0,
        };
        let failed = (REQUESTS * share).round();
        let failing = exported(model, errors, &errors.series)?;
        let mut requests = exported(model, base, &base.series)?;
        let mut others = REQUESTS;
        if errors.series == base.series {
            // Failures are series of the same counter: the other series has other values of the labels that tell them apart.
            for m in &failing.matchers {
                if !requests.matchers.iter().any(|r| r.label == m.label) {
                    requests = requests.eq(&m.label, "other");
                }
            }
            others -= failed;
        }
        Some(vec![self.growing(&failing, failed), self.growing(&requests, others)])
    }

    fn kv_cache(&self, model: &Model, threshold: f64, scenario: Scenario) -> Option<Vec<Series>> {
        let usage = model.source(Signal::KvCacheUsage)?;
        let value = match scenario {
            Scenario::Fires => f64::midpoint(threshold, 1.0),
            Scenario::Silent => threshold,
        };
        let mut out = vec![self.constant(&exported(model, usage, &usage.series)?, value / usage.factor)];
        if let Some(waiting) = model.source(Signal::Waiting) {
            out.push(self.constant(&exported(model, waiting, &waiting.series)?, 3.0));
        }
        Some(out)
    }

    fn pool(&self, pool: &Pool, chapter: &Chapter, alert: &Alert, scenario: Scenario) -> Option<Vec<Series>> {
        let between = f64::midpoint(alert.threshold, 1.0);
        match alert.kind {
            AlertKind::GPUMemoryNearFull => {
                let share = if scenario == Scenario::Fires { between } else { alert.threshold };
                // 10,000 of the exporter's units in all, so that shares of four digits are whole.
                let used = (share * 1e4).round();
                let mut out = vec![
                    self.constant(&gpu_series(pool, pool.signal(Signal::GpuMemoryUsed)?.as_ref()), used),
                    self.constant(&gpu_series(pool, pool.signal(Signal::GpuMemoryFree)?.as_ref()), 1e4 - used),
                ];
                if let Some(reserved) = pool.signal(Signal::GpuMemoryReserved) {
                    out.push(self.constant(&gpu_series(pool, &reserved), 0.0));
                }
                Some(out)
            }
            AlertKind::GPUThermalThrottle if chapter.has(crate::signals::Measure::gpu(What::GpuThermalThrottled)) => {
                let source = pool.signal(Signal::GpuThermalThrottle)?;
                let share = if scenario == Scenario::Fires { between } else { alert.threshold / 2.0 };
                // share x seconds of a step, in the unit of the counter
                let step = share * self.emit.plan.prometheus.scrape_interval.secs_f64() / source.factor;
                Some(vec![self.growing(gpu_series(pool, &source), step.round())])
            }
            AlertKind::GPUThermalThrottle => {
                let source = pool.signal(Signal::GpuTemperature)?;
                let degrees = if scenario == Scenario::Fires { alert.threshold + 1.0 } else { alert.threshold };
                Some(vec![self.constant(&gpu_series(pool, &source), degrees)])
            }
            _ => None,
        }
    }
}

/// Returns a series as a replica exports it and the monitor labels it; `None` if a matcher is too intricate to make up a value
/// for.
fn exported(model: &Model, source: &SignalSource, series: &str) -> Option<Selector> {
    let matched = model.selector(source, series);
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    labels.insert("pod".to_owned(), format!("{}-0", model.name));
    for m in matched.matchers {
        let value = if m.op == MatchOp::Regex { example(&m.value)? } else { m.value };
        labels.insert(m.label, value);
    }
    Some(labels.into_iter().filter(|(_, v)| !v.is_empty()).fold(selector(series), |s, (k, v)| s.eq(k, v)))
}

/// Returns a text that matches an expression made of alternatives of plain letters and dots.
fn example(expression: &str) -> Option<String> {
    let first = expression.split('|').next()?;
    let plain = first.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    plain.then(|| first.replace('.', "0"))
}

fn gpu_series(pool: &Pool, source: &SignalSource) -> Selector {
    let mut labels = BTreeMap::from([
        ("pool".to_owned(), pool.name.clone()),
        ("gpu".to_owned(), "0".to_owned()),
        ("UUID".to_owned(), "GPU-00000000-0000-0000-0000-000000000000".to_owned()),
        ("modelName".to_owned(), pool.gpu.model_names.first().cloned().unwrap_or_else(|| pool.gpu.title.clone())),
    ]);
    if let Some(host) = source.metric.labels.iter().find(|l| l.eq_ignore_ascii_case("hostname")) {
        labels.insert(host.clone(), "node-1".to_owned());
    }
    if pool.mig {
        labels.insert("GPU_I_ID".to_owned(), "1".to_owned());
        labels.insert("GPU_I_PROFILE".to_owned(), "1g.10gb".to_owned());
    }
    labels.into_iter().fold(selector(&source.series), |s, (k, v)| s.eq(k, v))
}
