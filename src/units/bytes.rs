//! Sizes of memory.

use std::fmt;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

/// Units that can be written. Decimal and binary differ by 7 % at GB and GiB, so a bare `G` is refused.
const UNITS: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// Makes a size from bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Reads `512MiB`, `1.5GiB` or `80GB`.
    ///
    /// # Errors
    /// Says what was expected, without quoting the input.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a size such as `512MiB`, `2GiB` or `80GB`";
        let text = text.trim();
        let (suffix, unit) = UNITS.iter().find(|(s, _)| text.ends_with(s)).ok_or(EXPECTED)?;
        let number: f64 = text[..text.len() - suffix.len()].trim_end().parse().map_err(|_| EXPECTED.to_owned())?;
        let bytes = number * *unit as f64;
        if !(0.0..=9.0e15).contains(&bytes) || bytes.fract() != 0.0 {
            return Err("expected a whole number of bytes, at most 9 PB".to_owned());
        }
        Ok(Self(bytes as u64))
    }

    /// Returns the size in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Returns the size in MiB, rounded down.
    pub fn mebibytes(self) -> u64 {
        self.0 >> 20
    }
}

/// Prints in the largest unit that divides it.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (suffix, unit) =
            UNITS.iter().find(|(_, unit)| self.0 >= *unit && self.0.is_multiple_of(*unit)).unwrap_or(&("B", 1));
        write!(f, "{}{suffix}", self.0 / unit)
    }
}
