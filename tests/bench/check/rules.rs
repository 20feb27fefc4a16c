//! Rules as teams that serve language models write them: mostly right, with a finding here and there. The same number gives the
//! same text.

use std::fmt::Write as _;

/// Rules of one model, in one group.
const PER_MODEL: usize = 20;

/// Returns a rule file of `n` rules, about 280 bytes each.
pub fn file(n: usize) -> String {
    let mut out = String::from("groups:\n");
    for model in 0..n.div_ceil(PER_MODEL) {
        let _ = writeln!(out, "  - name: model-{model:04}\n    interval: 30s\n    rules:");
        for rule in 0..PER_MODEL.min(n - model * PER_MODEL) {
            one(&mut out, model, rule);
        }
    }
    out
}

/// Writes rule number `rule` of a model.
fn one(out: &mut String, model: usize, rule: usize) {
    // Every fiftieth model has faults of the kinds that are seen in the wild.
    let faulty = model % 50 == 7;
    let pods = format!("namespace=\"llm-{}\", model_name=\"model-{model:04}\"", model % 20);
    let host = format!("hostname=~\"gpu-{model:04}-.*\"");
    let space = format!("namespace=\"llm-{}\"", model % 20);
    match rule {
        0 | 1 => {
            let (name, base) = [("ttft", "time_to_first_token_seconds"), ("e2e", "e2e_request_latency_seconds")][rule];
            let quantile = format!(
                "histogram_quantile(0.95, sum by (le, namespace, model_name) (rate(vllm:{base}_bucket{{{pods}}}[5m])))"
            );
            record(out, model, &format!("model:vllm_{name}_seconds:p95_5m"), &quantile);
        }
        2 | 3 => {
            let kind = ["prompt", "generation"][rule - 2];
            let total = if faulty { "" } else { "_total" };
            let rate = format!("sum by (namespace, model_name) (rate(vllm:{kind}_tokens{total}{{{pods}}}[5m]))");
            record(out, model, &format!("model:vllm_{kind}_tokens:rate5m"), &rate);
        }
        4 => {
            let part = |more: &str| {
                format!("sum by (namespace, model_name) (rate(vllm:request_success_total{{{pods}{more}}}[5m]))")
            };
            let ratio = format!("{} / {}", part(", finished_reason=\"abort\""), part(""));
            record(out, model, "model:vllm_requests_aborted:ratio_rate5m", &ratio);
        }
        5 => {
            let name = if faulty { "gpu_cache_usage_perc" } else { "kv_cache_usage_perc" };
            let usage = format!("max by (namespace, model_name) (vllm:{name}{{{pods}}})");
            record(out, model, "model:vllm_kv_cache_usage:max", &usage);
        }
        6 => {
            let hits = |what: &str| {
                format!("sum by (namespace, model_name) (increase(vllm:prefix_cache_{what}_total{{{pods}}}[30m]))")
            };
            let ratio = format!("{} / {}", hits("hits"), hits("queries"));
            record(out, model, "model:vllm_prefix_cache_hits:ratio_increase30m", &ratio);
        }
        7 => {
            let mean = |part: &str| {
                format!(
                    "sum by (namespace, model_name) (rate(sglang:inter_token_latency_seconds_{part}{{{pods}}}[5m]))"
                )
            };
            let ratio = format!("{} / {}", mean("sum"), mean("count"));
            record(out, model, "model:sglang_inter_token_latency_seconds:mean_5m", &ratio);
        }
        8 => {
            let waiting =
                format!("sum by (namespace, model_name) (avg_over_time(sglang:num_queue_reqs{{{pods}}}[10m]))");
            record(out, model, "model:sglang_queue:avg10m", &waiting);
        }
        9 => {
            let memory = format!(
                "avg by (hostname, gpu) (DCGM_FI_DEV_FB_USED{{{host}}} / (DCGM_FI_DEV_FB_USED{{{host}}} + \
                 DCGM_FI_DEV_FB_FREE{{{host}}}))"
            );
            record(out, model, "gpu:dcgm_framebuffer_used:ratio", &memory);
        }
        10 => {
            let energy = format!("sum by (hostname) (rate(DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{host}}}[5m])) / 1000");
            record(out, model, "node:dcgm_power_watts:rate5m", &energy);
        }
        _ => alert(out, model, rule, &condition(model, rule, faulty, &pods, &host, &space)),
    }
}

/// Returns name, condition and summary of an alert.
fn condition(
    model: usize,
    rule: usize,
    faulty: bool,
    pods: &str,
    host: &str,
    space: &str,
) -> (&'static str, String, &'static str) {
    let own = format!("model_name=\"model-{model:04}\"");
    match rule {
        11 => (
            "TimeToFirstTokenHigh",
            format!(
                "model:vllm_ttft_seconds:p95_5m{{{own}}} > 2.5 and model:vllm_generation_tokens:rate5m{{{own}}} > 0"
            ),
            "The 95th percentile is {{ $value | humanizeDuration }} in {{ $labels.namespace }}",
        ),
        12 => (
            "KvCacheNearlyFull",
            format!("model:vllm_kv_cache_usage:max{{{own}}} > {}", if faulty { "95" } else { "0.95" }),
            "The KV cache is used to {{ $value | humanizePercentage }}: requests are preempted soon",
        ),
        13 => (
            "RequestsAborted",
            format!("model:vllm_requests_aborted:ratio_rate5m{{{own}}} > 0.05"),
            "{{ $value | humanizePercentage }} of the requests to {{ $labels.model_name }} are aborted",
        ),
        14 => (
            "RequestsPreempted",
            if faulty {
                format!("rate(vllm:num_requests_waiting{{{pods}}}[5m]) > 1")
            } else {
                format!("sum by (namespace, model_name) (rate(vllm:num_preemptions_total{{{pods}}}[10m])) > 0.1")
            },
            "{{ $value }} requests per second are preempted: the KV cache is too small for the load",
        ),
        15 => (
            "QueueGrows",
            format!(
                "sum by (namespace, model_name) (vllm:num_requests_waiting{{{pods}}}) > 10 and sum by (namespace, model_name) \
                 (vllm:num_requests_running{{{pods}}}) > 0"
            ),
            "{{ $value }} requests wait for {{ $labels.model_name }} in {{ $labels.namespace }}",
        ),
        16 => (
            "GpuHot",
            format!("max by (hostname, gpu) (DCGM_FI_DEV_GPU_TEMP{{{host}}}) > 85"),
            "GPU {{ $labels.gpu }} of {{ $labels.hostname }} is at {{ $value }} degrees",
        ),
        17 => (
            "PodsRestart",
            format!("sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{{{space}}}[1h])) > 3"),
            "{{ $labels.namespace }}/{{ $labels.pod }} restarted {{ $value }} times within an hour",
        ),
        18 => (
            "ReplicasMissing",
            format!(
                "kube_deployment_status_replicas_available{{{space}, deployment=\"model-{model:04}\"}} / \
                 kube_deployment_spec_replicas{{{space}, deployment=\"model-{model:04}\"}} < 0.9"
            ),
            "Only {{ $value | humanizePercentage }} of the replicas of {{ $labels.deployment }} are there",
        ),
        _ => (
            "FirstTokensSlow",
            format!(
                "1 - sum by (namespace, model_name) (rate(vllm:time_to_first_token_seconds_bucket{{{pods}, le=\"{}\"}}[5m])) / sum \
                 by (namespace, model_name) (rate(vllm:time_to_first_token_seconds_count{{{pods}}}[5m])) > 0.01",
                if faulty { "3.0" } else { "2.5" }
            ),
            "{{ $value | humanizePercentage }} of the requests wait longer than 2.5 s for their first token",
        ),
    }
}

fn record(out: &mut String, model: usize, name: &str, expr: &str) {
    let _ = write!(
        out,
        "      - record: {name}\n        expr: {expr}\n        labels:\n          team: serving-{}\n          source: m{model:04}\n",
        model % 7
    );
}

fn alert(out: &mut String, model: usize, rule: usize, (name, expr, summary): &(&str, String, &str)) {
    let severity = if rule.is_multiple_of(2) { "critical" } else { "warning" };
    let _ = write!(
        out,
        "      - alert: {name}\n        expr: {expr}\n        for: 10m\n        labels:\n          severity: {severity}\n          \
         source: m{model:04}\n        annotations:\n          summary: \"{summary}\"\n          runbook_url: \
         https://runbooks.example.com/llm/{}\n",
        name.to_lowercase()
    );
}
