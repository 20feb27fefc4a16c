//! `scaler/several-series`: a trigger whose query gives several series, of which KEDA takes none.

use crate::diag::{Code, Diagnostic};
use crate::infer::ValueType;
use crate::lint::{Cx, Query, Role};

/// Looks at every query of a trigger.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Role::Trigger(_) = query.role else { return };
    let facts = &query.typed.facts;
    if facts.value != ValueType::Vector || facts.labels.is_none() || facts.constant.is_some() {
        return;
    }
    let labels: Vec<&str> = facts.labels.names().filter(|l| *l != "job" && *l != "instance").take(3).collect();
    let apart = match labels.as_slice() {
        [] => "one per target".to_owned(),
        list => format!("one per {}", list.join(", ")),
    };
    out.push(
        query
            .finding(
                Code::ScalerSeveralSeries,
                query.typed.expr.span,
                format!("the query can give several series ({apart}), and KEDA refuses more than one"),
                "scaling stops as soon as there are two",
            )
            .help("aggregate to one value: `sum(...)`, `max(...)` or `avg(...)`"),
    );
}
