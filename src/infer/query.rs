//! The walk over an expression: facts of every part, from the inside out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::facts::{Bounds, Facts, Nature, ValueType};
use super::labels::{Labels, Presence};
use super::metrics::{self, Resolved};
use super::quantity::Quantity;
use super::records::Records;
use super::targets::Targets;
use super::{binary, functions};
use crate::catalog::Catalog;
use crate::promql::{Aggregate, AggregateOp, Expr, ExprKind, Grouping, MatchOp, Matcher, Selector, Window};

/// An expression with what is known about it and its parts.
#[derive(Debug)]
pub struct Typed<'e> {
    /// The expression.
    pub expr: &'e Expr,
    /// What is known about its value.
    pub facts: Facts,
    /// Its direct parts, in printed order.
    pub parts: Vec<Typed<'e>>,
    /// For a selector or range: the metric it names.
    pub metric: Option<Arc<Resolved>>,
}

impl<'e> Typed<'e> {
    /// Calls `visit` for the expression and every part of it, outside first, with the way from the root down to it.
    pub fn walk<'t>(&'t self, visit: &mut dyn FnMut(&'t Typed<'e>, &[&'t Typed<'e>])) {
        fn go<'t, 'e>(
            node: &'t Typed<'e>,
            above: &mut Vec<&'t Typed<'e>>,
            visit: &mut dyn FnMut(&'t Typed<'e>, &[&'t Typed<'e>]),
        ) {
            visit(node, above);
            above.push(node);
            for part in &node.parts {
                go(part, above, visit);
            }
            above.pop();
        }
        go(self, &mut Vec::new(), visit);
    }

    /// Returns the expression without parentheses around it.
    pub fn bare(&self) -> &Self {
        let mut node = self;
        while let (ExprKind::Paren(_), [inner]) = (&node.expr.kind, node.parts.as_slice()) {
            node = inner;
        }
        node
    }

    /// Returns the selector of a selector or range.
    pub fn selector(&self) -> Option<&'e Selector> {
        match &self.expr.kind {
            ExprKind::Selector(s) => Some(s),
            ExprKind::Range(r) => Some(&r.selector),
            _ => None,
        }
    }
}

/// What is known about a name, by the deployments that the selector means.
type ByDeployments = BTreeMap<Vec<usize>, (Arc<Resolved>, Facts)>;

/// What a run knows: catalogue, declared releases, recording rules.
pub struct Knowledge<'k> {
    catalog: Mutex<&'k mut Catalog>,
    /// Declared deployments.
    pub targets: &'k Targets,
    /// Recording rules of the run.
    pub records: &'k Records<'k>,
    /// By name, and the deployments that a selector named.
    cache: Mutex<HashMap<String, ByDeployments>>,
}

impl<'k> Knowledge<'k> {
    /// Joins what a run knows.
    pub fn new(catalog: &'k mut Catalog, targets: &'k Targets, records: &'k Records<'k>) -> Self {
        Self { catalog: Mutex::new(catalog), targets, records, cache: Mutex::default() }
    }

    /// Looks a stored name up.
    pub fn resolve(&self, name: &str, matchers: &[Matcher]) -> (Arc<Resolved>, Facts) {
        let named = self.targets.named(matchers);
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = cache().get(name).and_then(|by_target| by_target.get(&named)) {
            return found.clone();
        }
        let resolved = Arc::new(self.with_catalog(|catalog| metrics::resolve(name, &named, self.targets, catalog)));
        let facts = metrics::facts(&resolved);
        cache().entry(name.to_owned()).or_default().insert(named, (resolved.clone(), facts.clone()));
        (resolved, facts)
    }

    /// Asks the catalogue.
    pub fn with_catalog<T>(&self, ask: impl FnOnce(&mut Catalog) -> T) -> T {
        ask(&mut self.catalog.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Infers what every part of an expression is.
pub fn infer<'e>(expr: &'e Expr, knowledge: &Knowledge<'_>) -> Typed<'e> {
    let leaf = |facts: Facts| Typed { expr, facts, parts: Vec::new(), metric: None };
    match &expr.kind {
        ExprKind::Number(n) => leaf(Facts::number(*n)),
        ExprKind::Seconds(d) => leaf(Facts { unit: Some(Quantity::SECONDS), ..Facts::number(d.secs_f64()) }),
        ExprKind::String(_) => leaf(Facts::unknown(ValueType::Text)),
        ExprKind::Variable(_) => leaf(Facts::unknown(ValueType::Any)),
        ExprKind::Selector(s) => {
            let (metric, facts) = selected(s, knowledge);
            Typed { expr, facts, parts: Vec::new(), metric }
        }
        ExprKind::Range(r) => {
            let (metric, mut facts) = selected(&r.selector, knowledge);
            facts.value = ValueType::Matrix;
            facts.window = fixed(&r.window);
            Typed { expr, facts, parts: Vec::new(), metric }
        }
        ExprKind::Subquery(s) => {
            let inner = infer(&s.expr, knowledge);
            let facts = Facts {
                value: ValueType::Matrix,
                window: fixed(&s.window),
                constant: None,
                condition: false,
                ..inner.facts.clone()
            };
            Typed { expr, facts, parts: vec![inner], metric: None }
        }
        ExprKind::Paren(inner) => {
            let inner = infer(inner, knowledge);
            Typed { expr, facts: inner.facts.clone(), parts: vec![inner], metric: None }
        }
        ExprKind::Unary(u) => {
            let inner = infer(&u.expr, knowledge);
            let mut facts = inner.facts.clone();
            if u.negative {
                facts.bounds = facts.bounds.map(|x| -x);
                facts.constant = facts.constant.map(|x| -x);
                if facts.nature.grows() {
                    facts.nature = Nature::Unknown;
                }
            }
            Typed { expr, facts, parts: vec![inner], metric: None }
        }
        ExprKind::Call(c) => {
            let parts: Vec<Typed<'e>> = c.arguments.iter().map(|a| infer(a, knowledge)).collect();
            let facts = functions::call(c, &parts);
            Typed { expr, facts, parts, metric: None }
        }
        ExprKind::Aggregate(a) => {
            let parts: Vec<Typed<'e>> =
                a.parameter.iter().chain(std::iter::once(&a.expr)).map(|e| infer(e, knowledge)).collect();
            let facts = parts.last().map_or_else(|| Facts::unknown(ValueType::Vector), |inner| aggregated(a, inner));
            Typed { expr, facts, parts, metric: None }
        }
        ExprKind::Binary(b) => {
            let parts = vec![infer(&b.left, knowledge), infer(&b.right, knowledge)];
            let facts = binary::operation(b, &parts[0], &parts[1]);
            Typed { expr, facts, parts, metric: None }
        }
        ExprKind::Opaque(o) => {
            let parts = o.parts.iter().map(|e| infer(e, knowledge)).collect();
            Typed { expr, facts: Facts::unknown(ValueType::Any), parts, metric: None }
        }
    }
}

/// Returns the seconds of a window, if they are fixed.
pub fn fixed(window: &Window) -> Option<f64> {
    match window {
        Window::Fixed(d) => Some(d.secs_f64()),
        _ => None,
    }
}

/// Returns the name of the series that a selector reads; empty if it gives none.
pub fn stored_name(selector: &Selector) -> &str {
    let by_matcher = || selector.matchers.iter().find(|m| m.label == "__name__" && m.op == MatchOp::Equal);
    if selector.name.is_empty() { by_matcher().map_or("", |m| m.value.as_str()) } else { &selector.name }
}

fn selected(selector: &Selector, knowledge: &Knowledge<'_>) -> (Option<Arc<Resolved>>, Facts) {
    let name = stored_name(selector);
    let mut facts;
    let mut metric = None;
    if let Some(recorded) = knowledge.records.facts(name, &selector.matchers, knowledge) {
        facts = recorded;
    } else {
        let (resolved, known) = knowledge.resolve(name, &selector.matchers);
        facts = known;
        metric = Some(resolved);
    }
    facts.value = ValueType::Vector;
    // A label that must equal something is there.
    let equal = |m: &&Matcher| m.op == MatchOp::Equal && !m.value.is_empty() && m.label != "__name__";
    let fixed = selector.matchers.iter().filter(equal).map(|m| m.label.as_str());
    let fixed = fixed.filter(|l| facts.labels.presence(l).is_some());
    let new = |l: &str| !facts.labels.is_fixed(l) || facts.labels.presence(l) != Some(Presence::Always);
    if fixed.clone().any(new) {
        let labels = facts.labels.with_fixed(fixed);
        facts.labels = Arc::new(labels);
    }
    (metric, facts)
}

/// Returns the labels that a grouping leaves.
pub fn grouped(grouping: &Grouping, labels: &Labels) -> Labels {
    match grouping {
        Grouping::All => Labels::none(),
        Grouping::By(list) if list.iter().any(|n| n.text.contains(['$', '<'])) => Labels::unknown(),
        Grouping::Without(list) if list.iter().any(|n| n.text.contains(['$', '<'])) => Labels::unknown(),
        Grouping::By(list) => labels.by(list.iter().map(|n| n.text.as_str())),
        Grouping::Without(list) => labels.without(list.iter().map(|n| n.text.as_str())),
    }
}

fn aggregated(aggregate: &Aggregate, inner: &Typed<'_>) -> Facts {
    let mut facts = inner.facts.clone();
    facts.value = ValueType::Vector;
    facts.constant = None;
    facts.condition = false;
    if aggregate.op.selects() {
        // `topk by (x) (1, ...)` leaves one series per x: the other labels tell none apart.
        let one = matches!(&aggregate.parameter, Some(Expr { kind: ExprKind::Number(n), .. }) if *n == 1.0);
        if let (true, Grouping::By(list)) = (one, &aggregate.grouping) {
            let others: Vec<String> =
                facts.labels.names().filter(|l| !list.iter().any(|n| n.text == *l)).map(str::to_owned).collect();
            let labels = others.iter().fold((*facts.labels).clone(), |all, l| all.fix(l));
            facts.labels = Arc::new(labels);
        }
        return facts;
    }
    facts.labels = Arc::new(grouped(&aggregate.grouping, &facts.labels));
    match aggregate.op {
        AggregateOp::Sum => {
            facts.summed = true;
            facts.bounds =
                Bounds { min: facts.bounds.min.filter(|m| *m >= 0.0), max: facts.bounds.max.filter(|m| *m <= 0.0) };
            match facts.nature {
                // What is added up is no longer what its parts are.
                Nature::Flag | Nature::Info => {
                    facts.nature = Nature::Gauge;
                    facts.unit = Some(Quantity::COUNT);
                }
                Nature::Quantile | Nature::Mean | Nature::Timestamp | Nature::LastValue => {
                    facts.nature = Nature::Unknown;
                    facts.unit = None;
                }
                // A sum of shares is no share.
                _ if facts.unit.is_some_and(|u| u.is_plain() && u.share) => facts.unit = None,
                _ => {}
            }
        }
        AggregateOp::Avg => {
            if matches!(facts.nature, Nature::Flag) {
                facts.nature = Nature::Share;
                facts.unit = Some(Quantity::RATIO);
            } else if facts.nature == Nature::Counter {
                facts.summed = true;
            }
        }
        AggregateOp::Max | AggregateOp::Min | AggregateOp::Quantile => {}
        AggregateOp::Count | AggregateOp::CountValues | AggregateOp::Group => {
            facts.nature = Nature::Gauge;
            facts.unit = Some(Quantity::COUNT);
            facts.bounds = Bounds::positive();
            facts.metric = None;
            facts.sure = true;
            if aggregate.op == AggregateOp::Group {
                facts.bounds = Bounds::between(1.0, 1.0);
            }
            if aggregate.op == AggregateOp::CountValues
                && let Some(Expr { kind: ExprKind::String(label), .. }) = &aggregate.parameter
            {
                facts.labels = Arc::new(facts.labels.with(label, Presence::Always));
            }
        }
        AggregateOp::StdDev | AggregateOp::StdVar => {
            facts.nature = Nature::Unknown;
            facts.bounds = Bounds::positive();
            facts.unit = facts.unit.filter(|_| aggregate.op == AggregateOp::StdDev);
        }
        _ => {}
    }
    facts
}
