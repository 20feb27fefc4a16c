//! One page per objective, from the promise to the alert: `runbooks/slos/<model>-<slo>.md`, so that the arithmetic can be checked.
//!
//! Every number is computed from the objective by what also makes the rules (`slo`, the plan, the book); the words stand in
//! `templates/slo.md`.

use serde::Serialize;

use super::rules::part;
use super::text::Templates;
use super::{Artifact, Emit};
use crate::promql::{BinaryOp, Expr, ExprKind, Window, selector};
use crate::resolve::{Burn, Model, Slo};
use crate::signals::{Alert, AlertKind, Chapter, Measure, Over, Record, Subject, What, promise};
use crate::slo::{self, Sli, Urgency};
use crate::units::{Duration, number, percent};

const DAY: f64 = 86_400.0;

/// Shares of bad events for which it is said how soon alerts come: times the budget. All of them are always said.
const EXAMPLES: [f64; 3] = [10.0, 2.0, 1.0];

#[derive(Serialize)]
struct Page {
    model: String,
    slo: &'static str,
    promise: String,
    window: String,
    objective: String,
    budget: String,
    events: &'static str,
    counted: String,
    sources: Vec<Rule>,
    windows: Vec<WindowRow>,
    pairs: Vec<PairRow>,
    least: Vec<LeastRow>,
    declared_least: bool,
    most: u32,
    page: String,
    ticket: String,
    alerts: Vec<Rule>,
    traffic: String,
    example_all: String,
    example_budget: String,
    example: Vec<ExampleRow>,
    detection: Vec<DetectionRow>,
    evaluation: String,
    names: Names,
    alert: &'static str,
    dashboard: String,
    labels: String,
    test: String,
    by_hand: String,
}

#[derive(Serialize)]
struct Rule {
    name: String,
    expr: String,
}

#[derive(Serialize)]
struct WindowRow {
    window: String,
    events: String,
    bad: String,
    late: String,
}

#[derive(Serialize)]
struct PairRow {
    long: String,
    short: String,
    gone: String,
    rate: String,
    share: String,
    least: String,
    severity: String,
}

#[derive(Serialize)]
struct LeastRow {
    long: String,
    rate: String,
    k: u32,
    usual: String,
    chance: String,
    tolerated: String,
}

#[derive(Serialize)]
struct ExampleRow {
    long: String,
    all: String,
    share: String,
    bad: String,
    least: String,
    needed: String,
}

#[derive(Serialize)]
struct DetectionRow {
    bad: String,
    after: Vec<String>,
    gone: String,
}

#[derive(Serialize)]
struct Names {
    objective: String,
    burn_rate: String,
    left: String,
    exhaustion: String,
}

/// Makes the pages of all objectives that are recorded.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let mut out = Vec::new();
    let mut templates = None;
    for model in emit.plan.models.values() {
        let Some(chapter) = emit.book.chapter(&Subject::Model(model.name.clone())) else { continue };
        for slo in &model.slos {
            let maker = Maker { emit, model, slo, chapter };
            if maker.records(What::SloObjective).is_empty() {
                continue;
            }
            let templates =
                templates.get_or_insert_with(|| Templates::new().expect("templates are compiled in and tested"));
            let text = templates.render("slo.md", &maker.page()).expect("templates are compiled in and tested");
            out.push(Artifact::file(emit.names.slo_path(&model.name, slo.sli.key()), text));
        }
    }
    out
}

struct Maker<'a> {
    emit: Emit<'a>,
    model: &'a Model,
    slo: &'a Slo,
    chapter: &'a Chapter,
}

impl<'a> Maker<'a> {
    /// Records of a measure of this objective.
    fn records(&self, what: What) -> Vec<&'a Record> {
        let own = |r: &&Record| r.labels.get("slo").is_none_or(|s| s == self.slo.sli.key());
        self.chapter.records().filter(|r| r.measure == Measure::model(what)).filter(own).collect()
    }

    fn name(&self, what: What) -> String {
        self.emit.names.record(Measure::model(what))
    }

    fn page(&self) -> Page {
        let slo = self.slo;
        let per_day = self.per_day();
        let events = slo.sli.events();
        let kind = AlertKind::of_budget(slo.sli).map_or("", AlertKind::name);
        let all = per_day * slo.window.secs_f64() / DAY;
        let count = |n: f64| number((n * 100.0).round() / 100.0);
        Page {
            model: self.model.name.clone(),
            slo: slo.sli.key(),
            promise: promise(slo),
            window: slo.window.to_string(),
            objective: slo.objective.to_string(),
            budget: percent(slo.budget()),
            events,
            counted: self.counted(),
            sources: self.sources(),
            windows: self.windows(),
            pairs: slo.burns.iter().map(|b| self.pair(b)).collect(),
            least: if slo.sli == Sli::Availability { Vec::new() } else { slo.burns.iter().map(least).collect() },
            declared_least: slo.burns.iter().any(|b| b.least_events != slo::least_events(&b.pair)),
            most: slo::MOST_LEAST_EVENTS,
            page: number(slo::tolerated(Urgency::Page)),
            ticket: number(slo::tolerated(Urgency::Ticket)),
            alerts: self.alerts().map(|a| rule(a.kind.name(), &a.expr)).collect(),
            traffic: self.traffic(per_day),
            example_all: number(all.round()),
            example_budget: count(all * slo.budget()),
            example: slo.burns.iter().map(|b| self.example(b, per_day)).collect(),
            detection: self.detection(per_day),
            evaluation: self.emit.plan.prometheus.evaluation_interval.to_string(),
            names: Names {
                objective: self.name(What::SloObjective),
                burn_rate: self.name(What::SloBurnRate),
                left: self.name(What::SloBudgetRemaining),
                exhaustion: self.name(What::SloBudgetExhaustion),
            },
            alert: kind,
            dashboard: self.emit.names.dashboard_uid("slo"),
            labels: self.labels(),
            test: format!("prometheus/tests/{}-budgets.yaml", part(&self.chapter.subject)),
            by_hand: self.by_hand(),
        }
    }

    fn labels(&self) -> String {
        let own = [("slo".to_owned(), self.slo.sli.key().to_owned())];
        let all = self.model.labels.iter().map(|(k, v)| (k.clone(), v.clone())).chain(own);
        all.map(|(k, v)| format!("`{k}={v:?}`")).collect::<Vec<_>>().join(", ")
    }

    /// What is an event, and which is bad.
    fn counted(&self) -> String {
        let events = self.slo.sli.events();
        match (self.slo.threshold, self.slo.sli) {
            (Some(threshold), _) => format!(
                "Every observation of the histogram is one of the {events}; bad are those above {}. A histogram knows how many were at most \
                 as slow as the edge of a bucket and nothing between two edges, so the threshold is an edge: **`le=\"{}\"`**. Bad is \
                 what is in the bucket `+Inf` and not in that one.",
                threshold.human(),
                self.edge().unwrap_or_default(),
            ),
            (None, Sli::Availability) => format!(
                "Every second of every replica that Prometheus knows is one of the {events}; bad are those in which it does not answer \
                 scrapes."
            ),
            (None, _) => format!("Every one of the {events} that ends is counted; bad are those that fail."),
        }
    }

    /// The edge of the threshold as recorded buckets spell it: that of the rule itself.
    fn edge(&self) -> Option<String> {
        let records = self.records(What::SloBadEvents(Over::Second));
        let mut edges = Vec::new();
        records.first()?.expr.selectors(&mut |s| {
            edges.extend(s.matchers.iter().filter(|m| m.label == "le" && m.value != "+Inf").map(|m| &m.value));
        });
        edges.first().map(|edge| (*edge).clone())
    }

    /// The rules of events per second, and those of what they read.
    fn sources(&self) -> Vec<Rule> {
        let measures = [What::SloEvents(Over::Second), What::SloBadEvents(Over::Second)];
        let own: Vec<&Record> = measures.into_iter().flat_map(|m| self.records(m)).collect();
        let mut read: Vec<&Record> = Vec::new();
        for name in own.iter().flat_map(|r| r.expr.metric_names()) {
            let below = self.chapter.records().filter(|r| r.name == name);
            read.extend(below.filter(|r| !own.iter().any(|o| o.name == r.name)));
        }
        read.sort_by(|a, b| a.name.cmp(&b.name));
        read.dedup_by(|a, b| a.name == b.name && a.expr == b.expr);
        read.into_iter().chain(own).map(|r| rule(&r.name, &r.expr)).collect()
    }

    fn windows(&self) -> Vec<WindowRow> {
        let slo = self.slo;
        let mut all: Vec<Duration> =
            slo.burns.iter().flat_map(|b| [b.pair.short, b.pair.long]).chain([slo.window]).collect();
        all.extend([Duration::HOUR]);
        all.sort_unstable();
        all.dedup();
        let expr = |what: What| self.records(what).first().map(|r| &r.expr);
        let row = |window: &Duration| {
            let over = Over::Window(*window);
            let (events, bad) = (expr(What::SloEvents(over))?, expr(What::SloBadEvents(over))?);
            Some(WindowRow {
                window: window.to_string(),
                late: step(events),
                events: events.to_string(),
                bad: bad.to_string(),
            })
        };
        let second = Over::Second;
        let rates = all.first().filter(|w| **w <= self.emit.names.window()).map(|w| WindowRow {
            window: w.to_string(),
            events: self.name(What::SloEvents(second)),
            bad: self.name(What::SloBadEvents(second)),
            late: self.emit.plan.prometheus.scrape_interval.to_string(),
        });
        rates.into_iter().chain(all.iter().filter_map(row)).collect()
    }

    fn alerts(&self) -> impl Iterator<Item = &'a Alert> {
        let sli = self.slo.sli;
        self.chapter.alerts().filter(move |a| a.kind.budget() == Some(sli))
    }

    fn pair(&self, burn: &Burn) -> PairRow {
        let pair = &burn.pair;
        let long = pair.long.to_string();
        let alert = self.alerts().find(|a| a.labels.get("long_window").is_some_and(|w| *w == long));
        PairRow {
            short: pair.short.to_string(),
            gone: percent(pair.share_of_budget(self.slo.window)),
            rate: number(pair.burn_rate),
            share: percent(pair.bad_share(self.slo.objective)),
            least: if burn.least_events == 0 { "none".to_owned() } else { burn.least_events.to_string() },
            severity: alert.and_then(|a| a.labels.get("severity")).cloned().unwrap_or_else(|| "off".to_owned()),
            long,
        }
    }

    /// Events on a day: those that are declared, or the power of ten with which the shortest pair is not held back by the least
    /// number of bad events. Replicas do not depend on traffic: the seconds of one.
    fn per_day(&self) -> f64 {
        if self.slo.sli == Sli::Availability {
            return DAY;
        }
        let declared = self.slo.expected_per_day.filter(|_| self.slo.sli != Sli::InterTokenLatency);
        let enough = |b: &Burn| {
            let in_window = slo::enough_events(b.least_events.max(1), b.pair.bad_share(self.slo.objective));
            in_window * DAY / b.pair.long.secs_f64()
        };
        let most = self.slo.burns.iter().map(enough).fold(1.0, f64::max);
        declared.map_or_else(|| 10f64.powi(most.log10().ceil() as i32), |n| n as f64)
    }

    fn traffic(&self, per_day: f64) -> String {
        let events = self.slo.sli.events();
        let n = number(per_day);
        match (self.slo.sli, self.slo.expected_per_day) {
            (Sli::Availability, _) => format!("One replica has {n} {events} a day."),
            (Sli::InterTokenLatency, _) | (_, None) => format!("Take {n} {events} a day, evenly spread."),
            (_, Some(_)) => format!(
                "llmobs.toml expects {n} {events} a day (`expected_requests_per_day`). Take them as evenly spread."
            ),
        }
    }

    fn example(&self, burn: &Burn, per_day: f64) -> ExampleRow {
        let all = per_day * burn.pair.long.secs_f64() / DAY;
        let share = burn.pair.bad_share(self.slo.objective);
        let limit = all * share;
        // More than the limit, and at least so many.
        let needed = ((limit + 1e-9).floor() + 1.0).max(f64::from(burn.least_events));
        let rounded = |n: f64| number((n * 100.0).round() / 100.0);
        ExampleRow {
            long: burn.pair.long.to_string(),
            all: rounded(all),
            share: percent(share),
            bad: rounded(limit),
            least: if burn.least_events == 0 { "none".to_owned() } else { burn.least_events.to_string() },
            needed: number(needed),
        }
    }

    fn detection(&self, per_day: f64) -> Vec<DetectionRow> {
        let slo = self.slo;
        let mut rows = vec![(1.0, "all of them".to_owned())];
        let times = EXAMPLES.into_iter().filter(|times| times * slo.budget() < 1.0);
        rows.extend(times.map(|times| {
            let bad = times * slo.budget();
            (bad, format!("{} times the budget = {}", number(times), percent(bad)))
        }));
        let row = |(bad, title): (f64, String)| DetectionRow {
            bad: title,
            after: slo.burns.iter().map(|b| self.after(b, bad, per_day)).collect(),
            gone: clock(slo::gone_after(slo.window, slo.budget(), bad)),
        };
        rows.into_iter().map(row).collect()
    }

    fn after(&self, burn: &Burn, bad: f64, per_day: f64) -> String {
        let after = slo::detected_after(&burn.pair, self.slo.objective, burn.least_events, bad, per_day / DAY);
        after.map_or_else(|| "never".to_owned(), clock)
    }

    /// bad / all over the window of the objective
    fn by_hand(&self) -> String {
        let of = |what: fn(Over) -> What| {
            let series = selector(self.name(what(Over::Window(self.slo.window))));
            let series = self.model.labels.iter().fold(series, |s, (k, v)| s.eq(k, v));
            series.eq("slo", self.slo.sli.key()).expr()
        };
        of(What::SloBadEvents).op(BinaryOp::Div, of(What::SloEvents)).to_string()
    }
}

fn rule(name: &str, expr: &Expr) -> Rule {
    Rule { name: name.to_owned(), expr: expr.pretty() }
}

fn least(burn: &Burn) -> LeastRow {
    let k = slo::least_events(&burn.pair);
    LeastRow {
        long: burn.pair.long.to_string(),
        rate: number(burn.pair.burn_rate),
        k,
        usual: digits(f64::from(k) / burn.pair.burn_rate),
        chance: digits(slo::chance(k, &burn.pair)),
        tolerated: number(slo::tolerated(burn.pair.urgency)),
    }
}

/// The step of the subquery that adds a window up: what is newer is not in it yet.
fn step(expr: &Expr) -> String {
    let mut step = None;
    expr.walk(&mut |part| {
        if let ExprKind::Subquery(subquery) = &part.kind
            && let Some(Window::Fixed(every)) = &subquery.step
        {
            step = Some(*every);
        }
    });
    step.map_or_else(String::new, |step: Duration| step.to_string())
}

/// Three digits that count.
fn digits(value: f64) -> String {
    let rounded = format!("{value:.2e}").parse::<f64>().unwrap_or(value);
    number(rounded)
}

/// Seconds as a person says them: to the second within an hour, to the minute beyond.
fn clock(seconds: f64) -> String {
    let step = if seconds > 3_600.0 { 60.0 } else { 1.0 };
    Duration::from_secs(((seconds / step).ceil() * step) as u64).to_string()
}
