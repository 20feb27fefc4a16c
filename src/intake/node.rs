//! One tree for YAML and JSON: scalars, lists and mappings with their bytes, in the order of the file.
//!
//! Strings are slices of the parsed text wherever the file holds them as they are. This module must not give findings.

use std::borrow::Cow;
use std::ops::Range;

use super::text::{Source, Text};
use super::{json, yaml};
use crate::source::Place;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// YAML without quotes.
    Plain,
    /// YAML in single quotes.
    Single,
    /// YAML in double quotes.
    Double,
    /// YAML block after `|`.
    Literal,
    /// YAML block after `>`.
    Folded,
    /// JSON string.
    JsonString,
    /// JSON number, `true`, `false` or `null`.
    JsonWord,
}

/// What a scalar means to a reader that asks for no particular type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Null,
    Bool(bool),
    Number,
    String,
}

/// A scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar<'a> {
    /// The value, escapes resolved.
    pub value: Cow<'a, str>,
    /// How it is written.
    pub style: Style,
    /// Whether `!!str` stands before it.
    pub string_tag: bool,
}

/// Name of an entry of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// How it is written.
    pub style: Style,
    /// First byte and one past the last, in the parsed text.
    pub span: (u32, u32),
}

/// One value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'a> {
    /// What it is.
    pub value: Value<'a>,
    /// First byte and one past the last, in the parsed text.
    pub span: (u32, u32),
}

/// Entries of a mapping, in the order of the file; no name twice.
pub(super) type Entries<'a> = Vec<(Key<'a>, Node<'a>)>;

/// The three kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A string, number, truth value or nothing.
    Scalar(Scalar<'a>),
    /// A list.
    List(Vec<Node<'a>>),
    /// A mapping.
    Map(Entries<'a>),
}

impl Scalar<'_> {
    /// Returns what the scalar means by the rules of YAML 1.2 or JSON.
    pub fn meaning(&self) -> Meaning {
        if self.string_tag || !matches!(self.style, Style::Plain | Style::JsonWord) {
            return Meaning::String;
        }
        match &*self.value {
            "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
            "true" | "True" | "TRUE" => Meaning::Bool(true),
            "false" | "False" | "FALSE" => Meaning::Bool(false),
            text if is_number(text) => Meaning::Number,
            _ => Meaning::String,
        }
    }
}

/// Whether YAML takes a plain scalar as a number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let radix = |prefix: &str, radix: u32| {
        digits.strip_prefix(prefix).is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_digit(radix)))
    };
    let decimal = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok();
    decimal || radix("0x", 16) || radix("0o", 8)
}

impl<'a> Node<'a> {
    /// Returns the bytes in the parsed text.
    pub fn range(&self) -> Range<usize> {
        self.span.0 as usize..self.span.1 as usize
    }

    /// Returns the place in the file.
    pub fn place(&self, source: Source<'_>) -> Place {
        source.place(self.range())
    }

    /// Returns the entries of a mapping.
    pub fn map(&self) -> Option<&Entries<'a>> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the items of a list.
    pub fn list(&self) -> Option<&[Node<'a>]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the scalar.
    pub fn scalar(&self) -> Option<&Scalar<'a>> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns the value of a string, number or truth value; `None` for the rest.
    pub fn str(&self) -> Option<&str> {
        self.scalar().filter(|s| s.meaning() != Meaning::Null).map(|s| &*s.value)
    }

    /// Returns the value of an entry of a mapping.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.map()?.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Returns the value at the end of several names.
    pub fn at(&self, names: &[&str]) -> Option<&Node<'a>> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// Returns whether the value is nothing: `null`, `~` or not written.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(|s| s.meaning() == Meaning::Null)
    }

    /// Returns a truth value.
    pub fn bool(&self) -> Option<bool> {
        match self.scalar()?.meaning() {
            Meaning::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the text of a scalar that is not nothing, with its places.
    pub fn text(&self, source: Source<'_>) -> Option<Text> {
        let scalar = self.scalar().filter(|s| s.meaning() != Meaning::Null)?;
        Some(text_of(source, &scalar.value, scalar.style, self.span))
    }

    /// Says what the value is, for messages: `a list`, `a number`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => "nothing",
                Meaning::Bool(_) => "a truth value",
                Meaning::Number => "a number",
                Meaning::String => "a string",
            },
        }
    }
}

impl Key<'_> {
    /// Returns the name with its places.
    pub fn text(&self, source: Source<'_>) -> Text {
        text_of(source, &self.name, self.style, self.span)
    }

    /// Returns the place in the file.
    pub fn place(&self, source: Source<'_>) -> Place {
        source.place(self.span.0 as usize..self.span.1 as usize)
    }
}

fn text_of(source: Source<'_>, value: &str, style: Style, span: (u32, u32)) -> Text {
    let whole = span.0..span.1;
    let written = source.text().get(span.0 as usize..span.1 as usize).unwrap_or_default();
    let quote = u32::from(matches!(style, Style::Single | Style::Double | Style::JsonString));
    let bare = written.get(quote as usize..written.len().saturating_sub(quote as usize)).unwrap_or_default();
    if bare == value {
        return source.straight(value, whole, span.0 + quote);
    }
    let pieces = match style {
        Style::JsonString | Style::JsonWord => json::pieces(written, span.0),
        _ => yaml::pieces(source.text(), span, style, value),
    };
    source.pieces(value, whole, pieces)
}
