//! `[models.NAME.slos]` and `[models.NAME.buckets]`.

use crate::declare::values::{Count, LargeCount, Slug};
use crate::source::Spanned;
use crate::units::{Duration, Ratio};
use crate::{spec_table, spec_words};

spec_words! {
    /// The long window of a pair that alerts on the burn rate of an error budget.
    AlertWindow, "`1h`, `6h`, `1d` or `3d`" {
        /// With 5 minutes: pages.
        Hour = "1h",
        /// With 30 minutes: pages.
        SixHours = "6h",
        /// With 2 hours: opens a ticket.
        Day = "1d",
        /// With 6 hours: opens a ticket.
        ThreeDays = "3d",
    }
}

impl AlertWindow {
    /// Returns its length.
    pub fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Hour => 3_600,
            Self::SixHours => 6 * 3_600,
            Self::Day => 86_400,
            Self::ThreeDays => 3 * 86_400,
        })
    }
}

spec_table! {
    /// Service level objectives of a model.
    Slos {
        /// Window that the objectives hold for.
        optional window: Duration = "`30d`",
        /// Requests that are expected on a day. With it, objectives that so few requests cannot judge are refused.
        optional expected_requests_per_day: LargeCount,
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
        /// Time, on a bucket edge of what measures it.
        required threshold: Duration,
        /// Who measures: `engine`, `gateway` (the one in front of the model), or the name of a gateway.
        optional measured_at: Slug = "`engine`",
        /// Windows that alert.
        optional alert_windows: Vec<Spanned<AlertWindow>> = "all that the window of the objective gives",
        /// Bad events in the long window below which its alert is silent.
        optional min_bad_events: Count = "2 to 10, by the burn rate",
    }
}

spec_table! {
    /// A share that must be good.
    ShareObjective {
        /// The share, for example `99.9%`.
        required objective: Ratio,
        /// Who measures errors: `engine`, `gateway` (the one in front of the model), or the name of a gateway.
        optional measured_at: Slug = "`engine`, or the gateway if the engine counts no errors",
        /// Windows that alert.
        optional alert_windows: Vec<Spanned<AlertWindow>> = "all that the window of the objective gives",
        /// Bad events in the long window below which its alert is silent.
        optional min_bad_events: Count = "2 to 10, by the burn rate",
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
