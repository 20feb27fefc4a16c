//! How large and fast the servers of a model are: made up, so that what was promised is kept while all is well.

use crate::resolve::Model;
use crate::slo::Sli;

/// Requests that a replica works on at once.
pub const SLOTS: f64 = 64.0;
/// Share of its capacity that a replica serves at the highest usual demand.
pub const USUAL_PEAK: f64 = 0.5;
/// How much an objective leaves above the median. Seven and a deviation of 0.5 keep 99.9 % below, also when it is busy.
const MARGIN: f64 = 8.0;

/// Size and speed of a replica.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Seconds between two tokens of a request that is alone.
    pub inter_token: f64,
    /// Seconds of the prefill of a usual prompt.
    pub prefill: f64,
    /// Seconds that a request waits at least.
    pub queue: f64,
    /// Tokens of a usual prompt.
    pub prompt: f64,
    /// Tokens of a usual answer.
    pub output: f64,
    /// Share of prompts that is found in the prefix cache.
    pub hits: f64,
    /// Tokens that the KV cache holds.
    pub kv_tokens: f64,
}

impl Shape {
    /// Makes the shape of a model's replicas from its objectives.
    pub fn of(model: &Model) -> Self {
        let slo = |sli| model.slos.iter().find(|s| s.sli == sli).and_then(|s| s.threshold);
        let promised = |sli| slo(sli).map(crate::units::Duration::secs_f64);
        let below = |usual: f64, sli| promised(sli).map_or(usual, |p| usual.min(p / MARGIN));
        let inter_token = below(0.03, Sli::InterTokenLatency);
        let queue = promised(Sli::QueueTime).map_or(0.01, |p| (p / 20.0).min(0.01));
        let prefill = below(0.3, Sli::Ttft).min(promised(Sli::E2eLatency).map_or(0.3, |p| p / 20.0));
        let fit = promised(Sli::E2eLatency).map_or(220.0, |p| (p / MARGIN - prefill) / (1.5 * inter_token));
        let (prompt, output) = (700.0, fit.clamp(8.0, 220.0).round());
        let kv_tokens = 1.25 * SLOTS * (prompt + output / 2.0);
        Self { inter_token, prefill, queue, prompt, output, hits: 0.45, kv_tokens }
    }

    /// Returns the seconds that a request is worked on while a share of the slots is taken.
    pub fn service(&self, taken: f64) -> f64 {
        self.prefill + self.output * self.inter_token_at(taken)
    }

    /// Returns the seconds between tokens while a share of the slots is taken: a larger batch takes longer per step.
    pub fn inter_token_at(&self, taken: f64) -> f64 {
        self.inter_token * (1.0 + 0.5 * taken)
    }

    /// Returns the requests per second of the highest usual demand.
    pub fn usual_peak(&self) -> f64 {
        USUAL_PEAK * SLOTS / self.service(USUAL_PEAK)
    }
}
