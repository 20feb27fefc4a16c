//! Faults that the GPU itself counts: memory errors it could not correct, rows it could not replace, links that had to recover.

use super::{Draft, GPU, OF_POOL, PoolCx};
use crate::catalog::Signal;
use crate::promql::call;
use crate::signals::AlertKind;
use crate::signals::gpu::{per_gpu, series};
use crate::signals::proof::{Proof, State};
use crate::units::Duration;

/// How far back counters are looked at.
const BACK: Duration = Duration::from_secs(900);

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    let counters = [
        (
            AlertKind::GPUEccDoubleBit,
            Signal::GpuEccDbe,
            "had uncorrectable memory errors",
            "What ran on it is lost or wrong, and the page of memory is retired at the next reset.",
        ),
        (
            AlertKind::GPUNvLinkErrors,
            Signal::GpuNvlinkErrors,
            "recovers links to other GPUs",
            "Each recovery stops what the GPUs of the group do together.",
        ),
    ];
    let counted = counters.into_iter().filter_map(|(kind, signal, what, then)| {
        let source = cx.pool.signal(signal)?;
        let more = call("increase", [series(cx.pool, &source).range(BACK.into())]);
        let expr = per_gpu(cx.pool, more, &source, &[]).above(0.0);
        let state = |per_second| State::default().with(signal, per_second);
        let proof = Proof { fall: BACK, ..Proof::at_once(vec![state(0.01)], vec![state(0.0)]) };
        Some(Draft::new(kind, expr, 0.0, proof).says(
            format!("{GPU} {what}"),
            format!("{GPU} {OF_POOL} {what}: {{{{ $value | humanize }}}} in the last 15 minutes. {then}"),
        ))
    });
    counted.chain(row_remap(cx)).collect()
}

fn row_remap(cx: &PoolCx<'_>) -> Option<Draft> {
    let source = cx.pool.signal(Signal::GpuRowRemapFailure)?;
    let expr = per_gpu(cx.pool, series(cx.pool, &source).expr(), &source, &[]).above(0.0);
    let state = |failed| State::default().with(Signal::GpuRowRemapFailure, failed);
    let proof = Proof::at_once(vec![state(1.0)], vec![state(0.0)]);
    Some(Draft::new(AlertKind::GPURowRemapFailure, expr, 0.0, proof).says(
        format!("{GPU} cannot replace broken memory"),
        format!("{GPU} {OF_POOL} has no spare rows left for broken ones, or could not put them in. The board must be replaced."),
    ))
}
