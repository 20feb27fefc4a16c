//! The rules: each file one concern, one function. A rule looks at one query or one document and adds findings; it knows no other
//! rule, prints nothing and reads nothing.

mod absent_conditional;
mod absent_metric;
mod aggregation;
mod alert_condition;
mod buckets;
mod conditional_metric;
pub mod dashboard;
pub mod dashboard_uid;
mod double_count;
pub mod groups;
mod histogram_name;
mod hold;
mod legend;
mod matching;
mod panel_unit;
mod quantile;
mod rate;
mod raw_counter;
mod record_name;
mod rewritten_name;
mod several_series;
mod template;
mod threshold;
mod units;
mod unknown_label;
mod unknown_metric;
mod window;

use super::{Cx, Query};
use crate::diag::Diagnostic;

/// A rule about one query.
pub type QueryRule = fn(&Query<'_>, &Cx<'_>, &mut Vec<Diagnostic>);

/// Every rule about one query.
pub const OF_QUERIES: &[QueryRule] = &[
    absent_conditional::check,
    absent_metric::check,
    aggregation::check,
    alert_condition::check,
    buckets::check,
    conditional_metric::check,
    double_count::check,
    histogram_name::check,
    hold::check,
    legend::check,
    matching::check,
    panel_unit::check,
    quantile::check,
    rate::check,
    raw_counter::check,
    record_name::check,
    rewritten_name::check,
    several_series::check,
    template::check,
    threshold::check,
    units::check,
    unknown_label::check,
    unknown_metric::check,
    window::check,
];
