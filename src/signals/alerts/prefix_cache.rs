//! The prefix cache helps far less than in the same hour last week.

use super::{BEYOND, Draft, HOUR, ModelCx, SHORT, WEEK};
use crate::catalog::Signal;
use crate::promql::{BinaryOp, call, number};
use crate::signals::model::recorded;
use crate::signals::proof::{Past, Proof, State};
use crate::signals::{AlertKind, What};
use crate::units::{Duration, percent};

/// Fewest queries per second that are judged.
const MIN_QUERIES: f64 = 1.0;
/// A cache that never helped cannot collapse.
const MIN_RATIO: f64 = 0.1;
/// What is looked at now.
const NOW: Duration = Duration::from_secs(1800);

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    if !cx.has(What::PrefixCacheHits) {
        return Vec::new();
    }
    let kind = AlertKind::PrefixCacheCollapse;
    let threshold = cx.threshold(kind);
    let mean = |what, window: Duration, ago: Option<Duration>| {
        let series = recorded(cx.model, cx.names, what);
        let series = ago.map_or(series.clone(), |ago| series.ago(ago));
        call("avg_over_time", [series.range(window.into())])
    };
    // A ratio of means weighs by traffic; a mean of ratios would not.
    let asked = mean(What::PrefixCacheQueries, NOW, None).op(BinaryOp::Ge, number(MIN_QUERIES));
    let now = mean(What::PrefixCacheHits, NOW, None).per(asked);
    // Nothing asked is no number, which is not above the least ratio.
    let then = mean(What::PrefixCacheHits, HOUR, Some(WEEK)).per(mean(What::PrefixCacheQueries, HOUR, Some(WEEK)));
    let limit = then.above(MIN_RATIO).op(BinaryOp::Mul, number(threshold));
    let expr = now.op(BinaryOp::Lt, limit);
    let state = |queries: f64, ratio: f64| {
        State::default().with(Signal::PrefixCacheQueries, queries).with(Signal::PrefixCacheHits, queries * ratio)
    };
    let usual = MIN_RATIO * BEYOND;
    let proof = Proof {
        past: Some(Past {
            state: state(1000.0, usual),
            short: state(1000.0, MIN_RATIO * SHORT),
            before: state(3000.0, 0.0),
            lead: state(0.0, 0.0),
            ago: vec![WEEK],
        }),
        calm: state(1000.0, usual),
        ..Proof::over(
            NOW,
            vec![state(1000.0, usual * threshold * SHORT), state(MIN_QUERIES * BEYOND, 0.0)],
            vec![state(1000.0, usual * threshold * BEYOND), state(MIN_QUERIES * SHORT, 0.0)],
        )
    };
    let draft = Draft::new(kind, expr, threshold, proof).says(
        "Prefix cache of {{ $labels.model }} hits only {{ $value | humanizePercentage }}",
        format!(
            "The prefix cache of model {{{{ $labels.model }}}} hits {{{{ $value | humanizePercentage }}}}, less than {} of what it \
             did in the same hour last week. Prefill is done again that was saved then.",
            percent(threshold)
        ),
    );
    vec![draft]
}
