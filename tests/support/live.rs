//! One example alive: its servers as pages, and a real Prometheus that scrapes them and evaluates the generated rules.
//!
//! The scrape configuration is written here, because the pages have neither pods nor services. It sets the labels that the
//! generated monitors set; the rules are the generated ones with shorter intervals.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use llmobs::emit::Artifact;
use llmobs::promql::MatchOp;
use llmobs::resolve::{Endpoint, Gateway, Model, Plan, Pool};
use serde_json::{Value, json};

use super::load::Incident;
use super::page::{self, Page};
use super::{Context, Result, http, project};

/// Scrape and evaluation interval of the test.
const INTERVAL: &str = "2s";
/// Replicas of each model, except of those that fill a host each.
const REPLICAS: u32 = 2;
/// GPUs of a host.
const GPUS_PER_HOST: u32 = 8;
/// GPUs of a pool that declares none.
const GPUS_WITHOUT_COUNT: u32 = 2;
/// Seconds that the servers seem to have run when they are first scraped.
pub const UPTIME: f64 = 4.0 * 3600.0;
/// Seconds before the first scrape at which the incident begins, and how long it takes to become as bad as it gets.
const INCIDENT: (f64, f64) = (2400.0, 900.0);

/// A server: where its page is, and the labels that a scrape gives it.
#[derive(Clone)]
pub struct Target {
    path: String,
    /// Labels of the scrape.
    pub labels: BTreeMap<String, String>,
    /// What it shows.
    pub page: Page,
}

/// Returns the servers of a plan: all well, or with an incident on [`troubled`] and on one GPU.
pub fn targets(plan: &Plan, incident: bool) -> Vec<Target> {
    let (before, rise) = INCIDENT;
    let incident = incident.then_some(Incident { start: UPTIME - before, rise });
    let troubled = troubled(plan).map(|m| m.name.as_str());
    let replicas = |m: &Model| if m.gpus_per_replica >= GPUS_PER_HOST { 1 } else { REPLICAS };
    let models = plan.models.values().flat_map(|m| {
        let incident = incident.filter(|_| troubled == Some(m.name.as_str()));
        (0..replicas(m)).map(move |r| replica(m, r, incident))
    });
    let hot = plan.pools.keys().next();
    let pools = plan.pools.values().flat_map(|p| hosts(p, incident.filter(|_| hot == Some(&p.name))));
    models.chain(plan.gateways.values().map(gateway)).chain(pools).collect()
}

/// Returns the model that has the incident: one with most objectives.
pub fn troubled(plan: &Plan) -> Option<&Model> {
    plan.models.values().max_by_key(|m| m.latency_slos.len())
}

fn replica(model: &Model, replica: u32, incident: Option<Incident>) -> Target {
    let name = format!("{}-{replica}", model.name);
    let matchers = model.target_matchers.iter().filter(|m| m.op == MatchOp::Equal);
    let mut labels: BTreeMap<String, String> = matchers.map(|m| (m.label.clone(), m.value.clone())).collect();
    labels.insert("job".to_owned(), format!("model-{}", model.name));
    labels.insert("instance".to_owned(), format!("{name}:8000"));
    if matches!(model.endpoint, Endpoint::Pods(_) | Endpoint::Service(_)) {
        labels.insert("pod".to_owned(), name);
    }
    Target { path: format!("/models/{}/{replica}", model.name), labels, page: page::of_model(model, replica, incident) }
}

fn gateway(gateway: &Gateway) -> Target {
    let name = format!("{}-0", gateway.name);
    let matchers = gateway.target_matchers.iter().filter(|m| m.op == MatchOp::Equal);
    let mut labels: BTreeMap<String, String> = matchers.map(|m| (m.label.clone(), m.value.clone())).collect();
    labels.insert("job".to_owned(), format!("gateway-{}", gateway.name));
    labels.insert("instance".to_owned(), format!("{name}:4000"));
    labels.insert("pod".to_owned(), name);
    Target { path: format!("/gateways/{}", gateway.name), labels, page: page::of_gateway(gateway) }
}

/// The labels `namespace` and `pod` are those of the exporter, as without honorLabels.
fn hosts(pool: &Pool, incident: Option<Incident>) -> Vec<Target> {
    let count = pool.count.unwrap_or(GPUS_WITHOUT_COUNT);
    let host = |n: u32| {
        let name = format!("{}-node-{n}", pool.name);
        let mut labels = BTreeMap::from([
            ("pool".to_owned(), pool.name.clone()),
            ("job".to_owned(), format!("gpus-{}", pool.name)),
            ("instance".to_owned(), format!("{name}:9400")),
        ]);
        if pool.targets.is_empty() {
            labels.insert("namespace".to_owned(), pool.namespace.clone());
            labels.insert("pod".to_owned(), format!("dcgm-exporter-{n}"));
        }
        let gpus = (count - n * GPUS_PER_HOST).min(GPUS_PER_HOST);
        let page = page::of_host(pool, &name, gpus, incident.filter(|_| n == 0));
        Target { path: format!("/gpus/{}/{n}", pool.name), labels, page }
    };
    (0..count.div_ceil(GPUS_PER_HOST)).map(host).collect()
}

/// Serves the pages of targets and writes `prometheus.json` with the rules of `artifacts` into a folder.
/// `since` is when the pages are [`UPTIME`] old; with `hasty` alerts fire without their hold.
pub fn prepare(targets: Vec<Target>, artifacts: &[Artifact], folder: &Path, since: Instant, hasty: bool) -> Result {
    let scrape: Vec<(String, BTreeMap<String, String>)> =
        targets.iter().map(|t| (t.path.clone(), t.labels.clone())).collect();
    let pages: BTreeMap<String, Page> = targets.into_iter().map(|t| (t.path, t.page)).collect();
    let now = move || since.elapsed().as_secs_f64() + UPTIME;
    let address = http::serve(Arc::new(move |path| pages.get(path).map(|p| p.text(now()))))?;
    let rules = rules(artifacts, folder, hasty)?;
    let configs: Vec<Value> = scrape
        .into_iter()
        .map(|(path, labels)| {
            // One job per target, as each has a path of its own; the label `job` is set as it would be.
            json!({
                "job_name": path,
                "metrics_path": path,
                "static_configs": [{ "targets": [address.to_string()], "labels": labels }],
            })
        })
        .collect();
    let config = json!({
        "global": { "scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL },
        "rule_files": rules,
        "scrape_configs": configs,
    });
    project::write(&folder.join("prometheus.json"), &config.to_string())
}

/// Writes the rules with the interval of the test.
fn rules(artifacts: &[Artifact], folder: &Path, hasty: bool) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for path in project::write_for_prometheus(artifacts, &folder.join("generated"))? {
        let text = fs::read_to_string(&path).context(path.display())?;
        let mut file: Value = serde_saphyr::from_str(&text).context(path.display())?;
        for group in file.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
            group["interval"] = Value::from(INTERVAL);
            let rules = group.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten();
            rules.filter_map(|r| r.as_object_mut()).filter(|_| hasty).for_each(|r| drop(r.remove("for")));
        }
        project::write(&path, &file.to_string())?;
        paths.push(path.display().to_string());
    }
    if paths.is_empty() { Err("there is no rule file".to_owned()) } else { Ok(paths) }
}
