//! The physics of one replica: arrivals, queue, batch, KV cache, prefix cache. A fluid model that takes one step per tick, not one
//! per request. Knows no metric.

use super::demand;
use super::distribution::Spread;
use super::noise;
use super::quantity::{Observed, Quantity, Spreads, Values};
use super::scenario::Conditions;
use super::shape::{SLOTS, Shape};

/// Seconds after which clients give up a request that waits.
const PATIENCE: f64 = 30.0;
/// Share of requests that fails while all is well.
const USUAL_ERRORS: f64 = 0.0004;
/// Share of requests that clients give up while all is well.
const USUAL_ABORTS: f64 = 0.004;

/// Streams of noise.
mod stream {
    /// Arrivals.
    pub const ARRIVALS: u64 = 1;
    /// Failures.
    pub const ERRORS: u64 = 2;
    /// Requests given up.
    pub const ABORTS: u64 = 3;
    /// Length of answers.
    pub const OUTPUT: u64 = 4;
    /// Length of prompts.
    pub const PROMPT: u64 = 5;
    /// Prefix cache.
    pub const HITS: u64 = 6;
    /// Preemptions.
    pub const PREEMPTIONS: u64 = 7;
    /// Hardware.
    pub const SPEED: u64 = 8;
}

/// One replica at work.
#[derive(Clone, Debug)]
pub struct Engine {
    shape: Shape,
    seed: u64,
    /// Requests in the batch.
    running: f64,
    /// Requests in the queue.
    queue: f64,
    /// Part of a request that there was room for and that did not count: ticks may be shorter than a request.
    credit: f64,
}

/// A tick: when, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Seconds since 1970 at its end.
    pub unix: f64,
    /// Number of the tick since the simulated time began.
    pub number: u64,
    /// Seconds.
    pub length: f64,
}

impl Engine {
    /// Makes a replica without work.
    pub fn new(shape: Shape, seed: u64) -> Self {
        Self { shape, seed, running: 0.0, queue: 0.0, credit: 0.0 }
    }

    /// Forgets its requests, as a process that ends does.
    pub fn reset(&mut self) {
        self.running = 0.0;
        self.queue = 0.0;
        self.credit = 0.0;
    }

    /// Works for a tick. `share` is this replica's part of what arrives, in units of a usual one.
    pub fn step(
        &mut self,
        tick: &Tick,
        conditions: &Conditions,
        share: f64,
        values: &mut Values,
        spreads: &mut Spreads,
    ) {
        *values = [0.0; Quantity::COUNT];
        *spreads = [Spread::default(); Observed::COUNT];
        let shape = self.shape;
        let wobble = |stream, by: f64| 1.0 + by * noise::normal(self.seed, stream, tick.number).clamp(-3.0, 3.0);

        let demand = (conditions.arrivals * demand::share(tick.unix)).max(conditions.least_arrivals);
        let per_second = (demand * shape.usual_peak()).min(conditions.most_arrivals_per_second);
        let expected = per_second * share * tick.length;
        let arrived = noise::poisson(expected, self.seed, stream::ARRIVALS, tick.number);

        let prompt = shape.prompt * conditions.prompt * wobble(stream::PROMPT, 0.03);
        let output = shape.output * wobble(stream::OUTPUT, 0.03);
        let hits = (shape.hits * conditions.hits * wobble(stream::HITS, 0.04)).clamp(0.0, 0.98);
        // What is not in the cache is computed; usual prompts take the usual time.
        let usual = shape.prefill * conditions.latency * conditions.prefill;
        let prefill = usual * (prompt / shape.prompt) * (1.0 - hits) / (1.0 - shape.hits);
        let speed = conditions.latency * wobble(stream::SPEED, 0.02);
        let tokens_per_request = prompt + output / 2.0;
        let slots = SLOTS.min(shape.kv_tokens / tokens_per_request).max(1.0);

        if conditions.stuck {
            self.running = self.running.max(3.0).round();
            self.queue = (self.queue + arrived).min(SLOTS * PATIENCE);
        } else {
            let mut service = prefill + output * speed * shape.inter_token_at(self.running / SLOTS);
            let offered = self.queue + arrived;
            let (mut possible, mut level) = (0.0, 0.0);
            // The time depends on the batch and the batch on the time: three rounds are close.
            for _ in 0..3 {
                possible = slots * tick.length / service + self.credit;
                level = (offered.min(possible) * service / tick.length).min(slots);
                service = prefill + output * speed * shape.inter_token_at(level / SLOTS);
            }
            let served = offered.min(possible).floor();
            self.credit = (possible - served).clamp(0.0, 1.0);
            // The batch follows as fast as requests end.
            self.running += (level - self.running) * (1.0 - (-tick.length / service).exp());
            let rate = served / tick.length;
            let waiting = offered - served;
            // Clients go away when the wait is too long.
            let patient = (rate * PATIENCE).max(SLOTS);
            let given_up = (waiting - patient).max(0.0).floor();
            let wait =
                shape.queue + if rate > 0.0 { f64::midpoint(self.queue, waiting - given_up) / rate } else { 0.0 };
            // Less than one request that waits is one that was in flight when the tick ended.
            let wait = if waiting < 1.0 { shape.queue } else { wait.min(PATIENCE) };
            self.queue = waiting - given_up;
            let failed =
                noise::poisson(served * (USUAL_ERRORS + conditions.errors), self.seed, stream::ERRORS, tick.number)
                    .min(served);
            let aborted =
                noise::poisson(served * USUAL_ABORTS, self.seed, stream::ABORTS, tick.number).min(served - failed);
            let answered = served - failed - aborted;
            let inter_token = speed * shape.inter_token_at(self.running / SLOTS);
            // Only a cache that is too small for the batch pushes requests out.
            let fills = offered * service / tick.length * tokens_per_request / shape.kv_tokens;
            let pushed_out = if slots < SLOTS && fills > 1.0 { 0.05 * served * (fills - 1.0).min(1.0) } else { 0.0 };

            values[Quantity::Requests as usize] = served + given_up;
            values[Quantity::Answered as usize] = answered;
            values[Quantity::Errors as usize] = failed;
            values[Quantity::Aborts as usize] = aborted + given_up;
            let prompt_tokens = (served * prompt).round();
            let generated = ((served - failed) * output).round();
            values[Quantity::PromptTokens as usize] = prompt_tokens;
            values[Quantity::GenerationTokens as usize] = generated;
            values[Quantity::CacheQueries as usize] = prompt_tokens;
            values[Quantity::CacheHits as usize] = (prompt_tokens * hits).round();
            values[Quantity::PromptRate as usize] = prompt_tokens / tick.length;
            values[Quantity::GenerationRate as usize] = generated / tick.length;
            values[Quantity::Preemptions as usize] =
                noise::poisson(pushed_out, self.seed, stream::PREEMPTIONS, tick.number);
            values[Quantity::BusySeconds as usize] = tick.length * (self.running / SLOTS).min(1.0);
            values[Quantity::HitRatio as usize] = hits;

            let spread = |n: f64, median: f64, sigma: f64| Spread { n, median, sigma };
            let done = served - failed;
            let ttft = wait + prefill;
            // Means of lognormal ones are above their medians; what is given is the median.
            spreads[Observed::Queue as usize] = spread(served, wait, 0.5);
            spreads[Observed::Prefill as usize] = spread(served, prefill, 0.45);
            spreads[Observed::Ttft as usize] = spread(done, ttft, 0.5);
            spreads[Observed::InterToken as usize] =
                spread((done * (output - 1.0)).max(0.0).round(), inter_token, 0.35);
            spreads[Observed::InterTokenOfRequest as usize] = spread(done, inter_token, 0.2);
            spreads[Observed::Decode as usize] = spread(done, output * inter_token, 0.45);
            spreads[Observed::Inference as usize] = spread(done, service, 0.45);
            spreads[Observed::EndToEnd as usize] = spread(done, wait + service, 0.45);
            spreads[Observed::Failed as usize] = spread(failed, wait + prefill, 0.6);
            spreads[Observed::PromptTokens as usize] = spread(served, prompt, 0.6);
            spreads[Observed::GeneratedTokens as usize] = spread(done, output, 0.6);
            spreads[Observed::Other as usize] = spread(done, 1.0, 0.5);
        }
        values[Quantity::Running as usize] = self.running.round();
        values[Quantity::Waiting as usize] = self.queue.floor();
        let full = (self.running * tokens_per_request / shape.kv_tokens).min(0.995);
        values[Quantity::KvUsage as usize] = full;
        values[Quantity::Utilization as usize] = utilization(self.running);
    }
}

/// Share of time that the GPUs of a replica are at work: most of it as soon as anything runs, as each step keeps them busy.
fn utilization(running: f64) -> f64 {
    let taken = (running / SLOTS).clamp(0.0, 1.0);
    if running < 0.05 { 0.0 } else { (0.25 + 0.75 * taken.sqrt()).min(0.99) }
}
