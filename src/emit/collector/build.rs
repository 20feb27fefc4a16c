//! Plan to configuration: which components a tier has, with which values.
//!
//! Writes no secret: headers name environment variables.

use std::collections::BTreeSet;

use super::components::Dialect;
use super::config::{
    Association, AttributeAction, BalancedProtocol, Config, DecisionCache, Exporter, Extension, Extract, Latency,
    Listen, NamedPolicy, Otlp, OwnMetrics, Pipeline, Policy, Probabilistic, Processor, PrometheusReader, PullExporter,
    Queue, QueueBatch, Reader, Receiver, Resolver, Retry, Section, Service, Source, StatusCodes, TailSampling,
    Telemetry, Tls,
};
use super::{GRPC_PORT, HTTP_PORT, Tier, samples, sizing};
use crate::emit::Emit;
use crate::resolve::{OtlpDestination, TracingSettings};
use crate::spec::{CollectorKind, Protocol};

/// Port of the health check; the operator makes its probes from it.
pub const HEALTH_PORT: u16 = 13133;
/// Port of the collector's own metrics.
pub const METRICS_PORT: u16 = 8888;

const MEMORY_LIMITER: &str = "memory_limiter";
const RESOURCE: &str = "resource";
const TAIL_SAMPLING: &str = "tail_sampling";
const BATCH: &str = "batch";

/// Returns the configuration of a tier.
pub fn config(emit: Emit<'_>, settings: &TracingSettings, tier: Tier) -> Config {
    let dialect = Dialect::of(&settings.release);
    let receivers = receivers();
    let processors = processors(emit, settings, tier, dialect);
    let extensions = Section(vec![(
        "health_check".to_owned(),
        Extension::HealthCheck(Listen { endpoint: any_address(HEALTH_PORT) }),
    )]);
    let pipelines = pipelines(emit, settings, tier, dialect, &receivers, &processors);
    Config {
        exporters: exporters(emit, settings, tier, dialect),
        service: Service {
            extensions: extensions.names(),
            telemetry: Telemetry { metrics: own_metrics(dialect) },
            pipelines,
        },
        receivers,
        processors,
        extensions,
    }
}

/// Returns the environment variables that a tier reads, sorted.
pub fn variables(settings: &TracingSettings, tier: Tier) -> Vec<String> {
    let names: BTreeSet<&String> = destinations(settings, tier).flat_map(|(_, d)| d.headers.values()).collect();
    names.into_iter().cloned().collect()
}

/// Says what sampling keeps and how much it can hold.
pub fn sampling_note(settings: &TracingSettings) -> String {
    let (wait, traces) = (sizing::decision_wait(settings), sizing::waiting_traces(settings));
    format!(
        "Traces with errors and traces slower than {} are kept, and {} of the others. {traces} traces can wait {wait} for \
         their decision: {} new traces per second and replica.",
        settings.keep_slower_than,
        settings.keep_share,
        traces / wait.whole_secs().max(1)
    )
}

/// Returns the destinations that a tier sends to.
fn destinations(settings: &TracingSettings, tier: Tier) -> impl Iterator<Item = (&String, &OtlpDestination)> {
    settings.destinations.iter().filter(move |(_, d)| match tier {
        Tier::Only => d.traces || d.metrics,
        Tier::Gateway => d.metrics,
        Tier::Sampler => d.traces,
    })
}

fn any_address(port: u16) -> String {
    format!("0.0.0.0:{port}")
}

fn receivers() -> Section<Receiver> {
    // The default is localhost since 0.104, where no other pod can reach it.
    let listen = |port| Listen { endpoint: any_address(port) };
    let protocols = Section(vec![("grpc".to_owned(), listen(GRPC_PORT)), ("http".to_owned(), listen(HTTP_PORT))]);
    Section(vec![("otlp".to_owned(), Receiver::Otlp { protocols })])
}

/// Returns the processors in the order in which they work. Attributes of pods come before sampling and batching, which lose the
/// connection that identifies the pod.
fn processors(emit: Emit<'_>, settings: &TracingSettings, tier: Tier, dialect: Dialect) -> Section<Processor> {
    let limiter = Processor::MemoryLimiter {
        check_interval: "1s".to_owned(),
        limit_mib: sizing::limit_mib(settings),
        spike_limit_mib: sizing::spike_limit_mib(settings),
    };
    let mut all = vec![(MEMORY_LIMITER.to_owned(), limiter)];
    if tier.faces_pods() {
        if settings.collector == CollectorKind::Operator {
            all.push((dialect.k8s_attributes.to_owned(), k8s_attributes()));
        }
        all.push((RESOURCE.to_owned(), resource(emit)));
    }
    if tier != Tier::Gateway && samples(settings) {
        all.push((TAIL_SAMPLING.to_owned(), Processor::TailSampling(tail_sampling(settings, dialect))));
    }
    if !dialect.queue_batches {
        let batch = Processor::Batch {
            timeout: "1s".to_owned(),
            send_batch_size: sizing::MAX_MESSAGE_ITEMS / 2,
            send_batch_max_size: sizing::MAX_MESSAGE_ITEMS,
        };
        all.push((BATCH.to_owned(), batch));
    }
    Section(all)
}

fn k8s_attributes() -> Processor {
    let attribute = |name| Association { sources: vec![Source::ResourceAttribute { name }] };
    Processor::K8sAttributes {
        auth_type: "serviceAccount",
        extract: Extract {
            metadata: vec![
                "k8s.namespace.name",
                "k8s.pod.name",
                "k8s.pod.uid",
                "k8s.node.name",
                "k8s.deployment.name",
                "k8s.statefulset.name",
            ],
        },
        // What the pod says of itself comes first: behind a mesh the connection comes from its proxy.
        pod_association: vec![
            attribute("k8s.pod.uid"),
            attribute("k8s.pod.ip"),
            Association { sources: vec![Source::Connection] },
        ],
    }
}

/// Adds what llmobs.toml knows, where the application does not say otherwise.
fn resource(emit: Emit<'_>) -> Processor {
    let insert = |key, value: &String| AttributeAction { key, value: value.clone(), action: "insert" };
    let project = &emit.plan.project;
    let mut attributes = vec![insert("service.namespace", &project.name)];
    attributes.extend(project.environment.iter().map(|e| insert("deployment.environment.name", e)));
    Processor::Resource { attributes }
}

fn tail_sampling(settings: &TracingSettings, dialect: Dialect) -> TailSampling {
    let num_traces = sizing::waiting_traces(settings);
    let mut policies = vec![
        NamedPolicy {
            name: "errors",
            policy: Policy::StatusCode { status_code: StatusCodes { status_codes: vec!["ERROR"] } },
        },
        NamedPolicy {
            name: "slow",
            policy: Policy::Latency { latency: Latency { threshold_ms: settings.keep_slower_than.whole_millis() } },
        },
    ];
    let sampling_percentage = settings.keep_share.percent();
    if sampling_percentage > 0.0 {
        let policy = Policy::Probabilistic { probabilistic: Probabilistic { sampling_percentage } };
        policies.push(NamedPolicy { name: "share", policy });
    }
    TailSampling {
        decision_wait: format!("{}s", sizing::decision_wait(settings).whole_secs()),
        num_traces,
        // Ten times as long as the spans themselves, as the processor's documentation advises; an entry is a few dozen bytes.
        decision_cache: dialect
            .decision_cache
            .then_some(DecisionCache { sampled_cache_size: num_traces * 10, non_sampled_cache_size: num_traces * 10 }),
        policies,
    }
}

fn exporters(emit: Emit<'_>, settings: &TracingSettings, tier: Tier, dialect: Dialect) -> Section<Exporter> {
    // Each signal of a destination has a queue of its own, and so has each sampler that the gateway knows.
    let per_signal: u64 = destinations(settings, tier)
        .map(|(_, d)| u64::from(d.traces && tier != Tier::Gateway) + u64::from(d.metrics && tier != Tier::Sampler))
        .sum();
    let balanced = if tier == Tier::Gateway { u64::from(settings.replicas) } else { 0 };
    let queue = queue(settings, per_signal + balanced, dialect);
    let mut all = Vec::new();
    if tier == Tier::Gateway {
        all.push((dialect.load_balancing.to_owned(), load_balancing(emit, settings, queue.clone())));
    }
    for (name, destination) in destinations(settings, tier) {
        all.push((key(name, destination, dialect), Exporter::Otlp(otlp(destination, queue.clone()))));
    }
    Section(all)
}

fn key(name: &str, destination: &OtlpDestination, dialect: Dialect) -> String {
    let kind = match destination.protocol {
        Protocol::Grpc => dialect.otlp_grpc,
        Protocol::Http => dialect.otlp_http,
    };
    format!("{kind}/{name}")
}

fn otlp(destination: &OtlpDestination, queue: Queue) -> Otlp {
    let (endpoint, tls) = match destination.protocol {
        Protocol::Grpc => (destination.authority.clone(), (!destination.tls).then_some(Tls { insecure: true })),
        Protocol::Http => (destination.endpoint.clone(), None),
    };
    Otlp {
        endpoint: Some(endpoint),
        tls,
        headers: destination.headers.iter().map(|(k, v)| (k.clone(), format!("${{env:{v}}}"))).collect(),
        retry_on_failure: retry(),
        sending_queue: queue,
    }
}

fn load_balancing(emit: Emit<'_>, settings: &TracingSettings, queue: Queue) -> Exporter {
    let hostname = match settings.collector {
        CollectorKind::Operator => emit.names.sampler_headless_service(&emit.plan.kubernetes.namespace),
        CollectorKind::Config => emit.names.sampler_host(),
    };
    Exporter::LoadBalancing {
        routing_key: "traceID",
        protocol: BalancedProtocol {
            otlp: Otlp {
                endpoint: None,
                tls: Some(Tls { insecure: true }),
                headers: std::collections::BTreeMap::new(),
                retry_on_failure: retry(),
                sending_queue: queue,
            },
        },
        // DNS needs no permission, unlike asking the API server, and works outside Kubernetes too.
        resolver: Resolver::Dns { hostname, port: GRPC_PORT.to_string() },
    }
}

fn retry() -> Retry {
    Retry { enabled: true, initial_interval: "5s", max_interval: "30s", max_elapsed_time: "300s" }
}

fn queue(settings: &TracingSettings, queues: u64, dialect: Dialect) -> Queue {
    if !dialect.queue_batches {
        let queue_size = sizing::queue_requests(settings, queues);
        return Queue { enabled: true, sizer: None, queue_size, batch: None };
    }
    Queue {
        enabled: true,
        sizer: Some("bytes"),
        queue_size: sizing::queue_bytes(settings, queues),
        batch: Some(QueueBatch {
            flush_timeout: "1s",
            // 0.138 to 0.144 do not take it from the queue (#14500).
            sizer: "bytes",
            min_size: sizing::MIN_MESSAGE_BYTES,
            max_size: sizing::MAX_MESSAGE_BYTES,
        }),
    }
}

fn own_metrics(dialect: Dialect) -> OwnMetrics {
    // Set or absent, never false.
    let without = dialect.reader_suffixes.then_some(true);
    OwnMetrics::Readers(vec![Reader::Pull {
        exporter: PullExporter::Prometheus(PrometheusReader {
            host: "0.0.0.0",
            port: METRICS_PORT,
            without_type_suffix: without,
            without_units: without,
            without_scope_info: without,
        }),
    }])
}

fn pipelines(
    emit: Emit<'_>,
    settings: &TracingSettings,
    tier: Tier,
    dialect: Dialect,
    receivers: &Section<Receiver>,
    processors: &Section<Processor>,
) -> Section<Pipeline> {
    let keys = |takes: fn(&OtlpDestination) -> bool| -> Vec<String> {
        destinations(settings, tier).filter(|(_, d)| takes(d)).map(|(n, d)| key(n, d, dialect)).collect()
    };
    let pipeline =
        |processors: Vec<String>, exporters| Pipeline { receivers: receivers.names(), processors, exporters };
    let traces = if tier == Tier::Gateway { vec![dialect.load_balancing.to_owned()] } else { keys(|d| d.traces) };
    let mut all = Vec::new();
    if !traces.is_empty() {
        all.push(("traces".to_owned(), pipeline(processors.names(), traces)));
    }
    if tier != Tier::Sampler && takes_metrics(emit) {
        // Sampling is for traces only.
        let names = processors.names().into_iter().filter(|n| n != TAIL_SAMPLING).collect();
        all.push(("metrics".to_owned(), pipeline(names, keys(|d| d.metrics))));
    }
    Section(all)
}

/// Returns whether any destination takes metrics.
pub fn takes_metrics(emit: Emit<'_>) -> bool {
    emit.plan.tracing.iter().flat_map(|t| t.destinations.values()).any(|d| d.metrics)
}
