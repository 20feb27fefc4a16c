//! The target of a gateway: its page counts what the replicas of the models behind it do.

use std::collections::{BTreeMap, BTreeSet};

use super::family::{self, Family};
use super::fleet::{Maker, address};
use super::series::Meter;
use super::server::Server;
use super::target::{Body, Target, Worker};
use crate::catalog::{Metric, MetricType, Signal, SignalSource, Status};
use crate::resolve::{Gateway, Model};

impl Maker<'_> {
    /// Makes the one replica of a gateway that there is.
    pub(super) fn gateway(&self, gateway: &Gateway) -> Target {
        let labels = self.labels_of_gateway(gateway);
        let form = self.form(&labels, gateway.kind.profile.le_spelling);
        let behind: Vec<(&Model, &String)> =
            gateway.models.iter().filter_map(|(name, value)| Some((self.plan.models.get(name)?, value))).collect();
        let options: BTreeSet<&str> =
            Signal::OF_GATEWAYS.iter().filter_map(|s| gateway.source(*s)?.metric.requires.as_deref()).collect();
        let mut families: Vec<Family> = Vec::new();
        for metric in gateway.kind.metrics() {
            let sources: Vec<&SignalSource> = sources(gateway, metric).collect();
            let plain = metric.status != Status::Hidden
                && metric.status != Status::OptIn
                && metric.requires.as_deref().is_none_or(|r| options.contains(r));
            if (!plain && sources.is_empty()) || families.iter().any(|f| f.name == metric.name) {
                continue;
            }
            // Bounds that llmobs.toml sets are in the metric of the signal.
            let metric = sources.first().map_or(metric, |s| &s.metric);
            let mut family = Family::new(metric);
            let label = gateway.kind.profile.model_label.as_ref();
            let of_models = label.is_some_and(|l| metric.labels.contains(l) || metric.labels_optional.contains(l));
            if of_models {
                for (unit, (_, value)) in behind.iter().enumerate() {
                    for set in family::of_gateway(gateway, value, metric, &sources) {
                        // Several signals may be read from one metric, each from series of its own.
                        let fits = |s: &&SignalSource| {
                            s.matchers.iter().all(|(l, v)| set.labels.iter().any(|(n, w)| n == l && w == v))
                        };
                        let own: Vec<&SignalSource> = sources.iter().copied().filter(fits).collect();
                        let meter = family::of_engine(metric, &own, &set);
                        family.add(metric, unit, set.labels, meter, &form);
                    }
                }
            } else if !matches!(metric.kind, MetricType::Histogram | MetricType::Summary) {
                // What the gateway says about itself stands still.
                for set in family::of_gateway(gateway, "none", metric, &sources).into_iter().take(1) {
                    family.add(metric, 0, set.labels, Meter::Constant(0.0), &form);
                }
            }
            families.push(family);
        }
        let workers: Vec<Vec<Worker>> = behind
            .iter()
            .map(|(model, _)| (0..self.replicas(model)).map(|index| self.worker(model, index)).collect())
            .collect();
        let units = workers.len();
        self.target(labels.clone(), families, Body::Gateway(workers), units)
    }

    fn labels_of_gateway(&self, gateway: &Gateway) -> Vec<(String, String)> {
        let mut own = BTreeMap::from([("gateway".to_owned(), gateway.name.clone())]);
        own.extend(gateway.namespace.iter().map(|n| ("namespace".to_owned(), n.clone())));
        let pod = format!("{}-0", gateway.name);
        self.labels_of_server(&Server {
            part: format!("gateway-{}", gateway.name),
            host: address(12, 0, &pod),
            pod,
            port: &gateway.port,
            container: &gateway.kind.profile.name,
            endpoint: &gateway.endpoint,
            index: 0,
            own: &own,
            target_matchers: &gateway.target_matchers,
        })
    }
}

fn sources<'a>(gateway: &'a Gateway, metric: &'a Metric) -> impl Iterator<Item = &'a SignalSource> {
    let all = Signal::OF_GATEWAYS.iter().filter_map(|s| gateway.source(*s));
    all.filter(|s| s.metric.name == metric.name)
}
