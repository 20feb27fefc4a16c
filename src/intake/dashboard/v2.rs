//! Dashboards of schema 2 (`dashboard.grafana.app/v2...`): elements, and a layout that refers to them.
//!
//! Must not read queries or units.

use super::super::node::{Node, Value};
use super::super::shape::Reader;
use super::super::text::Text;
use super::datasource::{self, Datasource, Speaks};
use super::fields::{self, text};
use super::{Annotation, Dashboard, Panel, Schema, variables};

/// Reads the `spec` of a dashboard.
pub fn read<'a>(reader: &mut Reader<'a, '_>, spec: &Node<'a>) -> Dashboard {
    let mut out = Dashboard { title: text(reader, spec, &["title"]), schema: Schema::V2, ..Dashboard::default() };
    let list = reader.items(spec, "variables");
    out.variables = list.iter().filter_map(|v| variables::v2(reader, v)).collect();
    let link = |l: &Node<'a>| text(reader, l, &["url"]);
    out.links = spec.get("links").and_then(Node::list).unwrap_or_default().iter().filter_map(link).collect();
    for item in reader.items(spec, "annotations") {
        annotation(reader, item, &mut out);
    }
    let repeats = spec.get("layout").map(|l| repeats(reader, l)).unwrap_or_default();
    for (name, node) in reader.entries(spec, "elements").into_iter().flatten() {
        let Some(mut panel) = panel(reader, node, &out) else { continue };
        panel.repeat = repeats.iter().find(|(element, _)| element == &*name.name).map(|(_, variable)| variable.clone());
        out.panels.push(panel);
        let links = node.at(&["spec", "links"]).and_then(Node::list).unwrap_or_default();
        out.links.extend(links.iter().filter_map(|l| text(reader, l, &["url"])));
    }
    out
}

/// Returns the data source of a query: `group` (the kind, in the first versions of the schema) and `datasource`.
pub fn query_datasource<'a>(reader: &Reader<'a, '_>, query: &Node<'a>) -> Option<Datasource> {
    let mut out = query.get("datasource").and_then(|d| datasource::read(reader, d));
    let group = text(reader, query, &["group"]);
    let group = group.or_else(|| text(reader, query, &["kind"]).filter(|kind| &**kind != "DataQuery"));
    match (&mut out, group) {
        (Some(datasource), Some(group)) => datasource.kind = Some(group),
        (None, Some(group)) => out = Some(Datasource { kind: Some(group), uid: None }),
        _ => {}
    }
    out
}

fn annotation<'a>(reader: &Reader<'a, '_>, node: &Node<'a>, out: &mut Dashboard) {
    let Some(spec) = node.get("spec") else { return };
    let datasource = spec.get("query").and_then(|q| query_datasource(reader, q));
    let expr =
        text(reader, spec, &["query", "spec", "expr"]).or_else(|| text(reader, spec, &["legacyOptions", "expr"]));
    let other = datasource.as_ref().is_some_and(|d| d.speaks(out) == Speaks::Other);
    if let Some(expr) = expr.filter(|_| !other) {
        out.annotations.push(Annotation { name: text(reader, spec, &["name"]), expr, datasource });
    }
}

fn panel<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, dashboard: &Dashboard) -> Option<Panel> {
    let spec = node.get("spec")?;
    let viz = spec.get("vizConfig");
    let viz_kind = viz.and_then(|v| text(reader, v, &["group"]).or_else(|| text(reader, v, &["kind"])));
    let changed = spec.at(&["data", "spec", "transformations"]).and_then(Node::list).is_some_and(|t| !t.is_empty());
    let mut out = Panel {
        title: text(reader, spec, &["title"]),
        kind: viz_kind,
        description: text(reader, spec, &["description"]),
        unit: None,
        min: None,
        max: None,
        decimals: None,
        overrides: Vec::new(),
        thresholds: Vec::new(),
        percent_thresholds: false,
        targets: Vec::new(),
        datasource: None,
        transformations: changed,
        repeat: None,
        library: node.get("kind").and_then(Node::str) == Some("LibraryPanel"),
        alert: None,
        place: reader.place(node),
    };
    if let Some(config) = viz.and_then(|v| v.at(&["spec", "fieldConfig"])) {
        fields::config(reader, config, &mut out);
    }
    let Some(data) = spec.at(&["data", "spec"]) else { return Some(out) };
    for item in reader.items(data, "queries") {
        let Some(query) = item.at(&["spec", "query"]) else { continue };
        let datasource = query_datasource(reader, query)
            .or_else(|| item.at(&["spec", "datasource"]).and_then(|d| datasource::read(reader, d)));
        if datasource.as_ref().is_some_and(|d| d.speaks(dashboard) == Speaks::Other) {
            continue;
        }
        let Some(mut target) = query.get("spec").and_then(|s| fields::target(reader, s, datasource)) else { continue };
        target.hidden = item.at(&["spec", "hidden"]).and_then(Node::bool).unwrap_or(false);
        target.ref_id = text(reader, item, &["spec", "refId"]);
        out.targets.push(target);
    }
    Some(out)
}

/// Returns which elements the layout repeats, and for which variable.
fn repeats<'a>(reader: &Reader<'a, '_>, layout: &Node<'a>) -> Vec<(String, Text)> {
    let mut out = Vec::new();
    let mut open = vec![layout];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::Map(entries) => {
                let element = node.at(&["element", "name"]).and_then(Node::str);
                if let (Some(element), Some(variable)) = (element, text(reader, node, &["repeat", "value"])) {
                    out.push((element.to_owned(), variable));
                }
                open.extend(entries.iter().map(|(_, n)| n));
            }
            Value::List(items) => open.extend(items),
            Value::Scalar(_) => {}
        }
    }
    out
}
