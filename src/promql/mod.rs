//! PromQL: the tree, how it is built, how it is printed.
//!
//! Every expression that is generated is built here as a tree; no other module joins strings into PromQL.

mod ast;
mod build;
mod print;

pub use ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Call, Card, Expr, Grouping, MatchOp, Matcher, Matching, Range, Selector,
    Window,
};
pub use build::{aggregate, call, number, selector, vector};
