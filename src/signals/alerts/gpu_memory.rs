//! GPU memory nearly full: not what an engine reserves at start, but what is above it.

use super::{Draft, GPU, OF_POOL, PoolCx};
use crate::catalog::Signal;
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::percent;

/// Memory of the GPU of a proof, in bytes; 10,000 mebibytes, so that shares of four digits are whole.
const MEMORY: f64 = 1e4 * 1024.0 * 1024.0;

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    if !cx.has(What::GpuMemoryUsedRatio) {
        return Vec::new();
    }
    let kind = AlertKind::GPUMemoryNearFull;
    let threshold = cx.threshold(kind);
    let used = |share: f64| {
        let used = (share * 1e4).round() / 1e4 * MEMORY;
        let rest = MEMORY - used;
        let reserved = if cx.pool.signal(Signal::GpuMemoryReserved).is_some() { rest / 2.0 } else { 0.0 };
        let state = State::default().with(Signal::GpuMemoryUsed, used).with(Signal::GpuMemoryReserved, reserved);
        state.with(Signal::GpuMemoryFree, rest - reserved)
    };
    let proof =
        Proof::at_once(vec![used((threshold + 0.0005).min(f64::midpoint(threshold, 1.0)))], vec![used(threshold)]);
    let draft = Draft::new(kind, cx.recorded(What::GpuMemoryUsedRatio).above(threshold), threshold, proof).says(
        format!("{GPU} has {{{{ $value | humanizePercentage }}}} of its memory in use"),
        format!(
            "{GPU} {OF_POOL} has more than {} of its memory in use. \
             Engines reserve most of the memory at start; beyond that, the next allocation may fail.",
            percent(threshold)
        ),
    );
    vec![draft]
}
