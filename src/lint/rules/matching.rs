//! `promql/labels-never-match`, `promql/many-to-many`, `promql/label-dropped`: two sides of an operation that do not find each
//! other, and labels that are asked for after they were dropped.

use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Labels, Presence, Typed, ValueType};
use crate::lint::{Cx, Query};
use crate::promql::{Binary, BinaryOp, Card, ExprKind, Grouping, Name};

/// Looks at every operation on two vectors, and at every grouping.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| match (&node.expr.kind, node.parts.as_slice()) {
        (ExprKind::Binary(binary), [left, right])
            if left.facts.value == ValueType::Vector && right.facts.value == ValueType::Vector =>
        {
            operation(query, binary, left, right, out);
        }
        (ExprKind::Aggregate(aggregate), [.., inner]) => {
            if let Grouping::By(list) = &aggregate.grouping {
                for name in list {
                    dropped(query, name, inner, "by", out);
                }
            }
        }
        _ => {}
    });
}

/// A label that is grouped or matched by, after an aggregation dropped it.
fn dropped(query: &Query<'_>, name: &Name, operand: &Typed<'_>, word: &str, out: &mut Vec<Diagnostic>) {
    if name.text.contains(['$', '<'])
        || operand.facts.labels.presence(&name.text).is_some()
        || operand.facts.constant.is_some()
    {
        return;
    }
    let left: Vec<&str> = operand.facts.labels.names().collect();
    let left = if left.is_empty() { "no label".to_owned() } else { left.join(", ") };
    let message =
        format!("`{word} ({})`: `{}` has no such label any more", name.text, query.quoted(operand.bare().expr.span));
    let mut finding = query.finding(Code::LabelDropped, name.span, message, "dropped before");
    // A recorded series may have more labels in a store that joins several Prometheus servers; grouping by them changes nothing here.
    if word == "by" && operand.bare().selector().is_some() {
        finding.severity = Severity::Info;
    }
    out.push(finding.help(format!("what is left there is {left}; keep `{}` in the inner aggregation", name.text)));
}

fn operation(query: &Query<'_>, binary: &Binary, left: &Typed<'_>, right: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    let (l, r) = (&left.facts.labels, &right.facts.labels);
    let mut missing = false;
    if let Some(matching) = &binary.matching {
        for name in matching.labels.iter().filter(|_| matching.on) {
            // Where both sides lack it, it is the same on both: nothing.
            let lacks = |side: &Typed<'_>| side.facts.labels.presence(&name.text).is_none();
            if lacks(left) && lacks(right) {
                continue;
            }
            for side in [left, right] {
                let before = out.len();
                dropped(query, name, side, "on", out);
                missing |= out.len() > before;
            }
        }
    }
    // `or` takes what does not match; a constant matches by design.
    if missing || binary.op == BinaryOp::Or || left.facts.is_constant() || right.facts.is_constant() {
        return;
    }
    if let Some((label, lacks, has, sure)) = never(binary, left, right) {
        let message = format!(
            "the two sides never match: `{}` has the label `{label}`, `{}` does not",
            query.quoted(has.bare().expr.span),
            query.quoted(lacks.bare().expr.span)
        );
        let mut finding = query.finding(Code::LabelsNeverMatch, binary.op_span, message, "the result is always empty");
        if binary.op == BinaryOp::Unless {
            finding = query.finding(
                Code::LabelsNeverMatch,
                binary.op_span,
                format!("`unless` excludes nothing: only one side has the label `{label}`"),
                "no series of the two sides match",
            );
        }
        if !sure {
            finding.severity = Severity::Warning;
        }
        let wanted: Vec<&str> = l.names().filter(|n| r.presence(n).is_some() && *n != "le").collect();
        finding = if wanted.is_empty() || l.open && r.open {
            finding.help(format!(
                "leave `{label}` out of the match with `ignoring ({label})`, or aggregate both sides by the same labels"
            ))
        } else {
            finding.help(format!("aggregate both sides by the same labels, for example `by ({})`", wanted.join(", ")))
        };
        out.push(finding);
        return;
    }
    if !binary.op.is_set() {
        several(query, binary, left, right, out);
    }
}

/// Returns a label that keeps the sides apart: on every series of one side and on none of the other; which side lacks it, which has
/// it, and whether that is certain.
fn never<'t, 'e>(
    binary: &Binary,
    left: &'t Typed<'e>,
    right: &'t Typed<'e>,
) -> Option<(String, &'t Typed<'e>, &'t Typed<'e>, bool)> {
    let compared = |label: &str| match &binary.matching {
        None => true,
        Some(m) if m.on => m.labels.iter().any(|n| n.text == label),
        Some(m) => !m.labels.iter().any(|n| n.text == label),
    };
    for (has, lacks) in [(left, right), (right, left)] {
        // An open side may have any label, except those that the metric would have to bring itself.
        for label in has.facts.labels.names() {
            if !compared(label) || label == "__name__" {
                continue;
            }
            match lacks.facts.labels.presence(label) {
                Some(_) if !(lacks.facts.labels.open && foreign(lacks, label) && foreign_is_sure(has, label)) => {}
                other => {
                    let always = has.facts.labels.presence(label) == Some(Presence::Always);
                    // `by (x)` on something unknown: x is meant to be there.
                    let meant = !has.facts.labels.open;
                    if other.is_none() && (always || meant) {
                        return Some((label.to_owned(), lacks, has, always));
                    }
                    if other.is_some() && always {
                        return Some((label.to_owned(), lacks, has, true));
                    }
                }
            }
        }
    }
    None
}

/// Returns whether the stored series of one known metric cannot have a label: it is none of its own, and none that scraping adds.
fn foreign(side: &Typed<'_>, label: &str) -> bool {
    let Some(metric) = &side.facts.metric else { return false };
    // Of a histogram, only the buckets have it.
    if label == "le" && metric.is_known() && metric.part != crate::catalog::Part::Bucket {
        return true;
    }
    !side.facts.labels.lists(label)
        && metric.is_of_complete()
        && !metric.passed_on
        && metric.metrics().all(|m| crate::catalog::label_origin(m, label).is_none())
}

/// Returns whether a label of a side comes from its metric, not from a matcher on a target label.
fn foreign_is_sure(side: &Typed<'_>, label: &str) -> bool {
    let own = |m: &crate::catalog::Metric| m.labels.iter().any(|l| l == label);
    label != "le" && side.facts.metric.as_ref().is_some_and(|m| m.is_known() && m.metrics().all(own))
        || label == "le" && side.facts.labels.open
}

/// Several series of the side that must have one per match.
fn several(query: &Query<'_>, binary: &Binary, left: &Typed<'_>, right: &Typed<'_>, out: &mut Vec<Diagnostic>) {
    let Some(matching) = &binary.matching else { return };
    if matching.labels.iter().any(|n| n.text.contains(['$', '<'])) {
        return;
    }
    let extra = |side: &Labels| -> Option<(String, bool)> {
        let outside = |label: &str| {
            let listed = matching.labels.iter().any(|n| n.text == label);
            if matching.on { !listed } else { listed }
        };
        // A label that a matcher fixes to one value tells no series apart, but that is not known here: only aggregated sides count as
        // certain, and stored series by their pods.
        if !side.open {
            return side.names().find(|l| outside(l) && !side.is_fixed(l)).map(|l| (l.to_owned(), true));
        }
        let by_target =
            ["instance", "pod"].into_iter().any(outside) && !["instance", "pod"].iter().any(|l| side.is_fixed(l));
        let apart = matching.on && by_target && !matching.labels.iter().any(|n| TARGETS.contains(&n.text.as_str()));
        apart.then(|| ("instance".to_owned(), false))
    };
    let faults: Vec<(&Typed<'_>, String, bool, &str)> = match &matching.card {
        Card::OneToOne => {
            let (l, r) = (extra(&left.facts.labels), extra(&right.facts.labels));
            match (l, r) {
                (Some((label, sure)), None) => vec![(left, label, sure, "group_left")],
                (None, Some((label, sure))) => vec![(right, label, sure, "group_right")],
                (Some((label, sure)), Some((_, other))) => vec![(left, label, sure && other, "")],
                (None, None) => vec![],
            }
        }
        // A label that is taken over is meant to have one value per match.
        Card::GroupLeft(taken) => extra(&taken.iter().fold((*right.facts.labels).clone(), |all, l| all.fix(&l.text)))
            .map(|(l, s)| (right, l, s, ""))
            .into_iter()
            .collect(),
        Card::GroupRight(taken) => extra(&taken.iter().fold((*left.facts.labels).clone(), |all, l| all.fix(&l.text)))
            .map(|(l, s)| (left, l, s, ""))
            .into_iter()
            .collect(),
    };
    for (side, label, sure, modifier) in faults {
        let what = query.quoted(side.bare().expr.span);
        let message = format!("`{what}` can have several series per match: they differ in `{label}`");
        let mut finding =
            query.finding(Code::ManyToMany, matching.span, message, "the query fails as soon as there are two");
        if !sure {
            finding.severity = Severity::Info;
        }
        let list: Vec<&str> = matching.labels.iter().map(|n| n.text.as_str()).collect();
        finding = if !matching.on {
            let modifier = if modifier.is_empty() { "group_left" } else { modifier };
            finding.help(format!(
                "aggregate `{label}` away on that side, or add `{modifier}` if it is meant to have several"
            ))
        } else if modifier.is_empty() {
            finding.help(format!(
                "aggregate that side to one series per match, for example `sum by ({})`",
                list.join(", ")
            ))
        } else {
            finding.help(format!(
                "add `{modifier}` if it is meant to have several, or aggregate it by `{}`",
                list.join(", ")
            ))
        };
        out.push(finding);
    }
}

/// Labels that tell the series of one target from those of another.
const TARGETS: &[&str] = &[
    "instance",
    "pod",
    "pod_name",
    "exported_pod",
    "exported_instance",
    "UUID",
    "uuid",
    "gpu",
    "node",
    "Hostname",
    "hostname",
    "host",
    "container",
];
