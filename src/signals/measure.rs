//! What is recorded, and at which level.

use crate::catalog::Signal;
use crate::units::Duration;

/// A latency distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Latency {
    /// Time to first token.
    Ttft,
    /// Inter-token latency.
    Itl,
    /// End-to-end latency.
    E2e,
    /// Queue time.
    Queue,
    /// Prefill time.
    Prefill,
    /// Decode time.
    Decode,
}

impl Latency {
    /// Every latency, in reading order.
    pub const ALL: &'static [Self] = &[Self::Ttft, Self::Itl, Self::E2e, Self::Queue, Self::Prefill, Self::Decode];

    /// Returns the signal that it is recorded from.
    pub fn signal(self) -> Signal {
        match self {
            Self::Ttft => Signal::Ttft,
            Self::Itl => Signal::InterTokenLatency,
            Self::E2e => Signal::E2eLatency,
            Self::Queue => Signal::QueueTime,
            Self::Prefill => Signal::PrefillTime,
            Self::Decode => Signal::DecodeTime,
        }
    }

    /// Returns its part of recorded names.
    pub fn stem(self) -> &'static str {
        match self {
            Self::Ttft => "ttft_seconds",
            Self::Itl => "itl_seconds",
            Self::E2e => "e2e_latency_seconds",
            Self::Queue => "queue_time_seconds",
            Self::Prefill => "prefill_time_seconds",
            Self::Decode => "decode_time_seconds",
        }
    }

    /// Returns the value of the label `latency` of alerts.
    pub fn word(self) -> &'static str {
        self.signal().word()
    }

    /// Returns what its observations are: one per request, or one per token.
    pub fn events(self) -> &'static str {
        if self == Self::Itl { "tokens" } else { "requests" }
    }

    /// Returns the short title of panels: `TTFT`.
    pub fn short(self) -> &'static str {
        match self {
            Self::Ttft => "TTFT",
            Self::Itl => "ITL",
            Self::E2e => "End-to-end latency",
            Self::Queue => "Queue time",
            Self::Prefill => "Prefill time",
            Self::Decode => "Decode time",
        }
    }
}

/// A quantile in millionths, so that it can be compared and ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantile(u32);

impl Quantile {
    /// The median.
    pub const P50: Self = Self(500_000);
    /// 95 %.
    pub const P95: Self = Self(950_000);
    /// 99 %.
    pub const P99: Self = Self(990_000);

    /// Makes a quantile from a share, rounded to a millionth.
    pub fn of(share: f64) -> Self {
        Self((share * 1e6).round() as u32)
    }

    /// Returns the share, 0 to 1.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// Returns the suffix of recorded names: `p50`, `p99`, `p99_9`.
    pub fn suffix(self) -> String {
        format!("p{}", crate::units::number(f64::from(self.0) / 1e4).replace('.', "_"))
    }

    /// Returns what people write: `p99`, `p99.9`.
    pub fn title(self) -> String {
        format!("p{}", crate::units::number(f64::from(self.0) / 1e4))
    }
}

/// Over what time events are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Over {
    /// Per second, over the rate window.
    Second,
    /// In a window, all of them.
    Window(Duration),
}

/// What a measure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One model: labels `model`, `namespace`.
    Model,
    /// All models together: no labels, but `engine_name` on latencies.
    Fleet,
    /// One GPU: labels `pool`, `hostname`, `gpu`, `UUID`, `modelName`, under MIG also `GPU_I_ID` and `GPU_I_PROFILE`.
    Gpu,
    /// One pool: label `pool`.
    Pool,
    /// The models of one namespace: label `namespace`.
    Namespace,
    /// One model as a gateway sees it: labels `gateway`, `model`, `namespace`.
    Gateway,
    /// One tenant of a model as a gateway tells it: labels `tenant`, `gateway`, `model`, `namespace`.
    Tenant,
}

/// The quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Rate of observations per bucket (label `le`), 1/second.
    LatencyBuckets(Latency),
    /// The same with bounds in milliseconds, for engines that count so.
    LatencyBucketsMillis(Latency),
    /// Quantile, seconds.
    LatencyQuantile(Latency, Quantile),
    /// Threshold of the objective on a latency, seconds; label `quantile` (`p99`) says which share of requests it is for.
    SloThreshold(Latency),
    /// Events of an objective, 1/second, or over a window; label `slo` says which objective. Zero while there are none.
    SloEvents(Over),
    /// Those of them that are bad.
    SloBadEvents(Over),
    /// Share of bad events over the share that may be bad; labels `slo` and `window`. No series without events.
    SloBurnRate,
    /// Share of the error budget that is left, 1 to below 0; label `slo`.
    SloBudgetRemaining,
    /// Time until the budget is gone at the burn rate of the last hour, seconds; label `slo`.
    SloBudgetExhaustion,
    /// Share of events that must be good; labels `slo` and `window`.
    SloObjective,
    /// Prompt tokens, tokens/second.
    PromptTokens,
    /// Generated tokens, tokens/second.
    GenerationTokens,
    /// Prompt and generated tokens, tokens/second.
    Tokens,
    /// Finished requests, requests/second.
    Requests,
    /// Failed requests, requests/second.
    Errors,
    /// Requests given up, requests/second.
    Aborts,
    /// Prefix-cache hits per second.
    PrefixCacheHits,
    /// Prefix-cache queries per second.
    PrefixCacheQueries,
    /// Failed requests per request, ratio.
    ErrorRatio,
    /// Requests in the running batch.
    Running,
    /// Requests in the queue.
    Waiting,
    /// Mean KV-cache usage over replicas, ratio.
    KvCacheAvg,
    /// Largest KV-cache usage of a replica, ratio.
    KvCacheMax,
    /// Prefix-cache hits per query, ratio.
    PrefixCacheHitRatio,
    /// Preemptions per second.
    Preemptions,
    /// 1 for the latest state of each replica's LoRA adapters, with their names as labels.
    LoraAdapters,
    /// 1 while a replica has all its LoRA slots taken and requests wait for it, else 0; by replica.
    LoraSlotsExhausted,
    /// Replicas that Prometheus knows.
    Replicas,
    /// Replicas that answer.
    ReplicasUp,
    /// Replicas that there should be.
    ReplicasWanted,
    /// GPUs held by a model, or seen in a pool; label `gpus_from` says how they were counted.
    Gpus,
    /// Money per GPU-hour.
    CostPerGpuHour,
    /// Money per hour.
    CostPerHour,
    /// Money per million tokens, prompt and generated.
    CostPerMillionTokens,
    /// Money per million generated tokens, if they bore the whole cost.
    CostPerMillionGenerationTokens,
    /// Money per million prompt tokens, with the cost parted by the declared weight.
    CostPerMillionInputTokens,
    /// Money per million generated tokens, with the cost parted by the declared weight.
    CostPerMillionOutputTokens,
    /// Money per finished request.
    CostPerRequest,
    /// Money that a request of this quantile of the end-to-end latency takes.
    CostPerRequestQuantile(Quantile),
    /// Money per hour for GPUs that are held and do not work.
    IdleCostPerHour,
    /// Money per hour for GPUs of a pool that no model holds.
    UnheldCostPerHour,
    /// Money spent in the last hour.
    SpendPerHour,
    /// Money spent in a whole hour, recorded at its end; label `month` is the month of the hour.
    SpendOfHour,
    /// Money spent in the last 24 whole hours.
    SpendPerDay,
    /// Money spent in the last whole hours, as many as the window has.
    SpendOver(Duration),
    /// Money spent since the month began (UTC).
    SpendOfMonth,
    /// Money that the month will have taken if it goes on like the last day.
    SpendForecast,
    /// Money that may be spent in a month.
    Budget,
    /// Spend of the month per budget, ratio.
    BudgetSpent,
    /// Constant 1 with engine, version, pool and GPU model as labels.
    Info,
    /// Utilisation, ratio.
    GpuUtilization,
    /// Memory in use, bytes.
    GpuMemoryUsed,
    /// Memory, bytes.
    GpuMemoryTotal,
    /// Memory in use, ratio.
    GpuMemoryUsedRatio,
    /// Temperature, degrees Celsius.
    GpuTemperature,
    /// Power, watts.
    GpuPower,
    /// Share of time lost to thermal throttling, ratio.
    GpuThermalThrottled,
    /// Share of time lost to the power limit, ratio.
    GpuPowerThrottled,
    /// 1 for each GPU and code (label `xid`) of the last quarter of an hour.
    GpuXid,
    /// GPUs of a host; label `hostname`.
    HostGpus,
}

/// A quantity at a level: what one recorded name holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measure {
    /// What it is about.
    pub level: Level,
    /// The quantity.
    pub what: What,
}

impl Measure {
    /// Makes a measure of a model.
    pub fn model(what: What) -> Self {
        Self { level: Level::Model, what }
    }

    /// Makes a measure of the fleet.
    pub fn fleet(what: What) -> Self {
        Self { level: Level::Fleet, what }
    }

    /// Makes a measure of a GPU.
    pub fn gpu(what: What) -> Self {
        Self { level: Level::Gpu, what }
    }

    /// Makes a measure of the models of a namespace.
    pub fn namespace(what: What) -> Self {
        Self { level: Level::Namespace, what }
    }

    /// Makes a measure of a pool.
    pub fn pool(what: What) -> Self {
        Self { level: Level::Pool, what }
    }

    /// Returns one sentence that says what the series holds, with its unit.
    pub fn meaning(self) -> String {
        let of_gpus = matches!(
            self.what,
            What::GpuUtilization
                | What::GpuMemoryUsed
                | What::GpuMemoryTotal
                | What::GpuMemoryUsedRatio
                | What::GpuTemperature
                | What::GpuPower
                | What::GpuThermalThrottled
                | What::GpuPowerThrottled
                | What::GpuXid
        );
        let of = match self.level {
            Level::Model => "per model",
            Level::Fleet if of_gpus => "over all GPUs",
            Level::Fleet if matches!(self.what, What::LatencyBuckets(_) | What::LatencyQuantile(..)) => {
                "over all models of an engine"
            }
            Level::Fleet => "over all models",
            Level::Gpu => "per GPU",
            Level::Pool => "per pool of GPUs",
            Level::Namespace => "per namespace of models",
            Level::Gateway => "per gateway and model behind it",
            Level::Tenant => "per tenant of a gateway and model behind it",
        };
        let one = self.level == Level::Gpu;
        let what = match self.what {
            What::LatencyBuckets(l) => format!("{}: observations per second by bucket", l.signal().title()),
            What::LatencyBucketsMillis(l) => {
                format!("{}: observations per second by bucket, bounds in milliseconds", l.signal().title())
            }
            What::LatencyQuantile(l, q) => format!("{} of the {}, in seconds", q.title(), l.signal().title()),
            What::SloThreshold(l) => format!("Threshold of the objective on the {}, in seconds", l.signal().title()),
            What::SloEvents(Over::Second) => "Events of an objective per second".to_owned(),
            What::SloEvents(Over::Window(w)) => format!("Events of an objective in {w}"),
            What::SloBadEvents(Over::Second) => "Bad events of an objective per second".to_owned(),
            What::SloBadEvents(Over::Window(w)) => format!("Bad events of an objective in {w}"),
            What::SloBurnRate => "Share of bad events over the share that may be bad, by window".to_owned(),
            What::SloBudgetRemaining => "Share of the error budget that is left".to_owned(),
            What::SloBudgetExhaustion => {
                "Time until the error budget is gone at the burn rate of the last hour, in seconds".to_owned()
            }
            What::SloObjective => "Share of events that must be good".to_owned(),
            What::PromptTokens => "Prompt tokens per second".to_owned(),
            What::GenerationTokens => "Generated tokens per second".to_owned(),
            What::Tokens => "Prompt and generated tokens per second".to_owned(),
            What::Requests => "Finished requests per second".to_owned(),
            What::Errors => "Failed requests per second".to_owned(),
            What::Aborts => "Requests given up per second".to_owned(),
            What::PrefixCacheHits => "Prefix-cache hits per second".to_owned(),
            What::PrefixCacheQueries => "Prefix-cache queries per second".to_owned(),
            What::ErrorRatio => "Share of requests that fail, 0 to 1".to_owned(),
            What::Running => "Requests in the running batch".to_owned(),
            What::Waiting => "Requests waiting to be scheduled".to_owned(),
            What::KvCacheAvg => "KV-cache usage, mean over replicas, 0 to 1".to_owned(),
            What::KvCacheMax => "KV-cache usage of the fullest replica, 0 to 1".to_owned(),
            What::PrefixCacheHitRatio => "Share of prefix-cache queries that hit, 0 to 1".to_owned(),
            What::Preemptions => "Preemptions per second".to_owned(),
            What::LoraAdapters => "Always 1, with the names of running and waiting LoRA adapters as labels".to_owned(),
            What::LoraSlotsExhausted => {
                "1 while a replica has all its LoRA slots taken and requests wait, else 0".to_owned()
            }
            What::Replicas => "Replicas that Prometheus knows of".to_owned(),
            What::ReplicasUp => "Replicas that answer scrapes".to_owned(),
            What::ReplicasWanted => "Replicas that there should be".to_owned(),
            What::Gpus => match self.level {
                Level::Pool => {
                    "GPUs that the exporter reports, or that are declared, with `gpus_from` as label".to_owned()
                }
                Level::Fleet => "GPUs that the models hold".to_owned(),
                _ => "GPUs that the model holds, with `gpus_from` as label".to_owned(),
            },
            What::CostPerGpuHour => "Price of a GPU-hour".to_owned(),
            What::CostPerHour => "Cost per hour".to_owned(),
            What::CostPerMillionTokens => "Cost per million tokens, prompt and generated, of the last hour".to_owned(),
            What::CostPerMillionGenerationTokens => {
                "Cost per million generated tokens if they bore the whole cost, of the last hour".to_owned()
            }
            What::CostPerMillionInputTokens => {
                "Cost per million prompt tokens, parted by `output_weight`, of the last hour".to_owned()
            }
            What::CostPerMillionOutputTokens => {
                "Cost per million generated tokens, parted by `output_weight`, of the last hour".to_owned()
            }
            What::CostPerRequest => "Cost per finished request, of the last hour".to_owned(),
            What::CostPerRequestQuantile(q) => {
                format!("Cost of a request that takes as long as the {} of the end-to-end latency", q.title())
            }
            What::IdleCostPerHour => "Cost per hour of the GPUs that are held and do not work".to_owned(),
            What::UnheldCostPerHour => "Cost per hour of the GPUs that no model holds".to_owned(),
            What::SpendPerHour => "Cost of the last hour".to_owned(),
            What::SpendOfHour => {
                "Cost of each whole hour, recorded in its last minutes with the month as label".to_owned()
            }
            What::SpendOver(window) => format!("Cost of the last {} whole hours", window.whole_secs() / 3_600),
            What::SpendPerDay => "Cost of the last 24 whole hours".to_owned(),
            What::SpendOfMonth => "Cost since the month began (UTC)".to_owned(),
            What::SpendForecast => "Cost of the whole month (UTC) if it goes on like the last day".to_owned(),
            What::Budget => "What may be spent in a calendar month".to_owned(),
            What::BudgetSpent => "Share of the month's budget that is spent, 0 to 1 and above".to_owned(),
            What::Info => "Always 1, with engine, version, pool and GPU model as labels".to_owned(),
            What::GpuUtilization => "GPU utilisation, 0 to 1".to_owned(),
            What::GpuMemoryUsed => "GPU memory in use, in bytes".to_owned(),
            What::GpuMemoryTotal => "Size of the GPU memory, in bytes".to_owned(),
            What::GpuMemoryUsedRatio => "GPU memory in use, 0 to 1".to_owned(),
            What::GpuTemperature if one => "GPU temperature, in degrees Celsius".to_owned(),
            What::GpuTemperature => "Temperature of the hottest GPU, in degrees Celsius".to_owned(),
            What::GpuPower => "GPU power draw, in watts".to_owned(),
            What::GpuThermalThrottled if one => "Share of time lost to thermal throttling, 0 to 1".to_owned(),
            What::GpuThermalThrottled => {
                "Share of time that the worst GPU loses to thermal throttling, 0 to 1".to_owned()
            }
            What::GpuPowerThrottled => "Share of time lost to the power limit, 0 to 1".to_owned(),
            What::GpuXid => "XID codes of the last 15 minutes (label `xid`)".to_owned(),
            What::HostGpus => "GPUs that the exporter reports, by host".to_owned(),
        };
        // `p99` keeps its small letter.
        if matches!(self.what, What::LatencyQuantile(..)) {
            return format!("{what}, {of}.");
        }
        let first: String = what.chars().take(1).flat_map(char::to_uppercase).chain(what.chars().skip(1)).collect();
        format!("{first}, {of}.")
    }
}
