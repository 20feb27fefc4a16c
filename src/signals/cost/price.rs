//! The price of a GPU-hour: a declared number, the energy that GPUs of one's own take, or what OpenCost says of the nodes.

use super::account::{Account, kinds};
use super::gpus;
use super::quantity::{Join, Quantity};
use crate::catalog::Signal;
use crate::names::Names;
use crate::promql::{AggregateOp, call, selector, text};
use crate::resolve::{Model, Plan, Pool};
use crate::signals::gpu::host_label;
use crate::spec::{GpusFrom, PriceSource};
use crate::units::money_units::{Gpus, Hours, Joules, KilowattHours, Money, Per, PerGpuHour, Seconds};

/// OpenCost's price of a GPU of a node.
const NODE_PRICE: &str = "node_gpu_hourly_cost";

/// How the price of a pool's GPUs is known.
pub enum Price {
    /// It is declared.
    Declared(f64),
    /// It is measured, and recorded for the pool.
    Measured,
}

/// Returns how the price of a pool's GPUs is known; `None` if it is not.
pub fn of_pool(pool: &Pool, plan: &Plan) -> Option<Price> {
    let costs = plan.costs.as_ref()?;
    if costs.source == PriceSource::OpenCost {
        // Nodes are those of Kubernetes.
        return (pool.targets.is_empty() && pool.signal(Signal::GpuTemperature).is_some()).then_some(Price::Measured);
    }
    if pool.owned && costs.energy_price.is_some() && pool.signal(Signal::GpuEnergy).is_some() {
        return Some(Price::Measured);
    }
    pool.rate.map(|rate| Price::Declared(rate.0))
}

/// Returns the declared price of a pool's GPUs, money per GPU-hour; `None` if it is measured or not known.
pub fn declared(pool: &Pool, plan: &Plan) -> Option<f64> {
    match of_pool(pool, plan)? {
        Price::Declared(rate) => Some(rate),
        Price::Measured => None,
    }
}

/// Returns the price of a pool's GPUs; `None` if it is not known.
pub fn recorded(pool: &Pool, plan: &Plan, names: &Names) -> Option<Quantity<PerGpuHour>> {
    Some(match of_pool(pool, plan)? {
        Price::Declared(rate) => Quantity::constant(rate),
        Price::Measured => Account::pool(pool, names).series(kinds::PRICE).now(),
    })
}

/// Computes the price that is recorded for a pool.
pub fn computed(pool: &Pool, plan: &Plan, names: &Names) -> Option<Quantity<PerGpuHour>> {
    let costs = plan.costs.as_ref()?;
    match of_pool(pool, plan)? {
        Price::Declared(rate) => Some(Quantity::of(crate::promql::vector(rate))),
        Price::Measured if costs.source == PriceSource::OpenCost => mean_of_nodes(pool),
        Price::Measured => {
            let price = Quantity::constant(costs.energy_price?);
            let rest = pool.rate.map(|rate| Quantity::constant(rate.0));
            let energy = energy(pool, names, price)?;
            Some(match rest {
                Some(rest) => energy.plus(rest, Join::Same),
                None => energy,
            })
        }
    }
}

/// Returns the cost of a model by the prices of the nodes that its pods are on; `None` where they are not known.
pub fn by_nodes(model: &Model, plan: &Plan) -> Option<Quantity<Per<Money, Hours>>> {
    let costs = plan.costs.as_ref().filter(|c| c.source == PriceSource::OpenCost)?;
    let by_requests = costs.gpus_from == GpusFrom::Requests && gpus::counted_by(model, plan) == GpusFrom::Requests;
    // Requests of MIG instances are no whole GPUs; their pool has a price.
    let mig = gpus::pool_of(model, plan).is_some_and(|p| p.mig);
    (by_requests && !mig).then(|| gpus::by_node(model, plan).at(node_prices(), Join::On(&["node"])).sum())
}

/// OpenCost repeats a node under another `instance` after a restart; nodes without GPUs have the price zero.
fn node_prices() -> Quantity<PerGpuHour> {
    Quantity::of(selector(NODE_PRICE).expr().by(AggregateOp::Max, ["node"])).positive()
}

/// The mean price of a pool's GPUs over the nodes that the exporter sees them on.
fn mean_of_nodes(pool: &Pool) -> Option<Quantity<PerGpuHour>> {
    let source = pool.signal(Signal::GpuTemperature)?;
    let host = host_label(&source)?;
    let boards = selector(&source.series).eq("pool", &pool.name).expr().by(AggregateOp::Max, ["UUID", host]);
    let named = call("label_replace", [boards, text("node"), text("$1"), text(host), text("(.+)")]);
    let on_node: Quantity<Gpus> = Quantity::of(named.by(AggregateOp::Count, ["node"]));
    let cost: Quantity<Per<Money, Hours>> = on_node.clone().at(node_prices(), Join::On(&["node"])).sum();
    // GPUs of nodes without a price are left out at both sides.
    let priced = Quantity::of(on_node.expr().op_on(crate::promql::BinaryOp::And, ["node"], node_prices().expr()));
    Some(cost.per(priced.sum(), Join::Same))
}

/// What the energy of a pool costs, for each of its GPUs.
fn energy(pool: &Pool, names: &Names, price: Quantity<Per<Money, KilowattHours>>) -> Option<Quantity<PerGpuHour>> {
    let source = pool.signal(Signal::GpuEnergy)?;
    let rate = selector(&source.series).eq("pool", &pool.name).rate(names.window().into());
    // A board has one counter, repeated for each instance and pod.
    let joules: Quantity<Per<Joules, Seconds>> =
        Quantity::of(rate.by(AggregateOp::Max, ["UUID"]).sum().times(source.factor));
    let cost: Quantity<Per<Money, Hours>> = joules.per_hour().kilowatt_hours().each_at(price);
    Some(cost.per(Account::pool(pool, names).series(kinds::GPUS).now().sum(), Join::Same))
}
