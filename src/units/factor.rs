//! From the units that exporters use to base units.

/// The base units that everything generated is in, by name and by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseUnit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// 0 to 1.
    Ratio,
    /// Degrees Celsius.
    Celsius,
    /// Watts.
    Watts,
    /// Joules.
    Joules,
    /// Tokens.
    Tokens,
    /// Anything counted: requests, events, replicas, GPUs.
    Count,
}

/// Returns the base unit of a catalogue unit and the factor from it: `value x factor` is in the base unit.
///
/// Codes are kept as they are: an XID is compared, never converted. `None` for units that have no base unit here (timestamps, info).
pub fn to_base(unit: &str) -> Option<(BaseUnit, f64)> {
    Some(match unit {
        "seconds" => (BaseUnit::Seconds, 1.0),
        "milliseconds" => (BaseUnit::Seconds, 1e-3),
        "microseconds" => (BaseUnit::Seconds, 1e-6),
        "nanoseconds" => (BaseUnit::Seconds, 1e-9),
        "bytes" => (BaseUnit::Bytes, 1.0),
        "kibibytes" => (BaseUnit::Bytes, 1024.0),
        "mebibytes" => (BaseUnit::Bytes, 1_048_576.0),
        "ratio" | "boolean" => (BaseUnit::Ratio, 1.0),
        "percent" => (BaseUnit::Ratio, 0.01),
        "celsius" => (BaseUnit::Celsius, 1.0),
        "watts" => (BaseUnit::Watts, 1.0),
        "joules" => (BaseUnit::Joules, 1.0),
        "millijoules" => (BaseUnit::Joules, 1e-3),
        "tokens" => (BaseUnit::Tokens, 1.0),
        "requests" | "count" | "events" | "errors" | "blocks" | "replicas" | "pods" | "pages" | "rows" | "code" => {
            (BaseUnit::Count, 1.0)
        }
        _ => return None,
    })
}
