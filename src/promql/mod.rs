//! PromQL: the tree, how it is built, how it is printed.
//!
//! Every expression that is generated is built here as a tree; no other module joins strings into PromQL.

mod ast;
mod build;
mod print;

pub use ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Card, DurationExpr, Edges, Expr, ExprKind, Grouping, MatchOp,
    Matcher, Matching, Modifiers, Name, Offset, Range, Selector, Subquery, Unary, Window,
};
pub use build::{aggregate, call, number, selector, text, vector};
mod shim; pub use shim::*;
