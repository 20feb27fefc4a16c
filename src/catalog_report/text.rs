//! Small texts that several reports share.

use crate::catalog::{Metric, Profile, Range};

/// Returns `0.4.3 to 0.8.1`, `since 0.9.0`, `until 0.8.1` or `every release`; a release that begins or ends the profile is left
/// open.
pub fn range(range: &Range) -> String {
    match (&range.since, &range.until) {
        (Some(a), Some(b)) if a == b => format!("{a} only"),
        (Some(a), Some(b)) => format!("{a} to {b}"),
        (Some(a), None) => format!("since {a}"),
        (None, Some(b)) => format!("until {b}"),
        (None, None) => "every release".to_owned(),
    }
}

/// Returns the labels of a metric: those that may be there in brackets, `...` where others cannot be listed.
pub fn labels(metric: &Metric) -> String {
    let always = metric.labels.iter().cloned();
    let sometimes = metric.labels_optional.iter().map(|l| format!("[{l}]"));
    let open = metric.labels_open.then(|| "...".to_owned());
    let all: Vec<String> = always.chain(sometimes).chain(open).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// Returns bucket bounds in a line.
pub fn bounds(bounds: &[f64]) -> String {
    bounds.iter().map(|b| crate::units::number(*b)).collect::<Vec<_>>().join(", ")
}

/// Returns the releases of a profile: `0.4.3 to 0.33.0`.
pub fn releases(profile: &Profile) -> String {
    match (profile.releases.first(), profile.releases.last()) {
        (Some(a), Some(b)) if a == b => a.to_string(),
        (Some(a), Some(b)) => format!("{a} to {b}"),
        _ => String::new(),
    }
}

/// Lays out rows in columns, two blanks between them, without blanks at the end.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
