//! The signals: what is measured, free of any engine.

use crate::spec_words;

/// Shape of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A distribution with buckets.
    Histogram,
    /// A total that only grows.
    Counter,
    /// A value of now.
    Gauge,
}

spec_words! {
    /// A signal, named as in the field.
    Signal, "the name of a signal" {
        /// Time to first token, seconds.
        Ttft = "ttft",
        /// Time between two tokens of one request, seconds.
        InterTokenLatency = "inter_token_latency",
        /// Time of a whole request, seconds.
        E2eLatency = "e2e_latency",
        /// Time from arrival to scheduling, seconds.
        QueueTime = "queue_time",
        /// Time of the prefill of a request, seconds.
        PrefillTime = "prefill_time",
        /// Time of the decode of a request, seconds.
        DecodeTime = "decode_time",
        /// Prompt tokens.
        PromptTokens = "prompt_tokens",
        /// Generated tokens.
        GenerationTokens = "generation_tokens",
        /// Finished requests.
        Requests = "requests",
        /// Failed requests.
        Errors = "errors",
        /// What errors are a share of.
        ErrorBase = "error_base",
        /// Requests that were given up before they ended, a part of the finished ones.
        Aborts = "aborts",
        /// Requests in the running batch.
        Running = "running",
        /// Requests in the queue.
        Waiting = "waiting",
        /// Share of the KV cache in use, 0 to 1.
        KvCacheUsage = "kv_cache_usage",
        /// Prefix cache hits.
        PrefixCacheHits = "prefix_cache_hits",
        /// Prefix cache queries, in the unit of the hits.
        PrefixCacheQueries = "prefix_cache_queries",
        /// Preempted requests.
        Preemptions = "preemptions",
        /// Use of the slots for LoRA adapters.
        LoraSlots = "lora_slots",
        /// GPU utilisation.
        GpuUtilization = "gpu_utilization",
        /// GPU utilisation per MIG instance.
        GpuUtilizationMig = "gpu_utilization_mig",
        /// GPU memory in use, without the reserved part.
        GpuMemoryUsed = "gpu_memory_used",
        /// GPU memory free.
        GpuMemoryFree = "gpu_memory_free",
        /// GPU memory reserved by the driver.
        GpuMemoryReserved = "gpu_memory_reserved",
        /// GPU core temperature.
        GpuTemperature = "gpu_temperature",
        /// GPU memory temperature.
        GpuMemoryTemperature = "gpu_memory_temperature",
        /// GPU core temperature at which the hardware slows down.
        GpuSlowdownTemperature = "gpu_slowdown_temperature",
        /// GPU power draw.
        GpuPower = "gpu_power",
        /// Power limit of the GPU that is in force.
        GpuPowerLimit = "gpu_power_limit",
        /// GPU energy since driver load.
        GpuEnergy = "gpu_energy",
        /// Time lost to thermal throttling.
        GpuThermalThrottle = "gpu_thermal_throttle",
        /// Time lost to power throttling.
        GpuPowerThrottle = "gpu_power_throttle",
        /// Last XID code.
        GpuXid = "gpu_xid",
        /// XID errors of the last minutes, by the label `xid`.
        GpuXidCount = "gpu_xid_count",
        /// Recoveries of NVLink from errors.
        GpuNvlinkErrors = "gpu_nvlink_errors",
        /// Uncorrectable ECC errors.
        GpuEccDbe = "gpu_ecc_dbe",
        /// Whether row remapping failed.
        GpuRowRemapFailure = "gpu_row_remap_failure",
    }
}

impl Signal {
    /// Signals of engines, in the order of documents.
    pub const OF_ENGINES: &'static [Signal] = &[
        Self::Ttft,
        Self::InterTokenLatency,
        Self::E2eLatency,
        Self::QueueTime,
        Self::PrefillTime,
        Self::DecodeTime,
        Self::PromptTokens,
        Self::GenerationTokens,
        Self::Requests,
        Self::Errors,
        Self::ErrorBase,
        Self::Aborts,
        Self::Running,
        Self::Waiting,
        Self::KvCacheUsage,
        Self::PrefixCacheHits,
        Self::PrefixCacheQueries,
        Self::Preemptions,
        Self::LoraSlots,
    ];

    /// Signals of gateways, in the order of documents.
    pub const OF_GATEWAYS: &'static [Signal] = &[
        Self::Ttft,
        Self::InterTokenLatency,
        Self::E2eLatency,
        Self::PromptTokens,
        Self::GenerationTokens,
        Self::Requests,
        Self::Errors,
        Self::ErrorBase,
    ];

    /// Signals of GPU exporters, in the order of documents.
    pub const OF_GPUS: &'static [Signal] = &[
        Self::GpuUtilization,
        Self::GpuUtilizationMig,
        Self::GpuMemoryUsed,
        Self::GpuMemoryFree,
        Self::GpuMemoryReserved,
        Self::GpuTemperature,
        Self::GpuMemoryTemperature,
        Self::GpuSlowdownTemperature,
        Self::GpuPower,
        Self::GpuPowerLimit,
        Self::GpuEnergy,
        Self::GpuThermalThrottle,
        Self::GpuPowerThrottle,
        Self::GpuXid,
        Self::GpuXidCount,
        Self::GpuNvlinkErrors,
        Self::GpuEccDbe,
        Self::GpuRowRemapFailure,
    ];

    /// Returns the shape that a signal must have.
    pub fn kind(self) -> SignalKind {
        match self {
            Self::Ttft
            | Self::InterTokenLatency
            | Self::E2eLatency
            | Self::QueueTime
            | Self::PrefillTime
            | Self::DecodeTime => SignalKind::Histogram,
            Self::PromptTokens
            | Self::GenerationTokens
            | Self::Requests
            | Self::Errors
            | Self::ErrorBase
            | Self::Aborts
            | Self::PrefixCacheHits
            | Self::PrefixCacheQueries
            | Self::Preemptions
            | Self::GpuEnergy
            | Self::GpuThermalThrottle
            | Self::GpuPowerThrottle
            | Self::GpuNvlinkErrors
            | Self::GpuEccDbe => SignalKind::Counter,
            _ => SignalKind::Gauge,
        }
    }

    /// Returns what people call it: `time to first token (TTFT)`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ttft => "time to first token (TTFT)",
            Self::InterTokenLatency => "inter-token latency (ITL)",
            Self::E2eLatency => "end-to-end latency",
            Self::QueueTime => "queue time",
            Self::PrefillTime => "prefill time",
            Self::DecodeTime => "decode time",
            Self::PromptTokens => "prompt tokens",
            Self::GenerationTokens => "generated tokens",
            Self::Requests => "finished requests",
            Self::Errors => "failed requests",
            Self::ErrorBase => "requests that failures are a share of",
            Self::Aborts => "aborted requests",
            Self::Running => "running requests",
            Self::Waiting => "waiting requests",
            Self::KvCacheUsage => "KV-cache usage",
            Self::PrefixCacheHits => "prefix-cache hits",
            Self::PrefixCacheQueries => "prefix-cache queries",
            Self::Preemptions => "preemptions",
            Self::LoraSlots => "use of LoRA slots",
            Self::GpuUtilization => "GPU utilisation",
            Self::GpuUtilizationMig => "GPU utilisation per MIG instance",
            Self::GpuMemoryUsed => "GPU memory in use",
            Self::GpuMemoryFree => "GPU memory free",
            Self::GpuMemoryReserved => "GPU memory reserved",
            Self::GpuTemperature => "GPU temperature",
            Self::GpuMemoryTemperature => "GPU memory temperature",
            Self::GpuSlowdownTemperature => "GPU slowdown temperature",
            Self::GpuPower => "GPU power",
            Self::GpuPowerLimit => "GPU power limit",
            Self::GpuEnergy => "GPU energy",
            Self::GpuThermalThrottle => "thermal throttling",
            Self::GpuPowerThrottle => "power throttling",
            Self::GpuXid => "XID errors",
            Self::GpuXidCount => "XID errors by code",
            Self::GpuNvlinkErrors => "NVLink recoveries",
            Self::GpuEccDbe => "uncorrectable ECC errors",
            Self::GpuRowRemapFailure => "row-remap failure",
        }
    }
}
