//! Collects the findings of a run.

use super::{Code, Diagnostic, Severity};
use crate::source::Place;

/// Findings in the order they were made; sorted by place when taken out.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
}

impl Sink {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds several findings.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(diagnostics);
    }

    /// Returns whether a finding of severity error was made.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Returns whether an error was found inside a place.
    pub fn has_error_within(&self, place: Place) -> bool {
        let inside =
            |p: Place| p.file == place.file && place.span.start <= p.span.start && p.span.end <= place.span.end;
        self.diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error && d.primary.as_ref().is_some_and(|l| inside(l.place)))
    }

    /// Returns whether a finding of a code was made.
    pub fn has(&self, code: Code) -> bool {
        self.diagnostics.iter().any(|d| d.code == code)
    }

    /// Returns the findings sorted by file, place, severity (worst first) and code, else in the order they were made, without
    /// exact repetitions.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|d| (d.primary.as_ref().map(|l| l.place), std::cmp::Reverse(d.severity), d.code));
        self.diagnostics.dedup();
        self.diagnostics
    }
}
