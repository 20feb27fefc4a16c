//! Grafana dashboards of every age: classic JSON with panels or rows, and schema 2 with elements.
//!
//! Targets of other data sources than Prometheus are no queries. Must not read queries or units.

mod classic;
mod datasource;
mod fields;
mod v2;
mod variables;

pub use datasource::{Datasource, Speaks};
pub use variables::{Variable, VariableKind};

use super::Timed;
use super::node::Node;
use super::shape::Reader;
use super::text::Text;
use crate::source::Place;

/// How a dashboard is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schema {
    /// `panels` or `rows`.
    #[default]
    Classic,
    /// `elements` and `layout`.
    V2,
}

/// A dashboard.
#[derive(Clone, Debug, Default)]
pub struct Dashboard {
    /// Its uid; of an object, the name of the object.
    pub uid: Option<Text>,
    /// Its title.
    pub title: Option<Text>,
    /// How it is written.
    pub schema: Schema,
    /// Variables.
    pub variables: Vec<Variable>,
    /// Data sources that an importer asks for (`__inputs`): name and plugin.
    pub inputs: Vec<(Text, Option<Text>)>,
    /// Panels, those in rows too. A row is a panel of kind `row`.
    pub panels: Vec<Panel>,
    /// Queries of annotations.
    pub annotations: Vec<Annotation>,
    /// Addresses that the dashboard and its panels link to.
    pub links: Vec<Text>,
}

/// A panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its title.
    pub title: Option<Text>,
    /// Its plugin: `timeseries`, `stat`, `row`.
    pub kind: Option<Text>,
    /// What it says about itself.
    pub description: Option<Text>,
    /// Its unit; of an old graph, that of the left axis.
    pub unit: Option<Text>,
    /// Smallest value that it shows.
    pub min: Option<Text>,
    /// Largest value that it shows.
    pub max: Option<Text>,
    /// Decimals.
    pub decimals: Option<Text>,
    /// Units of single fields.
    pub overrides: Vec<Override>,
    /// Values where the colour changes.
    pub thresholds: Vec<Text>,
    /// Whether thresholds are percent of the range.
    pub percent_thresholds: bool,
    /// What it asks Prometheus.
    pub targets: Vec<Target>,
    /// Its data source.
    pub datasource: Option<Datasource>,
    /// Whether transformations change the answers.
    pub transformations: bool,
    /// Variable that it is repeated for.
    pub repeat: Option<Text>,
    /// Whether it stands in the library of Grafana, not here.
    pub library: bool,
    /// Alert of Grafana before 8.
    pub alert: Option<PanelAlert>,
    /// The panel.
    pub place: Place,
}

/// A unit of some fields of a panel.
#[derive(Clone, Debug)]
pub struct Override {
    /// How fields are chosen: `byName`, `byRegexp`, `alias`.
    pub matcher: Option<Text>,
    /// Which fields.
    pub options: Option<Text>,
    /// Their unit.
    pub unit: Option<Text>,
}

/// A query of a panel.
#[derive(Clone, Debug)]
pub struct Target {
    /// The query.
    pub expr: Text,
    /// Name of the query within its panel.
    pub ref_id: Option<Text>,
    /// Template of the legend.
    pub legend: Option<Text>,
    /// `time_series`, `table` or `heatmap`.
    pub format: Option<Text>,
    /// Whether it asks for one moment only.
    pub instant: bool,
    /// Smallest step.
    pub interval: Option<Text>,
    /// Whether it is switched off.
    pub hidden: bool,
    /// Its own data source, else that of the panel.
    pub datasource: Option<Datasource>,
    /// The target.
    pub place: Place,
}

/// A query that marks events.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// Its name.
    pub name: Option<Text>,
    /// The query.
    pub expr: Text,
    /// Its data source.
    pub datasource: Option<Datasource>,
}

/// An alert that an old panel holds.
#[derive(Clone, Debug)]
pub struct PanelAlert {
    /// Its name.
    pub name: Option<Text>,
    /// How long it must hold.
    pub for_: Option<Timed>,
    /// Numbers that its conditions compare with.
    pub thresholds: Vec<Text>,
}

/// Reads a dashboard. `metadata` is that of the object that holds it.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>, metadata: Option<&Node<'a>>) -> Dashboard {
    let mut out = match node.get("elements") {
        Some(_) => v2::read(reader, node),
        None => classic::read(reader, node),
    };
    if out.uid.is_none() {
        out.uid = metadata.and_then(|m| m.get("name")).and_then(|n| n.text(reader.source));
    }
    out
}
