//! `promql/counter-without-rate`: the total of a counter where its growth is meant.

use crate::diag::{Code, Diagnostic};
use crate::infer::{Nature, Typed};
use crate::lint::{Cx, Query, Role};
use crate::promql::{BinaryOp, ExprKind};

/// Functions whose argument may be a raw counter: they look at growth, presence or time, not at the total.
const OF_COUNTERS: &[&str] = &[
    "rate",
    "irate",
    "increase",
    "resets",
    "changes",
    "absent",
    "absent_over_time",
    "present_over_time",
    "count_over_time",
    "timestamp",
    "histogram_quantile",
    "histogram_quantiles",
    "histogram_fraction",
    "scalar",
    "last_over_time",
    "first_over_time",
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "min_over_time",
    "max_over_time",
    "info",
];

/// Looks at the whole query, and at every operation whose sides are totals.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    // A variable asks for labels, not for values.
    if matches!(query.role, Role::Variable(..)) {
        return;
    }
    query.walk(&mut |node, above| {
        let Some(metric) = node.metric.as_ref().filter(|_| matches!(node.expr.kind, ExprKind::Selector(_))) else {
            return;
        };
        if !node.facts.sure || !matches!(node.facts.nature, Nature::Counter | Nature::Buckets) || is_fine(node, above) {
            return;
        }
        let message = format!("`{}` is a counter: its total since the last restart says little", metric.name);
        out.push(
            query
                .finding(Code::CounterWithoutRate, node.expr.span, message, "read without `rate` or `increase`")
                .help("take `rate(...[5m])` for a speed, or `increase(...[1h])` for an amount"),
        );
    });
}

fn is_fine(node: &Typed<'_>, above: &[&Typed<'_>]) -> bool {
    let mut child = node;
    for parent in above.iter().rev() {
        match &parent.expr.kind {
            ExprKind::Call(call) if OF_COUNTERS.contains(&call.function) => return true,
            // `count`, `group` and `count_values` look at series, not at totals.
            ExprKind::Aggregate(a) => {
                use crate::promql::AggregateOp::{Count, Group};
                if matches!(a.op, Count | Group) {
                    return true;
                }
            }
            ExprKind::Subquery(_) => return true,
            ExprKind::Binary(b) => {
                let is_left = parent.parts.first().is_some_and(|l| std::ptr::eq(l, child));
                let other = if is_left { parent.parts.get(1) } else { parent.parts.first() };
                if b.op.is_set() && b.op != BinaryOp::Or && !is_left {
                    return true;
                }
                // `x > 0` asks whether there ever was one; `x - x offset 1h` is a growth.
                if b.op.is_comparison() && other.is_some_and(|o| o.facts.constant == Some(0.0)) {
                    return true;
                }
                if b.op == BinaryOp::Sub && other.is_some_and(|o| same_name(o, node)) {
                    return true;
                }
                // `metric unless metric offset 5m`, `x == x offset 5m`.
                if b.op.is_comparison() && other.is_some_and(|o| same_name(o, node)) {
                    return true;
                }
                if b.op == BinaryOp::Mul && other.is_some_and(|o| o.facts.constant == Some(0.0)) {
                    return true;
                }
            }
            _ => {}
        }
        child = parent;
    }
    false
}

fn same_name(other: &Typed<'_>, node: &Typed<'_>) -> bool {
    let mut found = false;
    other.walk(&mut |n, _| {
        found |= n.metric.as_ref().zip(node.metric.as_ref()).is_some_and(|(a, b)| a.name == b.name);
    });
    found
}
