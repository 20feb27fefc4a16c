//! What an alert reads in the end: the names of the exporters' series behind the records that it is made of.

use std::collections::BTreeSet;

use crate::promql::Expr;
use crate::signals::{Alert, Chapter};

/// Returns the names that alerts read, through the records of their chapter.
pub fn of(chapter: &Chapter, alerts: &[&Alert]) -> BTreeSet<String> {
    above(chapter, alerts, &BTreeSet::new())
}

/// Returns the names that alerts read, down to those that are `given`, which are left out.
pub fn above(chapter: &Chapter, alerts: &[&Alert], given: &BTreeSet<String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Expr> = alerts.iter().map(|a| &a.expr).collect();
    while let Some(expr) = open.pop() {
        for name in expr.metric_names().into_iter().filter(|n| !given.contains(n)) {
            if seen.insert(name.clone()) {
                open.extend(chapter.records().filter(|r| r.name == name).map(|r| &r.expr));
            }
        }
    }
    seen
}
