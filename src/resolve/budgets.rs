//! `[costs] budgets`: each amount to the model, pool or namespace of its name.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::plan::{Model, Pool};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::Place;
use crate::spec::{Costs, Document, PriceSource};
use crate::units::PerMonth;

/// Budgets by name.
#[derive(Default)]
pub struct Budgets {
    /// Of models.
    pub models: BTreeMap<String, PerMonth>,
    /// Of pools.
    pub pools: BTreeMap<String, PerMonth>,
    /// Of the models of a namespace.
    pub namespaces: BTreeMap<String, PerMonth>,
}

/// Resolves the budgets. One of a name that several things have is of none: nothing tells them apart.
pub fn resolve(
    document: &Document,
    raw: &Costs,
    pools: &BTreeMap<String, Pool>,
    models: &BTreeMap<String, Model>,
    ctx: &mut Context<'_>,
) -> Budgets {
    let mut out = Budgets::default();
    let Some(named) = &raw.budgets else { return out };
    let namespaces: BTreeSet<&str> = models.values().filter_map(|m| m.namespace.as_deref()).collect();
    for (key, price) in &named.value.entries {
        let name = key.as_str();
        let place = named.value.key_places.get(key).copied().unwrap_or(price.place);
        let mut found = [
            ("model", models.contains_key(name), &mut out.models),
            ("pool", pools.contains_key(name), &mut out.pools),
            ("namespace", namespaces.contains(name), &mut out.namespaces),
        ];
        let whats: Vec<&str> = found.iter().filter(|(_, is, _)| *is).map(|(what, ..)| *what).collect();
        if whats.len() > 1 {
            let message = format!("`{name}` is the name of a {}", whats.join(" and of a "));
            let finding = Diagnostic::new(Code::SpecConflict, message, place, "the budget of which of them?");
            ctx.sink.push(finding.help("rename one of them"));
            continue;
        }
        match found.iter_mut().find(|(_, is, _)| *is) {
            Some((.., map)) => {
                map.insert(name.to_owned(), PerMonth(price.amount));
            }
            None => unknown(name, place, document, pools, models, &namespaces, ctx),
        }
        without_rate(name, place, raw, pools, models, ctx);
    }
    out
}

/// A pool on which models run is reported for that already.
fn without_rate(
    name: &str,
    place: Place,
    raw: &Costs,
    pools: &BTreeMap<String, Pool>,
    models: &BTreeMap<String, Model>,
    ctx: &mut Context<'_>,
) {
    let opencost = raw.source.as_ref().is_some_and(|s| s.value == PriceSource::OpenCost);
    let Some(pool) = pools.get(name).filter(|p| p.rate.is_none() && !p.owned && !opencost) else { return };
    if models.values().any(|m| m.pool.as_ref() == Some(&pool.name)) {
        return;
    }
    let message = format!("the pool `{name}` has a budget and no rate");
    let finding = Diagnostic::new(Code::CostRateMissing, message, place, "compared with nothing");
    ctx.sink.push(finding.help(format!("add `rates.{name} = …` to [costs]")));
}

fn unknown(
    name: &str,
    place: Place,
    document: &Document,
    pools: &BTreeMap<String, Pool>,
    models: &BTreeMap<String, Model>,
    namespaces: &BTreeSet<&str>,
    ctx: &mut Context<'_>,
) {
    // What was declared and refused is no second mistake.
    let model =
        document.models.iter().any(|m| m.entries.keys().any(|k| k.as_str() == name) || m.refused.contains(name));
    let pool = document.gpus.iter().any(|g| g.entries.keys().any(|k| k.as_str() == name) || g.refused.contains(name));
    if model || pool {
        return;
    }
    let message = format!("`{name}` is neither a model nor a pool nor a namespace of models");
    let mut finding = Diagnostic::new(Code::SpecUnknownReference, message, place, "the budget of what?");
    let names = models.keys().chain(pools.keys()).map(String::as_str).chain(namespaces.iter().copied());
    if let Some(near) = did_you_mean(name, names) {
        finding = finding.help(format!("did you mean `{near}`?"));
    }
    ctx.sink.push(finding);
}
