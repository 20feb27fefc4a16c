//! What the dashboards share: selectors narrowed by variables, the alerts of the project, groups of models, links.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Emit;
use super::model::{Annotation, Color, Legend, Link, Query, Thresholds, Variable};
use crate::catalog::Signal;
use crate::promql::{AggregateOp, BinaryOp, Expr, MatchOp, Matcher, Selector, call, selector, text, vector};
use crate::resolve::Model;
use crate::signals::{AlertKind, Latency, Measure, Quantile, Subject, What};

/// More series than this get a legend beside the graph instead of below it.
const FEW: usize = 3;

/// Share of a limit from which values are shown as near it.
pub const NEAR: f64 = 0.8;

/// What the makers of dashboards read.
pub struct Scope<'a> {
    /// Plan, book, names.
    pub emit: Emit<'a>,
    /// Models by engine and by what that engine's release measures.
    pub groups: Vec<ModelGroup<'a>>,
}

/// Models that measure the same: one detail dashboard fits all of them without an empty panel.
pub struct ModelGroup<'a> {
    /// Part of the dashboard's uid and path: `model-vllm`.
    pub part: String,
    /// What readers call it: `vllm` as in llmobs.toml, or `vllm 0.8.5` where releases differ.
    pub title: String,
    /// Name of the engine's profile.
    pub engine: String,
    /// Whether these are all models of the engine.
    pub whole: bool,
    /// The models, by name.
    pub models: Vec<&'a Model>,
}

impl<'a> Scope<'a> {
    /// Reads the plan.
    pub fn of(emit: Emit<'a>) -> Self {
        Self { emit, groups: groups(emit) }
    }

    /// Returns the name of a recorded series.
    pub fn record(&self, measure: Measure) -> String {
        self.emit.names.record(measure)
    }

    /// Returns a recorded series of the chosen models.
    pub fn model(&self, what: What) -> Selector {
        selector(self.record(Measure::model(what))).re("namespace", "$namespace").re("model", "$model")
    }

    /// Returns whether any model records it.
    pub fn any_model(&self, what: What) -> bool {
        self.emit.book.has(Measure::model(what))
    }

    /// Returns whether any pool records it, per GPU.
    pub fn any_gpu(&self, what: What) -> bool {
        self.emit.book.has(Measure::gpu(what))
    }

    /// Returns the legend for a series per model.
    pub fn legend(&self) -> Legend {
        if self.emit.plan.models.len() > FEW { Legend::Right } else { Legend::Below }
    }

    /// Returns the legend for a series per pool.
    pub fn pool_legend(&self) -> Legend {
        if self.emit.plan.pools.len() > FEW { Legend::Right } else { Legend::Below }
    }

    /// Makes a query over time of recorded series: no finer than they are evaluated.
    pub fn over_time(&self, expr: impl Into<Expr>, legend: impl Into<String>) -> Query {
        Query::new(expr, legend).step(self.emit.plan.prometheus.evaluation_interval.to_string())
    }

    /// Makes a query over time of rates of raw series. With the scrape interval as smallest step Grafana makes
    /// `$__rate_interval` at least four of it.
    pub fn raw(&self, expr: impl Into<Expr>, legend: impl Into<String>) -> Query {
        Query::new(expr, legend).step(self.emit.plan.prometheus.scrape_interval.to_string())
    }

    /// Returns the threshold of an alert in its base unit, also where the alert itself is switched off.
    pub fn threshold(&self, kind: AlertKind) -> f64 {
        let of_plan = || self.emit.plan.alerts.get(kind.name()).and_then(|a| a.threshold);
        let of_book = self.emit.book.alerts().find(|a| a.kind == kind).map(|a| a.threshold);
        of_book.or_else(of_plan).unwrap_or_else(|| kind.default_threshold())
    }

    /// Returns colours that turn at an alert's threshold.
    pub fn colors(&self, kind: AlertKind) -> Thresholds {
        let limit = self.threshold(kind);
        Thresholds::two(limit * NEAR, limit)
    }

    /// Returns colours for what is meant to be nearly full: orange only between an alert's threshold and the end.
    pub fn colors_above(&self, kind: AlertKind) -> Thresholds {
        Thresholds { base: Color::Green, steps: vec![(self.threshold(kind), Color::Red)] }
    }

    /// Returns the alerts of this project that fire; more labels can be matched.
    pub fn firing(&self) -> Selector {
        self.firing_of(&self.emit.book.alert_kinds())
    }

    /// Returns the alerts of some kinds that fire.
    pub fn firing_of(&self, kinds: &[AlertKind]) -> Selector {
        let project = &self.emit.plan.project;
        let kinds: Vec<&str> = kinds.iter().map(|k| k.name()).collect();
        let firing =
            selector("ALERTS").eq("alertstate", "firing").re("alertname", kinds.join("|")).eq("owner", &project.owner);
        match &project.environment {
            Some(environment) => firing.eq("environment", environment),
            None => firing,
        }
    }

    /// Returns the events of firing alerts; `None` if the project has no alert.
    pub fn annotation(&self, firing: Selector) -> Option<Annotation> {
        (!self.emit.book.alert_kinds().is_empty()).then(|| Annotation {
            name: "Firing alerts".to_owned(),
            expr: firing.expr().by(AggregateOp::Max, ["alertname", "severity", "model", "pool", "hostname", "gpu"]),
            title: "{{alertname}}".to_owned(),
            text: "{{severity}}: {{model}} {{pool}} {{hostname}} {{gpu}}".to_owned(),
            tags: vec!["severity", "model", "pool"],
        })
    }

    /// Returns the title and address of an alert's runbook as panels link to it; nothing where runbooks are not published or
    /// the alert does not exist.
    pub fn runbook(&self, kind: AlertKind) -> Option<(String, String)> {
        let exists = self.emit.book.alerts().any(|a| a.kind == kind);
        let url = self.emit.names.published_runbook(kind.name()).filter(|_| exists)?;
        Some((format!("Runbook: {}", kind.name()), url))
    }

    /// Returns the links of a dashboard to the others.
    pub fn links(&self, own: &str) -> Vec<Link> {
        let link = |part: &str, title: String, tooltip: &str| Link {
            title,
            tooltip: tooltip.to_owned(),
            uid: self.emit.names.dashboard_uid(part),
        };
        let mut all = vec![("fleet".to_owned(), "Overview".to_owned(), "All models at a glance")];
        all.extend(self.groups.iter().map(|g| (g.part.clone(), format!("Model: {}", g.title), "One model in detail")));
        if self.has_slos() {
            all.push(("slo".to_owned(), "SLOs".to_owned(), "Promises, budgets and what burns them"));
        }
        if self.has_gpus() {
            all.push(("gpus".to_owned(), "GPUs".to_owned(), "Utilisation, memory, heat and power"));
        }
        if self.has_cost() {
            all.push(("cost".to_owned(), "Cost".to_owned(), "What inference costs and who causes it"));
        }
        all.into_iter().filter(|(part, ..)| part != own).map(|(part, title, tip)| link(&part, title, tip)).collect()
    }

    /// Returns the tags of all dashboards of the project.
    pub fn tags(&self) -> Vec<String> {
        let mut tags = vec!["llmobs".to_owned(), self.emit.plan.project.name.clone()];
        tags.dedup();
        tags
    }

    /// Returns a title with the project's name.
    pub fn title(&self, title: &str) -> String {
        format!("{title} ({})", self.emit.plan.project.name)
    }

    /// Returns whether there is a dashboard of GPUs.
    pub fn has_gpus(&self) -> bool {
        self.any_gpu(What::GpuTemperature) || self.any_gpu(What::GpuUtilization)
    }

    /// Returns whether there is a dashboard of objectives.
    pub fn has_slos(&self) -> bool {
        self.any_model(What::SloObjective)
    }

    /// Returns whether there is a dashboard of cost.
    pub fn has_cost(&self) -> bool {
        self.emit.plan.costs.is_some()
            && (self.any_model(What::CostPerHour) || self.emit.book.has(Measure::pool(What::CostPerHour)))
    }

    /// Returns the variable that narrows models by namespace.
    pub fn namespace_variable(&self) -> Variable {
        Variable {
            name: "namespace",
            label: "Namespace",
            description: "Kubernetes namespace of the models. Models outside Kubernetes have none and are in All.",
            series: selector(self.record(Measure::model(What::Info))).expr(),
            values_of: "namespace",
            several: true,
        }
    }

    /// Returns how much of its objective a latency of the chosen models uses: 1 is the threshold. Each model's objective is
    /// compared with the quantile that it is about; `None` if no model of `models` has one.
    pub fn share_of_slo(&self, latency: Latency, models: &[&Model]) -> Option<Expr> {
        // seconds ÷ seconds = ratio
        let share = |quantile: Quantile| {
            let threshold = self.model(What::SloThreshold(latency)).eq("quantile", quantile.title());
            self.model(What::LatencyQuantile(latency, quantile)).expr().op_on(BinaryOp::Div, ["model"], threshold)
        };
        objectives(latency, models).into_iter().map(share).reduce(Expr::or)
    }
}

/// Returns the shares of requests that the objectives on a latency are about.
pub fn objectives(latency: Latency, models: &[&Model]) -> BTreeSet<Quantile> {
    let slos = models.iter().filter_map(|m| m.latency_slo(latency.signal()));
    slos.map(|s| Quantile::of(s.objective.value())).collect()
}

/// Returns `expr`, and where it gives nothing at all, zero with some labels.
pub fn or_zero(expr: Expr, labels: &[(&str, &str)]) -> Expr {
    let zero = labels.iter().fold(vector(0.0), |zero, (label, value)| {
        call("label_replace", [zero, text(*label), text(*value), text(""), text("")])
    });
    expr.op_on(BinaryOp::Or, Vec::<String>::new(), zero)
}

/// Returns an expression with more matchers on each selector.
pub fn narrowed(expr: &Expr, matchers: &[(&str, &str)]) -> Expr {
    expr.map_selectors(&mut |selector| {
        selector.matchers.extend(matchers.iter().map(|(label, value)| Matcher::new(*label, MatchOp::Regex, *value)));
    })
}

impl ModelGroup<'_> {
    /// Returns whether every model of the group records it.
    pub fn has(&self, emit: Emit<'_>, what: What) -> bool {
        self.models.iter().all(|m| records(emit, m, what))
    }

    /// Returns whether a model of the group records it.
    pub fn any(&self, emit: Emit<'_>, what: What) -> bool {
        self.models.iter().any(|m| records(emit, m, what))
    }
}

fn records(emit: Emit<'_>, model: &Model, what: What) -> bool {
    emit.book.chapter(&Subject::Model(model.name.clone())).is_some_and(|c| c.has(Measure::model(what)))
}

/// Models of one engine share a dashboard if they measure the same signals; that of LoRA slots is shown nowhere. The group of the
/// newest release has the engine's name alone, so that its address stays when older releases go.
fn groups(emit: Emit<'_>) -> Vec<ModelGroup<'_>> {
    let mut by_engine: BTreeMap<&str, BTreeMap<Vec<Signal>, Vec<&Model>>> = BTreeMap::new();
    for model in emit.plan.models.values() {
        let shown = Signal::OF_ENGINES.iter().copied().filter(|s| *s != Signal::LoraSlots);
        let measured = shown.filter(|s| model.source(*s).is_some()).collect();
        let groups = by_engine.entry(model.engine.profile.name.as_str()).or_default();
        groups.entry(measured).or_default().push(model);
    }
    let mut out: Vec<ModelGroup<'_>> = Vec::new();
    for (engine, groups) in by_engine {
        let mut groups: Vec<Vec<&Model>> = groups.into_values().collect();
        groups.sort_by(|a, b| newest(b).cmp(&newest(a)).then_with(|| first(a).cmp(first(b))));
        let whole = groups.len() == 1;
        for (n, models) in groups.into_iter().enumerate() {
            let versions: BTreeSet<String> = models.iter().map(|m| m.version.to_string()).collect();
            let versions: Vec<String> = versions.into_iter().collect();
            let title = if whole { engine.to_owned() } else { format!("{engine} {}", versions.join(", ")) };
            let mut part = format!("model-{engine}");
            if n > 0 {
                part = format!("{part}-{}", slug(&newest(&models).map(ToString::to_string).unwrap_or_default()));
            }
            while out.iter().any(|g| g.part == part) {
                part.push_str("-b");
            }
            out.push(ModelGroup { part, title, engine: engine.to_owned(), whole, models });
        }
    }
    out
}

fn newest<'m>(models: &[&'m Model]) -> Option<&'m crate::catalog::Release> {
    models.iter().map(|m| &m.version).max()
}

fn first<'m>(models: &[&'m Model]) -> &'m str {
    models.first().map_or("", |m| m.name.as_str())
}

fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
