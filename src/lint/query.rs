//! A query with everything a rule may ask about it: text, tree, facts and where it stands.

use super::role::Role;
use crate::diag::{Code, Diagnostic};
use crate::infer::Typed;
use crate::intake::Text;
use crate::source::{Place, Span};

/// A query of a file.
pub struct Query<'q> {
    /// The text and its way back to the file.
    pub text: &'q Text,
    /// The expression with what is known about each part.
    pub typed: Typed<'q>,
    /// Where it stands.
    pub role: Role<'q>,
}

impl Query<'_> {
    /// Returns the place of bytes of the query.
    pub fn place(&self, span: Span) -> Place {
        if span.start == span.end { self.text.whole() } else { self.text.place(span.range()) }
    }

    /// Returns bytes of the query as they are written.
    pub fn snippet(&self, span: Span) -> &str {
        self.text.as_str().get(span.range()).unwrap_or_default()
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
