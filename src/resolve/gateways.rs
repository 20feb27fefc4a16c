//! `[gateways]`: kinds and releases, endpoints, which models are behind them and how they are named there.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::endpoints::{self, Servers};
use super::gateway::Gateway;
use super::models::{own_buckets, select};
use super::plan::PrometheusSettings;
use crate::catalog::{Catalog, Found, Release, Signal, View};
use crate::declare::values::Slug;
use crate::diag::{Code, Diagnostic, did_you_mean, shorten};
use crate::source::{Place, Spanned};
use crate::spec::{self, Document};

/// Words by which `measured_at` means something else than a gateway of that name.
pub const ENGINE: &str = "engine";
/// The gateway in front of a model, whatever its name is.
pub const GATEWAY: &str = "gateway";

/// The gateways of a document.
#[derive(Clone, Debug, Default)]
pub struct Gateways {
    /// By name.
    pub all: BTreeMap<String, Gateway>,
    /// Names of those that could not be resolved, which was reported: they are not missing.
    pub faulty: BTreeSet<String>,
}

/// Resolves every gateway.
pub fn resolve(document: &Document, prometheus: &PrometheusSettings, ctx: &mut Context<'_>) -> Gateways {
    let mut gateways = Gateways::default();
    if let Some(named) = &document.gateways {
        gateways.faulty.extend(named.refused.iter().cloned());
        for (name, raw) in &named.entries {
            let place = named.key_places.get(name).copied().unwrap_or(raw.place);
            match one(name, raw, place, document, prometheus, ctx) {
                Some(gateway) => drop(gateways.all.insert(gateway.name.clone(), gateway)),
                None => drop(gateways.faulty.insert(name.as_str().to_owned())),
            }
        }
    }
    gateways
}

fn one(
    name: &Slug,
    raw: &Spanned<spec::Gateway>,
    place: Place,
    document: &Document,
    prometheus: &PrometheusSettings,
    ctx: &mut Context<'_>,
) -> Option<Gateway> {
    if [ENGINE, GATEWAY].contains(&name.as_str()) {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecInvalidValue,
                format!("no gateway can be called `{name}`"),
                place,
                "`measured_at` means something else by this word",
            )
            .help("give it another name, for example `edge`"),
        );
    }
    let selected = kind(raw, ctx);
    let servers = Servers::of_gateway(name, raw, place);
    let endpoint = endpoints::resolve(&servers, prometheus, ctx);
    let models = models(name, raw, place, document, ctx);
    let (view, version) = selected?;
    let endpoint = endpoint?;
    let tenant_label = tenant_label(raw, &view, ctx);
    let mut signals = Catalog::gateway_signals(&view);
    own_buckets(raw.buckets.as_deref(), &mut signals, ctx);
    let namespace = servers.namespace(&endpoint);
    Some(Gateway {
        name: name.as_str().to_owned(),
        place,
        version,
        target_matchers: servers.target_matchers(namespace.as_deref()),
        namespace,
        endpoint,
        monitor: servers.monitors(),
        port: servers.port(),
        path: raw.path.as_ref().map_or_else(|| view.profile.path.clone(), |p| p.0.clone()),
        models,
        tenant_label,
        signals,
        kind: view,
    })
}

fn kind(raw: &spec::Gateway, ctx: &mut Context<'_>) -> Option<(View, Release)> {
    let named = raw.kind.as_ref()?;
    let Some(profile) = ctx.catalog.gateway(named.as_str()) else {
        if ctx.unread_profiles {
            return None;
        }
        let names = ctx.catalog.gateway_names();
        let finding = Diagnostic::new(
            Code::SpecUnknownValue,
            format!("there is no gateway of kind `{}`", shorten(named.as_str())),
            named.place,
            format!("expected one of {}", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
        );
        ctx.sink.push(match did_you_mean(named.as_str(), names.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("describe your own gateway in a profile and name it in `[profiles] paths`"),
        });
        return None;
    };
    let version = raw.version.as_ref()?;
    select(&profile, &version.0, None, version.place, ctx)
}

/// Returns the models behind a gateway and how it names them; two that it does not tell apart are refused.
fn models(
    name: &Slug,
    raw: &spec::Gateway,
    place: Place,
    document: &Document,
    ctx: &mut Context<'_>,
) -> BTreeMap<String, String> {
    let Some(declared) = &document.models else { return BTreeMap::new() };
    let served = |name: &str| {
        let model = declared.entries.iter().find(|(n, _)| n.as_str() == name).map(|(_, model)| model)?;
        Some(model.served_model_name.as_ref().map_or(name, |s| s.as_str()).to_owned())
    };
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    match &raw.models {
        None if raw.refused.contains(&"models") => return out,
        None => out.extend(declared.entries.keys().filter_map(|n| Some((n.as_str().to_owned(), served(n.as_str())?)))),
        Some(fronted) => {
            for (model, (at, label)) in fronted.models() {
                let Some(served) = served(model) else {
                    if !declared.refused.contains(model) {
                        unknown_model(name, model, at, document, ctx);
                    }
                    continue;
                };
                places.insert(model.to_owned(), at);
                out.insert(model.to_owned(), label.map_or(served, str::to_owned));
            }
        }
    }
    let mut seen: BTreeMap<&String, &String> = BTreeMap::new();
    for (model, label) in &out {
        let Some(first) = seen.insert(label, model) else { continue };
        let at = places.get(model).copied().unwrap_or(place);
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("gateway `{name}` calls both `{first}` and `{model}` by the name `{label}`"),
                at,
                "requests to one could not be told from requests to the other",
            )
            .help(format!(
                "name the models behind it: `models = {{ {first} = \"…\", {model} = \"…\" }}`, or leave one out"
            )),
        );
    }
    out
}

fn unknown_model(name: &Slug, model: &str, at: Place, document: &Document, ctx: &mut Context<'_>) {
    let declared: Vec<&str> = document.models.iter().flat_map(|m| m.value.entries.keys()).map(Slug::as_str).collect();
    let finding = Diagnostic::new(
        Code::SpecUnknownReference,
        format!("gateway `{name}` stands in front of `{model}`, and there is no such model"),
        at,
        "expected the name of a table below [models]",
    );
    ctx.sink.push(match did_you_mean(model, declared.iter().copied()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help(format!("add `[models.{model}]`, or leave it out here")),
    });
}

/// Returns the label of tenants: what is written, if the token counters can have it, or the usual one of the profile.
fn tenant_label(raw: &spec::Gateway, view: &View, ctx: &mut Context<'_>) -> Option<String> {
    let tokens = [Signal::PromptTokens, Signal::GenerationTokens].map(|s| view.signal(s));
    let has = |label: &str| {
        tokens.iter().all(|found| {
            matches!(found, Found::Here(source) if source.metric.labels_open
                || source.metric.labels.iter().chain(&source.metric.labels_optional).any(|l| l == label))
        })
    };
    let known = || view.profile.tenant_labels.iter().filter(|l| has(l));
    let Some(written) = &raw.tenant_label else { return known().next().cloned() };
    if has(&written.0) {
        return Some(written.0.clone());
    }
    let (title, release) = (&view.profile.title, &view.release);
    let known: Vec<String> = known().map(|l| format!("`{l}`")).collect();
    let finding = Diagnostic::new(
        Code::SpecInvalidValue,
        format!("the token counters of {title} {release} have no label `{}`", written.0),
        written.place,
        if known.is_empty() {
            "it tells no tenants apart".to_owned()
        } else {
            format!("expected one of {}", known.join(", "))
        },
    );
    ctx.sink.push(if known.is_empty() { finding.help("leave `tenant_label` out") } else { finding });
    None
}
