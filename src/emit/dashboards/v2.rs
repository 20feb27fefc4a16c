//! The schema of Grafana 12 and newer: `dashboard.grafana.app/v2beta1`, elements and a layout of rows, as a manifest.

use serde_json::{Map, Value, json};

use super::layout;
use super::model::{Annotation, Dashboard, Panel, Query, Row, Variable, View};
use super::viz::{self, link, ref_id};

/// Prints a dashboard.
pub fn document(dashboard: &Dashboard) -> Value {
    json!({
        "apiVersion": "dashboard.grafana.app/v2beta1",
        "kind": "Dashboard",
        "metadata": { "name": dashboard.uid },
        "spec": spec(dashboard),
    })
}

fn spec(dashboard: &Dashboard) -> Value {
    json!({
        "annotations": dashboard.annotation.iter().map(annotation).collect::<Vec<_>>(),
        "cursorSync": "Crosshair",
        "description": dashboard.description,
        "editable": true,
        "elements": elements(&dashboard.rows),
        "layout": { "kind": "RowsLayout", "spec": { "rows": rows(&dashboard.rows) } },
        "links": dashboard.links.iter().map(link).collect::<Vec<_>>(),
        "preload": false,
        "tags": dashboard.tags,
        "timeSettings": {
            "autoRefresh": "30s",
            "autoRefreshIntervals": ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"],
            "fiscalYearStartMonth": 0,
            "from": dashboard.from,
            "hideTimepicker": false,
            "timezone": "browser",
            "to": "now",
        },
        "title": dashboard.title,
        "variables": variables(dashboard),
    })
}

fn data_query(spec: Value) -> Value {
    json!({
        "kind": "DataQuery",
        "group": "prometheus",
        "version": "v0",
        "datasource": { "name": "${datasource}" },
        "spec": spec,
    })
}

fn annotation(annotation: &Annotation) -> Value {
    let expr = annotation.expr.to_string();
    json!({
        "kind": "AnnotationQuery",
        "spec": {
            "enable": true,
            "hide": false,
            "iconColor": "red",
            "legacyOptions": {
                "expr": expr,
                "tagKeys": annotation.tags.join(","),
                "textFormat": annotation.text,
                "titleFormat": annotation.title,
            },
            "name": annotation.name,
            "query": data_query(json!({ "expr": expr, "refId": "Anno" })),
        },
    })
}

fn variables(dashboard: &Dashboard) -> Vec<Value> {
    let uid = dashboard.datasource.as_deref().unwrap_or_default();
    let source = json!({
        "kind": "DatasourceVariable",
        "spec": {
            "allowCustomValue": true,
            "current": { "text": uid, "value": uid },
            "description": "The Prometheus that evaluates the rules.",
            "hide": "dontHide",
            "includeAll": false,
            "label": "Data source",
            "multi": false,
            "name": "datasource",
            "options": [],
            "pluginId": "prometheus",
            "refresh": "onDashboardLoad",
            "regex": "",
            "skipUrlSync": false,
        },
    });
    std::iter::once(source).chain(dashboard.variables.iter().map(variable)).collect()
}

fn variable(variable: &Variable) -> Value {
    let query = layout::label_values(variable);
    let current = if variable.several {
        json!({ "text": ["All"], "value": ["$__all"] })
    } else {
        json!({ "text": "", "value": "" })
    };
    let mut spec = json!({
        "allowCustomValue": true,
        "current": current,
        "definition": query,
        "description": variable.description,
        "hide": "dontHide",
        "includeAll": variable.several,
        "label": variable.label,
        "multi": variable.several,
        "name": variable.name,
        "options": [],
        "query": data_query(json!({ "query": query, "refId": format!("Variable-{}", variable.name) })),
        "refresh": "onTimeRangeChanged",
        "regex": "",
        "skipUrlSync": false,
        "sort": "alphabeticalAsc",
    });
    if variable.several {
        // Also matches series that lack the label, such as those of models outside Kubernetes.
        spec["allValue"] = json!(".*");
    }
    json!({ "kind": "QueryVariable", "spec": spec })
}

/// Numbers the panels over all rows, from 1.
fn element_name(id: usize) -> String {
    format!("panel-{id}")
}

fn elements(rows: &[Row]) -> Value {
    let panels = rows.iter().flat_map(|r| &r.panels).enumerate();
    Value::Object(panels.map(|(n, p)| (element_name(n + 1), element(p, n + 1))).collect::<Map<_, _>>())
}

fn element(panel: &Panel, id: usize) -> Value {
    let viz = viz::viz(panel);
    let queries: Vec<Value> = panel.queries.iter().enumerate().map(|(n, q)| query(&panel.view, n, q)).collect();
    let transformation =
        |(id, options): &(&str, Value)| json!({ "kind": id, "spec": { "id": id, "options": options } });
    let link = |(title, url): &(String, String)| json!({ "title": title, "url": url, "targetBlank": true });
    json!({
        "kind": "Panel",
        "spec": {
            "data": {
                "kind": "QueryGroup",
                "spec": {
                    "queries": queries,
                    "queryOptions": {},
                    "transformations": viz.transformations.iter().map(transformation).collect::<Vec<_>>(),
                },
            },
            "description": panel.description,
            "id": id,
            "links": panel.links.iter().map(link).collect::<Vec<_>>(),
            "title": panel.title,
            "vizConfig": {
                "kind": "VizConfig",
                "group": viz.plugin,
                "version": "",
                "spec": { "fieldConfig": viz.field_config, "options": viz.options },
            },
        },
    })
}

fn query(view: &View, n: usize, query: &Query) -> Value {
    let spec = Value::Object(layout::query(view, query));
    json!({ "kind": "PanelQuery", "spec": { "hidden": false, "query": data_query(spec), "refId": ref_id(n) } })
}

fn rows(rows: &[Row]) -> Vec<Value> {
    let mut id = 0;
    let mut out = Vec::new();
    for row in rows {
        let (places, _) = layout::places(&row.panels);
        let items: Vec<Value> = places
            .iter()
            .map(|place| {
                id += 1;
                json!({
                    "kind": "GridLayoutItem",
                    "spec": {
                        "element": { "kind": "ElementReference", "name": element_name(id) },
                        "height": place.height,
                        "width": place.width,
                        "x": place.x,
                        "y": place.y,
                    },
                })
            })
            .collect();
        out.push(json!({
            "kind": "RowsLayoutRow",
            "spec": {
                "collapse": false,
                "layout": { "kind": "GridLayout", "spec": { "items": items } },
                "title": row.title,
            },
        }));
    }
    out
}
