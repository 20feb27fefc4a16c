//! Stage 2: the raw document to a plan in which everything is known: references, defaults, profiles and releases.
//!
//! The only place where one table is checked against another. All errors are reported; a plan is made of what is right, and the
//! caller must not generate from it if the sink has errors.

mod alike;
mod budgets;
mod check;
mod costs;
mod endpoints;
mod gateway;
mod gateways;
mod meter;
mod models;
mod plan;
mod pools;
mod settings;
mod slos;
mod wanted;

use std::collections::BTreeMap;
use std::path::Path;

pub use gateway::Gateway;
pub use plan::{
    AlertOverride, Burn, CheckSettings, CostSettings, Endpoint, GrafanaSettings, KubernetesSettings, LatencySlo, Model,
    OtlpDestination, Plan, Pool, ProjectSettings, PrometheusSettings, Slo, TracingSettings, Wanted,
};

use crate::catalog::{Catalog, GpuTable, read_profile};
use crate::diag::{Code, Diagnostic, Sink};
use crate::source::{Sources, World};
use crate::spec::Document;

/// What resolving needs besides the document.
pub struct Context<'a> {
    /// The profiles.
    pub catalog: &'a mut Catalog,
    /// The GPU models.
    pub gpus: &'a GpuTable,
    /// Files that were read; profiles of the user are added.
    pub sources: &'a mut Sources,
    /// Where profiles of the user are read from.
    pub world: &'a dyn World,
    /// Findings.
    pub sink: &'a mut Sink,
    /// A profile of the user could not be read, so a name that is not known may be its name.
    pub unread_profiles: bool,
}

/// Resolves a document. `None` if the project itself is not there, or if the text was no valid TOML: what a syntax error hides
/// would be reported as missing.
pub fn resolve(document: &Document, ctx: &mut Context<'_>) -> Option<Plan> {
    if ctx.sink.has(Code::SpecSyntax) {
        return None;
    }
    load_own_profiles(document, ctx);
    ctx.catalog.prepare(named_profiles(document));
    let prometheus = settings::prometheus(document, ctx);
    let kubernetes = settings::kubernetes(document);
    let mut pools = pools::resolve(document, &kubernetes, prometheus.flavour, ctx);
    let gateways = gateways::resolve(document, &prometheus, ctx);
    let mut models = models::resolve(document, &pools, &gateways, &prometheus, &kubernetes, ctx);
    costs::count_served_together(&mut models);
    let costs = costs::resolve(document, &kubernetes, &mut pools, &models, ctx);
    let tracing = settings::tracing(document, &models, ctx);
    let grafana = settings::grafana(document, ctx);
    let alerts = settings::alerts(document, &pools, ctx);
    let check = check::check(document, ctx);
    let project = settings::project(document)?;
    Some(Plan {
        project,
        kubernetes,
        prometheus,
        grafana,
        tracing,
        costs,
        alerts,
        check,
        pools,
        gateways: gateways.all,
        models,
    })
}

/// Returns the names of the engines, gateways and exporters that a document uses, whether they exist or not.
fn named_profiles(document: &Document) -> impl Iterator<Item = &str> {
    let pools = document.gpus.iter().flat_map(|g| g.entries.values());
    let exporters = pools.map(|p| p.exporter.as_ref().map_or(pools::EXPORTER, |e| e.as_str()));
    let gateways = document.gateways.iter().flat_map(|g| g.entries.values());
    let exporters = exporters.chain(gateways.filter_map(|g| Some(g.kind.as_ref()?.as_str())));
    let models = document.models.iter().flat_map(|m| m.entries.values());
    exporters.chain(models.filter_map(|m| Some(m.engine.as_ref()?.as_str())))
}

fn load_own_profiles(document: &Document, ctx: &mut Context<'_>) {
    let paths = document.profiles.iter().flat_map(|p| &p.paths).flat_map(|p| &p.value);
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for path in paths {
        match ctx.world.read(Path::new(&path.0)) {
            Err(error) => {
                ctx.unread_profiles = true;
                ctx.sink.push(
                    Diagnostic::new(
                        Code::SpecUnreadableFile,
                        format!("the profile `{}` cannot be read: {error}", path.0),
                        path.place,
                        "named here",
                    )
                    .help("write the path relative to the folder of llmobs.toml"),
                );
            }
            Ok(text) => {
                let file = ctx.sources.add(path.0.clone(), text);
                let mut found = Sink::default();
                let profile = read_profile(ctx.sources, file, &mut found);
                ctx.unread_profiles |= found.has_errors();
                ctx.sink.extend(found.into_sorted());
                let Some(profile) = profile else { continue };
                if let Some(first) = seen.insert(profile.name.clone(), path.0.clone()) {
                    ctx.sink.push(Diagnostic::new(
                        Code::SpecConflict,
                        format!("the profiles `{first}` and `{}` have the same name `{}`", path.0, profile.name),
                        path.place,
                        "the second of the two",
                    ));
                }
                ctx.catalog.add(profile);
            }
        }
    }
}
