//! What is recorded of a pool: its GPUs, their price, what all of them cost, and what nobody holds.

use super::account::{Account, kinds};
use super::quantity::{Join, Quantity};
use super::{gpus, model, price, spend};
use crate::names::Names;
use crate::promql::{BinaryOp, selector};
use crate::resolve::{Model, Plan, Pool};
use crate::signals::{Measure, Record, What};
use crate::units::money_units::Gpus;

/// Makes the records of a pool.
pub fn records(pool: &Pool, plan: &Plan, names: &Names) -> Vec<Record> {
    let account = Account::pool(pool, names);
    let mut out = Vec::new();
    let Some(counted) = gpus::of_pool(pool) else { return out };
    out.push(account.record(kinds::GPUS, counted));
    let Some(computed) = price::computed(pool, plan, names) else { return out };
    out.push(account.record(kinds::PRICE, computed));
    let Some(price) = price::recorded(pool, plan, names) else { return out };
    // GPUs x money/(GPU x hour) = money/hour
    out.push(account.record(kinds::COST, account.series(kinds::GPUS).now().sum().at(price.clone(), Join::On(&[]))));
    let present = account.series(kinds::GPUS).now().sum();
    let free = match held(pool, plan, names) {
        Some(held) => present.clone().minus(held, Join::Same).or(present, Join::On(&[])),
        None => present,
    };
    out.push(account.record(kinds::UNHELD, free.at(price, Join::On(&[]))));
    out.push(spend::of_hour(&account, plan));
    out
}

/// Makes the records that need longer windows; none if the cost is not known.
pub fn spend(pool: &Pool, plan: &Plan, names: &Names) -> Vec<Record> {
    let Some(costs) = &plan.costs else { return Vec::new() };
    if gpus::of_pool(pool).is_none() || price::computed(pool, plan, names).is_none() {
        return Vec::new();
    }
    spend::records(&Account::pool(pool, names), costs.pool_budgets.get(&pool.name).copied(), plan)
}

/// The GPUs of a pool that models hold: the pool of a model is a label of its info series. `None` if no model runs on it.
fn held(pool: &Pool, plan: &Plan, names: &Names) -> Option<Quantity<Gpus>> {
    let on_it = |m: &&Model| m.pool.as_ref() == Some(&pool.name) && model::is_priced(m, plan);
    plan.models.values().find(on_it)?;
    let gpus = selector(names.record(Measure::model(What::Gpus))).expr();
    let info = selector(names.record(Measure::model(What::Info))).eq("pool", &pool.name);
    Some(Quantity::of(gpus.op_on(BinaryOp::And, ["model", "namespace"], info).sum()))
}
