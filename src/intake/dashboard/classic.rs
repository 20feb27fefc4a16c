//! Dashboards with `panels`, or with `rows` of panels as before Grafana 5.
//!
//! Must not read queries or units.

use super::super::node::{Node, Value};
use super::super::shape::Reader;
use super::super::text::Text;
use super::datasource::{self, Datasource, Speaks};
use super::fields::{self, text};
use super::{Annotation, Dashboard, Override, Panel, PanelAlert, Schema, variables};

/// Reads a dashboard.
pub fn read<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Dashboard {
    let mut out = Dashboard {
        uid: text(reader, node, &["uid"]),
        title: text(reader, node, &["title"]),
        schema: Schema::Classic,
        ..Dashboard::default()
    };
    for input in node.get("__inputs").and_then(Node::list).unwrap_or_default() {
        out.inputs.extend(text(reader, input, &["name"]).map(|name| (name, text(reader, input, &["pluginId"]))));
    }
    if let Some(templating) = node.get("templating") {
        let list = reader.items(templating, "list");
        out.variables = list.iter().filter_map(|v| variables::classic(reader, v)).collect();
    }
    links(reader, node, &mut out.links);
    annotations(reader, node, &mut out);
    for item in reader.items(node, "panels") {
        panels(reader, item, &mut out);
    }
    for row in reader.items(node, "rows") {
        for item in reader.items(row, "panels") {
            panels(reader, item, &mut out);
        }
    }
    out
}

fn links<'a>(reader: &Reader<'a, '_>, node: &Node<'a>, out: &mut Vec<Text>) {
    let list = node.get("links").and_then(Node::list).unwrap_or_default();
    out.extend(list.iter().filter_map(|l| text(reader, l, &["url"])));
}

fn annotations<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, out: &mut Dashboard) {
    for item in node.at(&["annotations", "list"]).and_then(Node::list).unwrap_or_default() {
        let datasource = item.get("datasource").and_then(|d| datasource::read(reader, d));
        let expr = text(reader, item, &["expr"]).or_else(|| text(reader, item, &["target", "expr"]));
        let other = datasource.as_ref().is_some_and(|d| d.speaks(out) == Speaks::Other);
        if let Some(expr) = expr.filter(|_| !other) {
            out.annotations.push(Annotation { name: text(reader, item, &["name"]), expr, datasource });
        }
    }
}

/// Adds a panel and those that a collapsed row holds.
fn panels<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, out: &mut Dashboard) {
    let Value::Map(_) = node.value else {
        reader.wrong_item("panels", node, "a panel");
        return;
    };
    let panel = panel(reader, node, out);
    out.panels.push(panel);
    links(reader, node, &mut out.links);
    // Rows hold panels, never rows.
    for inner in reader.items(node, "panels") {
        let panel = self::panel(reader, inner, out);
        out.panels.push(panel);
        links(reader, inner, &mut out.links);
    }
}

fn panel<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, dashboard: &Dashboard) -> Panel {
    let datasource = node.get("datasource").and_then(|d| datasource::read(reader, d));
    let changed = node.get("transformations").and_then(Node::list).is_some_and(|t| !t.is_empty());
    let mut out = Panel {
        title: text(reader, node, &["title"]),
        kind: text(reader, node, &["type"]),
        description: text(reader, node, &["description"]),
        unit: None,
        min: None,
        max: None,
        decimals: None,
        overrides: Vec::new(),
        thresholds: Vec::new(),
        percent_thresholds: false,
        targets: Vec::new(),
        transformations: changed,
        repeat: text(reader, node, &["repeat"]),
        library: node.get("libraryPanel").is_some_and(|l| !l.is_null()),
        alert: node.get("alert").filter(|a| a.map().is_some()).map(|a| alert(reader, a)),
        place: reader.place(node),
        datasource,
    };
    if let Some(config) = node.get("fieldConfig") {
        fields::config(reader, config, &mut out);
    }
    before_fields(reader, node, &mut out);
    for item in reader.items(node, "targets") {
        targets(reader, item, dashboard, &mut out);
    }
    out
}

fn targets<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, dashboard: &Dashboard, panel: &mut Panel) {
    if node.map().is_none() {
        reader.wrong_item("targets", node, "a query");
        return;
    }
    let own: Option<Datasource> = node.get("datasource").and_then(|d| datasource::read(reader, d));
    let used = own.or_else(|| panel.datasource.clone());
    if used.as_ref().is_none_or(|d| d.speaks(dashboard) != Speaks::Other) {
        panel.targets.extend(fields::target(reader, node, used));
    }
}

/// Units and thresholds as panels had them before `fieldConfig`: graph, singlestat, gauge of the first plugin.
fn before_fields<'a>(reader: &Reader<'a, '_>, node: &Node<'a>, panel: &mut Panel) {
    let axes = node.get("yaxes").and_then(Node::list).unwrap_or_default();
    if let Some(left) = axes.first() {
        panel.unit = panel.unit.take().or_else(|| text(reader, left, &["format"]));
        panel.min = panel.min.take().or_else(|| text(reader, left, &["min"]));
        panel.max = panel.max.take().or_else(|| text(reader, left, &["max"]));
    }
    for series in node.get("seriesOverrides").and_then(Node::list).unwrap_or_default() {
        if series.get("yaxis").and_then(Node::str) == Some("2") {
            panel.overrides.push(Override {
                matcher: None,
                options: text(reader, series, &["alias"]),
                unit: axes.get(1).and_then(|right| text(reader, right, &["format"])),
            });
        }
    }
    let old = |path: &[&str]| text(reader, node, path);
    panel.unit = panel
        .unit
        .take()
        .or_else(|| old(&["format"]))
        .or_else(|| old(&["yaxis", "format"]))
        .or_else(|| old(&["options", "fieldOptions", "defaults", "unit"]));
    let Some(thresholds) = node.get("thresholds") else { return };
    match &thresholds.value {
        // `70,90`
        Value::Scalar(_) => {
            let Some(text) = thresholds.text(reader.source) else { return };
            let mut at = 0;
            for part in text.split(',') {
                let start = at + (part.len() - part.trim_start().len());
                if !part.trim().is_empty() {
                    panel.thresholds.push(text.part(start..start + part.trim().len()));
                }
                at += part.len() + 1;
            }
        }
        Value::List(items) => panel.thresholds.extend(items.iter().filter_map(|i| text(reader, i, &["value"]))),
        Value::Map(_) => {}
    }
}

fn alert<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> PanelAlert {
    let conditions = node.get("conditions").and_then(Node::list).unwrap_or_default();
    let numbers = conditions.iter().filter_map(|c| c.at(&["evaluator", "params"])?.list()).flatten();
    PanelAlert {
        name: text(reader, node, &["name"]),
        thresholds: numbers.filter_map(|n| n.text(reader.source)).collect(),
        for_: reader.duration(node, "for"),
    }
}
