//! `rule/name-contradicts-unit`: a recorded name that promises another unit than the expression gives.

use crate::diag::{Code, Diagnostic};
use crate::infer::{Quantity, Relation};
use crate::lint::role::Role;
use crate::lint::{Cx, Query};
use crate::units::Unit;

/// Looks at the last word of each part of a recorded name.
pub fn check(query: &Query<'_>, _: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Role::Record(rule, _) = query.role else { return };
    let Some(name) = &rule.record else { return };
    let facts = &query.typed.facts;
    let Some(unit) = facts.unit.filter(|_| facts.sure && facts.constant.is_none()) else { return };
    let Some((promised, word)) = name.as_str().split(':').find_map(promise) else { return };
    let help = match promised.relation(&unit) {
        Relation::Same => return,
        // `requests_ratio` of counts and the like: a share may be made in many ways.
        Relation::OtherDimension if promised.is_plain() && unit.is_plain() => return,
        // `tokens:rate5m`: the operation behind the name says the rest.
        Relation::OtherDimension if promised.per_second().relation(&unit) == Relation::Same => return,
        Relation::OtherDimension => "name it after what it measures".to_owned(),
        Relation::OtherScale(factor) if factor >= 1.0 => {
            format!("divide it by {}, or name the unit it has", crate::units::number(factor))
        }
        Relation::OtherScale(factor) => {
            format!("multiply it by {}, or name the unit it has", crate::units::number(factor.recip()))
        }
    };
    let message = format!("the name says `{word}`, and the value is {unit}");
    let start = name.as_str().find(word).unwrap_or(0);
    out.push(
        Diagnostic::new(
            Code::NameContradictsUnit,
            message,
            name.place(start..start + word.len()),
            "promises another unit",
        )
        .related(query.whole(), unit.to_string())
        .help(help),
    );
}

/// Returns the unit that a part of a name ends with.
fn promise(part: &str) -> Option<(Quantity, &str)> {
    let per_second = |u: Quantity| u.per(Quantity::SECONDS);
    let words: [(&str, Option<Quantity>); 12] = [
        ("seconds", Some(Quantity::SECONDS)),
        ("milliseconds", Quantity::of_unit(Unit::Milliseconds)),
        ("bytes", Some(Quantity::BYTES)),
        ("percent", Some(Quantity::PERCENT)),
        ("ratio", Some(Quantity::RATIO)),
        ("celsius", Quantity::of_unit(Unit::Celsius)),
        ("watts", Quantity::of_unit(Unit::Watts)),
        ("joules", Quantity::of_unit(Unit::Joules)),
        ("hertz", Quantity::of_unit(Unit::Hertz)),
        ("tokens_per_second", Quantity::of_unit(Unit::TokensPerSecond)),
        ("bytes_per_second", Some(per_second(Quantity::BYTES))),
        ("tokens", Quantity::of_unit(Unit::Tokens)),
    ];
    // `dollars_per_million_tokens`, `share_of_tokens`: the last word is not what is measured.
    let compound = |word: &str| {
        let before = part.strip_suffix(word).unwrap_or_default();
        !word.contains("per_")
            && ["per_", "of_"].iter().any(|w| before.starts_with(w) || before.contains(&format!("_{w}")))
    };
    words
        .into_iter()
        .filter(|(word, _)| part.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
        .filter(|(word, _)| !compound(word))
        .max_by_key(|(word, _)| word.len())
        .and_then(|(word, unit)| Some((unit?, &part[part.len() - word.len()..])))
}
