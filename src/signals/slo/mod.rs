//! What is recorded of objectives: their events and bad events, per second and over the windows that alerts look at.
//!
//! | step | series | from |
//! |---|---|---|
//! | 1 | events and bad events per second | what the chapter of the model records, once per evaluation |
//! | 2 | events in a window of up to an hour | step 1, every minute of the window |
//! | 3 | events in a window of up to six hours | step 1, once per rate window |
//! | 4 | events in a window of days | the last half hour's events (step 2), once per half hour |
//! | 5 | events in the window of the objective | the last hour's events (step 2), once per hour |
//!
//! Each event is counted once in each window: a rate over 5 minutes that is read every 5 minutes, or a fifth of it every minute, or
//! the events of an hour that are read every hour, leave nothing out and add nothing twice. Long windows are thus weighted by
//! traffic, they do not read the exporter's series, and what they cost does not depend on the number of replicas. What is newer than
//! the last step is not in a window yet: a minute, a rate window, half an hour or an hour, at most a 24th of its length.
//!
//! Without traffic, events are zero, not missing: windows then hold what there was. A ratio is recorded only where there are events.

mod sli;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::book::{Group, Record};
use super::model::recorded;
use super::{Measure, Over, What};
use crate::names::Names;
use crate::promql::{BinaryOp, Expr, Selector, number};
use crate::resolve::{Model, Plan, Slo};
use crate::units::Duration;

pub use sli::has_events;

const MINUTE: Duration = Duration::from_secs(60);
const HALF_HOUR: Duration = Duration::from_secs(1_800);
const SIX_HOURS: Duration = Duration::from_secs(6 * 3_600);
/// Interval of the rules over windows of more than an hour. Below the five minutes for which Prometheus finds an older value.
const SLOW_INTERVAL: Duration = Duration::from_secs(120);

/// Label that names the objective.
pub const SLO: &str = "slo";

/// Records what the objectives of a model need: first what goes with every evaluation, then what is enough every two minutes.
pub fn records(model: &Model, plan: &Plan, names: &Names, group: &Group) -> (Vec<Record>, Vec<Record>) {
    let maker = Maker { model, plan, names };
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for slo in model.slos.iter().filter(|s| has_events(s, plan, group)) {
        maker.fast(slo, &mut fast);
        maker.slow(slo, &mut slow);
    }
    (fast, slow)
}

/// Returns the interval of the slow rules.
pub fn slow_interval(plan: &Plan) -> Duration {
    SLOW_INTERVAL.max(plan.prometheus.evaluation_interval)
}

/// Returns a selector of a series of an objective.
pub fn of_slo(model: &Model, names: &Names, slo: &Slo, what: What) -> Selector {
    recorded(model, names, what).eq(SLO, slo.sli.key())
}

/// Returns over what the series count that hold the events and the bad events of a window.
///
/// The rate window itself needs no series of its own, nor does one that is shorter: there are no rates over less.
pub fn over(window: Duration, names: &Names) -> Over {
    if window <= names.window() { Over::Second } else { Over::Window(window) }
}

struct Maker<'a> {
    model: &'a Model,
    plan: &'a Plan,
    names: &'a Names,
}

impl Maker<'_> {
    fn record(&self, slo: &Slo, what: What, more: &[(&str, String)], expr: Expr) -> Record {
        let measure = Measure::model(what);
        let mut labels: BTreeMap<String, String> = (*self.model.labels).clone();
        labels.insert(SLO.to_owned(), slo.sli.key().to_owned());
        labels.extend(more.iter().map(|(label, value)| ((*label).to_owned(), value.clone())));
        Record { measure, name: self.names.record(measure), labels: Arc::new(labels), expr, origin: slo.place }
    }

    fn of(&self, slo: &Slo, what: What) -> Selector {
        of_slo(self.model, self.names, slo, what)
    }

    /// Windows that are recorded: those of the alerts, and those that longer ones are added up from.
    fn windows(&self, slo: &Slo) -> BTreeSet<Duration> {
        let of_alerts = slo.burns.iter().flat_map(|b| [b.pair.long, b.pair.short]);
        let mut all: BTreeSet<Duration> = of_alerts.filter(|w| over(*w, self.names) != Over::Second).collect();
        if all.iter().any(|w| *w > SIX_HOURS) {
            all.insert(HALF_HOUR);
        }
        all.insert(Duration::HOUR);
        all
    }

    fn fast(&self, slo: &Slo, out: &mut Vec<Record>) {
        let Some((events, bad)) = sli::per_second(slo, self.model, self.plan, self.names) else { return };
        out.push(self.record(slo, What::SloEvents(Over::Second), &[], events));
        out.push(self.record(slo, What::SloBadEvents(Over::Second), &[], bad));
        let step = MINUTE.min(self.names.window());
        for window in self.windows(slo).into_iter().filter(|w| *w <= Duration::HOUR) {
            self.window(slo, window, step, out);
        }
        out.push(self.burn_rate(slo, Duration::HOUR));
    }

    fn slow(&self, slo: &Slo, out: &mut Vec<Record>) {
        let objective = [("window", slo.window.to_string())];
        out.push(self.record(slo, What::SloObjective, &objective, crate::promql::vector(slo.objective.value())));
        // Rate windows that do not fill five minutes or a multiple would leave gaps or overlap.
        let five = 5 * MINUTE.whole_secs();
        let tiles = self.names.window().whole_secs().is_multiple_of(five) && self.names.window().is_whole_millis();
        let step = if tiles { Duration::from_secs(five) } else { MINUTE.min(self.names.window()) };
        for window in self.windows(slo).into_iter().filter(|w| *w > Duration::HOUR) {
            if window > SIX_HOURS {
                self.long_window(slo, window, HALF_HOUR, out);
            } else {
                self.window(slo, window, step, out);
            }
            if slo.burns.iter().any(|b| b.pair.long == window) {
                out.push(self.burn_rate(slo, window));
            }
        }
        if !self.windows(slo).contains(&slo.window) {
            self.long_window(slo, slo.window, Duration::HOUR, out);
        }
        // 1 - bad / (events x budget)
        let (events, bad) = self.pair(slo, slo.window);
        let spent = bad.per(events.above(0.0)).per(number(slo.budget()));
        out.push(self.record(slo, What::SloBudgetRemaining, &[], number(1.0).op(BinaryOp::Sub, spent)));
        // share left x window of the objective / burn rate: at a burn rate of 1, a whole budget lasts a whole window.
        let left = self.of(slo, What::SloBudgetRemaining).expr().above(0.0);
        let burn_rate = self.of(slo, What::SloBurnRate).eq("window", Duration::HOUR.to_string()).expr().above(0.0);
        let seconds = left.op(BinaryOp::Mul, number(slo.window.secs_f64())).op_on(
            BinaryOp::Div,
            self.model.labels.keys().cloned().chain([SLO.to_owned()]),
            burn_rate,
        );
        out.push(self.record(slo, What::SloBudgetExhaustion, &[], seconds));
    }

    /// Events and bad events of a window, from those of a shorter one.
    fn long_window(&self, slo: &Slo, window: Duration, part: Duration, out: &mut Vec<Record>) {
        for what in [What::SloEvents as fn(Over) -> What, What::SloBadEvents] {
            let sum = self.of(slo, what(Over::Window(part))).sum_over_steps(window, part);
            out.push(self.record(slo, what(Over::Window(window)), &[], sum));
        }
    }

    /// Events and bad events of a window, from those per second.
    fn window(&self, slo: &Slo, window: Duration, step: Duration, out: &mut Vec<Record>) {
        for what in [What::SloEvents as fn(Over) -> What, What::SloBadEvents] {
            // events/second x seconds of a step, at every step
            let sum = self.of(slo, what(Over::Second)).sum_over_steps(window, step).times(step.secs_f64());
            out.push(self.record(slo, what(Over::Window(window)), &[], sum));
        }
    }

    fn pair(&self, slo: &Slo, window: Duration) -> (Expr, Expr) {
        let of = |what| self.of(slo, what).expr();
        (of(What::SloEvents(Over::Window(window))), of(What::SloBadEvents(Over::Window(window))))
    }

    fn burn_rate(&self, slo: &Slo, window: Duration) -> Record {
        let (events, bad) = self.pair(slo, window);
        let rate = bad.per(events.above(0.0)).per(number(slo.budget()));
        self.record(slo, What::SloBurnRate, &[("window", window.to_string())], rate)
    }
}
