//! `promql/rate-of-gauge`, `promql/rate-of-rate`, `promql/rate-of-window-count`, `promql/rate-after-sum`,
//! `promql/gauge-function-of-counter`: a function on a value that it was not made for.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Facts, Nature, Typed};
use crate::lint::{Cx, Query};
use crate::promql::{Call, ExprKind};

/// Looks at every call that takes a window.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let ExprKind::Call(call) = &node.expr.kind else { return };
        let Some(argument) = node.parts.first() else { return };
        match call.function {
            "rate" | "irate" | "increase" | "resets" => growth(query, call, argument, out),
            "delta" | "idelta" | "deriv" | "predict_linear" | "avg_over_time" | "sum_over_time"
            | "quantile_over_time" => {
                let argument = if call.function == "quantile_over_time" { node.parts.get(1) } else { Some(argument) };
                if let Some(argument) = argument {
                    of_gauge(query, call, argument, out);
                }
            }
            _ => {}
        }
    });
}

fn growth(query: &Query<'_>, call: &Call, argument: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    let function = call.function;
    let facts = &argument.facts;
    let what = subject(query, argument);
    if facts.nature.grows() {
        if facts.summed && matches!(facts.nature, Nature::Counter | Nature::Buckets) {
            let message = format!(
                "`{function}` of a sum of counters: a restart of one makes the sum fall, and the fall counts as growth"
            );
            out.push(
                query
                    .finding(Code::RateAfterSum, argument.expr.span, message, "added up before the rate")
                    .help("take the rate first, then the sum: `sum(rate(...[5m]))`"),
            );
        }
        return;
    }
    let (code, message, help) = match facts.nature {
        Nature::Rate | Nature::Increase | Nature::BucketRates => (
            Code::RateOfRate,
            format!("`{function}` of {what}, which is a rate already"),
            "use it as it is, or `avg_over_time` to smooth it".to_owned(),
        ),
        Nature::GivenRate => (
            Code::RateOfRate,
            format!("`{function}` of {what}, which is {}", given(facts)),
            "use it as it is, or `avg_over_time` to smooth it".to_owned(),
        ),
        Nature::WindowCount => (
            Code::RateOfWindowCount,
            format!("`{function}` of {what}, which counts over a sliding window and falls again"),
            "use its value, or `max_over_time`".to_owned(),
        ),
        Nature::LastValue => (
            Code::RateOfGauge,
            format!("`{function}` of {what}, which holds the value of the latest event"),
            "compare it, or count its changes with `changes(...)`".to_owned(),
        ),
        Nature::Quantile | Nature::Mean | Nature::Share => (
            Code::RateOfGauge,
            format!("`{function}` of {what}, which is {}", facts.nature.words()),
            "use `avg_over_time` to smooth it".to_owned(),
        ),
        // How fast the time of the newest of many events moves on, in seconds per second.
        Nature::Timestamp
            if function == "rate" && facts.metric.as_ref().is_some_and(|m| m.name.contains("timestamp")) =>
        {
            return;
        }
        Nature::Gauge | Nature::Flag | Nature::Info | Nature::Timestamp | Nature::HighWaterMark => {
            let alternative = match function {
                "resets" => "count its changes with `changes(...)`",
                "increase" => "use `delta(...)` for the change of a gauge",
                _ => "use `deriv(...)` for the slope of a gauge, or `avg_over_time(...)` to smooth it",
            };
            (
                Code::RateOfGauge,
                format!("`{function}` of {what}, which is {}", facts.nature.words()),
                alternative.to_owned(),
            )
        }
        _ => return,
    };
    let mut finding =
        query.finding(code, argument.expr.span, message, "each fall counts as a restart from zero").help(help);
    if !facts.sure {
        finding.severity = Severity::Warning;
    }
    out.push(finding);
}

fn of_gauge(query: &Query<'_>, call: &Call, argument: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    let facts = &argument.facts;
    if !facts.sure || !matches!(facts.nature, Nature::Counter | Nature::Buckets) {
        return;
    }
    let function = call.function;
    let instead = match function {
        "delta" | "idelta" => "increase",
        _ => "rate",
    };
    let message = format!("`{function}` of {}, which is a counter: restarts make it fall", subject(query, argument));
    out.push(
        query
            .finding(Code::GaugeFunctionOfCounter, argument.expr.span, message, "made for gauges")
            .help(format!("use `{instead}(...)`, which knows restarts")),
    );
}

/// Returns the argument in words: the name of its metric where it is one.
fn subject(query: &Query<'_>, argument: &Typed<'_>) -> String {
    match argument.selector() {
        Some(selector) if !selector.name.is_empty() => format!("`{}`", selector.name),
        _ => format!("`{}`", query.quoted(argument.expr.span)),
    }
}

fn given(facts: &Facts) -> String {
    match (&facts.unit, facts.sure) {
        (Some(unit), true) => format!("a rate already ({unit})"),
        (Some(unit), false) => format!("a rate already by its name ({unit})"),
        _ => "a rate already".to_owned(),
    }
}
