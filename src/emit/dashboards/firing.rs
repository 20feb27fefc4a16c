//! What dashboards show of firing alerts: how many there are, and a link from their names to the runbooks. Which alerts, the
//! dashboards say.

use super::model::{Color, Column, Panel, Query, Thresholds, Unit, View};
use super::scope::{Scope, or_zero};
use crate::promql::{AggregateOp, Expr, Grouping, aggregate};

/// Makes a number of three columns, as high as the table of alerts beside it.
pub fn small(title: &str, description: &str, unit: Unit) -> Panel {
    Panel::new(title, description, View::Stat { graph: false }, unit).size(3, 6)
}

/// Makes the number of firing alerts.
pub fn count(firing: Expr, description: &str) -> Panel {
    let firing = or_zero(aggregate(AggregateOp::Count, Grouping::All, firing), &[]);
    small("Firing alerts", description, Unit::Short)
        .thresholds(Thresholds::limit(1.0))
        .word("0", "none", Color::Green)
        .query(Query::now(firing, "firing"))
}

/// Makes the column of names, which lead to the runbooks where they are published.
pub fn names(scope: &Scope<'_>, width: u32) -> Column {
    let column = Column::label("alertname", "Alert").width(width);
    match scope.emit.names.published_runbook("${__value.raw}") {
        Some(url) => column.link("Open the runbook", url),
        None => column,
    }
}
