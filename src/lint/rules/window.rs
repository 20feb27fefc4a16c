//! `promql/window-too-short`: a window that holds too few samples for a rate.

use crate::diag::{Code, Diagnostic, Severity};
use crate::lint::{Cx, Query};
use crate::promql::{ExprKind, Window};
use crate::units::Duration;

/// What is taken as the scrape interval where none is declared: the shorter of the usual ones, so that nothing is reported that
/// works somewhere.
const USUAL: Duration = Duration::from_secs(15);

/// Functions that need several samples.
const OF_SEVERAL: &[&str] = &["rate", "irate", "increase", "delta", "idelta", "deriv"];

/// Looks at every fixed window of a rate.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let declared = cx.settings.scrape_interval;
    let interval = declared.unwrap_or(USUAL);
    query.walk(&mut |node, _| {
        let ExprKind::Call(call) = &node.expr.kind else { return };
        if !OF_SEVERAL.contains(&call.function) {
            return;
        }
        let Some(inner) = node.parts.first().map(|p| p.bare()) else { return };
        let ExprKind::Range(range) = &inner.expr.kind else { return };
        // How often strangers are scraped, nobody said.
        if declared.is_none() && !inner.facts.metric.as_ref().is_some_and(|m| m.is_known()) {
            return;
        }
        let Window::Fixed(window) = range.window else { return };
        let samples = window.secs_f64() / interval.secs_f64();
        let needed = if call.function == "irate" || call.function == "idelta" { 2.0 } else { 4.0 };
        if samples >= needed {
            return;
        }
        let by = if declared.is_some() { "" } else { " (none is declared; the usual shortest)" };
        let message = format!(
            "`{}` over {} holds {} at a scrape interval of {}{by}",
            call.function,
            window.human(),
            if samples < 1.0 {
                "less than one sample".to_owned()
            } else {
                format!("{} samples", crate::units::number(samples.floor()))
            },
            interval.human(),
        );
        let label =
            if samples < 2.0 { "never has the two samples that it needs" } else { "one missed scrape leaves a gap" };
        let mut finding = query.finding(Code::WindowTooShort, range.window_span, message, label);
        finding.severity = if samples < 2.0 && declared.is_some() { Severity::Error } else { Severity::Warning };
        let enough = Duration::from_secs((interval.secs_f64() * 4.0).ceil() as u64);
        out.push(finding.help(format!("take at least four scrapes: `[{}]`", enough.human())));
    });
}
