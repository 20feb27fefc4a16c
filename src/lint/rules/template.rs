//! `rule/template-label-missing`, `rule/template-unit`: a template of an alert that asks for a label that the expression dropped, or
//! shows the value in the wrong unit.

use crate::diag::{Code, Diagnostic};
use crate::intake::Text;
use crate::lint::{Cx, Query};

/// Looks at the annotations and labels of an alert.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Some((rule, _)) = query.role.rule().filter(|_| query.role.is_alert()) else { return };
    for (_, text) in rule.annotations.iter().chain(&rule.labels) {
        let mut asked: Vec<&str> = Vec::new();
        for (action, at) in actions(text.as_str()) {
            let first = action.trim_start_matches('-').split_whitespace().next();
            // `with` and `if` ask whether it is there.
            if matches!(first, Some("with" | "if" | "else")) {
                asked.extend(labels(action).iter().map(|(l, _)| *l));
                continue;
            }
            for (label, offset) in labels(action).into_iter().filter(|(l, _)| !asked.contains(l)) {
                missing(query, text, label, at + offset, out);
            }
            unit(query, text, action, at, out);
        }
    }
}

/// Returns what stands between `{{` and `}}`, with its place in the text.
fn actions(text: &str) -> Vec<(&str, usize)> {
    let mut out = Vec::new();
    let mut rest = 0;
    while let Some(open) = text[rest..].find("{{").map(|i| rest + i + 2) {
        let Some(close) = text[open..].find("}}").map(|i| open + i) else { break };
        out.push((&text[open..close], open));
        rest = close + 2;
    }
    out
}

/// Returns the labels that an action reads: `$labels.x`, `.Labels.x`, `index $labels "x"`.
fn labels(action: &str) -> Vec<(&str, usize)> {
    let mut out = Vec::new();
    for start in ["$labels.", ".Labels."] {
        let mut rest = 0;
        while let Some(at) = action[rest..].find(start).map(|i| rest + i + start.len()) {
            let end =
                action[at..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(action.len(), |i| at + i);
            if end > at {
                out.push((&action[at..end], at));
            }
            rest = end.max(at);
        }
    }
    for start in ["index $labels \"", "index .Labels \""] {
        if let Some(at) = action.find(start).map(|i| i + start.len())
            && let Some(end) = action[at..].find('"').map(|i| at + i)
        {
            out.push((&action[at..end], at));
        }
    }
    out
}

fn missing(query: &Query<'_>, text: &Text, label: &str, at: usize, out: &mut Vec<Diagnostic>) {
    let facts = &query.typed.facts;
    if label == "alertname" || facts.labels.presence(label).is_some() {
        return;
    }
    let left: Vec<&str> = facts.labels.names().collect();
    let left = if left.is_empty() { "none".to_owned() } else { left.join(", ") };
    let message = format!("the template shows the label `{label}`, which the expression does not keep");
    out.push(
        Diagnostic::new(
            Code::TemplateLabelMissing,
            message,
            text.place(at..at + label.len()),
            "empty in every message",
        )
        .related(query.whole(), "drops it")
        .help(format!("keep `{label}` in the aggregation, or leave it out here; labels that are kept: {left}")),
    );
}

fn unit(query: &Query<'_>, text: &Text, action: &str, at: usize, out: &mut Vec<Diagnostic>) {
    let facts = &query.typed.facts;
    let Some(unit) = facts.unit.filter(|_| facts.sure) else { return };
    if !action.contains("$value") && !action.contains(".Value") {
        return;
    }
    let behind = text.as_str().get(at + action.len() + 2..).unwrap_or_default();
    let percent_sign = behind.starts_with('%') || behind.starts_with(" %");
    let (wrong, help) = if unit.is_percent() && action.contains("humanizePercentage") {
        ("`humanizePercentage` multiplies by 100 what is percent already", "write `{{ $value | printf \"%.1f\" }} %`")
    } else if unit.is_ratio() && percent_sign && !action.contains("humanizePercentage") {
        ("a ratio (0 to 1) is shown with a percent sign", "write `{{ $value | humanizePercentage }}`")
    } else if action.contains("humanizeDuration")
        && unit.power(crate::infer::Dimension::Time) == 1
        && unit.scale.is_some_and(|s| !crate::infer::near(s, 1.0))
    {
        ("`humanizeDuration` takes seconds", "bring the expression to seconds")
    } else {
        return;
    };
    let place = text.place(at..at + action.len());
    out.push(Diagnostic::new(Code::TemplateUnit, wrong, place, format!("the value is {unit}")).help(help));
}
