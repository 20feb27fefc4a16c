//! Cuts a query into tokens, one at a time, by bytes, without allocation. Reports what is no token and goes on behind it.
//!
//! It follows the modes of Prometheus's lexer (outside, in braces, in a window), because they decide what is accepted: a
//! keyword is a label in braces, a comment is none at the start of a window.

use super::ast::BinaryOp;
use super::fault::{Fault, Faults};
use super::template::{Dialect, foreign, variable};
use super::token::{Kind, Token, keyword};
use crate::source::Span;

/// The state of cutting one query.
pub struct Lexer<'a> {
    /// The query.
    pub text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    dialect: Dialect,
    /// Inside of `{}`.
    brace: bool,
    /// Inside of `[]`.
    bracket: bool,
    /// Behind `[` and before the first number, where the strict rules of windows hold.
    strict: bool,
    colon_seen: bool,
    /// A number stood in this or an earlier window: Prometheus allows `[step():...]` only then.
    length_seen: bool,
    /// Foreign variables and spaces are reported once.
    foreign_seen: bool,
    /// Signs that could begin a foreign variable, each a search: only some are followed up.
    searches: usize,
    space_seen: bool,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

impl<'a> Lexer<'a> {
    /// Begins at the start of a query.
    pub fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            dialect,
            brace: false,
            bracket: false,
            strict: false,
            colon_seen: false,
            length_seen: false,
            foreign_seen: false,
            searches: 0,
            space_seen: false,
        }
    }

    /// Makes the rest of the query empty.
    pub fn stop(&mut self) {
        self.pos = self.bytes.len();
    }

    /// Forgets that a brace or bracket is open: the parser has given up on it.
    pub fn leave(&mut self) {
        self.brace = false;
        self.bracket = false;
        self.strict = false;
    }

    fn at(&self, offset: usize) -> u8 {
        self.bytes.get(self.pos + offset).copied().unwrap_or(0)
    }

    fn token(&mut self, kind: Kind, length: usize) -> Token {
        let start = self.pos;
        self.pos = (start + length).min(self.bytes.len());
        Token { kind, span: Span { start, end: self.pos } }
    }

    /// Returns the next token; at the end, [`Kind::End`] again and again.
    pub fn next(&mut self, faults: &mut Faults) -> Token {
        loop {
            while matches!(self.at(0), b' ' | b'\n' | b'\t' | b'\r') {
                self.pos += 1;
            }
            if self.pos >= self.bytes.len() {
                return self.token(Kind::End, 0);
            }
            if self.at(0) == b'#' && !self.strict {
                self.skip_comment();
                continue;
            }
            if !self.at(0).is_ascii() && self.skip_space(faults) {
                continue;
            }
            return self.significant(faults);
        }
    }

    fn skip_comment(&mut self) {
        while self.pos < self.bytes.len() && !matches!(self.at(0), b'\n' | b'\r') {
            self.pos += 1;
        }
    }

    fn significant(&mut self, faults: &mut Faults) -> Token {
        let first = self.at(0);
        if is_letter(first) && !self.bracket {
            return self.word();
        }
        if let Some(end) = self.variable_here(first) {
            return self.variable(end);
        }
        if first.is_ascii_digit() && !self.brace || first == b'.' && self.at(1).is_ascii_digit() && !self.brace {
            return self.number(faults);
        }
        match first {
            b'"' | b'\'' | b'`' if !self.strict => return self.string(first, faults),
            b',' => return self.token(Kind::Comma, 1),
            _ => {}
        }
        let token = if self.brace { self.in_braces(first) } else { self.outside(first) };
        token.unwrap_or_else(|| self.unknown(faults))
    }

    fn in_braces(&mut self, first: u8) -> Option<Token> {
        let (kind, length) = match (first, self.at(1)) {
            (b'}', _) => {
                self.brace = false;
                (Kind::RightBrace, 1)
            }
            (b'=', b'~') => (Kind::RegexMatch, 2),
            // Prometheus reads `==` as two signs here; one token makes one finding of it.
            (b'=', b'=') => (Kind::Op(BinaryOp::Eq), 2),
            (b'=', _) => (Kind::Assign, 1),
            (b'!', b'~') => (Kind::RegexNoMatch, 2),
            (b'!', b'=') => (Kind::Op(BinaryOp::Ne), 2),
            _ => return None,
        };
        Some(self.token(kind, length))
    }

    fn outside(&mut self, first: u8) -> Option<Token> {
        if self.bracket && (is_letter(first) || first == b':') {
            return self.in_window(first);
        }
        let second = self.at(1);
        if !self.strict
            && let Some((kind, length)) = match (first, second) {
                (b'=', b'=') if self.at(2) == b'=' => None,
                (b'=', b'=') => Some((Kind::Op(BinaryOp::Eq), 2)),
                (b'=', b'~') => None,
                (b'=', _) => Some((Kind::Assign, 1)),
                (b'!', b'=') => Some((Kind::Op(BinaryOp::Ne), 2)),
                (b'<', b'=') => Some((Kind::Op(BinaryOp::Le), 2)),
                (b'<', b'/') => Some((Kind::Op(BinaryOp::TrimUpper), 2)),
                (b'<', b'>' | b'<') => None,
                (b'<', _) => Some((Kind::Op(BinaryOp::Lt), 1)),
                (b'>', b'=') => Some((Kind::Op(BinaryOp::Ge), 2)),
                (b'>', b'/') => Some((Kind::Op(BinaryOp::TrimLower), 2)),
                (b'>', _) => Some((Kind::Op(BinaryOp::Gt), 1)),
                (b'@', _) => Some((Kind::At, 1)),
                (b'{', b'{') => None,
                (b'{', _) => {
                    self.brace = true;
                    Some((Kind::LeftBrace, 1))
                }
                (b'[', _) if !self.bracket => {
                    self.bracket = true;
                    self.strict = true;
                    self.colon_seen = false;
                    Some((Kind::LeftBracket, 1))
                }
                _ => None,
            }
        {
            return Some(self.token(kind, length));
        }
        let kind = match first {
            b'+' => Kind::Op(BinaryOp::Add),
            b'-' => Kind::Op(BinaryOp::Sub),
            b'*' if second != b'*' => Kind::Op(BinaryOp::Mul),
            b'/' if second != b'/' => Kind::Op(BinaryOp::Div),
            b'%' => Kind::Op(BinaryOp::Mod),
            b'^' => Kind::Op(BinaryOp::Pow),
            b'(' => Kind::LeftParen,
            b')' => Kind::RightParen,
            b']' if self.bracket => {
                self.bracket = false;
                self.strict = false;
                Kind::RightBracket
            }
            b':' => return Some(self.word()),
            _ => return None,
        };
        Some(self.token(kind, 1))
    }

    /// A letter or colon inside of `[]`.
    fn in_window(&mut self, first: u8) -> Option<Token> {
        if first == b':' {
            if self.colon_seen || self.strict && !self.length_seen {
                return None;
            }
            self.colon_seen = true;
            return Some(self.token(Kind::Colon, 1));
        }
        let rest = &self.bytes[self.pos..];
        let length = rest.iter().take_while(|b| is_letter(**b)).count();
        match keyword(&rest[..length]) {
            kind @ (Kind::Step | Kind::Range | Kind::MaxOf | Kind::MinOf) => Some(self.token(kind, length)),
            _ => None,
        }
    }

    fn variable_here(&self, first: u8) -> Option<usize> {
        let may = match self.dialect {
            Dialect::Prometheus => false,
            Dialect::Grafana => first == b'$' || first == b'[' && self.at(1) == b'[',
            Dialect::Adapter => first == b'<',
        };
        if may { variable(self.dialect, self.bytes, self.pos) } else { None }
    }

    /// A variable, with the word or number that goes on directly behind it.
    fn variable(&mut self, end: usize) -> Token {
        let start = self.pos;
        self.length_seen |= self.bracket;
        if self.bracket {
            self.strict = false;
        }
        self.pos = end;
        self.word_rest();
        let kind = if self.pos == end || self.bracket { Kind::Variable } else { Kind::Templated };
        Token { kind, span: Span { start, end: self.pos } }
    }

    /// Goes to the end of a word, over the variables inside of it; returns whether there are any.
    fn word_rest(&mut self) -> bool {
        let mut templated = false;
        loop {
            while is_word(self.at(0)) || self.at(0) == b':' && !self.brace && !self.bracket {
                self.pos += 1;
            }
            match self.variable_here(self.at(0)) {
                Some(end) => {
                    templated = true;
                    self.pos = end;
                }
                None => return templated,
            }
        }
    }

    fn word(&mut self) -> Token {
        let start = self.pos;
        let rest = &self.bytes[start..];
        let length = rest.iter().take_while(|b| is_word(**b)).count();
        self.pos += length;
        let next = self.at(0);
        let kind = if next == b':' && !self.brace || self.variable_here(next).is_some() {
            if self.word_rest() { Kind::Templated } else { Kind::MetricWord }
        } else if self.brace {
            Kind::Word
        } else {
            match keyword(&rest[..length]) {
                Kind::Fill | Kind::FillLeft | Kind::FillRight if !self.before_paren() => Kind::Word,
                kind => kind,
            }
        };
        Token { kind, span: Span { start, end: self.pos } }
    }

    fn before_paren(&self) -> bool {
        let mut rest = self.bytes[self.pos..].iter();
        rest.find(|b| !matches!(b, b' ' | b'\n' | b'\t' | b'\r')) == Some(&b'(')
    }

    fn number(&mut self, faults: &mut Faults) -> Token {
        let start = self.pos;
        self.length_seen |= self.bracket;
        self.strict = false;
        let (kind, end) = super::number_shape::scan(&self.bytes[start..]);
        self.pos = start + end;
        if self.variable_here(self.at(0)).is_some() {
            self.word_rest();
            return Token { kind: Kind::Variable, span: Span { start, end: self.pos } };
        }
        let kind = kind.unwrap_or_else(|| {
            while is_word(self.at(0)) || self.at(0) == b'.' {
                self.pos += 1;
            }
            let span = Span { start, end: self.pos };
            faults.push(super::hints::bad_number(&self.text[start..self.pos], span));
            Kind::Unknown
        });
        Token { kind, span: Span { start, end: self.pos } }
    }

    fn string(&mut self, quote: u8, faults: &mut Faults) -> Token {
        let start = self.pos;
        self.pos += 1;
        let mut bad = false;
        loop {
            let rest = &self.bytes[self.pos..];
            let stop = rest.iter().position(|b| *b == quote || matches!(b, b'\\' | b'\n' | b'<' | 0xef));
            let Some(stop) = stop else {
                self.pos = self.bytes.len();
                faults.cut = true;
                faults.push(super::hints::unclosed_quote(self.text, start));
                bad = true;
                break;
            };
            self.pos += stop;
            match self.at(0) {
                b if b == quote => {
                    self.pos += 1;
                    break;
                }
                b'\n' if quote != b'`' => {
                    faults.cut = true;
                    faults.push(super::hints::unclosed_quote(self.text, start));
                    bad = true;
                    break;
                }
                b'\\' if quote != b'`' => {
                    let from = self.pos;
                    if let Err(why) = self.escape(quote) {
                        let end = (from + 2).min(self.bytes.len());
                        let span = Span { start: from, end: super::hints::char_end(self.text, end) };
                        self.pos = span.end.max(self.pos.min(from + 2));
                        faults.push(super::hints::bad_escape(self.text, span, why));
                        bad = true;
                    }
                }
                0xef if self.bytes[self.pos..].starts_with("\u{fffd}".as_bytes()) => {
                    let span = Span { start: self.pos, end: self.pos + 3 };
                    faults.push(super::hints::replacement_character(span));
                    bad = true;
                    self.pos += 3;
                }
                // A template of prometheus-adapter may hold quotes.
                b'<' => self.pos = self.variable_here(b'<').unwrap_or(self.pos + 1),
                _ => self.pos += 1,
            }
        }
        Token { kind: if bad { Kind::Unknown } else { Kind::String }, span: Span { start, end: self.pos } }
    }

    /// Goes over an escape; says what is wrong with it.
    fn escape(&mut self, quote: u8) -> Result<(), &'static str> {
        let (digits, radix, max, skip) = match self.at(1) {
            b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' => {
                self.pos += 2;
                return Ok(());
            }
            b if b == quote => {
                self.pos += 2;
                return Ok(());
            }
            b'0'..=b'7' => (3, 8, 255, 1),
            b'x' => (2, 16, 255, 2),
            b'u' => (4, 16, 0x0010_ffff, 2),
            b'U' => (8, 16, 0x0010_ffff, 2),
            _ => return Err("this escape is not known"),
        };
        let mut value: u32 = 0;
        for n in 0..digits {
            let Some(digit) = char::from(self.at(skip + n)).to_digit(radix) else {
                return Err("the escape needs more digits");
            };
            value = value.wrapping_mul(radix).wrapping_add(digit);
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return Err("the escape is no character");
        }
        self.pos += skip + digits;
        Ok(())
    }

    /// Skips one space that only looks like one.
    fn skip_space(&mut self, faults: &mut Faults) -> bool {
        let Some(c) = self.text[self.pos..].chars().next() else { return false };
        let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}');
        if !c.is_whitespace() && !invisible {
            return false;
        }
        let span = Span { start: self.pos, end: self.pos + c.len_utf8() };
        if !self.space_seen {
            self.space_seen = true;
            faults.push(super::hints::strange_space(c, span));
        }
        self.pos = span.end;
        true
    }

    /// Reports what begins no token and goes behind it; where it is clear what was meant, that token is returned.
    fn unknown(&mut self, faults: &mut Faults) -> Token {
        let start = self.pos;
        let foreign = match self.at(0) {
            b'$' | b'<' | b'{' | b'[' if self.searches < 100 => {
                self.searches += 1;
                foreign(self.bytes, start)
            }
            _ => None,
        };
        if let Some(end) = foreign {
            let report = !self.foreign_seen;
            self.foreign_seen = true;
            self.pos = end;
            self.word_rest();
            if self.bracket {
                self.strict = false;
                self.length_seen = true;
            }
            let span = Span { start, end: self.pos };
            if report {
                faults.push(super::hints::foreign_variable(&self.text[start..end], span));
            } else {
                faults.spoil();
            }
            return Token { kind: Kind::Variable, span };
        }
        let meant = super::hints::meant(&self.text[start..], self.brace, self.bracket);
        // What was meant may be longer than what is there.
        self.pos = (self.pos + meant.length.max(1)).min(self.text.len());
        while !self.text.is_char_boundary(self.pos) {
            self.pos += 1;
        }
        if meant.kind == Kind::LeftBrace {
            self.brace = true;
        }
        let span = Span { start, end: self.pos };
        faults.push(Fault { span, message: meant.message, label: meant.label, help: meant.help });
        Token { kind: meant.kind, span }
    }
}
