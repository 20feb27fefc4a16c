//! `[tracing]`.

use crate::declare::Named;
use crate::declare::values::{Count, EnvName, LabelValue, PromLabelName, Slug, Url, VersionText};
use crate::source::Spanned;
use crate::units::{Bytes, Duration, Ratio};
use crate::{spec_table, spec_words};

spec_words! {
    /// How the collector is deployed.
    CollectorKind, "`operator` or `config`" {
        /// An OpenTelemetryCollector object and an Instrumentation object.
        Operator = "operator",
        /// A plain configuration file.
        Config = "config",
    }
}

spec_words! {
    /// Protocol of an OTLP destination.
    Protocol, "`grpc` or `http`" {
        /// OTLP over gRPC.
        Grpc = "grpc",
        /// OTLP over HTTP with protobuf.
        Http = "http",
    }
}

spec_words! {
    /// What a destination takes.
    SignalKind, "`traces` or `metrics`" {
        /// Traces.
        Traces = "traces",
        /// Metrics.
        Metrics = "metrics",
    }
}

spec_table! {
    /// The OpenTelemetry Collector.
    Tracing {
        /// `operator`: OpenTelemetryCollector and Instrumentation objects. `config`: a plain configuration file.
        optional collector: CollectorKind = "`operator`",
        /// Version of the collector; it decides the names of components.
        optional version: VersionText = "`0.158.0`",
        /// Replicas of the collector. With more than one, sampling whole traces needs a tier that routes by trace id.
        optional replicas: Count = "`1`",
        /// Memory limit of the collector.
        optional memory_limit: Bytes = "`1GiB`",
        /// Traces that take longer are always kept.
        optional keep_slower_than: Duration = "the largest e2e_latency threshold of the SLOs, or `10s`",
        /// Share of the other traces that is kept. Traces with errors are always kept.
        optional keep_share: Ratio = "`10%`",
        /// Labels that select the collector's own metrics, where you scrape them: alerts watch it then. Not needed where an operator of the collector makes the ServiceMonitor.
        optional matchers: Named<PromLabelName, LabelValue> = "the job of the operator's ServiceMonitor; elsewhere none, and no alerts",
        /// Where traces and metrics go, by a name of your choice.
        required destinations: Named<Slug, Destination>,
    }
}

spec_table! {
    /// One OTLP destination, for example Tempo.
    Destination {
        /// Base URL, for example `http://tempo.monitoring:4317`.
        required endpoint: Url,
        /// `grpc` or `http`.
        optional protocol: Protocol = "`grpc`",
        /// `traces`, `metrics` or both.
        optional signals: Vec<Spanned<SignalKind>> = "`[\"traces\"]`",
        /// HTTP headers, each with the name of the environment variable that holds its value.
        optional headers: Named<HeaderName, EnvName>,
    }
}

/// Name of an HTTP header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderName(pub String);

impl crate::declare::FromKey for HeaderName {
    const PATTERN: &'static str = "^[A-Za-z][-A-Za-z0-9]{0,99}$";

    fn from_key(text: &str) -> Result<Self, String> {
        let ok = (1..=100).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected the name of an HTTP header, such as `X-Scope-OrgID`".to_owned())
        }
    }
}
