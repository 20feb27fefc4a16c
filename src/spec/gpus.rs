//! `[gpus.NAME]`.

use crate::declare::Named;
use crate::declare::values::{Count, FieldName, HostPort, KubeLabelValue, LabelKey, LabelValue, Slug, VersionText};
use crate::source::Spanned;
use crate::units::Ratio;
use crate::{spec_table, spec_words};

spec_words! {
    /// Who deploys the GPU exporter.
    DeployedBy, "`llmobs`, `helm` or `gpu-operator`" {
        /// We do: DaemonSet, Service, ServiceMonitor and the CSV of fields are generated.
        Llmobs = "llmobs",
        /// NVIDIA's Helm chart of dcgm-exporter; only the ServiceMonitor is generated.
        Helm = "helm",
        /// NVIDIA's GPU operator; only the ServiceMonitor is generated.
        GpuOperator = "gpu-operator",
    }
}

spec_table! {
    /// A pool of GPUs of one model.
    GpuPool {
        /// GPU model from the GPU table, for example `h100-sxm`.
        required model: LabelValue,
        /// GPUs in the pool.
        optional count: Count,
        /// Profile of the GPU exporter.
        optional exporter: LabelValue = "`dcgm-exporter`",
        /// Version of the exporter as its image is tagged; it decides names, labels and units.
        optional version: VersionText = "`4.5.3-4.8.2`",
        /// Who deploys the exporter.
        optional deployed_by: DeployedBy = "`llmobs`",
        /// Namespace of the exporter.
        optional namespace: Slug = "`gpu-operator` for the GPU operator, else the namespace of `[kubernetes]`",
        /// Name of the Helm release.
        optional release: Slug = "`dcgm-exporter`",
        /// Fields that an exporter deployed by others collects besides its default list.
        optional fields: Vec<Spanned<FieldName>>,
        /// Labels of the nodes of the pool; where the DaemonSet runs.
        optional node_selector: Named<LabelKey, KubeLabelValue> = "`nvidia.com/gpu.present = \"true\"`",
        /// Exporters outside Kubernetes, as `host:port`.
        optional targets: Vec<Spanned<HostPort>>,
        /// Whether the GPUs are split by MIG. Utilisation is then measured per instance.
        optional mig: bool = "`false`",
        /// How the GPUs are bought, as shares that add up to 100%. Needs a rate for each way in `[costs]`.
        optional purchase: Purchase = "`on_demand = \"100%\"`",
        /// Whether the GPUs are your own: they cost the energy that they take, and their rate if they have one.
        optional owned: bool = "`false`",
    }
}

spec_table! {
    /// Shares of a pool by the way they are bought.
    Purchase {
        /// Bought by the hour.
        optional on_demand: Ratio,
        /// Bought for a term.
        optional reserved: Ratio,
        /// Bought for as long as the cloud can spare it.
        optional spot: Ratio,
    }
}
