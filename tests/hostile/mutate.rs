//! Mutations of texts: bytes, tokens, lines and pieces of others. The same numbers give the same text.

/// Largest case, in bytes; a larger one shows nothing new and takes time from others.
const MAX_BYTES: usize = 256 << 10;

/// Tokens that hurt readers of any format.
const ANY: &[&str] = &[
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{2028}",
    "\u{0301}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\r",
    "\t",
    "\n\n",
    "\\",
    "\"",
    "'",
    "`",
    "é",
    "\u{85}",
    "1e999999",
    "-0",
    "99999999999999999999999999",
    "0x",
    "1e-400",
    "NaN",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "null",
    "''",
    "\\ud800",
    "\\u0000",
    "%s",
    "${",
    "{{",
    "}}",
    "$$$$",
    "\u{10ffff}",
    "9223372036854775808",
    "-9223372036854775809",
];

/// Pseudo-random numbers (SplitMix64).
pub struct Numbers(u64);

impl Numbers {
    /// Returns the numbers of a case.
    pub fn of(target: &str, case: u64) -> Self {
        let seed =
            target.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |all, b| (all ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        Self(seed ^ case.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`; 0 if there is none.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }
}

/// Makes cases from real files.
pub struct Mutator<'a> {
    /// The files.
    pub seeds: &'a [Vec<u8>],
    /// Tokens of the format.
    pub tokens: &'a [&'a str],
}

impl Mutator<'_> {
    /// Makes a case.
    pub fn case(&self, numbers: &mut Numbers) -> Vec<u8> {
        let mut bytes = self.seed(numbers).to_vec();
        for _ in 0..1 + numbers.below(8) {
            self.change(&mut bytes, numbers);
            bytes.truncate(MAX_BYTES);
        }
        bytes
    }

    fn seed(&self, numbers: &mut Numbers) -> &[u8] {
        self.seeds.get(numbers.below(self.seeds.len())).map_or(b"", Vec::as_slice)
    }

    fn change(&self, bytes: &mut Vec<u8>, numbers: &mut Numbers) {
        let at = numbers.below(bytes.len() + 1);
        let near = (at + numbers.below(40)).min(bytes.len());
        match numbers.below(12) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            1 => drop(bytes.drain(at..near)),
            2 => {
                let piece = bytes[at..near].to_vec();
                bytes.splice(at..at, piece);
            }
            3 | 4 => drop(bytes.splice(at..at, self.token(numbers).bytes())),
            5 => drop(bytes.splice(at..near, self.token(numbers).bytes())),
            // A piece of another file, whole lines or not.
            6 => {
                let other = self.seed(numbers);
                let from = numbers.below(other.len() + 1);
                let to = (from + numbers.below(400)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            7 => lines(bytes, numbers),
            // One word in place of another, so that the file stays nearly right.
            8 | 9 => {
                let other = word(self.seed(numbers), numbers);
                let (from, to) = word_at(bytes, at);
                bytes.splice(from..to, other);
            }
            10 => {
                let token = self.token(numbers).repeat(1 << numbers.below(12));
                bytes.splice(at..at, token.bytes());
            }
            _ => bytes.truncate(at),
        }
    }

    fn token(&self, numbers: &mut Numbers) -> &str {
        let n = numbers.below(ANY.len() + 2 * self.tokens.len());
        ANY.get(n).copied().or_else(|| self.tokens.get((n - ANY.len()) / 2).copied()).unwrap_or_default()
    }
}

/// Moves, repeats or removes lines.
fn lines(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let (a, b) = (numbers.below(lines.len()), numbers.below(lines.len()));
    match numbers.below(3) {
        0 => lines.swap(a, b),
        1 => lines.insert(b, lines[a]),
        _ => drop(lines.remove(a)),
    }
    *bytes = lines.join(&b'\n');
}

fn word_at(bytes: &[u8], at: usize) -> (usize, usize) {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.');
    let from = bytes[..at].iter().rposition(|b| !part(b)).map_or(0, |i| i + 1);
    let to = bytes[at..].iter().position(|b| !part(b)).map_or(bytes.len(), |i| at + i);
    (from, to)
}

fn word(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let (from, to) = word_at(bytes, numbers.below(bytes.len() + 1));
    bytes[from..to].to_vec()
}
