//! Every name that we emit: recorded series, groups, objects, files, dashboards, runbooks.
//!
//! No other module spells a name.

use crate::resolve::Plan;
use crate::signals::{AlertKind, Level, Measure, Over, What};
use crate::units::{Currency, Duration};

/// File in the output folder that lists what we wrote.
pub const MANIFEST: &str = ".llmobs-manifest.json";

/// Begin of the name of a file that is still being written; it is renamed when it is whole.
pub const TEMPORARY: &str = ".llmobs-tmp-";

/// Names of one project.
#[derive(Clone, Debug)]
pub struct Names {
    prefix: String,
    currency: String,
    window: Duration,
    project: String,
    runbook_base_url: Option<String>,
}

impl Names {
    /// Returns the names of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            prefix: plan.prometheus.rule_prefix.clone(),
            currency: plan.costs.as_ref().map_or_else(|| Currency::default().in_name(), |c| c.currency.in_name()),
            window: plan.prometheus.rate_window,
            project: plan.project.name.clone(),
            runbook_base_url: plan.project.runbook_base_url.clone(),
        }
    }

    /// Returns the name of a recorded series: `ai:ttft_seconds:p99`, `ai:fleet_tokens_per_second`.
    pub fn record(&self, measure: Measure) -> String {
        let level = match measure.level {
            Level::Model | Level::Gpu => "",
            Level::Fleet => "fleet_",
            Level::Pool => "pool_",
            Level::Namespace => "namespace_",
            Level::Gateway => "gateway_",
            Level::Tenant => "tenant_",
        };
        let money = &self.currency;
        let (stem, op): (String, String) = match measure.what {
            What::LatencyBuckets(l) => (format!("{}_bucket", l.stem()), format!("rate{}", self.window)),
            What::LatencyBucketsMillis(l) => {
                (format!("{}_bucket", l.stem().replace("_seconds", "_milliseconds")), format!("rate{}", self.window))
            }
            What::LatencyQuantile(l, q) => (l.stem().to_owned(), q.suffix()),
            What::SloThreshold(l) => (l.stem().to_owned(), "slo".to_owned()),
            What::SloEvents(over) => ("slo_events".into(), self.over(over)),
            What::SloBadEvents(over) => ("slo_bad_events".into(), self.over(over)),
            What::SloBurnRate => ("slo_burn_rate".into(), String::new()),
            What::SloBudgetRemaining => ("slo_budget_remaining_ratio".into(), String::new()),
            What::SloBudgetExhaustion => ("slo_budget_exhaustion_seconds".into(), String::new()),
            What::SloObjective => ("slo_objective_ratio".into(), String::new()),
            What::PromptTokens => ("prompt_tokens_per_second".into(), String::new()),
            What::GenerationTokens => ("generation_tokens_per_second".into(), String::new()),
            What::Tokens => ("tokens_per_second".into(), String::new()),
            What::Requests => ("requests_per_second".into(), String::new()),
            What::Errors => ("errors_per_second".into(), String::new()),
            What::Aborts => ("aborts_per_second".into(), String::new()),
            What::PrefixCacheHits => ("prefix_cache_hits_per_second".into(), String::new()),
            What::PrefixCacheQueries => ("prefix_cache_queries_per_second".into(), String::new()),
            What::GpuPowerThrottled => ("gpu_power_throttled_ratio".into(), aggregated(measure.level, "max")),
            What::GpuXid => ("gpu_xid".into(), aggregated(measure.level, "max")),
            What::HostGpus => ("host_gpus".into(), String::new()),
            What::ErrorRatio => ("error_ratio".into(), String::new()),
            What::Running => ("active_sequences".into(), String::new()),
            What::Waiting => ("pending_requests".into(), String::new()),
            What::KvCacheAvg => ("kv_cache_usage_ratio".into(), "avg".into()),
            What::KvCacheMax => ("kv_cache_usage_ratio".into(), "max".into()),
            What::PrefixCacheHitRatio => ("prefix_cache_hit_ratio".into(), String::new()),
            What::Preemptions => ("preemptions_per_second".into(), String::new()),
            What::LoraAdapters => ("lora_adapters".into(), "info".into()),
            What::LoraSlotsExhausted => ("lora_slots_exhausted".into(), String::new()),
            What::Replicas => ("replicas".into(), String::new()),
            What::ReplicasUp => ("replicas_up".into(), String::new()),
            What::ReplicasWanted => ("replicas_wanted".into(), String::new()),
            What::Gpus => (if measure.level == Level::Pool { "gpus" } else { "gpus_allocated" }.into(), String::new()),
            What::CostPerHour => (format!("cost_{money}_per_hour"), String::new()),
            What::CostPerMillionTokens => (format!("cost_{money}_per_million_tokens"), String::new()),
            What::CostPerMillionGenerationTokens => {
                (format!("cost_{money}_per_million_generation_tokens"), String::new())
            }
            What::CostPerGpuHour => (format!("cost_{money}_per_gpu_hour"), String::new()),
            What::CostPerMillionInputTokens => (format!("cost_{money}_per_million_input_tokens"), String::new()),
            What::CostPerMillionOutputTokens => (format!("cost_{money}_per_million_output_tokens"), String::new()),
            What::CostPerRequest => (format!("cost_{money}_per_request"), String::new()),
            What::CostPerRequestQuantile(q) => (format!("cost_{money}_per_request"), q.suffix()),
            What::IdleCostPerHour => (format!("idle_cost_{money}_per_hour"), String::new()),
            What::UnheldCostPerHour => (format!("unheld_cost_{money}_per_hour"), String::new()),
            What::SpendPerHour => (format!("spend_{money}"), "1h".into()),
            What::SpendOfHour => (format!("spend_{money}"), "hour".into()),
            What::SpendOver(window) => (format!("spend_{money}"), window.to_string()),
            What::SpendPerDay => (format!("spend_{money}"), "1d".into()),
            What::SpendOfMonth => (format!("spend_{money}"), "month_to_date".into()),
            What::SpendForecast => (format!("spend_{money}"), "month_forecast".into()),
            What::Budget => (format!("budget_{money}"), "month".into()),
            What::BudgetSpent => ("budget_spent_ratio".into(), String::new()),
            What::Info => ("model_info".into(), String::new()),
            What::GpuUtilization => ("gpu_utilization_ratio".into(), aggregated(measure.level, "avg")),
            What::GpuMemoryUsed => ("gpu_memory_used_bytes".into(), aggregated(measure.level, "sum")),
            What::GpuMemoryTotal => ("gpu_memory_bytes".into(), aggregated(measure.level, "sum")),
            What::GpuMemoryUsedRatio => ("gpu_memory_used_ratio".into(), aggregated(measure.level, "avg")),
            What::GpuTemperature => ("gpu_temperature_celsius".into(), aggregated(measure.level, "max")),
            What::GpuPower => ("gpu_power_watts".into(), aggregated(measure.level, "sum")),
            What::GpuThermalThrottled => ("gpu_thermal_throttled_ratio".into(), aggregated(measure.level, "max")),
        };
        let colon = if op.is_empty() { "" } else { ":" };
        format!("{}:{level}{stem}{colon}{op}", self.prefix)
    }

    fn over(&self, over: Over) -> String {
        match over {
            Over::Second => format!("rate{}", self.window),
            Over::Window(window) => format!("increase{window}"),
        }
    }

    /// Returns the name of a rule group: `llmobs-demo-model-chat`.
    pub fn group(&self, part: &str) -> String {
        format!("llmobs-{}-{part}", self.project)
    }

    /// Returns the name of a Kubernetes object: `llmobs-demo-model-chat`, at most 98 characters.
    pub fn object(&self, part: &str) -> String {
        format!("llmobs-{}-{part}", self.project)
    }

    /// Returns the name of the OpenTelemetryCollector that takes telemetry. The operator adds `-collector` to what it makes of it,
    /// so its Service is `llmobs-demo-collector`.
    pub fn collector(&self) -> String {
        extensible(&format!("llmobs-{}", self.project))
    }

    /// Returns the name of the OpenTelemetryCollector that samples.
    pub fn sampler(&self) -> String {
        extensible(&self.object("sampler"))
    }

    /// Returns the host of the Service that takes telemetry, in every namespace: `llmobs-demo-collector.monitoring.svc`.
    pub fn collector_service(&self, namespace: &str) -> String {
        format!("{}-collector.{namespace}.svc", self.collector())
    }

    /// Returns the host that resolves to every sampler that the operator runs.
    pub fn sampler_headless_service(&self, namespace: &str) -> String {
        format!("{}-collector-headless.{namespace}.svc", self.sampler())
    }

    /// Returns the host that the user makes resolve to every sampler, without the operator.
    pub fn sampler_host(&self) -> String {
        self.object("sampler")
    }

    /// Returns the name of the collector's ServiceAccount.
    pub fn collector_account(&self) -> String {
        self.object("collector")
    }

    /// Returns the name of the collector's ClusterRole and its binding. The namespace keeps apart two deployments of one project.
    pub fn collector_cluster_role(&self, namespace: &str) -> String {
        self.object(&format!("collector-{namespace}"))
    }

    /// Returns the name of the Secret with the headers of OTLP destinations; its keys are names of environment variables.
    pub fn otlp_secret(&self) -> String {
        self.object("otlp")
    }

    /// Returns the name of the Instrumentation object.
    pub fn instrumentation(&self) -> String {
        self.object("instrumentation")
    }

    /// Returns the value of the label `app.kubernetes.io/part-of`: `llmobs-demo`.
    pub fn part_of(&self) -> String {
        format!("llmobs-{}", self.project)
    }

    /// Returns the name of an object that must be a DNS label, as a Service must: at most 63 characters; the same for the same
    /// project and part.
    pub fn dns_label(&self, part: &str) -> String {
        shortened(&self.object(part), 63)
    }

    /// Returns the name of a scrape job: `llmobs-demo-model-chat`.
    pub fn scrape_job(&self, part: &str) -> String {
        format!("llmobs-{}-{part}", self.project)
    }

    /// Returns the uid of a dashboard, at most 40 of `a-z`, `0-9` and `-`; the same for the same project and part.
    pub fn dashboard_uid(&self, part: &str) -> String {
        shortened(&format!("{}-{part}", self.project), 40)
    }

    /// Returns the path of a dashboard's JSON in the output folder.
    pub fn dashboard_path(&self, part: &str) -> String {
        format!("grafana/dashboards/{part}.json")
    }

    /// Returns the file name of a dashboard inside its ConfigMap. Sidecars write the files of all ConfigMaps into one folder, so
    /// it names the project.
    pub fn dashboard_file(&self, part: &str) -> String {
        format!("llmobs-{}-{part}.json", self.project)
    }

    /// Returns the path of the Kubernetes object that carries a dashboard.
    pub fn dashboard_object_path(&self, part: &str) -> String {
        format!("kubernetes/dashboard-{part}.yaml")
    }

    /// Returns the path of the file that tells Grafana where provisioned dashboards lie.
    pub fn dashboard_provider_path(&self) -> String {
        "grafana/provisioning/dashboards/llmobs.yaml".to_owned()
    }

    /// Returns the path of a runbook in the output folder.
    pub fn runbook_path(&self, kind: AlertKind) -> String {
        format!("runbooks/{}.md", kind.name())
    }

    /// Returns the path of the page about an objective in the output folder, beside the runbooks. Names of models have no
    /// underscore and those of objectives no hyphen, so no two are the same.
    pub fn slo_path(&self, model: &str, slo: &str) -> String {
        format!("runbooks/slos/{model}-{slo}.md")
    }

    /// Returns the published page of an alert by name, or of a Grafana variable that holds the name; `None` where runbooks are
    /// not published.
    pub fn published_runbook(&self, name: &str) -> Option<String> {
        self.runbook_base_url.as_ref().map(|base| format!("{base}/{name}.md"))
    }

    /// Returns what an alert links to: the published page, or the file in the output folder.
    pub fn runbook_link(&self, kind: AlertKind) -> String {
        match &self.runbook_base_url {
            Some(base) => format!("{base}/{}.md", kind.name()),
            None => self.runbook_path(kind),
        }
    }

    /// Returns the window of recorded rates.
    pub fn window(&self) -> Duration {
        self.window
    }
}

fn aggregated(level: Level, op: &str) -> String {
    if level == Level::Gpu { String::new() } else { op.to_owned() }
}

/// Returns a name to which the OpenTelemetry Operator can add `-collector-monitoring` within the 63 characters of a Service.
fn extensible(name: &str) -> String {
    shortened(name, 63 - "-collector-monitoring".len())
}

/// Returns a name of at most `most` characters: itself, or its beginning and a digest of the whole. The name is ASCII, `most` is
/// above 9.
fn shortened(name: &str, most: usize) -> String {
    use sha2::{Digest, Sha256};
    if name.len() <= most {
        return name.to_owned();
    }
    let digest: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect();
    format!("{}-{digest}", name[..most - 9].trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        assert_eq!(shortened(&"a".repeat(63), 63), "a".repeat(63));
        let (one, other) =
            (shortened(&format!("{}1", "a-".repeat(40)), 63), shortened(&format!("{}2", "a-".repeat(40)), 63));
        assert!(one.len() <= 63 && other.len() <= 63);
        assert_ne!(one, other);
        assert!(!one.contains("--"));
    }
}
