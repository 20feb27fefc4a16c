//! The targets of a project: replicas of every model, nodes of every pool, and which replica holds which GPU.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cluster::{self, NodeOf};
use super::distribution::Spread;
use super::engine::Engine;
use super::family::{self, Family, Form, Holder};
use super::gpu::Gpu;
use super::noise;
use super::quantity::{Observed, Quantity};
use super::scenario::Conditions;
use super::server::Server;
use super::shape::Shape;
use super::target::{Board, Body, Node, Target, Worker};
use super::write;
use super::{Settings, Wanted};
use crate::Program;
use crate::catalog::{Metric, Signal, SignalSource, Status, Vendor};
use crate::declare::values::Port;
use crate::resolve::{self, Endpoint, Model, Plan, Pool};
use crate::spec::DeployedBy;

/// GPUs of a node.
const GPUS_PER_NODE: u32 = 8;
/// Price of a GPU-hour where none is declared.
const USUAL_RATE: f64 = 2.0;
/// Most GPUs of a pool.
const MAX_GPUS: u32 = 100_000;

/// Makes the targets, models before gateways before pools, each by name.
pub fn targets(program: &Program, settings: &Settings, wanted: &Wanted) -> Vec<Target> {
    let maker = Maker { program, plan: &program.plan, settings, wanted };
    let mut out = Vec::new();
    for model in program.plan.models.values() {
        out.extend((0..maker.replicas(model)).map(|index| maker.replica(model, index)));
    }
    out.extend(program.plan.gateways.values().map(|gateway| maker.gateway(gateway)));
    program.plan.pools.values().for_each(|pool| maker.nodes(pool, &mut out));
    out.extend(cluster::targets(program, settings.stored, wanted, &maker.pods(), &maker.nodes_of_cluster()));
    out
}

/// What makes targets.
pub(super) struct Maker<'a> {
    pub(super) program: &'a Program,
    pub(super) plan: &'a Plan,
    settings: &'a Settings,
    wanted: &'a Wanted,
}

impl Maker<'_> {
    /// As many as asked for, unless the declared GPUs of the pool are too few for that; one at least.
    pub(super) fn replicas(&self, model: &Model) -> u32 {
        if let Endpoint::Targets(targets) = &model.endpoint {
            return u32::try_from(targets.len()).unwrap_or(1).max(1);
        }
        let asked = match model.wanted {
            Some(resolve::Wanted::Number(declared)) => declared,
            _ => self.settings.replicas.max(1),
        };
        let Some((pool, count)) = self.pool_of(model).and_then(|p| Some((p, p.count?))) else { return asked };
        let per_round: u32 = self.models_of(pool).map(|m| m.gpus_per_replica).sum();
        asked.min(count / per_round.max(1)).max(1)
    }

    /// A model that names no pool runs on the only one there is, if there is one only.
    fn pool_of(&self, model: &Model) -> Option<&Pool> {
        let mut all = self.plan.pools.values();
        match (&model.pool, all.next(), all.next()) {
            (Some(name), ..) => self.plan.pools.get(name),
            (None, Some(only), None) => Some(only),
            _ => None,
        }
    }

    fn models_of<'m>(&'m self, pool: &'m Pool) -> impl Iterator<Item = &'m Model> {
        self.plan.models.values().filter(|m| self.pool_of(m).is_some_and(|p| p.name == pool.name))
    }

    pub(super) fn worker(&self, model: &Model, index: u32) -> Worker {
        let seed = noise::seed(self.settings.seed, &format!("{}/{index}", model.name));
        let engine = Engine::new(Shape::of(model), seed);
        Worker { model: model.name.clone(), index, of: self.replicas(model), engine }
    }

    fn replica(&self, model: &Model, index: u32) -> Target {
        let labels = self.labels_of_replica(model, index);
        let mut families: Vec<Family> = Vec::new();
        let form = self.form(&labels, model.engine.profile.le_spelling);
        let option = common_option(model);
        for metric in model.engine.metrics() {
            let sources: Vec<&SignalSource> = sources(model, metric).collect();
            if !is_there(metric, &sources, option.as_deref()) || families.iter().any(|f| f.name == metric.name) {
                continue;
            }
            // Bounds that llmobs.toml sets are in the metric of the signal.
            let metric = sources.first().map_or(metric, |s| &s.metric);
            let mut family = Family::new(metric);
            for set in family::of_model(model, metric) {
                let meter = family::of_engine(metric, &sources, &set);
                family.add(metric, 0, set.labels, meter, &form);
            }
            families.push(family);
        }
        self.target(labels, families, Body::Replica(self.worker(model, index)), 1)
    }

    pub(super) fn form<'f>(&'f self, labels: &'f [(String, String)], spelling: crate::catalog::LeSpelling) -> Form<'f> {
        Form {
            target: self.settings.stored.then_some(labels),
            honor: false,
            spelling,
            normalised: self.plan.prometheus.release.major() >= 3,
            wanted: self.wanted,
        }
    }

    pub(super) fn target(
        &self,
        labels: Vec<(String, String)>,
        families: Vec<Family>,
        body: Body,
        units: usize,
    ) -> Target {
        let label = |name: &str| labels.iter().find(|(l, _)| l == name).map(|(_, v)| v.clone()).unwrap_or_default();
        let shows_up = self.settings.stored && self.wanted.has("up");
        Target {
            job: label("job"),
            instance: label("instance"),
            up: shows_up.then(|| write::series("up", &labels)),
            labels,
            honor: false,
            families: families.into_iter().filter(|f| !f.series.is_empty()).collect(),
            ticks: 0,
            spreads: vec![
                [Spread::default(); Observed::COUNT];
                if matches!(body, Body::Gateway(_)) { units } else { 1 }
            ],
            body,
            values: vec![[0.0; Quantity::COUNT]; units],
            conditions: Conditions::default(),
        }
    }

    fn labels_of_replica(&self, model: &Model, index: u32) -> Vec<(String, String)> {
        let pod = pod(model, index);
        self.labels_of_server(&Server {
            part: format!("model-{}", model.name),
            host: address(10, index, &pod),
            pod,
            port: &model.port,
            container: &model.engine.profile.name,
            endpoint: &model.endpoint,
            index,
            own: &model.labels,
            target_matchers: &model.target_matchers,
        })
    }

    /// Which replica holds each GPU of a pool, as far as they go.
    fn placed<'m>(&'m self, pool: &'m Pool) -> Vec<(&'m Model, u32)> {
        let mut placed = Vec::new();
        for model in self.models_of(pool) {
            for index in 0..self.replicas(model) {
                placed.extend((0..model.gpus_per_replica).map(|_| (model, index)));
            }
        }
        placed
    }

    /// Number of nodes of a pool, and GPUs of all of them.
    fn size(&self, pool: &Pool, placed: usize) -> (u32, u32) {
        let count = pool.count.unwrap_or_else(|| u32::try_from(placed).unwrap_or(u32::MAX)).clamp(1, MAX_GPUS);
        let listed = u32::try_from(pool.targets.len()).unwrap_or(1);
        (if listed == 0 { count.div_ceil(GPUS_PER_NODE) } else { listed }, count)
    }

    fn nodes(&self, pool: &Pool, out: &mut Vec<Target>) {
        let placed = self.placed(pool);
        let (nodes, count) = self.size(pool, placed.len());
        let per_node = count.div_ceil(nodes);
        for index in 0..nodes {
            let first = (index * per_node) as usize;
            let gpus = per_node.min(count.saturating_sub(index * per_node)) as usize;
            let holders: Vec<Option<(&Model, u32)>> = (first..first + gpus).map(|n| placed.get(n).copied()).collect();
            out.push(self.node(pool, index, nodes, &holders));
        }
    }

    fn nodes_of_cluster(&self) -> Vec<NodeOf> {
        let inside = self.plan.pools.values().filter(|p| p.targets.is_empty());
        let of = |pool: &Pool| {
            let (nodes, count) = self.size(pool, self.placed(pool).len());
            let rate = pool.rate.map_or(USUAL_RATE, |r| r.0);
            let gpus = (count.div_ceil(nodes)) as usize;
            (0..nodes).map(|n| NodeOf { name: host(pool, n), gpus, rate }).collect::<Vec<_>>()
        };
        inside.flat_map(of).collect()
    }

    /// The pods of models inside Kubernetes.
    fn pods(&self) -> Vec<cluster::Pod> {
        let mut out = Vec::new();
        for model in self.plan.models.values() {
            let Some(namespace) = &model.namespace else { continue };
            let pool = self.pool_of(model);
            for index in 0..self.replicas(model) {
                let node = pool.and_then(|pool| {
                    let placed = self.placed(pool);
                    let (nodes, count) = self.size(pool, placed.len());
                    let first = placed.iter().position(|(m, i)| m.name == model.name && *i == index)?;
                    let node = u32::try_from(first).ok()? / count.div_ceil(nodes);
                    (node < nodes).then(|| host(pool, node))
                });
                out.push(cluster::Pod {
                    namespace: namespace.clone(),
                    name: pod(model, index),
                    container: model.engine.profile.name.clone(),
                    workload: workload(model),
                    node,
                    resource: pool.map_or("nvidia_com_gpu", resource),
                    gpus: model.gpus_per_replica,
                    of: self.replicas(model),
                });
            }
        }
        out
    }

    fn node(&self, pool: &Pool, index: u32, of: u32, holders: &[Option<(&Model, u32)>]) -> Target {
        let host = host(pool, index);
        let labels = self.labels_of_node(pool, index);
        let form = self.form(&labels, pool.exporter.profile.le_spelling);
        let mut families = Vec::new();
        for (metric, source) in self.fields(pool) {
            let mut family = Family::new(&metric);
            for (gpu, holder) in holders.iter().enumerate() {
                let holder = holder.map(|(model, replica)| Holder {
                    namespace: model.namespace.clone().unwrap_or_default(),
                    pod: pod(model, replica),
                    container: model.engine.profile.name.clone(),
                });
                let labels = family::of_node(pool, &metric, &host, gpu, holder.as_ref());
                if let Some((labels, meter)) = family::of_window(&metric, &labels) {
                    family.add(&metric, gpu, labels, meter, &form);
                }
                family.add(&metric, gpu, labels, family::of_gpu(&metric, source.as_deref()), &form);
            }
            families.push(family);
        }
        let mut workers: Vec<Worker> = Vec::new();
        let boards = holders.iter().map(|holder| {
            let worker = holder.map(|(model, replica)| {
                let known = workers.iter().position(|w| w.model == model.name && w.index == replica);
                known.unwrap_or_else(|| {
                    workers.push(self.worker(model, replica));
                    workers.len() - 1
                })
            });
            Board { gpu: Gpu::new(pool), worker }
        });
        let boards: Vec<Board> = boards.collect();
        let units = boards.len();
        let node = Node { pool: pool.name.clone(), index, of, workers, boards };
        self.target(labels, families, Body::Node(node), units)
    }

    fn labels_of_node(&self, pool: &Pool, index: u32) -> Vec<(String, String)> {
        let part = format!("gpus-{}", pool.name);
        let host = host(pool, index);
        let mut labels = BTreeMap::from([
            ("pool".to_owned(), pool.name.clone()),
            ("job".to_owned(), self.program.names.scrape_job(&part)),
        ]);
        if let Some(target) = pool.targets.get(index as usize) {
            labels.insert("instance".to_owned(), target.clone());
        } else {
            labels.insert(
                "instance".to_owned(),
                format!("{}:{}", address(11, index, &host), pool.exporter.profile.port.unwrap_or(9400)),
            );
            labels.insert("namespace".to_owned(), pool.namespace.clone());
            labels.insert("pod".to_owned(), format!("{}-{}-{index}", pool.exporter.profile.name, pool.name));
            labels.insert("container".to_owned(), pool.exporter.profile.name.clone());
        }
        labels.into_iter().collect()
    }

    /// The fields that the exporter of a pool collects as it is deployed.
    fn fields(&self, pool: &Pool) -> Vec<(Metric, Option<Arc<SignalSource>>)> {
        let ours = pool.deployed_by == DeployedBy::Llmobs && pool.targets.is_empty();
        let read = crate::emit::exporter_fields(self.program.emit(), pool);
        let deployment = pool.exporter.profile.deployments.iter().find(|d| d.name == pool.deployed_by.word());
        let collected = |metric: &Metric| {
            if ours {
                return read.contains_key(&metric.name);
            }
            let by_default = metric.csv.as_deref().is_none_or(|c| c == "default");
            let left_out = deployment.is_some_and(|d| d.not_collected.contains(&metric.name));
            pool.fields.contains(&metric.name) || (by_default && !left_out)
        };
        let sources: Vec<Arc<SignalSource>> = Signal::OF_GPUS.iter().filter_map(|s| pool.signal(*s)).collect();
        let mut out: Vec<(Metric, Option<Arc<SignalSource>>)> = Vec::new();
        for metric in pool.exporter.metrics().filter(|m| collected(m)) {
            if !out.iter().any(|(m, _)| m.name == metric.name) {
                out.push((metric.clone(), sources.iter().find(|s| s.metric.name == metric.name).cloned()));
            }
        }
        out
    }
}

fn host(pool: &Pool, index: u32) -> String {
    format!("{}-node-{index}", pool.name)
}

/// Kind and name of the workload of a model: the declared one, or a Deployment of its name.
fn workload(model: &Model) -> (&'static str, String) {
    match &model.wanted {
        Some(resolve::Wanted::Deployment(name)) => ("deployment", name.clone()),
        Some(resolve::Wanted::StatefulSet(name)) => ("statefulset", name.clone()),
        _ => ("deployment", model.name.clone()),
    }
}

/// The resource by which pods ask for the GPUs of a pool, with underscores as kube-state-metrics writes it.
fn resource(pool: &Pool) -> &'static str {
    match pool.gpu.vendor {
        Vendor::Nvidia => "nvidia_com_gpu",
        Vendor::Amd => "amd_com_gpu",
        Vendor::Intel => "habana_ai_gaudi",
    }
}

fn pod(model: &Model, index: u32) -> String {
    format!("{}-{index}", model.name)
}

/// An address that belongs to a name.
pub(super) fn address(net: u8, index: u32, name: &str) -> String {
    let bits = noise::seed(u64::from(index), name);
    format!("10.{net}.{}.{}", bits % 250, 1 + (bits >> 16) % 250)
}

pub(super) fn port(port: &Port) -> String {
    match port {
        Port::Number(number) => number.to_string(),
        Port::Name(_) => "8000".to_owned(),
    }
}

/// Without options, except the one that switches on most metrics of an engine: without it nobody would watch the engine.
fn is_there(metric: &Metric, sources: &[&SignalSource], option: Option<&str>) -> bool {
    let plain = matches!(metric.status, Status::Stable | Status::Deprecated)
        && (metric.requires.is_none() || metric.requires.as_deref() == option);
    plain || !sources.is_empty()
}

/// Returns the option that more than half of the metrics of an engine need.
fn common_option(model: &Model) -> Option<String> {
    let mut options: BTreeMap<&str, usize> = BTreeMap::new();
    model.engine.metrics().filter_map(|m| m.requires.as_deref()).for_each(|r| *options.entry(r).or_default() += 1);
    let (option, n) = options.into_iter().max_by_key(|(_, n)| *n)?;
    (2 * n > model.engine.metrics().count()).then(|| option.to_owned())
}

fn sources<'a>(model: &'a Model, metric: &'a Metric) -> impl Iterator<Item = &'a SignalSource> {
    let all = Signal::OF_ENGINES.iter().filter_map(|s| model.source(*s));
    all.filter(|s| s.metric.name == metric.name)
}
