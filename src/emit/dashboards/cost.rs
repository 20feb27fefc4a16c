//! Cost: what is spent, who spends it, what one gets for it, what is idle.

use super::fleet::model_variable;
use super::layout::table_height;
use super::model::{Color, Column, Dashboard, Panel, Query, Row, Thresholds, Unit, View};
use super::scope::{NEAR, Scope};
use crate::promql::{AggregateOp, BinaryOp, Expr, number, selector};
use crate::signals::{Measure, What};
use crate::units::PerMonth;

/// Most rows of the table of models that are shown without scrolling.
const TABLE_ROWS: usize = 20;

/// Makes the dashboard; `None` if nothing has a price.
pub fn dashboard(scope: &Scope<'_>) -> Option<Dashboard> {
    let costs = scope.emit.plan.costs.as_ref().filter(|_| scope.has_cost())?;
    let maker = Maker { scope, unit: costs.currency.grafana_unit(), budget: costs.monthly_budget };
    let rows = vec![maker.spend(), maker.who(), maker.worth(), maker.idle(), maker.table()];
    Some(Dashboard {
        part: "cost".to_owned(),
        uid: scope.emit.names.dashboard_uid("cost"),
        title: scope.title("LLM cost"),
        description: "What inference costs by the GPUs that replicas hold, at the prices in llmobs.toml.".to_owned(),
        tags: scope.tags(),
        from: "now-24h",
        variables: vec![scope.namespace_variable(), model_variable(scope)],
        datasource: scope.emit.plan.grafana.datasource.clone(),
        annotation: scope.annotation(scope.firing()),
        links: scope.links("cost"),
        rows: rows.into_iter().filter(|r| !r.panels.is_empty()).collect(),
    })
}

struct Maker<'a> {
    scope: &'a Scope<'a>,
    unit: String,
    budget: Option<PerMonth>,
}

impl Maker<'_> {
    fn money(&self) -> Unit {
        Unit::Money(self.unit.clone())
    }

    fn sum(&self, what: What) -> Expr {
        self.scope.model(what).expr().sum()
    }

    fn pool_cost(&self) -> Option<Expr> {
        let measure = Measure::pool(What::CostPerHour);
        self.scope.emit.book.has(measure).then(|| selector(self.scope.record(measure)).expr())
    }

    /// Money per hour by pool that the replicas of models hold: the pool of a model is a label of its info series.
    fn held_by_pool(&self) -> Expr {
        let info = selector(self.scope.record(Measure::model(What::Info)));
        let cost = selector(self.scope.record(Measure::model(What::CostPerHour))).expr();
        cost.op_group_left(BinaryOp::Mul, ["model"], ["pool"], info).sum_by(["pool"])
    }

    /// Money per hour by pool that no replica holds; all of it where no model runs.
    fn idle_by_pool(&self) -> Option<Expr> {
        let pool = self.pool_cost()?;
        if !self.scope.any_model(What::CostPerHour) {
            return Some(pool);
        }
        let rest = pool.clone().op_on(BinaryOp::Sub, ["pool"], self.held_by_pool());
        Some(rest.or(pool))
    }

    fn spend(&self) -> Row {
        let stat = |title: &str, description: &str, expr: Expr| {
            Panel::new(title, description, View::Stat { graph: true }, self.money())
                .size(5, 6)
                .decimals(2)
                .thresholds(Thresholds::plain(Color::Blue))
                .no_value("no price")
                .query(self.scope.over_time(expr, title))
        };
        let mut panels = Vec::new();
        if self.scope.any_model(What::CostPerHour) {
            panels.push(stat(
                "Per hour, models",
                "GPUs that replicas of the chosen models hold, times their price.",
                self.sum(What::CostPerHour),
            ));
        }
        if let Some(pools) = self.pool_cost() {
            panels.push(stat(
                "Per hour, GPUs",
                "All GPUs that are there, held or idle, times their price.",
                pools.sum(),
            ));
        }
        if self.scope.any_model(What::SpendPerDay) {
            let day = || self.sum(What::SpendPerDay);
            panels.push(stat("Last 24 hours", "What the chosen models cost in the last 24 hours.", day()));
            panels.extend(self.budget.filter(|b| b.per_day() > 0.0).map(|budget| self.of_budget(day(), budget)));
        }
        // One line of equal panels.
        let width = 24 / u32::try_from(panels.len()).unwrap_or(24).max(1);
        Row::new("What do we spend?", panels.into_iter().map(|p| p.size(width, 6)).collect())
    }

    /// money ÷ (money/month ÷ 730 hour/month × 24 hour) = share of the budget of a day.
    fn of_budget(&self, day: Expr, budget: PerMonth) -> Panel {
        Panel::new(
            "Last 24 hours of daily budget",
            format!(
                "100 % is the monthly budget in even parts ({} per day). Above it the month will not suffice.",
                crate::units::number(budget.per_day().round())
            ),
            View::Gauge,
            Unit::Ratio,
        )
        .min(0.0)
        .max(1.5)
        .decimals(0)
        .thresholds(Thresholds::two(NEAR, 1.0))
        .no_value("no price")
        .query(Query::now(day.per(number(budget.per_day())), "of budget"))
    }

    fn who(&self) -> Row {
        let mut panels = Vec::new();
        let view = |legend| View::Timeseries { stacked: true, legend, lines: false };
        if self.scope.any_model(What::CostPerHour) {
            panels.push(
                Panel::new(
                    "Cost per hour by model",
                    "Steps are replicas that came or went.",
                    view(self.scope.legend()),
                    self.money(),
                )
                .query(self.scope.over_time(self.scope.model(What::CostPerHour), "{{model}}")),
            );
        }
        if let Some(pools) = self.pool_cost() {
            panels.push(
                Panel::new(
                    "Cost per hour by pool of GPUs",
                    "All GPUs that are there. A step down without a change of yours is a node that is gone.",
                    view(self.scope.pool_legend()),
                    self.money(),
                )
                .query(self.scope.over_time(pools, "{{pool}}")),
            );
        }
        let width = if panels.len() == 1 { 24 } else { 12 };
        Row::new("Who spends it?", panels.into_iter().map(|p| p.min(0.0).size(width, 9)).collect())
    }

    fn worth(&self) -> Row {
        let panels = [
            (What::CostPerMillionTokens, "Cost per million tokens", "Prompt and generated, over the last hour."),
            (
                What::CostPerMillionGenerationTokens,
                "Cost per million generated tokens",
                "The whole cost on the generated tokens alone, over the last hour.",
            ),
        ];
        let panels: Vec<Panel> = panels
            .into_iter()
            .filter(|(what, ..)| self.scope.any_model(*what))
            .map(|(what, title, description)| {
                Panel::new(
                    title,
                    format!("{description} It rises when traffic falls and replicas stay: scale down."),
                    View::Timeseries { stacked: false, legend: self.scope.legend(), lines: false },
                    self.money(),
                )
                .size(12, 9)
                .min(0.0)
                .no_value("no traffic")
                .query(self.scope.over_time(self.scope.model(what), "{{model}}"))
            })
            .collect();
        Row::new("What do we get for it?", panels)
    }

    fn idle(&self) -> Row {
        let Some(idle) = self.idle_by_pool() else { return Row::new("", Vec::new()) };
        let panels = vec![
            Panel::new(
                "Idle now",
                "Paid for, held by no replica. Below zero: replicas hold more GPUs than the exporter sees; check \
                 gpus_per_replica.",
                View::Stat { graph: true },
                self.money(),
            )
            .size(6, 8)
            .decimals(2)
            .thresholds(Thresholds::plain(Color::Blue))
            .no_value("no price")
            .query(self.scope.over_time(idle.clone().sum(), "idle per hour")),
            Panel::new(
                "Idle cost per hour by pool",
                "Cost of the GPUs of a pool without those that replicas hold. What stays for days can be given back.",
                View::Timeseries { stacked: false, legend: self.scope.pool_legend(), lines: false },
                self.money(),
            )
            .size(18, 8)
            .query(self.scope.over_time(idle, "{{pool}}")),
        ];
        Row::new("What is idle?", panels)
    }

    fn table(&self) -> Row {
        let mut queries = Vec::new();
        let mut columns = vec![Column::label("model", "Model"), Column::label("namespace", "Namespace")];
        for (what, title, unit, decimals) in [
            (What::CostPerHour, "Per hour", self.money(), Some(2)),
            (What::SpendPerDay, "Last 24 hours", self.money(), Some(2)),
            (What::CostPerMillionTokens, "Per million tokens", self.money(), Some(2)),
            (What::CostPerMillionGenerationTokens, "Per million generated", self.money(), Some(2)),
            (What::Gpus, "GPUs held", Unit::Short, None),
            (What::Tokens, "Tokens", Unit::TokensPerSecond, None),
        ] {
            if self.scope.any_model(what) {
                let mut column = Column::value(queries.len(), title, unit);
                column.decimals = decimals;
                columns.push(column);
                let series = self.scope.model(what).expr().by(AggregateOp::Max, ["model", "namespace"]);
                queries.push(Query::now(series, ""));
            }
        }
        if !self.scope.any_model(What::CostPerHour) {
            return Row::new("", Vec::new());
        }
        let panel = Panel::new(
            "Models by cost",
            "An expensive million tokens beside few tokens is a model that is too large for its traffic.",
            View::Table { columns, sort: Some("Per hour") },
            self.money(),
        )
        .size(24, table_height(self.scope.emit.plan.models.len().min(TABLE_ROWS)))
        .queries(queries);
        Row::new("Which model is it?", vec![panel])
    }
}
