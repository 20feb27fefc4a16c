//! An error budget that burns too fast: one alert per objective and pair of windows.
//!
//! Bad events are compared with `burn rate x budget x events`: nothing is divided, so a quiet time gives a plain no and never NaN.

use std::collections::BTreeMap;

use super::{Draft, ModelCx};
use crate::promql::{BinaryOp, Expr, number};
use crate::resolve::{Burn, Slo};
use crate::signals::proof::Proof;
use crate::signals::slo::{has_events, of_slo, over};
use crate::signals::{AlertKind, What};
use crate::slo::{Sli, Urgency};
use crate::units::{Duration, number as digits, percent};

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    let mut out = Vec::new();
    for slo in cx.model.slos.iter().filter(|s| has_events(s, cx.plan, cx.group)) {
        let kind = AlertKind::of_budget(slo.sli);
        out.extend(kind.iter().flat_map(|kind| slo.burns.iter().map(|burn| draft(cx, *kind, slo, burn))));
    }
    out
}

fn draft(cx: &ModelCx<'_>, kind: AlertKind, slo: &Slo, burn: &Burn) -> Draft {
    let pair = &burn.pair;
    let allowed = pair.bad_share(slo.objective);
    let mut expr = burns(cx, slo, pair.long, allowed).op(BinaryOp::And, burns(cx, slo, pair.short, allowed));
    if burn.least_events > 0 {
        let bad = of_slo(cx.model, cx.names, slo, What::SloBadEvents(over(pair.long, cx.names))).expr();
        expr = expr.op(BinaryOp::And, bad.op(BinaryOp::Ge, number(f64::from(burn.least_events))));
    }
    let mut labels = BTreeMap::from([
        ("long_window".to_owned(), pair.long.to_string()),
        ("short_window".to_owned(), pair.short.to_string()),
        ("burn_rate".to_owned(), digits(pair.burn_rate)),
    ]);
    labels.extend(slo.measured_at.iter().map(|gateway| ("gateway".to_owned(), gateway.clone())));
    let measured = slo.measured_at.as_ref().map(|g| format!(", as gateway {g} sees them")).unwrap_or_default();
    let told_apart = BTreeMap::from([("long_window".to_owned(), pair.long.to_string())]);
    let proof = Proof { told_apart, ..Proof::over(pair.long, Vec::new(), Vec::new()) };
    let promise = promise(slo);
    let mut draft = Draft::new(kind, expr, allowed, proof).says(
        format!(
            "{{{{ $labels.model }}}} burns the error budget of its {} {} times too fast",
            word(slo.sli),
            digits(pair.burn_rate)
        ),
        format!(
            "Model {{{{ $labels.model }}}} promises that {promise} over {}{measured}. More than {} of the {} of the last {} were bad, and of the \
             last {}, too: {} times what the budget of {} allows. In {} that burns {} of the budget. Bad so far, in {}: \
             {{{{ $value | humanize }}}}.",
            slo.window,
            percent(allowed),
            slo.sli.events(),
            pair.long,
            pair.short,
            digits(pair.burn_rate),
            percent(slo.budget()),
            pair.long,
            percent(pair.share_of_budget(slo.window)),
            pair.long,
        ),
    );
    draft.labels = labels;
    draft.severity = (pair.urgency == Urgency::Ticket).then_some("warning");
    draft
}

/// bad events of a window > burn rate x budget x events of the window
fn burns(cx: &ModelCx<'_>, slo: &Slo, window: Duration, allowed: f64) -> Expr {
    let over = over(window, cx.names);
    let of = |what| of_slo(cx.model, cx.names, slo, what).expr();
    of(What::SloBadEvents(over)).op(BinaryOp::Gt, of(What::SloEvents(over)).op(BinaryOp::Mul, number(allowed)))
}

/// What was promised, as people say it.
pub fn promise(slo: &Slo) -> String {
    let threshold = slo.threshold.map(Duration::human).unwrap_or_default();
    let good = slo.objective;
    match slo.sli {
        Sli::Ttft => format!("{good} of the requests have a time to first token of at most {threshold}"),
        Sli::InterTokenLatency => format!("{good} of the tokens come at most {threshold} after the one before"),
        Sli::E2eLatency => format!("{good} of the requests take at most {threshold}"),
        Sli::QueueTime => format!("{good} of the requests wait at most {threshold} in the queue"),
        Sli::Errors => format!("{good} of the requests do not fail"),
        Sli::Availability => format!("its replicas answer {good} of the time"),
    }
}

fn word(sli: Sli) -> &'static str {
    match sli {
        Sli::Ttft => "time to first token",
        Sli::InterTokenLatency => "inter-token latency",
        Sli::E2eLatency => "end-to-end latency",
        Sli::QueueTime => "queue time",
        Sli::Errors => "failed requests",
        Sli::Availability => "availability",
    }
}
