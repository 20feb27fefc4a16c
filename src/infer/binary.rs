//! What an operation on two sides gives.

use std::sync::Arc;

use super::facts::{Bounds, Facts, Nature, ValueType};
use super::labels::Labels;
use super::quantity::Quantity;
use super::query::Typed;
use super::records::merge;
use crate::promql::{Binary, BinaryOp, Card, Name};

/// Returns what is known about the result of an operation.
pub fn operation(binary: &Binary, left: &Typed<'_>, right: &Typed<'_>) -> Facts {
    let (l, r) = (&left.facts, &right.facts);
    if let (Some(a), Some(b)) = (l.constant, r.constant)
        && let Some(value) = computed(binary, a, b)
    {
        let mut facts = Facts::number(value);
        if l.value == ValueType::Vector || r.value == ValueType::Vector {
            facts.value = ValueType::Vector;
        }
        // `5m * 60` and the like keep no unit.
        return facts;
    }
    if binary.op.is_set() {
        return match binary.op {
            BinaryOp::Or => either(l, r),
            _ => Facts { constant: None, ..l.clone() },
        };
    }
    let value = match (l.value, r.value) {
        (ValueType::Any, _) | (_, ValueType::Any) => ValueType::Any,
        (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
        _ => ValueType::Vector,
    };
    let labels = Arc::new(result_labels(binary, l, r));
    let sure = l.sure && r.sure;
    let mut facts = Facts { value, labels, sure, ..Facts::unknown(ValueType::Vector) };
    facts.value = value;
    if binary.op.is_comparison() {
        return compared(binary, l, r, facts);
    }
    match binary.op {
        BinaryOp::Mul => multiplied(l, r, &mut facts),
        BinaryOp::Div => divided(l, r, &mut facts),
        BinaryOp::Add | BinaryOp::Sub => added(binary.op, l, r, &mut facts),
        BinaryOp::TrimUpper | BinaryOp::TrimLower => {
            facts.nature = l.nature;
            facts.unit = l.unit;
            facts.metric.clone_from(&l.metric);
        }
        BinaryOp::Mod => facts.unit = l.unit,
        _ => {}
    }
    facts
}

fn computed(binary: &Binary, a: f64, b: f64) -> Option<f64> {
    Some(match binary.op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        _ => return None,
    })
}

/// `or`: series of either side. A constant on the right stands in where the left has nothing.
fn either(l: &Facts, r: &Facts) -> Facts {
    if r.is_constant() || l.is_constant() {
        let (known, filler) = if r.is_constant() { (l, r) } else { (r, l) };
        let value = filler.constant.unwrap_or(0.0);
        let mut facts = known.clone();
        facts.labels = Arc::new(l.labels.either(&r.labels));
        facts.bounds =
            Bounds { min: facts.bounds.min.map(|m| m.min(value)), max: facts.bounds.max.map(|m| m.max(value)) };
        facts.value = ValueType::Vector;
        return facts;
    }
    let mut facts = merge(l, r);
    // Two forms of one thing, such as the names of two releases.
    if l.unit.is_none() || r.unit.is_none() {
        facts.unit = None;
    }
    facts
}

fn compared(binary: &Binary, l: &Facts, r: &Facts, mut facts: Facts) -> Facts {
    if binary.bool_modifier {
        facts.nature = Nature::Flag;
        facts.unit = Some(Quantity::RATIO);
        facts.bounds = Bounds::between(0.0, 1.0);
        return facts;
    }
    // A comparison filters: its value is that of the vector, the left one of two.
    let source = if l.value == ValueType::Scalar { r } else { l };
    Facts { value: facts.value, labels: facts.labels, condition: true, constant: None, ..source.clone() }
}

fn multiplied(l: &Facts, r: &Facts, facts: &mut Facts) {
    if let Some((value, factor)) = with_constant(l, r) {
        *facts = scaled(value, factor, facts);
        return;
    }
    // Joining labels with `* on (...) group_left (...) info` changes no value.
    for (info, other) in [(r, l), (l, r)] {
        if info.nature == Nature::Info {
            let labels = facts.labels.clone();
            *facts = Facts { labels, value: facts.value, constant: None, ..other.clone() };
            return;
        }
    }
    // A condition with `bool` masks.
    for (flag, other) in [(r, l), (l, r)] {
        if flag.nature == Nature::Flag {
            let labels = facts.labels.clone();
            *facts = Facts { labels, value: facts.value, constant: None, nature: Nature::Unknown, ..other.clone() };
            return;
        }
    }
    facts.unit = l.unit.zip(r.unit).map(|(a, b)| a.times(b));
    if l.bounds == Bounds::between(0.0, 1.0) && r.bounds == Bounds::between(0.0, 1.0) {
        facts.bounds = Bounds::between(0.0, 1.0);
    } else if l.bounds.min.is_some_and(|m| m >= 0.0) && r.bounds.min.is_some_and(|m| m >= 0.0) {
        facts.bounds = Bounds::positive();
    }
}

fn divided(l: &Facts, r: &Facts, facts: &mut Facts) {
    if let Some(divisor) = r.constant {
        *facts = scaled(l, 1.0 / divisor, facts);
        return;
    }
    if l.constant.is_some() {
        facts.unit = r.unit.map(|u| Quantity::COUNT.per(u)).filter(|_| l.constant.is_some_and(|c| super::near(c, 1.0)));
        return;
    }
    facts.unit = l.unit.zip(r.unit).map(|(a, b)| a.per(b));
    facts.nature = match (l.nature, r.nature) {
        (Nature::Rate | Nature::Increase, Nature::Rate | Nature::Increase) if is_sum_over_count(l, r) => Nature::Mean,
        _ if facts.unit.is_some_and(|u| u.is_plain() && u.share) => Nature::Share,
        _ => Nature::Unknown,
    };
    if facts.nature == Nature::Mean {
        facts.metric.clone_from(&l.metric);
    }
    if l.bounds.min.is_some_and(|m| m >= 0.0) && r.bounds.min.is_some_and(|m| m >= 0.0) {
        facts.bounds = Bounds::positive();
    }
}

/// Returns whether it is the sum of a histogram over its count.
fn is_sum_over_count(l: &Facts, r: &Facts) -> bool {
    use crate::catalog::Part;
    match (&l.metric, &r.metric) {
        (Some(a), Some(b)) => {
            a.part == Part::Sum && b.part == Part::Count && a.name.strip_suffix("_sum") == b.name.strip_suffix("_count")
        }
        _ => false,
    }
}

fn added(op: BinaryOp, l: &Facts, r: &Facts, facts: &mut Facts) {
    let (unit, constant) = match (l.constant, r.constant) {
        (None, Some(c)) => (l.unit, Some(c)),
        (Some(c), None) => (r.unit, Some(c)),
        _ => (l.unit.or(r.unit).filter(|u| l.unit.is_none_or(|x| x == *u) && r.unit.is_none_or(|x| x == *u)), None),
    };
    facts.unit = if constant.is_none() && (l.unit.is_none() || r.unit.is_none()) { None } else { unit };
    match (constant, l.constant.is_some(), op) {
        (Some(c), false, BinaryOp::Add) => facts.bounds = l.bounds.map(|x| x + c),
        (Some(c), false, _) => facts.bounds = l.bounds.map(|x| x - c),
        (Some(c), true, BinaryOp::Add) => facts.bounds = r.bounds.map(|x| c + x),
        (Some(c), true, _) => facts.bounds = r.bounds.map(|x| c - x),
        (None, _, BinaryOp::Add) => {
            facts.bounds.min = l.bounds.min.zip(r.bounds.min).map(|(a, b)| a + b);
            facts.bounds.max = l.bounds.max.zip(r.bounds.max).map(|(a, b)| a + b);
        }
        (None, ..) => {}
    }
    let side = if l.constant.is_some() { r } else { l };
    facts.nature = match side.nature {
        Nature::Share => Nature::Share,
        nature if l.nature == r.nature && op == BinaryOp::Add => nature,
        Nature::Gauge if constant.is_some() => Nature::Gauge,
        _ => Nature::Unknown,
    };
    if l.constant.is_none() && r.constant.is_none() {
        facts.summed = true;
    }
}

fn with_constant<'f>(l: &'f Facts, r: &'f Facts) -> Option<(&'f Facts, f64)> {
    match (l.constant, r.constant) {
        (None, Some(c)) => Some((l, c)),
        (Some(c), None) => Some((r, c)),
        _ => None,
    }
}

/// Returns a value multiplied with a number: the same in other steps.
fn scaled(value: &Facts, factor: f64, result: &Facts) -> Facts {
    let mut facts = Facts { value: result.value, labels: result.labels.clone(), constant: None, ..value.clone() };
    facts.unit = value.unit.and_then(|u| u.scaled(factor));
    facts.bounds = value.bounds.map(|x| x * factor);
    facts.condition = false;
    if facts.nature == Nature::Flag || facts.nature == Nature::Info {
        facts.nature = Nature::Unknown;
        facts.unit = None;
    }
    facts
}

/// Returns the labels of the result, as Prometheus's `resultMetric` does.
fn result_labels(binary: &Binary, l: &Facts, r: &Facts) -> Labels {
    if l.value == ValueType::Any || r.value == ValueType::Any {
        return Labels::unknown();
    }
    if l.value == ValueType::Scalar {
        return (*r.labels).clone();
    }
    if r.value == ValueType::Scalar {
        return (*l.labels).clone();
    }
    let Some(matching) = &binary.matching else { return (*l.labels).clone() };
    let names = |list: &'_ [Name]| list.iter().map(|n| n.text.clone()).collect::<Vec<_>>();
    if names(&matching.labels).iter().any(|n| n.contains(['$', '<'])) {
        return Labels::unknown();
    }
    match &matching.card {
        Card::OneToOne if matching.on => l.labels.by(names(&matching.labels).iter().map(String::as_str)),
        Card::OneToOne => l.labels.without(names(&matching.labels).iter().map(String::as_str)),
        Card::GroupLeft(taken) => included(&l.labels, &r.labels, &names(taken)),
        Card::GroupRight(taken) => included(&r.labels, &l.labels, &names(taken)),
    }
}

fn included(many: &Labels, one: &Labels, taken: &[String]) -> Labels {
    taken.iter().fold(many.clone(), |all, label| match one.presence(label) {
        Some(presence) => all.with(label, presence),
        None => all.without([label.as_str()]),
    })
}
