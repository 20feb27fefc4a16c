//! `dashboard/legend-label-dropped`: a legend that shows a label which the query dropped.

use crate::diag::{Code, Diagnostic};
use crate::infer::ValueType;
use crate::lint::{Cx, Query, Role};

/// Looks at the legend of every query of a panel.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Role::Panel(target, ..) = query.role else { return };
    let Some(legend) = &target.legend else { return };
    let facts = &query.typed.facts;
    if facts.value != ValueType::Vector && facts.value != ValueType::Scalar {
        return;
    }
    let text = legend.as_str();
    let mut rest = 0;
    while let Some(open) = text[rest..].find("{{").map(|i| rest + i + 2) {
        let Some(close) = text[open..].find("}}").map(|i| open + i) else { return };
        let label = text[open..close].trim();
        rest = close + 2;
        let plain = !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || label == "__name__" || facts.labels.presence(label).is_some() {
            continue;
        }
        let left: Vec<&str> = facts.labels.names().collect();
        let left = if left.is_empty() { "none".to_owned() } else { left.join(", ") };
        let message = format!("the legend shows the label `{label}`, which the query does not keep");
        out.push(
            Diagnostic::new(
                Code::LegendLabelDropped,
                message,
                legend.place(open..close),
                "every line has the same name",
            )
            .related(query.whole(), "drops it")
            .help(format!(
                "keep `{label}` in the aggregation, or leave it out of the legend; labels that are kept: {left}"
            )),
        );
    }
}
