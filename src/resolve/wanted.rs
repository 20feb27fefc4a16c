//! How many replicas of a model there should be, and who says so.

use super::Context;
use super::plan::{Endpoint, KubernetesSettings, Wanted};
use crate::diag::{Code, Diagnostic};
use crate::spec::{self, Workload};

/// Returns who says how many replicas are wanted; `None` where the file does not say.
pub fn wanted(
    raw: &spec::Model,
    endpoint: &Endpoint,
    kubernetes: &KubernetesSettings,
    ctx: &mut Context<'_>,
) -> Option<Wanted> {
    let number = raw.replicas.as_ref();
    let Some(workload) = &raw.workload else { return number.map(|n| Wanted::Number(n.value.0)) };
    if let Some(number) = number {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                "`replicas` and `workload` exclude each other",
                number.place,
                "the workload knows how many replicas it wants",
            )
            .related(workload.place, "the workload"),
        );
    } else if matches!(endpoint, Endpoint::Targets(_)) {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                "`workload` is for servers in Kubernetes, and these are found by `targets`",
                workload.place,
                "kube-state-metrics knows nothing of them",
            )
            .help("declare the wanted number: `replicas = 2`"),
        );
    } else if !kubernetes.kube_state_metrics {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                "the replicas that a workload wants are read from kube-state-metrics, which is not declared",
                workload.place,
                "needs `kube_state_metrics = true` in `[kubernetes]`",
            )
            .help("scrape kube-state-metrics and say so, or declare the wanted number: `replicas = 2`"),
        );
    }
    Some(match &workload.value {
        Workload::Deployment(name) => Wanted::Deployment(name.clone()),
        Workload::StatefulSet(name) => Wanted::StatefulSet(name.clone()),
    })
}
