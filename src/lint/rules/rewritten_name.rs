//! `metric/rewritten-name`: an underscore where the exporter writes a colon.

use crate::catalog::Rewriting;
use crate::diag::{Code, Diagnostic, Fix};
use crate::infer::State;
use crate::lint::{Cx, Query};

/// Looks at every name of the query.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    if cx.settings.colons_rewritten {
        return;
    }
    query.walk(&mut |node, _| {
        let (Some(metric), Some(selector)) = (&node.metric, node.selector()) else { return };
        let (Some(Rewriting::ColonToUnderscore), Some(profile)) = (&metric.rewritten, &metric.profile) else { return };
        // What is gone or never was is another finding, which names both spellings.
        if !matches!(metric.state, State::Here | State::Partly) {
            return;
        }
        let span = if selector.name.is_empty() { node.expr.span } else { selector.name_span };
        let message = format!("{} exports `{}`, with a colon, not `{}`", profile.name, metric.original, metric.name);
        let mut finding = query
            .finding(Code::MetricRewrittenName, span, message, "matches nothing that Prometheus scraped itself")
            .help("if a Collector or bridge in between turns colons into underscores, say so with `names = \"underscored\"` in [check]");
        let place = query.exact(span);
        if place.is_none() {
            finding = finding.help(format!("write `{}`", metric.original));
        }
        if let Some(place) = place {
            finding.fix = Some(Fix::unsafe_(place, metric.original.clone(), "right unless something in between rewrites names"));
        }
        out.push(finding);
    });
}
