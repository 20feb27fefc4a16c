//! Releases and their order.

use std::cmp::Ordering;
use std::fmt;

/// A release of a program. Compares by the rules of PEP 440 as far as engines use them: numbers, then `rc` before and `post`
/// after the plain release. `4.5.3-4.8.2` (dcgm-exporter: DCGM, then exporter) compares by the second part.
#[derive(Clone, Debug)]
pub struct Release {
    text: String,
    numbers: Vec<u64>,
    stage: (i8, u64),
}

impl Release {
    /// Reads a release; `None` if it does not begin with a number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut key = text.split('+').next()?;
        if let Some((_, exporter)) = key.split_once('-')
            && exporter.starts_with(|c: char| c.is_ascii_digit())
        {
            // Image tags add the base system: 4.5.3-4.8.2-distroless.
            key = exporter.split('-').next()?;
        }
        let mut numbers = Vec::new();
        let mut stage = (0, 0);
        for part in key.split(['.', '-']) {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            if digits > 0 {
                numbers.push(part[..digits].parse().ok()?);
            }
            let word = &part[digits..];
            if word.is_empty() {
                continue;
            }
            let letters = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
            let n = word[letters..].parse().unwrap_or(0);
            stage = match &word[..letters] {
                "post" => (1, n),
                "dev" | "a" | "alpha" => (-3, n),
                "b" | "beta" => (-2, n),
                "rc" => (-1, n),
                _ => return None,
            };
        }
        if numbers.is_empty() {
            return None;
        }
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self { text: text.to_owned(), numbers, stage })
    }

    /// Returns the second number: 5 of `3.5.1`.
    pub fn minor(&self) -> u64 {
        self.numbers.get(1).copied().unwrap_or_default()
    }

    /// Returns the release as it was written, without a leading `v`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the first number, for example 3 of `3.5.0`.
    pub fn major(&self) -> u64 {
        self.numbers.first().copied().unwrap_or(0)
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Release {}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Release {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then(self.stage.cmp(&other.stage))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
