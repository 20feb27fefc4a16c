//! What is recorded of all models together, and of the models of each namespace. Sums of what models record, never of pools:
//! GPUs that nobody holds are no model's.

use std::collections::BTreeSet;

use super::account::{Account, kinds};
use super::quantity::Quantity;
use super::{model, spend};
use crate::names::Names;
use crate::promql::selector;
use crate::resolve::Plan;
use crate::signals::{Chapter, Measure, Record, What};
use crate::units::Duration;

/// Makes the records of the fleet and of the namespaces.
pub fn records(plan: &Plan, chapters: &[Chapter], names: &Names) -> Vec<Record> {
    let has = |what| chapters.iter().any(|c| c.has(Measure::model(what)));
    let fleet = Account::fleet(names);
    let mut out = Vec::new();
    if has(What::Gpus) {
        out.push(fleet.record(kinds::GPUS, Quantity::of(selector(names.record(Measure::model(What::Gpus)))).sum()));
    }
    if !has(What::CostPerHour) {
        return out;
    }
    let of_models = |kind: What| selector(names.record(Measure::model(kind)));
    out.push(fleet.record(kinds::COST, Quantity::of(of_models(What::CostPerHour)).sum()));
    if has(What::IdleCostPerHour) {
        out.push(fleet.record(kinds::IDLE, Quantity::of(of_models(What::IdleCostPerHour)).sum()));
    }
    let of = |tokens| fleet.per_million(tokens);
    if has(What::Tokens) {
        out.push(fleet.record(kinds::PER_TOKENS, of(fleet.series(kinds::TOKENS).mean(Duration::HOUR))));
    }
    if has(What::GenerationTokens) {
        out.push(
            fleet.record(kinds::PER_GENERATION_TOKENS, of(fleet.series(kinds::GENERATION_TOKENS).mean(Duration::HOUR))),
        );
    }
    if has(What::Requests) {
        out.push(fleet.record(kinds::PER_REQUEST, fleet.per_request()));
    }
    out.push(spend::of_hour(&fleet, plan));
    for namespace in namespaces(plan) {
        let account = Account::namespace(namespace, names);
        let cost = Quantity::of(of_models(What::CostPerHour).eq("namespace", namespace)).sum();
        out.push(account.record(kinds::COST, cost));
        out.push(spend::of_hour(&account, plan));
    }
    out
}

/// Makes the records that need longer windows.
pub fn spend(plan: &Plan, chapters: &[Chapter], names: &Names) -> Vec<Record> {
    let Some(costs) = &plan.costs else { return Vec::new() };
    if !chapters.iter().any(|c| c.has(Measure::model(What::CostPerHour))) {
        return Vec::new();
    }
    let mut out = spend::records(&Account::fleet(names), costs.monthly_budget, plan);
    for namespace in namespaces(plan) {
        let budget = costs.namespace_budgets.get(namespace).copied();
        out.extend(spend::records(&Account::namespace(namespace, names), budget, plan));
    }
    out
}

/// The namespaces of models whose cost is known.
fn namespaces(plan: &Plan) -> BTreeSet<&str> {
    plan.models.values().filter(|m| model::is_priced(m, plan)).filter_map(|m| m.namespace.as_deref()).collect()
}
