//! The scrape configuration for simulated pages. Pages have neither pods nor Services, so what relabelling would set is written out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Known;
use crate::Program;
use crate::emit::{scrape_timeout, yaml_body};

/// What a reader should know.
const REMARKS: &[&str] = &[
    "For Prometheus: the pages of `llmobs simulate`. Add `rule_files` with the generated rules, or put the jobs into a file of",
    "`scrape_config_files`. Each target has the labels that the generated monitors and jobs give it.",
];

/// Writes it.
pub fn text(program: &Program, targets: &[Known], address: &str) -> String {
    let interval = program.plan.prometheus.scrape_interval;
    let mut jobs: BTreeMap<(&str, bool), Vec<Value>> = BTreeMap::new();
    for target in targets {
        let mut labels: BTreeMap<&str, &str> =
            target.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).filter(|(k, _)| *k != "job").collect();
        let path = target.path();
        labels.insert("__metrics_path__", &path);
        jobs.entry((&target.job, target.honor)).or_default().push(json!({ "targets": [address], "labels": labels }));
    }
    let jobs: Vec<Value> = jobs
        .into_iter()
        .map(|((job, honor), targets)| {
            json!({
                "job_name": job,
                "scrape_interval": interval.to_string(),
                "scrape_timeout": scrape_timeout(interval).to_string(),
                "honor_labels": honor,
                "static_configs": targets,
            })
        })
        .collect();
    let evaluation = program.plan.prometheus.evaluation_interval.to_string();
    let config = json!({ "global": { "evaluation_interval": evaluation }, "scrape_configs": jobs });
    let remarks: String = REMARKS.iter().map(|r| format!("# {r}\n")).collect();
    format!("{remarks}{}", yaml_body(&config))
}
