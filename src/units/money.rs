//! Money: a currency, a price, a rate per hour, a budget per month.
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

/// Money per calendar month.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PerMonth(pub f64);

/// An amount above zero as it is written: with or without the letters of its currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The amount.
    pub amount: f64,
    /// The currency, if it is named.
    pub currency: Option<Currency>,
}

impl Price {
    /// Largest amount; what is larger is a slip.
    const MOST: f64 = 1e12;

    /// Reads `3.25`, or `3.25 USD` where `named`.
    ///
    /// # Errors
    /// Says what was expected, without quoting the input.
    pub fn parse(text: &str, named: bool) -> Result<Self, String> {
        let letters = text.len() - text.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        let (digits, currency) = if named { text.split_at(letters) } else { (text, "") };
        let currency = if named {
            Some(
                Currency::parse(currency)
                    .map_err(|_| "expected a number, or a text with a currency such as `\"3.25 USD\"`")?,
            )
        } else {
            None
        };
        match digits.trim().parse::<f64>() {
            Ok(amount) if amount > 0.0 && amount <= Self::MOST => Ok(Self { amount, currency }),
            Ok(amount) if amount <= 0.0 => Err("expected an amount above zero".to_owned()),
            _ => Err("expected an amount above 0, at most 1,000,000,000,000".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Price;

    #[test]
    fn prices_name_their_currency_or_are_plain_numbers() {
        for (text, named, amount, currency) in
            [("3.25", false, 3.25, None), ("3.25 USD", true, 3.25, Some("USD")), ("0.8eur", true, 0.8, Some("EUR"))]
        {
            let price = Price::parse(text, named);
            let found = price.as_ref().map(|p| (p.amount, p.currency.as_ref().map(|c| c.code())));
            assert_eq!(found, Ok((amount, currency)), "{text}");
        }
        for (text, named) in [
            ("3.25", true),
            ("USD", true),
            ("3.25 dollars", true),
            ("-1", false),
            ("0", false),
            ("nan", false),
            ("1e13", false),
        ] {
            assert!(Price::parse(text, named).is_err(), "{text}");
        }
    }
}
