//! Replicas that do not answer: all of them, or some.

use super::{Draft, ModelCx};
use crate::promql::{BinaryOp, call, number};
use crate::signals::proof::{Proof, State, WhenGone};
use crate::signals::{AlertKind, What};
use crate::units::Duration;

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    vec![all(cx), some(cx)]
}

/// No replica answers, or none is known: a target that has vanished has no `up` that could be 0.
fn all(cx: &ModelCx<'_>) -> Draft {
    let up = || cx.recorded(What::ReplicasUp);
    let expr = up().op(BinaryOp::Eq, number(0.0)).or(call("absent", [up()]));
    let state = |known, up| State::default().replicas(known, up);
    let proof =
        Proof { when_gone: WhenGone::Fires, ..Proof::at_once(vec![state(2, 0), state(0, 0)], vec![state(2, 1)]) };
    let name = &cx.model.name;
    Draft {
        least_hold: absence_hold(cx.plan.prometheus.scrape_interval, cx.plan.prometheus.evaluation_interval),
        ..Draft::new(AlertKind::ModelDown, expr, 0.0, proof)
    }
    .says(
        format!("No replica of {name} answers"),
        format!(
            "No replica of model {name} answers scrapes, or Prometheus knows none any more: they are gone, they crash, or \
             discovery does not find them."
        ),
    )
}

/// Some of the replicas that Prometheus knows do not answer. How many are wanted is known to the orchestrator only.
fn some(cx: &ModelCx<'_>) -> Draft {
    let up = || cx.recorded(What::ReplicasUp);
    let fewer = up().op_on(BinaryOp::Lt, cx.labels(), cx.recorded(What::Replicas));
    let expr = fewer.op(BinaryOp::Gt, number(0.0));
    let state = |known, up| State::default().replicas(known, up);
    let proof = Proof::at_once(vec![state(3, 2), state(2, 1)], vec![state(3, 3), state(2, 0)]);
    Draft::new(AlertKind::FewerReplicasThanWanted, expr, 0.0, proof).says(
        "Only {{ $value }} replicas of {{ $labels.model }} answer",
        "Of the replicas of model {{ $labels.model }} that Prometheus knows, only {{ $value }} answer scrapes. The others have \
         less time to start than this alert waits, or they are broken.",
    )
}

/// How long something must be absent before it is believed: restarts of Prometheus and single failed scrapes are shorter.
pub fn absence_hold(scrape: Duration, evaluation: Duration) -> Duration {
    Duration::from_micros((scrape * 4).whole_millis() * 1000 + (evaluation * 2).whole_millis() * 1000)
}
