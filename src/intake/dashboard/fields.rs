//! What both schemas share: units, thresholds and overrides of `fieldConfig`, and the fields of a query.
//!
//! Must not read units.

use super::super::node::Node;
use super::super::shape::Reader;
use super::super::text::Text;
use super::{Datasource, Override, Panel, Target};

/// Returns the text of a field that is not empty, without a finding for other types.
pub fn text<'a>(reader: &Reader<'a, '_>, node: &Node<'a>, path: &[&str]) -> Option<Text> {
    node.at(path).and_then(|n| n.text(reader.source)).filter(|t| !t.is_empty())
}

/// Reads `fieldConfig` into a panel.
pub fn config<'a>(reader: &Reader<'a, '_>, config: &Node<'a>, panel: &mut Panel) {
    let default = |name: &str| text(reader, config, &["defaults", name]);
    panel.unit = default("unit");
    (panel.min, panel.max, panel.decimals) = (default("min"), default("max"), default("decimals"));
    let thresholds = config.at(&["defaults", "thresholds"]);
    panel.percent_thresholds =
        thresholds.and_then(|t| t.get("mode")).and_then(Node::str).is_some_and(|m| m == "percentage");
    let steps = thresholds.and_then(|t| t.get("steps")).and_then(Node::list).unwrap_or_default();
    panel.thresholds = steps.iter().filter_map(|s| text(reader, s, &["value"])).collect();
    for node in config.get("overrides").and_then(Node::list).unwrap_or_default() {
        let properties = node.get("properties").and_then(Node::list).unwrap_or_default();
        let unit = properties.iter().find(|p| p.get("id").and_then(Node::str) == Some("unit"));
        panel.overrides.push(Override {
            matcher: text(reader, node, &["matcher", "id"]),
            options: text(reader, node, &["matcher", "options"]),
            unit: unit.and_then(|p| text(reader, p, &["value"])),
        });
    }
}

/// Reads the fields of a query. `None` if it has none for Prometheus.
pub fn target<'a>(reader: &mut Reader<'a, '_>, query: &Node<'a>, datasource: Option<Datasource>) -> Option<Target> {
    // Queries in SQL and queries that compute on others can carry an `expr` of an earlier life.
    if ["rawSql", "expression"].iter().any(|f| query.get(f).is_some_and(|n| !n.is_null())) {
        return None;
    }
    let expr = reader.text(query, "expr").filter(|e| !e.trim().is_empty())?;
    let flag = |name: &str| query.get(name).and_then(Node::bool).unwrap_or(false);
    Some(Target {
        expr,
        ref_id: text(reader, query, &["refId"]),
        legend: text(reader, query, &["legendFormat"]),
        format: text(reader, query, &["format"]),
        instant: flag("instant") && !flag("range"),
        interval: text(reader, query, &["interval"]),
        hidden: flag("hide"),
        datasource,
        place: reader.place(query),
    })
}
