//! Values of literals: numbers, durations and strings, read as Prometheus (Go) reads them. Knows nothing of tokens around them.

use crate::units::Duration;

/// Reads a number: decimal, hexadecimal, octal or binary, with underscores, or `Inf` and `NaN`.
///
/// # Errors
/// Says what is wrong with it.
pub fn number(text: &str) -> Result<f64, &'static str> {
    let bytes = text.as_bytes();
    if !bytes.is_empty() && bytes.len() < 16 && bytes.iter().all(u8::is_ascii_digit) && bytes[0] != b'0' {
        let whole = bytes.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0'));
        return Ok(whole as f64);
    }
    if let Some(whole) = integer(text) {
        return Ok(whole);
    }
    if text.contains('_') && !underscores_part_digits(bytes) {
        return Err("an underscore stands only between digits");
    }
    if bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X' | b'b' | b'B' | b'o' | b'O') {
        return Err("not a whole number of at most 64 bits");
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    match plain.parse::<f64>() {
        Ok(n) if n.is_infinite() && !plain.eq_ignore_ascii_case("inf") => Err("larger than a number can be"),
        Ok(n) => Ok(n),
        Err(_) => Err("not a number"),
    }
}

/// Reads a whole number with Go's prefixes; a leading zero makes it octal.
fn integer(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let (radix, digits) = match bytes {
        [b'0', b'x' | b'X', ..] => (16, &text[2..]),
        [b'0', b'o' | b'O', ..] => (8, &text[2..]),
        [b'0', b'b' | b'B', ..] => (2, &text[2..]),
        [b'0', _, ..] => (8, &text[1..]),
        _ => (10, text),
    };
    if digits.contains('_') {
        if !underscores_part_digits(bytes) {
            return None;
        }
        let plain: String = digits.chars().filter(|c| *c != '_').collect();
        return i64::from_str_radix(&plain, radix).ok().map(|n| n as f64);
    }
    i64::from_str_radix(digits, radix).ok().map(|n| n as f64)
}

/// An underscore stands between two digits, or between the prefix of a base and a digit.
fn underscores_part_digits(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut hex = false;
    // What the last byte was: a digit, an underscore, or something else.
    let mut last = b'^';
    if let [b'0', base @ (b'x' | b'X' | b'b' | b'B' | b'o' | b'O'), tail @ ..] = bytes {
        rest = tail;
        hex = base.eq_ignore_ascii_case(&b'x');
        last = b'0';
    }
    for b in rest {
        if b.is_ascii_digit() || hex && b.is_ascii_hexdigit() {
            last = b'0';
        } else if *b == b'_' {
            if last != b'0' {
                return false;
            }
            last = b'_';
        } else {
            if last == b'_' {
                return false;
            }
            last = b'!';
        }
    }
    last != b'_'
}

/// Units of a duration, largest first, in milliseconds.
const UNITS: &[(&str, u64)] = &[
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Longest duration that Prometheus knows: 2^63 nanoseconds, in whole milliseconds.
const MAX_MILLIS: u64 = 9_223_372_036_854;

/// Reads a duration such as `1h30m`: whole numbers with units, each once, largest first.
///
/// # Errors
/// Says what is wrong with it.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    const SHAPE: &str = "a duration is whole numbers with a unit of ms, s, m, h, d, w or y each";
    let mut rest = text.as_bytes();
    let mut millis: u64 = 0;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let after = &rest[digits..];
        let letters = after.iter().take_while(|b| !b.is_ascii_digit()).count();
        if digits == 0 || letters == 0 {
            return Err(SHAPE);
        }
        let mut count: u64 = 0;
        for b in &rest[..digits] {
            count = count.saturating_mul(10).saturating_add(u64::from(b - b'0'));
        }
        let Some(unit) = UNITS.iter().position(|(name, _)| name.as_bytes() == &after[..letters]) else {
            return Err(SHAPE);
        };
        if unit < next_unit {
            return Err("units go from large to small, each once, as in `1h30m`");
        }
        next_unit = unit + 1;
        millis = millis.saturating_add(count.saturating_mul(UNITS[unit].1));
        if millis > MAX_MILLIS {
            return Err("longer than 292 years");
        }
        rest = &after[letters..];
    }
    if text.is_empty() { Err(SHAPE) } else { Ok(Duration::from_micros(millis * 1000)) }
}

/// Longest length of time in seconds that Prometheus holds: 2^63 nanoseconds.
pub const MAX_SECONDS: f64 = 9_223_372_036.854_776;

/// Returns a number of seconds as a duration if it is one of whole microseconds, not negative.
pub fn whole_micros(seconds: f64) -> Option<Duration> {
    let micros = seconds * 1e6;
    let exact = (0.0..=9e15).contains(&micros) && micros.fract() == 0.0;
    exact.then(|| Duration::from_micros(micros as u64))
}

/// A string without its quotes.
pub struct Unquoted {
    /// Its text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Whether escapes made bytes that are not UTF-8.
    pub lossy: bool,
}

/// Reads a string with its quotes, whose escapes the lexer has found valid.
pub fn unquote(quoted: &str) -> Unquoted {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if quoted.starts_with('`') || !inner.contains('\\') {
        return Unquoted { text: inner.to_owned(), lossy: false };
    }
    let mut out: Vec<u8> = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = escape(&rest[at + 1..], &mut out);
    }
    out.extend_from_slice(rest.as_bytes());
    match String::from_utf8(out) {
        Ok(text) => Unquoted { text, lossy: false },
        Err(error) => Unquoted { text: String::from_utf8_lossy(error.as_bytes()).into_owned(), lossy: true },
    }
}

/// Reads what follows a backslash and returns what follows that.
fn escape<'a>(rest: &'a str, out: &mut Vec<u8>) -> &'a str {
    let Some(first) = rest.chars().next() else { return rest };
    let after = &rest[first.len_utf8()..];
    let (digits, radix, code) = match first {
        'a' => return push(out, 7, after),
        'b' => return push(out, 8, after),
        'f' => return push(out, 12, after),
        'n' => return push(out, b'\n', after),
        'r' => return push(out, b'\r', after),
        't' => return push(out, b'\t', after),
        'v' => return push(out, 11, after),
        'x' => (after.get(..2), 16, false),
        'u' => (after.get(..4), 16, true),
        'U' => (after.get(..8), 16, true),
        '0'..='7' => (rest.get(..3), 8, false),
        other => {
            let mut buffer = [0; 4];
            out.extend_from_slice(other.encode_utf8(&mut buffer).as_bytes());
            return after;
        }
    };
    let Some(value) = digits.and_then(|d| u32::from_str_radix(d, radix).ok()) else { return after };
    if code {
        let mut buffer = [0; 4];
        out.extend_from_slice(char::from_u32(value).unwrap_or('\u{fffd}').encode_utf8(&mut buffer).as_bytes());
    } else {
        out.push(value as u8);
    }
    let skip = digits.map_or(0, str::len);
    if radix == 8 { &rest[skip..] } else { &after[skip..] }
}

fn push<'a>(out: &mut Vec<u8>, byte: u8, after: &'a str) -> &'a str {
    out.push(byte);
    after
}
