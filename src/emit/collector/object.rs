//! The collector as the OpenTelemetry Operator deploys it: OpenTelemetryCollector objects and the permissions of the gateway.
//!
//! Source of the fields: the resource definition `opentelemetry.io/v1beta1`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, EnvVar, EnvVarSource, ResourceRequirements, SeccompProfile, SecretKeySelector, SecurityContext,
    ServiceAccount,
};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use super::config::Config;
use super::{Tier, build, samples, sizing};
use crate::emit::kube::{self, Custom};
use crate::emit::{Artifact, Emit, yaml};
use crate::resolve::TracingSettings;
use crate::spec::Flavour;
use crate::units::Bytes;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CollectorSpec {
    mode: &'static str,
    replicas: u32,
    image: String,
    /// The configuration is written for the image above; an upgrade of the operator must not rewrite it.
    upgrade_strategy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account: Option<String>,
    env: Vec<EnvVar>,
    resources: ResourceRequirements,
    security_context: SecurityContext,
    #[serde(skip_serializing_if = "Option::is_none")]
    observability: Option<Observability>,
    config: Config,
}

#[derive(Serialize)]
struct Observability {
    metrics: MetricsObservability,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricsObservability {
    enable_metrics: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra_labels: BTreeMap<String, String>,
}

/// Makes the objects of every tier and the permissions.
pub fn artifacts(emit: Emit<'_>, settings: &TracingSettings, tiers: &[Tier]) -> Vec<Artifact> {
    let collectors: Vec<serde_json::Value> =
        tiers.iter().map(|&t| kube::value(&collector(emit, settings, t))).collect();
    vec![
        Artifact::objects(
            "kubernetes/opentelemetry-collector.yaml",
            yaml::documents_with_notes(&notes(emit, settings, tiers), &collectors),
        ),
        Artifact::objects("kubernetes/opentelemetry-rbac.yaml", yaml::documents(&permissions(emit))),
    ]
}

fn notes(emit: Emit<'_>, settings: &TracingSettings, tiers: &[Tier]) -> Vec<String> {
    let mut notes = Vec::new();
    if tiers.len() > 1 {
        notes.push(
            "Two tiers: the first hands all spans of a trace to the same replica of the second, which samples."
                .to_owned(),
        );
    }
    if samples(settings) {
        notes.push(build::sampling_note(settings));
    }
    let mut variables: Vec<String> = tiers.iter().flat_map(|&t| build::variables(settings, t)).collect();
    variables.sort();
    variables.dedup();
    if !variables.is_empty() {
        notes.push(format!(
            "Needs the Secret {} in the namespace {} with the keys {}.",
            emit.names.otlp_secret(),
            emit.plan.kubernetes.namespace,
            variables.join(", ")
        ));
    }
    notes
}

fn collector(emit: Emit<'_>, settings: &TracingSettings, tier: Tier) -> Custom<CollectorSpec> {
    let name = if tier == Tier::Sampler { emit.names.sampler() } else { emit.names.collector() };
    let mut env = vec![EnvVar {
        name: "GOMEMLIMIT".to_owned(),
        value: Some(sizing::go_memory_limit(settings)),
        ..EnvVar::default()
    }];
    env.extend(build::variables(settings, tier).into_iter().map(|v| secret_variable(emit, v)));
    Custom {
        api_version: "opentelemetry.io/v1beta1",
        kind: "OpenTelemetryCollector",
        metadata: kube::metadata(emit, name, &emit.plan.kubernetes.namespace, &BTreeMap::new()),
        spec: CollectorSpec {
            mode: "deployment",
            replicas: settings.replicas,
            image: format!(
                "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib:{}",
                settings.release
            ),
            upgrade_strategy: "none",
            // The sampler asks the API server for nothing; the operator gives it an account without permissions.
            service_account: tier.faces_pods().then(|| emit.names.collector_account()),
            env,
            resources: resources(settings),
            security_context: security_context(),
            observability: (emit.plan.prometheus.flavour == Flavour::Operator).then(|| Observability {
                metrics: MetricsObservability {
                    enable_metrics: true,
                    extra_labels: emit.plan.prometheus.monitor_labels.clone(),
                },
            }),
            config: build::config(emit, settings, tier),
        },
    }
}

fn secret_variable(emit: Emit<'_>, variable: String) -> EnvVar {
    EnvVar {
        name: variable.clone(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: emit.names.otlp_secret(),
                key: variable,
                ..SecretKeySelector::default()
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    }
}

/// Request and limit are the same, so that the node has the memory that the limiter counts on.
fn resources(settings: &TracingSettings) -> ResourceRequirements {
    let memory = BTreeMap::from([("memory".to_owned(), quantity(settings.memory_limit))]);
    ResourceRequirements { requests: Some(memory.clone()), limits: Some(memory), ..ResourceRequirements::default() }
}

/// Returns a size as Kubernetes writes it, in the largest binary unit that divides it.
fn quantity(size: Bytes) -> Quantity {
    let bytes = size.bytes();
    let unit = [("Gi", 30), ("Mi", 20), ("Ki", 10)].into_iter().find(|(_, shift)| bytes.is_multiple_of(1 << shift));
    Quantity(unit.map_or_else(|| bytes.to_string(), |(suffix, shift)| format!("{}{suffix}", bytes >> shift)))
}

fn security_context() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), ..Capabilities::default() }),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
        ..SecurityContext::default()
    }
}

/// Reading pods, and what their names of deployments are made from, in all namespaces.
fn permissions(emit: Emit<'_>) -> Vec<serde_json::Value> {
    let namespace = &emit.plan.kubernetes.namespace;
    let cluster_name = emit.names.collector_cluster_role(namespace);
    let account = ServiceAccount {
        metadata: kube::metadata(emit, emit.names.collector_account(), namespace, &BTreeMap::new()),
        ..ServiceAccount::default()
    };
    let role = ClusterRole {
        metadata: cluster_metadata(emit, cluster_name.clone()),
        rules: Some(vec![read("", &["namespaces", "pods"]), read("apps", &["replicasets"])]),
        ..ClusterRole::default()
    };
    let binding = ClusterRoleBinding {
        metadata: cluster_metadata(emit, cluster_name.clone()),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "ClusterRole".to_owned(),
            name: cluster_name,
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: emit.names.collector_account(),
            namespace: Some(namespace.clone()),
            ..Subject::default()
        }]),
    };
    vec![kube::value(&account), kube::value(&role), kube::value(&binding)]
}

fn cluster_metadata(emit: Emit<'_>, name: String) -> ObjectMeta {
    let metadata = kube::metadata(emit, name, &emit.plan.kubernetes.namespace, &BTreeMap::new());
    ObjectMeta { namespace: None, ..metadata }
}

fn read(group: &str, resources: &[&str]) -> PolicyRule {
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(words(resources)),
        verbs: words(&["get", "list", "watch"]),
        ..PolicyRule::default()
    }
}
