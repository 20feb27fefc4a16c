//! A queue that grows: it is longer by some requests than a quarter of an hour ago.

use super::{BEYOND, Draft, ModelCx, SHORT};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, number};
use crate::signals::model::recorded;
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::{Duration, number as digits};

/// How far back the queue is compared.
const BACK: Duration = Duration::from_secs(900);

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    if !cx.has(What::Waiting) {
        return Vec::new();
    }
    let kind = AlertKind::QueueGrowing;
    let threshold = cx.threshold(kind);
    let before = recorded(cx.model, cx.names, What::Waiting).ago(BACK).expr();
    let expr = cx.recorded(What::Waiting).op(BinaryOp::Sub, before).op(BinaryOp::Ge, number(threshold));
    let by = |requests: f64| State::default().climbing(Signal::Waiting, requests / BACK.secs_f64());
    let proof = Proof::over(BACK, vec![by(threshold * BEYOND)], vec![by(threshold * SHORT)]);
    let draft = Draft::new(kind, expr, threshold, proof).says(
        "{{ $value }} more requests wait for {{ $labels.model }} than 15 minutes ago",
        format!(
            "The queue of model {{{{ $labels.model }}}} is {{{{ $value }}}} requests longer than 15 minutes ago (threshold {}): \
             more comes in than is served.",
            digits(threshold)
        ),
    );
    vec![draft]
}
