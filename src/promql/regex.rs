//! Whether a regular expression is one that Prometheus accepts (RE2 as Go reads it), and whether it matches the empty text.
//! Must not match anything else.
//!
//! Limits that Go has on memory for very large expressions are not checked.

use super::unicode_names::NAMES;

/// Deepest nesting of groups that Go accepts.
const MAX_DEPTH: usize = 1000;

/// Largest count of a repetition, also of repetitions inside of one another.
const MAX_REPEAT: u64 = 1000;

/// Checks an expression. Returns whether it matches the empty text.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(pattern: &str) -> Result<bool, String> {
    let special = |b: u8| {
        matches!(b, b'\\' | b'.' | b'+' | b'*' | b'?' | b'(' | b')' | b'|' | b'[' | b']' | b'{' | b'}' | b'^' | b'$')
    };
    if !pattern.bytes().any(special) {
        return Ok(pattern.is_empty());
    }
    let mut reader = Reader { text: pattern, pos: 0 };
    reader.whole()
}

/// What is known of an alternative list that is open.
struct Group {
    /// Whether an earlier alternative matches the empty text.
    any_empty: bool,
    /// Whether what was read of the current alternative does, without its last atom.
    empty: bool,
    /// Whether the last atom of the current alternative does; `None` if there is no atom yet.
    last: Option<bool>,
    /// Copies of its innermost repeated part that the last atom makes.
    last_copies: u64,
    /// The same, over all atoms.
    copies: u64,
}

impl Group {
    fn new() -> Self {
        Self { any_empty: false, empty: true, last: None, last_copies: 1, copies: 1 }
    }

    fn push(&mut self, empty: bool, copies: u64) {
        self.empty &= self.last.unwrap_or(true);
        self.copies = self.copies.max(self.last_copies);
        self.last = Some(empty);
        self.last_copies = copies;
    }

    fn alternative(&mut self) {
        self.any_empty |= self.empty && self.last.unwrap_or(true);
        self.copies = self.copies.max(self.last_copies);
        self.empty = true;
        self.last = None;
        self.last_copies = 1;
    }
}

struct Reader<'a> {
    text: &'a str,
    pos: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn byte(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.pos + offset).copied()
    }

    fn char(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn whole(&mut self) -> Result<bool, String> {
        let mut open: Vec<Group> = Vec::new();
        let mut group = Group::new();
        let mut repeated = false;
        while let Some(byte) = self.byte(0) {
            let was_repeated = std::mem::replace(&mut repeated, false);
            match byte {
                b'(' => {
                    if self.byte(1) == Some(b'?') {
                        if self.flags()? {
                            open.push(std::mem::replace(&mut group, Group::new()));
                        }
                    } else {
                        self.pos += 1;
                        open.push(std::mem::replace(&mut group, Group::new()));
                    }
                    if open.len() >= MAX_DEPTH {
                        return Err("groups are nested too deeply".to_owned());
                    }
                }
                b'|' => {
                    self.pos += 1;
                    group.alternative();
                }
                b')' => {
                    self.pos += 1;
                    let Some(outer) = open.pop() else { return Err("`)` closes nothing".to_owned()) };
                    group.alternative();
                    let inner = std::mem::replace(&mut group, outer);
                    group.push(inner.any_empty, inner.copies);
                }
                b'^' | b'$' => {
                    self.pos += 1;
                    group.push(true, 1);
                }
                b'[' => {
                    self.class()?;
                    group.push(false, 1);
                }
                b'*' | b'+' | b'?' => {
                    let start = self.pos;
                    self.pos += 1;
                    self.repeat(&mut group, was_repeated, start)?;
                    if byte != b'+' {
                        group.last = Some(true);
                    }
                    repeated = true;
                }
                b'{' => match self.counts() {
                    None => {
                        self.pos += 1;
                        group.push(false, 1);
                    }
                    Some((min, max, length)) => {
                        let start = self.pos;
                        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
                            let text = self.rest().get(..length).unwrap_or_default();
                            return Err(format!("the count `{text}` is not valid; the largest is 1000"));
                        }
                        self.pos += length;
                        self.repeat(&mut group, was_repeated, start)?;
                        let copies = max.unwrap_or(min);
                        if copies == 0 {
                            group.last_copies = 1;
                        } else {
                            group.last_copies = group.last_copies.saturating_mul(copies);
                        }
                        if group.last_copies > MAX_REPEAT && copies >= 2 {
                            return Err("repetitions make more than 1000 copies".to_owned());
                        }
                        if min == 0 {
                            group.last = Some(true);
                        }
                        repeated = true;
                    }
                },
                b'\\' => self.escape_outside(&mut group)?,
                _ => {
                    self.char();
                    group.push(false, 1);
                }
            }
        }
        if !open.is_empty() {
            return Err("`(` is never closed".to_owned());
        }
        group.alternative();
        Ok(group.any_empty)
    }

    /// A repetition operator that was taken: goes over the `?` that makes it lazy, and sees to it that there is something to
    /// repeat.
    fn repeat(&mut self, group: &mut Group, was_repeated: bool, start: usize) -> Result<(), String> {
        if self.byte(0) == Some(b'?') {
            self.pos += 1;
        }
        let operator = self.text.get(start..self.pos).unwrap_or_default();
        if was_repeated {
            return Err(format!("`{operator}` repeats a repetition"));
        }
        if group.last.is_none() {
            return Err(format!("`{operator}` repeats nothing"));
        }
        Ok(())
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else is no repetition. Returns the counts and the length.
    fn counts(&self) -> Option<(u64, Option<u64>, usize)> {
        let rest = self.rest().strip_prefix('{')?;
        let (min, length) = count(rest)?;
        let after = &rest[length..];
        if after.starts_with('}') {
            return Some((min, Some(min), length + 2));
        }
        let after = after.strip_prefix(',')?;
        if after.starts_with('}') {
            return Some((min, None, length + 3));
        }
        let (max, more) = count(after)?;
        after[more..].starts_with('}').then_some((min, Some(max), length + more + 3))
    }

    /// Reads `(?...`. Returns whether a group was opened; else only flags were set.
    fn flags(&mut self) -> Result<bool, String> {
        let rest = self.rest();
        let named = if rest.starts_with("(?P<") && rest.len() > 4 {
            Some(4)
        } else if rest.starts_with("(?<") && rest.len() > 3 {
            Some(3)
        } else {
            None
        };
        if let Some(start) = named {
            let Some(end) = rest.find('>') else { return Err("the name of a group has no `>`".to_owned()) };
            let name = rest.get(start..end).unwrap_or_default();
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(match name.as_bytes().first() {
                    Some(b'=' | b'!') => "RE2 has no look-behind".to_owned(),
                    _ => "the name of a group is not valid".to_owned(),
                });
            }
            self.pos += end + 1;
            return Ok(true);
        }
        let look = matches!(rest.as_bytes().get(2), Some(b'=' | b'!'));
        self.pos += 2;
        let (mut negative, mut seen) = (false, false);
        while let Some(c) = self.char() {
            match c {
                'i' | 'm' | 's' | 'U' => seen = true,
                '-' if !negative => {
                    negative = true;
                    seen = false;
                }
                ':' | ')' if !negative || seen => return Ok(c == ':'),
                _ => break,
            }
        }
        Err(if look { "RE2 has no look-ahead".to_owned() } else { "`(?` is not followed by known flags".to_owned() })
    }

    fn escape_outside(&mut self, group: &mut Group) -> Result<(), String> {
        match self.byte(1) {
            Some(b'A' | b'B' | b'z') => {
                self.pos += 2;
                group.push(true, 1);
            }
            Some(b'b') => {
                self.pos += 2;
                group.push(false, 1);
            }
            Some(b'Q') => {
                self.pos += 2;
                let rest = self.rest();
                let (literal, skip) = rest.find("\\E").map_or((rest.len(), rest.len()), |n| (n, n + 2));
                self.pos += skip;
                if literal > 0 {
                    group.push(false, 1);
                }
            }
            _ => {
                if !self.class_escape()? {
                    self.escape()?;
                }
                group.push(false, 1);
            }
        }
        Ok(())
    }

    /// Reads `\d`, `\pL`, `\p{Greek}` and the like, if one is there.
    fn class_escape(&mut self) -> Result<bool, String> {
        match (self.byte(0), self.byte(1)) {
            (Some(b'\\'), Some(b'd' | b'D' | b's' | b'S' | b'w' | b'W')) => {
                self.pos += 2;
                Ok(true)
            }
            (Some(b'\\'), Some(b'p' | b'P')) => {
                let rest = self.rest().get(2..).unwrap_or_default();
                let (name, length) = match rest.chars().next() {
                    Some('{') => match rest.find('}') {
                        Some(end) => (rest.get(1..end).unwrap_or_default(), end + 1),
                        None => return Err("`\\p{` has no `}`".to_owned()),
                    },
                    Some(c) => (rest.get(..c.len_utf8()).unwrap_or_default(), c.len_utf8()),
                    None => return Err("`\\p` has no name".to_owned()),
                };
                let name = name.strip_prefix('^').unwrap_or(name);
                if NAMES.binary_search(&name).is_err() {
                    return Err(format!("`\\p` knows no `{}`", super::hints::short(name)));
                }
                self.pos += 2 + length;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Reads an escape that is one character.
    fn escape(&mut self) -> Result<char, String> {
        self.pos += 1;
        let Some(first) = self.char() else { return Err("a backslash stands at the end".to_owned()) };
        let unknown = || Err(format!("the escape `\\{first}` is not known"));
        match first {
            '1'..='7' if !self.byte(0).is_some_and(|b| matches!(b, b'0'..=b'7')) => {
                Err(format!("RE2 has no back-reference `\\{first}`"))
            }
            '0'..='7' => {
                let mut value = u32::from(first) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = self.byte(0).filter(|b| matches!(b, b'0'..=b'7')) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.pos += 1;
                }
                char::from_u32(value).map_or_else(unknown, Ok)
            }
            'x' => {
                let bad = || Err("`\\x` needs two digits, or digits in braces".to_owned());
                let rest = self.rest();
                let (digits, length) = if let Some(inner) = rest.strip_prefix('{') {
                    let Some(end) = inner.find('}') else { return bad() };
                    (&inner[..end], end + 2)
                } else {
                    (rest.get(..2).unwrap_or_default(), 2)
                };
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return bad();
                }
                let value = u32::from_str_radix(digits.trim_start_matches('0'), 16);
                let value = if digits.bytes().all(|b| b == b'0') { Ok(0) } else { value };
                match value {
                    Ok(value) if value <= 0x0010_ffff => {
                        self.pos += length;
                        // Half of a surrogate pair is a character for Go.
                        Ok(char::from_u32(value).unwrap_or('\u{d7ff}'))
                    }
                    _ => bad(),
                }
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(match first {
                'a' => '\u{7}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => '\u{b}',
            }),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            _ => unknown(),
        }
    }

    fn class(&mut self) -> Result<(), String> {
        const UNCLOSED: &str = "`[` is never closed";
        self.pos += 1;
        if self.byte(0) == Some(b'^') {
            self.pos += 1;
        }
        let mut first = true;
        while first || self.byte(0) != Some(b']') {
            first = false;
            let rest = self.rest();
            if rest.starts_with("[:")
                && let Some(end) = rest[2..].find(":]")
            {
                let name = &rest[2..2 + end];
                if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    return Err(format!("there is no class `[:{}:]`", super::hints::short(name)));
                }
                self.pos += end + 4;
                continue;
            }
            if self.class_escape()? {
                continue;
            }
            let low = self.class_char()?.ok_or(UNCLOSED)?;
            if self.byte(0) == Some(b'-') && self.byte(1).is_some_and(|b| b != b']') {
                self.pos += 1;
                let high = self.class_char()?.ok_or(UNCLOSED)?;
                if high < low {
                    return Err(format!("the range `{low}-{high}` goes backwards"));
                }
            }
        }
        self.pos += 1;
        Ok(())
    }

    fn class_char(&mut self) -> Result<Option<char>, String> {
        if self.byte(0) == Some(b'\\') { self.escape().map(Some) } else { Ok(self.char()) }
    }
}

/// Names of classes as in `[[:alpha:]]`.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Reads a number without leading zeros; very large ones are cut. Returns it and its length.
fn count(text: &str) -> Option<(u64, usize)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 || length > 1 && text.starts_with('0') {
        return None;
    }
    Some((text[..length].parse().unwrap_or(u64::MAX), length))
}
