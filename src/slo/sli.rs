//! What an objective is about.

/// A service level indicator: which events count, and which of them are bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sli {
    /// Requests; bad is a time to first token above the threshold.
    Ttft,
    /// Generated tokens; bad is a time between two tokens above the threshold.
    InterTokenLatency,
    /// Requests; bad is a whole request slower than the threshold.
    E2eLatency,
    /// Requests; bad is a wait in the queue above the threshold.
    QueueTime,
    /// Requests; bad is a failed one.
    Errors,
    /// Seconds of replicas; bad are those in which a replica does not answer.
    Availability,
}

impl Sli {
    /// Every indicator, in reading order.
    pub const ALL: &'static [Self] =
        &[Self::Ttft, Self::InterTokenLatency, Self::E2eLatency, Self::QueueTime, Self::Errors, Self::Availability];

    /// Returns its key in `[models.NAME.slos]`, which is also the value of the label `slo`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::InterTokenLatency => "inter_token_latency",
            Self::E2eLatency => "e2e_latency",
            Self::QueueTime => "queue_time",
            Self::Errors => "errors",
            Self::Availability => "availability",
        }
    }

    /// Returns what is counted.
    pub fn events(self) -> &'static str {
        match self {
            Self::InterTokenLatency => "tokens",
            Self::Availability => "replica-seconds",
            Self::Ttft | Self::E2eLatency | Self::QueueTime | Self::Errors => "requests",
        }
    }
}
