//! `promql/threshold-out-of-range`, `promql/threshold-beyond-buckets`, `slo/threshold-differs`: a comparison with a number that
//! decides nothing.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Facts, Nature, Quantity, Typed, near};
use crate::lint::{Cx, Query};
use crate::promql::{BinaryOp, ExprKind};
use crate::units::{Duration, Unit, number};

/// Looks at every comparison of a value with a number.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let (ExprKind::Binary(b), [left, right]) = (&node.expr.kind, node.parts.as_slice()) else { return };
        if !b.op.is_comparison() {
            return;
        }
        let (value, limit, op) = match (left.facts.constant, right.facts.constant) {
            (None, Some(limit)) => (left, (right, limit), b.op),
            (Some(limit), None) => (right, (left, limit), b.op.mirrored()),
            _ => return,
        };
        range(query, value, limit, op, out);
        buckets(query, value, limit, op, out);
        objective(query, cx, value, limit, out);
    });
}

fn range(
    query: &Query<'_>,
    value: &Typed<'_>,
    (at, limit): (&Typed<'_>, f64),
    op: BinaryOp,
    out: &mut Vec<Diagnostic>,
) {
    let facts = &value.facts;
    let (min, max) = (facts.bounds.min, facts.bounds.max);
    let above = |bound: Option<f64>, strict: bool| bound.is_some_and(|b| if strict { limit > b } else { limit >= b });
    let below = |bound: Option<f64>, strict: bool| bound.is_some_and(|b| if strict { limit < b } else { limit <= b });
    let effect = match op {
        BinaryOp::Gt if above(max, false) => "never true",
        BinaryOp::Ge | BinaryOp::Eq if above(max, true) => "never true",
        BinaryOp::Lt if below(min, false) => "never true",
        BinaryOp::Le | BinaryOp::Eq if below(min, true) => "never true",
        BinaryOp::Lt if above(max, true) => "always true",
        BinaryOp::Le if above(max, false) => "always true",
        BinaryOp::Gt if below(min, true) => "always true",
        BinaryOp::Ge if below(min, false) => "always true",
        BinaryOp::Ne if above(max, true) || below(min, true) => "always true",
        _ => return,
    };
    // `x >= 0` on a counter, `flag <= 1`: a way to say "there are samples".
    if effect == "always true"
        && (near(limit, min.unwrap_or(f64::NAN)) || near(limit, max.unwrap_or(f64::NAN)) || limit == 0.0)
    {
        return;
    }
    let what = facts.unit.map_or_else(|| facts.nature.words().to_owned(), |u| u.to_string());
    let bounds = match (min, max) {
        (Some(a), Some(b)) => format!("between {} and {}", number(a), number(b)),
        (Some(a), None) => format!("at least {}", number(a)),
        (None, Some(b)) => format!("at most {}", number(b)),
        (None, None) => return,
    };
    let message = format!(
        "`{}` is {bounds} ({what}): this comparison with {} is {effect}",
        query.quoted(value.expr.span),
        number(limit)
    );
    let mut finding = query.finding(Code::ThresholdOutOfRange, at.expr.span, message, effect);
    if !facts.sure {
        finding.severity = Severity::Warning;
    }
    if max.is_some_and(|m| near(m, 1.0)) && limit > 1.0 && limit <= 100.0 {
        finding = finding.help(format!("write `{}`, or multiply the ratio by 100", number(limit / 100.0)));
    }
    if max.is_some_and(|m| near(m, 100.0)) && limit > 0.0 && limit <= 1.0 {
        finding = finding.help(format!("write `{}`", number(limit * 100.0)));
    }
    out.push(finding);
}

/// A latency quantile knows nothing above the highest bucket.
fn buckets(
    query: &Query<'_>,
    value: &Typed<'_>,
    (at, limit): (&Typed<'_>, f64),
    op: BinaryOp,
    out: &mut Vec<Diagnostic>,
) {
    let Some((metric, bounds, scale)) = distribution(&value.facts) else { return };
    // `> 0` drops what is idle; it is no threshold.
    if !matches!(op, BinaryOp::Gt | BinaryOp::Ge) || limit <= 0.0 {
        return;
    }
    let Some(highest) = bounds.last().map(|b| b / scale) else { return };
    if limit >= highest {
        let message = format!(
            "a quantile of `{metric}` never exceeds its highest bucket, {}: the comparison with {} is never true",
            number(highest),
            number(limit)
        );
        let finding = query
            .finding(Code::ThresholdBeyondBuckets, at.expr.span, message, "never reached")
            .help(format!("take a threshold below {}", number(highest)));
        out.push(match in_milliseconds(limit, &value.facts) {
            Some(meant) => finding.help(meant),
            None => finding,
        });
    } else if !bounds.iter().any(|b| near(b / scale, limit)) {
        let position = bounds.partition_point(|b| b / scale < limit);
        let below = position.checked_sub(1).and_then(|i| bounds.get(i)).map(|b| b / scale);
        let above = bounds.get(position).map(|b| b / scale);
        let between = match (below, above) {
            (Some(a), Some(b)) => format!("between the buckets {} and {}", number(a), number(b)),
            (None, Some(b)) => format!("below the lowest bucket, {}", number(b)),
            _ => return,
        };
        let message =
            format!("{} lies {between} of `{metric}`: the quantile there is interpolated, not measured", number(limit));
        let nearest: Vec<String> = [below, above].into_iter().flatten().map(number).collect();
        let mut finding = query
            .finding(Code::ThresholdBetweenBuckets, at.expr.span, message, "no bucket edge")
            .help(format!("take {}", nearest.join(" or ")));
        if let Some(meant) = in_milliseconds(limit, &value.facts) {
            finding.severity = Severity::Warning;
            finding = finding.help(meant);
        }
        out.push(finding);
    }
}

/// Says what is meant by a limit of twenty minutes or more, which nobody promises.
fn in_milliseconds(limit: f64, facts: &Facts) -> Option<String> {
    let seconds = Quantity::of_unit(Unit::Seconds);
    (limit >= 1200.0 && facts.unit.is_some() && facts.unit == seconds)
        .then(|| format!("the value is in seconds: if milliseconds were meant, write `{}`", number(limit / 1000.0)))
}

/// Returns the metric, the bounds of its buckets, and what one unit of the value is in units of the bounds, for a quantile.
fn distribution(facts: &Facts) -> Option<(String, Vec<f64>, f64)> {
    if facts.nature != Nature::Quantile || !facts.sure {
        return None;
    }
    let metric = facts.metric.as_ref()?;
    let entry = metric.metric()?;
    let bounds = metric.common_buckets();
    let (own, shown) = (crate::infer::Quantity::of_unit(entry.unit)?.scale?, facts.unit?.scale?);
    (!bounds.is_empty()).then(|| (entry.name.clone(), bounds, shown / own))
}

/// An alert on a latency with another threshold than the objective promises.
fn objective(
    query: &Query<'_>,
    cx: &Cx<'_>,
    value: &Typed<'_>,
    (at, limit): (&Typed<'_>, f64),
    out: &mut Vec<Diagnostic>,
) {
    let facts = &value.facts;
    let (Nature::Quantile, Some(metric)) = (facts.nature, &facts.metric) else { return };
    let Some(entry) = metric.metric() else { return };
    let Some(scale) = facts.unit.and_then(|u| u.scale) else { return };
    let promised: Vec<_> = cx
        .settings
        .objectives
        .iter()
        .filter(|o| o.metric == entry.name && metric.profile.as_ref().is_some_and(|p| p.name == o.profile))
        .collect();
    if promised.is_empty() || promised.iter().any(|o| near(o.threshold, limit * scale)) || !query.role.is_alert() {
        return;
    }
    let words = |secs: f64| Duration::parse(&format!("{secs}s")).map_or_else(|_| format!("{secs} s"), |d| d.human());
    let all: Vec<String> = promised
        .iter()
        .map(|o| format!("{} of model `{}` promises {}", o.signal, o.model, words(o.threshold)))
        .collect();
    let message = format!("the alert is at {}, and {}", words(limit * scale), all.join(", "));
    out.push(
        query
            .finding(Code::SloThresholdDiffers, at.expr.span, message, "not the objective")
            .help("alert on the objective, or on its error budget; a second limit tells people two different things"),
    );
}
