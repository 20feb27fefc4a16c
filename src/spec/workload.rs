//! The workload that runs the servers of a model, as `kubectl` names it: `deployment/vllm`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::declare::{FromToml, Node, Reader};

/// A workload whose wanted replicas kube-state-metrics exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workload {
    /// A Deployment, by name.
    Deployment(String),
    /// A StatefulSet, by name.
    StatefulSet(String),
}

impl Workload {
    /// Reads a workload.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected `deployment/NAME` or `statefulset/NAME`";
        let (kind, name) = text.split_once('/').ok_or(EXPECTED)?;
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let ok = (1..=253).contains(&name.len())
            && name.chars().all(|c| edge(c) || c == '-' || c == '.')
            && name.starts_with(edge)
            && name.ends_with(edge);
        match kind {
            "deployment" if ok => Ok(Self::Deployment(name.to_owned())),
            "statefulset" if ok => Ok(Self::StatefulSet(name.to_owned())),
            "leaderworkerset" | "lws" if ok => Err(format!(
                "kube-state-metrics exports no LeaderWorkerSet: expected `statefulset/{name}`, which holds its leaders under the \
                 same name"
            )),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

impl FromToml for Workload {
    const EXPECTED: &'static str = "a workload such as \"deployment/vllm\" or \"statefulset/vllm\"";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.string(node, Self::EXPECTED)?;
        Self::parse(text).map_err(|expected| reader.invalid(node, &expected)).ok()
    }
}

impl JsonSchema for Workload {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Workload".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(deployment|statefulset)/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$",
        })
    }
}
