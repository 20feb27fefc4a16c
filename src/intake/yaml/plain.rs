//! The YAML that rule files are written in, in a fraction of the time: block mappings and lists, scalars on one line, literal
//! blocks, short flow collections.
//!
//! Gives the same events as granit-parser or gives up, at the first sign of anything else. It must never accept what the parser
//! refuses, and makes no findings of its own; a test holds both against each other.

use std::borrow::Cow;

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::build::Builder;
use crate::diag::Diagnostic;

/// Levels of nesting; deeper files are left to the parser.
const DEPTH: usize = 32;
/// Length of a key, in bytes.
const KEY: usize = 256;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Map,
    List,
}

pub struct Plain<'a, 'b> {
    text: &'a str,
    builder: &'b mut Builder<'a>,
    problems: &'b mut Vec<Diagnostic>,
    /// Open collections with their column.
    open: Vec<(usize, Kind)>,
    /// Where a key or dash stands that has no value yet.
    pending: Option<usize>,
}

/// Hands the events of a text to `builder`, and each document to `done`. `None` if the text is not of the simple kind; what the
/// builder holds then is void.
pub fn read<'a>(
    text: &'a str,
    builder: &mut Builder<'a>,
    problems: &mut Vec<Diagnostic>,
    done: &mut dyn FnMut(&mut Builder<'a>),
) -> Option<()> {
    if !text.ends_with('\n') || text.bytes().any(|b| (b < b' ' && b != b'\n') || b == 0x7f) {
        return None;
    }
    let odd =
        |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if !text.is_ascii() && text.contains(odd) {
        return None;
    }
    let mut plain = Plain { text, builder, problems, open: Vec::new(), pending: None };
    let mut at = 0;
    while at < text.len() {
        let end = at + text[at..].find('\n')?;
        let line = &text[at..end];
        let content = line.trim_start_matches(' ');
        let column = line.len() - content.len();
        if column == 0 && line.starts_with(['-', '.', '%']) && !line.starts_with("- ") && line != "-" {
            if line.trim_end() != "---" {
                return None;
            }
            plain.close(None)?;
            done(plain.builder);
        } else if !content.is_empty() && !content.starts_with('#') {
            at = plain.line(at + column, column, end)?;
            continue;
        }
        at = end + 1;
    }
    plain.close(None)?;
    done(plain.builder);
    Some(())
}

impl<'a> Plain<'a, '_> {
    fn emit(&mut self, event: Event<'a>, from: usize, to: usize) -> Option<()> {
        self.builder.event(event, from as u32..to as u32, self.problems).then_some(())
    }

    fn scalar(&mut self, value: impl Into<Cow<'a, str>>, style: ScalarStyle, from: usize, to: usize) -> Option<()> {
        self.pending = None;
        self.emit(Event::Scalar(value.into(), style, 0, None), from, to)
    }

    fn start(&mut self, kind: Kind, style: StructureStyle, from: usize, to: usize) -> Option<()> {
        let event = match kind {
            Kind::Map => Event::MappingStart(style, 0, None),
            Kind::List => Event::SequenceStart(style, 0, None),
        };
        self.emit(event, from, to)
    }

    fn end(&mut self, kind: Kind, from: usize, to: usize) -> Option<()> {
        self.emit(if kind == Kind::Map { Event::MappingEnd } else { Event::SequenceEnd }, from, to)
    }

    /// Closes what ends before a line that begins in `column` (all for `None`).
    fn close(&mut self, column: Option<usize>) -> Option<()> {
        if let Some(at) = self.pending.take() {
            self.scalar("~", ScalarStyle::Plain, at, at)?;
        }
        while let Some((indent, kind)) = self.open.last().copied() {
            if column.is_some_and(|c| indent <= c) {
                break;
            }
            self.open.pop();
            self.end(kind, 0, 0)?;
        }
        Some(())
    }

    /// Takes in the line whose content begins at `at`; returns where the next begins.
    fn line(&mut self, mut at: usize, mut column: usize, end: usize) -> Option<usize> {
        let dash = |at: usize| self.text[at..end].starts_with("- ") || &self.text[at..end] == "-";
        let is_item = dash(at);
        match self.open.last().copied() {
            None if self.builder.has_root() => return None,
            None => self.pending = Some(at),
            Some((indent, _)) if column > indent => {
                self.pending?;
            }
            // A list may stand as far left as its key.
            Some((indent, Kind::Map)) if column == indent && is_item && self.pending.is_some() => {}
            _ => {
                self.close(Some(column))?;
                if let Some((indent, Kind::List)) = self.open.last().copied()
                    && indent == column
                    && !is_item
                {
                    self.open.pop();
                    self.end(Kind::List, 0, 0)?;
                }
                if self.open.last().is_none_or(|(indent, _)| *indent != column) {
                    return None;
                }
            }
        }
        let mut item = is_item;
        while item {
            self.collection(Kind::List, column, at)?;
            let rest = self.text[at + 1..end].trim_start_matches(' ');
            self.pending = Some(at + 1);
            if rest.is_empty() || rest.starts_with('#') {
                return Some(end + 1);
            }
            let next = end - rest.len();
            (column, at) = (column + next - at, next);
            item = self.text[at..end].starts_with("- ") || &self.text[at..end] == "-";
        }
        let Some(colon) = self.key(at, end) else {
            // A value on a line of its own could go on.
            self.pending.filter(|_| is_item)?;
            let parent = self.open.last()?.0;
            return self.value(at, end, parent);
        };
        self.collection(Kind::Map, column, at)?;
        self.scalar(&self.text[at..colon], ScalarStyle::Plain, at, colon)?;
        let rest = self.text[colon + 1..end].trim_start_matches(' ');
        if rest.is_empty() || rest.starts_with('#') {
            self.pending = Some(colon);
            return Some(end + 1);
        }
        self.value(end - rest.len(), end, column)
    }

    /// Opens a collection, or goes on with the one that is open in this column.
    fn collection(&mut self, kind: Kind, column: usize, at: usize) -> Option<()> {
        if self.pending.take().is_none() {
            return (self.open.last() == Some(&(column, kind))).then_some(());
        }
        if self.open.len() >= DEPTH {
            return None;
        }
        self.open.push((column, kind));
        self.start(kind, StructureStyle::Block, at, at)
    }

    /// Returns the colon behind the key at `at`.
    fn key(&self, at: usize, end: usize) -> Option<usize> {
        let line = self.text.as_bytes().get(at..end)?;
        let len = word(line)?;
        let behind = line.get(len + 1);
        (len <= KEY && line.get(len) == Some(&b':') && behind.is_none_or(|b| *b == b' ')).then_some(at + len)
    }

    /// Takes in a value that begins at `at`, of a collection in column `parent`; returns where the next line begins.
    fn value(&mut self, at: usize, end: usize, parent: usize) -> Option<usize> {
        let line = &self.text[at..end];
        match line.as_bytes().first()? {
            b'|' => return self.block(at, end, parent),
            b'"' => {
                let to = self.double(at, end)?;
                self.nothing_behind(to, end)?;
            }
            b'\'' => {
                let to = self.single(at, end)?;
                self.nothing_behind(to, end)?;
            }
            b'{' | b'[' => {
                let to = self.flow(at, end)?;
                self.nothing_behind(to, end)?;
            }
            b if b.is_ascii_alphanumeric() || b"_(/.$+<=~^;\\".contains(b) || !b.is_ascii() => {
                let value = line.find(" #").map_or(line, |i| &line[..i]).trim_end_matches(' ');
                if value.contains(": ") || value.ends_with(':') {
                    return None;
                }
                self.scalar(value, ScalarStyle::Plain, at, at + value.len())?;
            }
            _ => return None,
        }
        Some(end + 1)
    }

    fn nothing_behind(&self, at: usize, end: usize) -> Option<()> {
        let rest = &self.text[at..end];
        let content = rest.trim_start_matches(' ');
        (content.is_empty() || (content.starts_with('#') && content.len() < rest.len())).then_some(())
    }

    fn double(&mut self, at: usize, end: usize) -> Option<usize> {
        let line = &self.text[at..end];
        let bytes = line.as_bytes();
        let (mut to, mut escaped) = (1, false);
        while *bytes.get(to)? != b'"' {
            if bytes[to] == b'\\' {
                escaped = true;
                to += 1;
            }
            to += 1;
        }
        let inner = line.get(1..to)?;
        let value = if escaped { Cow::Owned(unescape(inner)?) } else { Cow::Borrowed(inner) };
        self.scalar(value, ScalarStyle::DoubleQuoted, at, at + to + 1)?;
        Some(at + to + 1)
    }

    fn single(&mut self, at: usize, end: usize) -> Option<usize> {
        let line = &self.text[at..end];
        let (mut to, mut doubled) = (1, false);
        loop {
            to += line.get(to..)?.find('\'')?;
            if line.as_bytes().get(to + 1) != Some(&b'\'') {
                break;
            }
            doubled = true;
            to += 2;
        }
        let inner = &line[1..to];
        let value = if doubled { Cow::Owned(inner.replace("''", "'")) } else { Cow::Borrowed(inner) };
        self.scalar(value, ScalarStyle::SingleQuoted, at, at + to + 1)?;
        Some(at + to + 1)
    }

    /// A flow collection of words and quoted strings on one line.
    fn flow(&mut self, at: usize, end: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (kind, closing) = if bytes[at] == b'{' { (Kind::Map, b'}') } else { (Kind::List, b']') };
        self.pending = None;
        self.start(kind, StructureStyle::Flow, at, at + 1)?;
        let skip = |mut at: usize| {
            while at < end && bytes[at] == b' ' {
                at += 1;
            }
            at
        };
        let mut at = skip(at + 1);
        let mut first = true;
        while *bytes.get(at)? != closing {
            if !first {
                if bytes[at] != b',' {
                    return None;
                }
                at = skip(at + 1);
            }
            first = false;
            if kind == Kind::Map {
                let colon = self.key(at, end).filter(|c| bytes.get(c + 1) == Some(&b' '))?;
                self.scalar(&self.text[at..colon], ScalarStyle::Plain, at, colon)?;
                at = skip(colon + 1);
            }
            at = match *bytes.get(at)? {
                b'"' => self.double(at, end)?,
                b'\'' => self.single(at, end)?,
                _ => {
                    let len = word(&bytes[at..end])?;
                    self.scalar(&self.text[at..at + len], ScalarStyle::Plain, at, at + len)?;
                    at + len
                }
            };
            at = skip(at);
            if at >= end {
                return None;
            }
        }
        self.end(kind, at, at + 1)?;
        Some(at + 1)
    }

    /// A literal block; returns where the line behind it begins.
    fn block(&mut self, header: usize, end: usize, parent: usize) -> Option<usize> {
        let strip = match &self.text[header..end] {
            "|" => false,
            "|-" => true,
            _ => return None,
        };
        let mut at = end + 1;
        let first = self.text[at..].bytes().take_while(|b| *b == b' ').count();
        if first <= parent || self.text.as_bytes().get(at + first) == Some(&b'\n') {
            return None;
        }
        let from = at + first;
        // Lines of content: a block of one line is a slice of the text.
        let (mut value, mut last) = (Cow::Borrowed(""), from);
        let mut stop = self.text.len();
        let mut next = stop;
        while at < self.text.len() {
            let stop_of_line = at + self.text[at..].find('\n')?;
            let line = &self.text[at..stop_of_line];
            let spaces = line.len() - line.trim_start_matches(' ').len();
            if spaces < first && spaces < line.len() {
                // Between the parent and the block stands nothing that is right.
                if spaces > parent {
                    return None;
                }
                (stop, next) = (at + spaces, at);
                break;
            }
            let content = line.get(first..).unwrap_or_default();
            if !content.is_empty() {
                if value.is_empty() {
                    value = Cow::Borrowed(content);
                } else {
                    let breaks = self.text[last..at].matches('\n').count();
                    let owned = value.to_mut();
                    owned.extend(std::iter::repeat_n('\n', breaks));
                    owned.push_str(content);
                }
                last = stop_of_line;
            }
            at = stop_of_line + 1;
        }
        if !strip {
            value = match value {
                Cow::Borrowed(_) => Cow::Borrowed(&self.text[from..=last]),
                Cow::Owned(text) => Cow::Owned(text + "\n"),
            };
        }
        self.scalar(value, ScalarStyle::Literal, from, stop)?;
        Some(next)
    }
}

/// Length of the word at the start of a line: what is a plain scalar in every place.
fn word(line: &[u8]) -> Option<usize> {
    line.first().filter(|b| b.is_ascii_alphanumeric() || **b == b'_')?;
    let rest = line.iter().position(|b| !b.is_ascii_alphanumeric() && !b"_./-".contains(b));
    Some(rest.unwrap_or(line.len()))
}

/// Resolves the escapes that people write; `None` for others.
fn unescape(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        out.push(match rest.as_bytes().get(at + 1)? {
            b'"' => '"',
            b'\\' => '\\',
            b'n' => '\n',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    Some(out)
}
