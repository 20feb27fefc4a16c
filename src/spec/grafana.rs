//! `[grafana]`.

use crate::declare::Named;
use crate::declare::values::{KubeLabelValue, LabelKey, LabelValue, Text};
use crate::{spec_table, spec_words};

spec_words! {
    /// How dashboards reach Grafana.
    Delivery, "`files`, `provisioning`, `sidecar` or `operator`" {
        /// JSON files only.
        Files = "files",
        /// JSON files and a provisioning file that loads them.
        Provisioning = "provisioning",
        /// ConfigMaps that the Grafana sidecar of kube-prometheus-stack picks up.
        Sidecar = "sidecar",
        /// GrafanaDashboard objects of the Grafana operator.
        Operator = "operator",
    }
}

spec_words! {
    /// Schema of the dashboards.
    SchemaKind, "`classic` or `v2`" {
        /// The JSON model that every Grafana reads.
        Classic = "classic",
        /// `dashboard.grafana.app/v2beta1`, Grafana 12 and newer.
        V2 = "v2",
    }
}

spec_table! {
    /// How dashboards reach Grafana.
    Grafana {
        /// `files`: JSON. `provisioning`: JSON and a provider file. `sidecar`: ConfigMaps. `operator`: GrafanaDashboard objects.
        optional delivery: Delivery = "`sidecar`",
        /// Folder of the dashboards.
        optional folder: Text = "`LLM inference`",
        /// uid of the Prometheus data source that is selected first.
        optional datasource: LabelValue = "Grafana's default data source",
        /// Schema of the dashboards: `classic`, or `v2` for Grafana 12 and newer (with `files` and `operator` only).
        optional schema: SchemaKind = "`classic`",
        /// Labels of the Grafana objects that GrafanaDashboard objects are for (`instanceSelector`).
        optional instance_labels: Named<LabelKey, KubeLabelValue> = "`dashboards = \"grafana\"`",
        /// Label of ConfigMaps that the sidecar watches; its value is `1`.
        optional sidecar_label: LabelValue = "`grafana_dashboard`",
    }
}
