//! `metric/unknown`: a name in an exporter's namespace that no release of it has.

use crate::catalog::{Catalog, Profile, Signal};
use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::State;
use crate::lint::{Cx, Query};

/// Looks at every name of the query, also behind `or`, `unless` and inside of `absent`.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let (Some(metric), Some(selector)) = (&node.metric, node.selector()) else { return };
        let (State::Unlisted, Some(profile)) = (&metric.state, &metric.profile) else { return };
        let span = if selector.name.is_empty() { node.expr.span } else { selector.name_span };
        let title = &profile.name;
        let near = Catalog::nearest(profile, &metric.original);
        let message = if metric.original == metric.name || cx.settings.colons_rewritten {
            format!("no release of {title} exports `{}`", cx.stored(&metric.original))
        } else {
            format!(
                "no release of {title} exports `{}`, nor `{}` with an underscore for the colon",
                metric.original, metric.name
            )
        };
        let mut finding = query.finding(Code::MetricUnknown, span, message, "not in the catalogue");
        finding.severity = if metric.is_derived() { Severity::Warning } else { Severity::Error };
        if let Some(errors) = failures(profile, &metric.original) {
            finding = finding.help(errors);
        } else if let Some(near) = near {
            let in_use = cx.knowledge.resolve(&near, &[]).0;
            let until = in_use.history().filter_map(|m| m.range.until.clone()).max();
            finding = finding.help(match (in_use.state == State::Here, until) {
                (false, Some(until)) => format!("did you mean `{near}`? It was there until {until}"),
                _ => format!("did you mean `{near}`?"),
            });
        }
        out.push(finding.help(format!(
            "list the names with `llmobs catalog show {}`; a query on a name that nobody exports is silent, not wrong",
            profile.name
        )));
    });
}

/// Where a release counts failed requests: many people look for a metric of that name, and engines count them under a label.
fn failures(profile: &Profile, name: &str) -> Option<String> {
    if !["fail", "error"].iter().any(|w| name.contains(w)) {
        return None;
    }
    let entry = profile.signals.iter().rev().find(|s| s.signal == Signal::Errors)?;
    let equal = entry.matchers.iter().map(|(label, value)| format!("{label}=\"{value}\""));
    let regex = entry.matchers_re.iter().map(|(label, value)| format!("{label}=~\"{value}\""));
    let matchers: Vec<String> = equal.chain(regex).collect();
    let matchers = if matchers.is_empty() { String::new() } else { format!("{{{}}}", matchers.join(", ")) };
    Some(format!("failed requests are in `{}{matchers}`", entry.metric))
}
