//! GPUs that are not heard of: one of a host, a whole exporter, a whole pool.

use super::replicas::absence_hold;
use super::{DAY, Draft, PoolCx};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, call, number, selector};
use crate::signals::proof::{Proof, State, WhenGone};
use crate::signals::{AlertKind, Measure, What};

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    [lost(cx), missing(cx), down(cx)].into_iter().flatten().collect()
}

/// A host that reports has fewer GPUs than it had within a day. Hosts that are gone as a whole are a matter of scaling.
fn lost(cx: &PoolCx<'_>) -> Option<Draft> {
    let source = cx.pool.signal(Signal::GpuTemperature)?;
    crate::signals::gpu::host_label(&source)?;
    let gpus = || selector(cx.names.record(Measure::pool(What::HostGpus))).eq("pool", &cx.pool.name);
    let most = call("max_over_time", [gpus().range(DAY.into())]);
    let expr = gpus().expr().op(BinaryOp::Lt, most);
    let state = |n| State::default().gpus(n);
    let proof = Proof { calm: state(2), ..Proof::at_once(vec![state(1)], vec![state(2)]) };
    Some(Draft::new(AlertKind::GPULost, expr, 0.0, proof).says(
        "{{ $labels.hostname }} has only {{ $value }} GPUs left",
        "Host {{ $labels.hostname }} (pool {{ $labels.pool }}) reports {{ $value }} GPUs; it reported more within the last day. One \
         has fallen off the bus, or was taken out.",
    ))
}

/// No GPU of the pool is reported.
fn missing(cx: &PoolCx<'_>) -> Option<Draft> {
    cx.pool.signal(Signal::GpuTemperature)?;
    let expr = call("absent", [cx.recorded(What::GpuTemperature)]);
    let proof = Proof {
        when_gone: WhenGone::Fires,
        ..Proof::at_once(vec![State::default().gpus(0)], vec![State::default().gpus(1)])
    };
    let name = &cx.pool.name;
    let draft = Draft {
        least_hold: absence_hold(cx.plan.prometheus.scrape_interval, cx.plan.prometheus.evaluation_interval),
        ..Draft::new(AlertKind::GPUExporterMissing, expr, 0.0, proof)
    };
    Some(draft.says(
        format!("Nothing is heard of the GPUs of {name}"),
        format!(
            "No exporter reports GPUs of pool {name}: it does not run, is not scraped, or its series carry no label \
             `pool=\"{name}\"`. No alert on these GPUs can fire meanwhile."
        ),
    ))
}

/// An exporter that serves one pool has its name on its targets.
fn down(cx: &PoolCx<'_>) -> Option<Draft> {
    let key = cx.pool.exporter_key();
    let inside = cx.pool.targets.is_empty();
    if inside
        && cx.plan.pools.values().any(|p| p.name != cx.pool.name && p.targets.is_empty() && p.exporter_key() == key)
    {
        return None;
    }
    let up = selector("up").eq("pool", &cx.pool.name);
    let expr = up.clone().expr().op(BinaryOp::Eq, number(0.0));
    let target = up.eq("instance", "192.0.2.1:9400");
    let state = |answers| State::default().gauge(&target, answers);
    let proof = Proof { calm: state(1.0), ..Proof::at_once(vec![state(0.0)], vec![state(1.0)]) };
    Some(Draft::new(AlertKind::ScrapeTargetDown, expr, 0.0, proof).says(
        "The GPU exporter {{ $labels.instance }} does not answer",
        "The GPU exporter {{ $labels.instance }} of pool {{ $labels.pool }} does not answer scrapes. Nothing is known of the GPUs \
         of its host.",
    ))
}
