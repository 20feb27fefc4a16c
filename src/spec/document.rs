//! The top level of llmobs.toml.

use super::{
    AlertSettings, Check, Costs, Gateway, GpuPool, Grafana, Kubernetes, Model, Profiles, Project, Prometheus, Tracing,
    alerts::AlertKey,
};
use crate::declare::Named;
use crate::declare::values::{FormatVersion, Slug};
use crate::spec_table;

spec_table! {
    /// What runs, where, at what price, and what was promised: the one file that `llmobs` reads.
    Document {
        /// Version of the file format.
        required version: FormatVersion,
        /// What the file describes and who owns it.
        required project: Project,
        /// Where the generated Kubernetes objects go.
        optional kubernetes: Kubernetes,
        /// Which Prometheus evaluates the rules, and how it is told.
        optional prometheus: Prometheus,
        /// How dashboards reach Grafana.
        optional grafana: Grafana,
        /// The OpenTelemetry Collector. Without this table no collector is generated.
        optional tracing: Tracing,
        /// What GPUs cost. Without this table no cost is computed.
        optional costs: Costs,
        /// Changes to single alerts, by the name of the alert.
        optional alerts: Named<AlertKey, AlertSettings>,
        /// How `llmobs check` judges.
        optional check: Check,
        /// Your own engines.
        optional profiles: Profiles,
        /// Pools of GPUs of one model, by a name of your choice.
        optional gpus: Named<Slug, GpuPool>,
        /// Gateways and routers in front of models, by a name of your choice. The name becomes the label `gateway` of its series.
        optional gateways: Named<Slug, Gateway>,
        /// Served models, by a name of your choice. The name becomes the label `model` of every recorded series.
        required models: Named<Slug, Model>,
    }
}
