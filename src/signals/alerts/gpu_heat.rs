//! A GPU slowed down by heat: the share of time lost where throttling is collected; else its temperature, against the one at which it
//! slows down where it reports that, and against a fixed one where it does not.

use super::{BEYOND, Basis, Draft, GPU, OF_POOL, PoolCx, SHORT};
use crate::catalog::{Signal, SignalSource};
use crate::promql::{BinaryOp, number};
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::{number as digits, percent};

/// Share of time lost to thermal throttling from which the alert fires, where throttling is collected.
pub const THROTTLED_SHARE: f64 = 0.05;

/// Degrees Celsius below the slowdown temperature: a board that slows down stays just below it.
const NEAR: f64 = 3.0;

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    // The file gives a share of time or degrees Celsius; each pool uses the one of its kind.
    let own = cx.plan.alerts.get(AlertKind::GPUThermalThrottle.name()).and_then(|a| a.threshold);
    if cx.has(What::GpuThermalThrottled) {
        return vec![by_throttling(cx, own.filter(|t| *t < 1.0).unwrap_or(THROTTLED_SHARE))];
    }
    if !cx.has(What::GpuTemperature) {
        return Vec::new();
    }
    let degrees = own.filter(|t| *t > 1.0);
    match (degrees, cx.pool.signal(Signal::GpuSlowdownTemperature)) {
        (None, Some(slowdown)) => vec![by_slowdown_temperature(cx, &slowdown)],
        _ => vec![by_temperature(cx, degrees)],
    }
}

fn by_throttling(cx: &PoolCx<'_>, share: f64) -> Draft {
    let lost = |share: f64| State::default().with(Signal::GpuThermalThrottle, share);
    let window = cx.names.window();
    let proof = Proof::over(window, vec![lost(share * BEYOND)], vec![lost(share * SHORT)]);
    let expr = cx.of_boards(What::GpuThermalThrottled).above(share);
    Draft::new(AlertKind::GPUThermalThrottle, expr, share, proof).says(
        format!("{GPU} is throttled by heat {{{{ $value | humanizePercentage }}}} of the time"),
        format!(
            "{GPU} {OF_POOL} ran with reduced clocks because of heat for more than {} of the last {window}.",
            percent(share)
        ),
    )
}

fn at(degrees: f64) -> State {
    State::default().with(Signal::GpuTemperature, degrees)
}

fn by_slowdown_temperature(cx: &PoolCx<'_>, slowdown: &SignalSource) -> Draft {
    let near = cx.reading_of_boards(slowdown).op(BinaryOp::Sub, number(NEAR));
    let hot = cx.of_boards(What::GpuTemperature).op(BinaryOp::Gt, near);
    let limited = |degrees: f64| at(degrees).with(Signal::GpuSlowdownTemperature, 95.0);
    let proof = Proof::at_once(vec![limited(95.0 - NEAR + 1.0)], vec![limited(95.0 - NEAR)]);
    let why = format!(
        "{} is not collected, and the slowdown temperature is.",
        cx.field(Signal::GpuThermalThrottle).unwrap_or_else(|| "Throttling".to_owned())
    );
    let threshold = format!("{} °C below the slowdown temperature that the GPU reports", digits(NEAR));
    let draft = Draft::new(AlertKind::GPUThermalThrottle, hot, NEAR, proof).says(
        format!("{GPU} is at {{{{ $value }}}} degrees Celsius, where it slows down"),
        format!(
            "{GPU} {OF_POOL} is less than {} degrees Celsius below the temperature at which its hardware slows it down, or above. The \
             exporter does not collect throttling itself.",
            digits(NEAR)
        ),
    );
    Draft { basis: Some(Basis { threshold: Some(threshold), why }), ..draft }
}

fn by_temperature(cx: &PoolCx<'_>, own: Option<f64>) -> Draft {
    let kind = AlertKind::GPUThermalThrottle;
    let degrees = own.unwrap_or_else(|| kind.default_threshold());
    let proof = Proof::at_once(vec![at(degrees + 1.0)], vec![at(degrees)]);
    let hot = cx.of_boards(What::GpuTemperature).op(BinaryOp::Gt, number(degrees));
    let fields = [Signal::GpuThermalThrottle, Signal::GpuSlowdownTemperature];
    let missing: Vec<String> = fields.iter().filter_map(|s| cx.field(*s)).collect();
    let basis = Basis {
        threshold: None,
        why: format!(
            "{} °C is {}, not a limit of the {}: vendors' documents that were read state none, and the exporter does not collect {}.",
            digits(degrees),
            if own.is_some() { "your own number" } else { "a usual number" },
            cx.pool.gpu.title,
            missing.join(" or ")
        ),
    };
    let draft = Draft::new(kind, hot, degrees, proof).says(
        format!("{GPU} is at {{{{ $value }}}} degrees Celsius"),
        format!(
            "{GPU} {OF_POOL} is hotter than {} degrees Celsius and may be \
             throttled. The exporter does not collect throttling itself.",
            digits(degrees)
        ),
    );
    Draft { basis: Some(basis), ..draft }
}
