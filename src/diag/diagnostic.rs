//! One finding and its builder.

use super::{Code, Severity, printable};
use crate::source::Place;

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// Short text under the caret; may be empty.
    pub text: String,
}

/// How sure it is that a fix keeps the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// The meaning stays: applied by `--fix`.
    Safe,
    /// Right in most cases: applied only with `--fix-unsafe`.
    Unsafe,
}

/// Text to put in place of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub text: String,
    /// Why it is right, one line.
    pub why: String,
    /// Whether it can be applied without a look.
    pub safety: Safety,
}

impl Fix {
    /// Makes a fix that keeps the meaning.
    pub fn safe(place: Place, text: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place, text: text.into(), why: why.into(), safety: Safety::Safe }
    }

    /// Makes a fix that somebody should look at.
    pub fn unsafe_(place: Place, text: impl Into<String>, why: impl Into<String>) -> Self {
        Self { safety: Safety::Unsafe, ..Self::safe(place, text, why) }
    }
}

/// One finding. `message` stands alone in one line; details are in the labels and in `help`.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Stable name of the kind of finding.
    pub code: Code,
    /// Severity after overrides.
    pub severity: Severity,
    /// One line without a final full stop; names in backticks.
    pub message: String,
    /// The place that caused it. `None` only where no file is involved (the output folder, the command line).
    pub primary: Option<Label>,
    /// Other places that matter.
    pub related: Vec<Label>,
    /// What to do, each beginning with a verb.
    pub help: Vec<String>,
    /// The change that mends it, where there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Makes a finding at a place, with the text that stands under the caret.
    pub fn new(code: Code, message: impl Into<String>, place: Place, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: printable(message.into()),
            primary: Some(Label { place, text: printable(label.into()) }),
            related: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Makes a finding that no place in a text belongs to.
    pub fn without_place(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: printable(message.into()),
            primary: None,
            related: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(printable(help.into()));
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, place: Place, text: impl Into<String>) -> Self {
        self.related.push(Label { place, text: printable(text.into()) });
        self
    }
}

/// A finding that is not reported, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Diagnostic,
    /// Why.
    pub reason: String,
    /// Whether a comment in the file says so; else a file of known findings.
    pub in_source: bool,
}
