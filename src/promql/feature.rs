//! Parts of the language that not every Prometheus knows: since when, and behind which flag. What a query may use is decided by
//! others.

use super::ast::AggregateOp;
use super::function::function;

/// A part of the language that was added later or is experimental.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// A function that is experimental or was added later, by its name.
    Function(&'static str),
    /// `group`, `limitk` or `limit_ratio`.
    Aggregation(AggregateOp),
    /// Arithmetic of durations: `[5m * 2]`, `offset step()`.
    DurationExpression,
    /// `anchored` and `smoothed`.
    Edges,
    /// `fill`, `fill_left` and `fill_right`.
    Fill,
    /// Metric and label names in quotes (UTF-8 names).
    QuotedNames,
    /// `</` and `>/`.
    Trim,
    /// `atan2`.
    Atan2,
    /// `@`.
    At,
    /// `offset -5m`.
    NegativeOffset,
    /// A duration where a number stands: `> 5m`.
    DurationAsNumber,
    /// A number where a duration stands: `[300]`.
    NumberAsDuration,
    /// Underscores in numbers: `1_000`.
    Underscores,
}

impl Feature {
    /// Returns the first release of Prometheus that knows it, major and minor version, from Prometheus's changelog; `None` if
    /// that is not stated there. Names in quotes are of 3.0, where they need no flag any more.
    pub fn since(self) -> Option<(u8, u8)> {
        match self {
            Self::Function(name) => function(name).and_then(|f| f.since),
            Self::Aggregation(AggregateOp::Group) => Some((2, 20)),
            Self::Aggregation(AggregateOp::LimitK | AggregateOp::LimitRatio) => Some((2, 54)),
            Self::Aggregation(_) => None,
            Self::DurationExpression => Some((3, 4)),
            Self::Edges => Some((3, 7)),
            Self::Fill => Some((3, 10)),
            Self::QuotedNames => Some((3, 0)),
            Self::Trim => Some((3, 11)),
            Self::Atan2 => Some((2, 31)),
            Self::At => Some((2, 25)),
            Self::NegativeOffset => Some((2, 26)),
            Self::DurationAsNumber | Self::NumberAsDuration | Self::Underscores => Some((2, 54)),
        }
    }

    /// Returns the value of `--enable-feature` that Prometheus 3.15 wants for it; `None` if it needs none.
    pub fn flag(self) -> Option<&'static str> {
        match self {
            Self::Function(name) if function(name).is_some_and(|f| f.experimental) => {
                Some("promql-experimental-functions")
            }
            Self::Aggregation(AggregateOp::LimitK | AggregateOp::LimitRatio) => Some("promql-experimental-functions"),
            Self::DurationExpression => Some("promql-duration-expr"),
            Self::Edges => Some("promql-extended-range-selectors"),
            Self::Fill => Some("promql-binop-fill-modifiers"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Feature {
    /// Writes the part as a message names it: `` the function `info` ``.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Function(name) => write!(f, "the function `{name}`"),
            Self::Aggregation(op) => write!(f, "`{}`", op.word()),
            Self::DurationExpression => f.write_str("arithmetic of durations"),
            Self::Edges => f.write_str("`anchored` and `smoothed`"),
            Self::Fill => f.write_str("`fill`"),
            Self::QuotedNames => f.write_str("a name in quotes"),
            Self::Trim => f.write_str("trimming of histograms"),
            Self::Atan2 => f.write_str("`atan2`"),
            Self::At => f.write_str("`@`"),
            Self::NegativeOffset => f.write_str("a negative offset"),
            Self::DurationAsNumber => f.write_str("a duration as a number"),
            Self::NumberAsDuration => f.write_str("a number as a duration"),
            Self::Underscores => f.write_str("an underscore in a number"),
        }
    }
}
