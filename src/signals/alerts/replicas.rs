//! Replicas that do not answer: all of them, or some of those that are wanted.

use super::{Draft, ModelCx};
use crate::promql::{BinaryOp, Expr, call, number};
use crate::resolve::Wanted;
use crate::signals::model::recorded;
use crate::signals::proof::{Proof, Rise, State, WhenGone};
use crate::signals::{AlertKind, What};
use crate::units::Duration;

/// How long a workload must have wanted replicas: those that an autoscaler has just asked for are starting.
const SETTLED: Duration = Duration::from_secs(900);

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    let some = match &cx.model.wanted {
        None => Some(fewer_than_known(cx)),
        // Of one replica, none is left: the model is down.
        Some(Wanted::Number(n)) => (*n > 1).then(|| fewer_than_declared(cx, *n)),
        Some(Wanted::Deployment(name)) => Some(fewer_than_workload(cx, &format!("Deployment {name}"))),
        Some(Wanted::StatefulSet(name)) => Some(fewer_than_workload(cx, &format!("StatefulSet {name}"))),
    };
    std::iter::once(all(cx)).chain(some).collect()
}

fn state(known: u32, up: u32) -> State {
    State::default().replicas(known, up)
}

/// A state in which the workload of the model, if one is known, wants so many replicas; NaN if nothing is heard of it.
fn wants(cx: &ModelCx<'_>, replicas: f64, state: State) -> State {
    let series = cx.model.wanted.as_ref().and_then(|w| w.series(cx.model.namespace.as_deref()));
    match series {
        Some(series) => state.gauge(&series, replicas),
        None => state,
    }
}

/// No replica answers, or none is known: a target that has vanished has no `up` that could be 0. A workload that was scaled to
/// zero is not down.
fn all(cx: &ModelCx<'_>) -> Draft {
    let up = || cx.recorded(What::ReplicasUp);
    let mut expr = up().op(BinaryOp::Eq, number(0.0)).or(call("absent", [up()]));
    let mut below = vec![wants(cx, 2.0, state(2, 1))];
    if matches!(cx.model.wanted, Some(Wanted::Deployment(_) | Wanted::StatefulSet(_))) {
        let none_wanted = cx.recorded(What::ReplicasWanted).op(BinaryOp::Eq, number(0.0));
        expr = expr.op_on(BinaryOp::Unless, cx.labels(), none_wanted);
        below.push(wants(cx, 0.0, state(0, 0)));
    }
    let bad = vec![wants(cx, 2.0, state(2, 0)), wants(cx, 2.0, state(0, 0))];
    let calm = wants(cx, 2.0, State::default());
    let proof = Proof { when_gone: WhenGone::Fires, calm, ..Proof::at_once(bad, below) };
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

/// Some answer, but fewer than `wanted`.
fn fewer(cx: &ModelCx<'_>, wanted: Expr, proof: Proof, because: &str) -> Draft {
    let fewer = cx.recorded(What::ReplicasUp).op_on(BinaryOp::Lt, cx.labels(), wanted);
    Draft::new(AlertKind::FewerReplicasThanWanted, fewer.op(BinaryOp::Gt, number(0.0)), 0.0, proof).says(
        "Only {{ $value }} replicas of {{ $labels.model }} answer",
        format!(
            "Only {{{{ $value }}}} replicas of model {{{{ $labels.model }}}} answer scrapes. {because} The others need longer to start \
             than this alert waits, are not found, or are broken."
        ),
    )
}

/// Nobody says how many are wanted: those that Prometheus knows should answer.
fn fewer_than_known(cx: &ModelCx<'_>) -> Draft {
    let proof = Proof::at_once(vec![state(3, 2), state(2, 1)], vec![state(3, 3), state(2, 0)]);
    fewer(cx, cx.recorded(What::Replicas), proof, "Prometheus knows more of them.")
}

fn fewer_than_declared(cx: &ModelCx<'_>, n: u32) -> Draft {
    let bad = vec![state(n, n - 1), state(n - 1, n - 1)];
    let below = vec![state(n + 1, n), state(n, 0)];
    let proof = Proof { calm: state(n, n), ..Proof::at_once(bad, below) };
    fewer(cx, cx.recorded(What::ReplicasWanted), proof, &format!("There should be {n}."))
}

/// Replicas that a workload has wanted for a while; those that Prometheus knows while nothing is heard of the workload. Pods
/// beyond the wanted ones, as in a rollout, need not answer.
fn fewer_than_workload(cx: &ModelCx<'_>, workload: &str) -> Draft {
    let wanted = recorded(cx.model, cx.names, What::ReplicasWanted).range(SETTLED.into());
    let wanted = call("min_over_time", [wanted]).or(cx.recorded(What::Replicas));
    let proof = Proof {
        // Scaled up, and the new one does not come; kube-state-metrics is gone, and one does not answer.
        bad: vec![wants(cx, 3.0, state(2, 2)), wants(cx, f64::NAN, state(3, 2))],
        rise: Rise::Window(SETTLED),
        calm: wants(cx, 2.0, State::default()),
        ..Proof::at_once(Vec::new(), vec![wants(cx, 2.0, state(3, 2)), wants(cx, 2.0, state(2, 0))])
    };
    let proof = Proof { sudden: vec![wants(cx, 2.0, state(2, 1)), wants(cx, 2.0, state(1, 1))], ..proof };
    fewer(cx, wanted, proof, &format!("The {workload} has wanted more for {}.", SETTLED.human()))
}

/// How long something must be absent before it is believed: restarts of Prometheus and single failed scrapes are shorter.
pub fn absence_hold(scrape: Duration, evaluation: Duration) -> Duration {
    Duration::from_micros((scrape * 4).whole_millis() * 1000 + (evaluation * 2).whole_millis() * 1000)
}
