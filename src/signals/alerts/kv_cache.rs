//! The KV cache is nearly full, and it hurts: requests wait or are preempted. A full cache alone is good use of memory.

use super::{BEYOND, Draft, ModelCx};
use crate::catalog::Signal;
use crate::promql::BinaryOp;
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::percent;

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    let kind = AlertKind::KVCachePressure;
    let threshold = cx.threshold(kind);
    let signs: Vec<(What, Signal, &str)> = [
        (What::Waiting, Signal::Waiting, "requests wait in the queue"),
        (What::Preemptions, Signal::Preemptions, "requests are preempted"),
    ]
    .into_iter()
    .filter(|(what, ..)| cx.has(*what))
    .collect();
    let Some(hurts) = signs.iter().map(|(what, ..)| cx.recorded(*what).above(0.0)).reduce(|a, b| a.or(b)) else {
        return Vec::new();
    };
    if !cx.has(What::KvCacheMax) {
        return Vec::new();
    }
    let expr = cx.recorded(What::KvCacheMax).above(threshold).op_on(BinaryOp::And, cx.labels(), hurts);
    let words: Vec<&str> = signs.iter().map(|(_, _, words)| *words).collect();
    let full = (threshold * BEYOND).min(f64::midpoint(threshold, 1.0));
    let with = |usage, signal| State::default().with(Signal::KvCacheUsage, usage).with(signal, 1.0);
    // A rate of preemptions outlives them by the window.
    let proof = Proof {
        fall: cx.window(),
        after: Some(State::default().with(Signal::KvCacheUsage, full)),
        ..Proof::at_once(
            signs.iter().map(|(_, signal, _)| with(full, *signal)).collect(),
            vec![with(threshold, signs[0].1), State::default().with(Signal::KvCacheUsage, full)],
        )
    };
    let draft = Draft::new(kind, expr, threshold, proof).says(
        "KV cache of {{ $labels.model }} at {{ $value | humanizePercentage }}, and requests suffer",
        format!(
            "The fullest replica of model {{{{ $labels.model }}}} uses {{{{ $value | humanizePercentage }}}} of its KV \
             cache (threshold {}) while {}. New requests are delayed or running ones preempted.",
            percent(threshold),
            words.join(" or ")
        ),
    );
    vec![draft]
}
