//! From a plan of llmobs.toml to what the checker wants to know: the declared deployments and the settings.
//!
//! Judges nothing.

use super::{Objective, Settings};
use crate::infer::{Target, Targets};
use crate::promql::{MatchOp, Matcher};
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
    let mut names = vec![("model", model.name.as_str())];
    names.extend(model.engine.profile.model_label.as_deref().zip(model.served_model_name.as_deref()));
    let named_by = named_by(names, model.namespace.as_deref(), &model.target_matchers);
    Target {
        profile: model.engine.profile.name.clone(),
        release: model.engine.release.clone(),
        generation: model.engine.generation.clone(),
        declared_by: format!("model `{}`", model.name),
        named_by,
        own_fields: false,
        mig: None,
        fields: Vec::new(),
    }
}

/// Returns the values by which a query can name servers, sorted: their names, their namespace, what selects their targets.
fn named_by<'a>(
    mut names: Vec<(&'a str, &'a str)>,
    namespace: Option<&'a str>,
    targets: &'a [Matcher],
) -> Vec<(String, String)> {
    names.extend(namespace.map(|n| ("namespace", n)));
    names.extend(targets.iter().filter(|m| m.op == MatchOp::Equal).map(|m| (m.label.as_str(), m.value.as_str())));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|(label, value)| (label.to_owned(), value.to_owned())).collect()
}

fn of_gateway(gateway: &Gateway) -> Target {
    let names = vec![("gateway", gateway.name.as_str())];
    let named_by = named_by(names, gateway.namespace.as_deref(), &gateway.target_matchers);
    Target {
        profile: gateway.kind.profile.name.clone(),
        release: gateway.kind.release.clone(),
        generation: None,
        declared_by: format!("gateway `{}`", gateway.name),
        named_by,
        own_fields: false,
        mig: None,
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
        mig: Some(pool.mig),
        fields: pool.fields.iter().cloned().collect(),
        own_fields: pool.deployed_by == DeployedBy::Llmobs && pool.targets.is_empty(),
    }
}

/// Returns what a plan says about Prometheus, promises and GPUs.
pub fn settings(plan: &Plan) -> Settings {
    let at_gateways = plan.models.values().flat_map(|model| {
        model.slos.iter().filter_map(|slo| {
            let gateway = plan.measured_at(slo)?;
            let source = gateway.source(slo.latency()?)?;
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
        colons_rewritten: plan.check.underscored,
    }
}
