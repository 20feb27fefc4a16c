//! dcgm-exporter for the pools that llmobs deploys it for: list of fields, DaemonSet, Service.
//!
//! The list holds the fields that the pool's rules read and no others: whatever an exporter collects costs series per GPU.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use k8s_openapi::api::core::v1::{
    ConfigMap, PodSpec, PodTemplateSpec, Service, ServiceAccount, ServicePort, ServiceSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::scrape::{METRICS_PORT, own_labels, own_name, own_part};
use super::{Artifact, Emit, gpu_exporter_pod as pod, kube, yaml};
use crate::catalog::MetricType;
use crate::resolve::Pool;
use crate::signals::Subject;
use crate::spec::DeployedBy;

/// Key of the list of fields in the ConfigMap, and its file name in the container.
pub const COUNTERS: &str = "counters.csv";
/// Annotation of the pods with a hash of the list: the exporter reads the list at start only, so a new one must restart it.
const CHECKSUM: &str = "checksum/counters";

/// What is known of a field.
pub struct Field {
    /// Declared type.
    pub kind: MetricType,
    /// One line of help.
    pub help: String,
    /// Whether it comes from the driver's profiling module.
    pub profiling: bool,
}

/// Makes the objects of every exporter of ours.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let ours = |p: &&Pool| p.deployed_by == DeployedBy::Llmobs && p.targets.is_empty();
    emit.plan.pools.values().filter(ours).map(|p| artifact(emit, p)).collect()
}

/// Returns the fields that the rules of a pool read. Dashboards read recorded series and need no others.
pub fn fields(emit: Emit<'_>, pool: &Pool) -> BTreeMap<String, Field> {
    let chapter = emit.book.chapter(&Subject::Pool(pool.name.clone()));
    let records = chapter.into_iter().flat_map(|c| c.records()).map(|r| &r.expr);
    let alerts = chapter.into_iter().flat_map(|c| c.alerts()).map(|a| &a.expr);
    records
        .chain(alerts)
        .flat_map(crate::promql::Expr::metric_names)
        .filter_map(|name| {
            // Recorded series are not in the catalogue.
            let metric = pool.exporter.metric(&name)?;
            Some((name, Field { kind: metric.kind, help: metric.help.clone(), profiling: metric.profiling }))
        })
        .collect()
}

fn artifact(emit: Emit<'_>, pool: &Pool) -> Artifact {
    let fields = fields(emit, pool);
    let counters = counters(pool, &fields);
    let profiling = fields.values().any(|f| f.profiling);
    let objects = [
        kube::value(&service_account(emit, pool)),
        kube::value(&config_map(emit, pool, &counters)),
        kube::value(&daemon_set(emit, pool, &counters, profiling)),
        kube::value(&service(emit, pool)),
    ];
    let remarks = [
        "The container needs NVIDIA's runtime. Where that is not the default of the nodes, set",
        "`spec.template.spec.runtimeClassName: nvidia` by a patch.",
    ];
    Artifact::objects(format!("kubernetes/{}.yaml", own_part(pool)), yaml::documents_with_notes(&remarks, &objects))
}

/// Writes the list as the exporter reads it: `FIELD, type, help`. A fourth part stops it, and so does a quotation mark.
fn counters(pool: &Pool, fields: &BTreeMap<String, Field>) -> String {
    let mut text = format!(
        "# Fields that the rules of the pool {} read. A field that is not listed is not exported.\n\
         # field, type, help\n",
        pool.name
    );
    for (name, Field { kind, help, .. }) in fields {
        let help = if help.is_empty() { name } else { help };
        let help: String = help.chars().map(|c| if matches!(c, ',' | '"' | '\n' | '\r') { ' ' } else { c }).collect();
        text.push_str(&format!("{name}, {}, {}\n", kind.word(), help.trim()));
    }
    text
}

fn metadata(emit: Emit<'_>, pool: &Pool) -> ObjectMeta {
    kube::metadata(emit, own_name(emit, pool), &pool.namespace, &own_labels(emit, pool))
}

/// An account of its own without a token: the exporter asks the kubelet's socket, not the API server.
fn service_account(emit: Emit<'_>, pool: &Pool) -> ServiceAccount {
    ServiceAccount {
        metadata: metadata(emit, pool),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

fn config_map(emit: Emit<'_>, pool: &Pool, counters: &str) -> ConfigMap {
    ConfigMap {
        metadata: metadata(emit, pool),
        data: Some(BTreeMap::from([(COUNTERS.to_owned(), counters.to_owned())])),
        ..ConfigMap::default()
    }
}

fn daemon_set(emit: Emit<'_>, pool: &Pool, counters: &str, profiling: bool) -> DaemonSet {
    let metadata = metadata(emit, pool);
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: metadata.labels.clone(),
            annotations: Some(BTreeMap::from([(CHECKSUM.to_owned(), checksum(counters))])),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            service_account_name: metadata.name.clone(),
            ..pod::spec(pool, &own_name(emit, pool), profiling)
        }),
    };
    DaemonSet {
        metadata,
        spec: Some(DaemonSetSpec {
            selector: LabelSelector { match_labels: Some(own_labels(emit, pool)), ..LabelSelector::default() },
            template,
            update_strategy: Some(DaemonSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                // A tenth of the nodes at once: one by one, a large pool takes hours.
                rolling_update: Some(RollingUpdateDaemonSet {
                    max_unavailable: Some(IntOrString::String("10%".to_owned())),
                    ..RollingUpdateDaemonSet::default()
                }),
            }),
            ..DaemonSetSpec::default()
        }),
        ..DaemonSet::default()
    }
}

/// Headless: it only names the pods for the monitor; an address of its own would answer for a random node.
fn service(emit: Emit<'_>, pool: &Pool) -> Service {
    Service {
        metadata: metadata(emit, pool),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            selector: Some(own_labels(emit, pool)),
            ports: Some(vec![ServicePort {
                name: Some(METRICS_PORT.to_owned()),
                port: pod::PORT,
                target_port: Some(IntOrString::String(METRICS_PORT.to_owned())),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

fn checksum(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}
