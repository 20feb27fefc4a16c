//! From a plan of llmobs.toml to what the checker wants to know: the declared deployments and the settings.
//!
//! Judges nothing.

use super::{Objective, Settings};
use crate::catalog::Signal;
use crate::infer::{Target, Targets};
use crate::promql::MatchOp;
use crate::resolve::{Gateway, Model, Plan, Pool};
use crate::spec::DeployedBy;

/// Returns the deployments that a plan declares: one per model, one per gateway, one per pool of GPUs.
pub fn targets(plan: &Plan) -> Targets {
    let mut list: Vec<Target> = plan.models.values().map(of_model).collect();
    list.extend(plan.gateways.values().map(of_gateway));
    list.extend(plan.pools.values().map(of_pool));
    let everywhere: Vec<(String, String)> = match list.split_first() {
        Some((first, rest)) if !rest.is_empty() => {
            first.named_by.iter().filter(|n| rest.iter().all(|t| t.named_by.contains(n))).cloned().collect()
        }
        _ => Vec::new(),
    };
    let mut targets = Targets::default();
    for mut target in list {
        // What all have tells none from another.
        target.named_by.retain(|n| !everywhere.contains(n));
        targets.add(target);
    }
    targets
}

fn of_model(model: &Model) -> Target {
    let mut named_by = vec![("model".to_owned(), model.name.clone())];
    if let (Some(label), Some(served)) = (&model.engine.profile.model_label, &model.served_model_name) {
        named_by.push((label.clone(), served.clone()));
    }
    named_by.extend(model.namespace.iter().map(|n| ("namespace".to_owned(), n.clone())));
    let equal = model.target_matchers.iter().filter(|m| m.op == MatchOp::Equal);
    named_by.extend(equal.map(|m| (m.label.clone(), m.value.clone())));
    named_by.sort();
    named_by.dedup();
    Target {
        profile: model.engine.profile.name.clone(),
        release: model.engine.release.clone(),
        generation: model.engine.generation.clone(),
        declared_by: format!("model `{}`", model.name),
        named_by,
        own_fields: false,
        fields: Vec::new(),
    }
}

fn of_gateway(gateway: &Gateway) -> Target {
    let mut named_by = vec![("gateway".to_owned(), gateway.name.clone())];
    named_by.extend(gateway.namespace.iter().map(|n| ("namespace".to_owned(), n.clone())));
    let equal = gateway.target_matchers.iter().filter(|m| m.op == MatchOp::Equal);
    named_by.extend(equal.map(|m| (m.label.clone(), m.value.clone())));
    named_by.sort();
    named_by.dedup();
    Target {
        profile: gateway.kind.profile.name.clone(),
        release: gateway.kind.release.clone(),
        generation: None,
        declared_by: format!("gateway `{}`", gateway.name),
        named_by,
        own_fields: false,
        fields: Vec::new(),
    }
}

fn of_pool(pool: &Pool) -> Target {
    Target {
        profile: pool.exporter.profile.name.clone(),
        release: pool.exporter.release.clone(),
        generation: pool.exporter.generation.clone(),
        declared_by: format!("pool `{}`", pool.name),
        named_by: vec![("pool".to_owned(), pool.name.clone())],
        fields: pool.fields.iter().cloned().collect(),
        own_fields: pool.deployed_by == DeployedBy::Llmobs && pool.targets.is_empty(),
    }
}

/// Returns what a plan says about Prometheus, promises and GPUs.
pub fn settings(plan: &Plan) -> Settings {
    let at_gateways = plan.models.values().flat_map(|model| {
        model.slos.iter().filter_map(|slo| {
            let gateway = plan.measured_at(slo)?;
            // Signals and indicators of latencies have the same words.
            let signal = Signal::OF_GATEWAYS.iter().find(|s| s.word() == slo.sli.key())?;
            let source = gateway.source(*signal)?;
            Some(Objective {
                model: model.name.clone(),
                profile: gateway.kind.profile.name.clone(),
                metric: source.series.clone(),
                threshold: slo.threshold?.secs_f64(),
                signal: source.signal.title().to_owned(),
            })
        })
    });
    let objectives = plan.models.values().flat_map(|model| {
        model.latency_slos.iter().filter_map(|slo| {
            Some(Objective {
                model: model.name.clone(),
                profile: model.engine.profile.name.clone(),
                metric: model.source(slo.signal)?.series.clone(),
                threshold: slo.threshold.secs_f64(),
                signal: slo.signal.title().to_owned(),
            })
        })
    });
    Settings {
        prometheus: Some(plan.prometheus.release.clone()),
        scrape_interval: Some(plan.prometheus.scrape_interval),
        objectives: objectives.chain(at_gateways).collect(),
        mig: (!plan.pools.is_empty()).then(|| plan.pools.values().any(|p| p.mig)),
        colons_rewritten: plan.check.underscored,
    }
}
