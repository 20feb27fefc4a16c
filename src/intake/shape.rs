//! Reading typed values out of a tree: wrong types, missing and unknown fields become findings.
//!
//! This module must not know any format.

use super::MAX_FAULTS;
use super::node::{Entries, Meaning, Node};
use super::text::{Source, Text};
use crate::diag::{Code, Diagnostic, Severity, Sink, did_you_mean, shorten};
use crate::source::Place;
use crate::units::Duration;

/// Names and values of a mapping, in the order of the file.
pub type Pairs = Vec<(Text, Text)>;

/// A duration as it is written, and its value if it is one.
#[derive(Clone, Debug)]
pub struct Timed {
    /// As written.
    pub text: Text,
    /// `None` if it cannot be read; the finding was made.
    pub value: Option<Duration>,
}

/// What is read, and where findings go.
pub(super) struct Reader<'a, 's> {
    /// The text that the tree was made of.
    pub source: Source<'a>,
    sink: &'s mut Sink,
    found: usize,
    /// Whether the API server of Kubernetes reads the values: it takes no number for a string, and drops unknown fields.
    pub strict_strings: bool,
}

impl<'a, 's> Reader<'a, 's> {
    pub fn new(source: Source<'a>, sink: &'s mut Sink) -> Self {
        Self { source, sink, found: 0, strict_strings: false }
    }

    pub fn place(&self, node: &Node<'_>) -> Place {
        node.place(self.source)
    }

    /// Starts on a document within a string of this one.
    pub fn inside<'b>(&mut self, source: Source<'b>) -> Reader<'b, '_> {
        Reader::new(source, self.sink)
    }

    /// Adds a finding, until there are more than anyone reads.
    pub fn find(&mut self, finding: Diagnostic) {
        self.found += 1;
        if self.found <= MAX_FAULTS {
            self.sink.push(finding);
        } else if self.found == MAX_FAULTS + 1 {
            let place = finding.primary.map_or(self.source.place(0..0), |l| l.place);
            let message = format!("more than {MAX_FAULTS} faults of structure");
            self.sink.push(Diagnostic::new(Code::FileLimitExceeded, message, place, "the rest are not shown"));
        }
    }

    pub fn push(&mut self, code: Code, message: impl Into<String>, place: Place, label: &str) {
        self.find(Diagnostic::new(code, message, place, label));
    }

    /// Finds a value of a wrong type.
    pub fn wrong(&mut self, name: &str, node: &Node<'_>, expected: &str) {
        let message = format!("`{}` is {}, not {expected}", shorten(name), node.kind());
        let place = self.head(node);
        self.push(Code::FileWrongShape, message, place, &format!("expected {expected}"));
    }

    /// Finds an item of a wrong type in a list.
    pub fn wrong_item(&mut self, list: &str, node: &Node<'_>, expected: &str) {
        let message = format!("an item of `{list}` is {}, not {expected}", node.kind());
        let place = self.head(node);
        self.push(Code::FileWrongShape, message, place, &format!("expected {expected}"));
    }

    /// First line of a value: a place to show that does not fill the screen.
    pub fn head(&self, node: &Node<'_>) -> Place {
        let range = node.range();
        let written = self.source.text().get(range.clone()).unwrap_or_default();
        let len = written.find('\n').unwrap_or(written.len());
        self.source.place(range.start..range.start + written[..len].trim_end().len())
    }

    /// Returns the value of a field, if it is there and not nothing.
    pub fn field<'n>(&self, node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
        node.get(name).filter(|n| !n.is_null())
    }

    /// Returns the items of a field that takes a list.
    pub fn items<'n>(&mut self, node: &'n Node<'a>, name: &str) -> &'n [Node<'a>] {
        let Some(value) = self.field(node, name) else { return &[] };
        value.list().unwrap_or_else(|| {
            self.wrong(name, value, "a list");
            &[]
        })
    }

    /// Returns the entries of a field that takes a mapping.
    pub fn entries<'n>(&mut self, node: &'n Node<'a>, name: &str) -> Option<&'n Entries<'a>> {
        let value = self.field(node, name)?;
        if value.map().is_none() {
            self.wrong(name, value, "a mapping");
        }
        value.map()
    }

    /// Returns the text of a scalar; lists and mappings are findings.
    pub fn string(&mut self, name: &str, node: &Node<'a>) -> Option<Text> {
        let Some(scalar) = node.scalar() else {
            self.wrong(name, node, "a string");
            return None;
        };
        if self.strict_strings && matches!(scalar.meaning(), Meaning::Bool(_) | Meaning::Number) {
            let message = format!("`{}` is {}, not a string", shorten(name), node.kind());
            let place = self.place(node);
            let finding = Diagnostic::new(Code::FileWrongShape, message, place, "expected a string")
                .help(format!("write \"{}\": the API server of Kubernetes refuses the object", shorten(&scalar.value)));
            self.find(finding);
        }
        node.text(self.source)
    }

    /// Returns the text of a field that takes a string.
    pub fn text(&mut self, node: &Node<'a>, name: &str) -> Option<Text> {
        let value = self.field(node, name)?;
        self.string(name, value)
    }

    /// Returns the text of a field that takes a number or a string, whatever reads it.
    pub fn number(&mut self, node: &Node<'a>, name: &str) -> Option<Text> {
        let value = self.field(node, name)?;
        if value.scalar().is_none() {
            self.wrong(name, value, "a number");
        }
        value.text(self.source)
    }

    /// Returns the texts of a field that takes a mapping of strings.
    pub fn pairs(&mut self, node: &Node<'a>, name: &str) -> Pairs {
        let Some(entries) = self.entries(node, name) else { return Vec::new() };
        let mut out = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let text = match value.is_null() {
                // `label:` without a value is the empty string.
                true => value.scalar().map(|s| {
                    self.source.straight(
                        if s.value == "~" { "" } else { &s.value },
                        value.span.0..value.span.1,
                        value.span.0,
                    )
                }),
                false => self.string(&key.name, value),
            };
            out.extend(text.map(|t| (key.text(self.source), t)));
        }
        out
    }

    /// Returns a field that takes a duration as Prometheus writes it.
    pub fn duration(&mut self, node: &Node<'a>, name: &str) -> Option<Timed> {
        let text = self.text(node, name)?;
        let value = match parse_duration(&text) {
            Ok(value) => Some(value),
            Err(expected) => {
                let message = format!("`{name}` is no duration: `{}`", shorten(&text));
                self.push(Code::FileInvalidValue, message, text.whole(), &expected);
                None
            }
        };
        Some(Timed { text, value })
    }

    /// Finds fields that are in none of the lists. Returns those of other flavours and the unknown ones.
    pub fn unknown(
        &mut self,
        node: &Node<'a>,
        what: &str,
        known: &[&str],
        flavours: &[&str],
    ) -> (Vec<Text>, Vec<Text>) {
        let (mut extras, mut unknown) = (Vec::new(), Vec::new());
        for (key, _) in node.map().into_iter().flatten() {
            if known.contains(&&*key.name) {
                continue;
            }
            if flavours.contains(&&*key.name) {
                extras.push(key.text(self.source));
                continue;
            }
            let text = key.text(self.source);
            let message = format!("{what} has no field `{}`", shorten(&key.name));
            let mut finding = Diagnostic::new(Code::FileUnknownField, message, text.whole(), "unknown field");
            if let Some(near) = did_you_mean(&key.name, known.iter().copied()) {
                finding = finding.help(format!("write `{near}`"));
            }
            if self.strict_strings {
                // The API server drops the field and keeps the rest.
                finding.severity = Severity::Warning;
            }
            self.find(finding);
            unknown.push(text);
        }
        (extras, unknown)
    }
}

/// Reads a duration by the rules of Prometheus: whole numbers, each unit once, `0` without a unit.
fn parse_duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::from_secs(0));
    }
    if text.contains('.') {
        return Err("Prometheus takes only whole numbers, for example `1m30s`".to_owned());
    }
    if text.trim() != text {
        return Err("Prometheus takes no spaces here".to_owned());
    }
    Duration::parse(text)
}
