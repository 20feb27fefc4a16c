//! `rule/duplicate-record`, `rule/duplicate-alert`, `rule/evaluation-order`, `rule/object-too-large`, `rule/field-too-new`: what
//! concerns a file of rules as a whole.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::infer::Typed;
use crate::intake::{Group, ObjectRef, Rule, RuleFile, Text};
use crate::lint::{Cx, Query};
use crate::promql::ExprKind;

/// Largest PrometheusRule that the operator takes, in bytes (prometheus-operator: pkg/operator, 512 KiB).
const MAX_OBJECT: usize = 512 * 1024;

/// Looks at one document of rules and its queries.
pub fn check(
    file: &RuleFile,
    object: Option<&ObjectRef>,
    queries: &[&Query<'_>],
    cx: &Cx<'_>,
    out: &mut Vec<Diagnostic>,
) {
    if let Some(object) = object.filter(|o| o.kind.as_str() == "PrometheusRule")
        && file.bytes > MAX_OBJECT
    {
        let message =
            format!("the object has {} bytes, and the Prometheus Operator refuses more than {MAX_OBJECT}", file.bytes);
        out.push(
            Diagnostic::new(
                Code::ObjectTooLarge,
                message,
                object.kind.whole(),
                "too large: none of its rules is loaded",
            )
            .help("split the groups over several objects"),
        );
    }
    duplicates(queries, out);
    order(file, queries, out);
    for group in &file.groups {
        fields(group, cx, out);
    }
}

/// Name and labels of a rule: what its series or alerts are told apart by.
type Identity<'q> = (bool, &'q str, Vec<(&'q str, &'q str)>, &'q str);

fn duplicates(queries: &[&Query<'_>], out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<Identity<'_>, &Text> = BTreeMap::new();
    for query in queries {
        let Some((rule, _)) = query.role.rule() else { continue };
        let Some(name) = name_of(rule) else { continue };
        let mut labels: Vec<(&str, &str)> = rule.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        labels.sort_unstable();
        let alert = rule.alert.is_some();
        let identity = (alert, name.as_str(), labels, query.text.as_str().trim());
        if let Some(first) = seen.get(&identity) {
            let (code, what) = if alert { (Code::DuplicateAlert, "alert") } else { (Code::DuplicateRecord, "record") };
            let message = format!(
                "the {what} `{}` is defined twice, with the same labels and expression",
                crate::diag::shorten(name)
            );
            out.push(
                Diagnostic::new(code, message, name.whole(), "again here").related(first.whole(), "first here").help(
                    if alert { "everybody is told twice: leave one out" } else { "the samples collide: leave one out" },
                ),
            );
        } else {
            seen.insert(identity, name);
        }
    }
}

/// Rules of a group are evaluated from top to bottom: what is read before it is recorded is one evaluation old.
fn order(file: &RuleFile, queries: &[&Query<'_>], out: &mut Vec<Diagnostic>) {
    let mut recorded: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
    for (g, group) in file.groups.iter().enumerate() {
        for (r, rule) in group.rules.iter().enumerate() {
            if let Some(name) = &rule.record {
                recorded.entry((g, name.as_str())).or_default().push(r);
            }
        }
    }
    for query in queries {
        let Some((rule, group)) = query.role.rule() else { continue };
        let (Some(g), Some(r)) = (index_in(&file.groups, group), index_in(&group.rules, rule)) else { continue };
        query.walk(&mut |node, above| {
            let Some(selector) = node.selector() else { return };
            // Of a window, it lacks the newest of many values.
            let over_time = |n: &Typed<'_>| matches!(n.expr.kind, ExprKind::Range(_) | ExprKind::Subquery(_));
            if over_time(node) || above.iter().any(|n| over_time(n)) {
                return;
            }
            let Some(writers) = recorded.get(&(g, selector.name.as_str())) else { return };
            if writers.iter().any(|w| *w <= r) {
                return;
            }
            let Some(name) = writers.first().and_then(|w| group.rules[*w].record.as_ref()) else { return };
            let message = format!(
                "`{}` is recorded further down in the group: this reads its value of one evaluation ago",
                selector.name
            );
            out.push(
                query
                    .finding(Code::EvaluationOrder, selector.name_span, message, "read before it is recorded")
                    .related(name.whole(), "recorded here")
                    .help("move the recording rule above what reads it"),
            );
        });
    }
}

/// Returns the position of an element that lies in a slice, by its address.
fn index_in<T>(all: &[T], one: &T) -> Option<usize> {
    let offset = std::ptr::from_ref(one).addr().checked_sub(all.as_ptr().addr())?;
    let index = offset / size_of::<T>();
    all.get(index).filter(|found| std::ptr::eq(*found, one)).map(|_| index)
}

/// Fields of groups and rules with the release of Prometheus that brought them (prometheus/prometheus CHANGELOG.md).
const SINCE: &[(&str, (u64, u64))] =
    &[("limit", (2, 31)), ("keep_firing_for", (2, 42)), ("query_offset", (2, 53)), ("labels", (3, 0))];

fn fields(group: &Group, cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Some(version) = &cx.settings.prometheus else { return };
    let mut too_new = |field: &str, text: &Text| {
        let Some((_, (major, minor))) = SINCE.iter().find(|(name, _)| *name == field) else { return };
        if (version.major(), version.minor()) >= (*major, *minor) {
            return;
        }
        let message = format!("`{field}` is known from Prometheus {major}.{minor} on, and {version} is declared");
        out.push(
            Diagnostic::new(Code::FieldTooNew, message, text.whole(), "the whole file is refused")
                .help("leave it out, or upgrade Prometheus"),
        );
    };
    if let Some(limit) = &group.limit {
        too_new("limit", limit);
    }
    if let Some(offset) = &group.query_offset {
        too_new("query_offset", &offset.text);
    }
    if let Some((name, _)) = group.labels.first() {
        too_new("labels", name);
    }
    for rule in &group.rules {
        if let Some(keep) = &rule.keep_firing_for {
            too_new("keep_firing_for", &keep.text);
        }
    }
}

fn name_of(rule: &Rule) -> Option<&Text> {
    rule.alert.as_ref().or(rule.record.as_ref())
}
