//! The collector's configuration as types: what we write of it, in the order in which it is written.
//!
//! Holds no decision; see `build`.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A configuration.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Config {
    /// What takes telemetry.
    pub receivers: Section<Receiver>,
    /// What works on it.
    pub processors: Section<Processor>,
    /// What sends it on.
    pub exporters: Section<Exporter>,
    /// Beside the pipelines.
    pub extensions: Section<Extension>,
    /// How these are connected.
    pub service: Service,
}

/// Components by name, in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Section<T>(pub Vec<(String, T)>);

impl<T> Section<T> {
    /// Returns the names in order.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl<T: Serialize> Serialize for Section<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, component) in &self.0 {
            map.serialize_entry(name, component)?;
        }
        map.end()
    }
}

/// A receiver.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Receiver {
    /// OTLP.
    Otlp {
        /// gRPC and HTTP.
        protocols: Section<Listen>,
    },
}

/// Where something listens.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Listen {
    /// `address:port`.
    pub endpoint: String,
}

/// A processor.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Processor {
    /// Refuses data before memory runs out.
    MemoryLimiter {
        /// Duration.
        check_interval: String,
        /// Hard limit.
        limit_mib: u64,
        /// Soft limit below the hard one.
        spike_limit_mib: u64,
    },
    /// Adds attributes of the pod that sent it.
    K8sAttributes {
        /// How it asks the API server.
        auth_type: &'static str,
        /// What is added.
        extract: Extract,
        /// How the pod is found, first match first.
        pod_association: Vec<Association>,
    },
    /// Adds attributes.
    Resource {
        /// What is done.
        attributes: Vec<AttributeAction>,
    },
    /// Keeps whole traces by policy.
    TailSampling(TailSampling),
    /// Makes batches.
    Batch {
        /// Longest time that data waits.
        timeout: String,
        /// Items from which a batch is sent.
        send_batch_size: u64,
        /// Most items of a batch.
        send_batch_max_size: u64,
    },
}

/// What is added of a pod.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Extract {
    /// Attribute names.
    pub metadata: Vec<&'static str>,
}

/// One way to find a pod; all sources must match.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Association {
    /// Sources.
    pub sources: Vec<Source>,
}

/// What identifies a pod.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Source {
    /// A resource attribute.
    ResourceAttribute {
        /// Its name.
        name: &'static str,
    },
    /// Address of the connection.
    Connection,
}

/// A change of attributes.
#[derive(Clone, Debug, serde::Serialize)]
pub struct AttributeAction {
    /// Attribute.
    pub key: &'static str,
    /// Value.
    pub value: String,
    /// `insert` leaves a value that is there.
    pub action: &'static str,
}

/// Sampling of whole traces.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TailSampling {
    /// Time after the first span of a trace.
    pub decision_wait: String,
    /// Traces that wait at the same time; beyond, the oldest are dropped undecided.
    pub num_traces: u64,
    /// Decisions for late spans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_cache: Option<DecisionCache>,
    /// A trace is kept if any of them wants it.
    pub policies: Vec<NamedPolicy>,
}

/// Numbers of remembered decisions.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DecisionCache {
    /// Kept traces.
    pub sampled_cache_size: u64,
    /// Dropped traces.
    pub non_sampled_cache_size: u64,
}

/// A policy and its name.
#[derive(Clone, Debug, serde::Serialize)]
pub struct NamedPolicy {
    /// Name, in the collector's own metrics.
    pub name: &'static str,
    /// Policy.
    #[serde(flatten)]
    pub policy: Policy,
}

/// A policy.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Policy {
    /// A span has a status.
    StatusCode {
        /// Parameters.
        status_code: StatusCodes,
    },
    /// From the first start to the last end it took longer.
    Latency {
        /// Parameters.
        latency: Latency,
    },
    /// A share, by trace id.
    Probabilistic {
        /// Parameters.
        probabilistic: Probabilistic,
    },
}

/// Statuses.
#[derive(Clone, Debug, serde::Serialize)]
pub struct StatusCodes {
    /// Any of these.
    pub status_codes: Vec<&'static str>,
}

/// A threshold.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Latency {
    /// Milliseconds.
    pub threshold_ms: u64,
}

/// A share.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Probabilistic {
    /// Percent, 0 to 100.
    pub sampling_percentage: f64,
}

/// An exporter.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Exporter {
    /// OTLP over gRPC or HTTP.
    Otlp(Otlp),
    /// To one of several collectors by trace id.
    LoadBalancing {
        /// `traceID`.
        routing_key: &'static str,
        /// How they are reached.
        protocol: BalancedProtocol,
        /// How they are found.
        resolver: Resolver,
    },
}

/// An OTLP client.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Otlp {
    /// `host:port` for gRPC, base URL for HTTP; none where the load balancer sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Absent where the URL decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Header to value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Repetition after failures that may pass.
    pub retry_on_failure: Retry,
    /// Queue in memory.
    pub sending_queue: Queue,
}

/// Transport security of a client.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Tls {
    /// Plain text.
    pub insecure: bool,
}

/// Repetition.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Retry {
    /// On.
    pub enabled: bool,
    /// First pause.
    pub initial_interval: &'static str,
    /// Longest pause.
    pub max_interval: &'static str,
    /// After this the data is dropped.
    pub max_elapsed_time: &'static str,
}

/// A queue.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Queue {
    /// On.
    pub enabled: bool,
    /// What sizes count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizer: Option<&'static str>,
    /// Bytes with a sizer, else requests.
    pub queue_size: u64,
    /// Batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<QueueBatch>,
}

/// Batches of a queue.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QueueBatch {
    /// Longest time that data waits.
    pub flush_timeout: &'static str,
    /// What sizes count.
    pub sizer: &'static str,
    /// Size from which a batch is sent.
    pub min_size: u64,
    /// Largest batch.
    pub max_size: u64,
}

/// The protocol of a load balancer.
#[derive(Clone, Debug, serde::Serialize)]
pub struct BalancedProtocol {
    /// Client, without endpoint.
    pub otlp: Otlp,
}

/// How a load balancer finds collectors.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolver {
    /// Every address of a name.
    Dns {
        /// Name.
        hostname: String,
        /// Port, as text.
        port: String,
    },
}

/// An extension.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum Extension {
    /// Answers probes.
    HealthCheck(Listen),
}

/// Connections.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Service {
    /// Extensions that run.
    pub extensions: Vec<String>,
    /// The collector's own telemetry.
    pub telemetry: Telemetry,
    /// Pipelines by signal.
    pub pipelines: Section<Pipeline>,
}

/// The collector's own telemetry.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Telemetry {
    /// Metrics.
    pub metrics: OwnMetrics,
}

/// The collector's own metrics.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnMetrics {
    /// Readers.
    Readers(Vec<Reader>),
}

/// A reader of metrics.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// Scraped.
    Pull {
        /// By whom.
        exporter: PullExporter,
    },
}

/// A scraped exporter.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PullExporter {
    /// By Prometheus.
    Prometheus(PrometheusReader),
}

/// Where Prometheus scrapes.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PrometheusReader {
    /// Address.
    pub host: &'static str,
    /// Port.
    pub port: u16,
    /// No `_total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_type_suffix: Option<bool>,
    /// No unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_units: Option<bool>,
    /// No labels of the scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_scope_info: Option<bool>,
}

/// A pipeline.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Pipeline {
    /// Receivers.
    pub receivers: Vec<String>,
    /// Processors, in the order in which they work.
    pub processors: Vec<String>,
    /// Exporters.
    pub exporters: Vec<String>,
}
