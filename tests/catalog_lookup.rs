//! Look-ups across profiles: which metric a stored series can come from, who owns a name, what is near, whose label it is.

use std::collections::BTreeSet;

use llmobs::catalog::{Catalog, Kind, LabelOrigin, label_is_known, label_origin};

/// Series, and the profiles, parts and rewritings of its hits.
const FOUND: &[(&str, &[&str])] = &[
    ("vllm:num_requests_running", &["vllm Value", "vllm-router Value"]),
    ("vllm:time_to_first_token_seconds_bucket", &["vllm Bucket"]),
    ("vllm:time_to_first_token_seconds_sum", &["vllm Sum"]),
    ("vllm:time_to_first_token_seconds_count", &["vllm Count"]),
    // Only a native histogram has a series of its own name.
    ("vllm:time_to_first_token_seconds", &["vllm Value"]),
    ("vllm:prompt_tokens_created", &["vllm Created"]),
    ("vllm:prompt_tokens_total", &["vllm Value"]),
    ("vllm:prompt_tokens", &[]),
    ("vllm:iteration_tokens_total_bucket", &["vllm Bucket"]),
    ("vllm:num_requests_running_bucket", &[]),
    // A counter that ends in _count is no part of a histogram.
    ("nv_inference_count", &["triton Value"]),
    ("nv_inference_request_summary_us", &["triton Quantile"]),
    ("nv_inference_request_summary_us_bucket", &[]),
    ("vllm_num_requests_running", &["vllm Value ColonToUnderscore", "vllm-router Value ColonToUnderscore"]),
    ("ray_vllm_num_requests_running", &["vllm Value Prefixed ray-serve ray_"]),
    ("ray_vllm_time_to_first_token_seconds_bucket", &["vllm Bucket Prefixed ray-serve ray_"]),
    ("ray_sglang_num_running_reqs", &["sglang Value Prefixed ray-serve ray_"]),
    // Ray wraps no router.
    ("ray_vllm_healthy_pods_total", &[]),
    ("ray_tgi_request_count", &[]),
    ("tgi_request_count_total", &["tgi Value TotalAdded"]),
    ("gen_ai.server.request.duration_seconds_bucket", &["otel-genai Bucket Otlp utf8-with-suffixes"]),
    ("otelcol_receiver_accepted_spans_total", &["otelcol Value Otlp escaped-with-suffixes"]),
    ("process_cpu_seconds_total", &["go-client Value", "python-client Value"]),
    ("up", &["prometheus Value"]),
    ("acme_orders_total", &[]),
    ("", &[]),
    ("_bucket", &[]),
    ("_total", &[]),
    ("ray_", &[]),
    ("vllm:", &[]),
    ("ünïcode_bucket", &[]),
];

#[test]
fn series_are_found() {
    let mut catalog = Catalog::default();
    for (series, expected) in FOUND {
        let hits = catalog.find(series);
        let shown = hits.iter().map(|h| {
            let how = match &h.rewritten {
                None => String::new(),
                Some(llmobs::catalog::Rewriting::Prefixed { by, prefix }) => format!(" Prefixed {by} {prefix}"),
                Some(llmobs::catalog::Rewriting::Otlp(mode)) => format!(" Otlp {}", mode.word()),
                Some(other) => format!(" {other:?}"),
            };
            format!("{} {:?}{how}", h.profile.name, h.part)
        });
        let found: BTreeSet<String> = shown.collect();
        assert_eq!(found, expected.iter().map(|e| (*e).to_owned()).collect(), "{series}");
    }
}

#[test]
fn every_listed_series_is_found_as_itself() {
    let mut catalog = Catalog::default();
    for (name, _) in catalog.profile_names() {
        let profile = catalog.profile(&name).expect("it is listed");
        for (index, metric) in profile.metrics.iter().enumerate() {
            for series in metric.series() {
                let hits = catalog.find(&series);
                let own = hits.iter().find(|h| h.profile.name == name && h.metric == index);
                assert!(own.is_some_and(|h| h.rewritten.is_none()), "{series} of {name}");
            }
        }
    }
}

#[test]
fn owners_go_by_prefix() {
    let mut catalog = Catalog::default();
    for (series, expected) in [
        ("vllm:no_such_metric", &["vllm"][..]),
        ("DCGM_FI_NO_SUCH_FIELD", &["dcgm-exporter"]),
        ("kube_no_such_thing", &["kube-state-metrics"]),
        ("vllm_no_such_metric", &[]),
        ("http_requests_total", &[]),
        ("process_cpu_seconds_total", &[]),
    ] {
        let owners: Vec<String> = catalog.owners(series).iter().map(|p| p.name.clone()).collect();
        assert_eq!(owners, expected, "{series}");
    }
}

#[test]
fn nearest_keeps_the_part() {
    let mut catalog = Catalog::default();
    let vllm = catalog.profile("vllm").expect("vllm");
    for (series, expected) in [
        ("vllm:prompt_tokens", Some("vllm:prompt_tokens_total")),
        ("vllm:time_to_first_token_bucket", Some("vllm:time_to_first_token_seconds_bucket")),
        ("vllm:time_to_first_token_seconds", Some("vllm:time_to_first_token_seconds_bucket")),
        ("vllm:num_request_running", Some("vllm:num_requests_running")),
        ("vllm:e2e_request_latency_second_count", Some("vllm:e2e_request_latency_seconds_count")),
        ("vllm:zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", None),
    ] {
        assert_eq!(Catalog::nearest(&vllm, series).as_deref(), expected, "{series}");
    }
}

#[test]
fn labels_have_an_origin() {
    let mut catalog = Catalog::default();
    let mut origin = |series: &str, label: &str| {
        let hit = catalog.find(series).into_iter().next().expect("it is listed");
        assert_eq!(label_is_known(hit.metric(), label), label_origin(hit.metric(), label).is_some());
        label_origin(hit.metric(), label)
    };
    for (series, label, expected) in [
        ("vllm:time_to_first_token_seconds_bucket", "le", Some(LabelOrigin::Always)),
        ("vllm:num_requests_running", "le", None),
        ("vllm:num_requests_running", "model_name", Some(LabelOrigin::Always)),
        ("vllm:num_requests_running", "model", None),
        ("vllm:num_requests_running", "pod", Some(LabelOrigin::Target)),
        ("vllm:num_requests_running", "exported_pod", None),
        ("DCGM_FI_DEV_GPU_UTIL", "exported_pod", Some(LabelOrigin::Exported)),
        ("DCGM_FI_DEV_GPU_UTIL", "gpu", Some(LabelOrigin::Always)),
        ("nv_inference_request_summary_us", "quantile", Some(LabelOrigin::Always)),
        ("vllm:num_requests_running", "kubernetes_pod_name", Some(LabelOrigin::Target)),
        ("vllm:num_requests_running", "app_kubernetes_io_name", Some(LabelOrigin::Target)),
        ("vllm:num_requests_running", "io_model", None),
        ("target_info", "telemetry_sdk_language", Some(LabelOrigin::Open)),
        ("gen_ai_server_request_duration_seconds_sum", "gen_ai.operation.name", Some(LabelOrigin::Always)),
    ] {
        assert_eq!(origin(series, label), expected, "{label} of {series}");
    }
}

#[test]
fn only_profiles_with_signals_are_offered() {
    let mut catalog = Catalog::default();
    assert_eq!(catalog.engine_names(), ["sglang", "tgi", "vllm"]);
    assert_eq!(catalog.gpu_exporter_names(), ["dcgm-exporter"]);
    assert!(catalog.engine("triton").is_none() && catalog.profile("triton").is_some());
    let kinds = catalog.profile_names();
    assert!(kinds.windows(2).all(|w| w[0].0 < w[1].0), "{kinds:?}");
    assert!(kinds.iter().any(|(name, kind)| name == "epp" && *kind == Kind::Gateway));
}
