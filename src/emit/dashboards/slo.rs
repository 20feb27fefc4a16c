//! Objectives: which promise is at risk, what is left of its budget, how fast that burns, and the events behind it.
//!
//! Reads recorded series only. Of many objectives, graphs show those that are worst within the time range; the table has all.

use std::collections::BTreeSet;

use super::firing::{self, small};
use super::fleet;
use super::layout::table_height;
use super::model::{Color, Column, Dashboard, Legend, Order, Panel, Query, Row, Thresholds, Unit, Variable, View};
use super::scope::{Scope, narrowed, or_zero};
use crate::promql::{
    AggregateOp, BinaryOp, Expr, Grouping, Selector, Window, aggregate, call, keep, number, selector, vector,
};
use crate::resolve::{Burn, Slo};
use crate::signals::{AlertKind, Measure, Over, What};
use crate::slo::{Sli, Urgency};
use crate::units::{Duration, number as digits};

/// Most lines of a graph.
const MOST: usize = 10;

/// Most rows of a table that are shown without scrolling.
const TABLE_ROWS: usize = 20;

/// Budget left from which it is shown as little.
const LITTLE: f64 = 0.25;

/// Makes the dashboard; `None` if nothing is promised.
pub fn dashboard(scope: &Scope<'_>) -> Option<Dashboard> {
    if !scope.has_slos() {
        return None;
    }
    let maker = Maker::of(scope);
    let rows = vec![maker.kept(), maker.table(), maker.left(), maker.burning(), maker.counted()];
    Some(Dashboard {
        part: "slo".to_owned(),
        uid: scope.emit.names.dashboard_uid("slo"),
        title: scope.title("LLM service level objectives"),
        description: "Every promise in llmobs.toml: start with the table, the lowest budget comes first.".to_owned(),
        tags: scope.tags(),
        from: "now-7d",
        variables: vec![scope.namespace_variable(), maker.models(), maker.objectives()],
        datasource: scope.emit.plan.grafana.datasource.clone(),
        annotation: scope.annotation(maker.firing()),
        links: scope.links("slo"),
        rows: rows.into_iter().filter(|r| !r.panels.is_empty()).collect(),
    })
}

/// Events of one kind, what panels call them, and how a graph of them is read.
const EVENTS: [(&str, &str, &str, Unit); 3] = [
    (
        "requests",
        "Requests",
        "Requests that are judged. Where they are few, a single one decides about a window.",
        Unit::RequestsPerSecond,
    ),
    ("tokens", "Tokens", "Tokens that are judged: all but the first of each answer.", Unit::TokensPerSecond),
    (
        "replica-seconds",
        "Replicas",
        "Replicas that Prometheus knows. One that was removed on purpose is no longer promised.",
        Unit::Short,
    ),
];

struct Maker<'a> {
    scope: &'a Scope<'a>,
    /// Every objective that is recorded.
    slos: Vec<&'a Slo>,
}

impl<'a> Maker<'a> {
    fn of(scope: &'a Scope<'a>) -> Self {
        let measure = Measure::model(What::SloObjective);
        let is_recorded = |model: &str, slo: &Slo| {
            let label =
                |key: &str, value: &str, of: &crate::signals::Record| of.labels.get(key).is_some_and(|v| v == value);
            let mut records = scope.emit.book.records().filter(|r| r.measure == measure);
            records.any(|r| label("model", model, r) && label("slo", slo.sli.key(), r))
        };
        let models = scope.emit.plan.models.values();
        let slos = models.flat_map(|m| m.slos.iter().filter(|s| is_recorded(&m.name, s))).collect();
        Self { scope, slos }
    }

    /// Labels that tell objectives apart; outside of Kubernetes there are no namespaces.
    fn labels(&self) -> Vec<&'static str> {
        let inside = self.scope.emit.plan.models.values().any(|m| m.namespace.is_some());
        if inside { vec!["model", "namespace", "slo"] } else { vec!["model", "slo"] }
    }

    /// A recorded series of the chosen objectives.
    fn series(&self, what: What) -> Selector {
        self.scope.model(what).re("slo", "$slo")
    }

    fn models(&self) -> Variable {
        let series = selector(self.scope.record(Measure::model(What::SloObjective))).re("namespace", "$namespace");
        Variable {
            name: "model",
            label: "Model",
            description: "Models of the chosen namespaces that promise something.",
            series: series.expr(),
            values_of: "model",
            several: true,
        }
    }

    fn objectives(&self) -> Variable {
        Variable {
            name: "slo",
            label: "Objective",
            description: "What the chosen models promise.",
            series: self.scope.model(What::SloObjective).expr(),
            values_of: "slo",
            several: true,
        }
    }

    /// Alerts on the chosen objectives that fire.
    fn firing(&self) -> Selector {
        let kinds: Vec<AlertKind> =
            self.scope.emit.book.alert_kinds().into_iter().filter(|k| k.budget().is_some()).collect();
        let of_model = self.scope.firing_of(&kinds).re("namespace", "$namespace").re("model", "$model");
        of_model.re("slo", "$slo")
    }

    fn has_alerts(&self) -> bool {
        self.slos.iter().any(|s| !s.burns.is_empty())
            && self.scope.emit.book.alerts().any(|a| a.kind.budget().is_some())
    }

    fn runbooks(&self) -> Vec<(String, String)> {
        AlertKind::ALL
            .iter()
            .filter(|k| k.budget().is_some_and(|sli| self.slos.iter().any(|s| s.sli == sli)))
            .filter_map(|k| self.scope.runbook(*k))
            .collect()
    }

    fn legend(&self) -> Legend {
        if self.slos.len() > 3 { Legend::Right } else { Legend::Below }
    }

    fn kept(&self) -> Row {
        let count = |expr: Expr| or_zero(aggregate(AggregateOp::Count, Grouping::All, expr), &[]);
        let left = || self.series(What::SloBudgetRemaining).expr();
        let mut panels = vec![
            small(
                "Promises broken",
                "Objectives without budget: over their window, more was bad than promised. No risky rollouts until it is back.",
                Unit::Short,
            )
            .thresholds(Thresholds::limit(1.0))
            .word("0", "none", Color::Green)
            .query(Query::now(count(left().op(BinaryOp::Le, number(0.0))), "broken")),
            small(
                "Lowest budget left",
                "Of all chosen objectives the one that comes next; the table names it.",
                Unit::Ratio,
            )
            .decimals(1)
            .thresholds(budget_colors())
            .no_value("no traffic")
            .query(Query::now(aggregate(AggregateOp::Min, Grouping::All, left()), "lowest")),
            small(
                "Objectives unseen",
                "Objectives without events in their window: no traffic, or series are missing. Their alerts cannot fire.",
                Unit::Short,
            )
            .thresholds(Thresholds { base: Color::Green, steps: vec![(1.0, Color::Orange)] })
            .word("0", "none", Color::Green)
            .query(Query::now(
                count(self.series(What::SloObjective).expr().op_on(BinaryOp::Unless, self.labels(), left())),
                "unseen",
            )),
        ];
        if self.has_alerts() {
            let description = "Alerts on budgets that burn too fast; the table beside it says which. Open the runbook.";
            panels.insert(0, firing::count(self.firing().expr(), description));
            panels.push(self.firing_table());
        }
        Row::new("Are the promises kept?", panels)
    }

    fn firing_table(&self) -> Panel {
        let labels = ["alertname", "severity", "model", "slo", "long_window", "burn_rate"];
        let columns = vec![
            firing::names(self.scope, 230),
            Column::label("severity", "Severity").width(85),
            Column::label("model", "Model"),
            Column::label("slo", "Objective"),
            Column::label("long_window", "Window").width(80),
            Column::label("burn_rate", "Rate").width(65),
            Column::value(0, "Firing", Unit::Short).hidden(),
        ];
        let none = or_zero(self.firing().expr().by(AggregateOp::Count, labels), &[("alertname", "none")]);
        Panel::new(
            "Budgets that burn too fast",
            "`critical` with a short window is an incident, `warning` with a long one a slow loss. Follow the alert to its runbook. \
             One line that says \"none\" means that no alert fires.",
            View::Table { columns, sort: None },
            Unit::Short,
        )
        .size(12, 6)
        .query(Query::now(none, ""))
    }

    /// Windows over which burn rates are recorded, shortest first, and the pairs that are judged by them.
    fn windows(&self) -> Vec<(Duration, Vec<&'a Burn>)> {
        let mut windows: BTreeSet<Duration> = BTreeSet::from([Duration::HOUR]);
        windows.extend(self.slos.iter().flat_map(|s| s.burns.iter().map(|b| b.pair.long)));
        let pairs = |window: Duration| {
            let mut of: Vec<&Burn> =
                self.slos.iter().flat_map(|s| &s.burns).filter(|b| b.pair.long == window).collect();
            of.sort_by(|a, b| a.pair.burn_rate.total_cmp(&b.pair.burn_rate));
            of.dedup_by(|a, b| digits(a.pair.burn_rate) == digits(b.pair.burn_rate));
            of
        };
        windows.into_iter().map(|w| (w, pairs(w))).collect()
    }

    fn burn_rate(&self, window: Duration) -> Selector {
        self.series(What::SloBurnRate).eq("window", window.to_string())
    }

    /// A series over the window of each objective. Those with several windows have the longest for it.
    fn over_objective(&self, of: &dyn Fn(What) -> Expr, what: fn(Over) -> What) -> Option<Expr> {
        let windows: BTreeSet<Duration> = self.slos.iter().map(|s| s.window).collect();
        windows.into_iter().rev().map(|w| of(what(Over::Window(w)))).reduce(Expr::or)
    }

    /// events x (1 - objective)
    fn allowed(&self, what: What) -> Expr {
        let budget = number(1.0).op(BinaryOp::Sub, self.series(What::SloObjective));
        self.series(what).expr().op_on(BinaryOp::Mul, self.labels(), budget)
    }

    fn table(&self) -> Row {
        let per_slo = |expr: Expr| Query::now(expr.by(AggregateOp::Max, self.labels()), "");
        let objective =
            self.series(What::SloObjective).expr().by(AggregateOp::Max, self.labels().into_iter().chain(["window"]));
        let detail = fleet::info(self.scope);
        let objective = objective.op_group_left(BinaryOp::Mul, ["model", "namespace"], ["dashboard"], detail);
        let mut queries = vec![Query::now(objective, "")];
        let link = format!(
            "/d/${{__data.fields.dashboard}}?${{datasource:queryparam}}&{}&{}",
            "var-model=${__value.raw}", "${__url_time_range}"
        );
        let mut slo = Column::label("slo", "Objective").width(150);
        if let Some(url) = self.scope.emit.names.published_runbook("slos/${__data.fields.Model}-${__value.raw}") {
            slo = slo.link("From promise to alert", url);
        }
        let mut columns = vec![
            Column::label("model", "Model").link("Open the model", link),
            Column::label("namespace", "Namespace"),
            slo,
            Column::value(0, "Promised", Unit::Ratio).width(85),
            Column::label("window", "Window").width(75),
            Column::label("dashboard", "dashboard").hidden(),
        ];
        let mut add = |query: Query, column: &dyn Fn(usize) -> Column| {
            columns.push(column(queries.len()));
            queries.push(query);
        };
        for (window, pairs) in self.windows() {
            add(per_slo(self.burn_rate(window).expr()), &|n| {
                Column::value(n, burn_title(window), Unit::Short).decimals(2).width(80).colored(burn_colors(&pairs))
            });
        }
        add(per_slo(self.series(What::SloBudgetRemaining).expr()), &|n| {
            Column::value(n, "Budget left", Unit::Ratio).decimals(1).width(150).bar(budget_colors())
        });
        // What is gone has no time left; the series is there only while something is left and burns.
        let gone = self.series(What::SloBudgetRemaining).expr().op(BinaryOp::Le, number(0.0)).times(0.0);
        add(per_slo(self.series(What::SloBudgetExhaustion).expr().or(gone)), &|n| {
            Column::value(n, "Gone in", Unit::Seconds).decimals(1).width(95)
        });
        let bad = self.over_objective(&|what| self.series(what).expr(), What::SloBadEvents);
        let allowed = self.over_objective(&|what| self.allowed(what), What::SloEvents);
        if let (Some(bad), Some(allowed)) = (bad, allowed) {
            add(per_slo(bad), &|n| Column::value(n, "Bad", Unit::Short).width(80));
            add(per_slo(allowed), &|n| Column::value(n, "Allowed", Unit::Short).width(85));
        }
        if self.has_alerts() {
            let firing = self.firing().expr().by(AggregateOp::Count, self.labels());
            let none = self.series(What::SloObjective).expr().by(AggregateOp::Max, self.labels()).times(0.0);
            add(Query::now(firing.or(none), ""), &|n| {
                Column::value(n, "Firing", Unit::Short)
                    .width(70)
                    .colored(Thresholds { base: Color::Text, steps: vec![(1.0, Color::Red)] })
            });
        }
        let panel = Panel::new(
            "Objectives",
            "One line per promise. Burn rate 1 uses up the budget exactly at the end of the window; coloured is what alerts. \
             \"Gone in\": when the last hour goes on; empty while nothing is bad. Follow the objective to its arithmetic.",
            View::Table { columns, sort: Some(Order::Smallest("Budget left")) },
            Unit::Short,
        )
        .size(24, table_height(self.slos.len().min(TABLE_ROWS)))
        .queries(queries);
        Row::new("Which promise is it?", vec![panel])
    }

    /// The series themselves, or of many those that are worst within the time range.
    fn worst(&self, series: &Selector, op: AggregateOp, extreme: &'static str) -> Expr {
        if self.slos.len() <= MOST {
            return series.clone().expr();
        }
        let in_range = call(extreme, [series.clone().at_end().range(Window::shown_range())]);
        series.clone().expr().op_on(BinaryOp::And, self.labels(), keep(op, MOST as f64, in_range))
    }

    /// Says that a graph leaves lines out.
    fn of_many(&self, description: &str) -> String {
        if self.slos.len() <= MOST {
            return description.to_owned();
        }
        format!("{description} The {MOST} worst of the time range; choose models or objectives to see others.")
    }

    fn left(&self) -> Row {
        let series = self.series(What::SloBudgetRemaining);
        let panel = Panel::new(
            "Error budget left",
            self.of_many(
                "A step down is an incident, a slope a slow loss. Below zero the promise is broken until the bad events leave \
                 the window.",
            ),
            View::Timeseries { stacked: false, legend: self.legend(), lines: true },
            Unit::Ratio,
        )
        .size(24, 10)
        .max(1.0)
        // Of the thresholds only the line is drawn.
        .thresholds(Thresholds { base: Color::Red, steps: vec![(0.0, Color::Red)] })
        .no_value("no traffic")
        .query(self.scope.over_time(self.worst(&series, AggregateOp::BottomK, "min_over_time"), "{{model}} {{slo}}"));
        Row::new("How much may still go wrong?", vec![panel])
    }

    fn burning(&self) -> Row {
        let panel = |(window, pairs): (Duration, Vec<&Burn>)| {
            let series = self.burn_rate(window);
            let who = match pairs.first().map(|b| b.pair.urgency) {
                Some(Urgency::Page) => "Above the dashed line somebody is woken",
                Some(Urgency::Ticket) => "Above the dashed line a ticket is opened",
                None => "No alert looks at this window",
            };
            let limit = |burn: &&Burn| {
                let what = if burn.pair.urgency == Urgency::Page { "pages" } else { "ticket" };
                let rate = burn.pair.burn_rate;
                self.scope.over_time(vector(rate), format!("{what} above {}", digits(rate))).limit()
            };
            let limits: Vec<Query> = pairs.iter().map(limit).collect();
            let shorts: BTreeSet<String> = pairs.iter().map(|b| b.pair.short.to_string()).collect();
            let shorts: Vec<String> = shorts.into_iter().collect();
            let too = if shorts.is_empty() {
                String::new()
            } else {
                format!(", if the last {} burn as fast and enough events are bad", shorts.join(" or "))
            };
            Panel::new(
                format!("Burn rate over {window}"),
                self.of_many(&format!(
                    "Share of bad events by the share that is allowed: at 1 the budget lasts. {who}{too}."
                )),
                View::Timeseries { stacked: false, legend: self.legend(), lines: false },
                Unit::Short,
            )
            .size(12, 9)
            .min(0.0)
            .no_value("no traffic")
            .links(self.runbooks())
            .query(self.scope.over_time(self.worst(&series, AggregateOp::TopK, "max_over_time"), "{{model}} {{slo}}"))
            .queries(limits)
        };
        let mut panels: Vec<Panel> = self.windows().into_iter().map(panel).collect();
        if let (1, Some(last)) = (panels.len() % 2, panels.last_mut()) {
            last.width = 24;
        }
        Row::new("How fast does it burn?", panels)
    }

    fn counted(&self) -> Row {
        let kinds: BTreeSet<Sli> = self.slos.iter().map(|s| s.sli).collect();
        let view = || View::Timeseries { stacked: false, legend: Legend::Below, lines: false };
        let of_kind = |expr: &Expr, slis: &[&str]| narrowed(expr, &[("slo", &slis.join("|"))]).sum_by(["slo"]);
        let events = || What::SloEvents(Over::Second);
        let mut panels = Vec::new();
        for sli in &kinds {
            let unit = EVENTS.iter().find(|(noun, ..)| *noun == sli.events()).map_or(Unit::Short, |e| e.3.clone());
            let bad = of_kind(&self.series(What::SloBadEvents(Over::Second)).expr(), &[sli.key()]);
            let panel = Panel::new(
                bad_title(*sli),
                "What broke the promise, of the chosen models together, and dashed how much of it their budgets allow. Above the \
                 dashed line they shrink faster than they may.",
                view(),
                unit,
            );
            let allowed = self.scope.over_time(of_kind(&self.allowed(events()), &[sli.key()]), "allowed");
            panels.push(panel.query(self.scope.over_time(bad, "bad")).query(allowed.limit()));
        }
        for (noun, title, description, unit) in EVENTS {
            let slis: Vec<&str> = kinds.iter().filter(|s| s.events() == noun).map(|s| s.key()).collect();
            if !slis.is_empty() {
                let all = of_kind(&self.series(events()).expr(), &slis);
                let panel = Panel::new(title, description, view(), unit);
                panels.push(panel.query(self.scope.over_time(all, "{{slo}}")));
            }
        }
        // Three in a line; what is left over fills the last one.
        let n = panels.len();
        let width = |i: usize| match n % 3 {
            1 if n == 4 => 12,
            rest if i >= n - rest => 24 / rest as u32,
            _ => 8,
        };
        let panels = panels.into_iter().enumerate().map(|(i, p)| p.min(0.0).size(width(i), 8)).collect();
        Row::new("What is counted, and how much of it is bad?", panels)
    }
}

/// What breaks a promise.
fn bad_title(sli: Sli) -> &'static str {
    match sli {
        Sli::Ttft => "First tokens too late",
        Sli::InterTokenLatency => "Next tokens too late",
        Sli::E2eLatency => "Requests too slow",
        Sli::QueueTime => "Too long in the queue",
        Sli::Errors => "Requests failed",
        Sli::Availability => "Replicas that do not answer",
    }
}

/// Pages are red, tickets orange. Of objectives with different windows, the lowest burn rate decides the colour.
fn burn_colors(pairs: &[&Burn]) -> Thresholds {
    let color = |urgency| if urgency == Urgency::Page { Color::Red } else { Color::Orange };
    let steps = pairs.iter().map(|b| (b.pair.burn_rate, color(b.pair.urgency))).collect();
    Thresholds { base: Color::Text, steps }
}

fn budget_colors() -> Thresholds {
    Thresholds { base: Color::Red, steps: vec![(0.0, Color::Orange), (LITTLE, Color::Green)] }
}

/// Title of a column of burn rates. The windows are those of the pairs.
fn burn_title(window: Duration) -> &'static str {
    match window.whole_secs() {
        3_600 => "Burn 1h",
        21_600 => "Burn 6h",
        86_400 => "Burn 1d",
        _ => "Burn 3d",
    }
}
