//! `[models]`: engines and releases, endpoints, signals, objectives.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::endpoints::{self, Servers};
use super::gateways::Gateways;
use super::plan::{KubernetesSettings, Model, Pool, PrometheusSettings};
use super::wanted::wanted;
use super::{Context, slos};
use crate::catalog::{Found, Matched, Profile, Release, Signal, View};
use crate::declare::values::Slug;
use crate::diag::{Code, Diagnostic, did_you_mean, shorten};
use crate::source::{Place, Spanned};
use crate::spec::{self, Document};

/// Resolves every model.
pub fn resolve(
    document: &Document,
    pools: &BTreeMap<String, Pool>,
    gateways: &Gateways,
    prometheus: &PrometheusSettings,
    kubernetes: &KubernetesSettings,
    ctx: &mut Context<'_>,
) -> BTreeMap<String, Model> {
    let mut models = BTreeMap::new();
    let Some(named) = &document.models else { return models };
    if named.entries.is_empty() && named.refused.is_empty() {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecMissingKey,
                "there is no model",
                named.place,
                "expected at least one `[models.NAME]`",
            )
            .help("add a model, or run `llmobs init` to write an example"),
        );
    }
    for (name, raw) in &named.entries {
        let place = named.key_places.get(name).copied().unwrap_or(raw.place);
        let around = Around { document, pools, gateways, prometheus };
        if let Some(mut model) = one(name, raw, place, &around, ctx) {
            model.wanted = wanted(raw, &model.endpoint, kubernetes, ctx);
            models.insert(name.as_str().to_owned(), model);
        }
    }
    models
}

/// What models are resolved against.
struct Around<'a> {
    document: &'a Document,
    pools: &'a BTreeMap<String, Pool>,
    gateways: &'a Gateways,
    prometheus: &'a PrometheusSettings,
}

fn one(
    name: &Slug,
    raw: &Spanned<spec::Model>,
    place: Place,
    around: &Around<'_>,
    ctx: &mut Context<'_>,
) -> Option<Model> {
    let selected = engine(raw, ctx);
    let servers = Servers::of_model(name, raw, place);
    let endpoint = endpoints::resolve(&servers, around.prometheus, ctx);
    let pool = pool(raw, around.document, around.pools, ctx);
    let (view, version) = selected?;
    let endpoint = endpoint?;
    let namespace = servers.namespace(&endpoint);
    let target_matchers = servers.target_matchers(namespace.as_deref());
    let mut signals = ctx.catalog.engine_signals(&view);
    own_buckets(raw.buckets.as_deref(), &mut signals, ctx);
    let lora_slots = lora_slots(raw, &view, &mut signals, ctx);
    let measured = slos::Measured { name, raw, engine: &view, signals: &signals, gateways: around.gateways };
    if !ctx.unread_profiles {
        say_missing(&measured, &version, place, ctx);
    }
    let slos = slos::resolve(&measured, ctx);
    Some(Model {
        name: name.as_str().to_owned(),
        labels: Model::labels_of(name.as_str(), namespace.as_deref()),
        place,
        version,
        served_model_name: raw.served_model_name.as_ref().map(|s| s.as_str().to_owned()),
        namespace,
        endpoint,
        monitor: servers.monitors(),
        port: servers.port(),
        path: raw.path.as_ref().map_or_else(|| view.profile.path.clone(), |p| p.0.clone()),
        wanted: None,
        gpus_per_replica: raw.gpus_per_replica.as_ref().map_or(1, |g| g.0),
        lora_slots,
        served_together: 1,
        pool,
        target_matchers,
        signals,
        latency_slos: slos.latency,
        slos: slos.all,
        engine: view,
    })
}

fn engine(raw: &spec::Model, ctx: &mut Context<'_>) -> Option<(View, Release)> {
    let named = raw.engine.as_ref()?;
    let profile = ctx.catalog.engine(named.as_str());
    let Some(profile) = profile else {
        let names = ctx.catalog.engine_names();
        // A profile that could not be read may have been the one; that was reported where it is named.
        if ctx.unread_profiles {
            return None;
        }
        let mut diagnostic = Diagnostic::new(
            Code::SpecUnknownValue,
            format!("there is no engine `{}`", shorten(named.as_str())),
            named.place,
            format!("expected one of {}", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
        );
        diagnostic = match did_you_mean(named.as_str(), names.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("describe your own engine in a profile and name it in `[profiles] paths`"),
        };
        ctx.sink.push(diagnostic);
        return None;
    };
    let version = raw.version.as_ref()?;
    select(&profile, &version.0, raw.generation.as_ref(), version.place, ctx)
}

/// Chooses the release of a profile that stands for a declared version, and says when that is another one.
pub fn select(
    profile: &Arc<Profile>,
    text: &str,
    generation: Option<&Spanned<Slug>>,
    place: Place,
    ctx: &mut Context<'_>,
) -> Option<(View, Release)> {
    let known = || {
        let (first, last) = (profile.releases.first(), profile.releases.last());
        first.zip(last).map_or_else(String::new, |(a, b)| format!("{a} to {b}"))
    };
    let Some(version) = Release::parse(text) else {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            format!("`{}` is no version of {}", shorten(text), profile.title),
            place,
            format!("expected a version such as `{}`", profile.releases.last().map_or("1.0.0", Release::as_str)),
        ));
        return None;
    };
    let Some(selected) = profile.select(&version, generation.map(|g| g.as_str())) else {
        let nearest = profile.releases.first().map_or("", Release::as_str);
        ctx.sink.push(
            Diagnostic::new(
                Code::VersionUnknown,
                format!("{} {version} is older than every release that the catalogue knows", profile.title),
                place,
                format!("known releases: {}", known()),
            )
            .help(format!("write `{nearest}` if its metrics are the same, or add a profile of your own")),
        );
        return None;
    };
    let release = &selected.view.release;
    match selected.matched {
        Matched::Exactly => {}
        Matched::Between => ctx.sink.push(Diagnostic::new(
            Code::VersionBetweenKnown,
            format!("{} {version} was not read; {release} stands for it", profile.title),
            place,
            "its metrics may differ from both neighbours",
        )),
        Matched::Newer => ctx.sink.push(
            Diagnostic::new(
                Code::VersionNewerThanKnown,
                format!("{} {version} is newer than the catalogue; {release} stands for it", profile.title),
                place,
                format!("known releases: {}", known()),
            )
            .help("compare a page of your server with `llmobs init --from-metrics URL`, and update llmobs"),
        ),
    }
    if let Some(wanted) = generation {
        let has = profile.generations_of(&version);
        if !has.contains(&wanted.as_str()) {
            let label = if has.is_empty() {
                "this release has one generation only".to_owned()
            } else {
                format!("expected one of {}", has.iter().map(|g| format!("`{g}`")).collect::<Vec<_>>().join(", "))
            };
            ctx.sink.push(Diagnostic::new(
                Code::SpecConflict,
                format!("{} {version} has no generation `{}`", profile.title, wanted.as_str()),
                wanted.place,
                label,
            ));
            return None;
        }
    }
    Some((selected.view, version))
}

fn pool(
    raw: &spec::Model,
    document: &Document,
    pools: &BTreeMap<String, Pool>,
    ctx: &mut Context<'_>,
) -> Option<String> {
    let declared: Vec<&str> = document.gpus.iter().flat_map(|g| g.value.entries.keys()).map(Slug::as_str).collect();
    let Some(named) = &raw.pool else {
        return (pools.len() == 1).then(|| pools.keys().next().cloned()).flatten();
    };
    if document.gpus.iter().any(|g| g.refused.contains(named.as_str())) {
        return None;
    }
    if declared.contains(&named.as_str()) {
        return Some(named.as_str().to_owned());
    }
    let mut diagnostic = Diagnostic::new(
        Code::SpecUnknownReference,
        format!("there is no pool `{}`", named.as_str()),
        named.place,
        "expected the name of a table below [gpus]",
    );
    diagnostic = match did_you_mean(named.as_str(), declared.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("add `[gpus.{}]` with the GPU model of the pool", named.as_str())),
    };
    ctx.sink.push(diagnostic);
    None
}

/// Returns the declared slots for adapters. Their signal is there only with them: the engine exports it with adapters only.
fn lora_slots(
    raw: &spec::Model,
    engine: &View,
    signals: &mut BTreeMap<Signal, Found>,
    ctx: &mut Context<'_>,
) -> Option<u32> {
    let Some(declared) = &raw.lora_slots else {
        let why = "`lora_slots` of the model is not declared.".to_owned();
        let instead = "Declare how many adapters fit into a batch".to_owned();
        signals.insert(Signal::LoraSlots, Found::Missing { why, instead });
        return None;
    };
    if let Some(Found::Missing { why, instead }) = signals.get(&Signal::LoraSlots) {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("{} {} does not say how its LoRA slots are used", engine.profile.title, engine.release),
                declared.place,
                why.trim_end_matches('.').to_owned(),
            )
            .help(format!("leave `lora_slots` out; {}", lower_first(instead.trim_end_matches('.')))),
        );
    }
    Some(declared.0)
}

fn lower_first(text: &str) -> String {
    text.chars().take(1).flat_map(char::to_lowercase).chain(text.chars().skip(1)).collect()
}

/// Replaces bucket bounds where the server has its own.
pub fn own_buckets(buckets: Option<&spec::Buckets>, signals: &mut BTreeMap<Signal, Found>, ctx: &mut Context<'_>) {
    let Some(buckets) = buckets else { return };
    for (signal, own) in [
        (Signal::Ttft, &buckets.ttft),
        (Signal::InterTokenLatency, &buckets.inter_token_latency),
        (Signal::E2eLatency, &buckets.e2e_latency),
        (Signal::QueueTime, &buckets.queue_time),
    ] {
        let Some(own) = own else { continue };
        let bounds: Vec<f64> = own.value.iter().map(|d| d.secs_f64()).collect();
        if bounds.is_empty() || bounds.windows(2).any(|w| w[0] >= w[1]) {
            ctx.sink.push(Diagnostic::new(
                Code::SpecInvalidValue,
                format!("the bucket bounds of `{}` do not ascend", signal.word()),
                own.place,
                "expected one or more durations, each longer than the one before",
            ));
            continue;
        }
        if let Some(Found::Here(source)) = signals.get_mut(&signal) {
            Arc::make_mut(source).buckets = bounds;
        }
    }
}

/// Says once per model which signals its engine does not have.
fn say_missing(measured: &slos::Measured<'_>, version: &Release, place: Place, ctx: &mut Context<'_>) {
    let slos::Measured { name, raw, engine: view, signals, .. } = measured;
    for (signal, found) in *signals {
        // What errors are a share of is missing exactly where errors are. An objective on a missing signal is an error of its own.
        // Slots for adapters are looked for where they are declared.
        if matches!(signal, Signal::ErrorBase | Signal::LoraSlots) || promised(raw, *signal) {
            continue;
        }
        let Found::Missing { why, instead } = found else { continue };
        let gateway = measured.in_front().find(|g| g.measures(*signal));
        let mut finding = Diagnostic::new(
            Code::SignalMissing,
            format!("model `{name}`: {} {version} has no {}", view.profile.title, signal.title()),
            place,
            why.trim_end_matches('.').to_owned(),
        );
        finding = match gateway {
            Some(gateway) => {
                finding.help(format!("gateway `{}` measures it for the requests that it passes on", gateway.name))
            }
            None => finding.help(instead.trim_end_matches('.').to_owned()),
        };
        ctx.sink.push(finding);
    }
}

/// Returns whether a model has an objective on a signal.
fn promised(raw: &spec::Model, signal: Signal) -> bool {
    raw.slos.as_ref().is_some_and(|slos| match signal {
        Signal::Ttft => slos.ttft.is_some(),
        Signal::InterTokenLatency => slos.inter_token_latency.is_some(),
        Signal::E2eLatency => slos.e2e_latency.is_some(),
        Signal::QueueTime => slos.queue_time.is_some(),
        Signal::Errors => slos.errors.is_some(),
        _ => false,
    })
}
