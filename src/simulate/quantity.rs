//! What the physics compute in each tick, by which series are filled. Free of any engine's names.

use super::distribution::Spread;
use crate::catalog::Signal;

macro_rules! list {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $word:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$each])* $word,)* }
        impl $name {
            /// How many there are.
            pub const COUNT: usize = [$(Self::$word),*].len();
        }
    };
}

list! {
    /// A number: what happened in a tick, or what holds at its end. In the base unit.
    Quantity {
        /// Always 0.
        Zero,
        /// Finished requests of any outcome.
        Requests,
        /// Requests that were answered in full.
        Answered,
        /// Failed requests.
        Errors,
        /// Requests given up by the client.
        Aborts,
        /// Prompt tokens of scheduled requests.
        PromptTokens,
        /// Generated tokens.
        GenerationTokens,
        /// Tokens found in the prefix cache.
        CacheHits,
        /// Tokens looked for in the prefix cache.
        CacheQueries,
        /// Preempted requests.
        Preemptions,
        /// Seconds of work.
        BusySeconds,
        /// Requests in the batch.
        Running,
        /// Requests in the queue.
        Waiting,
        /// Share of the KV cache in use.
        KvUsage,
        /// Share of looked-for tokens that were found.
        HitRatio,
        /// Prompt tokens per second.
        PromptRate,
        /// Generated tokens per second.
        GenerationRate,
        /// GPU: share of time at work.
        Utilization,
        /// GPU: bytes in use.
        MemoryUsed,
        /// GPU: free bytes.
        MemoryFree,
        /// GPU: bytes reserved by the driver.
        MemoryReserved,
        /// GPU: degrees Celsius of the chip.
        Temperature,
        /// GPU: degrees Celsius of the memory.
        MemoryTemperature,
        /// GPU: watts.
        Power,
        /// GPU: joules of the tick.
        Energy,
        /// GPU: seconds of the tick lost to heat.
        ThermalThrottle,
        /// GPU: seconds of the tick lost to the power limit.
        PowerThrottle,
        /// GPU: code of the last XID error.
        Xid,
        /// GPU: XID errors of the last five minutes.
        XidCount,
        /// GPU: uncorrectable memory errors of the tick.
        EccDbe,
        /// GPU: temperature at which it slows down.
        TemperatureLimit,
        /// GPU: power limit in force.
        PowerLimit,
        /// GPU: clock, in hertz.
        Clock,
        /// GPU: bytes per second over its links.
        Traffic,
    }
}

list! {
    /// A distribution of the tick.
    Observed {
        /// Time to first token.
        Ttft,
        /// Time between tokens, once per token.
        InterToken,
        /// Mean time between tokens, once per request.
        InterTokenOfRequest,
        /// Time of a request.
        EndToEnd,
        /// Time of a request that failed.
        Failed,
        /// Time in the queue.
        Queue,
        /// Time of the prefill.
        Prefill,
        /// Time of the decode.
        Decode,
        /// Time in the batch: prefill and decode.
        Inference,
        /// Prompt tokens of a request.
        PromptTokens,
        /// Generated tokens of a request.
        GeneratedTokens,
        /// Something else, once per request; its median is that of the series.
        Other,
    }
}

/// The numbers of a tick.
pub type Values = [f64; Quantity::COUNT];

/// The distributions of a tick.
pub type Spreads = [Spread; Observed::COUNT];

/// Returns the number that a signal of counters and gauges shows; `None` where no physics stand behind it.
pub fn of_signal(signal: Signal) -> Option<Quantity> {
    Some(match signal {
        Signal::PromptTokens => Quantity::PromptTokens,
        Signal::GenerationTokens => Quantity::GenerationTokens,
        Signal::Requests | Signal::ErrorBase => Quantity::Requests,
        Signal::Errors => Quantity::Errors,
        Signal::Running => Quantity::Running,
        Signal::Waiting => Quantity::Waiting,
        Signal::KvCacheUsage => Quantity::KvUsage,
        Signal::PrefixCacheHits => Quantity::CacheHits,
        Signal::PrefixCacheQueries => Quantity::CacheQueries,
        Signal::Preemptions => Quantity::Preemptions,
        // Below 1: what is simulated has slots enough.
        Signal::LoraSlots => Quantity::Utilization,
        Signal::GpuUtilization | Signal::GpuUtilizationMig => Quantity::Utilization,
        Signal::GpuMemoryUsed => Quantity::MemoryUsed,
        Signal::GpuMemoryFree => Quantity::MemoryFree,
        Signal::GpuMemoryReserved => Quantity::MemoryReserved,
        Signal::GpuTemperature => Quantity::Temperature,
        Signal::GpuMemoryTemperature => Quantity::MemoryTemperature,
        Signal::GpuSlowdownTemperature => Quantity::TemperatureLimit,
        Signal::GpuPower => Quantity::Power,
        Signal::GpuPowerLimit => Quantity::PowerLimit,
        Signal::GpuEnergy => Quantity::Energy,
        Signal::GpuThermalThrottle => Quantity::ThermalThrottle,
        Signal::GpuPowerThrottle => Quantity::PowerThrottle,
        Signal::GpuXid => Quantity::Xid,
        Signal::GpuEccDbe => Quantity::EccDbe,
        Signal::GpuRowRemapFailure => Quantity::Zero,
        _ => return None,
    })
}

/// Returns the distribution that a signal of histograms shows.
pub fn observed(signal: Signal) -> Option<Observed> {
    Some(match signal {
        Signal::Ttft => Observed::Ttft,
        Signal::InterTokenLatency => Observed::InterToken,
        Signal::E2eLatency => Observed::EndToEnd,
        Signal::QueueTime => Observed::Queue,
        Signal::PrefillTime => Observed::Prefill,
        Signal::DecodeTime => Observed::Decode,
        Signal::PromptTokens => Observed::PromptTokens,
        Signal::GenerationTokens => Observed::GeneratedTokens,
        _ => return None,
    })
}
