//! `rule/alert-without-comparison`: an alert whose expression has no condition fires as long as there are series.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Nature, Typed};
use crate::lint::{Cx, Query};
use crate::promql::{BinaryOp, ExprKind};

/// Looks at the whole expression of an alert.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    if !query.role.is_alert() {
        return;
    }
    let root = &query.typed;
    if let ExprKind::Binary(b) = &root.bare().expr.kind
        && b.bool_modifier
    {
        let message = "`bool` makes the comparison 0 or 1, and an alert fires on both";
        let label = "gives a value where the condition does not hold, too";
        let mut finding = query.finding(Code::AlertWithoutComparison, b.op_span, message, label);
        finding.severity = Severity::Error;
        out.push(finding.help("leave out `bool`"));
        return;
    }
    if decides(root) {
        return;
    }
    let mut finding = query
        .finding(
            Code::AlertWithoutComparison,
            root.expr.span,
            "the alert has no condition: it fires as long as the expression gives any series",
            "fires at every value",
        )
        .help("compare it with a threshold, for example `> 0.05`");
    // A recorded name of somebody else may hold the condition.
    if !root.facts.sure && root.facts.nature == Nature::Unknown {
        finding.severity = Severity::Info;
    }
    out.push(finding);
}

fn decides(node: &Typed<'_>) -> bool {
    let node = node.bare();
    if node.facts.condition || node.facts.constant.is_some() {
        return true;
    }
    match &node.expr.kind {
        ExprKind::Variable(_) => true,
        ExprKind::Call(call) => {
            matches!(call.function, "absent" | "absent_over_time" | "vector")
                || node.parts.iter().any(|p| !matches!(p.expr.kind, ExprKind::Range(_)) && decides(p))
        }
        ExprKind::Binary(b) => {
            matches!(b.op, BinaryOp::Unless)
                || b.op != BinaryOp::Or && node.parts.iter().any(decides)
                || b.op == BinaryOp::Or && node.parts.iter().all(decides)
        }
        ExprKind::Aggregate(_) | ExprKind::Unary(_) => node.parts.last().is_some_and(decides),
        ExprKind::Subquery(_) => node.parts.iter().any(decides),
        // ALERTS{alertstate="firing"} is a condition that is recorded.
        ExprKind::Selector(s) => s.name == "ALERTS",
        _ => false,
    }
}
