//! A budget of money that burns too fast, that will not suffice, or that is spent: the same for every account that has one.
//!
//! Spend is compared with multiples of the budget: what costs nothing is a plain no. Days and months are those of UTC.

use std::collections::BTreeMap;

use super::{DAY, Draft, FleetCx, ModelCx, PoolCx, threshold};
use crate::promql::{BinaryOp, Expr, call};
use crate::resolve::Plan;
use crate::signals::cost::{Account, Burn, Kind, burns, kinds, spend_in};
use crate::signals::proof::Proof;
use crate::signals::{AlertKind, Level, Measure, What};
use crate::units::money_units::Money;
use crate::units::{Duration, PerMonth, number as digits, percent};

/// Label that says whose budget it is.
const BUDGET: &str = "budget";

pub fn of_model(cx: &ModelCx<'_>) -> Vec<Draft> {
    let budget = cx.plan.costs.as_ref().and_then(|c| c.model_budgets.get(&cx.model.name));
    let budget = budget.filter(|_| cx.has(What::CostPerHour));
    drafts(&Account::model(cx.model, cx.names), budget, cx.plan)
}

pub fn of_pool(cx: &PoolCx<'_>) -> Vec<Draft> {
    let budget = cx.plan.costs.as_ref().and_then(|c| c.pool_budgets.get(&cx.pool.name));
    let priced = cx.group.records.iter().any(|r| r.measure == Measure::pool(What::CostPerHour));
    drafts(&Account::pool(cx.pool, cx.names), budget.filter(|_| priced), cx.plan)
}

pub fn of_fleet(cx: &FleetCx<'_>) -> Vec<Draft> {
    let Some(costs) = &cx.plan.costs else { return Vec::new() };
    let has_cost = |level| cx.group.records.iter().any(|r| r.measure == Measure { level, what: What::CostPerHour });
    if !has_cost(Level::Fleet) {
        return Vec::new();
    }
    let mut out = drafts(&Account::fleet(cx.names), costs.monthly_budget.as_ref(), cx.plan);
    // A namespace without a priced model has no account.
    let named = |name: &str| cx.group.records.iter().any(|r| r.labels.get("namespace").is_some_and(|n| n == name));
    for (namespace, budget) in costs.namespace_budgets.iter().filter(|(n, _)| named(n)) {
        out.extend(drafts(&Account::namespace(namespace, cx.names), Some(budget), cx.plan));
    }
    out
}

struct Maker<'a> {
    account: &'a Account<'a>,
    plan: &'a Plan,
    /// Who spends, as a message begins.
    who: &'static str,
    /// The budget with its currency.
    amount: String,
}

fn drafts(account: &Account<'_>, budget: Option<&PerMonth>, plan: &Plan) -> Vec<Draft> {
    let (Some(budget), Some(costs)) = (budget, &plan.costs) else { return Vec::new() };
    let who = match account.level() {
        Level::Model => "Model {{ $labels.model }}",
        Level::Pool => "The pool {{ $labels.pool }}",
        Level::Namespace => "The models of namespace {{ $labels.namespace }}",
        Level::Gateway | Level::Tenant => "A tenant of {{ $labels.model }}",
        Level::Fleet | Level::Gpu => "All models together",
    };
    let maker = Maker { account, plan, who, amount: format!("{} {}", digits(budget.0), costs.currency) };
    let mut out: Vec<Draft> = burns().iter().map(|burn| maker.burn(burn)).collect();
    out.extend([maker.forecast(), maker.exhausted()]);
    out
}

impl Maker<'_> {
    fn of(&self, kind: Kind<Money>) -> Expr {
        self.account.series(kind).now().expr()
    }

    /// What the budget is called in the label.
    fn word(&self) -> &'static str {
        match self.account.level() {
            Level::Model => "model",
            Level::Pool => "pool",
            Level::Namespace => "namespace",
            Level::Gateway | Level::Tenant => "tenant",
            Level::Fleet | Level::Gpu => "all",
        }
    }

    fn draft(&self, kind: AlertKind, expr: Expr, threshold: f64, more: &[(&str, String)]) -> Draft {
        let mut labels = BTreeMap::from([(BUDGET.to_owned(), self.word().to_owned())]);
        labels.extend(more.iter().map(|(label, value)| ((*label).to_owned(), value.clone())));
        let mut told_apart = self.account.labels().clone();
        told_apart.extend(
            labels
                .iter()
                .filter(|(l, _)| [BUDGET, "long_window"].contains(&l.as_str()))
                .map(|(l, v)| (l.clone(), v.clone())),
        );
        // When it fires is computed hour by hour, see the tests of spend: their windows are days.
        let proof = Proof { told_apart, ..Proof::at_once(Vec::new(), Vec::new()) };
        let mut draft = Draft::new(kind, expr, threshold, proof);
        draft.labels = labels;
        draft
    }

    /// spend of a window, brought to a day x days of the month: what a month at this pace costs
    fn month_at_pace(&self, window: Duration) -> Expr {
        let spend = self.of(Kind::of(spend_in(window))).times(DAY.secs_f64() / window.secs_f64());
        spend.op_group_left(BinaryOp::Mul, Vec::<&str>::new(), Vec::<&str>::new(), call("days_in_month", []))
    }

    fn burn(&self, burn: &Burn) -> Draft {
        let kind = AlertKind::CostBudgetBurn;
        // 3.6 and not 3.5999999999999996
        let factor = (threshold(kind, self.plan) * burn.rate * 1e9).round() / 1e9;
        let limit = || self.of(kinds::BUDGET).times(factor);
        let burns = |window| self.month_at_pace(window).op(BinaryOp::Gt, limit());
        let expr = burns(burn.long).op(BinaryOp::And, burns(burn.short));
        let more = [
            ("long_window", burn.long.to_string()),
            ("short_window", burn.short.to_string()),
            ("burn_rate", digits(factor)),
        ];
        self.draft(kind, expr, factor, &more).says(
            format!("{}: {} times the spend that the budget allows", self.who, digits(factor)),
            format!(
                "{} may cost {} in a month. In the last {}, and in the last {} still, more than {} times as much was spent as \
                 this allows. A whole month at the pace of the last {} costs {{{{ $value | humanize }}}}.",
                self.who,
                self.amount,
                burn.long,
                burn.short,
                digits(factor),
                burn.long,
            ),
        )
    }

    fn forecast(&self) -> Draft {
        let kind = AlertKind::CostBudgetForecast;
        let limit = threshold(kind, self.plan);
        let over = self.of(kinds::FORECAST).op(BinaryOp::Gt, self.of(kinds::BUDGET).times(limit));
        // On the first day, a month is told by hours.
        let later = call("day_of_month", []).above(1.0);
        let expr = over.op_on(BinaryOp::And, Vec::<&str>::new(), later);
        self.draft(kind, expr, limit, &[]).says(
            format!("{}: {} of the month's budget will not suffice", self.who, percent(limit)),
            format!(
                "{} may cost {} in a month. At the pace of the last 24 hours it will have been {{{{ $value | humanize }}}} by its \
                 end: more than {} of the budget.",
                self.who,
                self.amount,
                percent(limit),
            ),
        )
    }

    fn exhausted(&self) -> Draft {
        let kind = AlertKind::CostBudgetExhausted;
        let limit = threshold(kind, self.plan);
        let expr = self.of(kinds::SPEND_MONTH).op(BinaryOp::Gt, self.of(kinds::BUDGET).times(limit));
        self.draft(kind, expr, limit, &[]).says(
            format!("{}: {} of the month's budget is spent", self.who, percent(limit)),
            format!(
                "{} may cost {} in a month. Since the month began (UTC), {{{{ $value | humanize }}}} was spent: more than {} of the \
                 budget. What is spent until its end comes on top.",
                self.who,
                self.amount,
                percent(limit),
            ),
        )
    }
}
