//! Which alerts can be tested on one timeline: those that watch different series. Evaluating the rules is what takes promtool's
//! time, so few long tests are faster than many short ones.

use std::collections::BTreeSet;

use super::closure;
use crate::catalog::Signal;
use crate::emit::Emit;
use crate::signals::proof::{Driver, State};
use crate::signals::{Alert, Chapter, Subject};

/// Parts the alerts of a chapter into groups that do not disturb one another; each alert is in one group.
pub fn groups<'a>(emit: Emit<'_>, chapter: &Chapter, alerts: &[&'a Alert]) -> Vec<Vec<&'a Alert>> {
    let mut groups: Vec<(Vec<&'a Alert>, Touched)> = Vec::new();
    // What nobody reads is on no page of these tests.
    let read = closure::of(chapter, alerts);
    for alert in alerts.iter().copied() {
        let touched = Touched::of(emit, chapter, alert, &read);
        match groups.iter_mut().find(|(_, all)| !all.disturbs(&touched)) {
            Some((group, all)) => {
                group.push(alert);
                all.sets.extend(touched.sets);
                all.reads.extend(touched.reads);
            }
            None => groups.push((vec![alert], touched)),
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

/// Names of series that a test of an alert sets, and that the alert reads.
struct Touched {
    sets: BTreeSet<String>,
    reads: BTreeSet<String>,
}

impl Touched {
    fn of(emit: Emit<'_>, chapter: &Chapter, alert: &Alert, read: &BTreeSet<String>) -> Self {
        let reads = closure::of(chapter, &[alert]);
        let proof = &alert.proof;
        let states = proof.bad.iter().chain(&proof.sudden).chain(&proof.below).chain(&proof.after).chain([&proof.calm]);
        let sets = states.flat_map(|s| names(emit, &chapter.subject, s, &reads)).filter(|n| read.contains(n)).collect();
        Self { sets, reads }
    }

    fn disturbs(&self, other: &Self) -> bool {
        !self.sets.is_disjoint(&other.sets)
            || !self.sets.is_disjoint(&other.reads)
            || !self.reads.is_disjoint(&other.sets)
    }
}

/// Returns the names of the series that a state sets.
fn names(emit: Emit<'_>, subject: &Subject, state: &State, reads: &BTreeSet<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    match (state.gpus, subject) {
        // Without GPUs nothing of the pool is there; of one GPU fewer, the first knows nothing.
        (Some(0), Subject::Pool(_)) => {
            out.extend(Signal::OF_GPUS.iter().flat_map(|signal| series(emit, subject, *signal)));
        }
        (Some(_), _) => out.extend(reads.iter().cloned()),
        (None, _) => {}
    }
    out.extend(state.replicas.map(|_| "up".to_owned()));
    out.extend(state.latencies.keys().flat_map(|s| series(emit, subject, *s)).map(|s| format!("{s}_bucket")));
    out.extend(state.values.keys().flat_map(|driver| match driver {
        Driver::Of(signal) | Driver::Climbing(signal) | Driver::With(signal, ..) | Driver::Saying(signal, _) => {
            series(emit, subject, *signal)
        }
        Driver::Gauge(text) | Driver::Counter(text) => text.split('{').next().map(str::to_owned).into_iter().collect(),
    }));
    out
}

fn series(emit: Emit<'_>, subject: &Subject, signal: Signal) -> Vec<String> {
    match subject {
        Subject::Model(name) => {
            let engine = emit.plan.models.get(name).and_then(|m| m.source(signal));
            let gateways = emit.plan.gateways_of(name).filter_map(|g| g.source(signal));
            engine.into_iter().chain(gateways).map(|s| s.series.clone()).collect()
        }
        Subject::Pool(name) => {
            let pool = emit.plan.pools.get(name);
            pool.and_then(|p| p.signal(signal)).map(|s| s.series.clone()).into_iter().collect()
        }
        Subject::Fleet => Vec::new(),
    }
}
