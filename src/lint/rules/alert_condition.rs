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
    // A number beside an expression decides nothing.
    let some = || node.parts.iter().any(|p| p.facts.constant.is_none() && decides(p));
    match &node.expr.kind {
        ExprKind::Variable(_) | ExprKind::Opaque(_) => true,
        ExprKind::Call(call) => matches!(call.function, "absent" | "absent_over_time" | "vector") || some(),
        ExprKind::Binary(b) if b.bool_modifier => false,
        ExprKind::Binary(b) if b.op == BinaryOp::Or => node.parts.iter().all(decides),
        ExprKind::Binary(b) => b.op == BinaryOp::Unless || some(),
        ExprKind::Aggregate(_) | ExprKind::Unary(_) => node.parts.last().is_some_and(decides),
        ExprKind::Subquery(_) => node.parts.iter().any(decides),
        // ALERTS{alertstate="firing"} is a condition that is recorded.
        ExprKind::Selector(s) => s.name == "ALERTS",
        _ => false,
    }
}
