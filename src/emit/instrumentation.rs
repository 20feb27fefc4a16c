//! Instrumentation object: what the OpenTelemetry Operator injects into Python pods that ask for it.
//!
//! Source of the fields: the resource definition `opentelemetry.io/v1alpha1`, the only one that the operator serves.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::EnvVar;
use serde::Serialize;

use super::collector::{HTTP_PORT, takes_metrics};
use super::kube::{self, Custom};
use super::{Artifact, Emit, yaml};
use crate::spec::CollectorKind;

/// Probes and scrapes, which would be most of the traces. Regular expressions over the whole URL.
const EXCLUDED_URLS: &str = "/health$,/healthz$,/livez$,/readyz$,/ready$,/ping$,/metrics/?$";

#[derive(Serialize)]
struct InstrumentationSpec {
    exporter: Exporter,
    resource: Resource,
    propagators: Vec<&'static str>,
    sampler: Sampler,
    python: Language,
}

#[derive(Serialize)]
struct Exporter {
    endpoint: String,
}

#[derive(Serialize)]
struct Resource {
    #[serde(rename = "addK8sUIDAttributes")]
    add_k8s_uid_attributes: bool,
}

#[derive(Serialize)]
struct Sampler {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Language {
    env: Vec<EnvVar>,
}

/// Makes the object; none without the operator.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    if emit.plan.tracing.as_ref().is_none_or(|t| t.collector != CollectorKind::Operator) {
        return Vec::new();
    }
    let namespace = &emit.plan.kubernetes.namespace;
    let name = emit.names.instrumentation();
    let notes = [
        format!(
            "Pods ask for it with the annotation instrumentation.opentelemetry.io/inject-python: \"{namespace}/{name}\"."
        ),
        "The endpoint is that of OTLP over HTTP: the injected Python SDK speaks http/protobuf and has no gRPC."
            .to_owned(),
        "Applications sample nothing; the collector decides when a trace is complete.".to_owned(),
    ];
    let object = Custom {
        api_version: "opentelemetry.io/v1alpha1",
        kind: "Instrumentation",
        metadata: kube::metadata(emit, name, namespace, &BTreeMap::new()),
        spec: spec(emit),
    };
    vec![Artifact::objects("kubernetes/opentelemetry-instrumentation.yaml", yaml::document_with_notes(&notes, &object))]
}

fn spec(emit: Emit<'_>) -> InstrumentationSpec {
    let service = emit.names.collector_service(&emit.plan.kubernetes.namespace);
    InstrumentationSpec {
        exporter: Exporter { endpoint: format!("http://{service}:{HTTP_PORT}") },
        // The collector finds the pod by its uid where the address of the connection is that of a proxy.
        resource: Resource { add_k8s_uid_attributes: true },
        propagators: vec!["tracecontext", "baggage"],
        sampler: Sampler { kind: "parentbased_always_on" },
        python: Language { env: python(emit) },
    }
}

fn python(emit: Emit<'_>) -> Vec<EnvVar> {
    // Serving metrics to Prometheus would need a port of its own in each pod; the engines already serve theirs.
    let metrics = if takes_metrics(emit) { "otlp" } else { "none" };
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_METRICS_EXPORTER", metrics),
        // The operator's default is otlp, and the collector has no pipeline for logs.
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", ""),
        ("OTEL_PYTHON_EXCLUDED_URLS", EXCLUDED_URLS),
        // Stable names of HTTP attributes, with durations in seconds.
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "http"),
    ]
    .into_iter()
    .map(|(name, value)| EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() })
    .collect()
}
