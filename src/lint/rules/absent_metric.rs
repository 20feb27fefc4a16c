//! `metric/gone`, `metric/not-yet`: a name that exists, but not in the release that runs.

use crate::catalog::{Metric, Profile, Release};
use crate::diag::{Code, Diagnostic, Fix};
use crate::infer::{Against, Resolved, State};
use crate::lint::{Cx, Query, Role};

/// Looks at every name of the query.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let (Some(metric), Some(selector)) = (&node.metric, node.selector()) else { return };
        let (State::Elsewhere | State::Partly, Some(profile)) = (&metric.state, &metric.profile) else { return };
        // The query itself may hold the names of both releases: `new or old`.
        if metric.state == State::Partly && is_covered(query, metric) {
            return;
        }
        let Some(missing) = metric.against.iter().find(|a| !a.has) else { return };
        let gone = metric.history().any(|m| m.range.until.as_ref().is_some_and(|u| *u < missing.release));
        let span = if selector.name.is_empty() { node.expr.span } else { selector.name_span };
        let (code, verb) =
            if gone { (Code::MetricGone, "no longer has") } else { (Code::MetricNotYet, "does not have") };
        let newest = newest(missing);
        let colon = if metric.original == metric.name || cx.settings.colons_rewritten {
            String::new()
        } else {
            format!(", nor exports `{}` with an underscore for the colon", metric.name)
        };
        let message =
            format!("{} {}{newest} {verb} `{}`{colon}", profile.name, missing.release, cx.stored(&metric.original));
        let mut finding = query.finding(code, span, message, known_in(metric.history()));
        finding.severity =
            if metric.state == State::Partly { crate::diag::Severity::Warning } else { cx.certain(metric) };
        // A dashboard may show models of several releases side by side.
        let side_by_side = metric.state == State::Partly && matches!(query.role, Role::Panel(..));
        let alternative = is_alternative(query, metric);
        if side_by_side || alternative {
            finding.severity = crate::diag::Severity::Info;
        }
        if let Some(by) = &missing.declared_by {
            finding = finding.help(format!("declared by {by}"));
        }
        if let Some(last) = metric.history().last() {
            finding = with_successor(finding, query, cx, last, metric, span);
            // Where other releases run as well, or the new name stands beside it, a change would break or double something.
            if alternative || metric.state == State::Partly {
                finding.fix = None;
            }
        }
        if missing.declared_by.is_none() {
            finding = finding.help(say_release(profile));
        }
        out.push(finding);
    });
}

/// Returns what to add to a release that nobody declared.
pub(super) fn newest(against: &Against) -> &'static str {
    if against.declared_by.is_none() { " (the newest release known)" } else { "" }
}

/// Says how to declare a release.
pub(super) fn say_release(profile: &Profile) -> String {
    format!(
        "say which release runs, in llmobs.toml or with `--engine {}@VERSION`, to check against that one",
        profile.name
    )
}

/// Returns the releases that have the entries, in words.
pub(super) fn known_in<'m>(entries: impl Iterator<Item = &'m Metric>) -> String {
    let entries: Vec<&Metric> = entries.collect();
    let mut parts: Vec<String> = Vec::new();
    for entry in &entries {
        let text = |r: &Option<Release>, open: &str| r.as_ref().map_or_else(|| open.to_owned(), ToString::to_string);
        parts.push(match (&entry.range.since, &entry.range.until) {
            (None, None) => "in every release".to_owned(),
            (since, None) => format!("from {}", text(since, "the first")),
            (None, until) => format!("until {}", text(until, "the last")),
            (since, until) if since == until => text(since, ""),
            (since, until) => format!("{} to {}", text(since, ""), text(until, "")),
        });
    }
    parts.dedup();
    match parts.as_slice() {
        [] => "not in this release".to_owned(),
        // Many short ranges: the ends say enough.
        list if list.len() > 2 => {
            let first = entries.iter().filter_map(|m| m.range.since.clone()).min();
            let last = entries.iter().filter_map(|m| m.range.until.clone()).max();
            let word = |r: Option<Release>| r.map_or_else(|| "the first".to_owned(), |r| r.to_string());
            format!("known in {} to {}", word(first), word(last))
        }
        list => format!("known {}", list.join(" and ")),
    }
}

/// Adds the successor and, where it is the same quantity, a fix.
fn with_successor(
    mut finding: Diagnostic,
    query: &Query<'_>,
    cx: &Cx<'_>,
    last: &Metric,
    metric: &Resolved,
    span: crate::source::Span,
) -> Diagnostic {
    let exact = (metric.rewritten.is_none()).then(|| query.exact(span)).flatten();
    for successor in &last.replaced_by {
        let series = cx.stored(&format!("{successor}{}", metric.part.suffix()));
        finding = match &last.caveat {
            Some(caveat) => finding.help(format!("look at `{series}`, which is not the same: {caveat}")),
            None if exact.is_some() && last.replaced_by.len() == 1 => finding,
            None => finding.help(format!("use `{series}` instead")),
        };
    }
    if let ([successor], None) = (last.replaced_by.as_slice(), &last.caveat)
        && let Some(place) = exact
    {
        let series = format!("{successor}{}", metric.part.suffix());
        finding.fix = Some(Fix::safe(place, series, "the same quantity under its new name"));
    }
    if last.replaced_by.is_empty()
        && let Some(caveat) = &last.caveat
    {
        finding = finding.help(caveat.clone());
    }
    finding
}

/// Returns whether another name of the query stands in for it in the releases that lack it: its successor or predecessor.
fn is_covered(query: &Query<'_>, metric: &Resolved) -> bool {
    let mut covered = false;
    query.walk(&mut |node, _| {
        if let Some(other) = &node.metric
            && other.name != metric.name
            && !other.against.is_empty()
            && metric.against.iter().zip(&other.against).all(|(a, b)| a.has || b.has)
        {
            covered |= is_kin(metric, other);
        }
    });
    covered
}

/// Returns whether the query also names a successor or predecessor that is there, so that the old name does no harm.
fn is_alternative(query: &Query<'_>, metric: &Resolved) -> bool {
    let mut found = false;
    query.walk(&mut |node, above| {
        let in_or = above
            .iter()
            .any(|n| matches!(&n.expr.kind, crate::promql::ExprKind::Binary(b) if b.op == crate::promql::BinaryOp::Or));
        if let Some(other) = &node.metric
            && in_or
            && other.state == State::Here
        {
            found |= is_kin(metric, other);
        }
    });
    found
}

fn is_kin(a: &Resolved, b: &Resolved) -> bool {
    let follows = |x: &Resolved, y: &Resolved| {
        x.history().any(|m| m.replaced_by.iter().any(|r| y.history().any(|n| n.name == *r)))
    };
    follows(a, b) || follows(b, a)
}
