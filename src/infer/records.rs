//! Recording rules that are read in the same run: their names stand for expressions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::facts::{Facts, ValueType};
use super::metrics::Resolved;
use super::query::{Knowledge, Typed, infer, stored_name};
use crate::promql::{Expr, Matcher};

/// Trees that were typed on the way to the facts of a record, by the address of their expression.
#[derive(Default)]
pub struct Done<'e>(HashMap<usize, Typed<'e>>);

impl<'e> Done<'e> {
    /// Takes the typed tree of an expression, if there is one.
    pub fn take(&mut self, expr: &'e Expr) -> Option<Typed<'e>> {
        self.0.remove(&address(expr))
    }
}

fn address(expr: &Expr) -> usize {
    std::ptr::from_ref(expr) as usize
}

struct Definition<'e> {
    expr: &'e Expr,
    /// Labels that the rule or its group sets.
    labels: Vec<String>,
}

/// The recorded names and what they stand for.
#[derive(Default)]
pub struct Records<'e> {
    by_name: BTreeMap<String, Vec<Definition<'e>>>,
    known: RwLock<BTreeMap<String, Option<Known>>>,
}

/// What is known about a recorded name.
#[derive(Clone)]
struct Known {
    /// What holds for all its series.
    all: Facts,
    /// What holds for those of one rule, where that is more.
    each: Option<Arc<Each>>,
}

/// Rules of one name that record series of different kinds.
struct Each {
    facts: Vec<Facts>,
    /// The rules about a deployment, ascending.
    by_deployment: BTreeMap<usize, Vec<usize>>,
    /// Those that name none.
    of_any: Vec<usize>,
}

impl<'e> Records<'e> {
    /// Adds a rule: its name, expression and the labels it sets.
    pub fn add(&mut self, name: &str, expr: &'e Expr, labels: Vec<String>) {
        self.by_name.entry(name.to_owned()).or_default().push(Definition { expr, labels });
    }

    /// Returns whether a rule of the run records the name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Returns what is known about the series of a recorded name that matchers select; nothing for one that reads itself.
    pub fn facts(&self, name: &str, matchers: &[Matcher], knowledge: &Knowledge<'_>) -> Option<Facts> {
        if !self.has(name) {
            return None;
        }
        if !self.seen(name) {
            self.learn(name, knowledge, &mut Done::default());
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned().flatten();
        let Some(known) = known else { return Some(Facts::unknown(ValueType::Vector)) };
        let meant = known.each.and_then(|each| each.of(&knowledge.targets.named(matchers)));
        Some(meant.unwrap_or(known.all))
    }

    /// Infers every recorded name that a query reads. Must come before several threads ask: a name that one of them is inferring
    /// looks unknown to the others.
    pub fn learn_read(&self, query: &Expr, knowledge: &Knowledge<'_>, done: &mut Done<'e>) {
        query.selectors(&mut |selector| {
            let name = stored_name(selector);
            if self.has(name) && !self.seen(name) {
                self.learn(name, knowledge, done);
            }
        });
    }

    fn seen(&self, name: &str) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    fn know(&self, name: &str, facts: Option<Known>) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), facts);
    }

    /// Infers a recorded name, those that it reads first. Rules may read one another thousands deep, so this does not recurse.
    fn learn<'r>(&'r self, name: &'r str, knowledge: &Knowledge<'_>, done: &mut Done<'e>) {
        let mut open = vec![self.begin(name)];
        while let Some((name, mut reads)) = open.pop() {
            let next = reads.find(|read| !self.seen(read));
            if let Some(next) = next {
                open.push((name, reads));
                open.push(self.begin(next));
            } else if let Some(definitions) = self.by_name.get(name) {
                let facts: Vec<Facts> = definitions.iter().map(|d| defined(d, knowledge, done)).collect();
                let all = facts.iter().cloned().reduce(|a, b| merge(&a, &b));
                self.know(
                    name,
                    all.map(|all| Known { each: Each::of_rules(definitions, facts, &all, knowledge), all }),
                );
            }
        }
    }

    /// Marks a name as on the way to itself, where it is unknown. Returns it with the recorded names that it reads.
    fn begin<'r>(&'r self, name: &'r str) -> (&'r str, std::vec::IntoIter<&'r str>) {
        self.know(name, None);
        let mut reads = Vec::new();
        for definition in self.by_name.get(name).into_iter().flatten() {
            definition.expr.selectors(&mut |s| reads.extend(self.by_name.get_key_value(stored_name(s))));
        }
        (name, reads.into_iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().into_iter())
    }
}

impl Each {
    /// Joins the rules of a name; `None` where what holds for one holds for all.
    fn of_rules(
        rules: &[Definition<'_>],
        facts: Vec<Facts>,
        all: &Facts,
        knowledge: &Knowledge<'_>,
    ) -> Option<Arc<Self>> {
        let mig = |facts: &Facts| facts.metric.as_ref().and_then(|m| m.mig());
        if facts.iter().all(|f| f.labels == all.labels && mig(f) == mig(all)) {
            return None;
        }
        let mut each = Self { facts, by_deployment: BTreeMap::new(), of_any: Vec::new() };
        for (n, rule) in rules.iter().enumerate() {
            let mut named = BTreeSet::new();
            rule.expr.selectors(&mut |s| named.extend(knowledge.targets.named(&s.matchers)));
            if named.is_empty() {
                each.of_any.push(n);
            }
            for deployment in named {
                each.by_deployment.entry(deployment).or_default().push(n);
            }
        }
        Some(Arc::new(each))
    }

    /// Returns what holds for the series of deployments; `None` where no rule is about them.
    fn of(&self, deployments: &[usize]) -> Option<Facts> {
        let own = || deployments.iter().filter_map(|d| self.by_deployment.get(d)).flatten();
        own().next()?;
        let rules: BTreeSet<usize> = own().chain(&self.of_any).copied().collect();
        rules.into_iter().filter_map(|n| self.facts.get(n)).cloned().reduce(|a, b| merge(&a, &b))
    }
}

fn defined<'e>(definition: &Definition<'e>, knowledge: &Knowledge<'_>, done: &mut Done<'e>) -> Facts {
    let typed = infer(definition.expr, knowledge);
    let mut facts = typed.facts.clone();
    done.0.insert(address(definition.expr), typed);
    facts.condition = false;
    // A recorded number stands for something; what, its name may say.
    if facts.constant.take().is_some() {
        facts = Facts { labels: facts.labels, ..Facts::unknown(ValueType::Vector) };
    }
    facts.value = ValueType::Vector;
    if !definition.labels.is_empty() {
        facts.labels = Arc::new(facts.labels.with_fixed(definition.labels.iter().map(String::as_str)));
    }
    facts
}

/// Returns what holds for series of either origin.
pub fn merge(a: &Facts, b: &Facts) -> Facts {
    let same_unit = match (&a.unit, &b.unit) {
        (Some(x), Some(y)) => x == y,
        _ => false,
    };
    let same_metric = match (&a.metric, &b.metric) {
        (Some(x), Some(y)) => x.original == y.original && x.part == y.part,
        _ => false,
    };
    Facts {
        value: if a.value == b.value { a.value } else { ValueType::Vector },
        nature: if a.nature == b.nature { a.nature } else { super::Nature::Unknown },
        unit: a.unit.filter(|_| same_unit),
        sure: a.sure && b.sure,
        bounds: super::Bounds {
            min: a.bounds.min.zip(b.bounds.min).map(|(x, y)| x.min(y)),
            max: a.bounds.max.zip(b.bounds.max).map(|(x, y)| x.max(y)),
        },
        labels: Arc::new(a.labels.either(&b.labels)),
        constant: None,
        metric: a.metric.as_ref().zip(b.metric.as_ref()).filter(|_| same_metric).map(|(a, b)| either(a, b)),
        summed: a.summed || b.summed,
        window: if a.window == b.window { a.window } else { None },
        condition: false,
    }
}

/// Returns a metric as deployments of either have it.
fn either(a: &Arc<Resolved>, b: &Arc<Resolved>) -> Arc<Resolved> {
    if a.mig() == b.mig() {
        return a.clone();
    }
    let against = a.against.iter().chain(&b.against).cloned().collect();
    Arc::new(Resolved { against, ..(**a).clone() })
}
