//! `[kubernetes]`.

use crate::declare::Named;
use crate::declare::values::{KubeLabelValue, LabelKey, Slug};
use crate::spec_table;

spec_table! {
    /// Where the generated Kubernetes objects go.
    Kubernetes {
        /// Namespace of the generated objects.
        optional namespace: Slug = "`monitoring`",
        /// Labels that every generated object gets besides `app.kubernetes.io/managed-by` and `app.kubernetes.io/part-of`.
        optional labels: Named<LabelKey, KubeLabelValue>,
        /// Whether Prometheus scrapes kube-state-metrics, with `honorLabels`.
        optional kube_state_metrics: bool = "`false`",
    }
}
