//! Relabelling steps of scrape jobs: which discovered pods and Services are kept, and which labels their series get.
//!
//! The steps are those that the Prometheus Operator writes for a PodMonitor or ServiceMonitor, as far as rules need them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::declare::values::Port;

/// One step. Without an action it replaces.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RelabelConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    source_labels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
}

/// Sets a label of every series. `value` holds no `$`.
pub fn set(label: &str, value: &str) -> RelabelConfig {
    RelabelConfig {
        target_label: Some(label.to_owned()),
        replacement: Some(value.to_owned()),
        ..RelabelConfig::default()
    }
}

/// Sets a label where another one matches an expression.
pub fn set_where(label: &str, value: &str, source: &str, regex: &str) -> RelabelConfig {
    RelabelConfig { source_labels: vec![source.to_owned()], regex: Some(regex.to_owned()), ..set(label, value) }
}

/// Drops where a label matches an expression.
pub fn drop(source: &str, regex: &str) -> RelabelConfig {
    RelabelConfig {
        action: Some("drop"),
        source_labels: vec![source.to_owned()],
        regex: Some(regex.to_owned()),
        ..RelabelConfig::default()
    }
}

/// Returns the steps for pods (role `pod`) with labels and a container port.
pub fn of_pods(labels: &BTreeMap<String, String>, port: &Port) -> Vec<RelabelConfig> {
    let mut steps = vec![drop_finished()];
    steps.extend(labels.iter().map(|(k, v)| keep_label("pod", k, v)));
    steps.push(match port {
        Port::Name(name) => keep("__meta_kubernetes_pod_container_port_name", name),
        Port::Number(number) => keep("__meta_kubernetes_pod_container_port_number", &number.to_string()),
    });
    steps.extend(where_from());
    steps
}

/// Returns the steps for a Service (role `endpointslice`) with labels and a named port.
///
/// A pod that is found several times, by two Services or two address families, gets the same address each time and so becomes
/// one target: its series do not count twice.
pub fn of_service(labels: &BTreeMap<String, String>, port: &str) -> Vec<RelabelConfig> {
    let mut steps = vec![drop_finished()];
    steps.extend(labels.iter().map(|(k, v)| keep_label("service", k, v)));
    steps.push(keep("__meta_kubernetes_endpointslice_port_name", port));
    let address = |regex: &str, replacement: &str| RelabelConfig {
        source_labels: strings(&["__meta_kubernetes_pod_ip", "__meta_kubernetes_endpointslice_port"]),
        regex: Some(regex.to_owned()),
        ..set("__address__", replacement)
    };
    steps.push(address("([^:;]+);([0-9]+)", "$1:$2"));
    steps.push(address("([^;]*:[^;]*);([0-9]+)", "[$1]:$2"));
    steps.extend(where_from());
    steps
}

/// Pods that have ended stay known until they are deleted; they are not replicas.
fn drop_finished() -> RelabelConfig {
    drop("__meta_kubernetes_pod_phase", "Failed|Succeeded")
}

fn keep(source: &str, value: &str) -> RelabelConfig {
    RelabelConfig {
        action: Some("keep"),
        source_labels: vec![source.to_owned()],
        regex: Some(literal(value)),
        ..RelabelConfig::default()
    }
}

/// Discovery has labels under names in which everything but letters, digits and `_` is `_`; `labelpresent` tells an empty value
/// from a label that is not there.
fn keep_label(object: &str, label: &str, value: &str) -> RelabelConfig {
    let name: String = label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    RelabelConfig {
        action: Some("keep"),
        source_labels: vec![
            format!("__meta_kubernetes_{object}_label_{name}"),
            format!("__meta_kubernetes_{object}_labelpresent_{name}"),
        ],
        regex: Some(format!("{};true", literal(value))),
        ..RelabelConfig::default()
    }
}

/// `container` as well, so that an exporter's own label of that name becomes exported_container as with the operator.
fn where_from() -> [RelabelConfig; 3] {
    let copy = |from: &str, to: &str| RelabelConfig {
        source_labels: strings(&[from]),
        target_label: Some(to.to_owned()),
        ..RelabelConfig::default()
    };
    [
        copy("__meta_kubernetes_namespace", "namespace"),
        copy("__meta_kubernetes_pod_name", "pod"),
        copy("__meta_kubernetes_pod_container_name", "container"),
    ]
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

/// Writes a text as an expression that matches only it. Label values and port names know no other special character.
fn literal(text: &str) -> String {
    text.replace('.', "\\.")
}
