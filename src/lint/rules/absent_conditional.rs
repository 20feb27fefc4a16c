//! `promql/absent-of-conditional`: absent() on a metric that is also absent when all is well.

use crate::catalog::Status;
use crate::diag::{Code, Diagnostic};
use crate::infer::State;
use crate::lint::{Cx, Query};
use crate::promql::ExprKind;

/// Looks at every `absent` and `absent_over_time`.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    query.walk(&mut |node, _| {
        let ExprKind::Call(call) = &node.expr.kind else { return };
        if !matches!(call.function, "absent" | "absent_over_time") {
            return;
        }
        let Some(argument) = node.parts.first().map(crate::infer::Typed::bare) else { return };
        let Some(metric) = &argument.metric else { return };
        let (State::Here | State::Partly, Some(profile), Some(entry)) =
            (&metric.state, &metric.profile, metric.metric())
        else {
            return;
        };
        let why = if profile.series_may_be_absent {
            format!("{} shows a series only after its first event", profile.name)
        } else if entry.status == Status::OptIn || entry.requires.is_some() {
            let needs = entry.requires.clone().unwrap_or_else(|| "an option".to_owned());
            format!("it is only exported with: {needs}")
        } else {
            return;
        };
        let message = format!("`{}` on `{}`, which can be missing when all is well", call.function, metric.name);
        out.push(
            query
                .finding(Code::AbsentOfConditional, argument.expr.span, message, why)
                .help("watch a metric that is always there, or `up` of the target"),
        );
    });
}
