//! The classic dashboard model: the JSON that every Grafana reads.

use serde_json::{Map, Value, json};

use super::layout::{self, Place};
use super::model::{Annotation, Dashboard, Panel, Query, Row, Variable, View};
use super::viz::{self, link, ref_id};

/// Version of the schema (`kinds/dashboard/dashboard_kind.cue`); Grafana 11.6 and newer write it, older ones migrate from it.
const SCHEMA_VERSION: u32 = 41;

/// Prints a dashboard.
pub fn document(dashboard: &Dashboard) -> Value {
    json!({
        "annotations": { "list": dashboard.annotation.iter().map(annotation).collect::<Vec<_>>() },
        "description": dashboard.description,
        "editable": true,
        "fiscalYearStartMonth": 0,
        // Shared crosshair.
        "graphTooltip": 1,
        "links": dashboard.links.iter().map(link).collect::<Vec<_>>(),
        "panels": panels(&dashboard.rows),
        "preload": false,
        "refresh": "30s",
        "schemaVersion": SCHEMA_VERSION,
        "tags": dashboard.tags,
        "templating": { "list": variables(dashboard) },
        "time": { "from": dashboard.from, "to": "now" },
        "timepicker": {},
        "timezone": "browser",
        "title": dashboard.title,
        "uid": dashboard.uid,
    })
}

/// Returns the reference to the data source that the reader has selected.
fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

/// `titleFormat`, `textFormat` and `tagKeys` are read by the Prometheus data source, not by Grafana: its published schema has no
/// place for them.
fn annotation(annotation: &Annotation) -> Value {
    json!({
        "datasource": datasource(),
        "enable": true,
        "expr": annotation.expr.to_string(),
        "hide": false,
        "iconColor": "red",
        "name": annotation.name,
        "tagKeys": annotation.tags.join(","),
        "textFormat": annotation.text,
        "titleFormat": annotation.title,
    })
}

fn variables(dashboard: &Dashboard) -> Vec<Value> {
    let mut source = json!({
        "description": "The Prometheus that evaluates the rules.",
        "hide": 0,
        "includeAll": false,
        "label": "Data source",
        "multi": false,
        "name": "datasource",
        "options": [],
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "type": "datasource",
    });
    if let Some(uid) = &dashboard.datasource {
        source["current"] = json!({ "selected": true, "text": uid, "value": uid });
    }
    std::iter::once(source).chain(dashboard.variables.iter().map(variable)).collect()
}

fn variable(variable: &Variable) -> Value {
    let query = layout::label_values(variable);
    let mut out = json!({
        "datasource": datasource(),
        "definition": query,
        "description": variable.description,
        "hide": 0,
        "includeAll": variable.several,
        "label": variable.label,
        "multi": variable.several,
        "name": variable.name,
        "options": [],
        "query": { "query": query, "refId": format!("Variable-{}", variable.name) },
        // When the time range changes: models come and go.
        "refresh": 2,
        "regex": "",
        // Alphabetical.
        "sort": 1,
        "type": "query",
    });
    if variable.several {
        // Also matches series that lack the label, such as those of models outside Kubernetes.
        out["allValue"] = json!(".*");
        out["current"] = json!({ "selected": true, "text": ["All"], "value": ["$__all"] });
    }
    out
}

fn panels(rows: &[Row]) -> Vec<Value> {
    let mut out = Vec::new();
    let mut id = 0;
    let mut top = 0;
    for row in rows {
        id += 1;
        out.push(json!({
            "collapsed": false,
            "gridPos": { "h": 1, "w": 24, "x": 0, "y": top },
            "id": id,
            "panels": [],
            "title": row.title,
            "type": "row",
        }));
        top += 1;
        let (places, height) = layout::places(&row.panels);
        for (p, place) in row.panels.iter().zip(places) {
            id += 1;
            out.push(panel(p, id, Place { y: place.y + top, ..place }));
        }
        top += height;
    }
    out
}

fn panel(panel: &Panel, id: u32, place: Place) -> Value {
    let viz = viz::viz(panel);
    let mut out = json!({
        "datasource": datasource(),
        "description": panel.description,
        "fieldConfig": viz.field_config,
        "gridPos": { "h": place.height, "w": place.width, "x": place.x, "y": place.y },
        "id": id,
        "options": viz.options,
        "targets": panel.queries.iter().enumerate().map(|(n, q)| target(&panel.view, n, q)).collect::<Vec<_>>(),
        "title": panel.title,
        "type": viz.plugin,
    });
    if !viz.transformations.is_empty() {
        let list = viz.transformations.iter().map(|(id, options)| json!({ "id": id, "options": options }));
        out["transformations"] = list.collect();
    }
    if !panel.links.is_empty() {
        out["links"] = panel.links.iter().map(|(title, url)| panel_link(title, url)).collect();
    }
    out
}

fn panel_link(title: &str, url: &str) -> Value {
    json!({
        "asDropdown": false,
        "icon": "external link",
        "includeVars": false,
        "keepTime": false,
        "tags": [],
        "targetBlank": true,
        "title": title,
        "tooltip": "",
        "type": "link",
        "url": url,
    })
}

fn target(view: &View, n: usize, query: &Query) -> Value {
    let mut out = Map::new();
    out.insert("datasource".to_owned(), datasource());
    out.extend(layout::query(view, query));
    out.insert("refId".to_owned(), json!(ref_id(n)));
    Value::Object(out)
}
