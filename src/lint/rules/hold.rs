//! `rule/for-never-reached`: a `for` longer than what one event keeps the condition true.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::Typed;
use crate::lint::{Cx, Query};
use crate::promql::{BinaryOp, ExprKind};
use crate::units::Duration;

/// Functions that see an event for as long as it lies in their window.
const OF_EVENTS: &[&str] = &["increase", "changes", "resets", "rate", "delta"];

/// Looks at alerts on "something happened": a comparison of a growth with zero.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Some((rule, _)) = query.role.rule() else { return };
    let Some((hold, text)) = rule.for_.as_ref().and_then(|f| f.value.map(|v| (v, &f.text))) else { return };
    let root = query.typed.bare();
    let (ExprKind::Binary(b), [left, right]) = (&root.expr.kind, root.parts.as_slice()) else { return };
    let positive =
        matches!((b.op, right.facts.constant), (BinaryOp::Gt | BinaryOp::Ne, Some(0.0)) | (BinaryOp::Ge, Some(1.0)));
    if !positive {
        return;
    }
    let Some((window, function)) = events(left) else { return };
    if hold.secs_f64() < window {
        return;
    }
    let window = Duration::parse(&format!("{window}s")).map_or_else(|_| format!("{window} s"), |d| d.human());
    let message = format!(
        "one event keeps `{function}` over {window} above zero for {window}, and `for` asks for {}",
        hold.human()
    );
    let mut finding = Diagnostic::new(Code::ForNeverReached, message, text.whole(), "fires only if events keep coming")
        .related(query.place(left.expr.span), format!("sees an event for {window}"))
        .help("leave out `for`, or make the window longer than it");
    // Of what is not known here, events may well keep coming: a failure of what is tried again and again.
    let may_go_on = matches!(function, "increase" | "rate" | "delta");
    if may_go_on && !left.facts.metric.as_ref().is_some_and(|m| m.is_of_complete()) {
        finding.severity = Severity::Info;
    }
    out.push(finding);
}

fn events(node: &Typed<'_>) -> Option<(f64, &'static str)> {
    let node = node.bare();
    match &node.expr.kind {
        ExprKind::Call(call) if OF_EVENTS.contains(&call.function) => {
            let window = node.parts.first()?.facts.window?;
            Some((window, call.function))
        }
        ExprKind::Aggregate(_) => events(node.parts.last()?),
        _ => None,
    }
}
