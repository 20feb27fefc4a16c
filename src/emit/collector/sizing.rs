//! How the memory of a collector is divided.
//!
//! Of the container's limit, the memory limiter refuses data above 64 % (soft) and forces collection above 80 % (hard), the advice
//! of its documentation. What the collector holds on purpose stays below the soft limit: at most 30 % for traces that wait for
//! their decision, and queues of 10 % on the wire, which are 20 to 30 % in memory.

use crate::resolve::TracingSettings;
use crate::units::Duration;

/// Memory that one waiting trace is assumed to take: ten spans of 2 KiB.
const TRACE_BYTES: u64 = 20 * 1024;
/// Largest message, below the 4 MiB that a gRPC server accepts by default.
pub const MAX_MESSAGE_BYTES: u64 = 4_000_000;
/// Size from which a message is sent at once.
pub const MIN_MESSAGE_BYTES: u64 = 1_000_000;
/// Spans or points in a message of the batch processor, which cannot count bytes: 2 MB at 1 KB each.
pub const MAX_MESSAGE_ITEMS: u64 = 2_000;

/// Returns the hard limit of the memory limiter in MiB.
pub fn limit_mib(settings: &TracingSettings) -> u64 {
    settings.memory_limit.mebibytes() * 80 / 100
}

/// Returns the distance from the hard to the soft limit in MiB.
pub fn spike_limit_mib(settings: &TracingSettings) -> u64 {
    limit_mib(settings) * 20 / 100
}

/// Returns the value of GOMEMLIMIT: the garbage collector works harder before the limiter refuses data.
pub fn go_memory_limit(settings: &TracingSettings) -> String {
    format!("{}MiB", limit_mib(settings))
}

/// Returns how many traces may wait for their decision.
pub fn waiting_traces(settings: &TracingSettings) -> u64 {
    settings.memory_limit.bytes() / 100 * 30 / TRACE_BYTES
}

/// Returns how long a trace waits after its first span. A trace is only known to be slow once its slow span has arrived, so the
/// wait is longer than `keep_slower_than`: by 5 s that SDKs collect spans, and by 10 s for queues on the way.
pub fn decision_wait(settings: &TracingSettings) -> Duration {
    let slow = settings.keep_slower_than.whole_millis().div_ceil(1000);
    Duration::from_secs((slow + 15).max(30))
}

/// Returns the bytes of one of `queues` queues. The queue holds at least two of the largest messages.
pub fn queue_bytes(settings: &TracingSettings, queues: u64) -> u64 {
    (settings.memory_limit.bytes() / 10 / queues.max(1)).max(2 * MAX_MESSAGE_BYTES)
}

/// Returns the same in messages of the batch processor.
pub fn queue_requests(settings: &TracingSettings, queues: u64) -> u64 {
    queue_bytes(settings, queues) / (MAX_MESSAGE_ITEMS * 1_000)
}
