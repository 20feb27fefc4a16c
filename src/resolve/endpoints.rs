//! How the servers of a model or gateway are found: by pods, by a Service, as hosts, or not at all because others scrape them.

use std::collections::BTreeMap;

use super::plan::{Endpoint, PrometheusSettings};
use super::{Context, settings};
use crate::declare::Named;
use crate::declare::values::{HostPort, KubeLabelValue, LabelKey, LabelValue, Port, PromLabelName, Slug};
use crate::diag::{Code, Diagnostic};
use crate::promql::{MatchOp, Matcher};
use crate::source::{Place, Spanned};
use crate::spec::{self, Flavour};

/// The keys of a table that say where servers are.
pub struct Servers<'a> {
    /// `model` or `gateway`; also the label that the generated monitor sets.
    pub what: &'static str,
    /// Name of the table.
    pub name: &'a Slug,
    /// Where the table is.
    pub place: Place,
    namespace: Option<&'a Spanned<Slug>>,
    pods: Option<&'a Spanned<Named<LabelKey, KubeLabelValue>>>,
    service: Option<&'a Spanned<Named<LabelKey, KubeLabelValue>>>,
    targets: Option<&'a Spanned<Vec<Spanned<HostPort>>>>,
    port: Option<&'a Spanned<Port>>,
    monitor: Option<&'a Spanned<bool>>,
    matchers: Option<&'a Spanned<Named<PromLabelName, LabelValue>>>,
    refused: &'a [&'static str],
}

macro_rules! servers {
    ($function:ident, $type:ty, $what:literal, $doc:literal) => {
        #[doc = $doc]
        pub fn $function(name: &'a Slug, raw: &'a $type, place: Place) -> Self {
            Self {
                what: $what,
                name,
                place,
                namespace: raw.namespace.as_ref(),
                pods: raw.pods.as_ref(),
                service: raw.service.as_ref(),
                targets: raw.targets.as_ref(),
                port: raw.port.as_ref(),
                monitor: raw.monitor.as_ref(),
                matchers: raw.matchers.as_ref(),
                refused: &raw.refused,
            }
        }
    };
}

impl<'a> Servers<'a> {
    servers!(of_model, spec::Model, "model", "Takes the keys of a model.");
    servers!(of_gateway, spec::Gateway, "gateway", "Takes the keys of a gateway.");

    /// Returns whether a monitor is generated.
    pub fn monitors(&self) -> bool {
        self.monitor.is_none_or(|m| m.value)
    }

    /// Returns the namespace of the servers; outside Kubernetes only if one is written.
    pub fn namespace(&self, endpoint: &Endpoint) -> Option<String> {
        let written = self.namespace.map(|n| n.as_str().to_owned());
        let outside = matches!(endpoint, Endpoint::Targets(_));
        if outside { written } else { Some(written.unwrap_or_else(|| "default".to_owned())) }
    }

    /// Returns the port of the metrics.
    pub fn port(&self) -> Port {
        self.port.map_or(Port::Name("http".to_owned()), |p| p.value.clone())
    }

    /// Returns the matchers of the targets: those that are written, or the label that the monitor sets, and the namespace.
    pub fn target_matchers(&self, namespace: Option<&str>) -> Vec<Matcher> {
        let mut matchers: Vec<Matcher> = match self.matchers {
            Some(own) => equal(own),
            None => vec![Matcher::new(self.what, MatchOp::Equal, self.name.as_str())],
        };
        if let Some(namespace) = namespace
            && !matchers.iter().any(|m| m.label == "namespace")
        {
            matchers.push(Matcher::new("namespace", MatchOp::Equal, namespace));
        }
        matchers
    }
}

/// Returns matchers of labels that are written.
pub fn equal(labels: &Named<PromLabelName, LabelValue>) -> Vec<Matcher> {
    labels.entries.iter().map(|(k, v)| Matcher::new(k.0.clone(), MatchOp::Equal, v.as_str())).collect()
}

/// Says that `matchers` names no label, and what it would select; `job` is one that it could name.
pub fn no_matchers(of: &str, selected: &str, job: &str, place: Place) -> Diagnostic {
    Diagnostic::new(
        Code::SpecInvalidValue,
        format!("`matchers` of {of} is empty and would select {selected}"),
        place,
        "expected at least one label",
    )
    .help(format!(
        "write for example `matchers = {{ job = \"{job}\" }}` with labels that your scrape configuration sets"
    ))
}

/// Returns how the servers are found; `None` if that was reported.
pub fn resolve(raw: &Servers<'_>, prometheus: &PrometheusSettings, ctx: &mut Context<'_>) -> Option<Endpoint> {
    let (what, name, place, monitor) = (raw.what, raw.name, raw.place, raw.monitors());
    let given: Vec<(&str, Place)> = [
        ("pods", raw.pods.map(|p| p.place)),
        ("service", raw.service.map(|p| p.place)),
        ("targets", raw.targets.map(|p| p.place)),
    ]
    .into_iter()
    .filter_map(|(k, p)| Some((k, p?)))
    .collect();
    if let [first, second, ..] = given.as_slice() {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("`{}` and `{}` of {what} `{name}` exclude each other", first.0, second.0),
                second.1,
                "the second way to find the servers",
            )
            .related(first.1, "the first"),
        );
        return None;
    }
    if let (Some(matchers), true) = (raw.matchers, monitor)
        && !given.is_empty()
    {
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("`matchers` of {what} `{name}` would not match what the generated monitor scrapes"),
                matchers.place,
                "matchers are for targets that you scrape yourself",
            )
            .help("add `monitor = false`, or leave `matchers` out"),
        );
    }
    if raw.refused.iter().any(|k| ["pods", "service", "targets", "monitor", "matchers"].contains(k)) {
        return None;
    }
    if let Some(matchers) = raw.matchers
        && !monitor
        && matchers.entries.is_empty()
    {
        if matchers.refused.is_empty() {
            let of = format!("{what} `{name}`");
            ctx.sink.push(no_matchers(&of, &format!("the series of every {what}"), "vllm", matchers.place));
        }
        return None;
    }
    if !monitor && raw.matchers.is_none() {
        let at = raw.monitor.map_or(place, |m| m.place);
        ctx.sink.push(
            Diagnostic::new(
                Code::SpecConflict,
                format!("{what} `{name}` has no monitor and no matchers: nothing selects its series"),
                at,
                "no monitor is generated",
            )
            .help("add `matchers = { job = \"…\" }` with labels that your own scrape configuration sets"),
        );
        return None;
    }
    if !monitor {
        return Some(Endpoint::Foreign);
    }
    if let Some(pods) = raw.pods {
        if !pods.refused.is_empty() {
            return None;
        }
        let labels = settings::labels(Some(pods));
        return non_empty(raw, "pods", pods.place, labels, ctx).map(Endpoint::Pods);
    }
    if let Some(service) = raw.service {
        if !service.refused.is_empty() {
            return None;
        }
        let labels = settings::labels(Some(service));
        if let Some(port) = raw.port
            && matches!(port.value, Port::Number(_))
        {
            ctx.sink.push(Diagnostic::new(
                Code::SpecConflict,
                format!("{what} `{name}` is found by its Service, so `port` must be the name of a Service port"),
                port.place,
                "expected a name: a ServiceMonitor finds Service ports by name",
            ));
        }
        return non_empty(raw, "service", service.place, labels, ctx).map(Endpoint::Service);
    }
    if let Some(targets) = raw.targets {
        if prometheus.flavour == Flavour::Operator {
            ctx.sink.push(
                Diagnostic::new(
                    Code::SpecConflict,
                    format!("`targets` of {what} `{name}` need the flavour `plain`"),
                    targets.place,
                    "servers outside Kubernetes are scraped by a scrape configuration",
                )
                .help("add `flavour = \"plain\"` to [prometheus], or find the servers by `pods` or `service`"),
            );
        }
        let list: Vec<String> = targets.value.iter().map(|t| t.0.clone()).collect();
        // A list whose entries were all refused is empty, too.
        if list.is_empty() && !ctx.sink.has_error_within(targets.place) {
            ctx.sink.push(Diagnostic::new(
                Code::SpecInvalidValue,
                format!("`targets` of {what} `{name}` is empty"),
                targets.place,
                "expected at least one `host:port`",
            ));
        }
        return Some(Endpoint::Targets(list));
    }
    ctx.sink.push(
        Diagnostic::new(
            Code::SpecMissingKey,
            format!("{what} `{name}` does not say where its servers are"),
            place,
            "expected one of `pods`, `service` and `targets`",
        )
        .help("add `pods = { app = \"…\" }` with labels of the pods"),
    );
    None
}

/// An empty selector selects everything in the namespace.
fn non_empty(
    raw: &Servers<'_>,
    key: &str,
    place: Place,
    labels: BTreeMap<String, String>,
    ctx: &mut Context<'_>,
) -> Option<BTreeMap<String, String>> {
    if !labels.is_empty() {
        return Some(labels);
    }
    let (what, name) = (raw.what, raw.name);
    ctx.sink.push(Diagnostic::new(
        Code::SpecInvalidValue,
        format!("`{key}` of {what} `{name}` is empty and would select everything in the namespace"),
        place,
        "expected at least one label",
    ));
    None
}
