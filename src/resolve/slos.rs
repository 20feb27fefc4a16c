//! `[models.NAME.slos]`: what the engine can measure, thresholds on bucket edges, burn rates that can be reached.
//!
//! The arithmetic is that of `slo`; here it meets what was declared, and what cannot work is refused with its numbers.

use std::collections::BTreeMap;

use super::Context;
use super::gateway::Gateway;
use super::gateways::{ENGINE, Gateways};
use super::meter::{Meter, meter};
use super::plan::{Burn, LatencySlo, Slo};
use crate::catalog::{Found, Signal, View};
use crate::declare::values::{LargeCount, Slug};
use crate::diag::{Code, Diagnostic};
use crate::slo::{Pair, Sli, least_events, pairs};
use crate::source::{Place, Spanned};
use crate::spec::{self, AlertWindow};
use crate::units::{Duration, Ratio, number, percent, same_edge};

/// The objectives of a model.
#[derive(Clone, Debug, Default)]
pub struct Objectives {
    /// Latency objectives, in the order of the signals.
    pub latency: Vec<LatencySlo>,
    /// All of them, in the order of [`Sli::ALL`].
    pub all: Vec<Slo>,
}

/// One objective as it is written.
struct Declared<'a> {
    sli: Sli,
    objective: &'a Spanned<Ratio>,
    threshold: Option<Duration>,
    alert_windows: Option<&'a Spanned<Vec<Spanned<AlertWindow>>>>,
    min_bad_events: Option<u32>,
    place: Place,
    measured_at: Option<&'a Gateway>,
}

/// Returns the window of the objectives.
pub fn window(raw: &spec::Model) -> Duration {
    let declared = raw.slos.as_ref().and_then(|s| s.window.as_ref());
    declared.map_or(Duration::from_secs(30 * 86_400), |w| w.value)
}

/// A model, and what could measure its objectives.
pub struct Measured<'a> {
    /// Name of the model.
    pub name: &'a Slug,
    /// The model as it is written.
    pub raw: &'a spec::Model,
    /// Its engine.
    pub engine: &'a View,
    /// What the engine measures.
    pub signals: &'a BTreeMap<Signal, Found>,
    /// The gateways.
    pub gateways: &'a Gateways,
}

impl<'a> Measured<'a> {
    /// Returns the gateways in front of the model, by name.
    pub fn in_front(&self) -> impl Iterator<Item = &'a Gateway> {
        self.gateways.all.values().filter(|g| g.fronts(self.name.as_str()))
    }
}

/// Resolves the objectives. What cannot be measured or cannot alert is reported and left out.
pub fn resolve(measured: &Measured<'_>, ctx: &mut Context<'_>) -> Objectives {
    let Measured { name, raw, .. } = measured;
    let Some(slos) = &raw.slos else { return Objectives::default() };
    let mut out = Objectives::default();
    if let Some(window) = &slos.window
        && !(86_400..=366 * 86_400).contains(&window.whole_secs())
    {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            "the window of an objective is out of range",
            window.place,
            format!("expected 1d to 366d; found `{}`", window.value),
        ));
        return out;
    }
    for (sli, signal, slo) in [
        (Sli::Ttft, Signal::Ttft, &slos.ttft),
        (Sli::InterTokenLatency, Signal::InterTokenLatency, &slos.inter_token_latency),
        (Sli::E2eLatency, Signal::E2eLatency, &slos.e2e_latency),
        (Sli::QueueTime, Signal::QueueTime, &slos.queue_time),
    ] {
        let Some(slo) = slo else { continue };
        let Some(meter) = meter(measured, signal, slo.measured_at.as_ref(), slo.place, ctx) else { continue };
        let (Some(objective), Some(threshold)) = (&slo.objective, &slo.threshold) else { continue };
        let kept = objective_in_range(objective, ctx);
        if !on_edge(name, signal, threshold, &meter, ctx) {
            continue;
        }
        if meter.gateway.is_none() {
            out.latency.push(LatencySlo {
                signal,
                objective: objective.value,
                threshold: threshold.value,
                place: slo.place,
            });
        }
        let declared = Declared {
            sli,
            objective,
            threshold: Some(threshold.value),
            alert_windows: slo.alert_windows.as_ref(),
            min_bad_events: slo.min_bad_events.as_ref().map(|c| c.0),
            place: slo.place,
            measured_at: meter.gateway,
        };
        out.all.extend(kept.then(|| burning(name, raw, &declared, ctx)));
    }
    for (sli, slo) in [(Sli::Errors, &slos.errors), (Sli::Availability, &slos.availability)] {
        let Some(slo) = slo else { continue };
        let measured_at = match (sli, &slo.measured_at) {
            (Sli::Errors, written) => {
                let Some(meter) = meter(measured, Signal::Errors, written.as_ref(), slo.place, ctx) else { continue };
                meter.gateway
            }
            (_, Some(written)) if written.as_str() != ENGINE => {
                ctx.sink.push(
                    Diagnostic::new(
                        Code::SpecConflict,
                        format!("the availability of model `{name}` is that of its replicas"),
                        written.place,
                        "a gateway does not see single replicas",
                    )
                    .help("leave `measured_at` out; what users see is an objective on `errors`"),
                );
                continue;
            }
            _ => None,
        };
        let Some(objective) = &slo.objective else { continue };
        let declared = Declared {
            sli,
            objective,
            threshold: None,
            alert_windows: slo.alert_windows.as_ref(),
            min_bad_events: slo.min_bad_events.as_ref().map(|c| c.0),
            place: slo.place,
            measured_at,
        };
        if objective_in_range(objective, ctx) {
            out.all.push(burning(name, raw, &declared, ctx));
        }
    }
    out
}

/// Chooses the pairs of windows that alert on an objective, and refuses those that never could.
fn burning(name: &Slug, raw: &spec::Model, declared: &Declared<'_>, ctx: &mut Context<'_>) -> Slo {
    let window = window(raw);
    let objective = declared.objective.value;
    let chosen = |pair: &Pair| {
        declared.alert_windows.is_none_or(|list| list.value.iter().any(|w| w.value.length() == pair.long))
    };
    let mut burns = Vec::new();
    let mut unreachable = Vec::new();
    for pair in pairs(window).into_iter().filter(chosen) {
        if !pair.is_reachable(objective) {
            unreachable.push(pair);
            continue;
        }
        let least = if declared.sli == Sli::Availability { 0 } else { least_events(&pair) };
        burns.push(Burn { pair, least_events: declared.min_bad_events.unwrap_or(least) });
    }
    if let Some(first) = unreachable.first() {
        let reachable: Vec<String> = burns.iter().map(|b| format!("\"{}\"", b.pair.long)).collect();
        ctx.sink.push(unreachable_burn_rate(declared, first, window, &reachable));
    }
    if let Some(per_day) = raw.slos.as_ref().and_then(|s| s.expected_requests_per_day.as_ref()) {
        too_few_requests(name, declared, window, per_day, &burns, ctx);
    }
    let expected_per_day = raw.slos.as_ref().and_then(|s| s.expected_requests_per_day.as_ref()).map(|n| n.0);
    Slo {
        sli: declared.sli,
        objective,
        threshold: declared.threshold,
        measured_at: declared.measured_at.map(|g| g.name.clone()),
        window,
        expected_per_day,
        burns,
        place: declared.place,
    }
}

fn unreachable_burn_rate(declared: &Declared<'_>, pair: &Pair, window: Duration, reachable: &[String]) -> Diagnostic {
    let objective = declared.objective.value;
    // burn rate x (1 - objective) < 1
    let least = 1.0 - 1.0 / pair.burn_rate;
    let least = (least * 1e3).ceil() / 10.0;
    let mut finding = Diagnostic::new(
        Code::SloBurnRateUnreachable,
        format!("an objective of {objective} cannot alert over {}", pair.long),
        declared.objective.place,
        format!(
            "a burn rate of {} x a budget of {} = {} of the {} would have to be bad",
            number(pair.burn_rate),
            percent(1.0 - objective.value()),
            percent(pair.bad_share(objective)),
            declared.sli.events()
        ),
    )
    .help(format!(
        "promise more than {}%: {} of the budget of {window} in {} is a burn rate of {}",
        number(least),
        percent(pair.share_of_budget(window)),
        pair.long,
        number(pair.burn_rate)
    ));
    if !reachable.is_empty() {
        finding =
            finding.help(format!("or alert on longer windows only: `alert_windows = [{}]`", reachable.join(", ")));
    }
    finding
}

/// Refuses an objective that the declared traffic cannot judge: a budget of less than one request, or a window in which not even a
/// total outage makes enough bad events.
fn too_few_requests(
    name: &Slug,
    declared: &Declared<'_>,
    window: Duration,
    per_day: &Spanned<LargeCount>,
    burns: &[Burn],
    ctx: &mut Context<'_>,
) {
    // Tokens are many more than requests; replicas do not depend on traffic.
    if matches!(declared.sli, Sli::InterTokenLatency | Sli::Availability) {
        return;
    }
    let day = Duration::from_secs(86_400).secs_f64();
    let requests = |d: Duration| per_day.0 as f64 * d.secs_f64() / day;
    let budget = (1.0 - declared.objective.value.value()) * requests(window);
    if budget < 1.0 {
        ctx.sink.push(
            Diagnostic::new(
                Code::SloTooLittleTraffic,
                format!("the traffic of model `{name}` is too little to judge {}", declared.objective.value),
                declared.objective.place,
                format!(
                    "{} requests in {window} x {} = a budget of {} requests: the first bad one breaks the promise",
                    number(requests(window).round()),
                    percent(1.0 - declared.objective.value.value()),
                    number((budget * 100.0).round() / 100.0)
                ),
            )
            .help("promise less, or over a longer `window`"),
        );
        return;
    }
    for burn in burns {
        let most = requests(burn.pair.long);
        if most >= f64::from(burn.least_events) {
            continue;
        }
        ctx.sink.push(
            Diagnostic::new(
                Code::SloTooLittleTraffic,
                format!("the traffic of model `{name}` is too little to alert over {}", burn.pair.long),
                declared.objective.place,
                format!(
                    "{} requests in {} are fewer than the {} bad ones that an alert needs, even if all of them are bad",
                    number((most * 10.0).round() / 10.0),
                    burn.pair.long,
                    burn.least_events
                ),
            )
            .help(format!(
                "leave `{}` out of `alert_windows`, or lower `min_bad_events`; an outage is told by other alerts",
                burn.pair.long
            )),
        );
    }
}

fn objective_in_range(objective: &Spanned<Ratio>, ctx: &mut Context<'_>) -> bool {
    let kept = (0.5..1.0).contains(&objective.value.value());
    if !kept {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecInvalidValue,
                format!("an objective of {} cannot be kept or cannot be missed", objective.value),
                objective.place,
                "expected at least 50% and less than 100%",
            )
            .help("write for example `99%`: 100% leaves no budget for a single slow request"),
        );
    }
    kept
}

/// A threshold between two edges cannot be measured: the histogram does not know on which side a request fell.
fn on_edge(
    name: &Slug,
    signal: Signal,
    threshold: &Spanned<Duration>,
    meter: &Meter<'_>,
    ctx: &mut Context<'_>,
) -> bool {
    let (edges, view) = (&meter.source.buckets, meter.view);
    let wanted = threshold.secs_f64();
    let same = |e: &f64| same_edge(*e, wanted);
    // Above the highest edge a quantile reads as that edge, so nothing can be seen to exceed it.
    if edges.iter().any(same) && !edges.last().is_some_and(same) {
        return true;
    }
    let below = edges.iter().copied().rfind(|e| *e < wanted);
    let above = edges.iter().copied().find(|e| *e > wanted);
    // Four digits are within the tolerance and within what a duration can express.
    let edge = |e: f64| {
        let text = format!("{e:.3e}");
        let rounded = text.parse::<f64>().unwrap_or(e);
        Duration::parse(&format!("{}s", number(rounded))).map_or_else(|_| number(rounded), Duration::human)
    };
    let label = match (below, above) {
        (Some(b), Some(a)) => format!("the nearest edges are {} and {}", edge(b), edge(a)),
        (None, Some(a)) => format!("the lowest edge is {}", edge(a)),
        (Some(b), None) => format!("expected an edge below the highest, at most {}", edge(b)),
        (None, None) => "the catalogue lists no edges of this histogram".to_owned(),
    };
    let mut diagnostic = Diagnostic::new(
        Code::SloThresholdOffBucket,
        format!(
            "{} is {} of {} in {} {}",
            threshold.value.human(),
            if edges.last().is_some_and(same) { "the highest bucket edge" } else { "no bucket edge" },
            signal.title(),
            view.profile.title,
            view.release
        ),
        threshold.place,
        label,
    );
    let suggestions: Vec<String> =
        [below, above].into_iter().flatten().map(|e| format!("`threshold = \"{}\"`", edge(e))).collect();
    if !suggestions.is_empty() {
        diagnostic = diagnostic.help(format!("write {}", suggestions.join(" or ")));
    }
    let (server, table) = match meter.gateway {
        Some(gateway) => ("gateway", format!("gateways.{}", gateway.name)),
        None => ("server", format!("models.{name}")),
    };
    diagnostic = diagnostic.help(format!(
        "if the {server} runs with its own buckets, list them: `[{table}.buckets]` with `{} = [\"…\"]`",
        signal.word()
    ));
    ctx.sink.push(diagnostic);
    false
}
