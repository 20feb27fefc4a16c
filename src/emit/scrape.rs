//! What monitors and the scrape configuration have in common: which servers are scraped, which exporter serves which pools, how its Service is found, and
//! how series get the label `pool`. Prints nothing itself.

use std::collections::BTreeMap;

use super::Emit;
use crate::declare::values::Port;
use crate::resolve::{Endpoint, Pool};
use crate::spec::DeployedBy;
use crate::units::Duration;

/// Longest time that one scrape may take.
const LONGEST_SCRAPE: Duration = Duration::from_secs(10);
/// Name of the port of exporters that we deploy, and of charts that a profile does not describe.
pub const METRICS_PORT: &str = "metrics";

/// Servers that we scrape: those of a model, or of a gateway.
pub struct Servers<'a> {
    /// The label that tells them from others, `model` or `gateway`.
    pub label: &'static str,
    /// Its value.
    pub name: &'a str,
    /// Namespace of the pods.
    pub namespace: Option<&'a str>,
    /// How they are found.
    pub endpoint: &'a Endpoint,
    /// Port of the metrics.
    pub port: &'a Port,
    /// Path of the metrics.
    pub path: &'a str,
}

impl Servers<'_> {
    /// Returns the part of names and paths that stands for them: `model-chat`.
    pub fn part(&self) -> String {
        format!("{}-{}", self.label, self.name)
    }
}

/// Returns the servers that we scrape: models before gateways, each by name.
pub fn servers(emit: Emit<'_>) -> Vec<Servers<'_>> {
    let models = emit.plan.models.values().filter(|m| m.monitor).map(|m| Servers {
        label: "model",
        name: &m.name,
        namespace: m.namespace.as_deref(),
        endpoint: &m.endpoint,
        port: &m.port,
        path: &m.path,
    });
    let gateways = emit.plan.gateways.values().filter(|g| g.monitor).map(|g| Servers {
        label: "gateway",
        name: &g.name,
        namespace: g.namespace.as_deref(),
        endpoint: &g.endpoint,
        port: &g.port,
        path: &g.path,
    });
    models.chain(gateways).collect()
}

/// One GPU exporter and the pools that it serves.
pub struct Exporter<'a> {
    /// The pools, by name; never empty.
    pub pools: Vec<&'a Pool>,
    /// Labels of its Service.
    pub service_labels: BTreeMap<String, String>,
    /// Name of the Service port.
    pub port: String,
    /// How its series get the label `pool`.
    pub pool_label: PoolLabel,
}

/// How the series of an exporter get the label `pool`.
pub enum PoolLabel {
    /// It serves one pool: every series gets this name.
    Fixed {
        /// Name of the pool.
        name: String,
        /// Expressions of `modelName` of GPUs that belong to other pools and are scraped there, sorted.
        foreign: Vec<String>,
    },
    /// It serves several pools: expression of `modelName`, anchored by the reader, and name of the pool.
    ByModel(Vec<(String, String)>),
}

impl Exporter<'_> {
    /// Returns the first pool, after which objects and jobs are named.
    pub fn first(&self) -> &Pool {
        self.pools[0]
    }

    /// Returns the part of names and paths that stands for it: `gpus-h100`.
    pub fn part(&self) -> String {
        format!("gpus-{}", self.first().name)
    }
}

/// Returns the longest time of a scrape; Prometheus and its operator refuse one above the interval.
pub fn timeout(interval: Duration) -> Duration {
    interval.min(LONGEST_SCRAPE)
}

/// Returns the exporters inside Kubernetes, in the order of their first pool.
pub fn exporters(emit: Emit<'_>) -> Vec<Exporter<'_>> {
    let mut groups: Vec<Vec<&Pool>> = Vec::new();
    for pool in emit.plan.pools.values().filter(|p| p.targets.is_empty()) {
        match groups.iter_mut().find(|g| g[0].exporter_key() == pool.exporter_key()) {
            Some(group) => group.push(pool),
            None => groups.push(vec![pool]),
        }
    }
    groups.into_iter().map(|pools| exporter(emit, pools)).collect()
}

fn exporter<'a>(emit: Emit<'a>, pools: Vec<&'a Pool>) -> Exporter<'a> {
    let (service_labels, port) = service(emit, pools[0]);
    let pool_label = pool_label(emit, &pools);
    Exporter { pools, service_labels, port, pool_label }
}

/// Returns the labels of the Service of an exporter, and the name of its port.
fn service(emit: Emit<'_>, pool: &Pool) -> (BTreeMap<String, String>, String) {
    if pool.deployed_by == DeployedBy::Llmobs {
        return (own_labels(emit, pool), METRICS_PORT.to_owned());
    }
    let deployment = pool.exporter.profile.deployments.iter().find(|d| d.name == pool.deployed_by.word());
    match deployment {
        Some(d) => {
            let fill = |v: &String| v.replace("<release>", &pool.release);
            (d.service_labels.iter().map(|(k, v)| (k.clone(), fill(v))).collect(), d.service_port_name.clone())
        }
        // A profile that does not describe the deployment: the labels that Helm charts give by convention.
        None => {
            (BTreeMap::from([("app.kubernetes.io/instance".to_owned(), pool.release.clone())]), METRICS_PORT.to_owned())
        }
    }
}

/// Returns the labels by which Service, DaemonSet and pods of an exporter of ours find each other. They never change, and
/// `app.kubernetes.io/instance` is not among them: Argo CD writes its own value into that label.
pub fn own_labels(emit: Emit<'_>, pool: &Pool) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/name".to_owned(), pool.exporter.profile.name.clone()),
        ("app.kubernetes.io/component".to_owned(), own_part(pool)),
        ("app.kubernetes.io/part-of".to_owned(), emit.names.part_of()),
    ])
}

/// Returns the part of names and paths that stands for an exporter of ours: `gpu-exporter-h100`.
pub fn own_part(pool: &Pool) -> String {
    format!("gpu-exporter-{}", pool.name)
}

/// Returns the name of the objects of an exporter of ours.
pub fn own_name(emit: Emit<'_>, pool: &Pool) -> String {
    emit.names.dns_label(&own_part(pool))
}

/// An exporter that may run beside GPUs of other pools must not give them its own name: they would be counted twice. What is
/// positively of another pool is left out; a GPU with an unexpected name stays visible.
fn pool_label(emit: Emit<'_>, pools: &[&Pool]) -> PoolLabel {
    if let [pool] = pools {
        let others = emit.plan.pools.values().filter(|p| p.targets.is_empty() && p.gpu.id != pool.gpu.id);
        let mut foreign: Vec<String> =
            if pool.is_pinned() { Vec::new() } else { others.filter_map(model_regex).collect() };
        foreign.sort();
        foreign.dedup();
        return PoolLabel::Fixed { name: pool.name.clone(), foreign };
    }
    PoolLabel::ByModel(pools.iter().filter_map(|p| Some((model_regex(p)?, p.name.clone()))).collect())
}

/// Returns the expression that the label `modelName` of a pool's GPUs matches. Relabelling anchors expressions itself, at both
/// ends, and the exporter can be told to write dashes for the blanks of the name.
fn model_regex(pool: &Pool) -> Option<String> {
    pool.gpu.model_pattern.as_deref().map(anchored_by_reader)
}

fn anchored_by_reader(pattern: &str) -> String {
    let (start, rest) = pattern.strip_prefix('^').map_or((".*", pattern), |rest| ("", rest));
    let (rest, end) = rest.strip_suffix('$').map_or((rest, ".*"), |rest| (rest, ""));
    format!("{start}{}{end}", rest.replace(' ', "[ -]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_anchored_once() {
        assert_eq!(anchored_by_reader("^NVIDIA L4$"), "NVIDIA[ -]L4");
        assert_eq!(anchored_by_reader("^NVIDIA GH200 "), "NVIDIA[ -]GH200[ -].*");
        assert_eq!(anchored_by_reader("T4$"), ".*T4");
    }

    #[test]
    fn a_scrape_ends_before_the_next_begins() {
        assert_eq!(timeout(Duration::from_secs(5)), Duration::from_secs(5));
        assert_eq!(timeout(Duration::from_secs(60)), Duration::from_secs(10));
    }
}
