//! Shares of a whole, from 0 to 1.

use std::fmt;

/// A share from 0 to 1. Written as `99.9%` or `0.999`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl Ratio {
    /// Makes a ratio; `None` outside 0 to 1.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// Reads `99.9%` or `0.999`.
    ///
    /// # Errors
    /// Says what was expected, without quoting the input.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text, false),
        };
        let value: f64 = number
            .parse()
            .map_err(|_| "expected a percentage such as `99.9%` or a ratio such as `0.999`".to_owned())?;
        // Percent is divided in decimal so that 99.9 % is the double nearest to 0.999, not 99.9/100.
        let value = if percent { format!("{number}e-2").parse::<f64>().unwrap_or(value / 100.0) } else { value };
        Self::new(value).ok_or_else(|| {
            if percent {
                "expected 0% to 100%".to_owned()
            } else if value > 1.0 && value <= 100.0 {
                format!("expected 0 to 1, or a percentage: did you mean `{number}%`")
            } else {
                "expected a percentage such as `99.9%` or a ratio such as `0.999`".to_owned()
            }
        })
    }

    /// Returns the share, 0 to 1.
    pub fn value(self) -> f64 {
        self.0
    }

    /// Returns the share in percent, 0 to 100, rounded to ten digits.
    pub fn percent(self) -> f64 {
        (self.0 * 1e12).round() / 1e10
    }
}

/// Prints as percent: `99.9%`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", super::number(self.percent()))
    }
}
