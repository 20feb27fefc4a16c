//! OpenTelemetry Collector: configuration, custom resources and permissions.
//!
//! One tier samples and exports when there is one replica or when every trace is kept. Otherwise there are two, because whether a
//! trace is kept depends on all of its spans: the gateway takes OTLP and hands every span of a trace to the same sampler, the
//! sampler decides and exports. Metrics leave from the gateway.
//!
//! Knows no name of a component (`components`), no PromQL and no model; attributes of GenAI spans pass unchanged.

mod build;
mod components;
mod config;
mod object;
mod sizing;

use super::{Artifact, Emit, yaml};
use crate::resolve::TracingSettings;
use crate::spec::CollectorKind;

pub use build::takes_metrics;

/// Port of OTLP over gRPC.
pub const GRPC_PORT: u16 = 4317;
/// Port of OTLP over HTTP.
pub const HTTP_PORT: u16 = 4318;

/// A deployment of collectors with one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Takes OTLP, samples if sampling is wanted, exports.
    Only,
    /// Takes OTLP, routes traces by their id, exports metrics.
    Gateway,
    /// Takes spans from the gateway, samples, exports traces.
    Sampler,
}

impl Tier {
    /// Returns whether this tier takes telemetry from the pods themselves.
    fn faces_pods(self) -> bool {
        self != Self::Sampler
    }

    /// Returns the path of its plain configuration in the output folder.
    fn path(self) -> &'static str {
        if self == Self::Sampler { "otel/sampler.yaml" } else { "otel/collector.yaml" }
    }
}

/// Makes the artifacts; none without `[tracing]`.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let Some(settings) = &emit.plan.tracing else { return Vec::new() };
    match settings.collector {
        CollectorKind::Config => tiers(settings)
            .iter()
            .map(|&tier| {
                let config = build::config(emit, settings, tier);
                Artifact::file(tier.path(), yaml::document_with_notes(&file_notes(emit, settings, tier), &config))
            })
            .collect(),
        CollectorKind::Operator => object::artifacts(emit, settings, tiers(settings)),
    }
}

/// Returns every collector configuration as `otelcol` reads it, with the path of a plain configuration as its name, also when the
/// artifact is a custom resource that holds it.
pub fn configs(emit: Emit<'_>) -> Vec<(String, String)> {
    let Some(settings) = &emit.plan.tracing else { return Vec::new() };
    let text = |tier| yaml::body(&build::config(emit, settings, tier));
    tiers(settings).iter().map(|&tier| (tier.path().to_owned(), text(tier))).collect()
}

fn tiers(settings: &TracingSettings) -> &'static [Tier] {
    if settings.replicas > 1 && samples(settings) { &[Tier::Gateway, Tier::Sampler] } else { &[Tier::Only] }
}

/// Returns whether any trace may be dropped.
fn samples(settings: &TracingSettings) -> bool {
    settings.keep_share.value() < 1.0
}

fn file_notes(emit: Emit<'_>, settings: &TracingSettings, tier: Tier) -> Vec<String> {
    let mut notes = vec![
        format!("For the contrib distribution of the OpenTelemetry Collector {}.", settings.release),
        format!(
            "Run it with a memory limit of {} and with GOMEMLIMIT={}.",
            settings.memory_limit,
            sizing::go_memory_limit(settings)
        ),
    ];
    let variables = build::variables(settings, tier);
    if !variables.is_empty() {
        notes.push(format!("It reads secrets from the environment: {}.", variables.join(", ")));
    }
    match tier {
        Tier::Only => {}
        Tier::Gateway => notes.push(format!(
            "Run {} of these. The name {} must resolve to the addresses of all samplers (sampler.yaml).",
            settings.replicas,
            emit.names.sampler_host()
        )),
        Tier::Sampler => {
            notes.push(format!("Run {} of these behind the gateways (collector.yaml).", settings.replicas))
        }
    }
    if tier.faces_pods() {
        notes.push("It runs anywhere, so it does not ask Kubernetes for attributes of pods.".to_owned());
    }
    if tier != Tier::Gateway && samples(settings) {
        notes.push(build::sampling_note(settings));
    }
    notes
}
