//! Spend of the hour, the day and the month, the forecast, and the share of a budget; the same for every account.
//!
//! Long windows are sums of whole hours, each recorded once at its end: a month is 744 values to read, not a value for every
//! evaluation. Hours and months are those of UTC.

use super::account::{Account, kinds};
use super::burn;
use super::quantity::{Join, Quantity};
use crate::promql::{BinaryOp, Expr, call, count_values, number, vector};
use crate::resolve::Plan;
use crate::signals::Record;
use crate::units::money_units::{Hours, Money, Per, Share};
use crate::units::{Duration, PerMonth};

const DAY: Duration = Duration::from_secs(86_400);
/// No month is longer.
const MONTH: Duration = Duration::from_secs(31 * 86_400);
/// Last part of an hour in which its spend is recorded: a Prometheus that restarts then has minutes to come back.
const END_OF_HOUR: Duration = Duration::from_secs(300);
/// Label that says in which month an hour was.
const MONTH_LABEL: &str = "month";

/// Returns the interval at which these rules are evaluated: well below the five minutes after which Prometheus takes a series
/// for gone.
pub fn interval(plan: &Plan) -> Duration {
    plan.prometheus.evaluation_interval.max(Duration::from_secs(120))
}

/// Makes the record of the last hour. It belongs into the group that records the cost, behind it: only there it is certain
/// how many values the hour has.
///
/// Where there is no cost, nothing is spent: a model at zero replicas keeps its month.
pub fn of_hour(account: &Account<'_>, plan: &Plan) -> Record {
    let spent = account.series(kinds::COST).total(Duration::HOUR, plan.prometheus.evaluation_interval);
    account.record(kinds::SPEND_HOUR, spent.or(Quantity::of(vector(0.0)), Join::On(&[])))
}

/// Makes the other records of an account whose spend of the last hour is recorded.
pub fn records(account: &Account<'_>, budget: Option<PerMonth>, plan: &Plan) -> Vec<Record> {
    let spent_hour = || account.series(kinds::SPEND_HOUR).now();
    let spent_day = || account.series(kinds::SPEND_DAY).now();
    let spent_month = || account.series(kinds::SPEND_MONTH).now();
    let mut out = Vec::new();

    let at_end = spent_hour().expr().op_on(BinaryOp::And, Vec::<&str>::new(), end_of_hour(interval(plan)));
    let of_hour = at_end.op_group_left(BinaryOp::Mul, Vec::<&str>::new(), [MONTH_LABEL], this_month());
    out.push(account.record(kinds::SPEND_OF_HOUR, Quantity::of(of_hour)));

    // Before the first hour has ended, what there is of it.
    let day = Quantity::of(hours(account, DAY).sum()).or(spent_hour(), Join::On(&[]));
    out.push(account.record(kinds::SPEND_DAY, day));

    // Whole hours of this month, and of the running hour as much as has passed, at the pace of the last 60 minutes. Only the
    // former have a label `month`, so the union keeps both.
    let whole = hours(account, MONTH).op_on(BinaryOp::And, [MONTH_LABEL], this_month());
    let running: Quantity<Money> = spent_hour().part(past_share_of_hour(), Join::Same);
    out.push(account.record(kinds::SPEND_MONTH, Quantity::of(whole.or(running.expr())).sum()));

    // The last day is a day also in the first hours of a month, when the month itself says nothing yet.
    let pace: Quantity<Per<Money, Hours>> = spent_day().per(Quantity::constant(24.0), Join::Same);
    let rest: Quantity<Money> = hours_left().at(pace, Join::On(&[]));
    out.push(account.record(kinds::FORECAST, spent_month().plus(rest, Join::On(&[])).or(spent_month(), Join::On(&[]))));

    if let Some(budget) = budget {
        for window in burn::windows().into_iter().filter(|w| *w != Duration::HOUR && *w != DAY) {
            out.push(account.record(kinds::spend_over(window), Quantity::of(hours(account, window).sum())));
        }
        out.push(account.record(kinds::BUDGET, Quantity::of(vector(budget.0))));
        let share: Quantity<Share> = spent_month().share_of(account.series(kinds::BUDGET).now(), Join::Same);
        out.push(account.record(kinds::BUDGET_SPENT, share));
    }
    out
}

/// The spend of the whole hours of a window. Steps of the subquery are whole hours; at each, the last value of the hour is its
/// spend, however often it was recorded.
fn hours(account: &Account<'_>, window: Duration) -> Expr {
    let hour = call("last_over_time", [account.series(kinds::SPEND_OF_HOUR).selector().range(Duration::HOUR.into())]);
    call("sum_over_time", [hour.every(Duration::HOUR, window)])
}

/// True in the last minutes of an hour, at least at one evaluation.
fn end_of_hour(interval: Duration) -> Expr {
    let width = END_OF_HOUR.max(interval).secs_f64() / 60.0;
    call("minute", []).op(BinaryOp::Ge, number((60.0 - width.ceil()).max(0.0)))
}

/// One series with the month as label.
fn this_month() -> Expr {
    count_values(MONTH_LABEL, call("month", []))
}

fn past_share_of_hour() -> Quantity<Share> {
    let seconds = Duration::HOUR.secs_f64();
    Quantity::of(call("time", []).op(BinaryOp::Mod, number(seconds)).op(BinaryOp::Div, number(seconds)))
}

/// Hours from now to the end of the month.
fn hours_left() -> Quantity<Hours> {
    let days = call("days_in_month", []).op(BinaryOp::Sub, call("day_of_month", [])).op(BinaryOp::Add, number(1.0));
    let hours = days.op(BinaryOp::Mul, number(24.0)).op(BinaryOp::Sub, call("hour", []));
    Quantity::of(hours.op(BinaryOp::Sub, call("minute", []).op(BinaryOp::Div, number(60.0))))
}
