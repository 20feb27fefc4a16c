//! ServiceMonitor and PodMonitor objects of models, gateways and GPU exporters, for the flavour `operator`.
//!
//! A monitor sets the labels by which rules select: `model` or `gateway` for servers, `pool` for GPU exporters; `namespace` and `pod` are set
//! by the operator. What nobody but these monitors sets cannot be counted twice, whatever else scrapes the same targets.

use std::collections::BTreeMap;

use serde::Serialize;

use super::kube::{self, Custom};
use super::scrape::{self, Exporter, PoolLabel, Servers};
use super::{Artifact, Emit, yaml};
use crate::declare::values::Port;
use crate::resolve::Endpoint;
use crate::spec::{DeployedBy, Flavour};

const API_VERSION: &str = "monitoring.coreos.com/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceMonitor {
    namespace_selector: NamespaceSelector,
    selector: LabelSelector,
    endpoints: Vec<MetricsEndpoint>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PodMonitor {
    namespace_selector: NamespaceSelector,
    selector: LabelSelector,
    pod_metrics_endpoints: Vec<MetricsEndpoint>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NamespaceSelector {
    match_names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LabelSelector {
    match_labels: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricsEndpoint {
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port_number: Option<u16>,
    path: String,
    interval: String,
    scrape_timeout: String,
    honor_labels: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relabelings: Vec<Relabeling>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metric_relabelings: Vec<Relabeling>,
}

/// One step of relabelling. Without an action it replaces.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relabeling {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    source_labels: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_label: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
}

/// Makes the monitor of every model and gateway that we scrape and of every GPU exporter.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    if emit.plan.prometheus.flavour != Flavour::Operator {
        return Vec::new();
    }
    let servers = scrape::servers(emit);
    let servers = servers.iter().filter_map(|s| of_servers(emit, s));
    let exporters = scrape::exporters(emit);
    servers.chain(exporters.iter().map(|e| of_exporter(emit, e))).collect()
}

fn of_servers(emit: Emit<'_>, servers: &Servers<'_>) -> Option<Artifact> {
    let part = servers.part();
    let match_names = servers.namespace.map(str::to_owned).into_iter().collect();
    let namespace_selector = NamespaceSelector { match_names };
    let (port, port_number) = match servers.port {
        Port::Name(name) => (Some(name.clone()), None),
        Port::Number(number) => (None, Some(*number)),
    };
    let endpoint = MetricsEndpoint {
        port,
        port_number,
        path: servers.path.to_owned(),
        relabelings: vec![set(servers.label, servers.name)],
        ..endpoint(emit)
    };
    match servers.endpoint {
        Endpoint::Pods(labels) => {
            let selector = LabelSelector { match_labels: labels.clone() };
            let spec = PodMonitor { namespace_selector, selector, pod_metrics_endpoints: vec![endpoint] };
            Some(artifact(emit, &part, "PodMonitor", spec, &of_servers_remarks(servers)))
        }
        Endpoint::Service(labels) => {
            let selector = LabelSelector { match_labels: labels.clone() };
            let spec = ServiceMonitor { namespace_selector, selector, endpoints: vec![endpoint] };
            Some(artifact(emit, &part, "ServiceMonitor", spec, &of_servers_remarks(servers)))
        }
        // Targets outside Kubernetes need the flavour `plain`; foreign ones are scraped by the user.
        Endpoint::Targets(_) | Endpoint::Foreign => None,
    }
}

fn of_servers_remarks(servers: &Servers<'_>) -> Vec<&'static str> {
    match (servers.endpoint, servers.port) {
        (Endpoint::Service(_), _) => vec![
            "port: the name of the port in the Service, not that of the container.",
            "Each pod is scraped once per Service that has these labels: they must belong to one Service only, or its series count",
            "twice.",
        ],
        (_, Port::Number(_)) => vec!["portNumber: the container must declare it in `ports`, else nothing is found."],
        (_, Port::Name(_)) => {
            vec!["port: the name of the port in `ports` of the container; without it nothing is found."]
        }
    }
}

fn of_exporter(emit: Emit<'_>, exporter: &Exporter<'_>) -> Artifact {
    let pool = exporter.first();
    let (relabelings, metric_relabelings) = match &exporter.pool_label {
        PoolLabel::Fixed { name, foreign } => {
            (vec![set("pool", name)], foreign.iter().map(|regex| drop_model(regex)).collect())
        }
        PoolLabel::ByModel(models) => (Vec::new(), models.iter().map(|(regex, name)| by_model(regex, name)).collect()),
    };
    let spec = ServiceMonitor {
        namespace_selector: NamespaceSelector { match_names: vec![pool.namespace.clone()] },
        selector: LabelSelector { match_labels: exporter.service_labels.clone() },
        endpoints: vec![MetricsEndpoint {
            port: Some(exporter.port.clone()),
            path: pool.exporter.profile.path.clone(),
            relabelings,
            metric_relabelings,
            ..endpoint(emit)
        }],
    };
    artifact(emit, &exporter.part(), "ServiceMonitor", spec, &of_exporter_remarks(exporter))
}

fn of_exporter_remarks(exporter: &Exporter<'_>) -> Vec<&'static str> {
    let mut remarks = vec![
        "honorLabels: false renames the pod that holds a GPU to exported_namespace, exported_pod and exported_container. With",
        "true, an idle GPU, which has no such labels, would be attributed to the pod of the exporter.",
    ];
    match exporter.first().deployed_by {
        DeployedBy::Llmobs => {}
        DeployedBy::Helm => remarks.extend([
            "The chart brings a ServiceMonitor of its own. Rules read only series with the label pool, which only this one sets, so",
            "nothing counts twice; `serviceMonitor.enabled=false` in the values of the chart saves the second scrape.",
        ]),
        DeployedBy::GpuOperator => remarks.extend([
            "The GPU operator may bring a ServiceMonitor of its own. Rules read only series with the label pool, which only this one",
            "sets, so nothing counts twice; `dcgmExporter.serviceMonitor.enabled=false` in its values saves the second scrape.",
        ]),
    }
    match &exporter.pool_label {
        PoolLabel::ByModel(_) => remarks.push("Several pools share this exporter: the name of the GPU model tells them apart."),
        PoolLabel::Fixed { foreign, .. } if !foreign.is_empty() => remarks.push(
            "Dropped are GPU models of other pools, which have exporters of their own: beside those they would count twice.",
        ),
        PoolLabel::Fixed { .. } => {}
    }
    remarks
}

/// What all endpoints have in common.
fn endpoint(emit: Emit<'_>) -> MetricsEndpoint {
    let interval = emit.plan.prometheus.scrape_interval;
    MetricsEndpoint {
        port: None,
        port_number: None,
        path: String::new(),
        interval: interval.to_string(),
        scrape_timeout: scrape::timeout(interval).to_string(),
        // Labels model, namespace and pod of an engine become exported_model and so on; ours decide.
        honor_labels: false,
        relabelings: Vec::new(),
        metric_relabelings: Vec::new(),
    }
}

fn set(label: &'static str, value: &str) -> Relabeling {
    Relabeling {
        action: None,
        source_labels: Vec::new(),
        regex: None,
        target_label: Some(label),
        replacement: Some(value.to_owned()),
    }
}

fn by_model(regex: &str, pool: &str) -> Relabeling {
    Relabeling { source_labels: vec!["modelName"], regex: Some(regex.to_owned()), ..set("pool", pool) }
}

fn drop_model(regex: &str) -> Relabeling {
    Relabeling {
        action: Some("drop"),
        source_labels: vec!["modelName"],
        regex: Some(regex.to_owned()),
        target_label: None,
        replacement: None,
    }
}

fn artifact(emit: Emit<'_>, part: &str, kind: &'static str, spec: impl Serialize, remarks: &[&str]) -> Artifact {
    let object = Custom {
        api_version: API_VERSION,
        kind,
        metadata: kube::metadata(
            emit,
            emit.names.object(part),
            &emit.plan.kubernetes.namespace,
            &emit.plan.prometheus.monitor_labels,
        ),
        spec,
    };
    Artifact::objects(
        format!("kubernetes/monitor-{part}.yaml"),
        yaml::documents_with_notes(remarks, &[kube::value(&object)]),
    )
}
