//! The base units that everything generated is in.

/// A base unit, by name and by value.
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
