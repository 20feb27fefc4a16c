//! prometheus-adapter: rules that turn series into metrics for autoscalers, as its configuration or as values of its chart.
//!
//! Queries are Go templates (`<<.Series>>`, `<<.LabelMatchers>>`, `<<.GroupBy>>`); they are kept as they are written.

use super::node::Node;
use super::shape::{Pairs, Reader};
use super::text::Text;
use crate::diag::Code;
use crate::source::Place;

/// Lists of rules in the configuration.
const LISTS: &[(&str, bool)] = &[("rules", false), ("externalRules", true)];
/// Lists of rules in the values of the chart, below `rules`.
const VALUES: &[(&str, bool)] = &[("custom", false), ("external", true)];
/// Tables of queries for the resource metrics API.
const RESOURCES: &[&str] = &["cpu", "memory"];

/// Rules of prometheus-adapter.
#[derive(Clone, Debug, Default)]
pub struct Adapter {
    /// The rules.
    pub rules: Vec<AdapterRule>,
}

/// A rule of prometheus-adapter.
#[derive(Clone, Debug)]
pub struct AdapterRule {
    /// Which series it is about: a selector.
    pub series: Option<Text>,
    /// The query, a template.
    pub query: Option<Text>,
    /// `name.matches`: expression over names of series.
    pub matches: Option<Text>,
    /// `name.as`: name of the metric.
    pub name: Option<Text>,
    /// `resources.template`: names of labels from names of resources.
    pub template: Option<Text>,
    /// `resources.overrides`: label and resource.
    pub overrides: Pairs,
    /// Whether it gives external metrics.
    pub external: bool,
    /// The rule.
    pub place: Place,
}

/// Whether a tree is a configuration of prometheus-adapter or values of its chart.
pub(super) fn is_config(root: &Node<'_>) -> bool {
    let rules = |node: Option<&Node<'_>>| {
        let items = node.and_then(Node::list).unwrap_or_default();
        items.iter().any(|r| r.get("seriesQuery").is_some() || r.get("metricsQuery").is_some())
    };
    rules(root.get("rules"))
        || rules(root.get("externalRules"))
        || VALUES.iter().any(|(name, _)| rules(root.at(&["rules", name])))
        || RESOURCES.iter().any(|name| root.at(&["resourceRules", name, "containerQuery"]).is_some())
        || RESOURCES.iter().any(|name| root.at(&["rules", "resource", name, "containerQuery"]).is_some())
}

/// Reads a configuration or values.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>) -> Adapter {
    let mut out = Adapter::default();
    let values = root.get("rules").filter(|r| r.map().is_some());
    let (node, lists) = values.map_or((root, LISTS), |values| (values, VALUES));
    for (name, external) in lists {
        for item in reader.items(node, name) {
            out.rules.extend(rule(reader, item, *external));
        }
    }
    let resource = root.get("resourceRules").or_else(|| values.and_then(|v| v.get("resource")));
    for table in RESOURCES.iter().filter_map(|name| resource?.get(name)) {
        for field in ["containerQuery", "nodeQuery"] {
            let Some(query) = reader.text(table, field) else { continue };
            let place = query.whole();
            let overrides = overrides(reader, table);
            let (series, matches, name, template) = (None, None, None, None);
            let rule =
                AdapterRule { series, query: Some(query), matches, name, template, overrides, external: false, place };
            out.rules.push(rule);
        }
    }
    out
}

fn rule<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, external: bool) -> Option<AdapterRule> {
    if node.map().is_none() {
        reader.wrong_item("rules", node, "a rule with `seriesQuery`");
        return None;
    }
    let series = reader.text(node, "seriesQuery");
    if series.is_none() && node.get("seriesQuery").is_none_or(Node::is_null) {
        let place = reader.head(node);
        reader.push(Code::FileMissingField, "a rule of prometheus-adapter has no `seriesQuery`", place, "this rule");
    }
    let query = reader.text(node, "metricsQuery");
    let mut inner = |table: &str, field: &str| {
        reader.entries(node, table)?;
        reader.text(node.get(table)?, field)
    };
    let (matches, name, template) = (inner("name", "matches"), inner("name", "as"), inner("resources", "template"));
    let overrides = overrides(reader, node);
    Some(AdapterRule { series, query, matches, name, template, overrides, external, place: reader.place(node) })
}

fn overrides<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Pairs {
    let entries = node.at(&["resources", "overrides"]).and_then(Node::map);
    let pairs = entries.into_iter().flatten();
    pairs
        .filter_map(|(label, to)| Some((label.text(reader.source), to.get("resource")?.text(reader.source)?)))
        .collect()
}
