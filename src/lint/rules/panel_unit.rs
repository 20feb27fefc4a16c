//! `dashboard/unit-contradicts`: a panel that shows a quantity in a unit that it does not have.

use crate::diag::{Code, Diagnostic};
use crate::infer::{Dimension, Nature, Quantity, Relation};
use crate::lint::{Cx, Query, Role};

/// Looks at every query of a panel that says its unit.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Role::Panel(target, panel, _) = query.role else { return };
    let facts = &query.typed.facts;
    // Overrides give single series another unit, and transformations compute with them.
    if target.hidden || panel.transformations || panel.overrides.iter().any(|o| o.unit.is_some()) {
        return;
    }
    let Some(shown) = &panel.unit else { return };
    let Some(promised) = of_grafana(shown.as_str()) else { return };
    // Heatmaps of buckets show counts, and the unit is that of their axis.
    let heatmap = panel.kind.as_ref().is_some_and(|k| k.as_str() == "heatmap")
        || target.format.as_ref().is_some_and(|f| f.as_str() == "heatmap");
    let computable = facts.sure
        && facts.constant.is_none()
        && !matches!(facts.nature, Nature::Timestamp | Nature::Info | Nature::LastValue);
    let Some(unit) = facts.unit.filter(|_| computable && !heatmap) else { return };
    let help = match unit.relation(&promised) {
        Relation::Same => return,
        // Counts per second may be shown as operations, requests or events.
        Relation::OtherDimension if unit.is_plain() && promised.is_plain() => return,
        // Milliseconds per second of work: a share of time, which people show as a time.
        Relation::OtherDimension if unit.is_plain() && promised.power(Dimension::Time) == 1 => return,
        // Grafana has no unit for joules per token or dollars per million tokens.
        Relation::OtherDimension if unit.is_of(&promised) => return,
        Relation::OtherDimension => match grafana_unit(unit) {
            Some(right) => format!("set the unit `{right}`"),
            None => "set the unit of what is shown, or `short`".to_owned(),
        },
        Relation::OtherScale(factor) => {
            let by = if factor >= 1.0 {
                format!("multiply the query by {}", crate::units::number(factor))
            } else {
                format!("divide the query by {}", crate::units::number(factor.recip()))
            };
            match grafana_unit(unit) {
                Some(right) => format!("set the unit `{right}`, or {by}"),
                None => by,
            }
        }
    };
    let title = panel.title.as_ref().map_or_else(String::new, |t| format!(" of `{}`", crate::diag::shorten(t)));
    let message = format!("the panel shows `{}`, and the query{title} gives {unit}", crate::diag::shorten(shown));
    out.push(
        Diagnostic::new(Code::DashboardUnitContradicts, message, shown.whole(), format!("shown as {promised}"))
            .related(query.whole(), unit.to_string())
            .help(help),
    );
}

/// Units of Grafana (packages/grafana-data/src/valueFormats/categories.ts) that say what is measured.
const UNITS: &[(&str, Quantity)] = &[
    ("s", Quantity::SECONDS),
    ("ms", Quantity::of(Dimension::Time, 1e-3)),
    ("µs", Quantity::of(Dimension::Time, 1e-6)),
    ("us", Quantity::of(Dimension::Time, 1e-6)),
    ("ns", Quantity::of(Dimension::Time, 1e-9)),
    ("m", Quantity::of(Dimension::Time, 60.0)),
    ("h", Quantity::of(Dimension::Time, 3600.0)),
    ("d", Quantity::of(Dimension::Time, 86_400.0)),
    ("dtdurations", Quantity::SECONDS),
    ("dtdurationms", Quantity::of(Dimension::Time, 1e-3)),
    ("bytes", Quantity::BYTES),
    ("decbytes", Quantity::BYTES),
    ("kbytes", Quantity::of(Dimension::Data, 1024.0)),
    ("mbytes", Quantity::of(Dimension::Data, 1_048_576.0)),
    ("gbytes", Quantity::of(Dimension::Data, 1_073_741_824.0)),
    ("deckbytes", Quantity::of(Dimension::Data, 1e3)),
    ("decmbytes", Quantity::of(Dimension::Data, 1e6)),
    ("decgbytes", Quantity::of(Dimension::Data, 1e9)),
    ("percent", Quantity::PERCENT),
    ("percentunit", Quantity::RATIO),
    ("celsius", Quantity::of(Dimension::Temperature, 1.0)),
    ("joule", Quantity::of(Dimension::Energy, 1.0)),
];

fn of_grafana(unit: &str) -> Option<Quantity> {
    let per_second = |q: Quantity| q.per(Quantity::SECONDS);
    if let Some((_, quantity)) = UNITS.iter().find(|(name, _)| *name == unit) {
        return Some(*quantity);
    }
    Some(match unit {
        "watt" => per_second(Quantity::of(Dimension::Energy, 1.0)),
        "mwatt" => per_second(Quantity::of(Dimension::Energy, 1e-3)),
        "kwatt" => per_second(Quantity::of(Dimension::Energy, 1e3)),
        "Bps" | "binBps" => per_second(Quantity::BYTES),
        "KBs" => per_second(Quantity::of(Dimension::Data, 1e3)),
        "KiBs" => per_second(Quantity::of(Dimension::Data, 1024.0)),
        "MBs" => per_second(Quantity::of(Dimension::Data, 1e6)),
        "MiBs" => per_second(Quantity::of(Dimension::Data, 1_048_576.0)),
        "hertz" | "rothz" => per_second(Quantity::COUNT),
        unit if unit.starts_with("currency") => Quantity::of(Dimension::Money, 1.0),
        _ => return None,
    })
}

fn grafana_unit(unit: Quantity) -> Option<&'static str> {
    let watt = Quantity::of(Dimension::Energy, 1.0).per(Quantity::SECONDS);
    if unit == watt {
        return Some("watt");
    }
    if unit == Quantity::BYTES.per(Quantity::SECONDS) {
        return Some("Bps");
    }
    UNITS
        .iter()
        .find(|(_, q)| q.relation(&unit) == Relation::Same && q.scale.is_some() && unit.scale.is_some())
        .map(|(name, _)| *name)
}
