//! `metric/unknown-label`, `metric/unknown-label-value`: a matcher or grouping on what the metric does not carry.

use crate::catalog::{LabelOrigin, Metric, label_origin};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::infer::{Resolved, State};
use crate::lint::rules::absent_metric::{known_in, newest, say_release};
use crate::lint::{Cx, Query};
use crate::promql::{ExprKind, Grouping, MatchOp, Matcher};

/// Looks at the matchers of known metrics, and at the groupings right around them.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        if let (Some(metric), Some(selector)) = (&node.metric, node.selector())
            && metric.state != State::Foreign
            && metric.is_known()
        {
            for matcher in &selector.matchers {
                matched(query, cx, metric, matcher, out);
            }
        }
        let ExprKind::Aggregate(aggregate) = &node.expr.kind else { return };
        let Grouping::By(list) = &aggregate.grouping else { return };
        let Some(inner) = node.parts.last() else { return };
        let Some(metric) = &inner.facts.metric else { return };
        // Labels that a join or label_replace added on the way are listed; only what nothing gives is unknown.
        for name in list {
            let written = name.text.as_str();
            if inner.facts.labels.lists(written)
                || inner.facts.labels.presence(written).is_none()
                || written.contains('$')
            {
                continue;
            }
            if metric.metrics().all(|m| origin(metric, m, written).is_none()) {
                out.push(unknown(query, metric, written, name.span, "every series falls into one group here"));
            }
        }
    });
}

/// Says where a label comes from, with the labels that a wrapping server adds.
fn origin(resolved: &Resolved, metric: &Metric, label: &str) -> Option<LabelOrigin> {
    if resolved.rewritten.is_some() || resolved.passed_on {
        return Some(LabelOrigin::Open);
    }
    label_origin(metric, label)
}

fn matched(query: &Query<'_>, cx: &Cx<'_>, metric: &Resolved, matcher: &Matcher, out: &mut Vec<Diagnostic>) {
    let label = matcher.label.as_str();
    let targets_have = cx.knowledge.targets.named_by(label);
    if label == "__name__" || label == "le" || label.contains('$') || targets_have {
        return;
    }
    // `label=""` and `label!="x"` also match series without the label.
    let wants_it =
        matches!(matcher.op, MatchOp::Equal | MatchOp::Regex) && !matches!(matcher.value.as_str(), "" | ".*");
    if metric.metrics().all(|m| origin(metric, m, label).is_none()) {
        let effect = if wants_it { "matches no series" } else { "excludes nothing" };
        out.push(unknown(query, metric, label, matcher.span, effect));
        return;
    }
    if !wants_it || matcher.value.contains(['$', '<']) {
        return;
    }
    let known: Vec<&String> = metric.metrics().filter_map(|m| m.label_values.get(label)).flatten().collect();
    let closed = metric.metrics().all(|m| m.label_values.contains_key(label));
    if known.is_empty() || !closed {
        return;
    }
    let fits = |value: &str| match matcher.op {
        MatchOp::Equal => value == matcher.value,
        _ => crate::lint::regex::matches(&matcher.value, value),
    };
    if known.iter().any(|v| fits(v)) {
        return;
    }
    let title = metric.profile.as_ref().map_or("", |p| p.name.as_str());
    let message = format!(
        "`{label}` of `{}` never has the value `{}` in {title}",
        metric.name,
        crate::diag::shorten(&matcher.value)
    );
    let mut values: Vec<String> = known.iter().map(|v| format!("`{v}`")).collect();
    values.sort();
    values.dedup();
    let more = values.len().saturating_sub(12);
    values.truncate(12);
    let mut list = values.join(", ");
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    let mut finding = query.finding(Code::MetricUnknownLabelValue, matcher.value_span, message, "matches no series");
    if let Some(near) = did_you_mean(&matcher.value, known.iter().map(|v| v.as_str())) {
        finding = finding.help(format!("did you mean `{near}`?"));
    }
    out.push(finding.help(format!("known values: {list}")));
}

fn unknown(query: &Query<'_>, metric: &Resolved, label: &str, span: crate::source::Span, effect: &str) -> Diagnostic {
    let mut message = format!("`{}` has no label `{}`", metric.name, crate::diag::shorten(label));
    let known: Vec<&str> =
        metric.metrics().flat_map(|m| m.labels.iter().chain(&m.labels_optional)).map(String::as_str).collect();
    let elsewhere: Vec<&Metric> = metric.history().filter(|m| origin(metric, m, label).is_some()).collect();
    let lacks = metric.against.first().zip(metric.profile.as_ref()).filter(|_| !elsewhere.is_empty());
    if let Some((against, profile)) = lacks {
        message.push_str(&format!(" in {} {}{}", profile.name, against.release, newest(against)));
    }
    let mut finding = query.finding(Code::MetricUnknownLabel, span, message, effect);
    if let Some((against, profile)) = lacks {
        finding = finding.help(format!("it is {}", known_in(elsewhere.iter().copied())));
        if against.declared_by.is_none() {
            finding = finding.help(say_release(profile));
        }
    }
    let near = did_you_mean(label, known.iter().copied()).or_else(|| {
        known.iter().find(|k| k.split('_').next() == Some(label) || k.ends_with(&format!("_{label}"))).copied()
    });
    if let Some(near) = near {
        finding = finding.help(format!("did you mean `{near}`?"));
    }
    let mut list: Vec<&str> = known;
    list.sort_unstable();
    list.dedup();
    let all = list.len();
    if all > 12 {
        list.retain(|l| metric.metrics().any(|m| m.labels.iter().any(|always| always == l)));
    }
    let mut list = if list.is_empty() { "none of its own".to_owned() } else { list.join(", ") };
    if all > 12 {
        list.push_str(" and more that some series have (`llmobs catalog show` lists them)");
    }
    finding.help(format!(
        "its labels are: {list}; a label that your scraping adds needs no mending, only a suppression with the reason"
    ))
}
