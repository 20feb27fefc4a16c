//! Delivery of dashboards to Grafana: JSON files, a provider file, ConfigMaps of the sidecar, or objects of the Grafana operator.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use serde::Serialize;
use serde_json::Value;

use super::dashboards::dashboards;
use super::kube::{self, Custom};
use super::{Artifact, Emit, yaml};
use crate::spec::Delivery;

/// Makes the artifacts.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let make = match emit.plan.grafana.delivery {
        Delivery::Files | Delivery::Provisioning => file,
        Delivery::Sidecar => config_map,
        Delivery::Operator => grafana_dashboard,
    };
    let mut out: Vec<Artifact> = dashboards(emit).iter().map(|(part, json)| make(emit, part, json)).collect();
    if emit.plan.grafana.delivery == Delivery::Provisioning {
        out.push(provider(emit));
    }
    out
}

/// Prints JSON as people read it in a diff.
fn text(json: &Value) -> String {
    // A value with string keys always prints.
    let mut text = serde_json::to_string_pretty(json).unwrap_or_default();
    text.push('\n');
    text
}

fn file(emit: Emit<'_>, part: &str, json: &Value) -> Artifact {
    Artifact::file(emit.names.dashboard_path(part), text(json))
}

/// The file that makes Grafana load dashboards from its disk.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProviderFile {
    api_version: u32,
    providers: Vec<Provider>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    name: String,
    org_id: u32,
    folder: String,
    #[serde(rename = "type")]
    kind: &'static str,
    disable_deletion: bool,
    allow_ui_updates: bool,
    update_interval_seconds: u32,
    options: ProviderOptions,
}

#[derive(Serialize)]
struct ProviderOptions {
    path: String,
}

fn provider(emit: Emit<'_>) -> Artifact {
    let project = &emit.plan.project.name;
    let file = ProviderFile {
        api_version: 1,
        providers: vec![Provider {
            name: emit.names.object("dashboards"),
            org_id: 1,
            folder: emit.plan.grafana.folder.clone(),
            kind: "file",
            disable_deletion: false,
            // What is changed in the browser would be lost with the next file.
            allow_ui_updates: false,
            update_interval_seconds: 30,
            options: ProviderOptions { path: format!("/var/lib/grafana/dashboards/{project}") },
        }],
    };
    let notes = "# Copy this file to Grafana's folder `provisioning/dashboards` and the JSON files of `grafana/dashboards` to the\n\
                 # folder that `path` names; change `path` if they lie elsewhere.\n";
    let document = yaml::document(&file);
    let (head, body) = document.split_once('\n').unwrap_or(("", &document));
    Artifact::file(emit.names.dashboard_provider_path(), format!("{head}\n{notes}{body}"))
}

fn config_map(emit: Emit<'_>, part: &str, json: &Value) -> Artifact {
    let grafana = &emit.plan.grafana;
    let label = BTreeMap::from([(grafana.sidecar_label.clone(), "1".to_owned())]);
    let name = emit.names.object(&format!("dashboard-{part}"));
    let mut metadata = kube::metadata(emit, name, &emit.plan.kubernetes.namespace, &label);
    // The annotation that the chart's sidecar reads where `folderAnnotation` is set to it; ignored elsewhere.
    metadata.annotations = Some(BTreeMap::from([("grafana_folder".to_owned(), grafana.folder.clone())]));
    let data = BTreeMap::from([(emit.names.dashboard_file(part), text(json))]);
    let object = ConfigMap { metadata, data: Some(data), ..ConfigMap::default() };
    Artifact::objects(emit.names.dashboard_object_path(part), yaml::document(&object))
}

/// `spec` of a GrafanaDashboard (`grafana.integreatly.org/v1beta1`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrafanaDashboardSpec {
    instance_selector: InstanceSelector,
    folder: String,
    resync_period: &'static str,
    json: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceSelector {
    match_labels: BTreeMap<String, String>,
}

fn grafana_dashboard(emit: Emit<'_>, part: &str, json: &Value) -> Artifact {
    let grafana = &emit.plan.grafana;
    let name = emit.names.object(&format!("dashboard-{part}"));
    let object = Custom {
        api_version: "grafana.integreatly.org/v1beta1",
        kind: "GrafanaDashboard",
        metadata: kube::metadata(emit, name, &emit.plan.kubernetes.namespace, &BTreeMap::new()),
        spec: GrafanaDashboardSpec {
            instance_selector: InstanceSelector { match_labels: grafana.instance_labels.clone() },
            folder: grafana.folder.clone(),
            resync_period: "10m",
            json: text(json),
        },
    };
    Artifact::objects(emit.names.dashboard_object_path(part), yaml::document(&object))
}
