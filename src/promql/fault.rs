//! What is wrong with a query, and the list of it. Rendering and codes are not known here.

use crate::source::Span;

/// One fault of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The bytes that it is about.
    pub span: Span,
    /// One line without a final full stop; names in backticks.
    pub message: String,
    /// Short text under the caret; may be empty.
    pub label: String,
    /// What to do, beginning with a verb.
    pub help: Option<String>,
}

impl Fault {
    /// Makes a fault without help.
    pub fn new(span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: label.into(), help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Faults that are reported for one query; more do not help anyone.
const MOST: usize = 20;

/// Collects the faults of one query.
#[derive(Debug, Default)]
pub struct Faults {
    list: Vec<Fault>,
    spoiled: bool,
    /// While something is skipped that was reported already, what is found in it is only counted.
    pub quiet: bool,
    /// Whether something without end swallowed the rest of the query: what is missing there says nothing.
    pub cut: bool,
}

impl Faults {
    /// Adds a fault, unless one that begins at the same byte is there or there are enough.
    pub fn push(&mut self, fault: Fault) {
        self.spoiled = true;
        if !self.quiet && self.list.len() < MOST && !self.list.iter().any(|f| f.span.start == fault.span.start) {
            self.list.push(fault);
        }
    }

    /// Notes that the query is wrong, for a reason that was reported already.
    pub fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Returns whether there is one.
    pub fn any(&self) -> bool {
        self.spoiled
    }

    /// Returns them in the order of the query.
    pub fn into_sorted(mut self) -> Vec<Fault> {
        if self.list.is_empty() && self.spoiled {
            self.list.push(Fault::new(Span::default(), "the query is not valid", ""));
        }
        self.list.sort_by_key(|f| f.span);
        self.list
    }
}
