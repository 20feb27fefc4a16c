//! Recording rules that are read in the same run: their names stand for expressions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::facts::{Facts, ValueType};
use super::query::{Knowledge, infer};
use crate::promql::Expr;

/// Number of a recording rule, in the order of reading.
pub type RecordId = usize;

struct Definition {
    expr: Rc<Expr>,
    /// Labels that the rule or its group sets.
    labels: Vec<String>,
}

/// The recorded names and what they stand for.
#[derive(Default)]
pub struct Records {
    by_name: BTreeMap<String, Vec<Definition>>,
    known: RefCell<BTreeMap<String, Option<Facts>>>,
}

impl Records {
    /// Adds a rule: its name, expression and the labels it sets.
    pub fn add(&mut self, name: &str, expr: Rc<Expr>, labels: Vec<String>) {
        self.by_name.entry(name.to_owned()).or_default().push(Definition { expr, labels });
    }

    /// Returns whether a rule of the run records the name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Returns what is known about a recorded name; nothing for one that reads itself.
    pub fn facts(&self, name: &str, knowledge: &Knowledge<'_>) -> Option<Facts> {
        let definitions = self.by_name.get(name)?;
        if let Some(known) = self.known.borrow().get(name) {
            return Some(known.clone().unwrap_or_else(|| Facts::unknown(ValueType::Vector)));
        }
        // A name on the way to itself is unknown there.
        self.known.borrow_mut().insert(name.to_owned(), None);
        let facts = definitions
            .iter()
            .map(|d| {
                let mut facts = infer(&d.expr, knowledge).facts;
                facts.condition = false;
                // A recorded number stands for something; what, its name may say.
                if facts.constant.take().is_some() {
                    facts = Facts { labels: facts.labels, ..Facts::unknown(ValueType::Vector) };
                }
                facts.value = ValueType::Vector;
                let labels = d.labels.iter().fold((*facts.labels).clone(), |all, l| all.with_fixed(l));
                facts.labels = Rc::new(labels);
                facts
            })
            .reduce(|a, b| merge(&a, &b))?;
        self.known.borrow_mut().insert(name.to_owned(), Some(facts.clone()));
        Some(facts)
    }
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
        labels: Rc::new(a.labels.either(&b.labels)),
        constant: None,
        metric: a.metric.clone().filter(|_| same_metric),
        summed: a.summed || b.summed,
        window: if a.window == b.window { a.window } else { None },
        condition: false,
    }
}
