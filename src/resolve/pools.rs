//! `[gpus]`: GPU models and exporters.

use std::collections::BTreeMap;

use super::plan::{KubernetesSettings, Pool};
use super::{Context, settings};
use crate::catalog::{Gpu, Release, Signal, View};
use crate::declare::values::Slug;
use crate::diag::{Code, Diagnostic, did_you_mean, shorten};
use crate::source::{Place, Spanned};
use crate::spec::{DeployedBy, Document, Flavour, GpuPool};

/// The exporter of a pool that names none.
pub const EXPORTER: &str = "dcgm-exporter";

/// The exporter release whose image is used where none is named; the newest whose list of fields was read.
const DEFAULT_VERSION: &str = "4.5.3-4.8.2";

/// Resolves every pool.
pub fn resolve(
    document: &Document,
    kubernetes: &KubernetesSettings,
    flavour: Flavour,
    ctx: &mut Context<'_>,
) -> BTreeMap<String, Pool> {
    let mut pools = BTreeMap::new();
    let Some(named) = &document.gpus else { return pools };
    for (name, raw) in &named.entries {
        let place = named.key_places.get(name).copied().unwrap_or(raw.place);
        targets(name, raw, flavour, ctx);
        if let Some(pool) = one(name, raw, place, kubernetes, ctx) {
            pools.insert(name.as_str().to_owned(), pool);
        }
    }
    indistinguishable(&pools, ctx);
    overlapping(&pools, ctx);
    unnamed(&pools, ctx);
    pools
}

/// Exporters outside Kubernetes are scraped by a scrape configuration, not by an object.
fn targets(name: &Slug, raw: &GpuPool, flavour: Flavour, ctx: &mut Context<'_>) {
    let Some(targets) = &raw.targets else { return };
    if targets.value.is_empty() {
        ctx.sink.push(Diagnostic::new(
            Code::SpecInvalidValue,
            format!("`targets` of pool `{name}` is empty"),
            targets.place,
            "expected at least one `host:port`",
        ));
    }
    if flavour == Flavour::Operator {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("`targets` of pool `{name}` need the flavour `plain`"),
                targets.place,
                "exporters outside Kubernetes are scraped by a scrape configuration",
            )
            .help("add `flavour = \"plain\"` to [prometheus], or leave `targets` out"),
        );
    }
}

fn one(
    name: &Slug,
    raw: &Spanned<GpuPool>,
    place: Place,
    kubernetes: &KubernetesSettings,
    ctx: &mut Context<'_>,
) -> Option<Pool> {
    let gpu = raw.model.as_ref().and_then(|m| gpu_model(m.as_str(), m.place, ctx));
    let exporter = exporter(raw, place, ctx);
    let deployed_by = raw.deployed_by.as_ref().map_or(DeployedBy::Llmobs, |d| d.value);
    conflicts(raw, deployed_by, ctx);
    let (gpu, (view, version)) = (gpu?, exporter?);
    if raw.mig.as_ref().is_some_and(|m| m.value) && !gpu.mig {
        let mig = raw.mig.as_ref().map_or(place, |m| m.place);
        ctx.sink.push(Diagnostic::new(
            Code::SpecConflict,
            format!("the GPU model `{}` cannot be split by MIG", gpu.id),
            mig,
            "expected `mig = false` for this model",
        ));
    }
    let mut node_selector = settings::labels(raw.node_selector.as_ref());
    if node_selector.is_empty() {
        node_selector = Pool::any_gpu_node();
    }
    let deployment_namespace =
        view.profile.deployments.iter().find(|d| d.name == deployed_by.word()).and_then(|d| d.namespace.clone());
    let pool = Pool {
        name: name.as_str().to_owned(),
        place,
        gpu,
        count: raw.count.as_ref().map(|c| c.0),
        exporter: view,
        version,
        deployed_by,
        namespace: raw.namespace.as_ref().map_or_else(
            || deployment_namespace.unwrap_or_else(|| kubernetes.namespace.clone()),
            |n| n.as_str().to_owned(),
        ),
        release: raw.release.as_ref().map_or_else(|| "dcgm-exporter".to_owned(), |r| r.as_str().to_owned()),
        fields: raw.fields.iter().flat_map(|f| &f.value).map(|f| f.0.clone()).collect(),
        node_selector,
        targets: raw.targets.iter().flat_map(|t| &t.value).map(|t| t.0.clone()).collect(),
        mig: raw.mig.as_ref().is_some_and(|m| m.value),
        rate: None,
        owned: raw.owned.as_ref().is_some_and(|o| o.value),
    };
    deployable(&pool, raw, ctx);
    unknown_fields(raw, &pool, ctx);
    not_collected(&pool, ctx);
    Some(pool)
}

fn gpu_model(name: &str, place: Place, ctx: &mut Context<'_>) -> Option<Gpu> {
    if let Some(gpu) = ctx.gpus.get(name) {
        return Some(gpu.clone());
    }
    let mut diagnostic = Diagnostic::new(
        Code::SpecUnknownValue,
        format!("there is no GPU model `{}` in the GPU table", shorten(name)),
        place,
        "expected the short name of a GPU model",
    );
    diagnostic = match ctx.gpus.nearest(name) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<String> = ctx.gpus.gpus.iter().map(|g| format!("`{}`", g.id)).collect();
            diagnostic.help(format!("use one of {}", names.join(", ")))
        }
    };
    ctx.sink.push(diagnostic);
    None
}

fn exporter(raw: &GpuPool, place: Place, ctx: &mut Context<'_>) -> Option<(View, Release)> {
    let (name, at) = raw.exporter.as_ref().map_or((EXPORTER, place), |e| (e.as_str(), e.place));
    let profile = ctx.catalog.gpu_exporter(name);
    let Some(profile) = profile else {
        let names = ctx.catalog.gpu_exporter_names();
        let mut diagnostic = Diagnostic::new(
            Code::SpecUnknownValue,
            format!("there is no GPU exporter `{}`", shorten(name)),
            at,
            format!("expected one of {}", names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
        );
        if let Some(near) = did_you_mean(name, names.iter().map(String::as_str)) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        ctx.sink.push(diagnostic);
        return None;
    };
    let (text, at) = raw.version.as_ref().map_or((DEFAULT_VERSION, at), |v| (v.0.as_str(), v.place));
    let default = profile.releases.last().filter(|_| raw.version.is_none() && name != "dcgm-exporter");
    let text = default.map_or(text, Release::as_str);
    let (view, version) = super::models::select(&profile, text, None, at, ctx)?;
    Some((view, version))
}

fn conflicts(raw: &GpuPool, deployed_by: DeployedBy, ctx: &mut Context<'_>) {
    let mut conflict = |place: Place, message: String, label: &str| {
        ctx.sink.push(Diagnostic::new(Code::SpecConflict, message, place, label));
    };
    let word = deployed_by.word();
    if deployed_by == DeployedBy::Llmobs {
        if let Some(fields) = &raw.fields
            && raw.targets.is_none()
        {
            conflict(
                fields.place,
                "`fields` describes an exporter that others deploy".to_owned(),
                "not needed: the list of fields that rules and dashboards use is generated",
            );
        }
        if let Some(release) = &raw.release {
            conflict(
                release.place,
                "`release` names a Helm release, and `deployed_by` is `llmobs`".to_owned(),
                "needs `deployed_by = \"helm\"`",
            );
        }
    } else {
        if let Some(selector) = &raw.node_selector {
            conflict(
                selector.place,
                format!("`node_selector` places our DaemonSet, and `deployed_by` is `{word}`"),
                "needs `deployed_by = \"llmobs\"`",
            );
        }
        if let Some(targets) = &raw.targets {
            conflict(
                targets.place,
                format!("`targets` are exporters outside Kubernetes, and `deployed_by` is `{word}`"),
                "leave one of the two out",
            );
        }
        if deployed_by == DeployedBy::GpuOperator
            && let Some(release) = &raw.release
        {
            conflict(release.place, "the GPU operator has no Helm release of its exporter".to_owned(), "leave it out");
        }
    }
}

/// The DaemonSet that we write runs NVIDIA's dcgm-exporter and nothing else, from an image whose tag must be known.
fn deployable(pool: &Pool, raw: &GpuPool, ctx: &mut Context<'_>) {
    if pool.deployed_by != DeployedBy::Llmobs || !pool.targets.is_empty() {
        return;
    }
    if pool.exporter.profile.name != "dcgm-exporter" {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("llmobs cannot deploy the exporter `{}` of pool `{}`", pool.exporter.profile.name, pool.name),
                raw.exporter.as_ref().map_or(pool.place, |e| e.place),
                "only `dcgm-exporter` can be deployed by llmobs",
            )
            .help("write `deployed_by = \"helm\"`, or name the exporters in `targets`"),
        );
    } else if !pool.version.as_str().contains('-') && pool.version != pool.exporter.release {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecInvalidValue,
                format!("the image of dcgm-exporter {} is not known", pool.version),
                raw.version.as_ref().map_or(pool.place, |v| v.place),
                "expected the version of DCGM and that of the exporter, as the image is tagged",
            )
            .help(format!("write both, such as `{DEFAULT_VERSION}`")),
        );
    }
}

fn unknown_fields(raw: &GpuPool, pool: &Pool, ctx: &mut Context<'_>) {
    for field in raw.fields.iter().flat_map(|f| &f.value) {
        if pool.exporter.metric(&field.0).is_some() {
            continue;
        }
        let mut diagnostic = Diagnostic::new(
            Code::SpecUnknownValue,
            format!("dcgm-exporter {} has no field `{}`", pool.version, field.0),
            field.place,
            "not a field of this release",
        );
        if let Some(near) = did_you_mean(&field.0, pool.exporter.metrics().map(|m| m.name.as_str())) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        ctx.sink.push(diagnostic);
    }
}

/// Says what the exporter that others deploy does not collect, and what is generated instead.
fn not_collected(pool: &Pool, ctx: &mut Context<'_>) {
    let heat = match pool.signal(Signal::GpuSlowdownTemperature) {
        Some(_) => "the alert GPUThermalThrottle watches the distance to the slowdown temperature instead",
        None => "the alert GPUThermalThrottle falls back to a temperature threshold",
    };
    for (signal, consequence) in [
        (Signal::GpuThermalThrottle, heat),
        (Signal::GpuMemoryReserved, "memory totals leave out what the driver reserves"),
    ] {
        if pool.signal(signal).is_some() {
            continue;
        }
        let crate::catalog::Found::Here(source) = pool.exporter.signal(signal) else { continue };
        ctx.sink.push(
            Diagnostic::new(
                Code::GpuFieldNotCollected,
                format!("`{}` is not collected by the exporter of pool `{}`: {consequence}", source.series, pool.name),
                pool.place,
                if pool.targets.is_empty() {
                    format!("deployed by {} with its default list of fields", pool.deployed_by.word())
                } else {
                    "an exporter outside Kubernetes with its default list of fields".to_owned()
                },
            )
            .help(format!("add the field to the exporter's list and write `fields = [\"{}\"]`", source.series)),
        );
    }
}

fn indistinguishable(pools: &BTreeMap<String, Pool>, ctx: &mut Context<'_>) {
    let mut seen: BTreeMap<_, &Pool> = BTreeMap::new();
    for pool in pools.values().filter(|p| p.targets.is_empty()) {
        if let Some(first) = seen.insert((pool.exporter_key(), pool.gpu.id.clone()), pool) {
            ctx.sink.push(
                Diagnostic::new(
                    Code::GpuPoolsIndistinguishable,
                    format!("the pools `{}` and `{}` cannot be told apart", first.name, pool.name),
                    pool.place,
                    format!("same exporter and same GPU model `{}`", pool.gpu.id),
                )
                .related(first.place, "the other pool")
                .help("join them to one pool, give each its own Helm release, or let llmobs deploy the exporters"),
            );
        }
    }
}

/// A DaemonSet of ours that runs on the nodes of another pool of the same GPU model would count its GPUs a second time.
fn overlapping(pools: &BTreeMap<String, Pool>, ctx: &mut Context<'_>) {
    let inside: Vec<&Pool> = pools.values().filter(|p| p.targets.is_empty()).collect();
    for (i, second) in inside.iter().enumerate() {
        let shares_nodes = |first: &&&Pool| {
            let ours = |p: &Pool| p.deployed_by == DeployedBy::Llmobs;
            let anywhere = |p: &Pool| ours(p) && !p.is_pinned();
            let same_nodes = ours(first) && ours(second) && first.node_selector == second.node_selector;
            first.gpu.id == second.gpu.id && (anywhere(first) || anywhere(second) || same_nodes)
        };
        let Some(first) = inside[..i].iter().find(shares_nodes) else { continue };
        ctx.sink.push(
            Diagnostic::new(
                Code::GpuPoolsIndistinguishable,
                format!("the pools `{}` and `{}` cannot be told apart", first.name, second.name),
                second.place,
                format!(
                    "same GPU model `{}`, and the DaemonSet of one pool also runs on nodes of the other",
                    second.gpu.id
                ),
            )
            .related(first.place, "the other pool")
            .help("give each pool that llmobs deploys a `node_selector` of its own, or join them to one pool"),
        );
    }
}

/// Pools that share one exporter are told apart by the GPU's name; a GPU model without a known name cannot be.
fn unnamed(pools: &BTreeMap<String, Pool>, ctx: &mut Context<'_>) {
    for pool in pools.values().filter(|p| p.targets.is_empty() && p.gpu.model_pattern.is_none()) {
        let shares = |p: &&Pool| p.name != pool.name && p.targets.is_empty() && p.exporter_key() == pool.exporter_key();
        let Some(other) = pools.values().find(shares) else { continue };
        ctx.sink.push(
            Diagnostic::new(
                Code::GpuPoolsIndistinguishable,
                format!("the pools `{}` and `{}` cannot be told apart", other.name, pool.name),
                pool.place,
                format!("same exporter, and it is not known which name it reports for `{}`", pool.gpu.id),
            )
            .related(other.place, "the other pool")
            .help("give each pool its own Helm release, or let llmobs deploy the exporters"),
        );
    }
}
