//! The list of alerts: name, meaning, defaults, unit of the threshold, one row each. Conditions stand in `signals::alerts`.

use crate::catalog::Signal;
use crate::slo::Sli;
use crate::units::Duration;

/// Unit of an alert's threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdUnit {
    /// 0 to 1.
    Ratio,
    /// Share of time, 0 to 1, where throttling is collected; degrees Celsius where it is not.
    ShareOrCelsius,
    /// Taken from the SLO.
    Slo,
    /// A number of requests, at least 1.
    Requests,
    /// How many times as much, above 1.
    Factor,
    /// Times the budget of a month.
    Budgets,
    /// There is none.
    Nothing,
}

impl ThresholdUnit {
    /// Returns what llmobs.toml must have, for messages.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Ratio => "expected a percentage such as `\"90%\"` or a ratio such as `0.9`, above 0% and below 100%",
            Self::ShareOrCelsius => {
                "expected a share of time such as `\"5%\"`, or degrees Celsius from 30 to 120 where throttling is not collected"
            }
            Self::Slo => "this alert takes its threshold from the SLO of the model: leave `threshold` out",
            Self::Requests => "expected a number of requests such as `10`, at least 1",
            Self::Factor => "expected how many times as much, such as `1.5`, above 1 and up to 100",
            Self::Budgets => {
                "expected a share of the budget such as `\"90%\"`, or how many budgets such as `1.1`, above 0 and up to 10"
            }
            Self::Nothing => "this alert has no threshold: leave `threshold` out",
        }
    }

    /// Returns the number of llmobs.toml in the base unit; `None` if it does not fit.
    pub fn accept(self, written: f64, percent: bool) -> Option<f64> {
        // A share of nothing is always exceeded, one of everything never.
        let share = || Some(written).filter(|v| *v > 0.0 && *v < 1.0);
        match self {
            Self::Slo | Self::Nothing => None,
            Self::Requests => Some(written).filter(|v| !percent && *v >= 1.0),
            Self::Factor => Some(written).filter(|v| !percent && *v > 1.0 && *v <= 100.0),
            Self::Budgets => Some(written).filter(|v| *v > 0.0 && *v <= 10.0),
            Self::ShareOrCelsius if !percent && (30.0..=120.0).contains(&written) => Some(written),
            Self::Ratio | Self::ShareOrCelsius => share(),
        }
    }
}

/// What is fixed about an alert.
struct Facts {
    name: &'static str,
    meaning: &'static str,
    unit: ThresholdUnit,
    threshold: f64,
    hold_secs: u64,
    severity: &'static str,
}

/// Declares the alerts: `Name: meaning; unit, threshold in that unit, hold time in seconds, severity;`.
macro_rules! alerts {
    ($($(#[$doc:meta])* $name:ident: $meaning:literal; $unit:ident, $threshold:literal, $hold:literal, $severity:literal;)*) => {
        /// An alert. Each has a runbook in `templates/runbooks/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AlertKind {
            $(#[doc = $meaning] $(#[$doc])* $name,)*
        }

        impl AlertKind {
            /// Every alert, in reading order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            fn facts(self) -> Facts {
                match self {
                    $(Self::$name => Facts {
                        name: stringify!($name),
                        meaning: $meaning,
                        unit: ThresholdUnit::$unit,
                        threshold: $threshold,
                        hold_secs: $hold,
                        severity: $severity,
                    },)*
                }
            }
        }
    };
}

alerts! {
    TimeToFirstTokenBudgetBurn: "The error budget of the time to first token burns too fast."; Slo, 0.0, 0, "critical";
    InterTokenLatencyBudgetBurn: "The error budget of the inter-token latency burns too fast."; Slo, 0.0, 0, "critical";
    EndToEndLatencyBudgetBurn: "The error budget of the end-to-end latency burns too fast."; Slo, 0.0, 0, "critical";
    QueueTimeBudgetBurn: "The error budget of the queue time burns too fast."; Slo, 0.0, 0, "critical";
    ErrorBudgetBurn: "The error budget of failed requests burns too fast."; Slo, 0.0, 0, "critical";
    AvailabilityBudgetBurn: "The error budget of replicas that do not answer burns too fast."; Slo, 0.0, 0, "critical";
    ModelDown: "No replica of a model answers, or none is known any more."; Nothing, 0.0, 300, "critical";
    GatewayDown: "No replica of a gateway answers, or none is known any more."; Nothing, 0.0, 300, "critical";
    EngineStuck: "A replica has requests in its batch and generates nothing."; Nothing, 0.0, 300, "critical";
    HighInferenceErrorRate: "A large share of requests fails."; Ratio, 0.05, 180, "critical";
    HighTimeToFirstToken: "The time to first token is above the SLO threshold."; Slo, 0.0, 120, "warning";
    HighInterTokenLatency: "The inter-token latency is above the SLO threshold."; Slo, 0.0, 120, "warning";
    HighEndToEndLatency: "The end-to-end latency is above the SLO threshold."; Slo, 0.0, 120, "warning";
    HighQueueTime: "Requests wait longer in the queue than the SLO allows."; Slo, 0.0, 120, "warning";
    LatencyRegression: "A latency is much longer than in the same hour last week."; Factor, 1.5, 1800, "warning";
    KVCachePressure: "The KV cache of a replica is nearly full while requests wait or are preempted."; Ratio, 0.90, 300, "warning";
    LoRASlotsExhausted: "All LoRA slots of a replica are taken most of the time while requests wait."; Nothing, 0.0, 300, "warning";
    QueueGrowing: "More and more requests wait."; Requests, 10.0, 600, "warning";
    FewerReplicasThanWanted: "Fewer replicas of a model answer than are wanted."; Nothing, 0.0, 900, "warning";
    HighAbortRatio: "Many requests are given up before they end."; Ratio, 0.20, 600, "warning";
    PrefixCacheCollapse: "Prefix-cache hits fell far below those of the same hour last week."; Ratio, 0.50, 1800, "warning";
    NoTraffic: "No request comes in where there is always traffic at this hour."; Requests, 60.0, 900, "warning";
    CostBudgetBurn: "Money is spent much faster than the budget of the month allows."; Factor, 1.2, 0, "warning";
    CostBudgetForecast: "At the pace of the last day, the budget of the month will not suffice."; Budgets, 1.0, 3600, "warning";
    CostBudgetExhausted: "The budget of the month is spent before the month is over."; Budgets, 1.0, 600, "warning";
    GPUXidCritical: "The driver reports that a GPU is out of service until it is reset or repaired."; Nothing, 0.0, 0, "critical";
    GPUEccDoubleBit: "A GPU had memory errors that it could not correct."; Nothing, 0.0, 0, "critical";
    GPURowRemapFailure: "A GPU could not replace broken rows of its memory."; Nothing, 0.0, 300, "critical";
    GPULost: "A host has fewer GPUs than it had today."; Nothing, 0.0, 600, "critical";
    GPUExporterMissing: "Nothing is heard of the GPUs of a pool."; Nothing, 0.0, 600, "warning";
    GPUThermalThrottle: "A GPU runs slower because it is too hot."; ShareOrCelsius, 85.0, 300, "warning";
    GPUMemoryNearFull: "A GPU has almost no free memory left."; Ratio, 0.98, 300, "warning";
    GPUNvLinkErrors: "A link between GPUs had to recover from errors."; Nothing, 0.0, 0, "warning";
    GPUXidWarning: "The driver reports an error of a GPU that needs a look."; Nothing, 0.0, 0, "warning";
    GPUPowerThrottle: "A GPU is held back by its power limit most of the time."; Ratio, 0.50, 1800, "info";
    GPUXidApplication: "Work on a GPU was lost, most often by a fault of the application."; Nothing, 0.0, 0, "info";
    ScrapeTargetDown: "An exporter of GPU metrics does not answer scrapes."; Nothing, 0.0, 600, "warning";
    RuleEvaluationFailing: "Prometheus cannot evaluate rules of this project."; Nothing, 0.0, 300, "critical";
    RuleGroupTooSlow: "Prometheus misses evaluations of rules of this project."; Nothing, 0.0, 600, "warning";
    CollectorRefusing: "The collector refuses telemetry."; Nothing, 0.0, 300, "warning";
    CollectorDropping: "The collector loses telemetry that it cannot deliver."; Nothing, 0.0, 300, "warning";
}

impl AlertKind {
    /// Returns the name: the value of the label `alertname`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Finds an alert by name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.name() == name)
    }

    /// Returns one line that says when it fires.
    pub fn meaning(self) -> &'static str {
        self.facts().meaning
    }

    /// Returns the latency signal whose objective the alert watches.
    pub fn latency(self) -> Option<Signal> {
        match self {
            Self::HighTimeToFirstToken => Some(Signal::Ttft),
            Self::HighInterTokenLatency => Some(Signal::InterTokenLatency),
            Self::HighEndToEndLatency => Some(Signal::E2eLatency),
            Self::HighQueueTime => Some(Signal::QueueTime),
            _ => None,
        }
    }

    /// Returns the objective whose error budget the alert watches. It has an alert for each pair of windows, told apart by the
    /// labels `long_window`, `short_window` and `burn_rate`; the longer pairs open tickets and have the severity `warning`.
    pub fn budget(self) -> Option<Sli> {
        match self {
            Self::TimeToFirstTokenBudgetBurn => Some(Sli::Ttft),
            Self::InterTokenLatencyBudgetBurn => Some(Sli::InterTokenLatency),
            Self::EndToEndLatencyBudgetBurn => Some(Sli::E2eLatency),
            Self::QueueTimeBudgetBurn => Some(Sli::QueueTime),
            Self::ErrorBudgetBurn => Some(Sli::Errors),
            Self::AvailabilityBudgetBurn => Some(Sli::Availability),
            _ => None,
        }
    }

    /// Returns the alert that watches the error budget of an objective.
    pub fn of_budget(sli: Sli) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.budget() == Some(sli))
    }

    /// Returns whether it watches a budget of money. Such an alert never pages unless llmobs.toml says so.
    pub fn watches_money(self) -> bool {
        matches!(self, Self::CostBudgetBurn | Self::CostBudgetForecast | Self::CostBudgetExhausted)
    }

    /// Returns the signals without which it cannot be made; an alert on an SLO needs the SLO as well.
    pub fn needs(self) -> &'static [Signal] {
        match self {
            Self::EngineStuck => &[Signal::Running, Signal::GenerationTokens],
            Self::HighInferenceErrorRate => &[Signal::Errors, Signal::ErrorBase],
            Self::HighTimeToFirstToken => &[Signal::Ttft],
            Self::HighInterTokenLatency => &[Signal::InterTokenLatency],
            Self::HighEndToEndLatency => &[Signal::E2eLatency],
            Self::HighQueueTime => &[Signal::QueueTime],
            Self::KVCachePressure => &[Signal::KvCacheUsage, Signal::Waiting],
            Self::LoRASlotsExhausted => &[Signal::LoraSlots, Signal::Waiting],
            Self::QueueGrowing => &[Signal::Waiting],
            Self::HighAbortRatio => &[Signal::Aborts, Signal::Requests],
            Self::PrefixCacheCollapse => &[Signal::PrefixCacheHits, Signal::PrefixCacheQueries],
            Self::NoTraffic => &[Signal::Requests],
            Self::GPUXidCritical | Self::GPUXidWarning | Self::GPUXidApplication => &[Signal::GpuXid],
            Self::GPUEccDoubleBit => &[Signal::GpuEccDbe],
            Self::GPURowRemapFailure => &[Signal::GpuRowRemapFailure],
            Self::GPULost | Self::GPUExporterMissing | Self::GPUThermalThrottle => &[Signal::GpuTemperature],
            Self::GPUMemoryNearFull => &[Signal::GpuMemoryUsed, Signal::GpuMemoryFree],
            Self::GPUNvLinkErrors => &[Signal::GpuNvlinkErrors],
            Self::GPUPowerThrottle => &[Signal::GpuPower],
            _ => &[],
        }
    }

    /// Returns the unit of its threshold.
    pub fn threshold_unit(self) -> ThresholdUnit {
        self.facts().unit
    }

    /// Returns the threshold where llmobs.toml has none, in the unit of [`Self::threshold_unit`]; 0 where there is none.
    ///
    /// Errors 5 % and KV cache 90 % are the values of the article that the rules started from. Memory is 98 % and not the
    /// article's 95 %: vLLM reserves 90 % and more of a GPU at start by design. 85 degrees are used only where throttling
    /// itself is not collected.
    pub fn default_threshold(self) -> f64 {
        self.facts().threshold
    }

    /// Returns how long the condition must hold by default.
    pub fn default_hold(self) -> Duration {
        Duration::from_secs(self.facts().hold_secs)
    }

    /// Returns how long ago what it compares with was, at the least; `None` where it does not look back over days.
    pub fn compares_with(self) -> Option<Duration> {
        let days = match self {
            Self::NoTraffic | Self::GPULost => 1,
            Self::LatencyRegression | Self::PrefixCacheCollapse => 7,
            _ => return None,
        };
        Some(Duration::from_secs(days * 86_400))
    }

    /// Returns the longest time that its condition may be asked to hold. What lasts longer than the time to what it is compared
    /// with is compared with itself; half of that leaves time to see the alert. After a week nobody needs one.
    pub fn longest_hold(self) -> Duration {
        let most = self.compares_with().map_or(7 * 86_400, |d| d.whole_secs() / 2);
        Duration::from_secs(most)
    }

    /// Returns the default label `severity`.
    pub fn default_severity(self) -> &'static str {
        self.facts().severity
    }
}
