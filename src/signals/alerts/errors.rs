//! A large share of requests fails, or is given up. A share of a handful of requests is not judged.

use super::{BEYOND, Draft, MIN_EVENTS, ModelCx, SHORT};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, number};
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::{number as digits, percent};

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    let mut out = Vec::new();
    let window = cx.window();
    if cx.has(What::ErrorRatio) {
        let kind = AlertKind::HighInferenceErrorRate;
        let threshold = cx.threshold(kind);
        let share = cx.recorded(What::ErrorRatio).above(threshold);
        let expr = share.op_on(BinaryOp::And, cx.labels(), enough(cx, What::Errors));
        let proof = proof(cx, threshold, Signal::ErrorBase, Signal::Errors);
        out.push(Draft::new(kind, expr, threshold, proof).says(
            "{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} fail",
            format!(
                "More than {} of the requests to model {{{{ $labels.model }}}} failed over the last {window}, and at least {} \
                 requests did. Now: {{{{ $value | humanizePercentage }}}}.",
                percent(threshold),
                digits(MIN_EVENTS)
            ),
        ));
    }
    if cx.has(What::Aborts) && cx.has(What::Requests) {
        let kind = AlertKind::HighAbortRatio;
        let threshold = cx.threshold(kind);
        let share = cx.recorded(What::Aborts).per(cx.recorded(What::Requests).above(0.0)).above(threshold);
        let expr = share.op_on(BinaryOp::And, cx.labels(), enough(cx, What::Aborts));
        let proof = proof(cx, threshold, Signal::Requests, Signal::Aborts);
        out.push(Draft::new(kind, expr, threshold, proof).says(
            "{{ $value | humanizePercentage }} of the requests to {{ $labels.model }} are given up",
            format!(
                "More than {} of the requests to model {{{{ $labels.model }}}} were aborted over the last {window}, and at least \
                 {} requests were. Most often the client did not want to wait any longer.",
                percent(threshold),
                digits(MIN_EVENTS)
            ),
        ));
    }
    out
}

/// events/second x seconds of the window = events
fn enough(cx: &ModelCx<'_>, what: What) -> crate::promql::Expr {
    cx.recorded(what).times(cx.window().secs_f64()).op(BinaryOp::Ge, number(MIN_EVENTS))
}

fn proof(cx: &ModelCx<'_>, threshold: f64, of: Signal, part: Signal) -> Proof {
    let state = |requests: f64, bad: f64| State::default().with(of, requests).with(part, bad);
    // Enough that the share decides; calm times have as many, so that it changes with the window.
    let many = 200.0 * MIN_EVENTS / threshold / cx.window().secs_f64();
    let few = MIN_EVENTS / cx.window().secs_f64();
    let over = (threshold * BEYOND).min(f64::midpoint(threshold, 1.0));
    let proof = Proof::over(
        cx.window(),
        vec![state(many, many * over), state(few * BEYOND, few * BEYOND)],
        vec![state(many, many * threshold * SHORT), state(few * SHORT, few * SHORT)],
    );
    Proof { calm: state(many, 0.0), ..proof }
}
