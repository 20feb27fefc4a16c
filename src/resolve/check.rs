//! Resolves `[check]`: names of codes to codes.

use std::collections::BTreeMap;

use super::{CheckSettings, Context};
use crate::diag::{Code, Diagnostic, codes_of};
use crate::spec::{Document, Level, StoredNames};

/// Resolves `[check]`.
pub fn check(document: &Document, ctx: &mut Context<'_>) -> CheckSettings {
    let Some(table) = &document.check else { return CheckSettings::default() };
    let (mut of_groups, mut of_codes) = (BTreeMap::new(), BTreeMap::new());
    if let Some(named) = &table.levels {
        for (key, level) in &named.entries {
            let place = named.key_places.get(key).copied().unwrap_or(level.place);
            match codes_of(&key.0) {
                Ok(codes) if Code::from_name(&key.0).is_some() => {
                    of_codes.extend(codes.into_iter().map(|c| (c, level.value)))
                }
                Ok(codes) => of_groups.extend(codes.into_iter().map(|c| (c, level.value))),
                Err(unknown) => {
                    let label = "expected a code or a group of codes";
                    let finding = Diagnostic::new(Code::SpecUnknownReference, unknown.message(), place, label);
                    ctx.sink.push(finding.help(unknown.help));
                }
            }
        }
    }
    let mut levels: BTreeMap<Code, Level> = of_groups;
    levels.extend(of_codes);
    CheckSettings {
        levels,
        underscored: table.names.as_ref().is_some_and(|n| n.value == StoredNames::Underscored),
        exclude: table.exclude.iter().flat_map(|list| &list.value).map(|g| g.value.0.clone()).collect(),
        baseline: table.baseline.as_ref().map(|b| b.value.0.clone()),
    }
}
