//! PromQL: the tree, how it is read and checked, how it is built, how it is printed.
//!
//! Every expression that is generated is built here as a tree; no other module joins strings into PromQL. Reading knows the
//! language, not the metrics.

mod ast;
mod build;
mod check;
mod fault;
mod feature;
mod function;
mod hints;
mod lex;
mod literal;
mod number_shape;
mod parser;
mod print;
mod regex;
mod template;
mod token;
mod unicode_names;

pub use ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Card, DurationExpr, Edges, Expr, ExprKind, Grouping, MatchOp,
    Matcher, Matching, Modifiers, Name, Offset, Opaque, Range, Role, Selector, Subquery, Unary, Window,
};
pub use build::{aggregate, call, count_values, keep, number, selector, text, vector};
pub use check::Type;
pub use fault::Fault;
pub use feature::Feature;
pub use function::{Function, function};
pub use parser::{MAX_BYTES, MAX_DEPTH, Options, Parsed, parse};
pub use template::Dialect;
