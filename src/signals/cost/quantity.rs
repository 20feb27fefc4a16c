//! An expression with its unit as a type: what does not fit together does not compile.
//!
//! Money per hour over tokens per second is money per token only after the hours are seconds, or the seconds hours. Here that
//! mistake has no type:
//!
//! ```compile_fail,E0308
//! use llmobs::promql::selector;
//! use llmobs::signals::cost::{Join, Quantity};
//! use llmobs::units::money_units::{Hours, Money, Per, Seconds, Tokens};
//!
//! let cost: Quantity<Per<Money, Hours>> = Quantity::of(selector("cost").expr());
//! let tokens: Quantity<Per<Tokens, Seconds>> = Quantity::of(selector("tokens").expr());
//! let wrong: Quantity<Per<Money, Tokens>> = cost.over(tokens, Join::Same);
//! ```
//!
//! With the conversion it has one, and the factor stands in the query:
//!
//! ```
//! use llmobs::promql::selector;
//! use llmobs::signals::cost::{Join, Quantity};
//! use llmobs::units::money_units::{Hours, Money, Per, Seconds, Tokens};
//!
//! let cost: Quantity<Per<Money, Hours>> = Quantity::of(selector("cost").expr());
//! let tokens: Quantity<Per<Tokens, Seconds>> = Quantity::of(selector("tokens").expr());
//! let right: Quantity<Per<Money, Tokens>> = cost.over(tokens.per_hour(), Join::Same);
//! assert_eq!(right.expr().to_string(), "cost / (tokens * 3600)");
//! ```

use std::marker::PhantomData;

use crate::promql::{BinaryOp, Expr, ExprKind, Selector, call, number};
use crate::units::Duration;
use crate::units::money_units::{Hours, Joules, KilowattHours, Million, Per, Seconds, Share};

/// Seconds of an hour.
const HOUR: f64 = 3600.0;
/// Joules of a kilowatt-hour.
const KILOWATT_HOUR: f64 = 3.6e6;

/// How the series of two sides find each other.
#[derive(Clone, Copy, Debug)]
pub enum Join {
    /// By all of their labels.
    Same,
    /// By these labels; one series at each side.
    On(&'static [&'static str]),
    /// By these labels; several series at the left may share one at the right.
    ManyOn(&'static [&'static str]),
}

/// An expression whose values are in the unit `U`.
#[derive(Debug)]
pub struct Quantity<U> {
    expr: Expr,
    unit: PhantomData<U>,
}

impl<U> Clone for Quantity<U> {
    fn clone(&self) -> Self {
        Self::of(self.expr.clone())
    }
}

impl<U> Quantity<U> {
    /// Says in which unit an expression is. From here on the types hold it; here the reader must.
    pub fn of(expr: impl Into<Expr>) -> Self {
        Self { expr: expr.into(), unit: PhantomData }
    }

    /// Makes a constant.
    pub fn constant(value: f64) -> Self {
        Self::of(number(value))
    }

    /// Returns the expression.
    pub fn expr(self) -> Expr {
        self.expr
    }

    fn join<V, W>(self, op: BinaryOp, other: Quantity<V>, join: Join) -> Quantity<W> {
        let labels = |on: &'static [&'static str]| on.iter().copied();
        // A number has no labels to match by.
        let plain = [&self.expr, &other.expr].iter().any(|e| matches!(e.kind, ExprKind::Number(_)));
        Quantity::of(match if plain { Join::Same } else { join } {
            Join::Same => self.expr.op(op, other.expr),
            Join::On(on) => self.expr.op_on(op, labels(on), other.expr),
            Join::ManyOn(on) => self.expr.op_group_left(op, labels(on), Vec::<&str>::new(), other.expr),
        })
    }

    /// Makes `self + other`.
    #[must_use]
    pub fn plus(self, other: Self, join: Join) -> Self {
        self.join(BinaryOp::Add, other, join)
    }

    /// Makes `self - other`.
    #[must_use]
    pub fn minus(self, other: Self, join: Join) -> Self {
        self.join(BinaryOp::Sub, other, join)
    }

    /// Makes `self or other`, with all labels, or where nothing has a label in common.
    #[must_use]
    pub fn or(self, other: Self, join: Join) -> Self {
        self.join(BinaryOp::Or, other, join)
    }

    /// Makes `sum(self)`.
    #[must_use]
    pub fn sum(self) -> Self {
        Self::of(self.expr.sum())
    }

    /// Leaves out what is zero or below: a quotient by it would be infinite or no number.
    #[must_use]
    pub fn positive(self) -> Self {
        Self::of(self.expr.above(0.0))
    }

    /// Makes `self * factor`, a number without a unit.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self::of(self.expr.times(factor))
    }

    /// Makes `self * share`.
    #[must_use]
    pub fn part(self, share: Quantity<Share>, join: Join) -> Self {
        self.join(BinaryOp::Mul, share, join)
    }

    /// Makes `self / whole`.
    pub fn share_of(self, whole: Self, join: Join) -> Quantity<Share> {
        self.join(BinaryOp::Div, whole, join)
    }

    /// Makes `self / other`.
    pub fn per<D>(self, other: Quantity<D>, join: Join) -> Quantity<Per<U, D>> {
        self.join(BinaryOp::Div, other, join)
    }

    /// Makes `self * price`: so many, at so much for each.
    pub fn at<N>(self, price: Quantity<Per<N, U>>, join: Join) -> Quantity<N> {
        self.join(BinaryOp::Mul, price, join)
    }
}

impl<N, D> Quantity<Per<N, D>> {
    /// Makes `self / other`, both for each of the same `D`.
    pub fn over<M>(self, other: Quantity<Per<M, D>>, join: Join) -> Quantity<Per<N, M>> {
        self.join(BinaryOp::Div, other, join)
    }

    /// Makes `self * price`, with a price for each `N`.
    pub fn each_at<M>(self, price: Quantity<Per<M, N>>) -> Quantity<Per<M, D>> {
        self.join(BinaryOp::Mul, price, Join::Same)
    }

    /// Converts to what a million of `D` makes.
    pub fn per_million(self) -> Quantity<Per<N, Million<D>>> {
        Quantity::of(self.expr.op(BinaryOp::Mul, number(1e6)))
    }
}

impl<N> Quantity<Per<N, Seconds>> {
    /// Converts to an hour of as many.
    pub fn per_hour(self) -> Quantity<Per<N, Hours>> {
        Quantity::of(self.expr.op(BinaryOp::Mul, number(HOUR)))
    }
}

impl<N> Quantity<Per<N, Hours>> {
    /// Converts to the part of a second.
    pub fn per_second(self) -> Quantity<Per<N, Seconds>> {
        Quantity::of(self.expr.op(BinaryOp::Div, number(HOUR)))
    }
}

impl<N, T, D> Quantity<Per<Per<N, T>, D>> {
    /// Makes `self * time`: for each `D` still, but no longer for each `T`.
    pub fn during(self, time: Quantity<T>, join: Join) -> Quantity<Per<N, D>> {
        self.join(BinaryOp::Mul, time, join)
    }
}

impl<D> Quantity<Per<Joules, D>> {
    /// Converts to kilowatt-hours.
    pub fn kilowatt_hours(self) -> Quantity<Per<KilowattHours, D>> {
        Quantity::of(self.expr.op(BinaryOp::Div, number(KILOWATT_HOUR)))
    }
}

impl Quantity<Share> {
    /// Makes `self * whole`, with a share for each of several.
    pub fn of_whole<U>(self, whole: Quantity<U>, join: Join) -> Quantity<U> {
        self.join(BinaryOp::Mul, whole, join)
    }

    /// Makes `1 - self`.
    #[must_use]
    pub fn rest(self) -> Self {
        Self::of(number(1.0).op(BinaryOp::Sub, self.expr))
    }
}

/// A recorded series whose values are in the unit `U`.
#[derive(Clone, Debug)]
pub struct Series<U> {
    selector: Selector,
    unit: PhantomData<U>,
}

impl<U> Series<U> {
    /// Says in which unit a series is.
    pub fn of(selector: Selector) -> Self {
        Self { selector, unit: PhantomData }
    }

    /// Returns its value of now.
    pub fn now(&self) -> Quantity<U> {
        Quantity::of(self.selector.clone())
    }

    /// Returns its selector.
    pub fn selector(&self) -> Selector {
        self.selector.clone()
    }

    /// Returns its mean over a window, of the times at which there is a value.
    pub fn mean(&self, window: Duration) -> Quantity<U> {
        Quantity::of(call("avg_over_time", [self.selector.clone().range(window.into())]))
    }
}

impl<N> Series<Per<N, Hours>> {
    /// Returns what came together in a window, of a series with a value each `step`; times without a value count as nothing.
    /// Right at the times of the values, that is, in the group that records them.
    ///
    /// The range is half a step shorter than the window, so that it holds the same number of values in every Prometheus: with
    /// both of its ends before 3.0, without the first since.
    pub fn total(&self, window: Duration, step: Duration) -> Quantity<N> {
        Quantity::of(over_steps(&self.selector, window, step).times(step.secs_f64() / HOUR))
    }
}

impl<N> Series<Per<N, Seconds>> {
    /// The same of a series that is recorded per second.
    pub fn total_of_seconds(&self, window: Duration, step: Duration) -> Quantity<N> {
        Quantity::of(over_steps(&self.selector, window, step).times(step.secs_f64()))
    }
}

fn over_steps(series: &Selector, window: Duration, step: Duration) -> Expr {
    let range = Duration::from_micros((window.whole_millis() * 1000).saturating_sub(step.whole_millis() * 500));
    call("sum_over_time", [series.clone().range(range.into())])
}
