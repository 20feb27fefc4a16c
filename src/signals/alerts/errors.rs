//! A large share of requests fails.

use super::{BEYOND, Draft, MIN_EVENTS, ModelCx, SHORT, percent};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, number};
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::number as digits;

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    if !cx.has(What::ErrorRatio) {
        return Vec::new();
    }
    let kind = AlertKind::HighInferenceErrorRate;
    let threshold = cx.threshold(kind);
    let window = cx.window();
    // failures/second x seconds of the window = failures
    let failures = cx.recorded(What::Errors).times(window.secs_f64());
    let enough = failures.op(BinaryOp::Ge, number(MIN_EVENTS));
    let expr = cx.recorded(What::ErrorRatio).above(threshold).op_on(BinaryOp::And, cx.labels(), enough);
    let draft = Draft::new(kind, expr, threshold, proof(cx, threshold)).says(
        "{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} fail",
        format!(
            "More than {} of the requests to model {{{{ $labels.model }}}} failed over the last {window}, and at least {} \
             requests did. Now: {{{{ $value | humanizePercentage }}}}.",
            percent(threshold),
            digits(MIN_EVENTS)
        ),
    );
    vec![draft]
}

fn proof(cx: &ModelCx<'_>, threshold: f64) -> Proof {
    let state =
        |requests: f64, failed: f64| State::default().with(Signal::ErrorBase, requests).with(Signal::Errors, failed);
    // Enough that the share decides; calm times have as many, so that it changes with the window.
    let many = 200.0 * MIN_EVENTS / threshold / cx.window().secs_f64();
    let few = MIN_EVENTS / cx.window().secs_f64();
    let proof = Proof::over(
        cx.window(),
        vec![
            state(many, many * (threshold * BEYOND).min(f64::midpoint(threshold, 1.0))),
            state(few * BEYOND, few * BEYOND),
        ],
        vec![state(many, many * threshold * SHORT), state(few * SHORT, few * SHORT)],
    );
    Proof { calm: state(many, 0.0), ..proof }
}
