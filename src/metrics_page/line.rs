//! One line of a page: a cursor over its bytes, and the pieces of a sample.
//!
//! Works on bytes and cuts only at ASCII, so every cut is a character boundary. Each byte is looked at a fixed number of times.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diag::shorten;

/// Most labels of one sample. Prometheus has no limit of its own; real pages stay below 50.
pub const MAX_LABELS: usize = 1_000;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Offset in the line, in bytes.
    pub at: usize,
    /// Length of what is wrong, in bytes; 0 at the end of the line.
    pub len: usize,
    /// One line without final full stop.
    pub message: String,
    /// What was expected.
    pub expected: &'static str,
}

/// Name, labels, value, timestamp.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts<'a> {
    /// Name of the series.
    pub name: Cow<'a, str>,
    /// Labels in the order of the line.
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Value.
    pub value: f64,
    /// Timestamp.
    pub timestamp: Option<f64>,
}

/// A position in a line.
pub struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Begins at the first byte that is no blank.
    pub fn new(line: &'a str) -> Self {
        let mut cursor = Self { line, at: 0 };
        cursor.blanks();
        cursor
    }

    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    /// Skips spaces and tabs; returns whether there were any.
    pub fn blanks(&mut self) -> bool {
        let from = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        self.at > from
    }

    /// Returns what is left.
    pub fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    /// Takes a byte if it is the next.
    pub fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// Takes everything up to the next blank.
    pub fn word(&mut self) -> &'a str {
        let from = self.at;
        while !matches!(self.peek(), None | Some(b' ' | b'\t')) {
            self.at += 1;
        }
        &self.line[from..self.at]
    }

    /// Makes a fault at the next character.
    pub fn fault(&self, expected: &'static str) -> Fault {
        let (found, len) = match self.rest().chars().next() {
            None => ("the end of the line".to_owned(), 0),
            Some(c) => (format!("`{}`", shorten(&c.to_string())), c.len_utf8()),
        };
        Fault { at: self.at, len, message: format!("found {found} in a line of a metrics page"), expected }
    }

    fn fault_over(&self, from: usize, message: String, expected: &'static str) -> Fault {
        Fault { at: from, len: self.at - from, message, expected }
    }

    /// Takes a name of letters, digits and `_`, and of `:` where `colon`.
    fn bare_name(&mut self, colon: bool) -> Option<&'a str> {
        let from = self.at;
        let fits = |c: u8| c.is_ascii_alphabetic() || c == b'_' || (colon && c == b':');
        if !self.peek().is_some_and(fits) {
            return None;
        }
        while self.peek().is_some_and(|c| fits(c) || c.is_ascii_digit()) {
            self.at += 1;
        }
        Some(&self.line[from..self.at])
    }

    /// Takes the name of a metric, bare or quoted.
    pub fn metric_name(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.peek() == Some(b'"') {
            return self.quoted();
        }
        self.bare_name(true).map(Cow::Borrowed).ok_or_else(|| self.fault("expected the name of a metric, or `#`"))
    }

    /// Takes a text in quotes with the escapes `\\`, `\"` and `\n`.
    fn quoted(&mut self) -> Result<Cow<'a, str>, Fault> {
        if !self.take(b'"') {
            return Err(self.fault("expected a text in double quotes"));
        }
        let from = self.at;
        let mut owned: Option<String> = None;
        let mut copied = from;
        loop {
            match self.peek() {
                None => return Err(self.fault("expected the closing quote `\"` in this line")),
                Some(b'"') => break,
                Some(b'\\') => {
                    let c = match self.line.as_bytes().get(self.at + 1) {
                        Some(b'\\') => '\\',
                        Some(b'"') => '"',
                        Some(b'n') => '\n',
                        _ => return Err(self.fault(r#"expected one of the escapes `\\`, `\"` and `\n`"#)),
                    };
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.line[copied..self.at]);
                    text.push(c);
                    self.at += 2;
                    copied = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
        let tail = &self.line[copied..self.at];
        self.at += 1;
        Ok(match owned {
            None => Cow::Borrowed(tail),
            Some(mut text) => {
                text.push_str(tail);
                Cow::Owned(text)
            }
        })
    }

    /// Takes a number; `None` if the word is none.
    fn number(&mut self) -> Result<f64, &'a str> {
        let word = self.word();
        // Rust also reads `infinity` and signs of NaN, as Prometheus does.
        word.parse().map_err(|_| word)
    }
}

/// Reads a line with a sample.
pub fn sample<'a>(line: &'a str) -> Result<Parts<'a>, Fault> {
    let mut cursor = Cursor::new(line);
    let mut name: Option<Cow<'a, str>> = None;
    if cursor.peek() != Some(b'{') {
        name = Some(cursor.metric_name()?);
    }
    let blank = cursor.blanks();
    let mut labels = Vec::new();
    let mut braces = false;
    if cursor.take(b'{') {
        braces = true;
        braced(&mut cursor, &mut name, &mut labels)?;
    }
    let Some(name) = name else {
        return Err(cursor.fault("expected a quoted name of a metric inside the braces"));
    };
    let blank = cursor.blanks() || blank;
    if !braces && !blank {
        return Err(cursor.fault("expected `{` or a blank after the name"));
    }
    let from = cursor.at;
    let value = cursor.number().map_err(|word| {
        if word.is_empty() {
            return cursor.fault("expected a value: a number, `NaN`, `+Inf` or `-Inf`");
        }
        let message = format!("`{}` is no value of a sample", shorten(word));
        cursor.fault_over(from, message, "expected a number, `NaN`, `+Inf` or `-Inf`")
    })?;
    let timestamp = timestamp(&mut cursor)?;
    Ok(Parts { name, labels, value, timestamp })
}

fn braced<'a>(
    cursor: &mut Cursor<'a>,
    name: &mut Option<Cow<'a, str>>,
    labels: &mut Vec<(Cow<'a, str>, Cow<'a, str>)>,
) -> Result<(), Fault> {
    let mut seen: BTreeSet<Cow<'a, str>> = BTreeSet::new();
    loop {
        cursor.blanks();
        if cursor.take(b'}') {
            return Ok(());
        }
        let from = cursor.at;
        let quoted = cursor.peek() == Some(b'"');
        let key = match quoted {
            true => cursor.quoted()?,
            false => {
                Cow::Borrowed(cursor.bare_name(false).ok_or_else(|| cursor.fault("expected a label name or `}`"))?)
            }
        };
        cursor.blanks();
        if cursor.take(b'=') {
            cursor.blanks();
            let value = cursor.quoted()?;
            if !seen.insert(key.clone()) {
                let message = format!("the label `{}` stands twice in one sample", shorten(&key));
                return Err(cursor.fault_over(from, message, "expected each label once"));
            }
            if labels.len() == MAX_LABELS {
                let message = format!("a sample has more than {MAX_LABELS} labels");
                return Err(cursor.fault_over(from, message, "expected fewer labels"));
            }
            labels.push((key, value));
        } else if quoted && name.is_none() && labels.is_empty() {
            *name = Some(key);
        } else {
            return Err(cursor.fault("expected `=` after the label name"));
        }
        cursor.blanks();
        if !cursor.take(b',') {
            return if cursor.take(b'}') { Ok(()) } else { Err(cursor.fault("expected `,` or `}`")) };
        }
    }
}

/// Reads what may follow the value: a timestamp, and an exemplar, which is skipped.
fn timestamp(cursor: &mut Cursor<'_>) -> Result<Option<f64>, Fault> {
    let mut timestamp = None;
    cursor.blanks();
    let from = cursor.at;
    if !matches!(cursor.peek(), None | Some(b'#')) {
        match cursor.number() {
            Ok(t) if t.is_finite() => timestamp = Some(t),
            _ => {
                let message = format!("`{}` is no timestamp", shorten(&cursor.line[from..cursor.at]));
                return Err(cursor.fault_over(from, message, "expected a timestamp or the end of the line"));
            }
        }
        cursor.blanks();
    }
    if cursor.take(b'#') {
        cursor.blanks();
        return match cursor.peek() {
            Some(b'{') => Ok(timestamp),
            _ => Err(cursor.fault("expected `{`: an exemplar follows the `#`")),
        };
    }
    if cursor.peek().is_some() {
        return Err(cursor.fault("expected the end of the line"));
    }
    Ok(timestamp)
}
