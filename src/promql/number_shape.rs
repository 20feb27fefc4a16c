//! Where a number or a duration ends, by the rules of Prometheus's lexer. Values are read in `literal`.

use super::token::Kind;

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns what the text begins with, a number or a duration, and how many bytes it has. `None` for a bad one; the length is
/// then how far it was read.
pub fn scan(bytes: &[u8]) -> (Option<Kind>, usize) {
    // Most numbers are a few digits and nothing else.
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    match bytes.get(digits) {
        None => return (Some(Kind::Number), digits),
        Some(b) if digits > 0 && !is_word(*b) && *b != b'.' => return (Some(Kind::Number), digits),
        _ => {}
    }
    let mut scan = Scan { bytes, pos: 0 };
    if scan.number() {
        return (Some(Kind::Number), scan.pos);
    }
    let kind = scan.duration().then_some(Kind::Duration);
    (kind, scan.pos)
}

struct Scan<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn accept(&mut self, set: impl Fn(u8) -> bool) -> bool {
        let yes = self.peek().is_some_and(set);
        self.pos += usize::from(yes);
        yes
    }

    fn number(&mut self) -> bool {
        let start = self.pos;
        let mut hex = false;
        if self.accept(|b| b == b'0') && self.accept(|b| b == b'x' || b == b'X') {
            self.accept(|b| b == b'_');
            hex = true;
        }
        let digit = |b: u8| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
        let exponent = |b: u8| b == b'e' || b == b'E';
        // What cannot follow an exponent or an underscore.
        let stop = |b: u8| matches!(b, b'.' | b'_' | b'e' | b'E');
        self.accept(|b| b == b'.');
        self.accept(digit);
        let (mut dot_seen, mut exponent_seen) = (false, false);
        while let Some(b) = self.peek().filter(|b| digit(*b) || exponent(*b) || matches!(b, b'.' | b'_')) {
            if b == b'.' && dot_seen || exponent(b) && exponent_seen {
                self.pos += 1;
                return false;
            }
            if b == b'.' {
                self.pos += 1;
                dot_seen = true;
                if self.accept(|b| b == b'_' || b == b'.') || hex {
                    return false;
                }
            } else if exponent(b) {
                // Also in hexadecimal numbers: Prometheus takes the digit `e` behind the first digit for an exponent.
                self.pos += 1;
                exponent_seen = true;
                self.accept(|b| b == b'+' || b == b'-');
                if self.accept(stop) || self.peek().is_none() {
                    return false;
                }
            } else if b == b'_' {
                self.pos += 1;
                if self.accept(stop) || self.peek().is_none() {
                    return false;
                }
            } else {
                while self.accept(digit) {}
            }
        }
        self.pos > start && !self.peek().is_some_and(is_word)
    }

    fn duration(&mut self) -> bool {
        if !self.accept(|b| matches!(b, b's' | b'm' | b'h' | b'd' | b'w' | b'y')) {
            return false;
        }
        self.accept(|b| b == b's');
        while self.accept(|b| b.is_ascii_digit()) {
            while self.accept(|b| b.is_ascii_digit()) {}
            if !self.accept(|b| matches!(b, b's' | b'm' | b'h' | b'd' | b'w')) {
                return false;
            }
            self.accept(|b| b == b's');
        }
        !self.peek().is_some_and(is_word)
    }
}
