//! JSON to a tree: strict (RFC 8259), without recursion, within the same bounds as YAML.
//!
//! Own code because the readers of the ecosystem keep no places, accept comments, or recurse. Stops at the first fault: JSON
//! gives no second place to begin. This module must not know what the document means.

use std::borrow::Cow;

use super::node::{Entries, Key, Node, Scalar, Style, Value};
use super::text::{Piece, Source};
use super::{MAX_DEPTH, MAX_NODES, duplicates};
use crate::diag::{Code, Diagnostic, shorten};

/// Why reading stopped: a code, the message, and bytes of the text.
struct Fault {
    code: Code,
    what: String,
    at: usize,
    len: usize,
}

/// A list or mapping that is not closed yet.
enum Open<'a> {
    List(usize, Vec<Node<'a>>),
    Map(usize, Entries<'a>, Option<Key<'a>>),
}

struct Reader<'a> {
    source: Source<'a>,
    text: &'a str,
    at: usize,
    open: Vec<Open<'a>>,
    nodes: usize,
}

/// Reads one JSON document that fills the whole text. `None` if there is a fault, which goes to `problems`.
pub fn read<'a>(source: Source<'a>, problems: &mut Vec<Diagnostic>) -> Option<Node<'a>> {
    let text = source.text();
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { source, text, at, open: Vec::new(), nodes: 0 };
    match reader.document(problems) {
        Ok(node) => Some(node),
        Err(fault) => {
            let place = source.place(fault.at..fault.at + fault.len);
            problems.push(Diagnostic::new(fault.code, fault.what, place, ""));
            None
        }
    }
}

impl<'a> Reader<'a> {
    fn document(&mut self, problems: &mut Vec<Diagnostic>) -> Result<Node<'a>, Fault> {
        loop {
            let Some(mut done) = self.value()? else { continue };
            // What is closed by what follows: entries, lists, mappings.
            loop {
                match self.open.last_mut() {
                    None => {
                        self.space();
                        return if self.at == self.text.len() { Ok(done) } else { Err(self.unexpected("")) };
                    }
                    Some(Open::List(_, items)) => items.push(done),
                    Some(Open::Map(_, entries, key)) => entries.extend(key.take().map(|k| (k, done))),
                }
                let in_list = matches!(self.open.last(), Some(Open::List(..)));
                self.space();
                match (self.peek(), in_list) {
                    (Some(b','), true) => {
                        self.at += 1;
                        break;
                    }
                    (Some(b','), false) => {
                        self.at += 1;
                        self.key(false)?;
                        break;
                    }
                    (Some(b']'), true) | (Some(b'}'), false) => done = self.close(problems)?,
                    (_, true) => return Err(self.unexpected("`,` or `]`")),
                    (_, false) => return Err(self.unexpected("`,` or `}`")),
                }
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn fault(&self, what: String, at: usize, len: usize) -> Fault {
        Fault { code: Code::FileSyntax, what: format!("not valid JSON: {what}"), at, len }
    }

    /// What stands where something else was expected; nothing is expected behind the document.
    fn unexpected(&self, expected: &str) -> Fault {
        let next = self.text.get(self.at..).and_then(|t| t.chars().next());
        if expected.is_empty() {
            return self.fault(
                "text behind the end of the document".to_owned(),
                self.at,
                next.map_or(0, char::len_utf8),
            );
        }
        let found = match next {
            None => "the end of the text".to_owned(),
            Some(c) => format!("`{}`", shorten(&String::from(c))),
        };
        self.fault(format!("{found} where {expected} should stand"), self.at, next.map_or(0, char::len_utf8))
    }

    /// Reads the start of a value; `None` if it opened a list or mapping that has content.
    fn value(&mut self) -> Result<Option<Node<'a>>, Fault> {
        self.space();
        self.nodes += 1;
        let too_much = if self.nodes > MAX_NODES {
            Some(format!("the file holds more than {MAX_NODES} values"))
        } else if self.open.len() > MAX_DEPTH {
            Some(format!("the JSON is nested more than {MAX_DEPTH} levels deep"))
        } else {
            None
        };
        if let Some(what) = too_much {
            return Err(Fault { code: Code::FileLimitExceeded, what, at: self.at, len: 1 });
        }
        let start = self.at;
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                self.open.push(Open::Map(start, Vec::new(), None));
                self.space();
                if self.peek() == Some(b'}') {
                    return self.close(&mut Vec::new()).map(Some);
                }
                self.key(true)?;
                Ok(None)
            }
            Some(b'[') => {
                self.at += 1;
                self.open.push(Open::List(start, Vec::new()));
                self.space();
                if self.peek() == Some(b']') { self.close(&mut Vec::new()).map(Some) } else { Ok(None) }
            }
            Some(b'"') => {
                let value = self.string()?;
                Ok(Some(self.scalar(value, Style::JsonString, start)))
            }
            _ => {
                let rest = self.text.get(start..).unwrap_or_default();
                let len = rest.find([',', ']', '}', ' ', '\t', '\n', '\r', ':', '"']).unwrap_or(rest.len());
                let word = rest.get(..len).unwrap_or_default();
                if !matches!(word, "true" | "false" | "null") && !is_number(word) {
                    return Err(self.unexpected("a value"));
                }
                self.at += len;
                Ok(Some(self.scalar(Cow::Borrowed(word), Style::JsonWord, start)))
            }
        }
    }

    fn scalar(&self, value: Cow<'a, str>, style: Style, start: usize) -> Node<'a> {
        let scalar = Scalar { value, style, string_tag: false };
        Node { value: Value::Scalar(scalar), span: (start as u32, self.at as u32) }
    }

    fn close(&mut self, problems: &mut Vec<Diagnostic>) -> Result<Node<'a>, Fault> {
        self.at += 1;
        let (start, value) = match self.open.pop() {
            Some(Open::List(start, items)) => (start, Value::List(items)),
            Some(Open::Map(start, mut entries, _)) => {
                duplicates::remove(&mut entries, self.source, problems);
                (start, Value::Map(entries))
            }
            None => return Err(self.unexpected("a value")),
        };
        Ok(Node { value, span: (start as u32, self.at as u32) })
    }

    /// Reads `"name":` into the mapping that is open.
    fn key(&mut self, first: bool) -> Result<(), Fault> {
        self.space();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(if first { "`\"` or `}`" } else { "a name in double quotes" }));
        }
        let name = self.string()?;
        let span = (start as u32, self.at as u32);
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        if let Some(Open::Map(_, _, key)) = self.open.last_mut() {
            *key = Some(Key { name, style: Style::JsonString, span });
        }
        Ok(())
    }

    /// Reads a string; `at` is its quote.
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let open = self.at;
        let bytes = self.text.as_bytes();
        let mut end = open + 1;
        let mut escaped = false;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(0..0x20) => {
                    let what = "a line break or control character inside of a string";
                    return Err(self.fault(what.to_owned(), open, end - open));
                }
                Some(_) => end += 1,
                None => return Err(self.fault("a string that is not closed".to_owned(), open, 1)),
            }
        }
        self.at = end + 1;
        let inner = self.text.get(open + 1..end).unwrap_or_default();
        if !escaped {
            return Ok(Cow::Borrowed(inner));
        }
        let mut value = String::with_capacity(inner.len());
        let mut rest = inner;
        while let Some(stop) = rest.find('\\') {
            value.push_str(&rest[..stop]);
            let Some((c, len)) = escape(&rest[stop..]) else {
                let at = end - rest.len() + stop;
                return Err(self.fault("an escape that JSON does not know".to_owned(), at, 1));
            };
            value.push(c);
            rest = &rest[stop + len..];
        }
        value.push_str(rest);
        Ok(Cow::Owned(value))
    }
}

/// Whether a word is a number as JSON writes them.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let whole = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let leading_zero = whole > 1 && digits.starts_with('0');
    let fraction_ok = !digits.contains(".e") && !digits.contains(".E") && !digits.ends_with('.');
    whole > 0 && !leading_zero && fraction_ok && digits.parse::<f64>().is_ok()
}

/// The character that an escape at the start of the text stands for, and its length. Half of a pair becomes U+FFFD.
fn escape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let hex = text.get(at..at + 4).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(hex, 16).ok()
    };
    let c = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let high = unit(2)?;
            if (0xd800..0xdc00).contains(&high)
                && text.get(6..8) == Some("\\u")
                && let Some(low @ 0xdc00..0xe000) = unit(8)
            {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Some((char::from_u32(code)?, 12));
            }
            return Some((char::from_u32(high).unwrap_or('\u{fffd}'), 6));
        }
        _ => return None,
    };
    Some((c, 2))
}

/// Makes the pieces of a string that is written with escapes. `from` is the byte of its opening quote.
pub fn pieces(written: &str, from: u32) -> Vec<Piece> {
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    let (mut out, mut at, mut pos) = (Vec::new(), 0, 0);
    while pos < inner.len() {
        let rest = inner.get(pos..).unwrap_or_default();
        let stop = rest.find('\\').unwrap_or(rest.len());
        if stop > 0 {
            out.push(Piece { at, from: from + 1 + pos as u32, len: stop as u32, exact: true });
            at += stop as u32;
            pos += stop;
        } else {
            let Some((c, len)) = escape(rest) else { break };
            out.push(Piece { at, from: from + 1 + pos as u32, len: len as u32, exact: false });
            at += c.len_utf8() as u32;
            pos += len;
        }
    }
    out
}
