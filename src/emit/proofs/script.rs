//! A test as a script: phases of the world one after the other, and what an alert must be at certain times.
//!
//! Knows no series. Times are multiples of both the scrape and the evaluation interval.

use crate::signals::proof::{Proof, Rise, State, WhenGone};
use crate::signals::{Alert, AlertKind};
use crate::units::Duration;

/// What goes on besides what a state sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Usual traffic.
    Calm,
    /// None.
    Idle,
    /// One request, slow, failed and aborted, and then none.
    OneBadRequest,
    /// Usual traffic after a restart: counters begin again.
    Restarted,
    /// Usual traffic, and nothing has ever failed: counters of failures are born with the first one.
    Unfailing,
    /// No series at all.
    Gone,
}

/// A phase.
#[derive(Clone, Debug)]
pub struct Phase {
    /// What goes on.
    pub base: Base,
    /// What is different.
    pub state: State,
    /// How long, in scrapes.
    pub scrapes: u64,
}

/// What must be seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The alert is neither firing nor pending.
    Nothing,
    /// It is pending.
    Pending,
    /// It is not firing; it may be pending.
    NotFiring,
    /// It is firing.
    Firing,
    /// These of all alerts are firing, each so many times, and no others.
    Exactly(Vec<(AlertKind, usize)>),
}

/// A look at the alerts.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// When.
    pub at: Duration,
    /// At which alert; all of the test where there is none.
    pub alert: Option<&'a Alert>,
    /// What must be seen.
    pub seen: Seen,
}

/// A test.
#[derive(Clone, Debug, Default)]
pub struct Script<'a> {
    /// Phases.
    pub phases: Vec<Phase>,
    /// Time between two scrapes.
    pub scrape: Duration,
    /// Looks.
    pub checks: Vec<Check<'a>>,
}

/// The intervals that a script keeps to, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Time between two scrapes.
    pub scrape: u64,
    /// Time between two evaluations.
    pub evaluation: u64,
    /// Least common multiple of both.
    grid: u64,
}

impl Clock {
    /// Makes a clock. Intervals are whole milliseconds and above zero.
    pub fn new(scrape: Duration, evaluation: Duration) -> Self {
        let (scrape, evaluation) = (scrape.whole_millis().max(1), evaluation.whole_millis().max(1));
        Self { scrape, evaluation, grid: scrape / common_divisor(scrape, evaluation) * evaluation }
    }

    /// Returns the next time on the grid, at least one step.
    pub fn up(self, millis: u64) -> u64 {
        millis.div_ceil(self.grid).max(1) * self.grid
    }

    fn look(self, millis: u64) -> Duration {
        Duration::from_micros(millis / self.evaluation * self.evaluation * 1000)
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Writes a script from its beginning to its end.
pub(super) struct Writer<'a> {
    clock: Clock,
    /// What is written so far.
    pub script: Script<'a>,
    /// Its length, in milliseconds.
    pub now: u64,
}

impl<'a> Writer<'a> {
    pub fn new(clock: Clock) -> Self {
        let scrape = Duration::from_micros(clock.scrape * 1000);
        Self { clock, script: Script { scrape, ..Script::default() }, now: 0 }
    }

    /// Adds a phase of at least so many milliseconds.
    pub fn phase(&mut self, base: Base, state: State, millis: u64) {
        let millis = self.clock.up(millis);
        let scrapes = millis / self.clock.scrape;
        self.script.phases.push(Phase { base, state, scrapes });
        self.now += millis;
    }

    /// Looks at the last evaluation before a time.
    pub fn see(&mut self, before: u64, alert: Option<&'a Alert>, seen: Seen) {
        let at = self.clock.look(before.saturating_sub(1));
        self.script.checks.push(Check { at, alert, seen });
    }

    fn see_last(&mut self, seen: Seen) {
        self.see(self.now, None, seen);
    }
}

/// Returns the states in which an alert must fire, and how fast it must notice each.
fn firing(alert: &Alert) -> impl Iterator<Item = (&State, Rise)> {
    let Proof { bad, sudden, rise, .. } = &alert.proof;
    bad.iter().map(|s| (s, *rise)).chain(sudden.iter().map(|s| (s, Rise::AtOnce)))
}

/// How long an alert may and must take until its condition holds, in milliseconds.
pub(super) fn rise(rise: Rise, clock: Clock) -> (u64, u64) {
    match rise {
        Rise::AtOnce => (0, 0),
        Rise::Within(window) => (0, window.whole_millis()),
        // A window holds one scrape interval less than its length, and the first bad increase is seen at once.
        Rise::Window(window) => {
            let window = window.whole_millis();
            ((window / 10 * 9).saturating_sub(2 * clock.scrape), window)
        }
    }
}

/// Writes the test of alerts that do not disturb one another: silent just below, firing and not before their time, resolved.
pub fn of_alerts<'a>(alerts: &[&'a Alert], clock: Clock) -> Script<'a> {
    let mut writer = Writer::new(clock);
    writer.begin(alerts);
    for state in states(alerts) {
        writer.state(alerts, state);
    }
    writer.script.checks.sort_by_key(|c| c.at);
    writer.script
}

/// States of alerts that are tested together, by their number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbered {
    /// Those in which they must stay silent.
    Below(usize),
    /// Those in which they must fire.
    Firing(usize),
}

/// Returns the states of alerts, in the order of their tests.
pub(super) fn states(alerts: &[&Alert]) -> impl Iterator<Item = Numbered> {
    let below = alerts.iter().map(|a| a.proof.below.len()).max().unwrap_or(0);
    let bad = alerts.iter().map(|a| firing(a).count()).max().unwrap_or(0);
    (0..below).map(Numbered::Below).chain((0..bad).map(Numbered::Firing))
}

impl<'a> Writer<'a> {
    /// Begins with calm times.
    pub fn begin(&mut self, alerts: &[&'a Alert]) {
        self.phase(Base::Calm, State::default(), self.look_back(alerts));
        self.see_last(Seen::Nothing);
    }

    /// Time after which nothing is seen of a state any more.
    fn look_back(&self, alerts: &[&Alert]) -> u64 {
        longest(alerts, |a| a.proof.fall.whole_millis()) + 2 * self.clock.evaluation
    }

    /// Goes through a state of each alert, and back to calm times.
    pub fn state(&mut self, alerts: &[&'a Alert], state: Numbered) {
        let evaluation = self.clock.evaluation;
        let look_back = self.look_back(alerts);
        let clock = self.clock;
        let whole = longest(alerts, |a| rise(a.proof.rise, clock).1 + a.hold.whole_millis()) + 3 * evaluation;
        let i = match state {
            Numbered::Firing(i) => i,
            Numbered::Below(i) => {
                self.phase(Base::Calm, together(alerts.iter().filter_map(|a| a.proof.below.get(i))), whole);
                self.see_last(Seen::Nothing);
                self.phase(Base::Calm, State::default(), look_back);
                return;
            }
        };
        let start = self.now;
        let here = || alerts.iter().filter_map(|a| Some((*a, firing(a).nth(i)?)));
        self.phase(Base::Calm, together(here().map(|(_, (state, _))| state)), whole);
        for (alert, (_, rise_of_state)) in here() {
            let (earliest, latest) = rise(rise_of_state, clock);
            let hold = alert.hold.whole_millis();
            if earliest > evaluation {
                self.see(start + earliest, Some(alert), Seen::Nothing);
            }
            if hold > evaluation {
                let waiting = earliest + hold > latest + 2 * evaluation;
                let seen = if waiting { Seen::Pending } else { Seen::NotFiring };
                self.see(start + earliest + hold, Some(alert), seen);
            }
            // Both sides are as tight as evaluations allow.
            self.see(start + latest + hold + 1, Some(alert), Seen::Firing);
        }
        let end = self.now;
        self.phase(Base::Calm, together(here().filter_map(|(a, _)| a.proof.after.as_ref())), look_back);
        for (alert, _) in here() {
            self.see(end + alert.proof.fall.whole_millis() + evaluation, Some(alert), Seen::Nothing);
        }
        self.see_last(Seen::Nothing);
    }
}

fn longest(alerts: &[&Alert], of: impl Fn(&Alert) -> u64) -> u64 {
    alerts.iter().map(|a| of(a)).max().unwrap_or(0)
}

/// Joins states of different quantities.
pub(super) fn together<'s>(states: impl Iterator<Item = &'s State>) -> State {
    let mut all = State::default();
    for state in states {
        all.add(state);
    }
    all
}

/// Writes the test of all alerts of a chapter together: none fires without traffic, after a restart, or for one bad request; when
/// everything is gone, those fire that watch that, and no others.
pub fn of_quiet<'a>(alerts: &[&'a Alert], window: Duration, clock: Clock) -> Script<'a> {
    let mut writer = Writer::new(clock);
    // Alerts that compare with the past have none here.
    let holds = alerts.iter().filter(|a| a.proof.past.is_none()).map(|a| a.hold.whole_millis());
    let longest = holds.max().unwrap_or(0);
    let window = window.whole_millis();
    let whole = window + longest + 2 * clock.evaluation;
    for (base, millis) in [
        (Base::Unfailing, whole),
        (Base::Idle, whole),
        (Base::OneBadRequest, whole),
        (Base::Calm, window),
        (Base::Restarted, whole),
    ] {
        writer.phase(base, State::default(), millis);
        writer.see_last(Seen::Exactly(Vec::new()));
    }
    writer.phase(Base::Gone, State::default(), longest + 2 * clock.evaluation);
    let mut kinds: Vec<AlertKind> =
        alerts.iter().filter(|a| a.proof.when_gone == WhenGone::Fires).map(|a| a.kind).collect();
    kinds.sort();
    kinds.dedup();
    let count =
        |kind: &AlertKind| alerts.iter().filter(|a| a.kind == *kind && a.proof.when_gone == WhenGone::Fires).count();
    let firing = kinds.iter().map(|k| (*k, count(k))).collect();
    writer.see_last(Seen::Exactly(firing));
    writer.script
}
