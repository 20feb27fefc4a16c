//! Days, as comments and the command line write them: `2027-01-31`.

use std::fmt;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`; `None` if it is no day.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |len: usize| -> Option<u16> {
            let part = parts.next().filter(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit()))?;
            part.parse().ok()
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u16::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let fits = parts.next().is_none() && (1..=days).contains(&day);
        fits.then_some(Self { year, month: month as u8, day: day as u8 })
    }

    /// Returns the day, in UTC, that a number of days after 1970-01-01 is.
    pub fn from_unix_days(days: u64) -> Self {
        // Gregorian years repeat after 146,097 days; counted from 1 March, so that leap days come last.
        let days = days + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + u64::from(month <= 2);
        Self { year: u16::try_from(year).unwrap_or(u16::MAX), month: month as u8, day: day as u8 }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn days_are_days_of_the_calendar() {
        for good in ["2027-01-31", "2024-02-29", "2000-02-29", "1970-01-01"] {
            assert_eq!(Date::parse(good).map(|d| d.to_string()).as_deref(), Some(good));
        }
        for bad in [
            "2027-02-29",
            "1900-02-29",
            "2027-13-01",
            "2027-00-01",
            "2027-1-31",
            "2027-01-32",
            "27-01-31",
            "",
            "2027-01-31-1",
            "+027-01-31",
        ] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
        for (days, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (19_782, "2024-02-29"),
            (19_783, "2024-03-01"),
            (20_819, "2027-01-01"),
        ] {
            assert_eq!(Date::from_unix_days(days).to_string(), text);
        }
        assert!(Date::parse("2026-12-31") < Date::parse("2027-01-01"));
    }
}
