//! The plan: what stage 2 hands on. Every value is there and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::gateway::Gateway;
use crate::catalog::{Found, Gpu, Metric, Release, Signal, SignalSource, View};
use crate::declare::values::Port;
use crate::diag::Code;
use crate::promql::{MatchOp, Matcher, Selector, selector};
use crate::slo::{Pair, Sli};
use crate::source::Place;
use crate::spec::{CollectorKind, Delivery, DeployedBy, Flavour, GpusFrom, Level, PriceSource, Protocol, SchemaKind};
use crate::units::{Bytes, Currency, Duration, MoneyPerHour, PerMonth, Ratio};

/// Everything that generators read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name and owner.
    pub project: ProjectSettings,
    /// Where objects go.
    pub kubernetes: KubernetesSettings,
    /// Rules and scraping.
    pub prometheus: PrometheusSettings,
    /// Dashboards.
    pub grafana: GrafanaSettings,
    /// The collector; `None` if there is none.
    pub tracing: Option<TracingSettings>,
    /// Cost; `None` if nothing is known about it.
    pub costs: Option<CostSettings>,
    /// Changes to alerts, by name.
    pub alerts: BTreeMap<String, AlertOverride>,
    /// How `llmobs check` judges.
    pub check: CheckSettings,
    /// Pools of GPUs, by name.
    pub pools: BTreeMap<String, Pool>,
    /// Gateways, by name.
    pub gateways: BTreeMap<String, Gateway>,
    /// Models, by name.
    pub models: BTreeMap<String, Model>,
}

impl Plan {
    /// Returns the gateways in front of a model, by name.
    pub fn gateways_of<'p>(&'p self, model: &'p str) -> impl Iterator<Item = &'p Gateway> {
        self.gateways.values().filter(move |g| g.fronts(model))
    }

    /// Returns the gateway that measures an objective, if one does.
    pub fn measured_at(&self, slo: &Slo) -> Option<&Gateway> {
        slo.measured_at.as_ref().and_then(|name| self.gateways.get(name))
    }
}

/// Name and owner.
#[derive(Clone, Debug)]
pub struct ProjectSettings {
    /// Name.
    pub name: String,
    /// Owner of the alerts.
    pub owner: String,
    /// Environment.
    pub environment: Option<String>,
    /// Where runbooks are published, without closing slash.
    pub runbook_base_url: Option<String>,
}

/// Where objects go.
#[derive(Clone, Debug)]
pub struct KubernetesSettings {
    /// Namespace.
    pub namespace: String,
    /// Labels of every object.
    pub labels: BTreeMap<String, String>,
    /// Whether kube-state-metrics is scraped.
    pub kube_state_metrics: bool,
}

/// Rules and scraping.
#[derive(Clone, Debug)]
pub struct PrometheusSettings {
    /// Objects or files.
    pub flavour: Flavour,
    /// Version of Prometheus.
    pub release: Release,
    /// Scrape interval.
    pub scrape_interval: Duration,
    /// Evaluation interval.
    pub evaluation_interval: Duration,
    /// Window of recorded rates; at least four scrape intervals and two minutes (four collect intervals of dcgm-exporter).
    pub rate_window: Duration,
    /// First part of recorded names.
    pub rule_prefix: String,
    /// Labels of PrometheusRule objects.
    pub rule_labels: BTreeMap<String, String>,
    /// Labels of monitors.
    pub monitor_labels: BTreeMap<String, String>,
}

/// Dashboards.
#[derive(Clone, Debug)]
pub struct GrafanaSettings {
    /// How they reach Grafana.
    pub delivery: Delivery,
    /// Folder.
    pub folder: String,
    /// uid of the data source selected first.
    pub datasource: Option<String>,
    /// Schema.
    pub schema: SchemaKind,
    /// `instanceSelector.matchLabels` of GrafanaDashboard objects.
    pub instance_labels: BTreeMap<String, String>,
    /// Label that the sidecar watches.
    pub sidecar_label: String,
}

/// The collector.
#[derive(Clone, Debug)]
pub struct TracingSettings {
    /// Object or file.
    pub collector: CollectorKind,
    /// Version.
    pub release: Release,
    /// Replicas.
    pub replicas: u32,
    /// Memory limit.
    pub memory_limit: Bytes,
    /// Slower traces are kept.
    pub keep_slower_than: Duration,
    /// Share of the others that is kept.
    pub keep_share: Ratio,
    /// Matchers of its own metrics; `None` where nobody says who scrapes them.
    pub own_metrics: Option<Vec<Matcher>>,
    /// Destinations by name.
    pub destinations: BTreeMap<String, OtlpDestination>,
}

/// An OTLP destination.
#[derive(Clone, Debug)]
pub struct OtlpDestination {
    /// URL without closing slash.
    pub endpoint: String,
    /// `host:port` of the URL.
    pub authority: String,
    /// Whether TLS is used.
    pub tls: bool,
    /// Protocol.
    pub protocol: Protocol,
    /// Takes traces.
    pub traces: bool,
    /// Takes metrics.
    pub metrics: bool,
    /// Header to environment variable.
    pub headers: BTreeMap<String, String>,
}

/// Cost.
#[derive(Clone, Debug)]
pub struct CostSettings {
    /// Currency.
    pub currency: Currency,
    /// Where prices of GPU-hours come from.
    pub source: PriceSource,
    /// Money per kilowatt-hour.
    pub energy_price: Option<f64>,
    /// How the GPUs of a model are counted.
    pub gpus_from: GpusFrom,
    /// Input tokens that an output token costs as much as.
    pub output_weight: f64,
    /// Budget of all models.
    pub monthly_budget: Option<PerMonth>,
    /// Budgets of single models, by name.
    pub model_budgets: BTreeMap<String, PerMonth>,
    /// Budgets of pools, by name.
    pub pool_budgets: BTreeMap<String, PerMonth>,
    /// Budgets of namespaces, by name.
    pub namespace_budgets: BTreeMap<String, PerMonth>,
}

/// A change to an alert.
#[derive(Clone, Debug, Default)]
pub struct AlertOverride {
    /// Generated at all.
    pub enabled: Option<bool>,
    /// Threshold in the base unit of the alert.
    pub threshold: Option<f64>,
    /// Hold time.
    pub hold: Option<Duration>,
    /// Severity.
    pub severity: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// How `llmobs check` judges.
#[derive(Clone, Debug, Default)]
pub struct CheckSettings {
    /// Severity of codes that are not taken at their own.
    pub levels: BTreeMap<Code, Level>,
    /// Whether colons in names are stored as underscores.
    pub underscored: bool,
    /// Globs of files that are left out, relative to the folder of llmobs.toml.
    pub exclude: Vec<String>,
    /// File of known findings, relative to the folder of llmobs.toml.
    pub baseline: Option<String>,
}

/// A pool of GPUs.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// GPU model.
    pub gpu: Gpu,
    /// Declared number of GPUs.
    pub count: Option<u32>,
    /// Exporter.
    pub exporter: View,
    /// Declared version of the exporter, as its image is tagged.
    pub version: Release,
    /// Who deploys it.
    pub deployed_by: DeployedBy,
    /// Namespace of the exporter.
    pub namespace: String,
    /// Helm release.
    pub release: String,
    /// Fields collected besides the default list.
    pub fields: BTreeSet<String>,
    /// Nodes.
    pub node_selector: BTreeMap<String, String>,
    /// Exporters outside Kubernetes; empty inside.
    pub targets: Vec<String>,
    /// Split by MIG.
    pub mig: bool,
    /// Declared price of one GPU: the mean over the ways in which the GPUs of the pool are bought.
    pub rate: Option<MoneyPerHour>,
    /// Whether it costs the energy that it takes.
    pub owned: bool,
}

impl Pool {
    /// Returns the node labels of a pool that names none: every node with a GPU, as NVIDIA's feature discovery labels it.
    pub fn any_gpu_node() -> BTreeMap<String, String> {
        BTreeMap::from([("nvidia.com/gpu.present".to_owned(), "true".to_owned())])
    }

    /// Returns whether the file says on which nodes the pool is.
    pub fn is_pinned(&self) -> bool {
        self.node_selector != Self::any_gpu_node()
    }

    /// Returns the exporter that the pool is read from. Pools with the same value share one exporter and one monitor.
    pub fn exporter_key(&self) -> (DeployedBy, String, String) {
        match self.deployed_by {
            // Each pool of ours has a DaemonSet of its own.
            DeployedBy::Llmobs => (self.deployed_by, self.namespace.clone(), self.name.clone()),
            DeployedBy::Helm => (self.deployed_by, self.namespace.clone(), self.release.clone()),
            DeployedBy::GpuOperator => (self.deployed_by, self.namespace.clone(), String::new()),
        }
    }

    /// Returns the source of a signal if the exporter has it and collects it as it is deployed.
    pub fn signal(&self, signal: Signal) -> Option<Arc<SignalSource>> {
        match self.exporter.signal(signal) {
            Found::Here(source) if self.collects(&source) => Some(source),
            _ => None,
        }
    }

    /// Returns whether the field of a source is collected: always where we write the list of fields.
    pub fn collects(&self, source: &SignalSource) -> bool {
        if self.deployed_by == DeployedBy::Llmobs && self.targets.is_empty() {
            return true;
        }
        let name = &source.metric.name;
        if self.fields.contains(name) {
            return true;
        }
        let deployment = self.exporter.profile.deployments.iter().find(|d| d.name == self.deployed_by.word());
        source.metric.csv.as_deref().is_none_or(|c| c == "default")
            && !deployment.is_some_and(|d| d.not_collected.contains(name))
    }
}

/// How the servers of a model are found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// Pods by labels.
    Pods(BTreeMap<String, String>),
    /// A Service by labels.
    Service(BTreeMap<String, String>),
    /// Hosts.
    Targets(Vec<String>),
    /// Scraped by the user; only `matchers` are known.
    Foreign,
}

/// Who says how many replicas of a model there should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A Deployment of its namespace, by name.
    Deployment(String),
    /// A StatefulSet of its namespace, by name.
    StatefulSet(String),
    /// The file.
    Number(u32),
}

impl Wanted {
    /// Returns the series of kube-state-metrics that has the number, with the labels of a workload in a namespace; `None` where
    /// it is declared. Its labels are those of the workload: it is scraped with `honorLabels`.
    pub fn series(&self, namespace: Option<&str>) -> Option<Selector> {
        let of_workload = match self {
            Self::Deployment(name) => selector("kube_deployment_spec_replicas").eq("deployment", name),
            Self::StatefulSet(name) => selector("kube_statefulset_replicas").eq("statefulset", name),
            Self::Number(_) => return None,
        };
        Some(namespace.into_iter().fold(of_workload, |series, namespace| series.eq("namespace", namespace)))
    }
}

impl Endpoint {
    /// Returns the label that tells replicas apart.
    pub fn replica_label(&self) -> &'static str {
        if matches!(self, Self::Targets(_) | Self::Foreign) { "instance" } else { "pod" }
    }
}

/// A served model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// Engine at the release that stands for the declared version.
    pub engine: View,
    /// Declared version.
    pub version: Release,
    /// Name under which it is served.
    pub served_model_name: Option<String>,
    /// Namespace of the pods; `None` outside Kubernetes.
    pub namespace: Option<String>,
    /// Labels that its recorded series carry: `model`, and `namespace` inside Kubernetes.
    pub labels: Arc<BTreeMap<String, String>>,
    /// How its servers are found.
    pub endpoint: Endpoint,
    /// Whether we scrape it.
    pub monitor: bool,
    /// Port of the metrics.
    pub port: Port,
    /// Path of the metrics.
    pub path: String,
    /// How many replicas there should be; `None` if nobody says so.
    pub wanted: Option<Wanted>,
    /// GPUs of one replica.
    pub gpus_per_replica: u32,
    /// Slots for LoRA adapters, where they are declared.
    pub lora_slots: Option<u32>,
    /// Models that the same servers serve, with this one.
    pub served_together: u32,
    /// Pool.
    pub pool: Option<String>,
    /// Matchers of the targets (labels that `up` has too).
    pub target_matchers: Vec<Matcher>,
    /// Every signal of engines: from where, or why not.
    pub signals: BTreeMap<Signal, Found>,
    /// Latency objectives, in the order of the signals.
    pub latency_slos: Vec<LatencySlo>,
    /// Every objective, in the order of [`Sli::ALL`].
    pub slos: Vec<Slo>,
}

impl Model {
    /// Returns the source of a signal, if there is one.
    pub fn source(&self, signal: Signal) -> Option<&SignalSource> {
        match self.signals.get(&signal) {
            Some(Found::Here(source)) => Some(source),
            _ => None,
        }
    }

    /// Returns the label that tells replicas apart.
    pub fn replica_label(&self) -> &'static str {
        self.endpoint.replica_label()
    }

    /// Returns the objective on a latency signal.
    pub fn latency_slo(&self, signal: Signal) -> Option<&LatencySlo> {
        self.latency_slos.iter().find(|s| s.signal == signal)
    }

    /// Returns the matchers that select the model's series of a metric: those of the targets, and the engine's own label with
    /// the served model where the file names it and the metric has it.
    pub fn matchers(&self, metric: &Metric) -> Vec<Matcher> {
        let mut matchers = self.target_matchers.clone();
        if let (Some(label), Some(served)) = (&self.engine.profile.model_label, &self.served_model_name)
            && metric.labels.contains(label)
        {
            matchers.push(Matcher::new(label.clone(), MatchOp::Equal, served.clone()));
        }
        matchers
    }

    /// Returns a selector of a series of a signal, with the matchers of model and signal.
    pub fn selector(&self, source: &SignalSource, series: &str) -> Selector {
        source.selector(series, &self.matchers(&source.metric))
    }

    /// Makes the labels of the recorded series of a model.
    pub fn labels_of(name: &str, namespace: Option<&str>) -> Arc<BTreeMap<String, String>> {
        let mut labels = BTreeMap::from([("model".to_owned(), name.to_owned())]);
        labels.extend(namespace.map(|n| ("namespace".to_owned(), n.to_owned())));
        Arc::new(labels)
    }
}

/// An objective and how it alerts.
#[derive(Clone, Debug)]
pub struct Slo {
    /// What is promised.
    pub sli: Sli,
    /// Share of events that must be good.
    pub objective: Ratio,
    /// Latencies: the threshold, on a bucket edge.
    pub threshold: Option<Duration>,
    /// Name of the gateway that measures it; `None` if the engine does.
    pub measured_at: Option<String>,
    /// Window in which the objective must hold.
    pub window: Duration,
    /// Declared number of requests on a day.
    pub expected_per_day: Option<u64>,
    /// Pairs of windows that alert, shortest first.
    pub burns: Vec<Burn>,
    /// Where it is written.
    pub place: Place,
}

/// A pair of windows that alerts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// The windows and their burn rate.
    pub pair: Pair,
    /// Bad events in the long window below which it is silent.
    pub least_events: u32,
}

impl Slo {
    /// Returns the signal of a latency; `None` of other objectives.
    pub fn latency(&self) -> Option<Signal> {
        match self.sli {
            Sli::Ttft => Some(Signal::Ttft),
            Sli::InterTokenLatency => Some(Signal::InterTokenLatency),
            Sli::E2eLatency => Some(Signal::E2eLatency),
            Sli::QueueTime => Some(Signal::QueueTime),
            Sli::Errors | Sli::Availability => None,
        }
    }

    /// Returns the share of events that may be bad.
    pub fn budget(&self) -> f64 {
        // 0.001 and not 0.0010000000000000009
        ((1.0 - self.objective.value()) * 1e12).round() / 1e12
    }
}

/// A latency objective.
#[derive(Clone, Debug)]
pub struct LatencySlo {
    /// The signal.
    pub signal: Signal,
    /// Share of requests.
    pub objective: Ratio,
    /// Threshold, on a bucket edge.
    pub threshold: Duration,
    /// Where it is written.
    pub place: Place,
}
