//! Grafana dashboards: fleet overview, model detail, objectives, GPUs, cost.
//!
//! The makers (`fleet`, `detail`, `slo`, `gpus`, `cost` with `cost_worth`) build values of `model`; `classic` and `v2` print them. How they reach Grafana
//! is `emit::grafana`.

mod build;
mod classic;
mod cost;
mod cost_worth;
mod detail;
mod firing;
mod fleet;
mod gateways;
mod gpus;
mod layout;
mod model;
mod scope;
mod slo;
mod v2;
mod viz;

use serde_json::Value;

use self::model::Dashboard;
use self::scope::Scope;
use super::Emit;
use crate::spec::SchemaKind;

/// Makes every dashboard of the project in the schema of the plan: its part (`fleet`, `model-vllm`, `slo`, `gpus`, `cost`) and its JSON.
pub fn dashboards(emit: Emit<'_>) -> Vec<(String, Value)> {
    let print = match emit.plan.grafana.schema {
        SchemaKind::Classic => classic::document,
        SchemaKind::V2 => v2::document,
    };
    values(emit).into_iter().map(|d| (d.part.clone(), print(&d))).collect()
}

fn values(emit: Emit<'_>) -> Vec<Dashboard> {
    let scope = Scope::of(emit);
    let mut out = vec![fleet::dashboard(&scope)];
    out.extend(scope.groups.iter().map(|g| detail::dashboard(&scope, g)));
    out.extend(slo::dashboard(&scope));
    if scope.has_gpus() {
        out.push(gpus::dashboard(&scope));
    }
    out.extend(cost::dashboard(&scope));
    out
}
