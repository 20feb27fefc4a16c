//! A latency against the same hour last week: the p95 is much longer, with enough requests on both sides. It needs no SLO.

use std::collections::BTreeMap;

use super::{Draft, HOUR, ModelCx, WEEK};
use crate::promql::{BinaryOp, call, number};
use crate::signals::model::{bucket_measure, recorded};
use crate::signals::proof::{Past, Proof, Spread, State};
use crate::signals::{AlertKind, Latency, Quantile};
use crate::units::{Duration, number as digits};

/// The latencies that people feel.
const WATCHED: [Latency; 3] = [Latency::Ttft, Latency::Itl, Latency::E2e];
/// What is looked at now.
const NOW: Duration = Duration::from_secs(1800);
/// Fewest observations in what is looked at.
const MIN_EVENTS: f64 = 100.0;

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    WATCHED.iter().filter_map(|latency| draft(cx, *latency)).collect()
}

fn draft(cx: &ModelCx<'_>, latency: Latency) -> Option<Draft> {
    let kind = AlertKind::LatencyRegression;
    let factor = cx.threshold(kind);
    let source = cx.model.source(latency.signal())?;
    let what = bucket_measure(source, latency);
    let buckets = |ago: Option<Duration>| {
        let series = recorded(cx.model, cx.names, what);
        ago.map_or(series.clone(), |ago| series.ago(ago))
    };
    let mean = |series: crate::promql::Selector, window: Duration| call("avg_over_time", [series.range(window.into())]);
    let p95 = |ago, window| mean(buckets(ago), window).quantile(Quantile::P95.value()).times(source.factor);
    let enough = |ago, window: Duration| {
        let per_second = mean(buckets(ago).eq("le", "+Inf"), window).sum_by(cx.labels());
        per_second.op(BinaryOp::Mul, number(window.secs_f64())).op(BinaryOp::Ge, number(MIN_EVENTS))
    };
    let longer = p95(None, NOW).op(BinaryOp::Gt, p95(Some(WEEK), HOUR).op(BinaryOp::Mul, number(factor)));
    let expr = longer.op_on(BinaryOp::And, cx.labels(), enough(None, NOW)).op_on(
        BinaryOp::And,
        cx.labels(),
        enough(Some(WEEK), HOUR),
    );
    let told_apart = BTreeMap::from([("latency".to_owned(), latency.word().to_owned())]);
    let proof = Proof { told_apart: told_apart.clone(), ..proof(&source.buckets, latency, factor)? };
    let draft = Draft { labels: told_apart, ..Draft::new(kind, expr, factor, proof) };
    Some(draft.says(
        format!("{} of {{{{ $labels.model }}}} is {{{{ $value | humanizeDuration }}}}, far above last week", latency.short()),
        format!(
            "The p95 of the {} of model {{{{ $labels.model }}}} was {{{{ $value | humanizeDuration }}}} over the last half hour, \
             more than {} times that of the same hour last week.",
            latency.signal().title(),
            digits(factor)
        ),
    ))
}

/// A hundredth beyond or short of the factor. The p95 lies inside a bucket, so it is set by the share that falls into it.
///
/// `None` if no two edges are far enough apart for it; no engine has such buckets.
fn proof(buckets: &[f64], latency: Latency, factor: f64) -> Option<Proof> {
    let per_second = 10.0;
    let at = |p95: f64| -> Option<Spread> {
        let above = buckets.iter().position(|b| *b > p95)?;
        let edge = *buckets.get(above.checked_sub(1)?)?;
        let inside = (p95 - edge) / (buckets[above] - edge);
        // Of the slow share s, 0.05 must lie beyond the p95: s x (1 - inside) = 0.05.
        (0.02..=0.8).contains(&inside).then(|| Spread { per_second, slow: 0.05 / (1.0 - inside), edge })
    };
    let spreads = buckets.windows(2).find_map(|pair| {
        // 95 % of the first of two edges is the p95 of what falls into its bucket evenly.
        let p95 = pair[0] + (pair[1] - pair[0]) * 0.5;
        Some((at(p95)?, at(p95 * factor * 1.01)?, at(p95 * factor * 0.99)?))
    });
    let (then, bad, below) = spreads?;
    let state = |spread| State::default().latency(latency.signal(), spread);
    let few = |share: f64| Spread { per_second: MIN_EVENTS / NOW.secs_f64() * share, slow: 1.0, ..bad };
    let thin = |share: f64| Spread { per_second: MIN_EVENTS / HOUR.secs_f64() * share, ..then };
    Some(Proof {
        past: Some(Past {
            state: state(thin(1.05)),
            short: state(thin(0.95)),
            // Fewer, and slow.
            before: state(Spread { slow: 1.0, edge: bad.edge, ..thin(0.5) }),
            lead: state(Spread { per_second: 0.0, ..then }),
            ago: vec![WEEK],
        }),
        calm: state(then),
        ..Proof::over(NOW, vec![state(bad), state(few(1.05))], vec![state(below), state(few(0.95))])
    })
}
