//! `promql/double-count`: series that show one thing several times, added up or counted.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Nature, Typed};
use crate::lint::{Cx, Query};
use crate::promql::{Aggregate, AggregateOp, BinaryOp, ExprKind, Grouping};

/// Looks at every sum and count.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, above| {
        let (ExprKind::Aggregate(aggregate), Some(inner)) = (&node.expr.kind, node.parts.last()) else { return };
        match aggregate.op {
            // A sum over the count of the same series is their mean; a count of counts asks only which there are.
            AggregateOp::Count if above.iter().any(|n| divides(n) || counts(n)) => {}
            AggregateOp::Count => ranks(query, aggregate, inner, out),
            AggregateOp::Sum => instances(query, aggregate, inner, out),
            _ => {}
        }
    });
}

fn divides(node: &Typed<'_>) -> bool {
    matches!(&node.expr.kind, ExprKind::Binary(b) if b.op == BinaryOp::Div)
}

fn counts(node: &Typed<'_>) -> bool {
    matches!(&node.expr.kind, ExprKind::Aggregate(a) if matches!(a.op, AggregateOp::Count | AggregateOp::Group))
}

/// vLLM exports one series per data-parallel rank: their number is not the number of replicas.
fn ranks(query: &Query<'_>, aggregate: &Aggregate, inner: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    let Some(metric) = inner.bare().metric.as_ref() else { return };
    let (Some(profile), Some(entry)) = (&metric.profile, metric.metric()) else { return };
    let per_rank = profile.name == "vllm" && entry.labels.iter().any(|l| l == "engine");
    let grouped = matches!(&aggregate.grouping, Grouping::By(list) if list.iter().any(|n| n.text == "engine"));
    if !per_rank || grouped || inner.facts.condition {
        return;
    }
    let message = format!("a count of `{}` counts data-parallel ranks (label `engine`), not servers", metric.name);
    out.push(
        query
            .finding(Code::DoubleCount, aggregate.op_span, message, "a server with 8 ranks counts as 8")
            .help("count servers with `count(count by (instance) (...))`, or count `up`"),
    );
}

/// dcgm-exporter repeats what a whole GPU measures on each of its MIG instances.
fn instances(query: &Query<'_>, aggregate: &Aggregate, inner: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    /// What belongs to the board, not to an instance of it.
    const OF_THE_BOARD: &[&str] = &["POWER", "TEMP", "ENERGY", "CLOCK", "PCIE", "XID", "ECC", "FAN"];
    let Some(metric) = &inner.facts.metric else { return };
    let (Some(profile), Some(entry)) = (&metric.profile, metric.metric()) else { return };
    let board = OF_THE_BOARD.iter().any(|w| entry.name.contains(w));
    let mig = entry.labels_optional.iter().any(|l| l == "GPU_I_ID");
    if profile.name != "dcgm-exporter" || !board || !mig || metric.mig() == Some(false) {
        return;
    }
    if !matches!(inner.facts.nature, Nature::Gauge | Nature::Rate | Nature::Increase | Nature::Counter) {
        return;
    }
    // Somebody who takes the maximum per GPU first has thought of it.
    if inner.facts.labels.presence("GPU_I_ID").is_none() {
        return;
    }
    let message = format!("a sum of `{}` counts a GPU once per MIG instance", metric.name);
    let mut finding =
        query.finding(Code::DoubleCount, aggregate.op_span, message, "each instance repeats the value of its board");
    finding.severity = if metric.mig() == Some(true) { Severity::Warning } else { Severity::Info };
    out.push(finding.help("take one value per board first: `sum(max by (UUID) (...))`"));
}
