//! `promql/bucket-not-there`, `promql/bucket-spelling`: a matcher on `le` that no bucket fits.

use crate::catalog::{LeSpelling, Part};
use crate::diag::{Code, Diagnostic, Fix, Severity};
use crate::infer::Resolved;
use crate::lint::{Cx, Query};
use crate::promql::{MatchOp, Matcher};
use crate::units::bucket_bound;

/// Looks at every matcher on `le`.
pub fn check(query: &Query<'_>, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let (Some(metric), Some(selector)) = (&node.metric, node.selector()) else { return };
        if metric.part != Part::Bucket || !metric.is_known() {
            return;
        }
        for matcher in selector.matchers.iter().filter(|m| m.label == "le" && !m.value.contains('$')) {
            match matcher.op {
                MatchOp::Equal => equal(query, cx, metric, matcher, out),
                MatchOp::Regex => regex(query, metric, matcher, out),
                MatchOp::NotEqual | MatchOp::NotRegex => {}
            }
        }
    });
}

fn equal(query: &Query<'_>, cx: &Cx<'_>, metric: &Resolved, matcher: &Matcher, out: &mut Vec<Diagnostic>) {
    if matcher.value == "+Inf" {
        return;
    }
    let known: Vec<f64> = metric.metrics().flat_map(|m| m.buckets.iter().copied()).collect();
    if known.is_empty() {
        return;
    }
    let value = matcher.value.parse::<f64>().ok().filter(|v| v.is_finite());
    let Some(value) = value.filter(|v| known.iter().any(|k| crate::infer::near(*k, *v))) else {
        let message = format!("`{}` has no bucket `le=\"{}\"`", metric.name, crate::diag::shorten(&matcher.value));
        let mut finding = query.finding(Code::BucketNotThere, matcher.value_span, message, "matches no series");
        finding.severity = if metric.is_derived() { Severity::Warning } else { Severity::Error };
        if let Some(value) = value {
            let below = known.iter().copied().filter(|k| *k < value).fold(f64::NAN, f64::max);
            let above = known.iter().copied().filter(|k| *k > value).fold(f64::NAN, f64::min);
            let edges: Vec<String> = [below, above]
                .into_iter()
                .filter(|e| e.is_finite())
                .map(|e| format!("`{}`", spelled(e, cx, metric)))
                .collect();
            finding = finding.help(format!("the nearest edges are {}", edges.join(" and ")));
        }
        out.push(finding);
        return;
    };
    let right = spelled(value, cx, metric);
    if right == matcher.value {
        return;
    }
    let declared = cx.settings.prometheus.is_some();
    let who = if declared { "the declared Prometheus" } else { "Prometheus 3" };
    let message = format!("{who} stores this bucket as `le=\"{right}\"`, not `le=\"{}\"`", matcher.value);
    let mut finding = query.finding(Code::BucketSpelling, matcher.value_span, message, "matches no series");
    if !declared && near_spelling(value, &matcher.value, metric) {
        finding.severity = Severity::Warning;
        finding = finding.help(format!("write `le=~\"{}\"` to match both spellings", both(value)));
    } else {
        finding = finding.help(format!("write `le=\"{right}\"`"));
    }
    if let Some(place) = query.exact(matcher.value_span) {
        finding.fix = Some(Fix::unsafe_(place, format!("\"{right}\""), "the spelling that is stored"));
    }
    out.push(finding);
}

/// Prometheus 3 stores whole bounds with `.0`, Prometheus 2 as the exporter writes them.
fn spelled(bound: f64, cx: &Cx<'_>, metric: &Resolved) -> String {
    let float = match &cx.settings.prometheus {
        Some(version) if version.major() < 3 => {
            metric.profile.as_ref().is_none_or(|p| p.le_spelling == LeSpelling::Float)
        }
        _ => true,
    };
    let short = bucket_bound(bound);
    if float && !short.contains(['.', 'e', 'E']) { format!("{short}.0") } else { short }
}

/// Returns whether the value is what Prometheus 2 would have stored.
fn near_spelling(bound: f64, written: &str, metric: &Resolved) -> bool {
    let shortest = metric.profile.as_ref().is_some_and(|p| p.le_spelling == LeSpelling::Shortest);
    shortest && written == bucket_bound(bound)
}

fn both(bound: f64) -> String {
    format!("{}(\\\\.0)?", bucket_bound(bound).replace('.', "\\\\."))
}

fn regex(query: &Query<'_>, metric: &Resolved, matcher: &Matcher, out: &mut Vec<Diagnostic>) {
    let known: Vec<f64> = metric.metrics().flat_map(|m| m.buckets.iter().copied()).collect();
    let spellings = known.iter().flat_map(|k| {
        let short = bucket_bound(*k);
        let float = if short.contains(['.', 'e', 'E']) { short.clone() } else { format!("{short}.0") };
        [short, float]
    });
    let fits = spellings.chain(["+Inf".to_owned()]).any(|s| crate::lint::regex::matches(&matcher.value, &s));
    if known.is_empty() || fits {
        return;
    }
    let message = format!("no bucket of `{}` matches `le=~\"{}\"`", metric.name, crate::diag::shorten(&matcher.value));
    out.push(query.finding(Code::BucketNotThere, matcher.value_span, message, "matches no series"));
}
