//! Exporters about the cluster, as far as rules read them: pods with the GPUs they asked for, nodes with their price. They answer
//! always, and what they say does not change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Wanted;
use super::family::{Family, Form, Labels};
use super::noise;
use super::quantity::Quantity;
use super::scenario::Conditions;
use super::series::Meter;
use super::target::{Body, Target};
use super::write;
use crate::Program;
use crate::catalog::{Catalog, Kind, LeSpelling, Metric, Profile, Semantics};

/// A pod of a model.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Container with the engine.
    pub container: String,
    /// Kind and name of its workload: `deployment`, `chat`.
    pub workload: (&'static str, String),
    /// Node; `None` if no pool has room for it.
    pub node: Option<String>,
    /// Resource by which it asks for GPUs, as kube-state-metrics writes it.
    pub resource: &'static str,
    /// GPUs that it asked for.
    pub gpus: u32,
    /// Replicas of the model.
    pub of: u32,
}

/// A node of a pool.
#[derive(Clone, Debug)]
pub struct NodeOf {
    /// Name.
    pub name: String,
    /// GPUs.
    pub gpus: usize,
    /// Price of a GPU-hour.
    pub rate: f64,
}

/// Makes a target for every exporter about the cluster of which rules read something, by name.
pub fn targets(program: &Program, stored: bool, wanted: &Wanted, pods: &[Pod], nodes: &[NodeOf]) -> Vec<Target> {
    let mut catalog = Catalog::default();
    let recorded: BTreeSet<&str> = program.book.records().map(|r| r.name.as_str()).collect();
    let exprs = program.book.records().map(|r| &r.expr).chain(program.book.alerts().map(|a| &a.expr));
    let read: BTreeSet<String> = exprs.flat_map(crate::promql::Expr::metric_names).collect();
    let mut exporters: BTreeMap<String, (Arc<Profile>, Vec<Metric>)> = BTreeMap::new();
    for name in read.iter().filter(|n| !recorded.contains(n.as_str())) {
        let hits = catalog.find(name).into_iter().filter(|h| h.profile.kind == Kind::Cluster && h.rewritten.is_none());
        for hit in hits {
            let Some(metric) = hit.profile.metrics.get(hit.metric) else { continue };
            let known = exporters.entry(hit.profile.name.clone()).or_insert_with(|| (hit.profile.clone(), Vec::new()));
            if known.1.iter().all(|m| m.name != metric.name) {
                known.1.push(metric.clone());
            }
        }
    }
    let make = |(profile, metrics): &(Arc<Profile>, Vec<Metric>)| target(profile, metrics, stored, wanted, pods, nodes);
    exporters.values().map(make).collect()
}

fn target(
    profile: &Profile,
    metrics: &[Metric],
    stored: bool,
    wanted: &Wanted,
    pods: &[Pod],
    nodes: &[NodeOf],
) -> Target {
    let instance = format!("{}:{}", profile.name, profile.port.unwrap_or(8080));
    let labels = vec![("instance".to_owned(), instance.clone()), ("job".to_owned(), profile.name.clone())];
    let form = Form {
        target: stored.then_some(labels.as_slice()),
        honor: true,
        spelling: LeSpelling::Shortest,
        normalised: false,
        wanted,
    };
    let families = metrics.iter().map(|metric| {
        let mut family = Family::new(metric);
        for (labels, value) in series(metric, pods, nodes) {
            family.add(metric, 0, labels, Meter::Constant(value), &form);
        }
        family
    });
    Target {
        families: families.filter(|f| !f.series.is_empty()).collect(),
        up: (stored && wanted.has("up")).then(|| write::series("up", &labels)),
        job: profile.name.clone(),
        instance,
        labels,
        honor: true,
        spreads: Vec::new(),
        body: Body::Cluster,
        ticks: 0,
        values: vec![[0.0; Quantity::COUNT]],
        conditions: Conditions::default(),
    }
}

/// Series go by pod, by workload or by node, as their labels are.
fn series(metric: &Metric, pods: &[Pod], nodes: &[NodeOf]) -> Vec<(Labels, f64)> {
    let has = |label: &str| metric.labels.iter().any(|l| l == label);
    let is_info = metric.semantics == Some(Semantics::Info);
    if has("pod") {
        return pods.iter().flat_map(|pod| of_pod(metric, pod, has("phase"), has("resource") && !is_info)).collect();
    }
    if has("deployment") || has("statefulset") {
        let mut seen = BTreeSet::new();
        let first = pods.iter().filter(|p| has(p.workload.0) && seen.insert((&p.namespace, &p.workload)));
        let of = |pod: &Pod| {
            let known = [("namespace", pod.namespace.as_str()), (pod.workload.0, &pod.workload.1)];
            (labels(metric, &known), if is_info { 1.0 } else { f64::from(pod.of) })
        };
        return first.map(of).collect();
    }
    if has("node") {
        let is_price = metric.name.contains("cost");
        let of = |node: &NodeOf| {
            let value = if is_price { node.rate } else { node.gpus as f64 };
            (labels(metric, &[("node", &node.name), ("instance", &node.name)]), if is_info { 1.0 } else { value })
        };
        return nodes.iter().map(of).collect();
    }
    Vec::new()
}

/// Phases of pods.
const PHASES: &[&str] = &["Running", "Pending", "Succeeded", "Failed", "Unknown"];

fn of_pod(metric: &Metric, pod: &Pod, by_phase: bool, by_resource: bool) -> Vec<(Labels, f64)> {
    let uid = format!("{:016x}", noise::seed(0, &format!("{}/{}", pod.namespace, pod.name)));
    let mut known = vec![
        ("namespace", pod.namespace.as_str()),
        ("pod", &pod.name),
        ("container", &pod.container),
        ("node", pod.node.as_deref().unwrap_or_default()),
        ("uid", &uid),
        ("resource", pod.resource),
        ("unit", "integer"),
    ];
    if !by_phase {
        return vec![(labels(metric, &known), if by_resource { f64::from(pod.gpus) } else { 1.0 })];
    }
    let phases = PHASES.iter().map(|phase| {
        known.push(("phase", phase));
        let labels = labels(metric, &known);
        known.pop();
        (labels, if *phase == "Running" { 1.0 } else { 0.0 })
    });
    phases.collect()
}

fn labels(metric: &Metric, known: &[(&str, &str)]) -> Labels {
    let value = |label: &str| known.iter().find(|(l, _)| *l == label).map_or("unknown", |(_, v)| *v);
    metric.labels.iter().map(|l| (l.clone(), value(l).to_owned())).collect()
}
