//! The pod of dcgm-exporter: image, settings, volumes, rights, probes. Follows NVIDIA's Helm chart (dcgm-exporter 4.5.3-4.8.2,
//! `deployment/`) where nothing else is said.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction,
    HostPathVolumeSource, ObjectFieldSelector, PodSpec, Probe, ResourceRequirements, SecurityContext, Toleration,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::gpu_exporter::COUNTERS;
use super::scrape::METRICS_PORT;
use crate::catalog::Release;
use crate::resolve::Pool;

/// Port of the exporter.
pub const PORT: i32 = 9400;
const IMAGE: &str = "nvcr.io/nvidia/k8s/dcgm-exporter";
/// Base systems of the images: first exporter release, suffix of the tag; the newest first. From the image tags in the Helm chart
/// at every release from 2.4.1 to 4.8.2; 4.8.3 and 4.8.4 were seen in use, later ones are assumed to follow.
const BASES: &[(&str, &str)] = &[("4.8.0", "distroless"), ("3.2.0", "ubuntu22.04"), ("0", "ubuntu20.04")];
/// Where the kubelet says which pod holds which GPU.
const POD_RESOURCES: &str = "/var/lib/kubelet/pod-resources";
/// How often values are collected, milliseconds; the default of the exporter. Windows of rates are at least four of it.
const COLLECT_INTERVAL_MS: &str = "30000";

/// Returns the pod. `config_map` is the name of the ConfigMap with the list of fields; `profiling` says whether one of them comes
/// from the driver's profiling module.
pub fn spec(pool: &Pool, config_map: &str, profiling: bool) -> PodSpec {
    PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container(pool, profiling)],
        node_selector: Some(pool.node_selector.clone()),
        tolerations: Some(vec![Toleration {
            key: Some("nvidia.com/gpu".to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some("NoSchedule".to_owned()),
            ..Toleration::default()
        }]),
        volumes: Some(vec![
            Volume {
                name: "pod-resources".to_owned(),
                host_path: Some(HostPathVolumeSource {
                    path: POD_RESOURCES.to_owned(),
                    type_: Some("Directory".to_owned()),
                }),
                ..Volume::default()
            },
            Volume {
                name: "counters".to_owned(),
                config_map: Some(ConfigMapVolumeSource {
                    name: config_map.to_owned(),
                    ..ConfigMapVolumeSource::default()
                }),
                ..Volume::default()
            },
        ]),
        ..PodSpec::default()
    }
}

/// Returns the image of a release. A tag that names its base system is taken as it is; a bare exporter version stands for the
/// release of the catalogue that it equals, since every tag names the version of DCGM too.
fn image(declared: &Release, known: &Release) -> String {
    let version = if declared.as_str().contains('-') || declared != known { declared } else { known };
    if version.as_str().matches('-').count() > 1 {
        return format!("{IMAGE}:{version}");
    }
    let since = |first: &str| Release::parse(first).is_some_and(|first| *version >= first);
    let base = BASES.iter().find(|(first, _)| since(first)).map_or("distroless", |(_, base)| base);
    format!("{IMAGE}:{version}-{base}")
}

fn container(pool: &Pool, profiling: bool) -> Container {
    Container {
        name: "dcgm-exporter".to_owned(),
        image: Some(image(&pool.version, &pool.exporter.release)),
        env: Some(environment()),
        ports: Some(vec![ContainerPort {
            name: Some(METRICS_PORT.to_owned()),
            container_port: PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        resources: Some(resources()),
        security_context: Some(rights(profiling)),
        // The first answer waits for libraries, the driver and a collection; after that, silence means it hangs.
        startup_probe: Some(probe(5, 36)),
        readiness_probe: Some(probe(15, 3)),
        liveness_probe: Some(probe(30, 4)),
        volume_mounts: Some(vec![
            mount("pod-resources", POD_RESOURCES, None),
            mount("counters", &counters_path(), Some(COUNTERS)),
        ]),
        ..Container::default()
    }
}

fn counters_path() -> String {
    format!("/etc/dcgm-exporter/{COUNTERS}")
}

fn environment() -> Vec<EnvVar> {
    let fixed =
        |name: &str, value: &str| EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() };
    vec![
        fixed("DCGM_EXPORTER_LISTEN", &format!(":{PORT}")),
        fixed("DCGM_EXPORTER_KUBERNETES", "true"),
        fixed("DCGM_EXPORTER_COLLECTORS", &counters_path()),
        fixed("DCGM_EXPORTER_INTERVAL", COLLECT_INTERVAL_MS),
        // Without it the label with the host would hold the name of the pod.
        EnvVar {
            name: "NODE_NAME".to_owned(),
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    field_path: "spec.nodeName".to_owned(),
                    ..ObjectFieldSelector::default()
                }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        },
    ]
}

/// No limit on CPU: a throttled exporter answers late, and a late answer looks like a node that is gone.
fn resources() -> ResourceRequirements {
    let quantities = |list: &[(&str, &str)]| -> Option<BTreeMap<String, Quantity>> {
        Some(list.iter().map(|(k, v)| ((*k).to_owned(), Quantity((*v).to_owned()))).collect())
    };
    ResourceRequirements {
        requests: quantities(&[("cpu", "100m"), ("memory", "256Mi")]),
        limits: quantities(&[("memory", "512Mi")]),
        ..ResourceRequirements::default()
    }
}

/// Root, because the kubelet's socket belongs to root. The driver gives profiling fields to CAP_SYS_ADMIN only; without such
/// fields it is not asked for.
fn rights(profiling: bool) -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            add: profiling.then(|| vec!["SYS_ADMIN".to_owned()]),
            drop: Some(vec!["ALL".to_owned()]),
        }),
        run_as_non_root: Some(false),
        run_as_user: Some(0),
        ..SecurityContext::default()
    }
}

fn probe(period_seconds: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some("/health".to_owned()),
            port: IntOrString::String(METRICS_PORT.to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period_seconds),
        timeout_seconds: Some(5),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

fn mount(volume: &str, path: &str, sub_path: Option<&str>) -> VolumeMount {
    VolumeMount {
        name: volume.to_owned(),
        mount_path: path.to_owned(),
        sub_path: sub_path.map(str::to_owned),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_the_base_system_of_their_release() {
        let check = |declared: &str, known: &str, tag: &str| {
            let (Some(declared), Some(known)) = (Release::parse(declared), Release::parse(known)) else {
                panic!("{declared} and {known} are releases")
            };
            assert_eq!(image(&declared, &known), format!("{IMAGE}:{tag}"));
        };
        check("3.1.7-3.1.4", "3.1.7-3.1.4", "3.1.7-3.1.4-ubuntu20.04");
        check("3.3.0-3.2.0", "3.1.7-3.1.4", "3.3.0-3.2.0-ubuntu22.04");
        check("4.4.2-4.7.1", "4.4.2-4.7.1", "4.4.2-4.7.1-ubuntu22.04");
        check("4.5.3-4.8.2", "4.5.3-4.8.2", "4.5.3-4.8.2-distroless");
        check("4.8.2", "4.5.3-4.8.2", "4.5.3-4.8.2-distroless");
        check("4.4.2-4.7.1-ubi9", "4.4.2-4.7.1", "4.4.2-4.7.1-ubi9");
    }
}
