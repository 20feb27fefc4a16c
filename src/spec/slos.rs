//! `[models.NAME.slos]` and `[models.NAME.buckets]`.

use crate::source::Spanned;
use crate::spec_table;
use crate::units::{Duration, Ratio};

spec_table! {
    /// Service level objectives of a model.
    Slos {
        /// Window that the objectives hold for.
        optional window: Duration = "`30d`",
        /// Time to first token.
        optional ttft: LatencyObjective,
        /// Time between two tokens.
        optional inter_token_latency: LatencyObjective,
        /// Time of a whole request.
        optional e2e_latency: LatencyObjective,
        /// Time in the queue of the engine.
        optional queue_time: LatencyObjective,
        /// Share of requests without error.
        optional errors: ShareObjective,
        /// Share of time that the replicas answer.
        optional availability: ShareObjective,
    }
}

spec_table! {
    /// A share of requests that must be faster than a threshold.
    LatencyObjective {
        /// Share of requests, for example `99%`.
        required objective: Ratio,
        /// Time, on a bucket edge of the engine version.
        required threshold: Duration,
    }
}

spec_table! {
    /// A share that must be good.
    ShareObjective {
        /// The share, for example `99.9%`.
        required objective: Ratio,
    }
}

spec_table! {
    /// Finite bucket bounds of the latency histograms, where the server does not use its default ones.
    Buckets {
        /// Bounds of the time to first token.
        optional ttft: Vec<Spanned<Duration>>,
        /// Bounds of the time between two tokens.
        optional inter_token_latency: Vec<Spanned<Duration>>,
        /// Bounds of the time of a whole request.
        optional e2e_latency: Vec<Spanned<Duration>>,
        /// Bounds of the time in the queue.
        optional queue_time: Vec<Spanned<Duration>>,
    }
}
