//! Units of values as an algebra: powers of dimensions and a scale, through multiplication, division and constants. It takes over
//! where the catalogue's list of units ends: tokens per dollar, seconds times watts.
//!
//! Knows no metric and no expression. A unit that is not known is `None` at the caller, never a guess made here.

use std::fmt;

use crate::units::{self, Unit as CatalogUnit};

/// Number of dimensions.
const DIMENSIONS: usize = 6;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Seconds.
    Time,
    /// Bytes.
    Data,
    /// Tokens.
    Tokens,
    /// Money; currencies are not told apart.
    Money,
    /// Joules.
    Energy,
    /// Degrees Celsius.
    Temperature,
}

/// Quantity of a value: `value x scale` is in base units (seconds, bytes, tokens, money, joules, degrees; share of one).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    powers: [i8; DIMENSIONS],
    /// Without dimension: whether it is a share of something, not a count.
    pub share: bool,
    /// Size of one unit in base units; `None` once a factor of unknown meaning was applied.
    pub scale: Option<f64>,
}

/// How two units stand to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relation {
    /// They can be added and compared.
    Same,
    /// They measure different things.
    OtherDimension,
    /// They measure the same in other steps: the left one is this many right ones.
    OtherScale(f64),
}

/// Factors that people write to go from one unit to another.
const CONVERSIONS: &[f64] = &[
    7.0,
    24.0,
    30.0,
    60.0,
    100.0,
    365.0,
    720.0,
    730.0,
    744.0,
    1000.0,
    1024.0,
    1440.0,
    3600.0,
    86_400.0,
    604_800.0,
    2_592_000.0,
    1_048_576.0,
    1_000_000.0,
    1_073_741_824.0,
    1e9,
    3.6e6,
    3.6e9,
    1e12,
    1_099_511_627_776.0,
];

impl Quantity {
    /// A number of things.
    pub const COUNT: Self = Self { powers: [0; DIMENSIONS], share: false, scale: Some(1.0) };
    /// A share, 0 to 1.
    pub const RATIO: Self = Self { share: true, ..Self::COUNT };
    /// A share, 0 to 100.
    pub const PERCENT: Self = Self { share: true, scale: Some(0.01), ..Self::COUNT };
    /// Seconds.
    pub const SECONDS: Self = Self::of(Dimension::Time, 1.0);
    /// Bytes.
    pub const BYTES: Self = Self::of(Dimension::Data, 1.0);

    /// Makes a unit of one dimension.
    pub const fn of(dimension: Dimension, scale: f64) -> Self {
        let mut powers = [0; DIMENSIONS];
        powers[dimension as usize] = 1;
        Self { powers, share: false, scale: Some(scale) }
    }

    /// Returns the quantity of a unit of the catalogue. `None` where the value cannot be computed with: codes, info, unix times.
    pub fn of_unit(unit: CatalogUnit) -> Option<Self> {
        let physical = unit.physical()?;
        let of = Self::of_dimension(physical.of)?;
        let whole = match physical.per {
            Some(per) => of.per(Self::of_dimension(per)?),
            None => of,
        };
        Some(Self { scale: Some(physical.scale), ..whole })
    }

    /// Returns the base unit of a dimension of the catalogue.
    fn of_dimension(dimension: units::Dimension) -> Option<Self> {
        Some(match dimension {
            units::Dimension::Time => Self::SECONDS,
            units::Dimension::Data => Self::BYTES,
            units::Dimension::Tokens => Self::of(Dimension::Tokens, 1.0),
            units::Dimension::Ratio => Self::RATIO,
            units::Dimension::Temperature => Self::of(Dimension::Temperature, 1.0),
            units::Dimension::Power => Self::of(Dimension::Energy, 1.0).per(Self::SECONDS),
            units::Dimension::Energy => Self::of(Dimension::Energy, 1.0),
            units::Dimension::Frequency => Self::COUNT.per(Self::SECONDS),
            units::Dimension::Money => Self::of(Dimension::Money, 1.0),
            units::Dimension::Requests | units::Dimension::Count => Self::COUNT,
            units::Dimension::Timestamp | units::Dimension::Voltage => return None,
        })
    }

    /// Returns the power of a dimension.
    pub fn power(&self, dimension: Dimension) -> i8 {
        self.powers[dimension as usize]
    }

    /// Returns whether nothing is measured: a count or a share.
    pub fn is_plain(&self) -> bool {
        self.powers == [0; DIMENSIONS]
    }

    /// Returns whether it is a share in steps of one hundredth.
    pub fn is_percent(&self) -> bool {
        self.is_plain() && self.share && self.scale.is_some_and(|s| near(s, 0.01))
    }

    /// Returns whether it is a share of one.
    pub fn is_ratio(&self) -> bool {
        self.is_plain() && self.share && self.scale.is_some_and(|s| near(s, 1.0))
    }

    /// Returns the unit of a product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        self.combine(other, 1)
    }

    /// Returns the unit of a quotient. What is divided by its own kind is a share.
    #[must_use]
    pub fn per(self, other: Self) -> Self {
        self.combine(other, -1)
    }

    /// Returns the unit of the growth per second. Seconds per second are no share of anything: they may be of many at once.
    #[must_use]
    pub fn per_second(self) -> Self {
        let rate = self.per(Self::SECONDS);
        Self { share: false, ..rate }
    }

    fn combine(self, other: Self, sign: i8) -> Self {
        let mut powers = self.powers;
        for (power, more) in powers.iter_mut().zip(other.powers) {
            *power = power.saturating_add(more.saturating_mul(sign));
        }
        let scale = match (self.scale, other.scale) {
            (Some(a), Some(b)) => Some(if sign > 0 { a * b } else { a / b }),
            _ => None,
        };
        let plain = powers == [0; DIMENSIONS];
        let same_kind = self.powers == other.powers && self.share == other.share;
        let share = plain && if sign < 0 { same_kind } else { self.share && other.share };
        Self { powers, share, scale }
    }

    /// Returns the unit of the value multiplied with a number. `None` where the number may be a quantity of its own, such as a price:
    /// any but a conversion, or one near 1 that takes a part or a margin. A count times anything may be anything.
    pub fn scaled(self, factor: f64) -> Option<Self> {
        if near(factor.abs(), 1.0) {
            return Some(self);
        }
        if self.is_plain() && !self.share {
            return None;
        }
        if is_conversion(factor) {
            return Some(Self { scale: self.scale.map(|s| s / factor), ..self });
        }
        (0.5..=2.0).contains(&factor.abs()).then_some(Self { scale: None, ..self })
    }

    /// Compares two units for addition and comparison.
    pub fn relation(&self, other: &Self) -> Relation {
        if self.powers != other.powers {
            return Relation::OtherDimension;
        }
        if self.is_plain() && self.share != other.share {
            return Relation::OtherDimension;
        }
        match (self.scale, other.scale) {
            (Some(a), Some(b)) if !near(a, b) => Relation::OtherScale(a / b),
            _ => Relation::Same,
        }
    }

    /// Returns whether it is another quantity per something else than time: joules per token of joules.
    pub fn is_of(&self, other: &Self) -> bool {
        let same = |index: usize| self.powers[index] == other.powers[index];
        let per =
            |index: usize| other.powers[index] == 0 && self.powers[index] < 0 && index != Dimension::Time as usize;
        (0..DIMENSIONS).all(|i| same(i) || per(i))
    }

    /// Returns the factor that hours, minutes or days left behind in a value that has no time in it: 3600 for hourly money over
    /// tokens per second. `None` where nothing is left.
    pub fn leftover_time(&self) -> Option<f64> {
        if self.power(Dimension::Time) != 0 || self.is_plain() && !self.share {
            return None;
        }
        let scale = self.scale?;
        [3600.0, 60.0, 86_400.0].into_iter().find(|f| is_decimal(scale * f) || is_decimal(scale / f))
    }
}

/// Returns whether a number is a power of ten.
fn is_decimal(value: f64) -> bool {
    let power = value.log10();
    power.is_finite() && (power - power.round()).abs() < 1e-9
}

fn is_conversion(factor: f64) -> bool {
    let factor = factor.abs();
    let factor = if factor < 1.0 { 1.0 / factor } else { factor };
    near(factor, 1.0)
        || CONVERSIONS.iter().any(|c| near(*c, factor))
        || CONVERSIONS.iter().any(|a| CONVERSIONS.iter().any(|b| near(a * b, factor)))
}

/// Returns whether two sizes are the same but for rounding.
pub fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

impl fmt::Display for Quantity {
    /// Writes the unit for people: `MiB`, `tokens per second`, `percent (0 to 100)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return match (self.share, self.scale) {
                (true, Some(s)) if near(s, 1.0) => f.write_str("a ratio (0 to 1)"),
                (true, Some(s)) if near(s, 0.01) => f.write_str("percent (0 to 100)"),
                (true, _) => f.write_str("a share"),
                (false, Some(s)) if !near(s, 1.0) => write!(f, "a number in steps of {}", crate::units::number(s)),
                (false, _) => f.write_str("a count"),
            };
        }
        if let Some(name) = NAMED.iter().find(|(_, u)| u.powers == self.powers && same_scale(u.scale, self.scale)) {
            return f.write_str(name.0);
        }
        let mut over = Vec::new();
        let mut under = Vec::new();
        for (index, word) in ["seconds", "bytes", "tokens", "dollars", "joules", "degrees"].into_iter().enumerate() {
            match self.powers[index] {
                0 => {}
                1 => over.push(word.to_owned()),
                -1 => under.push(word.trim_end_matches('s').to_owned()),
                n if n > 0 => over.push(format!("{word}^{n}")),
                n => under.push(format!("{word}^{}", -n)),
            }
        }
        let over = if over.is_empty() { "count".to_owned() } else { over.join(" x ") };
        f.write_str(&over)?;
        if !under.is_empty() {
            write!(f, " per {}", under.join(" and "))?;
        }
        match self.scale {
            Some(s) if !near(s, 1.0) => write!(f, " in steps of {}", crate::units::number(s)),
            _ => Ok(()),
        }
    }
}

fn same_scale(a: Option<f64>, b: Option<f64>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if near(a, b))
}

const fn rate_of(dimension: Dimension, scale: f64) -> Quantity {
    let mut unit = Quantity::of(dimension, scale);
    unit.powers[Dimension::Time as usize] = -1;
    unit
}

/// Units that have a name of their own.
const NAMED: &[(&str, Quantity)] = &[
    ("seconds", Quantity::SECONDS),
    ("milliseconds", Quantity::of(Dimension::Time, 1e-3)),
    ("microseconds", Quantity::of(Dimension::Time, 1e-6)),
    ("nanoseconds", Quantity::of(Dimension::Time, 1e-9)),
    ("minutes", Quantity::of(Dimension::Time, 60.0)),
    ("hours", Quantity::of(Dimension::Time, 3600.0)),
    ("days", Quantity::of(Dimension::Time, 86_400.0)),
    ("bytes", Quantity::BYTES),
    ("kB", Quantity::of(Dimension::Data, 1e3)),
    ("MB", Quantity::of(Dimension::Data, 1e6)),
    ("GB", Quantity::of(Dimension::Data, 1e9)),
    ("KiB", Quantity::of(Dimension::Data, 1024.0)),
    ("MiB", Quantity::of(Dimension::Data, 1_048_576.0)),
    ("GiB", Quantity::of(Dimension::Data, 1_073_741_824.0)),
    ("bytes per second", rate_of(Dimension::Data, 1.0)),
    ("tokens per second", rate_of(Dimension::Tokens, 1.0)),
    ("dollars per second", rate_of(Dimension::Money, 1.0)),
    ("dollars per hour", rate_of(Dimension::Money, 1.0 / 3600.0)),
    ("joules", Quantity::of(Dimension::Energy, 1.0)),
    ("millijoules", Quantity::of(Dimension::Energy, 1e-3)),
    ("watts", rate_of(Dimension::Energy, 1.0)),
    ("milliwatts", rate_of(Dimension::Energy, 1e-3)),
    ("microwatts", rate_of(Dimension::Energy, 1e-6)),
    ("degrees Celsius", Quantity::of(Dimension::Temperature, 1.0)),
    ("per second", Quantity { powers: [-1, 0, 0, 0, 0, 0], share: false, scale: Some(1.0) }),
    ("MHz", Quantity { powers: [-1, 0, 0, 0, 0, 0], share: false, scale: Some(1e6) }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hourly_money_over_tokens_per_second_leaves_3600() -> Result<(), &'static str> {
        let money = Quantity::of_unit(CatalogUnit::DollarsPerHour).ok_or("money")?;
        let tokens = Quantity::of_unit(CatalogUnit::Tokens).ok_or("tokens")?.per_second();
        let per_million = |q: Quantity| q.scaled(1e6).and_then(|q| q.leftover_time());
        assert_eq!(per_million(money.per(tokens)), Some(3600.0));
        assert_eq!(per_million(money.per(tokens.scaled(3600.0).ok_or("hour")?)), None);
        Ok(())
    }

    #[test]
    fn mebibytes_become_bytes() -> Result<(), &'static str> {
        let used = Quantity::of_unit(CatalogUnit::Mebibytes).ok_or("MiB")?;
        assert_eq!(used.relation(&Quantity::BYTES), Relation::OtherScale(1_048_576.0));
        let twice = used.scaled(1024.0).and_then(|q| q.scaled(1024.0)).ok_or("bytes")?;
        assert_eq!(twice.relation(&Quantity::BYTES), Relation::Same);
        assert_eq!(twice.to_string(), "bytes");
        Ok(())
    }

    #[test]
    fn a_share_of_one_becomes_percent() {
        let share = Quantity::BYTES.per(Quantity::BYTES);
        assert!(share.is_ratio());
        assert!(share.scaled(100.0).is_some_and(|q| q.is_percent()));
        assert_eq!(share.relation(&Quantity::PERCENT), Relation::OtherScale(100.0));
        assert_eq!(share.scaled(2.0).map(|q| q.scale), Some(None));
        assert_eq!(share.scaled(3.25), None);
    }
}
