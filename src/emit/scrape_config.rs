//! Scrape configuration of the flavour `plain`: `prometheus/scrape.d/llmobs.yaml` with the jobs, in the form of
//! `scrape_config_files`, and `prometheus/prometheus.yaml`, a whole configuration that loads jobs and rules.
//!
//! Jobs set the labels that monitors and the operator set in the flavour `operator`: `model`, `gateway` or `pool`, `namespace`, `pod`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::relabel::{self, RelabelConfig};
use super::scrape::{self, Exporter, PoolLabel, Servers};
use super::{Artifact, Emit, kube, yaml};
use crate::declare::values::Port;
use crate::resolve::{Endpoint, Pool};
use crate::spec::Flavour;

/// What a reader of prometheus.yaml should know.
const CONFIG_REMARKS: &[&str] = &[
    "A whole configuration, for Prometheus 2.43 or later. If you have one already, add both lists of files to it instead:",
    "this one names no Alertmanager, so its alerts are seen in Prometheus only.",
];

/// What a reader of the jobs should know.
const JOBS_REMARKS: &[&str] = &[
    "Listed under scrape_config_files of prometheus.yaml. Intervals are written out: rules are made for them.",
    "Jobs with kubernetes_sd_configs need the right to get, list and watch pods, services and endpointslices (discovery.k8s.io).",
];

#[derive(Serialize)]
struct Config {
    global: Global,
    rule_files: Vec<&'static str>,
    scrape_config_files: Vec<&'static str>,
}

#[derive(Serialize)]
struct Global {
    scrape_interval: String,
    scrape_timeout: String,
    evaluation_interval: String,
}

#[derive(Serialize)]
struct Jobs {
    scrape_configs: Vec<Job>,
}

#[derive(Serialize)]
struct Job {
    job_name: String,
    scrape_interval: String,
    scrape_timeout: String,
    metrics_path: String,
    honor_labels: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    static_configs: Vec<StaticConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kubernetes_sd_configs: Vec<KubernetesSd>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relabel_configs: Vec<RelabelConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metric_relabel_configs: Vec<RelabelConfig>,
}

#[derive(Serialize)]
struct StaticConfig {
    targets: Vec<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct KubernetesSd {
    role: &'static str,
    namespaces: Namespaces,
}

#[derive(Serialize)]
struct Namespaces {
    names: Vec<String>,
}

/// Makes the jobs and the configuration around them.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    if emit.plan.prometheus.flavour != Flavour::Plain {
        return Vec::new();
    }
    let jobs = Jobs { scrape_configs: jobs(emit) };
    vec![
        Artifact::file(
            "prometheus/prometheus.yaml",
            yaml::documents_with_notes(CONFIG_REMARKS, &[kube::value(&config(emit))]),
        ),
        Artifact::file(
            "prometheus/scrape.d/llmobs.yaml",
            yaml::documents_with_notes(JOBS_REMARKS, &[kube::value(&jobs)]),
        ),
    ]
}

fn config(emit: Emit<'_>) -> Config {
    let settings = &emit.plan.prometheus;
    Config {
        global: Global {
            scrape_interval: settings.scrape_interval.to_string(),
            scrape_timeout: scrape::timeout(settings.scrape_interval).to_string(),
            evaluation_interval: settings.evaluation_interval.to_string(),
        },
        rule_files: vec!["rules/*.yaml"],
        scrape_config_files: vec!["scrape.d/llmobs.yaml"],
    }
}

fn jobs(emit: Emit<'_>) -> Vec<Job> {
    let servers = scrape::servers(emit).into_iter().filter_map(|s| of_servers(emit, &s));
    let inside = scrape::exporters(emit).into_iter().map(|e| of_exporter(emit, &e));
    let outside = emit.plan.pools.values().filter(|p| !p.targets.is_empty()).map(|p| of_targets(emit, p));
    servers.chain(inside).chain(outside).collect()
}

fn of_servers(emit: Emit<'_>, servers: &Servers<'_>) -> Option<Job> {
    let mut job = Job { metrics_path: servers.path.to_owned(), ..job(emit, &servers.part()) };
    let namespace = servers.namespace.unwrap_or_default().to_owned();
    match servers.endpoint {
        Endpoint::Pods(labels) => {
            job.kubernetes_sd_configs = discovery("pod", namespace);
            job.relabel_configs = relabel::of_pods(labels, servers.port);
        }
        Endpoint::Service(labels) => {
            // A Service port is found by its name only: stage 2 refuses numbers.
            let Port::Name(port) = servers.port else { return None };
            job.kubernetes_sd_configs = discovery("endpointslice", namespace);
            job.relabel_configs = relabel::of_service(labels, port);
        }
        Endpoint::Targets(targets) => {
            let mut labels = BTreeMap::from([(servers.label.to_owned(), servers.name.to_owned())]);
            labels.extend(servers.namespace.map(|n| ("namespace".to_owned(), n.to_owned())));
            job.static_configs = vec![StaticConfig { targets: targets.clone(), labels }];
            return Some(job);
        }
        Endpoint::Foreign => return None,
    }
    job.relabel_configs.push(relabel::set(servers.label, servers.name));
    Some(job)
}

fn of_exporter(emit: Emit<'_>, exporter: &Exporter<'_>) -> Job {
    let pool = exporter.first();
    let mut job = Job {
        metrics_path: pool.exporter.profile.path.clone(),
        kubernetes_sd_configs: discovery("endpointslice", pool.namespace.clone()),
        relabel_configs: relabel::of_service(&exporter.service_labels, &exporter.port),
        ..job(emit, &exporter.part())
    };
    match &exporter.pool_label {
        PoolLabel::Fixed { name, foreign } => {
            job.relabel_configs.push(relabel::set("pool", name));
            job.metric_relabel_configs = foreign.iter().map(|regex| relabel::drop("modelName", regex)).collect();
        }
        PoolLabel::ByModel(models) => {
            let by_model = |(regex, name): &(String, String)| relabel::set_where("pool", name, "modelName", regex);
            job.metric_relabel_configs = models.iter().map(by_model).collect();
        }
    }
    job
}

fn of_targets(emit: Emit<'_>, pool: &Pool) -> Job {
    let labels = BTreeMap::from([("pool".to_owned(), pool.name.clone())]);
    Job {
        metrics_path: pool.exporter.profile.path.clone(),
        static_configs: vec![StaticConfig { targets: pool.targets.clone(), labels }],
        ..job(emit, &format!("gpus-{}", pool.name))
    }
}

/// What all jobs have in common.
fn job(emit: Emit<'_>, part: &str) -> Job {
    let interval = emit.plan.prometheus.scrape_interval;
    Job {
        job_name: emit.names.scrape_job(part),
        scrape_interval: interval.to_string(),
        scrape_timeout: scrape::timeout(interval).to_string(),
        metrics_path: String::new(),
        // The pod that holds a GPU becomes exported_pod: with true, an idle GPU would be attributed to the exporter's own pod.
        // Labels model, namespace and pod of an engine become exported_model and so on; ours decide.
        honor_labels: false,
        static_configs: Vec::new(),
        kubernetes_sd_configs: Vec::new(),
        relabel_configs: Vec::new(),
        metric_relabel_configs: Vec::new(),
    }
}

/// Jobs select by relabelling, so that all of a namespace share one watch.
fn discovery(role: &'static str, namespace: String) -> Vec<KubernetesSd> {
    vec![KubernetesSd { role, namespaces: Namespaces { names: vec![namespace] } }]
}
