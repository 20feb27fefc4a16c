//! One panel as Grafana's plugins read it: plugin, options, field configuration, transformations. Shared by both schemas.
//!
//! Every field that Grafana's own schema calls required is written, also where Grafana would fill it in.

use serde_json::{Value, json};

use super::model::{Cell, Color, Column, Legend, Link, Order, Panel, Source, Thresholds, Unit, View, Word};

/// What both schemas wrap.
pub struct Viz {
    /// Plugin id.
    pub plugin: &'static str,
    /// Options of the plugin.
    pub options: Value,
    /// `fieldConfig`.
    pub field_config: Value,
    /// Transformations: id and options.
    pub transformations: Vec<(&'static str, Value)>,
}

/// Returns the letter of the n-th query; panels have few.
pub fn ref_id(n: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    if n < 26 { letter.to_string() } else { format!("{letter}{}", n / 26) }
}

/// Returns the format in which Grafana asks for the series of a view.
pub fn format(view: &View) -> &'static str {
    match view {
        View::Table { .. } => "table",
        View::Buckets => "heatmap",
        _ => "time_series",
    }
}

/// Makes the plugin's part of a panel.
pub fn viz(panel: &Panel) -> Viz {
    let (plugin, options, custom) = match &panel.view {
        View::Timeseries { stacked, legend, lines } => {
            ("timeseries", timeseries_options(*legend), timeseries_custom(*stacked, *legend, *lines))
        }
        View::Stat { graph } => ("stat", stat_options(*graph, panel.queries.len() > 1), json!({})),
        View::Gauge => ("gauge", gauge_options(), json!({})),
        View::Buckets => ("heatmap", buckets_options(&panel.unit), json!({})),
        View::Lanes => ("heatmap", lanes_options(panel), json!({})),
        View::Table { sort, .. } => ("table", table_options(*sort), table_custom()),
    };
    let (overrides, transformations) = match &panel.view {
        View::Table { columns, .. } => {
            let lonely = panel.queries.len() == 1;
            (columns.iter().map(column_override).collect(), table_transformations(columns, lonely))
        }
        _ => (query_overrides(panel), Vec::new()),
    };
    let field_config = json!({ "defaults": defaults(panel, custom), "overrides": Value::Array(overrides) });
    Viz { plugin, options, field_config, transformations }
}

fn defaults(panel: &Panel, custom: Value) -> Value {
    let mut out = json!({
        "color": { "mode": color_mode(&panel.view) },
        "custom": custom,
        "mappings": mappings(&panel.words),
        "thresholds": thresholds(&panel.thresholds),
        "unit": panel.unit.id(),
    });
    let optional = [
        ("decimals", panel.decimals.map(Value::from)),
        ("min", panel.min.map(number)),
        ("max", panel.max.map(number)),
        ("noValue", panel.no_value.map(Value::from)),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            out[key] = value;
        }
    }
    out
}

fn color_mode(view: &View) -> &'static str {
    match view {
        View::Timeseries { .. } => "palette-classic",
        _ => "thresholds",
    }
}

/// Whole numbers without a point, as Grafana writes them itself.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

fn thresholds(thresholds: &Thresholds) -> Value {
    // Grafana's schema wants the value of the first step to be written: null is minus infinity.
    let mut steps = vec![json!({ "color": thresholds.base.word(), "value": null })];
    steps.extend(thresholds.steps.iter().map(|(at, color)| json!({ "color": color.word(), "value": number(*at) })));
    json!({ "mode": "absolute", "steps": steps })
}

fn mappings(words: &[Word]) -> Value {
    let one = |(index, w): (usize, &Word)| json!({ "type": "value", "options": { w.value: { "text": w.text, "color": w.color.word(), "index": index } } });
    Value::Array(words.iter().enumerate().map(one).collect())
}

fn timeseries_options(legend: Legend) -> Value {
    let placement = match legend {
        Legend::Below => "bottom",
        Legend::Right => "right",
    };
    let mut legend_options = json!({
        "displayMode": "table", "placement": placement, "showLegend": true, "calcs": ["lastNotNull", "max"],
    });
    if legend == Legend::Right {
        // The largest are what one looks for among many.
        legend_options["sortBy"] = json!("Max");
        legend_options["sortDesc"] = json!(true);
    }
    json!({ "legend": legend_options, "tooltip": { "mode": "multi", "sort": "desc" } })
}

fn timeseries_custom(stacked: bool, legend: Legend, lines: bool) -> Value {
    let fill = match (stacked, legend) {
        (true, _) => 30,
        (false, Legend::Below) => 8,
        // The areas of many lines add up to mud.
        (false, Legend::Right) => 0,
    };
    json!({
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": fill,
        "gradientMode": "none",
        "showPoints": "never",
        // Idle time is a gap: a line over it would show a latency that nobody had.
        "spanNulls": false,
        "stacking": { "group": "A", "mode": if stacked { "normal" } else { "none" } },
        "thresholdsStyle": { "mode": if lines { "dashed" } else { "off" } },
    })
}

fn reduce() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}

fn stat_options(graph: bool, named: bool) -> Value {
    json!({
        "colorMode": "value",
        "graphMode": if graph { "area" } else { "none" },
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": reduce(),
        "showPercentChange": false,
        "textMode": if named { "value_and_name" } else { "value" },
        "wideLayout": true,
    })
}

fn gauge_options() -> Value {
    json!({
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        "reduceOptions": reduce(),
        "showThresholdLabels": false,
        "showThresholdMarkers": true,
        "sizing": "auto",
    })
}

fn heatmap(color: Value, y_axis: Value, cell_unit: &str, hide_up_to: f64) -> Value {
    json!({
        "calculate": false,
        // Gaps between hundreds of narrow cells are stripes.
        "cellGap": 0,
        "cellValues": { "unit": cell_unit },
        "color": color,
        "exemplars": { "color": "rgba(255,0,255,0.7)" },
        "filterValues": { "le": hide_up_to },
        "legend": { "show": true },
        "rowsFrame": { "layout": "auto" },
        "showValue": "never",
        "tooltip": { "mode": "single", "showColorScale": true, "yHistogram": false },
        "yAxis": y_axis,
    })
}

/// Empty buckets are not painted.
fn buckets_options(unit: &Unit) -> Value {
    let color = json!({
        "mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "scale": "exponential", "exponent": 0.5,
        "steps": 64, "reverse": false,
    });
    let y_axis = json!({ "axisPlacement": "left", "reverse": false, "unit": unit.id() });
    heatmap(color, y_axis, "reqps", 1e-9)
}

/// A lane at zero is painted: an idle GPU is not a missing one.
fn lanes_options(panel: &Panel) -> Value {
    let mut color = json!({
        "mode": "scheme", "scheme": "Viridis", "fill": "dark-orange", "scale": "linear", "exponent": 0.5, "steps": 64,
        "reverse": false,
    });
    for (key, end) in [("min", panel.min), ("max", panel.max)] {
        if let Some(end) = end {
            color[key] = number(end);
        }
    }
    heatmap(color, json!({ "axisPlacement": "left", "reverse": false }), &panel.unit.id(), -1.0)
}

fn table_options(sort: Option<Order>) -> Value {
    let by = |(title, desc)| json!({ "displayName": title, "desc": desc });
    let sort_by: Vec<Value> = sort
        .iter()
        .map(|order| match order {
            Order::Largest(title) => by((title, true)),
            Order::Smallest(title) => by((title, false)),
        })
        .collect();
    json!({ "cellHeight": "sm", "frameIndex": 0, "showHeader": true, "sortBy": sort_by })
}

fn table_custom() -> Value {
    json!({ "align": "auto", "cellOptions": { "type": "auto" }, "filterable": false, "inspect": false })
}

/// Returns the name of the field that a column is made of.
fn field(column: &Column, lonely: bool) -> String {
    match &column.source {
        Source::Label(label) => (*label).to_owned(),
        Source::Query(_) if lonely => "Value".to_owned(),
        Source::Query(n) => format!("Value #{}", ref_id(*n)),
    }
}

/// One line per combination of labels, columns in order and with their titles.
fn table_transformations(columns: &[Column], lonely: bool) -> Vec<(&'static str, Value)> {
    let mut index = serde_json::Map::new();
    let mut rename = serde_json::Map::new();
    for (n, column) in columns.iter().enumerate() {
        let name = field(column, lonely);
        index.insert(name.clone(), json!(n));
        rename.insert(name, json!(column.title));
    }
    let organize = json!({ "excludeByName": { "Time": true }, "indexByName": index, "renameByName": rename });
    vec![("merge", json!({})), ("organize", organize)]
}

fn property(id: &str, value: Value) -> Value {
    json!({ "id": id, "value": value })
}

fn column_override(column: &Column) -> Value {
    let mut properties = vec![property("unit", json!(column.unit.id()))];
    if let Some(decimals) = column.decimals {
        properties.push(property("decimals", json!(decimals)));
    }
    if let Some(width) = column.width {
        properties.push(property("custom.width", json!(width)));
    }
    match column.cell {
        Cell::Plain => {}
        Cell::Colored => {
            properties.push(property("thresholds", thresholds(&column.thresholds)));
            properties.push(property("custom.cellOptions", json!({ "type": "color-text" })));
        }
        Cell::Bar => {
            properties.push(property("thresholds", thresholds(&column.thresholds)));
            properties.push(property("min", json!(0)));
            properties.push(property("max", json!(1)));
            let bar = json!({ "type": "gauge", "mode": "basic", "valueDisplayMode": "text" });
            properties.push(property("custom.cellOptions", bar));
        }
    }
    if let Some((title, url)) = &column.link {
        properties.push(property("links", json!([{ "title": title, "url": url }])));
    }
    if column.hidden {
        properties.push(property("custom.hidden", json!(true)));
        // What Grafana 12 calls the same.
        properties.push(property("custom.hideFrom", json!({ "legend": false, "tooltip": false, "viz": true })));
    }
    json!({ "matcher": { "id": "byName", "options": column.title }, "properties": properties })
}

/// Limits are dashed and red.
fn query_overrides(panel: &Panel) -> Vec<Value> {
    let mut out = Vec::new();
    for (n, query) in panel.queries.iter().enumerate() {
        let mut properties = Vec::new();
        if query.limit {
            properties.push(property("color", json!({ "mode": "fixed", "fixedColor": Color::Red.word() })));
            properties.push(property("custom.lineStyle", json!({ "fill": "dash", "dash": [10, 10] })));
            properties.push(property("custom.lineWidth", json!(2)));
            properties.push(property("custom.fillOpacity", json!(0)));
            properties.push(property("custom.stacking", json!({ "group": "limit", "mode": "none" })));
        }
        if !properties.is_empty() {
            let matcher = json!({ "id": "byFrameRefID", "options": ref_id(n) });
            out.push(json!({ "matcher": matcher, "properties": properties }));
        }
    }
    out
}

/// Returns a link to another dashboard; both schemas write it alike.
pub fn link(link: &Link) -> Value {
    json!({
        "asDropdown": false,
        "icon": "dashboard",
        "includeVars": true,
        "keepTime": true,
        "tags": [],
        "targetBlank": false,
        "title": link.title,
        "tooltip": link.tooltip,
        "type": "link",
        "url": format!("/d/{}", link.uid),
    })
}
