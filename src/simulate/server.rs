//! The labels that scraping gives the series of a server, be it a replica or a gateway.

use std::collections::BTreeMap;

use super::fleet::{Maker, port};
use crate::declare::values::Port;
use crate::promql::{MatchOp, Matcher};
use crate::resolve::Endpoint;
use crate::spec::Flavour;

/// A server, as a scrape sees it.
pub(super) struct Server<'a> {
    /// What its generated objects are named after: `model-chat`.
    pub part: String,
    /// Its pod, where it has one.
    pub pod: String,
    /// Its address.
    pub host: String,
    /// Port of its metrics.
    pub port: &'a Port,
    /// Name of its container.
    pub container: &'a str,
    /// How it is found.
    pub endpoint: &'a Endpoint,
    /// Its number among those that are found so.
    pub index: u32,
    /// Labels that say whose it is.
    pub own: &'a BTreeMap<String, String>,
    /// What rules select its series by.
    pub target_matchers: &'a [Matcher],
}

impl Maker<'_> {
    /// What the generated monitors and jobs set, and what rules select by.
    pub(super) fn labels_of_server(&self, server: &Server<'_>) -> Vec<(String, String)> {
        let mut labels = BTreeMap::from([
            ("job".to_owned(), self.program.names.scrape_job(&server.part)),
            ("instance".to_owned(), format!("{}:{}", server.host, port(server.port))),
        ]);
        labels.extend(server.own.iter().map(|(k, v)| (k.clone(), v.clone())));
        match server.endpoint {
            Endpoint::Targets(targets) => {
                let own = targets.get(server.index as usize);
                labels.extend(own.map(|t| ("instance".to_owned(), t.clone())));
            }
            Endpoint::Pods(_) | Endpoint::Service(_) => {
                if self.plan.prometheus.flavour == Flavour::Operator {
                    // So the operator calls the job of a PodMonitor.
                    let object = self.program.names.object(&server.part);
                    labels.insert("job".to_owned(), format!("{}/{object}", self.plan.kubernetes.namespace));
                }
                labels.insert("pod".to_owned(), server.pod.clone());
                labels.insert("container".to_owned(), server.container.to_owned());
            }
            Endpoint::Foreign => {
                labels.insert("pod".to_owned(), server.pod.clone());
            }
        }
        let equal = server.target_matchers.iter().filter(|m| m.op == MatchOp::Equal);
        labels.extend(equal.map(|m| (m.label.clone(), m.value.clone())));
        labels.into_iter().collect()
    }
}
