//! How the makers put a dashboard together: rows, panels, queries and columns with usual values, changed one by one.
//!
//! Decides nothing about looks or contents: the defaults here are those that most panels have.

use super::model::{Cell, Color, Column, Panel, Query, Row, Source, Thresholds, Unit, View, Word};
use crate::promql::Expr;

impl Thresholds {
    /// One colour for everything.
    pub fn plain(base: Color) -> Self {
        Self { base, steps: Vec::new() }
    }

    /// Green, red from `limit`.
    pub fn limit(limit: f64) -> Self {
        Self { base: Color::Green, steps: vec![(limit, Color::Red)] }
    }

    /// Green, orange from `warn`, red from `limit`.
    pub fn two(warn: f64, limit: f64) -> Self {
        Self { base: Color::Green, steps: vec![(warn, Color::Orange), (limit, Color::Red)] }
    }
}

impl Row {
    /// Makes a row.
    pub fn new(title: impl Into<String>, panels: Vec<Panel>) -> Self {
        Self { title: title.into(), panels }
    }
}

impl Panel {
    /// Makes a panel of 12 columns and 8 units of height, without query.
    pub fn new(title: impl Into<String>, description: impl Into<String>, view: View, unit: Unit) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            width: 12,
            height: 8,
            view,
            queries: Vec::new(),
            unit,
            decimals: None,
            min: None,
            max: None,
            thresholds: Thresholds::plain(Color::Green),
            no_value: None,
            words: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Sets width and height.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// Adds a query.
    #[must_use]
    pub fn query(mut self, query: Query) -> Self {
        self.queries.push(query);
        self
    }

    /// Adds queries.
    #[must_use]
    pub fn queries(mut self, queries: impl IntoIterator<Item = Query>) -> Self {
        self.queries.extend(queries);
        self
    }

    /// Sets the lower end.
    #[must_use]
    pub fn min(mut self, min: f64) -> Self {
        self.min = Some(min);
        self
    }

    /// Sets the upper end.
    #[must_use]
    pub fn max(mut self, max: f64) -> Self {
        self.max = Some(max);
        self
    }

    /// Sets the digits after the point.
    #[must_use]
    pub fn decimals(mut self, decimals: u32) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Sets the colours.
    #[must_use]
    pub fn thresholds(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Sets what is shown where a query gives nothing.
    #[must_use]
    pub fn no_value(mut self, text: &'static str) -> Self {
        self.no_value = Some(text);
        self
    }

    /// Adds a word for a value.
    #[must_use]
    pub fn word(mut self, value: &'static str, text: &'static str, color: Color) -> Self {
        self.words.push(Word { value, text, color });
        self
    }

    /// Adds links.
    #[must_use]
    pub fn links(mut self, links: impl IntoIterator<Item = (String, String)>) -> Self {
        self.links.extend(links);
        self
    }
}

impl Query {
    /// Makes a query over the time range.
    pub fn new(expr: impl Into<Expr>, legend: impl Into<String>) -> Self {
        Self { expr: expr.into(), legend: legend.into(), instant: false, step: None, limit: false }
    }

    /// Makes a query for the value of now.
    pub fn now(expr: impl Into<Expr>, legend: impl Into<String>) -> Self {
        Self { instant: true, ..Self::new(expr, legend) }
    }

    /// Marks it as a limit.
    #[must_use]
    pub fn limit(mut self) -> Self {
        self.limit = true;
        self
    }

    /// Sets the smallest step.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }
}

impl Column {
    /// Makes a column of a label.
    pub fn label(label: &'static str, title: &'static str) -> Self {
        Self::new(Source::Label(label), title, Unit::Text)
    }

    /// Makes a column of the n-th query.
    pub fn value(query: usize, title: &'static str, unit: Unit) -> Self {
        Self::new(Source::Query(query), title, unit)
    }

    fn new(source: Source, title: &'static str, unit: Unit) -> Self {
        Self {
            source,
            title,
            unit,
            decimals: None,
            width: None,
            cell: Cell::Plain,
            thresholds: Thresholds::plain(Color::Text),
            link: None,
            hidden: false,
        }
    }

    /// Sets the width in pixels.
    #[must_use]
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }

    /// Sets the digits after the point.
    #[must_use]
    pub fn decimals(mut self, decimals: u32) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Colours the cells.
    #[must_use]
    pub fn colored(mut self, thresholds: Thresholds) -> Self {
        (self.cell, self.thresholds) = (Cell::Colored, thresholds);
        self
    }

    /// Draws bars from 0 to 1.
    #[must_use]
    pub fn bar(mut self, thresholds: Thresholds) -> Self {
        (self.cell, self.thresholds) = (Cell::Bar, thresholds);
        self
    }

    /// Adds a link.
    #[must_use]
    pub fn link(mut self, title: impl Into<String>, url: impl Into<String>) -> Self {
        self.link = Some((title.into(), url.into()));
        self
    }

    /// Hides the column; links can still use it.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}
