//! A GPU held back by its power limit: the share of time lost where throttling is collected, else the share of time in which it draws
//! what it may.

use super::{BEYOND, Basis, Draft, GPU, OF_POOL, PoolCx, SHORT};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, Expr, call, number, selector};
use crate::signals::proof::{Proof, Rise, State};
use crate::signals::{AlertKind, Measure, What};
use crate::units::{number as digits, percent};

/// Share of its limit from which a board is at it: the limiter keeps the draw within some hundredths.
const AT_LIMIT: f64 = 0.97;

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    if cx.has(What::GpuPowerThrottled) {
        return vec![by_throttling(cx)];
    }
    by_draw(cx).into_iter().collect()
}

/// The power limit holds GPUs back under full load by design; most of the time is worth knowing, and no more.
fn by_throttling(cx: &PoolCx<'_>) -> Draft {
    let kind = AlertKind::GPUPowerThrottle;
    let share = cx.threshold(kind);
    let lost = |share: f64| State::default().with(Signal::GpuPowerThrottle, share);
    let window = cx.names.window();
    let proof = Proof::over(window, vec![lost(share * BEYOND)], vec![lost(share * SHORT)]);
    Draft::new(kind, cx.of_boards(What::GpuPowerThrottled).above(share), share, proof).says(
        format!("{GPU} is held back by its power limit {{{{ $value | humanizePercentage }}}} of the time"),
        format!(
            "{GPU} {OF_POOL} ran at its power limit for more than {} of the last {window}. A higher limit, if the board and the \
             room allow it, makes it faster.",
            percent(share)
        ),
    )
}

/// The draw that is exceeded for the share of time, against the limit that the board reports, or the power it is sold with.
fn by_draw(cx: &PoolCx<'_>) -> Option<Draft> {
    if !cx.has(What::GpuPower) {
        return None;
    }
    let kind = AlertKind::GPUPowerThrottle;
    let share = cx.threshold(kind);
    let (limit, watts, against) = limit(cx)?;
    let window = cx.names.window();
    let draw = selector(cx.names.record(Measure::gpu(What::GpuPower))).eq("pool", &cx.pool.name).range(window.into());
    let draw = cx.boards(call("quantile_over_time", [number(rounded(1.0 - share)), draw]));
    let at = |part: f64| State::default().with(Signal::GpuPower, (watts * AT_LIMIT * part).round());
    let proof = Proof {
        rise: Rise::Within(window),
        fall: window,
        calm: at(0.5),
        ..Proof::at_once(vec![at(1.01)], vec![at(0.99)])
    };
    let throttling = cx.field(Signal::GpuPowerThrottle).unwrap_or_else(|| "Power throttling".to_owned());
    let enforced = cx.field(Signal::GpuPowerLimit).filter(|_| cx.pool.signal(Signal::GpuPowerLimit).is_none());
    let better = enforced.map_or(String::new(), |field| format!(" A limit set below that is seen with {field} only."));
    let draft = Draft::new(kind, draw.op(BinaryOp::Gt, limit), share, proof).says(
        format!("{GPU} draws {{{{ $value }}}} W, what its power limit allows"),
        format!(
            "{GPU} {OF_POOL} drew {} and more of {against} for more than {} of the last {window}: it is most likely held back. The \
             exporter does not collect throttling itself.",
            percent(AT_LIMIT),
            percent(share)
        ),
    );
    let basis = Basis {
        threshold: Some(format!("{} of the time at {} of {against}", percent(share), percent(AT_LIMIT))),
        why: format!("{throttling} is not collected.{better}"),
    };
    Some(Draft { basis: Some(basis), ..draft })
}

/// Returns the draw from which a board is at its limit, the limit in watts of the boards of a proof, and what the limit is.
fn limit(cx: &PoolCx<'_>) -> Option<(Expr, f64, String)> {
    /// Limit of the boards of a proof.
    const REPORTED: f64 = 500.0;
    if let Some(source) = cx.pool.signal(Signal::GpuPowerLimit) {
        let limit = cx.reading_of_boards(&source).op(BinaryOp::Mul, number(AT_LIMIT));
        return Some((limit, REPORTED, "the power limit that it reports".to_owned()));
    }
    let watts = f64::from(cx.pool.gpu.tdp_watts?);
    Some((number(rounded(watts * AT_LIMIT)), watts, format!("the {} W of the {}", digits(watts), cx.pool.gpu.title)))
}

/// Nobody reads more digits.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
