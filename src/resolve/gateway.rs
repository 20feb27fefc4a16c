//! A gateway in the plan: where it runs, which models are behind it, what it measures of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::Endpoint;
use crate::catalog::{Found, Metric, Release, Signal, SignalSource, View};
use crate::declare::values::Port;
use crate::promql::{MatchOp, Matcher, Selector};
use crate::source::Place;

/// A gateway or router in front of models.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// Its kind at the release that stands for the declared version.
    pub kind: View,
    /// Declared version.
    pub version: Release,
    /// Namespace of the pods; `None` outside Kubernetes.
    pub namespace: Option<String>,
    /// How its servers are found.
    pub endpoint: Endpoint,
    /// Whether we scrape it.
    pub monitor: bool,
    /// Port of the metrics.
    pub port: Port,
    /// Path of the metrics.
    pub path: String,
    /// Matchers of the targets (labels that `up` has too).
    pub target_matchers: Vec<Matcher>,
    /// Models behind it, each with the value of the gateway's model label.
    pub models: BTreeMap<String, String>,
    /// Label that tells tenants apart.
    pub tenant_label: Option<String>,
    /// Every signal of gateways: from where, or why not.
    pub signals: BTreeMap<Signal, Found>,
}

impl Gateway {
    /// Returns the source of a signal, if there is one.
    pub fn source(&self, signal: Signal) -> Option<&SignalSource> {
        match self.signals.get(&signal) {
            Some(Found::Here(source)) => Some(source),
            _ => None,
        }
    }

    /// Returns whether a model is behind it.
    pub fn fronts(&self, model: &str) -> bool {
        self.models.contains_key(model)
    }

    /// Returns whether it tells what an objective on a signal needs: of errors, also what they are a share of.
    pub fn measures(&self, signal: Signal) -> bool {
        self.source(signal).is_some() && (signal != Signal::Errors || self.source(Signal::ErrorBase).is_some())
    }

    /// Returns the label that tells replicas apart.
    pub fn replica_label(&self) -> &'static str {
        self.endpoint.replica_label()
    }

    /// Returns the matchers that select the series of a metric about a model: those of the targets, and the model label.
    pub fn matchers(&self, metric: &Metric, model: &str) -> Vec<Matcher> {
        let mut matchers = self.target_matchers.clone();
        let value = self.models.get(model).map_or(model, String::as_str);
        if let Some(label) = &self.kind.profile.model_label
            && metric.labels.iter().chain(&metric.labels_optional).any(|l| l == label)
        {
            matchers.push(Matcher::new(label.clone(), MatchOp::Equal, value));
        }
        matchers
    }

    /// Returns a selector of a series of a signal about a model.
    pub fn selector(&self, source: &SignalSource, series: &str, model: &str) -> Selector {
        source.selector(series, &self.matchers(&source.metric, model))
    }

    /// Returns the labels of recorded series about a model that this gateway measures.
    pub fn labels_of(&self, model: &BTreeMap<String, String>) -> Arc<BTreeMap<String, String>> {
        let mut labels = model.clone();
        labels.insert("gateway".to_owned(), self.name.clone());
        Arc::new(labels)
    }
}
