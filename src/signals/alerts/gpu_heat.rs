//! A GPU slowed down, by heat or by its power limit. Heat: the share of time lost where throttling is collected, the temperature where it is not.

use super::{BEYOND, Draft, GPU, OF_POOL, PoolCx, SHORT, percent};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, number};
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::number as digits;

/// Share of time lost to thermal throttling from which the alert fires, where throttling is collected.
pub const THROTTLED_SHARE: f64 = 0.05;

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    let mut out = heat(cx);
    out.extend(power(cx));
    out
}

/// The power limit holds GPUs back under full load by design; most of the time is worth knowing, and no more.
fn power(cx: &PoolCx<'_>) -> Option<Draft> {
    if !cx.has(What::GpuPowerThrottled) {
        return None;
    }
    let kind = AlertKind::GPUPowerThrottle;
    let share = cx.threshold(kind);
    let lost = |share: f64| State::default().with(Signal::GpuPowerThrottle, share);
    let window = cx.names.window();
    let proof = Proof::over(window, vec![lost(share * BEYOND)], vec![lost(share * SHORT)]);
    Some(Draft::new(kind, cx.recorded(What::GpuPowerThrottled).above(share), share, proof).says(
        format!("{GPU} is held back by its power limit {{{{ $value | humanizePercentage }}}} of the time"),
        format!(
            "{GPU} {OF_POOL} ran at its power limit for more than {} of the last {window}. A higher limit, if the board and the \
             room allow it, makes it faster.",
            percent(share)
        ),
    ))
}

fn heat(cx: &PoolCx<'_>) -> Vec<Draft> {
    let kind = AlertKind::GPUThermalThrottle;
    // The file gives a share of time or degrees Celsius; each pool uses the one of its kind.
    let own = cx.plan.alerts.get(kind.name()).and_then(|a| a.threshold);
    if cx.has(What::GpuThermalThrottled) {
        let share = own.filter(|t| *t < 1.0).unwrap_or(THROTTLED_SHARE);
        let lost = |share: f64| State::default().with(Signal::GpuThermalThrottle, share);
        let window = cx.names.window();
        let proof = Proof::over(window, vec![lost(share * BEYOND)], vec![lost(share * SHORT)]);
        let draft = Draft::new(kind, cx.recorded(What::GpuThermalThrottled).above(share), share, proof).says(
            format!("{GPU} is throttled by heat {{{{ $value | humanizePercentage }}}} of the time"),
            format!(
                "{GPU} {OF_POOL} ran with reduced clocks because of heat for more than {} of the last {window}.",
                percent(share)
            ),
        );
        return vec![draft];
    }
    if !cx.has(What::GpuTemperature) {
        return Vec::new();
    }
    let degrees = own.filter(|t| *t > 1.0).unwrap_or_else(|| kind.default_threshold());
    let at = |degrees: f64| State::default().with(Signal::GpuTemperature, degrees);
    let proof = Proof::at_once(vec![at(degrees + 1.0)], vec![at(degrees)]);
    let hot = cx.recorded(What::GpuTemperature).op(BinaryOp::Gt, number(degrees));
    let draft = Draft::new(kind, hot, degrees, proof).says(
        format!("{GPU} is at {{{{ $value }}}} degrees Celsius"),
        format!(
            "{GPU} {OF_POOL} is hotter than {} degrees Celsius and may be \
             throttled. The exporter does not collect throttling itself.",
            digits(degrees)
        ),
    );
    vec![draft]
}
