//! One line per finding: `file:line:column: severity[code] message`.

use std::fmt::Write as _;

use crate::diag::Diagnostic;
use crate::source::Sources;

/// Renders findings one per line, for grep, editors and logs.
pub fn concise(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for d in diagnostics {
        if let Some((label, file)) = d.primary.as_ref().and_then(|l| Some((l, sources.get(l.place.file)?))) {
            let (line, column) = file.line_column(label.place.span.start);
            let _ = write!(out, "{}:{line}:{column}: ", file.name);
        }
        let _ = writeln!(out, "{}[{}] {}", d.severity.word(), d.code, d.message);
    }
    out
}
