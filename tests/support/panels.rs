//! The queries of dashboards, asked as Grafana asks them: for every choice of variables. Says which have no data.

use serde_json::Value;

use super::project::{Dashboard, Schema};
use super::prometheus::Prometheus;
use super::{Context, Result};

/// Notes of Prometheus that are expected: a part of the text, and why.
pub const EXPECTED_NOTES: &[(&str, &str)] =
    &[("metric might not be a counter", "TGI and dcgm-exporter name their counters without _total")];

/// Queries that may return nothing: a part of the query, and why.
pub const MAY_BE_EMPTY: &[(&str, &str)] = &[("ALERTS", "no alert fires while the service is well")];

/// Queries that must return something for one choice of variables at least: a part of the query, and why.
pub const NOT_FOR_EVERY_CHOICE: &[(&str, &str)] = &[
    (":slo{", "a model without that objective has no limit"),
    ("cache_usage_perc", "releases of vLLM name it in two ways, and the panel asks for both"),
];

/// Asks every query of every panel for every choice of variables and returns what is wrong with the answers. Besides the usual ones,
/// queries with a part that `may_be_empty` names may return nothing.
pub fn problems(
    prometheus: &Prometheus,
    dashboards: &[Dashboard],
    may_be_empty: &[(&str, &str)],
) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    if dashboards.is_empty() {
        problems.push("there is no dashboard".to_owned());
    }
    for dashboard in dashboards.iter().filter(|d| d.schema == Schema::Classic) {
        let queries = queries(&dashboard.json);
        if queries.is_empty() {
            problems.push(format!("{}: no query", dashboard.name));
        }
        let choices = choices(prometheus, &dashboard.json)?;
        for (panel, query) in &queries {
            let place = format!("{} / {panel}", dashboard.name);
            problems.extend(
                of_query(prometheus, query, &choices, may_be_empty)?.into_iter().map(|p| format!("{place}: {p}")),
            );
        }
    }
    Ok(problems)
}

/// Returns whether a query is on a list.
pub fn lists(list: &[(&str, &str)], query: &str) -> bool {
    list.iter().any(|(part, _)| query.contains(part))
}

/// Asks a query for every choice of variables and returns what is wrong with the answers.
fn of_query(
    prometheus: &Prometheus,
    query: &str,
    choices: &[Values],
    may_be_empty: &[(&str, &str)],
) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut empty = Vec::new();
    for values in choices {
        let query = interpolate(query, values);
        match prometheus.query(&query) {
            Err(error) => problems.push(error),
            Ok(answer) => {
                if !answer.has_data() {
                    empty.push(format!("no data: {query}"));
                }
                problems.extend(unexpected(&answer.notes, EXPECTED_NOTES).map(|n| format!("{n}: {query}")));
            }
        }
    }
    let some = lists(NOT_FOR_EVERY_CHOICE, query) && empty.len() < choices.len();
    if !some && !lists(MAY_BE_EMPTY, query) && !lists(may_be_empty, query) {
        problems.extend(empty);
    }
    Ok(problems)
}

/// Returns title and query of every target of a classic dashboard.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard.get("panels").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut out = Vec::new();
    for panel in &panels {
        out.extend(queries(panel));
        let targets = panel.get("targets").and_then(Value::as_array).cloned().unwrap_or_default();
        let queries = targets.iter().map(|t| (text(panel, "title").to_owned(), text(t, "expr").to_owned()));
        out.extend(queries.filter(|(_, q)| !q.is_empty()));
    }
    out
}

type Values = Vec<(String, String)>;

/// Returns the values of variables that a reader can choose: each value of a variable that takes one, all of one that takes many.
fn choices(prometheus: &Prometheus, dashboard: &Value) -> Result<Vec<Values>> {
    let variables = dashboard.pointer("/templating/list").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut choices: Vec<Values> = vec![Vec::new()];
    for variable in &variables {
        let name = text(variable, "name").to_owned();
        let mut next = Vec::new();
        for chosen in choices {
            for value in values(prometheus, variable, &chosen)? {
                let mut chosen = chosen.clone();
                chosen.push((name.clone(), value));
                next.push(chosen);
            }
        }
        if next.is_empty() {
            return Err(format!("the variable {name} of {} has no value", text(dashboard, "title")));
        }
        choices = next;
    }
    Ok(choices)
}

fn values(prometheus: &Prometheus, variable: &Value, chosen: &Values) -> Result<Vec<String>> {
    let on = |key: &str| variable.get(key).and_then(Value::as_bool).unwrap_or(false);
    let query = variable.get("query").map_or("", |q| q.as_str().unwrap_or_else(|| text(q, "query")));
    match text(variable, "type") {
        "datasource" => Ok(vec!["prometheus".to_owned()]),
        "query" => {
            let inner = query.strip_prefix("label_values(").and_then(|q| q.strip_suffix(')')).context(query)?;
            let (series, label) = inner.rsplit_once(',').unwrap_or(("", inner));
            let all = prometheus.label_values(label.trim(), &interpolate(series.trim(), chosen))?;
            if !on("multi") && !on("includeAll") {
                return Ok(all);
            }
            let own = text(variable, "allValue");
            let any = || all.iter().map(|v| v.replace('.', "\\\\.")).collect::<Vec<_>>().join("|");
            // A variable that offers nothing is found by the caller.
            Ok(if all.is_empty() { all } else { vec![if own.is_empty() { any() } else { own.to_owned() }] })
        }
        _ => Ok(query.split(',').take(1).map(str::to_owned).collect()),
    }
}

/// Puts values in the places of variables as Grafana does, the longest names first.
fn interpolate(query: &str, values: &Values) -> String {
    let builtin = [
        ("__rate_interval", "1m"),
        ("__interval_ms", "15000"),
        ("__interval", "15s"),
        ("__range_s", "3600"),
        ("__range", "1h"),
    ];
    let mut all: Vec<(String, String)> = builtin.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    all.extend(values.iter().cloned());
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut out = query.to_owned();
    for (name, value) in all {
        while let Some(start) = out.find(&format!("${{{name}:")) {
            let Some(length) = out[start..].find('}') else { break };
            out.replace_range(start..=start + length, &value);
        }
        out = out.replace(&format!("${{{name}}}"), &value).replace(&format!("${name}"), &value);
    }
    out
}

/// Returns the notes that are on no list.
pub fn unexpected<'a>(notes: &'a [String], expected: &'a [(&str, &str)]) -> impl Iterator<Item = &'a String> {
    notes.iter().filter(|n| !expected.iter().any(|(part, _)| n.contains(part)))
}

/// Returns a text of an object; nothing if it is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
