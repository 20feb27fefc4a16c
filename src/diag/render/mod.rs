//! Turns findings into text: one file per format over one type.

mod concise;
mod github;
mod human;
mod json;
mod sarif;

pub use concise::concise;
pub use github::github;
pub use human::human;
pub use json::json;
pub use sarif::sarif;

use super::{Diagnostic, Fix, Severity, shorten};
use crate::source::Sources;

/// Returns `2 errors, 1 warning`, or an empty string when there is nothing to count.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")]
        .iter()
        .filter_map(|(severity, word)| {
            let n = diagnostics.iter().filter(|d| d.severity == *severity).count();
            (n > 0).then(|| format!("{n} {word}{}", if n == 1 { "" } else { "s" }))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// Says what a fix does: `replace X with Y: why`.
fn change(fix: &Fix, sources: &Sources) -> String {
    let old = sources.get(fix.place.file).and_then(|f| f.text.get(fix.place.span.range())).unwrap_or_default();
    let what = match (old, fix.text.as_str()) {
        ("", new) => format!("insert `{}`", shorten(new)),
        (old, "") => format!("remove `{}`", shorten(old)),
        (old, new) => format!("replace `{}` with `{}`", shorten(old), shorten(new)),
    };
    format!("{what}: {}", fix.why)
}
