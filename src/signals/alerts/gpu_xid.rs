//! XID errors by what they mean: page for a GPU that is out of service, say what needs a look, and keep faults of the
//! application away from those who run the platform. The classes stand in `profiles/xid.toml`.

use super::{Draft, GPU, OF_POOL, PoolCx};
use crate::catalog::{Signal, Xid, XidClass, xid_table};
use crate::promql::selector;
use crate::signals::gpu::XID_MEMORY;
use crate::signals::proof::{Proof, State};
use crate::signals::{AlertKind, Measure, What};

/// Codes that the workload itself causes, whatever their class.
const OF_APPLICATIONS: [u32; 4] = [13, 31, 43, 45];

/// The alerts on XID errors.
const KINDS: [AlertKind; 3] = [AlertKind::GPUXidCritical, AlertKind::GPUXidWarning, AlertKind::GPUXidApplication];

pub fn drafts(cx: &PoolCx<'_>) -> Vec<Draft> {
    if !cx.has(What::GpuXid) {
        return Vec::new();
    }
    KINDS.into_iter().filter_map(|kind| draft(cx, kind)).collect()
}

/// Returns the codes that an alert is about, and what is known of them; none for other alerts.
pub fn codes(kind: AlertKind) -> Vec<(u32, &'static Xid)> {
    if !KINDS.contains(&kind) {
        return Vec::new();
    }
    xid_table().iter().map(|(code, xid)| (*code, xid)).filter(|(code, xid)| is_about(kind, *code, xid)).collect()
}

/// Returns whether an alert is about a code.
fn is_about(kind: AlertKind, code: u32, xid: &Xid) -> bool {
    let application = OF_APPLICATIONS.contains(&code);
    match kind {
        AlertKind::GPUXidCritical => !application && xid.class == XidClass::Critical,
        AlertKind::GPUXidWarning => !application && xid.class == XidClass::Warning,
        _ => application || xid.class == XidClass::Error,
    }
}

fn draft(cx: &PoolCx<'_>, kind: AlertKind) -> Option<Draft> {
    let codes: Vec<u32> =
        xid_table().iter().filter(|(code, xid)| is_about(kind, **code, xid)).map(|(code, _)| *code).collect();
    let pattern: Vec<String> = codes.iter().map(u32::to_string).collect();
    let expr = selector(cx.names.record(Measure::gpu(What::GpuXid)))
        .eq("pool", &cx.pool.name)
        .re("xid", pattern.join("|"))
        .expr()
        .above(0.0);
    let other = xid_table().iter().find(|(code, xid)| !is_about(kind, **code, xid)).map(|(code, _)| *code)?;
    let reported = |code: u32| match cx.pool.signal(Signal::GpuXidCount) {
        Some(_) => State::default().labelled(Signal::GpuXidCount, "xid", &code.to_string(), 1.0),
        None => State::default().with(Signal::GpuXid, f64::from(code)),
    };
    let (first, last) = (*codes.first()?, *codes.last()?);
    let mut below = vec![reported(other)];
    if cx.pool.signal(Signal::GpuXidCount).is_some() {
        // A count that has left its window stays as zero for a while.
        below.push(State::default().labelled(Signal::GpuXidCount, "xid", &first.to_string(), 0.0));
    }
    let proof = Proof { fall: XID_MEMORY, ..Proof::at_once(vec![reported(first), reported(last)], below) };
    let (what, then) = match kind {
        AlertKind::GPUXidCritical => ("it is out of service until reset or repaired", "Take it out of service."),
        AlertKind::GPUXidWarning => ("it needs a look", "See the action for the code in the runbook."),
        _ => ("work on it was lost", "Most often the application is at fault: tell its owner."),
    };
    Some(Draft::new(kind, expr, 0.0, proof).says(
        format!("{GPU} reports XID {{{{ $labels.xid }}}}: {what}"),
        format!("The driver reported XID {{{{ $labels.xid }}}} for {GPU} {OF_POOL} within the last 15 minutes. {then}"),
    ))
}
