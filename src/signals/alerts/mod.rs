//! The alerts of models and pools: one file per alert or family. Each makes drafts: condition over recorded series, words for
//! the person who is woken, and what proves it. What all have in common (labels, runbook, changes of the file) is added here.

mod cost_budget;
mod engine_stuck;
mod errors;
mod gateway_down;
mod gpu_faults;
mod gpu_heat;
mod gpu_lost;
mod gpu_memory;
mod gpu_power;
mod gpu_xid;
mod kv_cache;
mod lora_slots;
mod no_traffic;
mod prefix_cache;
mod queue;
mod regression;
mod replicas;
mod slo_burn;
mod slo_latency;
mod telemetry;

use std::collections::BTreeMap;

use super::book::{Alert, Basis, Group};
use super::gpu;
use super::model::recorded;
use super::proof::Proof;
use super::{AlertKind, Measure, What};
use crate::catalog::{Found, Signal, SignalSource};
use crate::names::Names;
use crate::promql::{AggregateOp, Expr, selector};
use crate::resolve::{Model, Plan, Pool};
use crate::source::Place;
use crate::units::Duration;

pub use gpu_heat::THROTTLED_SHARE;
pub use gpu_xid::codes as xid_codes;
pub use slo_burn::promise;

/// Fewest failed or slow events in the rate window: one of two requests at night is no incident.
pub const MIN_EVENTS: f64 = 5.0;

/// How far states of proofs lie beyond or short of a threshold.
const BEYOND: f64 = 1.05;
const SHORT: f64 = 0.95;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// An alert before what all have in common is added.
struct Draft {
    kind: AlertKind,
    expr: Expr,
    threshold: f64,
    /// On what the threshold rests, where that needs saying.
    basis: Option<Basis>,
    /// Severity where llmobs.toml has none, if not that of its kind.
    severity: Option<&'static str>,
    /// Labels that the condition does not give.
    labels: BTreeMap<String, String>,
    /// Shortest hold time that makes sense with the declared intervals.
    least_hold: Duration,
    summary: String,
    description: String,
    proof: Proof,
}

impl Draft {
    fn new(kind: AlertKind, expr: Expr, threshold: f64, proof: Proof) -> Self {
        Self {
            kind,
            expr,
            threshold,
            basis: None,
            severity: None,
            labels: BTreeMap::new(),
            least_hold: Duration::default(),
            summary: String::new(),
            description: String::new(),
            proof,
        }
    }

    fn says(mut self, summary: impl Into<String>, description: impl Into<String>) -> Self {
        self.summary = summary.into();
        self.description = description.into();
        self
    }
}

/// What the alerts of a model are made from.
struct ModelCx<'a> {
    model: &'a Model,
    plan: &'a Plan,
    names: &'a Names,
    group: &'a Group,
}

/// What the alerts of a pool are made from.
struct PoolCx<'a> {
    pool: &'a Pool,
    plan: &'a Plan,
    names: &'a Names,
    group: &'a Group,
}

/// What the alerts of the fleet are made from.
struct FleetCx<'a> {
    plan: &'a Plan,
    names: &'a Names,
    group: &'a Group,
}

const OF_MODELS: &[fn(&ModelCx<'_>) -> Vec<Draft>] = &[
    replicas::drafts,
    engine_stuck::drafts,
    errors::drafts,
    slo_burn::drafts,
    slo_latency::drafts,
    regression::drafts,
    kv_cache::drafts,
    lora_slots::drafts,
    queue::drafts,
    prefix_cache::drafts,
    no_traffic::drafts,
    cost_budget::of_model,
];

const OF_POOLS: &[fn(&PoolCx<'_>) -> Vec<Draft>] = &[
    gpu_xid::drafts,
    gpu_faults::drafts,
    gpu_lost::drafts,
    gpu_heat::drafts,
    gpu_power::drafts,
    gpu_memory::drafts,
    cost_budget::of_pool,
];

/// Makes the alerts of a model from what its group records.
pub fn of_model(model: &Model, plan: &Plan, names: &Names, group: &Group) -> Vec<Alert> {
    let cx = ModelCx { model, plan, names, group };
    finished(OF_MODELS.iter().flat_map(|make| make(&cx)), plan, names, model.place)
}

/// Makes the alerts of a pool from what its group records.
pub fn of_pool(pool: &Pool, plan: &Plan, names: &Names, group: &Group) -> Vec<Alert> {
    let cx = PoolCx { pool, plan, names, group };
    finished(OF_POOLS.iter().flat_map(|make| make(&cx)), plan, names, pool.place)
}

/// Makes the alerts on gateways, on the telemetry itself, and on the budgets of the fleet and of namespaces.
pub fn of_fleet(plan: &Plan, names: &Names, group: &Group) -> Vec<Alert> {
    let cx = FleetCx { plan, names, group };
    finished(
        gateway_down::drafts(&cx).into_iter().chain(telemetry::drafts(&cx)).chain(cost_budget::of_fleet(&cx)),
        plan,
        names,
        Place::default(),
    )
}

impl ModelCx<'_> {
    /// Returns whether a quantity of the model is recorded.
    fn has(&self, what: What) -> bool {
        self.group.records.iter().any(|r| r.measure == Measure::model(what))
    }

    fn recorded(&self, what: What) -> Expr {
        recorded(self.model, self.names, what).expr()
    }

    fn threshold(&self, kind: AlertKind) -> f64 {
        threshold(kind, self.plan)
    }

    /// Labels that all recorded series of the model share, to match on.
    fn labels(&self) -> Vec<String> {
        self.model.labels.keys().cloned().collect()
    }

    fn window(&self) -> Duration {
        self.names.window()
    }
}

impl PoolCx<'_> {
    /// Returns whether a quantity of single GPUs is recorded.
    fn has(&self, what: What) -> bool {
        self.group.records.iter().any(|r| r.measure == Measure::gpu(what))
    }

    fn recorded(&self, what: What) -> Expr {
        selector(self.names.record(Measure::gpu(what))).eq("pool", &self.pool.name).expr()
    }

    fn threshold(&self, kind: AlertKind) -> f64 {
        threshold(kind, self.plan)
    }

    /// Returns a recorded quantity of whole boards: instances of MIG repeat what is read of their board.
    fn of_boards(&self, what: What) -> Expr {
        self.boards(self.recorded(what))
    }

    /// Brings readings of instances to their boards.
    fn boards(&self, each: Expr) -> Expr {
        if self.pool.mig { each.by(AggregateOp::Max, gpu::BOARD_LABELS) } else { each }
    }

    /// Returns a reading of each board that is not recorded, in its base unit.
    fn reading_of_boards(&self, source: &SignalSource) -> Expr {
        gpu::per_board(gpu::series(self.pool, source).expr(), source)
    }

    /// Names the field of a signal as the exporter release calls it, collected or not.
    fn field(&self, signal: Signal) -> Option<String> {
        match self.pool.exporter.signal(signal) {
            Found::Here(source) => Some(format!("`{}`", source.series)),
            Found::Missing { .. } => None,
        }
    }
}

/// Names a GPU in the words of an alert.
const GPU: &str = "GPU {{ $labels.gpu }} of {{ $labels.hostname }}";
/// Names its pool and make.
const OF_POOL: &str = "(pool {{ $labels.pool }}, {{ $labels.modelName }})";

/// Returns the threshold of an alert in its base unit: that of llmobs.toml, else the usual one.
pub fn threshold(kind: AlertKind, plan: &Plan) -> f64 {
    plan.alerts.get(kind.name()).and_then(|a| a.threshold).unwrap_or_else(|| kind.default_threshold())
}

/// Adds what all alerts have; in the order of the list of alerts.
fn finished(drafts: impl Iterator<Item = Draft>, plan: &Plan, names: &Names, origin: Place) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = drafts.filter_map(|d| finish(d, plan, names, origin)).collect();
    alerts.sort_by_key(|a| a.kind);
    alerts
}

fn finish(draft: Draft, plan: &Plan, names: &Names, origin: Place) -> Option<Alert> {
    let kind = draft.kind;
    let change = plan.alerts.get(kind.name());
    if change.is_some_and(|c| c.enabled == Some(false)) {
        return None;
    }
    let usual = draft.severity.unwrap_or(kind.default_severity());
    let severity = change.and_then(|c| c.severity.clone()).unwrap_or_else(|| usual.to_owned());
    let mut labels = draft.labels;
    labels.insert("severity".to_owned(), severity);
    labels.insert("owner".to_owned(), plan.project.owner.clone());
    if let Some(environment) = &plan.project.environment {
        labels.insert("environment".to_owned(), environment.clone());
    }
    let annotations = BTreeMap::from([
        ("summary".to_owned(), draft.summary),
        ("description".to_owned(), draft.description),
        ("runbook_url".to_owned(), names.runbook_link(kind)),
    ]);
    Some(Alert {
        kind,
        expr: draft.expr,
        hold: change.and_then(|c| c.hold).unwrap_or_else(|| kind.default_hold().max(draft.least_hold)),
        labels,
        annotations,
        threshold: draft.threshold,
        basis: draft.basis,
        origin,
        proof: draft.proof,
    })
}
