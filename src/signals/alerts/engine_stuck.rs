//! A replica that has requests in its batch and generates nothing: the engine hangs, and its health check may not know.

use super::{Draft, ModelCx};
use crate::catalog::Signal;
use crate::promql::{AggregateOp, BinaryOp, call, number};
use crate::signals::AlertKind;
use crate::signals::proof::{Proof, State};

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    let (Some(running), Some(tokens)) = (cx.model.source(Signal::Running), cx.model.source(Signal::GenerationTokens))
    else {
        return Vec::new();
    };
    let window = cx.window();
    let replica = cx.model.replica_label();
    let busy = call("min_over_time", [cx.model.selector(running, &running.series).range(window.into())]);
    let busy = busy.by(AggregateOp::Sum, [replica]).times(running.factor).above(0.0);
    let rate = cx.model.selector(tokens, &tokens.series).rate(window.into()).sum_by([replica]);
    let expr = busy.op_on(BinaryOp::And, [replica], rate.op(BinaryOp::Eq, number(0.0)));
    let state =
        |running, tokens| State::default().with(Signal::Running, running).with(Signal::GenerationTokens, tokens);
    let proof = Proof {
        calm: state(0.0, 200.0),
        ..Proof::over(window, vec![state(1.0, 0.0)], vec![state(0.0, 0.0), state(4.0, 0.05)])
    };
    let name = &cx.model.name;
    let draft = Draft { labels: (*cx.model.labels).clone(), ..Draft::new(AlertKind::EngineStuck, expr, 0.0, proof) };
    vec![draft.says(
        format!("{{{{ $labels.{replica} }}}} of {name} generates nothing"),
        format!(
            "Replica {{{{ $labels.{replica} }}}} of model {name} had {{{{ $value }}}} or more requests in its batch during the \
             whole of the last {window}, and generated not one token."
        ),
    )]
}
