//! Rule files of Prometheus and of what understands the same (Thanos, Mimir, VictoriaMetrics), as files and as objects.
//!
//! Finds what makes Prometheus refuse the file before it looks at an expression. Must not read expressions.

use super::node::Node;
use super::shape::{Pairs, Reader, Timed};
use super::template;
use super::text::Text;
use crate::diag::{Code, Diagnostic, shorten};
use crate::source::Place;

pub(super) const GROUP: &[&str] = &["name", "interval", "query_offset", "limit", "labels", "rules"];
/// Fields of a group that only other flavours than Prometheus know.
const GROUP_ELSEWHERE: &[&str] = &[
    "partial_response_strategy",
    "source_tenants",
    "evaluation_delay",
    "align_evaluation_time_on_interval",
    "federated_scope",
    "type",
    "concurrency",
    "eval_offset",
    "eval_delay",
    "eval_alignment",
    "params",
    "headers",
    "notifier_headers",
    "tenant",
    "extra_filter_labels",
    "debug",
    "remotewrite",
];
const RULE: &[&str] = &["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];
/// Fields of a rule that only VictoriaMetrics knows.
const RULE_ELSEWHERE: &[&str] = &["debug", "update_entries_limit"];
/// Fields beside `groups` that tools for Mimir, Cortex and Thanos know.
const FILE_ELSEWHERE: &[&str] = &["namespace"];

/// Rules in groups.
#[derive(Clone, Debug, Default)]
pub struct RuleFile {
    /// The groups.
    pub groups: Vec<Group>,
    /// Size of the document or object as it is written, in bytes.
    pub bytes: usize,
    /// Whether an object holds the groups; else a file.
    pub object: bool,
}

/// A group: rules that are evaluated one after the other.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Option<Text>,
    /// Time between evaluations.
    pub interval: Option<Timed>,
    /// How far back evaluations look.
    pub query_offset: Option<Timed>,
    /// Alerts or series that a rule may give.
    pub limit: Option<Text>,
    /// Labels that every rule gets.
    pub labels: Pairs,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Fields that only other flavours than Prometheus know.
    pub extras: Vec<Text>,
    /// Fields that nothing knows; the findings were made.
    pub unknown_fields: Vec<Text>,
    /// The group without the text behind it.
    pub place: Place,
}

/// A rule, which records or alerts.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Name of the series that it makes.
    pub record: Option<Text>,
    /// Name of the alert.
    pub alert: Option<Text>,
    /// The expression; a rule without one is not returned.
    pub expr: Text,
    /// How long it must hold (`for`).
    pub for_: Option<Timed>,
    /// How long the alert outlives its cause.
    pub keep_firing_for: Option<Timed>,
    /// Labels.
    pub labels: Pairs,
    /// Annotations.
    pub annotations: Pairs,
    /// Fields that only other flavours than Prometheus know.
    pub extras: Vec<Text>,
    /// Fields that nothing knows; the findings were made.
    pub unknown_fields: Vec<Text>,
    /// The rule.
    pub place: Place,
}

/// Reads a mapping with `groups`. `bytes` is the size of what holds it.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, bytes: usize) -> RuleFile {
    let object = reader.strict_strings;
    if !object {
        reader.unknown(node, "a rule file", &["groups"], FILE_ELSEWHERE);
    }
    let mut groups: Vec<Group> = Vec::new();
    for item in reader.items(node, "groups") {
        groups.extend(group(reader, item));
    }
    repeated_names(reader, &groups);
    RuleFile { groups, bytes, object }
}

fn repeated_names(reader: &mut Reader<'_, '_>, groups: &[Group]) {
    let mut names: Vec<&Text> = groups.iter().filter_map(|g| g.name.as_ref()).collect();
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()).then(a.whole().cmp(&b.whole())));
    for pair in names.windows(2) {
        let [first, again] = pair else { continue };
        if first.as_str() == again.as_str() {
            let message = format!("two groups are named `{}`", shorten(again));
            let finding = Diagnostic::new(Code::FileDuplicateKey, message, again.whole(), "again here");
            reader.find(finding.related(first.whole(), "before here"));
        }
    }
}

fn group<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Option<Group> {
    if node.map().is_none() {
        reader.wrong_item("groups", node, "a group with `name` and `rules`");
        return None;
    }
    let (extras, unknown_fields) = reader.unknown(node, "a group", GROUP, GROUP_ELSEWHERE);
    let name = reader.text(node, "name").filter(|n| !n.is_empty());
    if name.is_none() && node.get("name").is_none_or(|n| n.scalar().is_some()) {
        let place = reader.head(node);
        reader.push(Code::FileMissingField, "a group has no `name`", place, "this group");
    }
    Some(Group {
        interval: reader.duration(node, "interval"),
        query_offset: reader.duration(node, "query_offset"),
        limit: whole_number(reader, node, "limit"),
        labels: reader.pairs(node, "labels"),
        rules: {
            let items = reader.items(node, "rules");
            items.iter().filter_map(|item| rule(reader, item)).collect()
        },
        place: reader.place(node),
        name,
        extras,
        unknown_fields,
    })
}

fn whole_number<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, name: &str) -> Option<Text> {
    let text = reader.number(node, name)?;
    if text.parse::<i64>().is_err() {
        let message = format!("`{name}` is no whole number: `{}`", shorten(&text));
        reader.push(Code::FileInvalidValue, message, text.whole(), "expected a whole number");
    }
    Some(text)
}

fn rule<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Option<Rule> {
    if node.map().is_none() {
        reader.wrong_item("rules", node, "a rule with `record` or `alert`");
        return None;
    }
    let (extras, unknown_fields) = reader.unknown(node, "a rule", RULE, RULE_ELSEWHERE);
    let record = reader.text(node, "record").filter(|t| !t.is_empty());
    let alert = reader.text(node, "alert").filter(|t| !t.is_empty());
    let head = reader.head(node);
    match (&record, &alert) {
        (Some(record), Some(alert)) => {
            let message = "a rule has both `record` and `alert`";
            let finding = Diagnostic::new(Code::FileConflictingFields, message, alert.whole(), "alerts here");
            reader.find(finding.related(record.whole(), "records here").help("write two rules"));
        }
        (None, None) => {
            reader.push(Code::FileMissingField, "a rule has neither `record` nor `alert`", head, "this rule");
        }
        _ => {}
    }
    if record.is_some() && alert.is_none() {
        only_for_alerts(reader, node);
    }
    let expr = expression(reader, node, head, record.as_ref().or(alert.as_ref()));
    let (for_, keep_firing_for) = (reader.duration(node, "for"), reader.duration(node, "keep_firing_for"));
    let (labels, annotations) = (reader.pairs(node, "labels"), reader.pairs(node, "annotations"));
    let place = reader.place(node);
    let expr = expr?;
    Some(Rule { record, alert, expr, for_, keep_firing_for, labels, annotations, extras, unknown_fields, place })
}

/// Prometheus refuses these fields on a rule that records.
fn only_for_alerts<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) {
    for name in ["for", "keep_firing_for", "annotations"] {
        let Some((key, value)) = node.map().into_iter().flatten().find(|(k, _)| k.name == name) else { continue };
        if value.is_null() || value.map().is_some_and(|m| m.is_empty()) {
            continue;
        }
        let message = format!("a rule that records has `{name}`");
        let finding =
            Diagnostic::new(Code::FileConflictingFields, message, key.place(reader.source), "only for alerts");
        reader.find(finding.help("remove the field, or write `alert` for `record`"));
    }
}

fn expression<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, head: Place, name: Option<&Text>) -> Option<Text> {
    let value = reader.field(node, "expr");
    let text = match value {
        // `expr: 1` is an expression in every flavour.
        Some(value) if value.scalar().is_some() => value.text(reader.source),
        Some(value) => {
            reader.wrong("expr", value, "an expression");
            return None;
        }
        None => None,
    };
    let Some(text) = text.filter(|t| !t.trim().is_empty()) else {
        let message = match name {
            Some(name) => format!("the rule `{}` has no `expr`", shorten(name)),
            None => "a rule has no `expr`".to_owned(),
        };
        reader.push(Code::FileMissingField, message, name.map_or(head, Text::whole), "this rule");
        return None;
    };
    if let Some(range) = template::in_expression(&text) {
        let message = "an expression holds text of a template that was not rendered";
        let finding = Diagnostic::new(Code::FileNotRendered, message, text.place(range), "template text");
        reader.find(finding.help(template::RENDER));
        return None;
    }
    Some(text)
}
