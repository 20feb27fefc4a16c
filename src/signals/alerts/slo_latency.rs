//! A latency above its objective: one alert per latency with an SLO.

use super::{BEYOND, Draft, MIN_EVENTS, ModelCx, SHORT};
use crate::promql::{BinaryOp, Expr, number};
use crate::resolve::LatencySlo;
use crate::signals::model::{bucket_measure, recorded};
use crate::signals::proof::{Proof, Spread, State};
use crate::signals::{AlertKind, Latency, Quantile, What};
use crate::units::number as digits;

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    AlertKind::ALL.iter().filter_map(|kind| draft(cx, *kind)).collect()
}

fn draft(cx: &ModelCx<'_>, kind: AlertKind) -> Option<Draft> {
    let signal = kind.latency()?;
    let slo = cx.model.latency_slo(signal)?;
    let latency = Latency::ALL.iter().copied().find(|l| l.signal() == signal)?;
    let quantile = Quantile::of(slo.objective.value());
    let seconds = slo.threshold.secs_f64();
    let slow = cx.recorded(What::LatencyQuantile(latency, quantile)).above(seconds);
    let expr = slow.op_on(BinaryOp::And, cx.labels(), enough_slow(cx, latency, seconds)?);
    let draft = Draft::new(kind, expr, seconds, proof(cx, slo)).says(
        format!(
            "{} {} of {{{{ $labels.model }}}} is {{{{ $value | humanizeDuration }}}}, above {}",
            quantile.title(),
            latency.short(),
            slo.threshold.human()
        ),
        format!(
            "The objective of model {{{{ $labels.model }}}} is that {} of the {} have a {} of at most {}. Over the last {} the \
             {} was {{{{ $value | humanizeDuration }}}}, and at least {} {} were slower than the threshold.",
            slo.objective,
            latency.events(),
            signal.title(),
            slo.threshold.human(),
            cx.window(),
            quantile.title(),
            digits(MIN_EVENTS),
            latency.events()
        ),
    );
    Some(draft)
}

/// (observations - observations up to the threshold)/second x seconds of the window >= 5: so many were slower.
///
/// `None` if the buckets have no edge at the threshold, which stage 2 has refused.
fn enough_slow(cx: &ModelCx<'_>, latency: Latency, seconds: f64) -> Option<Expr> {
    let source = cx.model.source(latency.signal())?;
    let what = bucket_measure(source, latency);
    let le = source.le_at(seconds)?;
    let all = recorded(cx.model, cx.names, what).eq("le", "+Inf").expr();
    let fast = recorded(cx.model, cx.names, what).eq("le", le).expr();
    let slower = all.op_ignoring(BinaryOp::Sub, ["le"], fast);
    Some(slower.times(cx.window().secs_f64()).op(BinaryOp::Ge, number(MIN_EVENTS)))
}

fn proof(cx: &ModelCx<'_>, slo: &LatencySlo) -> Proof {
    let allowed = 1.0 - slo.objective.value();
    let edge = slo.threshold.secs_f64();
    let state = |per_second, slow| State::default().latency(slo.signal, Spread { per_second, slow, edge });
    // Enough that the share decides; calm times have as many, so that it changes with the window.
    let many = 200.0 * MIN_EVENTS / allowed / cx.window().secs_f64();
    // Twice the allowed share is slow: the p99 is bad, and only the number of slow events decides.
    let share = (allowed * 2.0).min(1.0);
    let few = MIN_EVENTS / share / cx.window().secs_f64();
    let proof = Proof::over(
        cx.window(),
        vec![state(many, (allowed * BEYOND).min(1.0)), state(few * BEYOND, share)],
        vec![state(many, allowed * SHORT), state(few * SHORT, share)],
    );
    // Where the window holds few scrapes, one in which all are slow is more than is allowed in all of it.
    let scrapes = cx.window().secs_f64() / cx.plan.prometheus.scrape_interval.secs_f64();
    let sudden = if allowed * scrapes * 2.0 < 1.0 { vec![state(many, 1.0)] } else { Vec::new() };
    Proof { calm: state(many, 0.0), sudden, ..proof }
}
