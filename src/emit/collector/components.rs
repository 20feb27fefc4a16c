//! What the declared version of the collector calls things and can do.
//!
//! Newer versions still load the old names, as deprecated aliases; older ones do not know the new names.
//! Sources: CHANGELOG.md of opentelemetry-collector, and `internal/metadata` of the components of opentelemetry-collector-contrib
//! at the named versions.

use crate::catalog::Release;

/// Names and abilities of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Exporter of OTLP over gRPC.
    pub otlp_grpc: &'static str,
    /// Exporter of OTLP over HTTP.
    pub otlp_http: &'static str,
    /// Processor that adds attributes of pods.
    pub k8s_attributes: &'static str,
    /// Exporter that routes by trace id.
    pub load_balancing: &'static str,
    /// Whether queues of exporters make batches, so that the batch processor is not needed.
    pub queue_batches: bool,
    /// Whether tail sampling remembers decisions of both kinds for late spans.
    pub decision_cache: bool,
    /// Whether a reader of the collector's own metrics adds suffixes to names unless told not to; later versions do not.
    pub reader_suffixes: bool,
}

impl Dialect {
    /// Returns the dialect of a version.
    pub fn of(release: &Release) -> Self {
        let since = |version: &str| Release::parse(version).is_some_and(|v| *release >= v);
        Self {
            // 0.144.0: #14403, #14396.
            otlp_grpc: if since("0.144.0") { "otlp_grpc" } else { "otlp" },
            otlp_http: if since("0.144.0") { "otlp_http" } else { "otlphttp" },
            // contrib 0.146.0, #45901: 0.145.0 declares `k8sattributes` only.
            k8s_attributes: if since("0.146.0") { "k8s_attributes" } else { "k8sattributes" },
            // contrib #48533, after 0.152.0 (which declares `loadbalancing` only) and before 0.153.0.
            load_balancing: if since("0.153.0") { "load_balancing" } else { "loadbalancing" },
            // `sending_queue.batch` came with 0.123.0 (#12772). Until 0.131.0 an item larger than `max_size` stopped the exporter
            // (#12893), which a span with a long prompt can be.
            queue_batches: since("0.131.0"),
            // Drop decisions are remembered when they are taken, not with the first late span, since contrib #37189.
            decision_cache: since("0.120.0"),
            // 0.119.0 (#11611) to 0.130.0 (#13449).
            reader_suffixes: since("0.119.0") && !since("0.131.0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_version() {
        let names = |version: &str| {
            let d = Dialect::of(&Release::parse(version).expect("a version"));
            (d.otlp_grpc, d.otlp_http, d.k8s_attributes, d.load_balancing)
        };
        assert_eq!(names("0.143.1"), ("otlp", "otlphttp", "k8sattributes", "loadbalancing"));
        assert_eq!(names("0.144.0"), ("otlp_grpc", "otlp_http", "k8sattributes", "loadbalancing"));
        assert_eq!(names("0.146.0"), ("otlp_grpc", "otlp_http", "k8s_attributes", "loadbalancing"));
        assert_eq!(names("0.152.1"), ("otlp_grpc", "otlp_http", "k8s_attributes", "loadbalancing"));
        assert_eq!(names("0.158.0"), ("otlp_grpc", "otlp_http", "k8s_attributes", "load_balancing"));
    }

    #[test]
    fn abilities_follow_the_version() {
        let of = |version: &str| {
            let d = Dialect::of(&Release::parse(version).expect("a version"));
            (d.queue_batches, d.decision_cache, d.reader_suffixes)
        };
        assert_eq!(of("0.111.0"), (false, false, false));
        assert_eq!(of("0.120.0"), (false, true, true));
        assert_eq!(of("0.130.1"), (false, true, true));
        assert_eq!(of("0.131.0"), (true, true, false));
    }
}
