//! Prints a comparison: for people, and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::text::{self, printable};
use super::{Fate, FilePair, ItemChange, ItemKind};
use crate::output::Conflict;

/// Renders a comparison for people: the summary by meaning, then the unified diff of each file. `colour` adds ANSI codes.
pub fn human(pairs: &[FilePair<'_>], items: &[ItemChange], colour: bool) -> String {
    let paint = |code: &str, line: String| if colour { text::paint(code, &line) } else { line };
    let mut out = String::new();
    for kind in ItemKind::ALL {
        if let Some(counts) = counts(items, kind) {
            let _ = writeln!(out, "{}: {counts}", kind.plural());
        }
    }
    for item in items {
        let title = printable(&item.title);
        let line = match &item.fate {
            Fate::Added => paint("32", format!("  + {title}")),
            Fate::Removed => paint("31", format!("  - {title}")),
            Fate::Changed(parts) if parts.is_empty() => paint("33", format!("  ~ {title}")),
            Fate::Changed(parts) => paint("33", format!("  ~ {title}: {}", printable(&parts.join(", ")))),
        };
        let _ = writeln!(out, "{line}");
    }
    for pair in pairs {
        out.push('\n');
        if let Some(conflict) = &pair.change.conflict {
            let path = &pair.change.path;
            let what = match conflict {
                Conflict::Edited(_) => "was changed by hand",
                Conflict::Foreign(_) => "was not written by llmobs",
            };
            let _ = writeln!(out, "{}", paint("1", format!("{path} {what}; `generate` will refuse to touch it")));
        }
        out.push_str(&text::painted(&unified(pair), colour));
    }
    out
}

/// Renders a comparison as JSON: `summary` (counts by kind), `items`, `files`.
pub fn json(pairs: &[FilePair<'_>], items: &[ItemChange]) -> String {
    let summary: Map<String, Value> = ItemKind::ALL
        .iter()
        .map(|kind| {
            let [added, removed, changed] = count(items, *kind);
            let key = kind.plural().replace(' ', "_");
            (key, json!({ "added": added, "removed": removed, "changed": changed }))
        })
        .collect();
    let items: Vec<Value> = items
        .iter()
        .map(|item| {
            let (change, parts) = match &item.fate {
                Fate::Added => ("added", &[][..]),
                Fate::Removed => ("removed", &[][..]),
                Fate::Changed(parts) => ("changed", parts.as_slice()),
            };
            json!({ "kind": item.kind.word(), "title": item.title, "change": change, "parts": parts, "file": item.file })
        })
        .collect();
    let files: Vec<Value> = pairs
        .iter()
        .map(|pair| {
            let change = pair.change;
            let conflict = change.conflict.as_ref().map(Conflict::word);
            json!({ "path": change.path, "change": change.kind.word(), "conflict": conflict, "diff": unified(pair) })
        })
        .collect();
    format!("{:#}\n", json!({ "summary": summary, "items": items, "files": files }))
}

fn unified(pair: &FilePair<'_>) -> String {
    text::unified(&pair.change.path, pair.old.as_deref(), pair.new)
}

fn count(items: &[ItemChange], kind: ItemKind) -> [usize; 3] {
    let of = |matches: fn(&Fate) -> bool| items.iter().filter(|i| i.kind == kind && matches(&i.fate)).count();
    [of(|f| matches!(f, Fate::Added)), of(|f| matches!(f, Fate::Removed)), of(|f| matches!(f, Fate::Changed(_)))]
}

fn counts(items: &[ItemChange], kind: ItemKind) -> Option<String> {
    let words = count(items, kind).into_iter().zip(["added", "removed", "changed"]);
    let parts: Vec<String> = words.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
