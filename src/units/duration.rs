//! Lengths of time.

use std::fmt;

/// A length of time of whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    micros: u64,
}

/// Units that can be written, largest first, with their length in microseconds. A day is 24 hours, a week 7 days, a year 365
/// days, as in Prometheus (`model.ParseDuration`).
const UNITS: &[(&str, u64)] = &[
    ("y", 365 * 86_400_000_000),
    ("w", 7 * 86_400_000_000),
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
];

impl Duration {
    /// An hour.
    pub const HOUR: Self = Self::from_secs(3_600);

    /// Makes a duration of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self { micros: secs * 1_000_000 }
    }

    /// Makes a duration of whole microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// Reads `5m`, `1h30m`, `2.5s`, `250ms`: one or more numbers with unit, largest unit first.
    ///
    /// # Errors
    /// Says what was expected, without quoting the input.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "a number with a unit: ms, s, m, h, d, w or y, for example `30s`, `1h30m` or `2.5s`";
        let mut rest = text.trim();
        if rest.is_empty() || rest.len() > 32 {
            return Err(format!("expected {EXPECTED}"));
        }
        if rest.starts_with('-') {
            return Err("expected a duration that is not negative".to_owned());
        }
        let mut micros: u64 = 0;
        let mut last_unit = u64::MAX;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number: f64 = rest[..digits].parse().map_err(|_| format!("expected {EXPECTED}"))?;
            let after = &rest[digits..];
            let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == &after[..letters]) else {
                return Err(format!("expected {EXPECTED}"));
            };
            if *unit >= last_unit {
                return Err("expected each unit once, the largest first, as in `1h30m`".to_owned());
            }
            last_unit = *unit;
            let part = number * *unit as f64;
            if !part.is_finite() || part > 100.0 * UNITS[0].1 as f64 {
                return Err("expected at most 100 years".to_owned());
            }
            if (part - part.round()).abs() > 1e-3 {
                return Err("expected no finer than a microsecond".to_owned());
            }
            micros = micros.saturating_add(part.round() as u64);
            rest = &after[letters..];
        }
        Ok(Self { micros })
    }

    /// Returns the length in seconds.
    pub fn secs_f64(self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// Returns the whole seconds, rounded down.
    pub fn whole_secs(self) -> u64 {
        self.micros / 1_000_000
    }

    /// Returns the length in whole milliseconds, rounded down.
    pub fn whole_millis(self) -> u64 {
        self.micros / 1_000
    }

    /// Returns whether Prometheus can express it: it knows nothing finer than a millisecond.
    pub fn is_whole_millis(self) -> bool {
        self.micros.is_multiple_of(1_000)
    }

    /// Returns it as people write it: `2.5s`, `250ms`, `1h30m`.
    pub fn human(self) -> String {
        if self.micros < 1_000_000 && self.micros > 0 {
            format!("{}ms", super::number(self.micros as f64 / 1e3))
        } else if !self.micros.is_multiple_of(1_000_000) {
            format!("{}s", super::number(self.secs_f64()))
        } else {
            self.to_string()
        }
    }

    /// Returns whether it is zero.
    pub fn is_zero(self) -> bool {
        self.micros == 0
    }
}

/// Returns whether a threshold and a bucket edge, both in seconds, are meant to be the same.
///
/// Within a thousandth: some exporters compute their edges (0.49878851 s), and nobody writes that.
pub fn same_edge(edge: f64, threshold: f64) -> bool {
    (edge - threshold).abs() <= 1e-3 * edge.abs()
}

impl std::ops::Mul<u64> for Duration {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        Self { micros: self.micros.saturating_mul(times) }
    }
}

/// Prints as Prometheus and the Prometheus Operator read it: `1h30m`, `250ms`, `0s`. A rest finer than a millisecond is printed
/// as a decimal of seconds, for messages only.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.micros == 0 {
            return f.write_str("0s");
        }
        if !self.is_whole_millis() {
            return write!(f, "{}s", super::number(self.secs_f64()));
        }
        let mut rest = self.micros;
        // Weeks and years are not used: 30d reads better than 4w2d.
        for (name, unit) in UNITS.iter().skip(2) {
            if rest / unit > 0 {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}
