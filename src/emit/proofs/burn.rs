//! Tests of the alerts on error budgets. Their windows are days long, so they have a file and a clock of their own:
//! `prometheus/tests/<part>-budgets.yaml`, one scrape a minute, one evaluation every five.
//!
//! One test climbs a stair: first days with a share of bad events just below what the slowest pair tolerates, then a day just below
//! the next, and so on; behind the last step it goes down again, just above and just below what each short window tolerates. The
//! other test has few events, all of them bad: just fewer than an alert needs, and just enough. When each alert must fire and end
//! is computed here from the definition of a window, on events per minute, and not from the rules.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{Base, Phase};
use super::{Expectation, Test, Tested, closure, firing_at, series};
use crate::catalog::Signal;
use crate::emit::Emit;
use crate::resolve::{Burn, Model, Slo};
use crate::signals::proof::{Spread, State};
use crate::signals::{Alert, Chapter, Subject};
use crate::slo::{Pair, Sli};
use crate::units::Duration;

use super::world::World;

/// One scrape.
const MINUTE: Duration = Duration::from_secs(60);
/// Minutes between evaluations.
const EVALUATION: usize = 5;
/// Minutes by which a rule may know of a change later than the computation: a rate over five minutes, read every five.
const SLACK: usize = 10;
/// The same for windows of days, which are added up from half hours.
const SLACK_OF_DAYS: usize = 40;
/// Minutes without a burst, where few events are looked at: more than two evaluations late.
const REST: usize = 20;
/// Minutes of the very first events that a rate sees: it knows nothing of what was before its first sample.
const SEEN_OF_FIRST: f64 = 3.75;
/// Minutes until the shortest of the long windows has forgotten.
const FORGOTTEN: usize = 70;
/// How far steps lie beyond or short of what is tolerated.
const BEYOND: f64 = 1.05;
const SHORT: f64 = 0.95;
/// Events per minute, where their number does not matter.
const MANY: f64 = 8192.0;
/// Parts of an event that series gain in whole numbers of: sums of them are exact in binary, so that a counter never seems to fall.
const PARTS: f64 = 64.0;
/// Replicas of a model whose availability is tested.
const REPLICAS: u32 = 10;

/// Events of one objective and how many of them are bad, minute by minute.
type Minutes = Vec<(f64, f64)>;

/// Makes the tests of a chapter; none if no alert watches a budget.
pub fn tested<'a>(emit: Emit<'_>, chapter: &'a Chapter) -> Vec<Tested<'a>> {
    let alerts: Vec<&Alert> = chapter.alerts().filter(|a| a.kind.budget().is_some()).collect();
    let Subject::Model(name) = &chapter.subject else { return Vec::new() };
    let Some(model) = emit.plan.models.get(name).filter(|_| !alerts.is_empty()) else { return Vec::new() };
    let stories = [
        ("error budgets: a stair of bad shares, up and down", stair(model)),
        ("error budgets: few events, all of them bad, in bursts", few(model)),
    ];
    stories
        .map(|(title, stages)| Tested {
            test: test(emit, chapter, model, &alerts, title, &stages),
            alerts: alerts.clone(),
            evaluation: MINUTE * EVALUATION as u64,
            given: BTreeSet::new(),
        })
        .into()
}

/// A part of a timeline: its minutes, and per objective events per minute and the share of bad ones.
struct Stage {
    minutes: usize,
    of: Vec<(f64, f64)>,
}

fn minutes(window: Duration) -> usize {
    usize::try_from(window.whole_secs() / MINUTE.whole_secs()).unwrap_or(0)
}

/// Long windows of all pairs, longest first.
fn windows(model: &Model) -> Vec<Duration> {
    let mut all: Vec<Duration> = model.slos.iter().flat_map(|s| s.burns.iter().map(|b| b.pair.long)).collect();
    all.sort_unstable();
    all.dedup();
    all.reverse();
    all
}

/// Rounds a number of events down to whole parts.
fn whole(events: f64) -> f64 {
    (events * PARTS).floor() / PARTS
}

/// Rounds a share of many events down to whole parts of an event.
fn share_of_many(share: f64) -> f64 {
    whole(MANY * share) / MANY
}

fn stair(model: &Model) -> Vec<Stage> {
    let windows = windows(model);
    let mut out: Vec<Stage> = Vec::new();
    for window in &windows {
        let just_below = |slo: &Slo| {
            // Of the pairs as long as this step or longer, the fastest has the largest share.
            let shares = slo.burns.iter().filter(|b| b.pair.long >= *window).map(|b| b.pair.bad_share(slo.objective));
            let slowest = slo.burns.last().map_or(0.0, |b| b.pair.bad_share(slo.objective));
            share_of_many(shares.reduce(f64::max).unwrap_or(slowest / 2.0) * SHORT)
        };
        let of = model.slos.iter().map(|slo| (MANY, if slo.sli == Sli::Availability { 0.0 } else { just_below(slo) }));
        // Before the first step there was nothing, so half of the longest window holds the same share as the whole.
        let length = if out.is_empty() && windows.len() > 1 { minutes(*window) / 2 } else { minutes(*window) };
        out.push(Stage { minutes: length, of: of.collect() });
    }
    let above = |slo: &Slo| {
        let share = slo.burns.first().map_or(0.0, |b| b.pair.bad_share(slo.objective));
        let beyond = (share * 1.2).min(f64::midpoint(share, 1.0));
        if slo.sli == Sli::Availability {
            // Whole replicas.
            (beyond * f64::from(REPLICAS)).ceil() / f64::from(REPLICAS)
        } else {
            share_of_many(beyond)
        }
    };
    out.push(Stage { minutes: 60, of: model.slos.iter().map(|slo| (MANY, above(slo))).collect() });
    out.extend(down(model));
    out
}

/// The way down: for each pair, its short window is filled with a share just above what it tolerates, and then just below, while
/// the long one still holds more.
fn down(model: &Model) -> Vec<Stage> {
    let mut pairs: Vec<(Duration, Duration)> =
        model.slos.iter().flat_map(|s| s.burns.iter().map(|b| (b.pair.long, b.pair.short))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let step = |(long, short): &(Duration, Duration), factor: f64| {
        let share = |slo: &Slo| {
            let burn = slo.burns.iter().rfind(|b| b.pair.long <= *long);
            let of_pair = burn.map_or(0.0, |b| b.pair.bad_share(slo.objective));
            // An objective without such a pair waits below its last step.
            let factor = if burn.is_some_and(|b| b.pair.long == *long) { factor } else { SHORT };
            share_of_many((of_pair * factor).min(1.0))
        };
        let of = model.slos.iter().map(|slo| (MANY, if slo.sli == Sli::Availability { 0.0 } else { share(slo) }));
        Stage { minutes: minutes(*short) + slack(*long) + EVALUATION, of: of.collect() }
    };
    pairs.iter().flat_map(|pair| [step(pair, BEYOND), step(pair, SHORT)]).collect()
}

/// From quiet on, bursts of bad events only: for each pair, first just fewer than it needs, and then just enough.
fn few(model: &Model) -> Vec<Stage> {
    // The fewest of each objective, ascending, and the pairs that need so many.
    let steps: Vec<BTreeMap<u32, Vec<Pair>>> = model.slos.iter().map(fewest).collect();
    let mut counts: Vec<f64> = vec![0.0; steps.len()];
    // A counter that begins at zero is taken to have begun there, and its first burst would count less.
    let begun = whole(1.0 / EVALUATION as f64);
    let mut out = vec![
        Stage { minutes: EVALUATION, of: model.slos.iter().map(|slo| all_bad(slo, begun)).collect() },
        Stage { minutes: FORGOTTEN - EVALUATION, of: vec![(0.0, 0.0); steps.len()] },
    ];
    for step in 0..steps.iter().map(BTreeMap::len).max().unwrap_or(0) {
        let at_step: Vec<Option<(&u32, &Vec<Pair>)>> = steps.iter().map(|s| s.iter().nth(step)).collect();
        let pairs = || at_step.iter().flatten().flat_map(|(_, pairs)| pairs.iter());
        // A short window must not forget the burst before the end: where it would, one event in an hour goes on.
        let goes_on = |pairs: &[Pair]| if pairs.iter().any(|p| minutes(p.short) <= REST) { 1.0 / PARTS } else { 0.0 };
        for factor in [SHORT, BEYOND] {
            let mut burst = Vec::new();
            let mut rest = Vec::new();
            for ((at_step, count), slo) in at_step.iter().zip(&mut counts).zip(&model.slos) {
                let mut add = (0.0, 0.0);
                if let Some((least, pairs)) = at_step {
                    let after = goes_on(pairs);
                    let forgotten = pairs.iter().any(|p| minutes(p.long) < FORGOTTEN);
                    let before = *count + if forgotten { 0.0 } else { begun * SEEN_OF_FIRST };
                    let missing = f64::from(**least) * factor - before - after * REST as f64;
                    add = (whole(missing.max(0.0) / EVALUATION as f64), after);
                }
                *count += add.0 * EVALUATION as f64 + add.1 * REST as f64;
                burst.push(all_bad(slo, add.0));
                rest.push(all_bad(slo, add.1));
            }
            out.push(Stage { minutes: EVALUATION, of: burst });
            out.push(Stage { minutes: REST, of: rest });
            if pairs().any(|p| slack(p.long) > SLACK) {
                let quiet = (SLACK_OF_DAYS + 2 * EVALUATION).saturating_sub(REST);
                out.push(Stage { minutes: quiet, of: vec![(0.0, 0.0); steps.len()] });
            }
        }
    }
    out
}

/// Events of a minute, all of them bad. Replicas are not events: all of them answer.
fn all_bad(slo: &Slo, per_minute: f64) -> (f64, f64) {
    if slo.sli == Sli::Availability { (0.0, 0.0) } else { (per_minute, 1.0) }
}

/// Returns the pairs of an objective by the fewest bad events that they need; those that need none are left out.
fn fewest(slo: &Slo) -> BTreeMap<u32, Vec<Pair>> {
    let mut out: BTreeMap<u32, Vec<Pair>> = BTreeMap::new();
    for burn in slo.burns.iter().filter(|b| b.least_events > 0) {
        out.entry(burn.least_events).or_default().push(burn.pair);
    }
    out
}

/// Minutes by which the alert of a pair with this long window may be late.
fn slack(long: Duration) -> usize {
    if long.whole_secs() > 6 * 3_600 { SLACK_OF_DAYS } else { SLACK }
}

fn test(emit: Emit<'_>, chapter: &Chapter, model: &Model, alerts: &[&Alert], name: &str, stages: &[Stage]) -> Test {
    let phases: Vec<Phase> = stages
        .iter()
        .map(|stage| Phase { base: Base::Calm, state: state(model, &stage.of), scrapes: stage.minutes as u64 })
        .collect();
    let world = World::new(emit, &chapter.subject, closure::of(chapter, alerts), MINUTE);
    Test {
        name: name.to_owned(),
        interval: MINUTE.to_string(),
        input_series: series(&world, &State::default(), &phases),
        promql_expr_test: expectations(model, alerts, stages),
    }
}

/// The state of a stage: what each objective counts.
fn state(model: &Model, of: &[(f64, f64)]) -> State {
    let mut state = State::default();
    for (slo, (per_minute, bad)) in model.slos.iter().zip(of) {
        let per_second = per_minute / MINUTE.secs_f64();
        state.add(&match (slo.latency(), slo.sli) {
            (Some(signal), _) => {
                let edge = slo.threshold.map_or(0.0, Duration::secs_f64);
                State::default().latency(signal, Spread { per_second, slow: *bad, edge })
            }
            (None, Sli::Availability) => {
                let down = (bad * f64::from(REPLICAS)).round() as u32;
                State::default().replicas(REPLICAS, REPLICAS - down.min(REPLICAS))
            }
            (None, _) => State::default().with(Signal::ErrorBase, per_second).with(Signal::Errors, per_second * bad),
        });
    }
    state
}

/// Computes when each alert fires, and looks shortly before and after each change, and at the end of each stage.
fn expectations(model: &Model, alerts: &[&Alert], stages: &[Stage]) -> Vec<Expectation> {
    let ends: Vec<usize> = stages
        .iter()
        .scan(0, |end, stage| {
            *end += stage.minutes;
            Some(*end)
        })
        .collect();
    let mut out: Vec<(usize, usize, Expectation)> = Vec::new();
    for (n_slo, slo) in model.slos.iter().enumerate() {
        let sums = sums(stages.iter().flat_map(|s| std::iter::repeat_n(s.of[n_slo], s.minutes)));
        for burn in &slo.burns {
            let of_pair = |a: &&&Alert| {
                a.kind.budget() == Some(slo.sli)
                    && a.labels.get("long_window").is_some_and(|w| *w == burn.pair.long.to_string())
            };
            let Some((n_alert, alert)) = alerts.iter().enumerate().find(|(_, a)| of_pair(a)) else { continue };
            let slack = slack(burn.pair.long);
            let last = ends.last().copied().unwrap_or(0);
            let fires: Vec<bool> = (0..=last).map(|at| fires(&sums, slo, burn, at)).collect();
            let grid = |at: usize| at / EVALUATION * EVALUATION;
            let changes = (1..last).filter(|at| fires[*at] != fires[at - 1]);
            let mut looks: Vec<usize> =
                changes.flat_map(|at| [grid(at.saturating_sub(slack)), grid(at + slack + EVALUATION)]).collect();
            looks.extend(ends.iter().map(|end| grid(end - 1)));
            looks.sort_unstable();
            looks.dedup();
            for at in looks.into_iter().filter(|at| (1..last).contains(at)) {
                let firing = fires[at];
                // Close to a change, a rule may be late, but never early.
                if (at.saturating_sub(slack)..=(at + 1).min(last - 1)).any(|t| fires[t] != firing) {
                    continue;
                }
                out.push((at, n_alert, firing_at(alert, MINUTE * at as u64, firing)));
            }
        }
    }
    out.sort_by_key(|(at, n_alert, _)| (*at, *n_alert));
    out.into_iter().map(|(.., e)| e).collect()
}

/// Returns whether a pair must alert after so many minutes, by the definition of its windows.
fn fires(sums: &Minutes, slo: &Slo, burn: &Burn, at: usize) -> bool {
    let share = burn.pair.bad_share(slo.objective);
    let burns = |window: Duration| {
        let (events, bad) = within(sums, at, minutes(window));
        bad > share * events + 1e-9
    };
    let enough = within(sums, at, minutes(burn.pair.long)).1 >= f64::from(burn.least_events);
    enough && burns(burn.pair.long) && burns(burn.pair.short)
}

/// Running sums from the first minute on.
fn sums(minutes: impl Iterator<Item = (f64, f64)>) -> Minutes {
    let mut out = vec![(0.0, 0.0)];
    let mut total = (0.0, 0.0);
    for (events, share) in minutes {
        total = (total.0 + events, total.1 + events * share);
        out.push(total);
    }
    out
}

fn within(sums: &Minutes, at: usize, window: usize) -> (f64, f64) {
    let (end, start) = (sums[at.min(sums.len() - 1)], sums[at.saturating_sub(window)]);
    (end.0 - start.0, end.1 - start.1)
}

#[cfg(test)]
mod tests {
    use super::{fires, sums};
    use crate::slo::detected_after;
    use crate::source::MemoryWorld;

    /// The arithmetic of the pages about objectives is that of the tests which the alerts pass.
    #[test]
    fn alerts_fire_when_the_arithmetic_says() {
        let text = include_str!("../../../examples/fleet/llmobs.toml").to_owned();
        let plan = crate::compile("llmobs.toml", text, &MemoryWorld::default()).program.expect("it compiles").plan;
        let mut seen = 0;
        for slo in plan.models.values().flat_map(|m| &m.slos) {
            let longest = super::minutes(slo.burns.iter().map(|b| b.pair.long).max().unwrap_or_default());
            for (factor, per_minute) in
                [(1.5, 40.0), (4.0, 40.0), (10.0, 0.5), (f64::INFINITY, 0.05), (f64::INFINITY, 3.0)]
            {
                let bad = (slo.budget() * factor).min(1.0);
                let good = std::iter::repeat_n((per_minute, 0.0), longest);
                let sums = sums(good.chain(std::iter::repeat_n((per_minute, bad), longest)));
                for burn in &slo.burns {
                    let first = (1..=longest).find(|at| fires(&sums, slo, burn, longest + at)).map(|at| at as f64);
                    let after = detected_after(&burn.pair, slo.objective, burn.least_events, bad, per_minute / 60.0);
                    let after = after.map(|seconds| seconds / 60.0);
                    match (first, after) {
                        (Some(first), Some(after)) => {
                            assert!((first - after).abs() <= 1.0 + 1e-6, "{first} {after} {burn:?} {bad}")
                        }
                        (None, None) => {}
                        found => panic!("{found:?} {burn:?} {bad} {per_minute}"),
                    }
                    seen += 1;
                }
            }
        }
        assert!(seen > 500, "{seen}");
    }
}
