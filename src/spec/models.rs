//! `[models.NAME]`.

use super::{Slos, Workload, slos::Buckets};
use crate::declare::Named;
use crate::declare::values::{
    Count, HostPort, KubeLabelValue, LabelKey, LabelValue, Port, PromLabelName, ReplicaCount, SlotCount, Slug, UrlPath,
    VersionText,
};
use crate::source::Spanned;
use crate::spec_table;

spec_table! {
    /// One served model: an engine of one version behind one selector.
    Model {
        /// Engine: the name of a profile, for example `vllm`, `sglang` or `tgi`.
        required engine: LabelValue,
        /// Version of the engine; it decides names, labels and buckets.
        required version: VersionText,
        /// Engine generation where a release has two: `v0` or `v1` of vLLM 0.7 to 0.10.
        optional generation: Slug = "the default of the release",
        /// Name under which the engine serves the model. Needed where several models share one server.
        optional served_model_name: LabelValue,
        /// Namespace of the pods.
        optional namespace: Slug = "`default`",
        /// Labels of the pods: a PodMonitor is generated. One of `pods`, `service` and `targets` is needed.
        optional pods: Named<LabelKey, KubeLabelValue>,
        /// Labels of the Service: a ServiceMonitor is generated.
        optional service: Named<LabelKey, KubeLabelValue>,
        /// Servers outside Kubernetes, as `host:port`; with the flavour `plain` only.
        optional targets: Vec<Spanned<HostPort>>,
        /// Port of the metrics: the name of the container port (`pods`) or of the Service port (`service`), or a container port number.
        optional port: Port = "`http`",
        /// Path of the metrics.
        optional path: UrlPath = "the path of the engine's profile",
        /// Workload of the servers, `deployment/NAME` or `statefulset/NAME`: with `kube_state_metrics`, the replicas that it wants are compared with those that answer.
        optional workload: Workload,
        /// Replicas that there should be, where no workload says so.
        optional replicas: ReplicaCount,
        /// GPUs that one replica holds.
        optional gpus_per_replica: Count = "`1`",
        /// Slots for LoRA adapters in a batch, where the server has them: `--max-loras` of vLLM, `--max-loras-per-batch` of SGLang.
        optional lora_slots: SlotCount = "no adapters, and no alert on them",
        /// Pool of GPUs that the model runs on.
        optional pool: Slug = "the only pool, if there is one",
        /// Whether a monitor is generated. Without one, your own scrape configuration must set the labels that `matchers` names.
        optional monitor: bool = "`true`",
        /// Labels that select the series of the model, for targets that you scrape yourself.
        optional matchers: Named<PromLabelName, LabelValue> = "`model = \"NAME\"`, set by the generated monitor",
        /// Bucket bounds that replace those of the catalogue, where the server runs with its own.
        optional buckets: Buckets,
        /// What was promised.
        optional slos: Slos,
    }
}
