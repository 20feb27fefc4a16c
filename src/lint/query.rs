//! A query with everything a rule may ask about it: text, tree, facts and where it stands.

use super::role::Role;
use crate::diag::{Code, Diagnostic};
use crate::infer::Typed;
use crate::intake::Text;
use crate::source::{Place, Span};

/// A query of a file.
pub struct Query<'q> {
    /// The text that holds the query, and its way back to the file.
    pub text: &'q Text,
    /// Where the query begins in the text: behind `label_values(` and the like.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The expression with what is known about each part.
    pub typed: Typed<'q>,
    /// Where it stands.
    pub role: Role<'q>,
}

impl Query<'_> {
    /// Returns the place of bytes of the query.
    pub fn place(&self, span: Span) -> Place {
        if span.start == span.end {
            self.whole()
        } else {
            self.text.place(self.start + span.start..self.start + span.end)
        }
    }

    /// Returns the place of the whole query.
    pub fn whole(&self) -> Place {
        if self.start == 0 && self.end == self.text.len() {
            self.text.whole()
        } else {
            self.text.place(self.start..self.end)
        }
    }

    /// Returns the place of bytes of the query if the file holds exactly these bytes there, so that they can be replaced.
    pub fn exact(&self, span: Span) -> Option<Place> {
        self.text.exact(self.start + span.start..self.start + span.end)
    }

    /// Returns bytes of the query as they are written.
    pub fn snippet(&self, span: Span) -> &str {
        self.text.as_str().get(self.start + span.start..self.start + span.end).unwrap_or_default()
    }

    /// Returns a part of the query as it is written, shortened to one line for messages.
    pub fn quoted(&self, span: Span) -> String {
        let words: Vec<&str> = self.snippet(span).split_whitespace().collect();
        crate::diag::shorten(&words.join(" "))
    }

    /// Makes a finding about a part of the query.
    pub fn finding(&self, code: Code, span: Span, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message, self.place(span), label)
    }

    /// Calls `visit` for every part with the parts above it, outside first.
    pub fn walk<'t>(&'t self, visit: &mut dyn FnMut(&'t Typed<'_>, &[&'t Typed<'_>])) {
        self.typed.walk(&mut |node, above| visit(node, above));
    }
}
