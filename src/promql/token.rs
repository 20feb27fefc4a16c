//! Tokens of PromQL and its keywords. Knows spelling only: what may follow what is the parser's business.

use super::ast::{AggregateOp, BinaryOp};
use crate::source::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// End of the query.
    End,
    /// A word that is no keyword, without colons.
    Word,
    /// A word with colons: only a metric name.
    MetricWord,
    /// A word with template variables inside of it.
    Templated,
    /// One template variable.
    Variable,
    /// A number; not yet known to be a valid one.
    Number,
    /// A duration; not yet known to be a valid one.
    Duration,
    /// A string with its quotes.
    String,
    /// `(`.
    LeftParen,
    /// `)`.
    RightParen,
    /// `{`.
    LeftBrace,
    /// `}`.
    RightBrace,
    /// `[`.
    LeftBracket,
    /// `]`.
    RightBracket,
    /// `,`.
    Comma,
    /// `:` inside of brackets.
    Colon,
    /// `=`.
    Assign,
    /// `=~`.
    RegexMatch,
    /// `!~`.
    RegexNoMatch,
    /// `@`.
    At,
    /// An operator on two sides.
    Op(BinaryOp),
    /// An aggregation operator.
    Aggregate(AggregateOp),
    /// `bool`.
    Bool,
    /// `by`.
    By,
    /// `without`.
    Without,
    /// `on`.
    On,
    /// `ignoring`.
    Ignoring,
    /// `group_left`.
    GroupLeft,
    /// `group_right`.
    GroupRight,
    /// `fill` before a parenthesis.
    Fill,
    /// `fill_left` before a parenthesis.
    FillLeft,
    /// `fill_right` before a parenthesis.
    FillRight,
    /// `offset`.
    Offset,
    /// `anchored`.
    Anchored,
    /// `smoothed`.
    Smoothed,
    /// `start`.
    Start,
    /// `end`.
    EndWord,
    /// `step`.
    Step,
    /// `range`.
    Range,
    /// `max_of`.
    MaxOf,
    /// `min_of`.
    MinOf,
    /// Something that is no token; a fault was already reported for it.
    Unknown,
}

impl Kind {
    /// Returns whether it can be a metric name in front of braces.
    pub fn is_metric_name(self) -> bool {
        match self {
            Self::Op(op) => op.is_set(),
            Self::Aggregate(_)
            | Self::Word
            | Self::MetricWord
            | Self::Templated
            | Self::By
            | Self::Without
            | Self::Offset
            | Self::Anchored
            | Self::Smoothed
            | Self::Start
            | Self::EndWord
            | Self::Step
            | Self::Range
            | Self::MaxOf
            | Self::MinOf => true,
            _ => false,
        }
    }

    /// Returns whether it can be a label in a list such as `by (...)`.
    pub fn is_grouping_label(self) -> bool {
        match self {
            Self::Op(op) => op.is_set() || op == BinaryOp::Atan2,
            Self::Without => false,
            Self::Bool
            | Self::On
            | Self::Ignoring
            | Self::GroupLeft
            | Self::GroupRight
            | Self::Fill
            | Self::FillLeft
            | Self::FillRight => true,
            kind => kind.is_metric_name(),
        }
    }
}

/// A token and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes in the query.
    pub span: Span,
}

/// Length of the longest keyword.
const LONGEST: usize = 12;

/// Returns the token that a word is: a keyword in any case of letters, a special number, else [`Kind::Word`].
pub fn keyword(word: &[u8]) -> Kind {
    if word.len() > LONGEST || word.len() < 2 {
        return Kind::Word;
    }
    let mut buffer = [0u8; LONGEST];
    for (to, from) in buffer.iter_mut().zip(word) {
        *to = from.to_ascii_lowercase();
    }
    let lower = &buffer[..word.len()];
    match word.len() {
        2 => match lower {
            b"by" => Kind::By,
            b"on" => Kind::On,
            b"or" => Kind::Op(BinaryOp::Or),
            _ => Kind::Word,
        },
        3 => match lower {
            b"sum" => Kind::Aggregate(AggregateOp::Sum),
            b"avg" => Kind::Aggregate(AggregateOp::Avg),
            b"max" => Kind::Aggregate(AggregateOp::Max),
            b"min" => Kind::Aggregate(AggregateOp::Min),
            b"and" => Kind::Op(BinaryOp::And),
            b"inf" | b"nan" => Kind::Number,
            b"end" => Kind::EndWord,
            _ => Kind::Word,
        },
        4 => match lower {
            b"bool" => Kind::Bool,
            b"topk" => Kind::Aggregate(AggregateOp::TopK),
            b"fill" => Kind::Fill,
            b"step" => Kind::Step,
            _ => Kind::Word,
        },
        5 => match lower {
            b"count" => Kind::Aggregate(AggregateOp::Count),
            b"group" => Kind::Aggregate(AggregateOp::Group),
            b"atan2" => Kind::Op(BinaryOp::Atan2),
            b"start" => Kind::Start,
            b"range" => Kind::Range,
            _ => Kind::Word,
        },
        6 => match lower {
            b"offset" => Kind::Offset,
            b"unless" => Kind::Op(BinaryOp::Unless),
            b"stddev" => Kind::Aggregate(AggregateOp::StdDev),
            b"stdvar" => Kind::Aggregate(AggregateOp::StdVar),
            b"limitk" => Kind::Aggregate(AggregateOp::LimitK),
            b"max_of" => Kind::MaxOf,
            b"min_of" => Kind::MinOf,
            _ => Kind::Word,
        },
        7 => match lower {
            b"without" => Kind::Without,
            b"bottomk" => Kind::Aggregate(AggregateOp::BottomK),
            _ => Kind::Word,
        },
        _ => match lower {
            b"quantile" => Kind::Aggregate(AggregateOp::Quantile),
            b"ignoring" => Kind::Ignoring,
            b"smoothed" => Kind::Smoothed,
            b"anchored" => Kind::Anchored,
            b"fill_left" => Kind::FillLeft,
            b"fill_right" => Kind::FillRight,
            b"group_left" => Kind::GroupLeft,
            b"group_right" => Kind::GroupRight,
            b"limit_ratio" => Kind::Aggregate(AggregateOp::LimitRatio),
            b"count_values" => Kind::Aggregate(AggregateOp::CountValues),
            _ => Kind::Word,
        },
    }
}

/// Returns whether a word in front of braces is read as a metric name; others (`on`, `bool`, `inf`) must be quoted.
pub fn can_name_metric(word: &str) -> bool {
    match keyword(word.as_bytes()) {
        Kind::Fill | Kind::FillLeft | Kind::FillRight => false,
        kind => kind.is_metric_name(),
    }
}
