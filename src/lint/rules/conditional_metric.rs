//! `metric/deprecated`, `metric/hidden`, `metric/opt-in`, `metric/not-collected`, `metric/dead`: a name that is there only under
//! conditions, or will not stay.

use crate::catalog::{Semantics, Status};
use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::State;
use crate::lint::{Cx, Query};

/// Looks at every name of the query.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let (Some(metric), Some(selector)) = (&node.metric, node.selector()) else { return };
        let (State::Here | State::Partly, Some(profile)) = (&metric.state, &metric.profile) else { return };
        let Some(entry) = metric.metric() else { return };
        let span = if selector.name.is_empty() { node.expr.span } else { selector.name_span };
        let title = &profile.name;
        let name = &metric.name;
        let release = metric.against.last().map(|a| a.release.to_string()).unwrap_or_default();
        let needs = entry.requires.clone();
        let mut finding = match (entry.status, entry.semantics, entry.csv.as_deref()) {
            (_, Some(Semantics::Dead), _) => {
                let message = format!("{title} registers `{name}`, and never sets it to anything");
                query.finding(Code::MetricDead, span, message, "always the same value")
            }
            (Status::Hidden, ..) => {
                let message = format!("{title} {release} hides `{name}`, and will remove it");
                query.finding(Code::MetricHidden, span, message, "not exported by default")
            }
            (Status::Deprecated, ..) => {
                let message = format!("`{name}` is deprecated in {title} {release}");
                let mut finding = query.finding(Code::MetricDeprecated, span, message, "will be removed");
                // Where the successor is not there yet, there is nothing to do but know it.
                let there = |successor: &String| {
                    let has = |r| profile.metrics.iter().any(|m| m.name == *successor && m.range.contains(r));
                    metric.against.iter().all(|a| has(&a.release))
                };
                if !entry.replaced_by.is_empty() && !entry.replaced_by.iter().any(there) {
                    finding.severity = Severity::Info;
                }
                finding
            }
            (_, _, Some("commented" | "custom" | "unlisted")) if metric.against.iter().any(|a| !a.own_fields) => {
                let message =
                    format!("`{name}` is not in the list of fields that {title} {release} collects by default");
                let mut finding =
                    query.finding(Code::MetricNotCollected, span, message, "no series unless you add the field");
                finding.severity = Severity::Warning;
                finding.help(format!("add `{name}` to the exporter's CSV, or query what is collected"))
            }
            (Status::OptIn, ..) => {
                let message = format!("{title} exports `{name}` only on request");
                query.finding(Code::MetricOptIn, span, message, "no series by default")
            }
            _ => return,
        };
        // Several releases run, and in another one the name is there as usual.
        if metric.metrics().any(|m| m.status != entry.status) && entry.csv.is_none() {
            finding.severity = Severity::Info;
        }
        if let Some(needs) = needs {
            finding = finding.help(format!("it needs: {needs}"));
        }
        for successor in &entry.replaced_by {
            let series = format!("{successor}{}", metric.part.suffix());
            finding = match &entry.caveat {
                Some(caveat) => finding.help(format!("look at `{series}`, which is not the same: {caveat}")),
                None => finding.help(format!("use `{series}` instead")),
            };
        }
        out.push(finding);
    });
}
