//! `[gateways.NAME]`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::slos::Buckets;
use crate::declare::values::{
    HostPort, KubeLabelValue, LabelKey, LabelValue, Port, PromLabelName, Slug, UrlPath, VersionText,
};
use crate::declare::{FromToml, Named, Node, Reader};
use crate::source::{Place, Spanned};
use crate::spec_table;

spec_table! {
    /// A gateway or router in front of models.
    Gateway {
        /// Kind: the name of a profile, for example `litellm`, `envoy-ai-gateway`, `vllm-router` or `epp`.
        required kind: LabelValue,
        /// Version of the gateway; it decides names, labels and buckets.
        required version: VersionText,
        /// Models behind it: a list of names, or a table of names with the value of the gateway's model label for each.
        optional models: Fronted = "all, each by its `served_model_name` or its name",
        /// Label of the gateway's series that tells tenants apart.
        optional tenant_label: PromLabelName = "the first tenant label of the profile, if it has one",
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
        optional path: UrlPath = "the path of the profile",
        /// Whether a monitor is generated. Without one, your own scrape configuration must set the labels that `matchers` names.
        optional monitor: bool = "`true`",
        /// Labels that select the series of the gateway, for targets that you scrape yourself.
        optional matchers: Named<PromLabelName, LabelValue> = "`gateway = \"NAME\"`, set by the generated monitor",
        /// Bucket bounds that replace those of the catalogue, where the gateway runs with its own.
        optional buckets: Buckets,
    }
}

/// The models behind a gateway.
#[derive(Clone, Debug, PartialEq)]
pub enum Fronted {
    /// By name; the gateway names them as their engines do.
    Names(Vec<Spanned<Slug>>),
    /// By name, each with the value of the gateway's model label.
    Labels(Named<Slug, LabelValue>),
}

impl Fronted {
    /// Returns the models, where each is written, and the declared label values.
    pub fn models(&self) -> BTreeMap<&str, (Place, Option<&str>)> {
        match self {
            Self::Names(names) => names.iter().map(|n| (n.as_str(), (n.place, None))).collect(),
            Self::Labels(table) => {
                let entries = table.entries.iter();
                entries.map(|(name, value)| (name.as_str(), (value.place, Some(value.as_str())))).collect()
            }
        }
    }
}

impl FromToml for Fronted {
    const EXPECTED: &'static str = "a list of models such as [\"chat\"], or a table such as { chat = \"gpt-chat\" }";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            DeValue::Table(_) => Named::from_toml(node, reader).map(Self::Labels),
            DeValue::Array(_) => Vec::from_toml(node, reader).map(Self::Names),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                None
            }
        }
    }
}

impl JsonSchema for Fronted {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Fronted".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names = generator.subschema_for::<Vec<Spanned<Slug>>>();
        let labels = generator.subschema_for::<Named<Slug, LabelValue>>();
        json_schema!({ "anyOf": [names, labels] })
    }
}
