//! Variables of dashboards, of both schemas.
//!
//! Must not read queries.

use super::super::node::{Node, Value};
use super::super::shape::Reader;
use super::super::text::Text;
use super::datasource::{self, Datasource};
use crate::source::Place;

/// The kinds of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// Values that a data source gives.
    Query,
    /// Values in a list.
    Custom,
    /// Durations.
    Interval,
    /// Data sources of a kind.
    Datasource,
    /// One value, hidden.
    Constant,
    /// What the viewer writes.
    Textbox,
    /// Filters that the viewer adds.
    Adhoc,
    /// Labels that the viewer groups by.
    GroupBy,
    /// One of two values.
    Switch,
    /// A kind that is not known here.
    Unknown,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Text,
    /// Its kind.
    pub kind: VariableKind,
    /// Query, list of values, or kind of data source, by its kind.
    pub query: Option<Text>,
    /// Which part of the answers is taken.
    pub regex: Option<Text>,
    /// Whether several values can be chosen.
    pub multi: bool,
    /// Whether all values can be chosen.
    pub include_all: bool,
    /// What stands for all values.
    pub all_value: Option<Text>,
    /// Values chosen when it was saved.
    pub current: Vec<Text>,
    /// Values to choose from.
    pub options: Vec<Text>,
    /// Its data source.
    pub datasource: Option<Datasource>,
    /// The variable.
    pub place: Place,
}

fn kind(word: &str) -> VariableKind {
    match word {
        "query" | "QueryVariable" => VariableKind::Query,
        "custom" | "CustomVariable" => VariableKind::Custom,
        "interval" | "IntervalVariable" => VariableKind::Interval,
        "datasource" | "DatasourceVariable" => VariableKind::Datasource,
        "constant" | "ConstantVariable" => VariableKind::Constant,
        "textbox" | "TextVariable" => VariableKind::Textbox,
        "adhoc" | "AdhocVariable" => VariableKind::Adhoc,
        "groupby" | "GroupByVariable" => VariableKind::GroupBy,
        "switch" | "SwitchVariable" => VariableKind::Switch,
        _ => VariableKind::Unknown,
    }
}

/// Reads a variable: `node` of the list, its fields in `spec`.
fn read<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, word: &str, spec: &Node<'a>) -> Option<Variable> {
    let text = |name: &str| spec.get(name).and_then(|n| n.text(reader.source));
    let flag = |name: &str| spec.get(name).and_then(Node::bool).unwrap_or(false);
    let values = |nodes: &mut dyn Iterator<Item = &Node<'a>>| {
        let mut out = Vec::new();
        for node in nodes {
            match &node.value {
                Value::List(items) => out.extend(items.iter().filter_map(|n| n.text(reader.source))),
                _ => out.extend(node.text(reader.source)),
            }
        }
        out
    };
    let options = spec.get("options").and_then(Node::list).unwrap_or_default();
    Some(Variable {
        name: text("name")?,
        kind: kind(word),
        query: None,
        regex: text("regex").filter(|r| !r.is_empty()),
        multi: flag("multi"),
        include_all: flag("includeAll"),
        all_value: text("allValue").filter(|v| !v.is_empty()),
        current: values(&mut spec.at(&["current", "value"]).into_iter()),
        options: values(&mut options.iter().filter_map(|o| o.get("value"))),
        datasource: spec.get("datasource").and_then(|d| datasource::read(reader, d)),
        place: reader.place(node),
    })
}

/// Reads an item of `templating.list`.
pub(super) fn classic<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Option<Variable> {
    let word = node.get("type").and_then(Node::str).unwrap_or_default().to_owned();
    let mut variable = read(reader, node, &word, node)?;
    let query = node.get("query");
    let written = match query.map(|q| &q.value) {
        Some(Value::Map(_)) => query.and_then(|q| q.get("query")),
        _ => query,
    };
    variable.query = written.or_else(|| node.get("definition")).and_then(|n| n.text(reader.source));
    Some(variable)
}

/// Reads an item of `spec.variables` of schema 2.
pub(super) fn v2<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Option<Variable> {
    let word = node.get("kind").and_then(Node::str).unwrap_or_default().to_owned();
    let spec = node.get("spec")?;
    let mut variable = read(reader, node, &word, spec)?;
    let query = spec.get("query");
    let text = |n: Option<&Node<'a>>| n.and_then(|n| n.text(reader.source));
    let inner = ["query", "expr", "__legacyStringValue"];
    variable.query = text(query)
        .or_else(|| inner.iter().find_map(|name| text(query?.at(&["spec", name]))))
        .or_else(|| text(spec.get("pluginId")))
        .or_else(|| text(spec.get("definition")));
    if let Some(query) = query.filter(|q| q.map().is_some()) {
        variable.datasource = super::v2::query_datasource(reader, query).or(variable.datasource);
    }
    Some(variable)
}
