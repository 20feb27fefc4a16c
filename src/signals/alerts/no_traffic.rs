//! No request where there is always one: replicas answer, yesterday and last week had traffic in this hour, and now there is none.

use super::{BEYOND, DAY, Draft, HOUR, ModelCx, SHORT, WEEK};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, call, number};
use crate::signals::model::recorded;
use crate::signals::proof::{Past, Proof, Rise, State};
use crate::signals::{AlertKind, What};
use crate::units::{Duration, number as digits};

/// How long there must have been no request.
const SILENCE: Duration = Duration::from_secs(900);

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    if !cx.has(What::Requests) {
        return Vec::new();
    }
    let kind = AlertKind::NoTraffic;
    let threshold = cx.threshold(kind);
    let requests = || recorded(cx.model, cx.names, What::Requests);
    // Requests that are not counted at all, as after a restart, are no traffic either.
    let some = call("max_over_time", [requests().range(SILENCE.into())]).above(0.0);
    let usual = |ago| {
        let mean = call("avg_over_time", [requests().ago(ago).range(HOUR.into())]);
        mean.op(BinaryOp::Mul, number(HOUR.secs_f64())).op(BinaryOp::Ge, number(threshold))
    };
    let silent = cx.recorded(What::ReplicasUp).above(0.0).op_on(BinaryOp::Unless, cx.labels(), some);
    let expr = silent.op_on(BinaryOp::And, cx.labels(), usual(DAY)).op_on(BinaryOp::And, cx.labels(), usual(WEEK));
    let state = |per_hour: f64| State::default().with(Signal::Requests, per_hour / HOUR.secs_f64());
    let proof = Proof {
        past: Some(Past {
            state: state(threshold * BEYOND),
            short: state(threshold * SHORT),
            before: state(0.0),
            lead: State::default(),
            ago: vec![WEEK, DAY],
        }),
        // The rate falls to zero with the window; what is recorded less often falls at once.
        rise: Rise::Window(SILENCE),
        fall: cx.window(),
        ..Proof::at_once(vec![state(0.0).replicas(2, 1)], vec![state(1.0), state(0.0).replicas(2, 0)])
    };
    let draft = Draft::new(kind, expr, threshold, proof).says(
        "No requests to {{ $labels.model }}",
        format!(
            "Model {{{{ $labels.model }}}} has {{{{ $value }}}} replicas that answer and no request for 15 minutes; yesterday and \
             last week there were {} and more in this hour. Look before the model: gateway, DNS, clients.",
            digits(threshold)
        ),
    );
    vec![draft]
}
