//! `promql/sum-of-ratios`, `promql/sum-of-quantiles`, `promql/average-of-quantiles`, `promql/average-of-ratios`,
//! `promql/sum-of-times`: an aggregation whose result is not a quantity.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Nature, Typed};
use crate::lint::{Cx, Query};
use crate::promql::{Aggregate, AggregateOp, BinaryOp, ExprKind};

/// Looks at every aggregation.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, above| {
        let ExprKind::Aggregate(aggregate) = &node.expr.kind else { return };
        let Some(inner) = node.parts.last() else { return };
        let facts = &inner.facts;
        if inner.facts.labels.is_none() || facts.condition && aggregate.op == AggregateOp::Count {
            return;
        }
        let what = format!("`{}`", query.quoted(inner.expr.span));
        let share = facts.unit.is_some_and(|u| u.is_plain() && u.share);
        let mut finding = match (aggregate.op, facts.nature) {
            (AggregateOp::Sum, Nature::Quantile) => query
                .finding(
                    Code::SumOfQuantiles,
                    aggregate.op_span,
                    format!("a sum of quantiles: {what}"),
                    "quantiles do not add up",
                )
                .help("add up the buckets first: `histogram_quantile(0.99, sum by (le) (rate(..._bucket[5m])))`"),
            (AggregateOp::Avg, Nature::Quantile) => query
                .finding(
                    Code::AverageOfQuantiles,
                    aggregate.op_span,
                    format!("a mean of quantiles: {what}"),
                    "no quantile of anything: an idle replica counts as much as a busy one",
                )
                .help("add up the buckets first: `histogram_quantile(0.99, sum by (le) (rate(..._bucket[5m])))`"),
            (AggregateOp::Sum, Nature::Mean) => query
                .finding(Code::SumOfRatios, aggregate.op_span, format!("a sum of means: {what}"), "means do not add up")
                .help("divide the sums: `sum(rate(..._sum[5m])) / sum(rate(..._count[5m]))`"),
            (AggregateOp::Sum, _) if share && !is_mean(node, above) && !is_count_of_flags(facts) => {
                let unit = facts.unit.map(|u| u.to_string()).unwrap_or_default();
                query
                    .finding(
                        Code::SumOfRatios,
                        aggregate.op_span,
                        format!("a sum of {what}, which is {unit}"),
                        "two replicas at 60 % would be 120 %",
                    )
                    .help("use `avg` or `max`, or divide sums of what the ratio is made of")
            }
            (AggregateOp::Avg, Nature::Share | Nature::Mean) => query
                .finding(
                    Code::AverageOfRatios,
                    aggregate.op_span,
                    format!("a mean of ratios: {what}"),
                    "an idle replica counts as much as a busy one",
                )
                .help("divide the sums: `sum(a) / sum(b)`"),
            _ => return,
        };
        if !facts.sure {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        out.push(finding);
    });
}

/// `sum(flag)` counts.
fn is_count_of_flags(facts: &crate::infer::Facts) -> bool {
    matches!(facts.nature, Nature::Flag | Nature::Info) || facts.metric.is_none() && facts.nature == Nature::Unknown
}

/// Returns whether the sum is divided by a count: a mean, written out.
fn is_mean(node: &Typed<'_>, above: &[&Typed<'_>]) -> bool {
    let mut child = node;
    for parent in above.iter().rev() {
        match &parent.expr.kind {
            ExprKind::Paren(_) => {}
            ExprKind::Binary(b)
                if b.op == BinaryOp::Div && parent.parts.first().is_some_and(|l| std::ptr::eq(l, child)) =>
            {
                return parent.parts.get(1).is_some_and(|divisor| counts(divisor) || divisor.facts.constant.is_some());
            }
            ExprKind::Binary(b) if b.op == BinaryOp::Mul => {}
            _ => return false,
        }
        child = parent;
    }
    false
}

fn counts(divisor: &Typed<'_>) -> bool {
    let node = divisor.bare();
    let is_count = |a: &Aggregate| matches!(a.op, AggregateOp::Count);
    match &node.expr.kind {
        ExprKind::Aggregate(a) => is_count(a) || node.facts.nature == Nature::Gauge && node.facts.summed,
        ExprKind::Call(_) | ExprKind::Binary(_) => node.parts.iter().any(counts),
        _ => false,
    }
}
