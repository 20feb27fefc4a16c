//! Tests of the alerts on budgets of money: `prometheus/tests/<part>-spend.yaml`, days of spend from the first of January 1970 on. One
//! test is of the pace, one of the month; the namespaces of a fleet are tested together, each with a cost of its own.
//!
//! Their series begin with the cost per hour: how that comes from GPUs and prices is another matter, and exporters are silent here.
//! When each alert must fire and end is computed here from what was spent in each hour, not from the rules.

use super::track::{Motion, Track};
use super::{Expectation, Series, Test, Tested, firing_at};
use crate::emit::Emit;
use crate::promql::selector;
use crate::resolve::{Plan, Pool};
use crate::signals::cost::{burns, price_of_pool};
use crate::signals::{Alert, AlertKind, Chapter, Level, Measure, Subject, What, alert_threshold};
use crate::units::Duration;

/// Time between two evaluations and between two samples. Spend of an hour is recorded in its last five minutes.
const TICK: Duration = Duration::from_secs(300);
/// Evaluations of an hour.
const PER_HOUR: usize = 12;
/// Days and hours of January.
const DAYS: f64 = 31.0;
const HOURS: f64 = DAYS * 24.0;

/// Makes the tests of a chapter: for each of its budgets one of the pace, and one of the month.
pub fn tested<'a>(emit: Emit<'_>, chapter: &'a Chapter) -> Vec<Tested<'a>> {
    let alerts: Vec<&Alert> = chapter.alerts().filter(|a| a.kind.watches_money()).collect();
    let (whole, parts): (Vec<Account<'_>>, Vec<Account<'_>>) =
        accounts(emit, chapter, &alerts).into_iter().partition(|a| a.of_namespace.is_none());
    let together = [("budget", whole), ("budgets of namespaces", parts)];
    let together = together.into_iter().filter(|(_, accounts)| !accounts.is_empty());
    together
        .flat_map(|(name, accounts)| [of_pace(emit, name, &accounts), of_month(emit, name, &accounts)])
        .flatten()
        .collect()
}

fn of_pace<'a>(emit: Emit<'_>, name: &str, accounts: &[Account<'a>]) -> Option<Tested<'a>> {
    let name = format!("{name}: too fast over hours and days");
    tested_by(emit, name, accounts, |k| k == AlertKind::CostBudgetBurn, |limits, _| limits.pace())
}

fn of_month<'a>(emit: Emit<'_>, name: &str, accounts: &[Account<'a>]) -> Option<Tested<'a>> {
    let name = format!("{name}: too much for the month");
    tested_by(emit, name, accounts, |k| k != AlertKind::CostBudgetBurn, |limits, alerts| limits.month(alerts))
}

fn tested_by<'a>(
    emit: Emit<'_>,
    name: String,
    accounts: &[Account<'a>],
    which: fn(AlertKind) -> bool,
    course: fn(&Thresholds, &[&Alert]) -> Course,
) -> Option<Tested<'a>> {
    let (mut input_series, mut looks, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for account in accounts {
        let alerts: Vec<&Alert> = account.alerts.iter().copied().filter(|a| which(a.kind)).collect();
        let limits = Thresholds::of(emit.plan, account.budget);
        let course = course(&limits, &alerts);
        input_series.push(account.series(emit.plan, &course));
        looks.extend(expectations(&alerts, &limits, &course));
        all.extend(alerts);
    }
    looks.sort_by_key(|(at, _)| *at);
    let promql_expr_test = looks.into_iter().map(|(_, e)| e).collect();
    let test = Test { name, interval: TICK.to_string(), input_series, promql_expr_test };
    // What a declared pool costs is computed also here, from GPUs.
    let direct = accounts.iter().filter(|a| a.declared.is_none());
    let given = direct.filter_map(|a| a.cost.split('{').next()).map(str::to_owned).collect();
    (!all.is_empty()).then_some(Tested { test, alerts: all, evaluation: TICK, given })
}

/// A budget, its alerts, and the series that stands for what is spent on it.
struct Account<'a> {
    /// The namespace whose models it is of, if it is one's.
    of_namespace: Option<String>,
    budget: f64,
    alerts: Vec<&'a Alert>,
    cost: String,
    /// Where a pool counts its declared GPUs whatever happens: how many those are, and what one costs. The series then holds
    /// GPUs that come on top.
    declared: Option<(f64, f64)>,
}

fn accounts<'a>(emit: Emit<'_>, chapter: &Chapter, alerts: &[&'a Alert]) -> Vec<Account<'a>> {
    let Some(costs) = &emit.plan.costs else { return Vec::new() };
    let of_label = |word: &str, namespace: Option<&str>| -> Vec<&'a Alert> {
        let is = |a: &&&Alert| {
            a.labels.get("budget").is_some_and(|b| b == word)
                && namespace.is_none_or(|n| a.proof.told_apart.get("namespace").is_some_and(|m| m == n))
        };
        alerts.iter().filter(is).copied().collect()
    };
    let cost_of_model = |namespace: Option<&str>| {
        let name = emit.names.record(Measure::model(What::CostPerHour));
        let labelled = selector(name).eq("model", "any");
        namespace.map_or(labelled.clone(), |n| labelled.eq("namespace", n)).to_string()
    };
    let mut out = Vec::new();
    match &chapter.subject {
        Subject::Model(model) => {
            if let (Some(budget), Some(plan)) = (costs.model_budgets.get(model), emit.plan.models.get(model)) {
                let name = selector(emit.names.record(Measure::model(What::CostPerHour)));
                let cost = plan.labels.iter().fold(name, |s, (k, v)| s.eq(k, v)).to_string();
                let alerts = of_label("model", None);
                out.push(Account { of_namespace: None, budget: budget.0, alerts, cost, declared: None });
            }
        }
        Subject::Pool(pool) => {
            if let (Some(budget), Some(plan)) = (costs.pool_budgets.get(pool), emit.plan.pools.get(pool)) {
                let declared = declared(plan, emit.plan);
                let what = if declared.is_some() { What::Gpus } else { What::CostPerHour };
                let series = selector(emit.names.record(Measure { level: Level::Pool, what })).eq("pool", pool);
                let cost = if declared.is_some() { series.eq("gpus_from", "test") } else { series }.to_string();
                let alerts = of_label("pool", None);
                out.push(Account { of_namespace: None, budget: budget.0, alerts, cost, declared });
            }
        }
        Subject::Fleet => {
            if let Some(budget) = costs.monthly_budget {
                let (alerts, cost) = (of_label("all", None), cost_of_model(None));
                out.push(Account { of_namespace: None, budget: budget.0, alerts, cost, declared: None });
            }
            for (namespace, budget) in &costs.namespace_budgets {
                let (alerts, cost) = (of_label("namespace", Some(namespace)), cost_of_model(Some(namespace)));
                let of_namespace = Some(namespace.clone());
                out.push(Account { of_namespace, budget: budget.0, alerts, cost, declared: None });
            }
        }
    }
    out
}

/// The declared GPUs of a pool and their price, where they are what its cost is computed from without an exporter.
fn declared(pool: &Pool, plan: &Plan) -> Option<(f64, f64)> {
    Some((f64::from(pool.count?), price_of_pool(pool, plan)?))
}

impl Account<'_> {
    fn series(&self, plan: &Plan, course: &Course) -> Series {
        // A value counts for as long as the rules are evaluated in between, and here that is less often.
        let counted = TICK.secs_f64() / plan.prometheus.evaluation_interval.secs_f64();
        let mut track = Track::default();
        for (hours, money) in &course.stages {
            let motion = match (money, self.declared) {
                (money, Some((gpus, price))) => Motion::Level(money.unwrap_or(0.0) * counted / price - gpus),
                (Some(money), None) => Motion::Level(money * counted),
                (None, None) => Motion::Gone,
            };
            track.push(motion, (hours * PER_HOUR) as u64);
        }
        Series { series: self.cost.clone(), values: track.values() }
    }
}

/// Money per hour, stage by stage: hours, and how much; nothing at all in the last stages of a test.
struct Course {
    stages: Vec<(usize, Option<f64>)>,
}

impl Course {
    fn ticks(&self) -> Vec<f64> {
        self.stages.iter().flat_map(|(hours, m)| std::iter::repeat_n(m.unwrap_or(0.0), hours * PER_HOUR)).collect()
    }
}

/// A budget and how much of it alerts.
struct Thresholds {
    budget: f64,
    burn: f64,
    forecast: f64,
    exhausted: f64,
}

impl Thresholds {
    fn of(plan: &Plan, budget: f64) -> Self {
        let of = |kind| alert_threshold(kind, plan);
        Self {
            budget,
            burn: of(AlertKind::CostBudgetBurn),
            forecast: of(AlertKind::CostBudgetForecast),
            exhausted: of(AlertKind::CostBudgetExhausted),
        }
    }

    /// Nothing at first; then, as long as each long window, just below what its pair tolerates; beyond all; down again, for each
    /// short window just below and once more just above, while the long one remembers; and nothing.
    fn pace(&self) -> Course {
        let pace = self.budget / HOURS * self.burn;
        let mut stages = vec![(3, Some(0.0))];
        let mut all = burns();
        all.reverse();
        stages.extend(all.iter().map(|b| (hours(b.long), Some(0.95 * b.rate * pace))));
        let fastest = all.last().map_or(1.0, |b| b.rate);
        stages.push((7, Some(1.2 * fastest * pace)));
        for burn in all.iter().rev() {
            let short = hours(burn.short) + 1;
            stages.extend([0.95, 1.05].map(|share| (short, Some(share * burn.rate * pace))));
        }
        stages.push((7, None));
        Course { stages }
    }

    /// Far too much from the first day on; nothing; a month that just suffices, and one that just does not; and then all that is
    /// left in half a day. A day of spend takes a day to be the pace.
    fn month(&self, alerts: &[&Alert]) -> Course {
        let hold = alerts.iter().map(|a| hours(a.hold)).max().unwrap_or(0);
        let limit = self.forecast * self.budget;
        let mut stages = vec![(25 + hold, Some(1.5 * limit / HOURS)), (25, None)];
        let spent =
            |stages: &[(usize, Option<f64>)]| -> f64 { stages.iter().map(|(h, m)| *h as f64 * m.unwrap_or(0.0)).sum() };
        for (length, share) in [(25, 0.97), (26 + hold, 1.05)] {
            let past: usize = stages.iter().map(|(h, _)| h).sum();
            let rest = (share * limit - spent(&stages)).max(0.0);
            stages.push((length, Some(rest / (HOURS - past as f64).max(1.0))));
        }
        let rest = (self.exhausted * self.budget * 1.1 - spent(&stages)).max(0.0);
        stages.extend([(12, Some(rest / 12.0)), (1 + hold, None)]);
        Course { stages }
    }
}

fn hours(window: Duration) -> usize {
    usize::try_from(window.whole_secs().div_ceil(3_600)).unwrap_or(0)
}

/// What was spent, as a person adds it up.
struct Spent {
    ticks: Vec<f64>,
    /// Spend of the hours that have ended before each hour.
    before: Vec<f64>,
}

impl Spent {
    fn of(course: &Course) -> Self {
        let ticks = course.ticks();
        let mut before = vec![0.0];
        let mut total = 0.0;
        for hour in ticks.chunks(PER_HOUR) {
            total += hour.iter().sum::<f64>() / PER_HOUR as f64;
            before.push(total);
        }
        Self { ticks, before }
    }

    /// In the last sixty minutes.
    fn last_hour(&self, at: usize) -> f64 {
        self.ticks[(at + 1).saturating_sub(PER_HOUR)..=at].iter().sum::<f64>() / PER_HOUR as f64
    }

    /// In the last whole hours; `None` before the first has ended.
    fn whole_hours(&self, at: usize, hours: usize) -> Option<f64> {
        let now = at / PER_HOUR;
        (now > 0).then(|| self.before[now] - self.before[now.saturating_sub(hours)])
    }

    fn over(&self, at: usize, window: Duration) -> Option<f64> {
        match hours(window) {
            1 => Some(self.last_hour(at)),
            24 => Some(self.whole_hours(at, 24).unwrap_or_else(|| self.last_hour(at))),
            n => self.whole_hours(at, n),
        }
    }

    /// Since the first of January.
    fn month(&self, at: usize) -> f64 {
        let running = (at % PER_HOUR) as f64 / PER_HOUR as f64;
        self.before[at / PER_HOUR] + running * self.last_hour(at)
    }

    fn forecast(&self, at: usize) -> f64 {
        let left = HOURS - at as f64 / PER_HOUR as f64;
        self.month(at) + left * self.over(at, Duration::from_secs(86_400)).unwrap_or(0.0) / 24.0
    }

    /// Returns what an alert compares: pairs of a spend and its limit, of which all must be exceeded; `None` where it cannot fire.
    fn compared(&self, at: usize, alert: &Alert, of: &Thresholds) -> Option<Vec<(f64, f64)>> {
        match alert.kind {
            AlertKind::CostBudgetForecast => {
                let first_day = at < 24 * PER_HOUR;
                (!first_day).then(|| vec![(self.forecast(at), of.forecast * of.budget)])
            }
            AlertKind::CostBudgetExhausted => Some(vec![(self.month(at), of.exhausted * of.budget)]),
            _ => {
                let long = alert.labels.get("long_window");
                let burn = burns().into_iter().find(|b| long.is_some_and(|l| *l == b.long.to_string()))?;
                let compare = |window: Duration| {
                    let allowed = of.burn * burn.rate * of.budget / HOURS * hours(window) as f64;
                    Some((self.over(at, window)?, allowed))
                };
                Some(vec![compare(burn.long)?, compare(burn.short)?])
            }
        }
    }
}

/// Computes when each alert fires, and looks right before and at each change, and at the end of each stage.
fn expectations(alerts: &[&Alert], thresholds: &Thresholds, course: &Course) -> Vec<(usize, Expectation)> {
    let spent = Spent::of(course);
    let n_ticks = spent.ticks.len();
    let ends: Vec<usize> = course
        .stages
        .iter()
        .scan(0, |end, (hours, _)| {
            *end += hours * PER_HOUR;
            Some(*end - 1)
        })
        .collect();
    let mut out = Vec::new();
    for alert in alerts {
        // With a millionth of room, so that no look depends on how sums are rounded.
        let holds = |room: f64| -> Vec<bool> {
            let at =
                |at| spent.compared(at, alert, thresholds).is_some_and(|all| all.iter().all(|(s, l)| *s > l * room));
            (0..n_ticks).map(at).collect()
        };
        let (early, late) = (holds(1.0 - 1e-6), holds(1.0 + 1e-6));
        let wait = usize::try_from(alert.hold.whole_millis().div_ceil(TICK.whole_millis())).unwrap_or(0);
        let fires = |holds: &[bool], at: usize| at >= wait && holds[at - wait..=at].iter().all(|h| *h);
        let firing: Vec<bool> = (0..n_ticks).map(|at| fires(&late, at)).collect();
        let mut looks: Vec<usize> =
            (1..n_ticks).filter(|at| firing[*at] != firing[*at - 1]).flat_map(|at| [at - 1, at]).collect();
        looks.extend(&ends);
        looks.sort_unstable();
        looks.dedup();
        for at in looks.into_iter().filter(|at| fires(&early, *at) == firing[*at]) {
            out.push((at, firing_at(alert, TICK * at as u64, firing[at])));
        }
    }
    out
}
