//! Cost: what is spent, whether it stays within budgets, who spends it. What one gets for it is in `cost_worth`.

use super::cost_worth;
use super::fleet::model_variable;
use super::gateways;
use super::model::{Color, Dashboard, Panel, Query, Row, Thresholds, Unit, View};
use super::scope::{NEAR, Scope};
use crate::promql::{Expr, selector};
use crate::signals::{Level, Measure, What};

/// Makes the dashboard; `None` if nothing has a price.
pub fn dashboard(scope: &Scope<'_>) -> Option<Dashboard> {
    let costs = scope.emit.plan.costs.as_ref().filter(|_| scope.has_cost())?;
    let maker = Maker { scope, unit: costs.currency.grafana_unit() };
    let mut rows = vec![maker.spend(), maker.budgets(), maker.who(), gateways::tenants(&maker)];
    rows.extend(cost_worth::rows(&maker));
    Some(Dashboard {
        part: "cost".to_owned(),
        uid: scope.emit.names.dashboard_uid("cost"),
        title: scope.title("LLM cost"),
        description: "What inference costs by the GPUs that models hold, at the prices in llmobs.toml.".to_owned(),
        tags: scope.tags(),
        from: "now-24h",
        variables: vec![scope.namespace_variable(), model_variable(scope)],
        datasource: scope.emit.plan.grafana.datasource.clone(),
        annotation: scope.annotation(scope.firing()),
        links: scope.links("cost"),
        rows: rows.into_iter().filter(|r| !r.panels.is_empty()).collect(),
    })
}

/// What the rows of the dashboard are made of.
pub struct Maker<'a> {
    /// Plan and names.
    pub scope: &'a Scope<'a>,
    /// Grafana's unit of the currency.
    pub unit: String,
}

impl Maker<'_> {
    /// Returns the unit of money.
    pub fn money(&self) -> Unit {
        Unit::Money(self.unit.clone())
    }

    /// Returns a series of the chosen models, summed up.
    pub fn sum(&self, what: What) -> Expr {
        self.scope.model(what).expr().sum()
    }

    /// Returns a series of an account that no variable narrows; `None` if it is not recorded.
    pub fn of(&self, level: Level, what: What) -> Option<Expr> {
        let measure = Measure { level, what };
        self.scope.emit.book.has(measure).then(|| selector(self.scope.record(measure)).expr())
    }

    /// Makes a panel with one amount of money and its course.
    pub fn amount(&self, title: &str, description: &str, expr: Expr) -> Panel {
        Panel::new(title, description, View::Stat { graph: true }, self.money())
            .size(5, 6)
            .decimals(2)
            .thresholds(Thresholds::plain(Color::Blue))
            .no_value("no price")
            .query(self.scope.over_time(expr, title))
    }

    fn spend(&self) -> Row {
        let mut panels = Vec::new();
        if self.scope.any_model(What::CostPerHour) {
            panels.push(self.amount(
                "Per hour, models",
                "GPUs that the chosen models hold, times their price.",
                self.sum(What::CostPerHour),
            ));
        }
        if let Some(pools) = self.of(Level::Pool, What::CostPerHour) {
            panels.push(self.amount(
                "Per hour, GPUs",
                "All GPUs that are there, held or idle, times their price.",
                pools.sum(),
            ));
        }
        for (what, title, description) in [
            (What::SpendPerDay, "Last 24 hours", "What the chosen models cost in the last 24 whole hours."),
            (What::SpendOfMonth, "This month", "What the chosen models cost since the month began (UTC)."),
            (
                What::SpendForecast,
                "This month, at its end",
                "The spend of the month, and the rest of it at the pace of the last 24 hours.",
            ),
        ] {
            if self.scope.any_model(what) {
                panels.push(self.amount(title, description, self.sum(what)));
            }
        }
        // One line of panels; what cannot be parted goes to the first.
        let count = u32::try_from(panels.len()).unwrap_or(24).max(1);
        let width = |n: usize| 24 / count + u32::from((n as u32) < 24 % count);
        Row::new("What do we spend?", panels.into_iter().enumerate().map(|(n, p)| p.size(width(n), 6)).collect())
    }

    /// Every budget as a line: the whole, and those of models, pools and namespaces.
    fn budgets(&self) -> Row {
        let accounts = [
            (Level::Fleet, "all models"),
            (Level::Namespace, "namespace {{namespace}}"),
            (Level::Model, "model {{model}}"),
            (Level::Pool, "pool {{pool}}"),
        ];
        let declared: Vec<(Level, &str)> =
            accounts.into_iter().filter(|(level, _)| self.of(*level, What::BudgetSpent).is_some()).collect();
        if declared.is_empty() {
            return Row::new("", Vec::new());
        }
        let queries = |expr: &dyn Fn(Level) -> Option<Expr>| -> Vec<(Expr, &str)> {
            declared.iter().filter_map(|(level, legend)| Some((expr(*level)?, *legend))).collect()
        };
        let spent = queries(&|level| self.of(level, What::BudgetSpent));
        let forecast = queries(&|level| Some(self.of(level, What::SpendForecast)?.per(self.of(level, What::Budget)?)));
        let colors = || Thresholds::two(NEAR, 1.0);
        let panels = vec![
            Panel::new(
                "Spent of the month's budget",
                "100 % before the month has ended means that the rest of it is over budget.",
                View::Gauge,
                Unit::Ratio,
            )
            .size(8, 8)
            .min(0.0)
            .max(1.5)
            .decimals(1)
            .thresholds(colors())
            .no_value("no spend yet")
            .queries(spent.into_iter().map(|(expr, legend)| Query::now(expr, legend))),
            Panel::new(
                "Forecast of budget",
                "What the month will have taken at the pace of the last 24 hours. Above the line it will not suffice.",
                View::Timeseries { stacked: false, legend: self.scope.legend(), lines: true },
                Unit::Ratio,
            )
            .size(16, 8)
            .min(0.0)
            .decimals(0)
            .thresholds(Thresholds::limit(1.0))
            .no_value("no spend yet")
            .queries(forecast.into_iter().map(|(expr, legend)| self.scope.over_time(expr, legend))),
        ];
        Row::new("Is it within the budget?", panels)
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
        if let Some(pools) = self.of(Level::Pool, What::CostPerHour) {
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
        let namespaces = self.scope.emit.plan.models.values().filter_map(|m| m.namespace.as_ref());
        let several = namespaces.collect::<std::collections::BTreeSet<_>>().len() > 1;
        if let Some(by) = self.of(Level::Namespace, What::CostPerHour).filter(|_| several) {
            panels.push(
                Panel::new(
                    "Cost per hour by namespace",
                    "The models of each namespace.",
                    view(self.scope.legend()),
                    self.money(),
                )
                .query(self.scope.over_time(by, "{{namespace}}")),
            );
        }
        let width = 24 / u32::try_from(panels.len()).unwrap_or(24).max(1);
        Row::new("Who spends it?", panels.into_iter().map(|p| p.min(0.0).size(width, 9)).collect())
    }
}
