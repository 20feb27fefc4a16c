//! `promql/quantile-without-le`, `promql/quantile-without-rate`, `promql/quantile-of-non-histogram`,
//! `promql/quantile-means-nothing`: a histogram_quantile that cannot give a quantile.

use crate::catalog::{MetricType, Part, Semantics};
use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Nature, Typed};
use crate::lint::{Cx, Query};
use crate::promql::ExprKind;

/// Looks at every `histogram_quantile` and `histogram_fraction`.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let ExprKind::Call(call) = &node.expr.kind else { return };
        let index = match call.function {
            "histogram_quantile" => 1,
            "histogram_quantiles" => 0,
            "histogram_fraction" => 2,
            _ => return,
        };
        let Some(argument) = node.parts.get(index) else { return };
        let facts = &argument.facts;
        let function = call.function;
        if let Some(level) =
            node.parts.first().filter(|_| function == "histogram_quantile").and_then(|p| p.facts.constant)
            && !(0.0..=1.0).contains(&level)
        {
            let message = format!("a quantile of {level} lies outside 0 to 1: the result is infinite");
            let mut finding =
                query.finding(Code::ThresholdOutOfRange, node.parts[0].expr.span, message, "not between 0 and 1");
            if (1.0..=100.0).contains(&level) {
                finding = finding
                    .help(format!("write `{}` for the {level}th percentile", crate::units::number(level / 100.0)));
            }
            out.push(finding);
        }
        match facts.nature {
            Nature::Buckets | Nature::BucketRates => {
                if facts.labels.presence("le").is_none() {
                    let span = grouping(argument).unwrap_or(argument.expr.span);
                    let message = format!("`{function}` needs the label `le`, and the aggregation drops it");
                    out.push(
                        query
                            .finding(Code::QuantileWithoutLe, span, message, "`le` is gone here: the result is empty")
                            .help("group by `le` and the labels you want: `sum by (le, model_name) (rate(...))`"),
                    );
                } else if facts.nature == Nature::Buckets {
                    let message =
                        format!("`{function}` of bucket totals: it shows the distribution since the last restart");
                    out.push(
                        query
                            .finding(Code::QuantileWithoutRate, argument.expr.span, message, "no `rate`")
                            .help("put `rate(...[5m])` around the buckets, so that old requests are forgotten"),
                    );
                }
                let wrong = facts.metric.as_ref().and_then(|m| m.metric().map(|e| (m, e)));
                if let Some((metric, entry)) = wrong
                    && entry.semantics == Some(Semantics::WrongBuckets)
                {
                    let message = format!(
                        "the bucket bounds of `{}` were made for another unit: its quantiles mean nothing",
                        metric.name
                    );
                    let mut finding =
                        query.finding(Code::QuantileMeansNothing, argument.expr.span, message, "unusable bounds");
                    finding = finding.help("use the mean: rate of `_sum` over rate of `_count`");
                    out.push(finding);
                }
            }
            Nature::Histogram | Nature::Unknown | Nature::Constant => {}
            _ if !facts.sure => {}
            nature => {
                let message = format!("`{function}` of {}: it needs the buckets of a histogram", nature.words());
                let mut finding =
                    query.finding(Code::QuantileOfNonHistogram, argument.expr.span, message, "no buckets here");
                finding.severity = Severity::Error;
                if let Some(metric) = &facts.metric {
                    let entry = metric.metric();
                    finding = match (entry.map(|m| m.kind), metric.part) {
                        (Some(MetricType::Histogram), Part::Sum | Part::Count) => {
                            let base = metric.name.trim_end_matches("_sum").trim_end_matches("_count");
                            finding.help(format!("use `{base}_bucket`"))
                        }
                        (Some(kind), _) => finding.help(format!("`{}` is a {}", metric.name, kind.word())),
                        _ => finding,
                    };
                }
                out.push(finding);
            }
        }
    });
}

/// Returns the place of the grouping that an argument ends with.
fn grouping(argument: &Typed<'_>) -> Option<crate::source::Span> {
    let ExprKind::Aggregate(a) = &argument.bare().expr.kind else { return None };
    Some(a.op_span)
}
