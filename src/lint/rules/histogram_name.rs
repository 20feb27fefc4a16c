//! `promql/histogram-without-part`: the bare name of a classic histogram or summary, which no series has.

use crate::catalog::{MetricType, Part};
use crate::diag::{Code, Diagnostic};
use crate::lint::{Cx, Query};
use crate::promql::ExprKind;

/// Looks at every name of the query.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, above| {
        let (Some(metric), Some(selector)) = (&node.metric, node.selector()) else { return };
        let histogram = metric.is_known() && metric.metrics().all(|m| m.kind == MetricType::Histogram);
        if metric.part != Part::Value || !histogram {
            return;
        }
        // The functions on native histograms say that such are stored.
        let native =
            above.iter().any(|n| matches!(&n.expr.kind, ExprKind::Call(c) if c.function.starts_with("histogram_")));
        let span = if selector.name.is_empty() { node.expr.span } else { selector.name_span };
        let message = format!("`{}` is a histogram: its series are `_bucket`, `_sum` and `_count`", metric.name);
        let mut finding = query.finding(Code::HistogramWithoutPart, span, message, "no series has this name");
        if native {
            finding.severity = crate::diag::Severity::Info;
            finding = finding.help("right only if it is scraped as a native histogram");
        } else {
            finding = finding.help(format!("use `{}_bucket`, `_sum` or `_count`", metric.name));
        }
        out.push(finding);
    });
}
