//! The dashboards as values: rows that ask a question, panels, queries. Free of Grafana's JSON.
//!
//! What is not here cannot be drawn. How a view looks in JSON is decided in `viz`, how a dashboard is wrapped in `classic` and
//! `v2`.

use crate::promql::Expr;

/// A dashboard.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Part of uid and file name: `fleet`, `model-vllm`.
    pub part: String,
    /// uid, at most 40 characters.
    pub uid: String,
    /// Title.
    pub title: String,
    /// What it is for, one sentence.
    pub description: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Start of the time range, relative: `now-3h`.
    pub from: &'static str,
    /// Variables after `datasource`, which every dashboard has.
    pub variables: Vec<Variable>,
    /// uid of the data source that is selected first.
    pub datasource: Option<String>,
    /// Events drawn over the graphs.
    pub annotation: Option<Annotation>,
    /// Links to other dashboards.
    pub links: Vec<Link>,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
}

/// A variable filled from label values.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Name, as in `$name`.
    pub name: &'static str,
    /// What the reader sees.
    pub label: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Series whose label values are offered.
    pub series: Expr,
    /// The label.
    pub values_of: &'static str,
    /// Whether several values and "All" can be chosen; else exactly one.
    pub several: bool,
}

/// Events drawn over the graphs.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// Name beside its switch.
    pub name: String,
    /// Series that exist while the event lasts.
    pub expr: Expr,
    /// Title of an event; `{{label}}` stands for a label.
    pub title: String,
    /// Text of an event.
    pub text: String,
    /// Labels whose values become tags of an event.
    pub tags: Vec<&'static str>,
}

/// A link to a dashboard. Time range and variables go along.
#[derive(Clone, Debug)]
pub struct Link {
    /// Title.
    pub title: String,
    /// What is there.
    pub tooltip: String,
    /// uid of the dashboard.
    pub uid: String,
}

/// A row: panels that answer one question.
#[derive(Clone, Debug)]
pub struct Row {
    /// The question.
    pub title: String,
    /// Panels, placed from left to right and then downwards.
    pub panels: Vec<Panel>,
}

/// A panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Title.
    pub title: String,
    /// One sentence that says what to do with it.
    pub description: String,
    /// Width in columns of 24.
    pub width: u32,
    /// Height in grid units of about 30 pixels; panels beside each other have the same.
    pub height: u32,
    /// How it is drawn.
    pub view: View,
    /// Queries, named A, B, C in this order.
    pub queries: Vec<Query>,
    /// Unit of the values.
    pub unit: Unit,
    /// Digits after the point; Grafana's choice if `None`.
    pub decimals: Option<u32>,
    /// Lower end of axis or gauge.
    pub min: Option<f64>,
    /// Upper end of axis or gauge.
    pub max: Option<f64>,
    /// Colours by value.
    pub thresholds: Thresholds,
    /// Shown where a query gives nothing.
    pub no_value: Option<&'static str>,
    /// Words for single values.
    pub words: Vec<Word>,
    /// Links of the panel: title and URL.
    pub links: Vec<(String, String)>,
}

/// A word that stands for a value.
#[derive(Clone, Debug)]
pub struct Word {
    /// The value as text: `0`.
    pub value: &'static str,
    /// The word.
    pub text: &'static str,
    /// Its colour.
    pub color: Color,
}

/// A query.
#[derive(Clone, Debug)]
pub struct Query {
    /// The expression.
    pub expr: Expr,
    /// Name of the series; `{{label}}` stands for a label.
    pub legend: String,
    /// Whether only the value of now is asked.
    pub instant: bool,
    /// Smallest step, as a duration: of raw series the scrape interval, from which Grafana computes `$__rate_interval`.
    pub step: Option<String>,
    /// Whether it is a limit, drawn as a dashed red line.
    pub limit: bool,
}

/// How a panel is drawn.
#[derive(Clone, Debug)]
pub enum View {
    /// Lines over time.
    Timeseries {
        /// Whether they add up.
        stacked: bool,
        /// Where the legend stands.
        legend: Legend,
        /// Whether thresholds are drawn as lines.
        lines: bool,
    },
    /// Large numbers.
    Stat {
        /// With the course over time behind them.
        graph: bool,
    },
    /// Dials from `min` to `max`.
    Gauge,
    /// Colours over time: buckets of a histogram (label `le`).
    Buckets,
    /// Colours over time: a line per series, coloured from `min` to `max`.
    Lanes,
    /// A table of the values of now, one line per combination of labels.
    Table {
        /// Columns from left to right; labels without a column are left out.
        columns: Vec<Column>,
        /// How lines are sorted.
        sort: Option<Order>,
    },
}

/// How the lines of a table are sorted: by the column with this title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The largest first.
    Largest(&'static str),
    /// The smallest first.
    Smallest(&'static str),
}

/// Where the legend of a graph stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legend {
    /// Below, as a table: few series.
    Below,
    /// At the right, as a table: many series.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// From where its values come.
    pub source: Source,
    /// Title.
    pub title: &'static str,
    /// Unit.
    pub unit: Unit,
    /// Digits after the point.
    pub decimals: Option<u32>,
    /// Width in pixels.
    pub width: Option<u32>,
    /// How cells are drawn.
    pub cell: Cell,
    /// Colours.
    pub thresholds: Thresholds,
    /// Title and URL of a link.
    pub link: Option<(String, String)>,
    /// Not shown: there for links only.
    pub hidden: bool,
}

/// From where the values of a column come.
#[derive(Clone, Debug)]
pub enum Source {
    /// A label.
    Label(&'static str),
    /// The value of the n-th query.
    Query(usize),
}

/// How a cell is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Plain,
    /// Text in the colour of the threshold.
    Colored,
    /// A bar from 0 to 1.
    Bar,
}

/// Colours by value: a first colour, and others from a value upwards.
#[derive(Clone, Debug)]
pub struct Thresholds {
    /// Colour below the first step.
    pub base: Color,
    /// Steps, ascending.
    pub steps: Vec<(f64, Color)>,
}

/// A colour of Grafana's palette, which fits both themes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Good.
    Green,
    /// Near a limit.
    Orange,
    /// Over a limit.
    Red,
    /// No judgement.
    Blue,
    /// As text.
    Text,
}

impl Color {
    /// Returns Grafana's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Blue => "blue",
            Self::Text => "text",
        }
    }
}

/// A unit of Grafana.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number, shortened: 12.3 K.
    Short,
    /// Seconds.
    Seconds,
    /// 0 to 1, shown as 0 to 100 %.
    Ratio,
    /// Bytes, in powers of 1024.
    Bytes,
    /// Degrees Celsius.
    Celsius,
    /// Watts.
    Watts,
    /// Requests per second.
    RequestsPerSecond,
    /// Tokens per second.
    TokensPerSecond,
    /// Something else per second.
    PerSecond,
    /// Money, with the unit of its currency.
    Money(String),
    /// Text.
    Text,
}

impl Unit {
    /// Returns Grafana's id (`categories.ts` of @grafana/data) or custom unit.
    pub fn id(&self) -> String {
        match self {
            Self::Short => "short".to_owned(),
            Self::Seconds => "s".to_owned(),
            Self::Ratio => "percentunit".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Celsius => "celsius".to_owned(),
            Self::Watts => "watt".to_owned(),
            Self::RequestsPerSecond => "reqps".to_owned(),
            // As `reqps` is built, with our noun.
            Self::TokensPerSecond => "count:tok/s".to_owned(),
            Self::PerSecond => "count:/s".to_owned(),
            Self::Money(id) => id.clone(),
            Self::Text => "string".to_owned(),
        }
    }
}
