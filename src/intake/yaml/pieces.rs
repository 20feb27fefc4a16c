//! Which bytes of a YAML scalar made which bytes of its value.
//!
//! The scalar is decoded a second time, piece by piece. If that does not give the value that the parser gave, the whole scalar
//! becomes one piece: a place may then be wide, never wrong.

use super::super::node::Style;
use super::super::text::Piece;

/// Makes the pieces of a scalar of `text` whose value is not simply its bytes. `span` is that of the content.
pub fn pieces(text: &str, span: (u32, u32), style: Style, value: &str) -> Vec<Piece> {
    let mut out = Out { value, at: 0, pieces: Vec::new(), wrong: false };
    match style {
        Style::Literal | Style::Folded => block(text, span, style == Style::Literal, &mut out),
        _ => flow(text, span, style, &mut out),
    }
    if out.wrong || out.at != value.len() {
        return vec![Piece { at: 0, from: span.0, len: span.1 - span.0, exact: false }];
    }
    out.pieces
}

/// The pieces so far, held against the value.
struct Out<'v> {
    value: &'v str,
    at: usize,
    pieces: Vec<Piece>,
    wrong: bool,
}

impl Out<'_> {
    fn rest(&self) -> &str {
        self.value.get(self.at..).unwrap_or_default()
    }

    fn done(&self) -> bool {
        self.wrong || self.at >= self.value.len()
    }

    fn push(&mut self, bytes: usize, from: usize, len: usize, exact: bool) {
        if bytes > 0 {
            self.pieces.push(Piece { at: self.at as u32, from: from as u32, len: len as u32, exact });
            self.at += bytes;
        }
    }

    /// Bytes that stand in the value as they are.
    fn copy(&mut self, bytes: &str, from: usize) {
        if self.rest().starts_with(bytes) {
            self.push(bytes.len(), from, bytes.len(), true);
        } else {
            self.wrong = true;
        }
    }

    /// Bytes of the text that made `made`.
    fn made(&mut self, made: &str, from: usize, to: usize) {
        if self.rest().starts_with(made) {
            self.push(made.len(), from, to - from, false);
        } else {
            self.wrong = true;
        }
    }

    /// The line break that ends a line of a literal block, if the value has one there.
    fn line_end(&mut self, text: &str, at: usize, len: usize) {
        if self.done() {
            return;
        }
        match (text.as_bytes().get(at), self.pieces.last()) {
            // One piece for the line and its break.
            (Some(b'\n'), Some(last)) if last.exact && last.from + last.len == at as u32 => {
                if self.rest().starts_with('\n') {
                    if let Some(last) = self.pieces.last_mut() {
                        last.len += 1;
                    }
                    self.at += 1;
                } else {
                    self.wrong = true;
                }
            }
            (Some(b'\n'), _) => self.copy("\n", at),
            _ => self.made("\n", at, at + len),
        }
    }

    /// Line breaks of a folded block that became a space or line breaks.
    fn folded(&mut self, from: usize, to: usize) {
        let rest = self.rest();
        let bytes = match rest.starts_with(' ') {
            true => 1,
            false => rest.len() - rest.trim_start_matches('\n').len(),
        };
        self.push(bytes, from, to - from, false);
    }
}

/// Length of a line break at the start of the text.
fn line_break(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    }
}

/// A block scalar. `span` begins at its first line that is not empty, behind the indentation.
fn block(text: &str, span: (u32, u32), literal: bool, out: &mut Out<'_>) {
    let (start, stop) = (span.0 as usize, span.1 as usize);
    let head = text.get(..start).unwrap_or_default();
    let mut line = head.rfind('\n').map_or(0, |i| i + 1);
    let indent = start - line;
    // Empty lines before it are part of the value.
    let leading = out.value.len() - out.value.trim_start_matches('\n').len();
    for _ in 0..leading {
        line = head[..line.saturating_sub(1)].rfind('\n').map_or(0, |i| i + 1);
    }
    // Where the line breaks of a folded block begin that are not placed yet.
    let mut since = line;
    while !out.done() && line < stop {
        let rest = text.get(line..).unwrap_or_default();
        let end = line + rest.find(['\n', '\r']).unwrap_or(rest.len());
        let spaces = rest.bytes().take(indent.min(end - line)).take_while(|b| *b == b' ').count();
        let content = text.get(line + spaces..end).unwrap_or_default();
        if spaces < indent && !content.is_empty() {
            break;
        }
        let newline = line_break(text.get(end..).unwrap_or_default());
        if literal {
            out.copy(content, line + spaces);
            out.line_end(text, end, newline);
        } else if !content.is_empty() {
            out.folded(since, line + spaces);
            out.copy(content, line + spaces);
            since = end;
        }
        line = end + newline;
        if newline == 0 {
            break;
        }
    }
    if !literal {
        // What is left of a folded block are line breaks that were kept; without any, the text ended with its last line.
        out.folded(since, line.max(since));
    }
}

/// A plain or quoted scalar.
fn flow(text: &str, span: (u32, u32), style: Style, out: &mut Out<'_>) {
    let quoted = usize::from(style != Style::Plain);
    let (mut at, end) = (span.0 as usize + quoted, (span.1 as usize).saturating_sub(quoted));
    let special: &[char] = match style {
        Style::Single => &['\n', '\r', '\''],
        Style::Double => &['\n', '\r', '\\'],
        _ => &['\n', '\r'],
    };
    while at < end && !out.wrong {
        let Some(rest) = text.get(at..end) else {
            out.wrong = true;
            return;
        };
        let stop = rest.find(special).unwrap_or(rest.len());
        let (chunk, behind) = rest.split_at(stop);
        let breaks = line_break(behind) > 0;
        let chunk = if breaks { chunk.trim_end_matches([' ', '\t']) } else { chunk };
        out.copy(chunk, at);
        let from = at + chunk.len();
        at += stop;
        if breaks {
            at += behind.len() - behind.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let breaks = text[from..at].matches('\n').count();
            out.made(&if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks.saturating_sub(1)) }, from, at);
        } else if behind.starts_with('\'') {
            out.made("'", at, at + 2);
            at += 2;
        } else if behind.starts_with('\\') {
            at += escape(behind, at, out);
        }
    }
}

/// An escape of double quotes; returns its length.
fn escape(text: &str, at: usize, out: &mut Out<'_>) -> usize {
    let after = text.get(1..).unwrap_or_default();
    let newline = line_break(after);
    if newline > 0 {
        // A line that goes on: the break and the indentation behind it are no part of the value.
        let rest = &after[newline..];
        return 1 + newline + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
    }
    let digits = |n: usize| after.get(1..=n).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let (len, code) = match after.chars().next() {
        Some('x') => (4, digits(2)),
        Some('u') => (6, digits(4)),
        Some('U') => (10, digits(8)),
        Some(c) => (1 + c.len_utf8(), None),
        None => (1, None),
    };
    // A pair of surrogates is two escapes and one character.
    if let Some(0xd800..=0xdbff) = code {
        let Some(c) = out.rest().chars().next() else { return 12 };
        out.made(&String::from(c), at, at + 12);
        return 12;
    }
    let Some(c) = out.rest().chars().next() else {
        out.wrong = true;
        return len;
    };
    if code.is_some_and(|code| code != u32::from(c)) {
        out.wrong = true;
    }
    out.made(&String::from(c), at, at + len);
    len
}
