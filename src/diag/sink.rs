//! Collects the findings of a run.

use super::{Diagnostic, Severity};

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

    /// Returns the findings sorted by file, place, severity (worst first) and code, without exact repetitions.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by(|a, b| {
            let key = |d: &Diagnostic| {
                (d.primary.as_ref().map(|l| l.place), std::cmp::Reverse(d.severity), d.code, d.message.clone())
            };
            key(a).cmp(&key(b))
        });
        self.diagnostics.dedup();
        self.diagnostics
    }
}
