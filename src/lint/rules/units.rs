//! `promql/unit-mismatch`, `promql/percent-against-ratio`, `promql/scale-mismatch`, `promql/hours-over-seconds`: quantities that do
//! not go together.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Facts, Nature, Relation, Typed};
use crate::lint::{Cx, Query};
use crate::promql::{Binary, BinaryOp, ExprKind};

/// Looks at every addition, subtraction and comparison of two quantities, and at what hours leave behind.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let (ExprKind::Binary(binary), [left, right]) = (&node.expr.kind, node.parts.as_slice()) else { return };
        if matches!(binary.op, BinaryOp::Add | BinaryOp::Sub) || binary.op.is_comparison() {
            together(query, binary, left, right, out);
        }
    });
    leftover(query, out);
}

fn together(query: &Query<'_>, binary: &Binary, left: &Typed<'_>, right: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    let (Some(a), Some(b)) = (quantity(&left.facts), quantity(&right.facts)) else { return };
    let verb = if binary.op.is_comparison() { "compared with" } else { "and" };
    let doing = match binary.op {
        BinaryOp::Add => "added up",
        BinaryOp::Sub => "subtracted",
        _ => "",
    };
    let sides =
        format!("`{}` is {a}, `{}` is {b}", query.quoted(left.bare().expr.span), query.quoted(right.bare().expr.span));
    let mut finding = match a.relation(&b) {
        Relation::Same => return,
        // A ratio that somebody made of counts may well be compared with a count.
        Relation::OtherDimension if a.is_plain() && b.is_plain() => return,
        // What grew within an hour is an amount per hour.
        Relation::OtherDimension if per_window(left, &a, &b) || per_window(right, &b, &a) => return,
        Relation::OtherDimension => query
            .finding(
                Code::UnitMismatch,
                binary.op_span,
                format!("{a} {verb} {b} {doing}").trim_end().to_owned(),
                "different quantities",
            )
            .help(sides),
        Relation::OtherScale(factor) if a.is_plain() && a.share => {
            let (code, message) = if crate::infer::near(factor, 100.0) || crate::infer::near(factor, 0.01) {
                (Code::PercentAgainstRatio, format!("{a} {verb} {b} {doing}"))
            } else {
                (Code::ScaleMismatch, format!("{a} {verb} {b} {doing}"))
            };
            query
                .finding(code, binary.op_span, message.trim_end().to_owned(), "a factor of 100 apart")
                .help(sides)
                .help("multiply the ratio by 100, or divide the percentage")
        }
        Relation::OtherScale(factor) => {
            let factor = if factor < 1.0 { 1.0 / factor } else { factor };
            let label = format!("a factor of {} apart", crate::units::number(factor));
            query
                .finding(
                    Code::ScaleMismatch,
                    binary.op_span,
                    format!("{a} {verb} {b} {doing}").trim_end().to_owned(),
                    label,
                )
                .help(sides)
                .help(format!("multiply one side by {}", crate::units::number(factor)))
        }
    };
    if !left.facts.sure || !right.facts.sure {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    out.push(finding);
}

/// Returns whether a side is a growth over a window, and the other the same per time.
fn per_window(side: &Typed<'_>, own: &crate::infer::Quantity, other: &crate::infer::Quantity) -> bool {
    side.facts.nature == Nature::Increase
        && own.per(crate::infer::Quantity::SECONDS).relation(other) != Relation::OtherDimension
}

/// Returns what a side measures, where that is more than a number or a time stamp.
fn quantity(facts: &Facts) -> Option<crate::infer::Quantity> {
    let computed =
        facts.constant.is_none() && !matches!(facts.nature, Nature::Timestamp | Nature::Info | Nature::LastValue);
    facts.unit.filter(|_| computed)
}

/// Hourly money over tokens per second: the result is 3,600 times too large.
fn leftover(query: &Query<'_>, out: &mut Vec<Diagnostic>) {
    let mut reported = false;
    query.walk(&mut |node, above| {
        // The outermost arithmetic is where a conversion must have happened.
        let arithmetic = |n: &Typed<'_>| {
            matches!(&n.expr.kind, ExprKind::Paren(_))
                || matches!(&n.expr.kind, ExprKind::Binary(b) if matches!(b.op, BinaryOp::Mul | BinaryOp::Div))
        };
        if reported
            || !arithmetic(node)
            || matches!(node.expr.kind, ExprKind::Paren(_))
            || above.last().is_some_and(|p| arithmetic(p))
        {
            return;
        }
        let Some(factor) = node.facts.unit.and_then(|u| u.leftover_time()) else { return };
        let Some((division, hours, seconds)) = mixed(node) else { return };
        reported = true;
        let ExprKind::Binary(b) = &division.expr.kind else { return };
        let (over, under) = (hours.facts.unit, seconds.facts.unit);
        let words = |u: Option<crate::infer::Quantity>| u.map(|u| u.to_string()).unwrap_or_default();
        let times = crate::units::number(factor);
        let mut finding = query
            .finding(
                Code::HoursOverSeconds,
                b.op_span,
                format!("{} over {}: the result is off by a factor of {times}", words(over), words(under)),
                format!("one side counts by other times than the other: a factor of {times} is missing"),
            )
            .related(query.place(hours.expr.span), words(over))
            .related(query.place(seconds.expr.span), words(under))
            .help(format!("bring both to one time: multiply the rate per second by {times}"));
        if !node.facts.sure {
            finding.severity = Severity::Warning;
        }
        out.push(finding);
    });
}

/// Returns the division whose sides count by different times.
fn mixed<'t, 'e>(node: &'t Typed<'e>) -> Option<(&'t Typed<'e>, &'t Typed<'e>, &'t Typed<'e>)> {
    let bare = node.bare();
    if let (ExprKind::Binary(b), [left, right]) = (&bare.expr.kind, bare.parts.as_slice()) {
        if b.op == BinaryOp::Div && left.facts.constant.is_none() && right.facts.constant.is_none() {
            return Some((bare, left, right));
        }
        return mixed(left).or_else(|| mixed(right));
    }
    None
}
