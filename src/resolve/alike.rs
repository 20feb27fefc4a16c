//! Which models differ in nothing but their names, so that all that is made of one is made of the other with other names. What the
//! checker says of one, it would say of the other: it reads one of each kind. Whatever is generated for users is generated for all.

use std::mem::discriminant;
use std::sync::Arc;

use super::plan::{LatencySlo, Model, Plan, Slo, Wanted};
use crate::catalog::{Found, View};
use crate::promql::{MatchOp, Matcher};

impl Plan {
    /// Returns the models of which none is like one before it, by name.
    pub fn one_of_each(&self) -> Vec<&Model> {
        let mut kinds: Vec<&Model> = Vec::new();
        for model in self.models.values() {
            if !kinds.iter().any(|kind| is_like(self, kind, model)) {
                kinds.push(model);
            }
        }
        kinds
    }
}

/// Fields are listed, so that a new one cannot be forgotten here.
fn is_like(plan: &Plan, left: &Model, right: &Model) -> bool {
    let Model {
        name,
        place: _,
        engine,
        version,
        served_model_name,
        namespace,
        // Made of name and namespace.
        labels: _,
        endpoint,
        monitor,
        port,
        path,
        wanted,
        gpus_per_replica,
        lora_slots,
        served_together,
        pool,
        target_matchers,
        signals,
        latency_slos,
        slos,
    } = left;
    engines(engine, &right.engine)
        && *version == right.version
        && served_model_name.is_some() == right.served_model_name.is_some()
        && namespace.is_some() == right.namespace.is_some()
        && discriminant(endpoint) == discriminant(&right.endpoint)
        && (monitor, port, path) == (&right.monitor, &right.port, &right.path)
        && all(wanted.as_slice(), right.wanted.as_slice(), wanted_alike)
        && (gpus_per_replica, lora_slots) == (&right.gpus_per_replica, &right.lora_slots)
        && *served_together == right.served_together
        && *pool == right.pool
        && all(target_matchers, &right.target_matchers, |l, r| matchers(left, l, right, r))
        && signals.len() == right.signals.len()
        && signals.iter().zip(&right.signals).all(|((l, lf), (r, rf))| l == r && found(lf, rf))
        && all(latency_slos, &right.latency_slos, latencies)
        && all(slos, &right.slos, objectives)
        && plan.gateways_of(name).map(|g| &g.name).eq(plan.gateways_of(&right.name).map(|g| &g.name))
        && plan.costs.as_ref().is_none_or(|c| c.model_budgets.get(name) == c.model_budgets.get(&right.name))
}

fn engines(left: &View, right: &View) -> bool {
    let View { profile, release, generation } = left;
    Arc::ptr_eq(profile, &right.profile) && *release == right.release && *generation == right.generation
}

fn wanted_alike(left: &Wanted, right: &Wanted) -> bool {
    match (left, right) {
        (Wanted::Number(l), Wanted::Number(r)) => l == r,
        (l, r) => discriminant(l) == discriminant(r),
    }
}

/// Labels that a user chose may say more than a name does: only those that generated monitors set may differ.
fn matchers(of_left: &Model, left: &Matcher, of_right: &Model, right: &Matcher) -> bool {
    let names = |model: &Model, m: &Matcher| {
        m.op == MatchOp::Equal
            && match m.label.as_str() {
                "model" => m.value == model.name,
                "namespace" => Some(&m.value) == model.namespace.as_ref(),
                _ => false,
            }
    };
    left == right || (left.label == right.label && names(of_left, left) && names(of_right, right))
}

fn found(left: &Found, right: &Found) -> bool {
    match (left, right) {
        (Found::Here(l), Found::Here(r)) => Arc::ptr_eq(l, r) || l == r,
        (Found::Missing { .. }, Found::Missing { .. }) => true,
        _ => false,
    }
}

fn latencies(left: &LatencySlo, right: &LatencySlo) -> bool {
    let LatencySlo { signal, objective, threshold, place: _ } = left;
    (*signal, *objective, *threshold) == (right.signal, right.objective, right.threshold)
}

fn objectives(left: &Slo, right: &Slo) -> bool {
    let Slo { sli, objective, threshold, measured_at, window, expected_per_day, burns, place: _ } = left;
    (*sli, *objective, *threshold, *window) == (right.sli, right.objective, right.threshold, right.window)
        && (measured_at, expected_per_day, burns) == (&right.measured_at, &right.expected_per_day, &right.burns)
}

fn all<T>(left: &[T], right: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
}
