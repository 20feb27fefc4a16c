//! Which data source a query goes to, and whether that speaks PromQL.
//!
//! Knows the names of plugins and of variables, not what stands in Grafana's database.

use super::super::node::{Node, Value};
use super::super::shape::Reader;
use super::super::text::Text;
use super::{Dashboard, VariableKind};

/// Plugins whose queries are PromQL.
const PROMQL: &[&str] = &[
    "prometheus",
    "grafana-amazonprometheus-datasource",
    "grafana-azureprometheus-datasource",
    "victoriametrics-metrics-datasource",
    "victoriametrics-datasource",
];

/// A reference to a data source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datasource {
    /// Plugin: `prometheus`, `loki`.
    pub kind: Option<Text>,
    /// Its uid, its name, or a variable: `$datasource`, `${DS_PROMETHEUS}`, `-- Mixed --`.
    pub uid: Option<Text>,
}

/// Whether a data source takes PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// It does.
    PromQl,
    /// It is of another kind.
    Other,
    /// The file does not say.
    Unknown,
}

/// Reads a reference: a string, or a mapping with `type` and `uid` (`name` in schema 2).
pub(super) fn read<'a>(reader: &Reader<'a, '_>, node: &Node<'a>) -> Option<Datasource> {
    let text = |name: &str| node.get(name).and_then(|n| n.text(reader.source));
    match &node.value {
        Value::Scalar(_) => Some(Datasource { kind: None, uid: Some(node.text(reader.source)?) }),
        Value::Map(_) => Some(Datasource { kind: text("type"), uid: text("uid").or_else(|| text("name")) }),
        Value::List(_) => None,
    }
}

/// Returns the name of the variable that a text consists of: `$ds`, `${ds}`, `${ds:text}`, `[[ds]]`.
fn variable(text: &str) -> Option<&str> {
    let name = match text.strip_prefix('$') {
        Some(rest) => rest.strip_prefix('{').map_or(Some(rest), |r| r.strip_suffix('}'))?,
        None => text.strip_prefix("[[")?.strip_suffix("]]")?,
    };
    Some(name.split(':').next().unwrap_or(name))
}

fn plugin(name: &str) -> Speaks {
    if PROMQL.contains(&name) { Speaks::PromQl } else { Speaks::Other }
}

impl Datasource {
    /// Says whether the data source takes PromQL, as far as the dashboard shows.
    pub fn speaks(&self, dashboard: &Dashboard) -> Speaks {
        // Some exports leave the type of the default data source behind a reference that says more.
        if let Some(name) = self.uid.as_deref().and_then(variable) {
            let of_variable =
                dashboard.variables.iter().find(|v| &*v.name == name && v.kind == VariableKind::Datasource);
            if let Some(kind) = of_variable.and_then(|v| v.query.as_ref()) {
                return plugin(kind);
            }
            let input = dashboard.inputs.iter().find(|(input, _)| &**input == name);
            if let Some((_, Some(kind))) = input {
                return plugin(kind);
            }
        }
        match (self.kind.as_deref(), self.uid.as_deref()) {
            (Some("datasource"), Some(_)) | (Some("mixed"), _) => Speaks::Unknown,
            (Some(kind), _) if variable(kind).is_none() => plugin(kind),
            (_, Some("-- Grafana --" | "grafana" | "__expr__")) => Speaks::Other,
            (_, Some(name)) => by_name(name),
            _ => Speaks::Unknown,
        }
    }
}

/// What a name that people gave suggests. Only names of other systems say something.
fn by_name(name: &str) -> Speaks {
    let name = name.to_ascii_lowercase();
    let other = ["loki", "cloudwatch", "elasticsearch", "tempo", "jaeger", "influx", "postgres", "mysql", "clickhouse"];
    match () {
        () if name.contains("prom") => Speaks::PromQl,
        () if other.iter().any(|o| name.contains(o)) => Speaks::Other,
        () => Speaks::Unknown,
    }
}
