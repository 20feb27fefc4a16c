//! Money: a currency, a rate per hour, a budget per month.
//!
//! One llmobs.toml has one currency, so amounts carry no currency of their own.

use std::fmt;

/// A currency by its ISO 4217 letters, upper case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency(String);

impl Currency {
    /// Reads three letters.
    ///
    /// # Errors
    /// Says what was expected, without quoting the input.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err("expected three letters of ISO 4217, such as `USD` or `EUR`".to_owned())
        }
    }

    /// Returns the letters, upper case: `USD`.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Returns the letters as they stand in metric names, lower case: `usd`.
    pub fn in_name(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Returns Grafana's unit for amounts of this currency.
    ///
    /// Grafana has ids for a few currencies; any other is a prefix with the letters (`currency:EUR `).
    pub fn grafana_unit(&self) -> String {
        match self.0.as_str() {
            "USD" | "EUR" | "GBP" | "JPY" | "INR" | "CHF" | "SEK" | "NOK" | "DKK" | "KRW" | "BRL" | "CZK" | "PLN" => {
                format!("currency{}", self.0)
            }
            other => format!("currency:{other} "),
        }
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self("USD".to_owned())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Money per hour, for example the price of one GPU.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct MoneyPerHour(pub f64);

/// Money per month of 730 hours (a year of 8,760 hours in twelve parts).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PerMonth(pub f64);

impl PerMonth {
    /// Hours of a month as clouds bill it.
    pub const HOURS: f64 = 730.0;

    /// Returns the even rate per hour that uses the amount up.
    pub fn per_hour(self) -> MoneyPerHour {
        MoneyPerHour(self.0 / Self::HOURS)
    }

    /// Returns the even amount per day.
    pub fn per_day(self) -> f64 {
        self.per_hour().0 * 24.0
    }
}
