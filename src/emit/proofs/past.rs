//! The scripts of alerts that compare with the past: how things were then, and what goes on now.
//!
//! Knows no series. What goes on now must end before it is itself the past of an alert that compares with yesterday, so a script
//! that would be too long is parted.

use std::collections::BTreeMap;

use super::script::{Base, Clock, Numbered, Phase, Script, Seen, Writer, rise, states, together};
use crate::signals::Alert;
use crate::signals::proof::{Past, State};
use crate::units::Duration;

const HOUR: u64 = 3_600_000;
/// Time in which rates and windows of an hour forget what was before.
const LEAD: u64 = HOUR + 600_000;
/// The same with windows of twice the length.
const LONG_LEAD: u64 = LEAD + HOUR;

/// A part of what goes on now, and how things were then.
#[derive(Clone, Copy)]
enum Piece {
    /// All was as it should be; now a state as in tests without a past.
    State(Numbered),
    /// The past so long ago, in milliseconds, was too thin to compare with.
    Thin(u64),
    /// Windows are looked at from their far ends: before them, things were otherwise then and quiet now.
    Edges,
}

/// Writes the tests of alerts that compare with the past.
pub fn of_past<'a>(alerts: &[&'a Alert], window: Duration, clock: Clock) -> Vec<Script<'a>> {
    let pasts: Vec<&Past> = alerts.iter().filter_map(|a| a.proof.past.as_ref()).collect();
    let mut ago: Vec<u64> = pasts.iter().flat_map(|p| &p.ago).map(|d| d.whole_millis()).collect();
    ago.sort_unstable();
    ago.dedup();
    let Some(nearest) = ago.first().copied() else { return Vec::new() };
    let pieces = states(alerts).map(Piece::State).chain(ago.iter().copied().map(Piece::Thin)).chain([Piece::Edges]);
    let written = |pieces: &[Piece]| Maker::new(alerts, &pasts, &ago, window, clock).written(pieces);
    let mut out = Vec::new();
    let mut open: Vec<Piece> = Vec::new();
    let mut last = None;
    for piece in pieces {
        open.push(piece);
        let (mut script, length) = written(&open);
        if open.len() > 1 && length + LEAD > nearest {
            open = vec![piece];
            script = written(&open).0;
            out.extend(last.take());
        }
        last = Some(script);
    }
    out.extend(last);
    out
}

struct Maker<'a, 'p> {
    alerts: &'p [&'a Alert],
    pasts: &'p [&'p Past],
    clock: Clock,
    window: Duration,
    /// How things are where nothing else is said.
    then: State,
    /// What each past was, with the ends in the time of now; by how long ago.
    past: BTreeMap<u64, Vec<(State, u64)>>,
    /// When now begins.
    begin: u64,
    now: Writer<'a>,
}

impl<'a, 'p> Maker<'a, 'p> {
    fn new(alerts: &'p [&'a Alert], pasts: &'p [&'p Past], ago: &[u64], window: Duration, clock: Clock) -> Self {
        let begin = clock.up(ago.last().copied().unwrap_or(0) + LEAD);
        let then = together(pasts.iter().map(|p| &p.state));
        let past = ago.iter().map(|back| (*back, Vec::new())).collect();
        let mut now = Writer::new(clock);
        now.now = begin;
        Self { alerts, pasts, clock, window, then, past, begin, now }
    }

    /// Returns the script, and how long now lasts, in milliseconds.
    fn written(mut self, pieces: &[Piece]) -> (Script<'a>, u64) {
        for piece in pieces {
            match piece {
                Piece::State(state) => self.state(*state),
                Piece::Thin(back) => self.thin(*back),
                Piece::Edges => self.edges(),
            }
        }
        let length = self.now.now - self.begin;
        (self.joined(), length)
    }

    /// Milliseconds from a state on until an alert fires.
    fn firing(&self, alert: &Alert) -> u64 {
        rise(alert.proof.rise, self.clock).1 + alert.hold.whole_millis()
    }

    /// The last of the bad states, for as long as every alert needs.
    fn bad(&mut self) {
        let wait = self.alerts.iter().map(|a| self.firing(a)).max().unwrap_or(0) + 3 * self.clock.evaluation;
        self.now.phase(Base::Calm, together(self.alerts.iter().filter_map(|a| a.proof.bad.last())), wait);
    }

    /// Says how every past was until the end of now.
    fn was(&mut self, state: impl Fn(u64) -> State) {
        for (back, states) in &mut self.past {
            let state = state(*back);
            match states.last_mut() {
                Some((last, end)) if *last == state => *end = self.now.now,
                _ => states.push((state, self.now.now)),
            }
        }
    }

    fn state(&mut self, state: Numbered) {
        if self.now.now == self.begin {
            self.now.begin(self.alerts);
        }
        self.now.state(self.alerts, state);
        let then = self.then.clone();
        self.was(|_| then.clone());
    }

    fn thin(&mut self, thin: u64) {
        self.now.phase(Base::Calm, State::default(), LEAD);
        self.bad();
        for alert in self.alerts {
            if alert.proof.past.iter().flat_map(|p| &p.ago).any(|d| d.whole_millis() == thin) {
                self.now.see(self.now.now, Some(alert), Seen::Nothing);
            }
        }
        let (then, short) = (self.then.clone(), together(self.pasts.iter().map(|p| &p.short)));
        self.was(|back| if back == thin { short.clone() } else { then.clone() });
    }

    fn edges(&mut self) {
        self.now.phase(Base::Calm, together(self.pasts.iter().map(|p| &p.lead)), LONG_LEAD);
        let start = self.now.now;
        self.bad();
        for alert in self.alerts {
            let at = start + self.firing(alert) + 1;
            self.now.see(at, Some(alert), Seen::Firing);
        }
        // Until the window of the first alert that fires begins, and what is recorded over a window of rates knows nothing else.
        let first = self.alerts.iter().map(|a| rise(a.proof.rise, self.clock).1).min().unwrap_or(0);
        let until = (start + first).saturating_sub(HOUR + self.window.whole_millis());
        let before = together(self.pasts.iter().map(|p| &p.before));
        for states in self.past.values_mut() {
            states.push((before.clone(), until));
        }
        let then = self.then.clone();
        self.was(|_| then.clone());
    }

    /// Puts the pasts before now.
    fn joined(self) -> Script<'a> {
        let mut phases: Vec<Phase> = Vec::new();
        let mut scrapes = 0;
        let mut until = |base, state: State, millis: u64| {
            let more = (millis / self.clock.scrape).saturating_sub(scrapes);
            scrapes += more;
            phases.push(Phase { base, state, scrapes: more });
        };
        for (back, states) in self.past.into_iter().rev() {
            until(Base::Gone, State::default(), self.begin.saturating_sub(back + LEAD));
            for (state, end) in states {
                until(Base::Calm, state, end.saturating_sub(back));
            }
        }
        until(Base::Gone, State::default(), self.begin);
        let mut script = self.now.script;
        script.phases.splice(0..0, phases.into_iter().filter(|p| p.scrapes > 0));
        script.checks.sort_by_key(|c| c.at);
        script
    }
}
