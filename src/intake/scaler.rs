//! KEDA's ScaledObject and ScaledJob: the triggers that ask Prometheus.
//!
//! Must not read queries.

use super::node::Node;
use super::shape::Reader;
use super::text::Text;
use crate::diag::Code;
use crate::source::Place;

/// What scales on Prometheus.
#[derive(Clone, Debug, Default)]
pub struct Scaler {
    /// The triggers of type `prometheus`.
    pub triggers: Vec<Trigger>,
}

/// A trigger of type `prometheus`.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The query.
    pub query: Text,
    /// Value of the query per replica.
    pub threshold: Option<Text>,
    /// Value above which the first replica starts.
    pub activation_threshold: Option<Text>,
    /// Address of Prometheus.
    pub server: Option<Text>,
    /// The trigger.
    pub place: Place,
}

/// Reads `spec`.
pub(super) fn read<'a>(reader: &mut Reader<'a, '_>, spec: &Node<'a>) -> Scaler {
    let triggers = reader.items(spec, "triggers");
    Scaler { triggers: triggers.iter().filter_map(|t| trigger(reader, t)).collect() }
}

fn trigger<'a>(reader: &mut Reader<'a, '_>, node: &Node<'a>) -> Option<Trigger> {
    if node.map().is_none() {
        reader.wrong_item("triggers", node, "a trigger with `type` and `metadata`");
        return None;
    }
    if node.get("type").and_then(Node::str) != Some("prometheus") {
        return None;
    }
    let head = reader.head(node);
    reader.entries(node, "metadata");
    let metadata = node.get("metadata").unwrap_or(node);
    let mut field = |name: &str| reader.text(metadata, name);
    let (query, threshold, activation_threshold, server) =
        (field("query"), field("threshold"), field("activationThreshold"), field("serverAddress"));
    for (name, value) in [("query", &query), ("threshold", &threshold), ("serverAddress", &server)] {
        if value.is_none() && metadata.get(name).is_none_or(Node::is_null) {
            let message = format!("a Prometheus trigger has no `{name}`");
            reader.push(Code::FileMissingField, message, head, "this trigger");
        }
    }
    for value in [&threshold, &activation_threshold].into_iter().flatten() {
        if value.parse::<f64>().is_err() {
            reader.push(Code::FileInvalidValue, "a threshold is no number", value.whole(), "expected a number");
        }
    }
    Some(Trigger { query: query?, threshold, activation_threshold, server, place: reader.place(node) })
}
