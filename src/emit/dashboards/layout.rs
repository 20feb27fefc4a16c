//! What both schemas share beside the panels' plugins: places on the grid, and the texts of queries and variables.

use serde_json::{Map, Value, json};

use super::model::{Panel, Query, Variable, View};
use super::viz;

/// Columns of Grafana's grid.
const COLUMNS: u32 = 24;

/// A place on the grid, in columns and rows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Places panels from left to right and then downwards. Returns the places and the height of all.
pub fn places(panels: &[Panel]) -> (Vec<Place>, u32) {
    let mut out = Vec::new();
    let (mut x, mut y, mut tallest) = (0, 0, 0);
    for panel in panels {
        if x + panel.width > COLUMNS {
            y += tallest;
            (x, tallest) = (0, 0);
        }
        out.push(Place { x, y, width: panel.width, height: panel.height });
        x += panel.width;
        tallest = tallest.max(panel.height);
    }
    (out, y + tallest)
}

/// Returns the height at which a table shows a number of lines without scrolling: title and margins, head and lines of 36 pixels,
/// in grid units of 38 pixels with the gap between them.
pub fn table_height(lines: usize) -> u32 {
    let lines = u32::try_from(lines).unwrap_or(u32::MAX / 64).min(u32::MAX / 64);
    (56 + 36 * (lines + 1)).div_ceil(38)
}

/// Returns the query of a variable, in the language of Grafana's data source.
pub fn label_values(variable: &Variable) -> String {
    format!("label_values({}, {})", variable.series, variable.values_of)
}

/// Returns the data source's part of a query.
pub fn query(view: &View, query: &Query) -> Map<String, Value> {
    let mut out = Map::from_iter([
        ("editorMode".to_owned(), json!("code")),
        ("expr".to_owned(), json!(query.expr.pretty())),
        ("format".to_owned(), json!(viz::format(view))),
        ("instant".to_owned(), json!(query.instant)),
        ("legendFormat".to_owned(), json!(query.legend)),
        ("range".to_owned(), json!(!query.instant)),
    ]);
    if let Some(step) = &query.step {
        out.insert("interval".to_owned(), json!(step));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::dashboards::model::Unit;

    #[test]
    fn panels_fill_a_line_and_then_the_next() {
        let panel = |w, h| Panel::new("", "", View::Gauge, Unit::Short).size(w, h);
        let (places, height) = places(&[panel(12, 8), panel(12, 6), panel(24, 5)]);
        let at: Vec<(u32, u32)> = places.iter().map(|p| (p.x, p.y)).collect();
        assert_eq!(at, [(0, 0), (12, 0), (0, 8)]);
        assert_eq!(height, 13);
    }
}
