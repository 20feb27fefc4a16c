//! The closed list of units that a profile may write, with dimension and scale.
//!
//! Units come from sources of exporters, never from names. An expression engine computes with [`Unit::measure`]; units without
//! one (codes, bit masks) are compared, never computed with.

use super::BaseUnit;
use crate::spec_words;

spec_words! {
    /// Unit of the values of a metric.
    Unit, "a unit such as `seconds`, `bytes` or `tokens`" {
        /// Seconds.
        Seconds = "seconds",
        /// Thousandths of a second.
        Milliseconds = "milliseconds",
        /// Millionths of a second.
        Microseconds = "microseconds",
        /// Billionths of a second.
        Nanoseconds = "nanoseconds",
        /// Hours.
        Hours = "hours",
        /// Unix time in seconds.
        Timestamp = "timestamp",
        /// Bytes.
        Bytes = "bytes",
        /// 1,000 bytes.
        Kilobytes = "kilobytes",
        /// 10^6 bytes.
        Megabytes = "megabytes",
        /// 10^9 bytes.
        Gigabytes = "gigabytes",
        /// 1,024 bytes.
        Kibibytes = "kibibytes",
        /// 2^20 bytes.
        Mebibytes = "mebibytes",
        /// 2^30 bytes.
        Gibibytes = "gibibytes",
        /// Bytes per second.
        BytesPerSecond = "bytes_per_second",
        /// 1,000 bytes per second.
        KilobytesPerSecond = "kilobytes_per_second",
        /// 10^6 bytes per second.
        MegabytesPerSecond = "megabytes_per_second",
        /// 10^9 bytes per second.
        GigabytesPerSecond = "gigabytes_per_second",
        /// 10^6 bits per second.
        MegabitsPerSecond = "megabits_per_second",
        /// Tokens.
        Tokens = "tokens",
        /// Tokens per second.
        TokensPerSecond = "tokens_per_second",
        /// Requests.
        Requests = "requests",
        /// Requests per second.
        RequestsPerSecond = "requests_per_second",
        /// 0 to 1.
        Ratio = "ratio",
        /// 0 to 100.
        Percent = "percent",
        /// 0 or 1.
        Boolean = "boolean",
        /// Degrees Celsius.
        Celsius = "celsius",
        /// Watts.
        Watts = "watts",
        /// Thousandths of a watt.
        Milliwatts = "milliwatts",
        /// Joules.
        Joules = "joules",
        /// Thousandths of a joule.
        Millijoules = "millijoules",
        /// Millionths of a joule.
        Microjoules = "microjoules",
        /// Thousandths of a volt.
        Millivolts = "millivolts",
        /// Cycles per second.
        Hertz = "hertz",
        /// 10^6 cycles per second.
        Megahertz = "megahertz",
        /// Money in the currency that is set, dollars by default.
        Dollars = "dollars",
        /// Money per hour.
        DollarsPerHour = "dollars_per_hour",
        /// Money per hour of one CPU core.
        DollarsPerCoreHour = "dollars_per_core_hour",
        /// Money per hour of one GPU.
        DollarsPerGpuHour = "dollars_per_gpu_hour",
        /// Money per 10^9 bytes.
        DollarsPerGigabyte = "dollars_per_gigabyte",
        /// Money per 2^30 bytes and hour.
        DollarsPerGibibyteHour = "dollars_per_gibibyte_hour",
        /// Anything counted that has no word of its own.
        Count = "count",
        /// Events.
        Events = "events",
        /// Errors.
        Errors = "errors",
        /// Blocks of a cache.
        Blocks = "blocks",
        /// Pages of memory.
        Pages = "pages",
        /// Rows of memory.
        Rows = "rows",
        /// Replicas.
        Replicas = "replicas",
        /// Pods.
        Pods = "pods",
        /// Connections.
        Connections = "connections",
        /// Spans of a trace.
        Spans = "spans",
        /// Points of metrics.
        Datapoints = "datapoints",
        /// Log records or other records.
        Records = "records",
        /// Network packets.
        Packets = "packets",
        /// Operations.
        Operations = "operations",
        /// CPU cores.
        Cores = "cores",
        /// Cycles of a clock or of a loop.
        Cycles = "cycles",
        /// Processes that run or wait, averaged.
        Load = "load",
        /// File system nodes.
        Inodes = "inodes",
        /// Floating point operations.
        Flop = "flop",
        /// 10^9 transfers per second.
        GigatransfersPerSecond = "gigatransfers_per_second",
        /// Transfers per second.
        TransfersPerSecond = "transfers_per_second",
        /// Seconds per 2^20 bytes.
        SecondsPerMebibyte = "seconds_per_mebibyte",
        /// Constant 1.
        Info = "info",
        /// A number that names something.
        Code = "code",
        /// Bits with a meaning each.
        Bitmask = "bitmask",
        /// A label names the unit.
        ByLabel = "by_label",
        /// Unlike quantities under one name.
        Mixed = "mixed",
        /// Not known.
        Unknown = "unknown",
    }
}

/// What can be added and compared with one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Time; base: second.
    Time,
    /// Unix time; base: second. The difference of two is a time.
    Timestamp,
    /// Memory and traffic; base: byte.
    Data,
    /// Tokens.
    Tokens,
    /// Requests.
    Requests,
    /// Shares of a whole; base: 0 to 1.
    Ratio,
    /// Temperature; base: degree Celsius.
    Temperature,
    /// Power; base: watt.
    Power,
    /// Energy; base: joule.
    Energy,
    /// Voltage; base: volt.
    Voltage,
    /// Frequency; base: hertz.
    Frequency,
    /// Money.
    Money,
    /// Anything else that is counted.
    Count,
}

/// A unit by dimension: `of`, or `of` per `per`. A value times `scale` is in base units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Physical {
    /// Dimension of the value, or of its numerator.
    pub of: Dimension,
    /// Dimension of the denominator.
    pub per: Option<Dimension>,
    /// Factor to base units.
    pub scale: f64,
}

impl Unit {
    /// Returns dimension and scale. `None` where computing makes no sense: info, codes, bit masks, mixed and unknown units.
    pub fn physical(self) -> Option<Physical> {
        use Dimension as D;
        const HOUR: f64 = 3_600.0;
        const MIB: f64 = 1_048_576.0;
        const GIB: f64 = 1_073_741_824.0;
        let (of, per, scale) = match self {
            Self::Seconds => (D::Time, None, 1.0),
            Self::Milliseconds => (D::Time, None, 1e-3),
            Self::Microseconds => (D::Time, None, 1e-6),
            Self::Nanoseconds => (D::Time, None, 1e-9),
            Self::Hours => (D::Time, None, HOUR),
            Self::Timestamp => (D::Timestamp, None, 1.0),
            Self::Bytes => (D::Data, None, 1.0),
            Self::Kilobytes => (D::Data, None, 1e3),
            Self::Megabytes => (D::Data, None, 1e6),
            Self::Gigabytes => (D::Data, None, 1e9),
            Self::Kibibytes => (D::Data, None, 1024.0),
            Self::Mebibytes => (D::Data, None, MIB),
            Self::Gibibytes => (D::Data, None, GIB),
            Self::BytesPerSecond => (D::Data, Some(D::Time), 1.0),
            Self::KilobytesPerSecond => (D::Data, Some(D::Time), 1e3),
            Self::MegabytesPerSecond => (D::Data, Some(D::Time), 1e6),
            Self::GigabytesPerSecond => (D::Data, Some(D::Time), 1e9),
            Self::MegabitsPerSecond => (D::Data, Some(D::Time), 125_000.0),
            Self::Tokens => (D::Tokens, None, 1.0),
            Self::TokensPerSecond => (D::Tokens, Some(D::Time), 1.0),
            Self::Requests => (D::Requests, None, 1.0),
            Self::RequestsPerSecond => (D::Requests, Some(D::Time), 1.0),
            Self::Ratio | Self::Boolean => (D::Ratio, None, 1.0),
            Self::Percent => (D::Ratio, None, 0.01),
            Self::Celsius => (D::Temperature, None, 1.0),
            Self::Watts => (D::Power, None, 1.0),
            Self::Milliwatts => (D::Power, None, 1e-3),
            Self::Joules => (D::Energy, None, 1.0),
            Self::Millijoules => (D::Energy, None, 1e-3),
            Self::Microjoules => (D::Energy, None, 1e-6),
            Self::Millivolts => (D::Voltage, None, 1e-3),
            Self::Hertz => (D::Frequency, None, 1.0),
            Self::Megahertz => (D::Frequency, None, 1e6),
            Self::Dollars => (D::Money, None, 1.0),
            Self::DollarsPerHour | Self::DollarsPerCoreHour | Self::DollarsPerGpuHour => {
                (D::Money, Some(D::Time), 1.0 / HOUR)
            }
            Self::DollarsPerGigabyte => (D::Money, Some(D::Data), 1e-9),
            Self::SecondsPerMebibyte => (D::Time, Some(D::Data), 1.0 / MIB),
            Self::GigatransfersPerSecond => (D::Count, Some(D::Time), 1e9),
            Self::TransfersPerSecond => (D::Count, Some(D::Time), 1.0),
            Self::Count
            | Self::Events
            | Self::Errors
            | Self::Blocks
            | Self::Pages
            | Self::Rows
            | Self::Replicas
            | Self::Pods
            | Self::Connections
            | Self::Spans
            | Self::Datapoints
            | Self::Records
            | Self::Packets
            | Self::Operations
            | Self::Cores
            | Self::Cycles
            | Self::Load
            | Self::Inodes
            | Self::Flop => (D::Count, None, 1.0),
            // Money per memory and time has two denominators.
            Self::DollarsPerGibibyteHour
            | Self::Info
            | Self::Code
            | Self::Bitmask
            | Self::ByLabel
            | Self::Mixed
            | Self::Unknown => return None,
        };
        Some(Physical { of, per, scale })
    }

    /// Returns the base unit that generated rules use, and the factor to it. `None` for units that no signal is in.
    ///
    /// Codes are kept as they are: an XID is compared, never converted.
    pub fn to_base(self) -> Option<(BaseUnit, f64)> {
        if self == Self::Code {
            return Some((BaseUnit::Count, 1.0));
        }
        let physical = self.physical().filter(|p| p.per.is_none())?;
        let base = match physical.of {
            Dimension::Time => BaseUnit::Seconds,
            Dimension::Data => BaseUnit::Bytes,
            Dimension::Tokens => BaseUnit::Tokens,
            Dimension::Requests | Dimension::Count => BaseUnit::Count,
            Dimension::Ratio => BaseUnit::Ratio,
            Dimension::Temperature => BaseUnit::Celsius,
            Dimension::Power => BaseUnit::Watts,
            Dimension::Energy => BaseUnit::Joules,
            Dimension::Timestamp | Dimension::Voltage | Dimension::Frequency | Dimension::Money => return None,
        };
        Some((base, physical.scale))
    }

    /// Returns the least and the largest value where the unit itself bounds them: ratios, percentages, flags, info.
    pub fn bounds(self) -> Option<(f64, f64)> {
        match self {
            Self::Ratio | Self::Boolean => Some((0.0, 1.0)),
            Self::Percent => Some((0.0, 100.0)),
            Self::Info => Some((1.0, 1.0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dimension, Unit};

    #[test]
    fn scales_are_to_base_units() {
        for (unit, of, per, scale) in [
            (Unit::Milliseconds, Dimension::Time, None, 0.001),
            (Unit::Hours, Dimension::Time, None, 3_600.0),
            (Unit::Mebibytes, Dimension::Data, None, 1_048_576.0),
            (Unit::Megabytes, Dimension::Data, None, 1_000_000.0),
            (Unit::MegabitsPerSecond, Dimension::Data, Some(Dimension::Time), 125_000.0),
            (Unit::Percent, Dimension::Ratio, None, 0.01),
            (Unit::Millijoules, Dimension::Energy, None, 0.001),
            (Unit::DollarsPerHour, Dimension::Money, Some(Dimension::Time), 1.0 / 3_600.0),
            (Unit::TokensPerSecond, Dimension::Tokens, Some(Dimension::Time), 1.0),
        ] {
            let physical = unit.physical();
            assert_eq!(physical.map(|p| (p.of, p.per, p.scale)), Some((of, per, scale)), "{}", unit.word());
        }
        for unit in [Unit::Info, Unit::Code, Unit::Bitmask, Unit::Mixed, Unit::ByLabel, Unit::Unknown] {
            assert_eq!(unit.physical(), None, "{}", unit.word());
        }
    }

    #[test]
    fn rates_are_in_no_signal() {
        assert_eq!(Unit::TokensPerSecond.to_base(), None);
        assert_eq!(Unit::Timestamp.to_base(), None);
        assert!(Unit::Code.to_base().is_some());
    }
}
