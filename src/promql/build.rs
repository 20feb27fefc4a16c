//! Building expressions: short functions and methods that read like the query they make.

use super::ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Card, Expr, ExprKind, Grouping, MatchOp, Matcher, Matching,
    Modifiers, Name, Offset, Range, Selector, Subquery, Window,
};
use crate::source::Span;
use crate::units::Duration;

/// Makes a selector without matchers.
pub fn selector(name: impl Into<String>) -> Selector {
    Selector { name: name.into(), ..Selector::default() }
}

/// Makes a number.
pub fn number(value: f64) -> Expr {
    ExprKind::Number(value).into()
}

/// Makes a function call.
pub fn call(function: &'static str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    ExprKind::Call(Call { function, name_span: Span::default(), arguments: arguments.into_iter().collect() }).into()
}

/// Makes an aggregation.
pub fn aggregate(op: AggregateOp, grouping: Grouping, expr: Expr) -> Expr {
    ExprKind::Aggregate(Box::new(Aggregate { op, op_span: Span::default(), parameter: None, expr, grouping })).into()
}

/// Makes `count_values("label", expr)`: each value as a series with the value as label.
pub fn count_values(label: impl Into<String>, expr: Expr) -> Expr {
    ExprKind::Aggregate(Box::new(Aggregate {
        op: AggregateOp::CountValues,
        op_span: Span::default(),
        parameter: Some(text(label)),
        expr,
        grouping: Grouping::All,
    }))
    .into()
}

/// Makes an aggregation that keeps some series of `expr`: `topk(n, expr)`, `bottomk(n, expr)`.
pub fn keep(op: AggregateOp, n: f64, expr: Expr) -> Expr {
    ExprKind::Aggregate(Box::new(Aggregate {
        op,
        op_span: Span::default(),
        parameter: Some(number(n)),
        expr,
        grouping: Grouping::All,
    }))
    .into()
}

/// Makes a string.
pub fn text(value: impl Into<String>) -> Expr {
    ExprKind::String(value.into()).into()
}

/// Makes `vector(value)`.
pub fn vector(value: f64) -> Expr {
    call("vector", [number(value)])
}

impl Selector {
    /// Adds `label="value"`.
    #[must_use]
    pub fn eq(self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matcher(label, MatchOp::Equal, value)
    }

    /// Adds `label=~"value"`.
    #[must_use]
    pub fn re(self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matcher(label, MatchOp::Regex, value)
    }

    /// Adds `label!="value"`.
    #[must_use]
    pub fn ne(self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matcher(label, MatchOp::NotEqual, value)
    }

    /// Adds `label!~"value"`.
    #[must_use]
    pub fn not_re(self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matcher(label, MatchOp::NotRegex, value)
    }

    /// Adds several matchers.
    #[must_use]
    pub fn matching<'a>(mut self, matchers: impl IntoIterator<Item = &'a Matcher>) -> Self {
        self.matchers.extend(matchers.into_iter().cloned());
        self
    }

    fn matcher(mut self, label: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Self {
        self.matchers.push(Matcher::new(label, op, value));
        self
    }

    /// Makes `selector[window]`.
    pub fn range(self, window: Window) -> Expr {
        ExprKind::Range(Range { selector: self, window, window_span: Span::default() }).into()
    }

    /// Makes `sum_over_time(selector[window:step])`: one value per step, however often the series is recorded.
    pub fn sum_over_steps(self, window: Duration, step: Duration) -> Expr {
        call("sum_over_time", [self.expr().every(step, window)])
    }

    /// Reads values of the past.
    #[must_use]
    pub fn ago(mut self, length: Duration) -> Self {
        self.modifiers.offset = Some(Offset { negative: false, length: length.into() });
        self
    }

    /// Reads at the end of the query's range, whatever the step.
    #[must_use]
    pub fn at_end(mut self) -> Self {
        self.modifiers.at = Some(At::End);
        self
    }

    /// Makes `rate(selector[window])`.
    pub fn rate(self, window: Window) -> Expr {
        call("rate", [self.range(window)])
    }

    /// Makes the selector an expression.
    pub fn expr(self) -> Expr {
        ExprKind::Selector(self).into()
    }
}

impl From<Selector> for Expr {
    fn from(selector: Selector) -> Self {
        ExprKind::Selector(selector).into()
    }
}

impl From<Duration> for Window {
    fn from(duration: Duration) -> Self {
        Self::Fixed(duration)
    }
}

impl Matcher {
    /// Makes a matcher.
    pub fn new(label: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Self {
        Self { label: label.into(), op, value: value.into(), span: Span::default(), value_span: Span::default() }
    }
}

fn names<S: Into<String>>(labels: impl IntoIterator<Item = S>) -> Vec<Name> {
    labels.into_iter().map(|l| Name::from(l.into())).collect()
}

impl Expr {
    /// Makes `sum(self)`.
    #[must_use]
    pub fn sum(self) -> Self {
        aggregate(AggregateOp::Sum, Grouping::All, self)
    }

    /// Makes `op by (labels) (self)`.
    #[must_use]
    pub fn by<S: Into<String>>(self, op: AggregateOp, labels: impl IntoIterator<Item = S>) -> Self {
        aggregate(op, Grouping::By(names(labels)), self)
    }

    /// Makes `sum by (labels) (self)`.
    #[must_use]
    pub fn sum_by<S: Into<String>>(self, labels: impl IntoIterator<Item = S>) -> Self {
        self.by(AggregateOp::Sum, labels)
    }

    /// Makes `(self)[window:step]`, evaluated at whole multiples of the step.
    #[must_use]
    pub fn every(self, step: Duration, window: Duration) -> Self {
        ExprKind::Subquery(Box::new(Subquery {
            expr: self,
            window: window.into(),
            window_span: Span::default(),
            step: Some(step.into()),
            modifiers: Modifiers::default(),
        }))
        .into()
    }

    /// Makes `count_values by (labels) ("label", self)`.
    #[must_use]
    pub fn count_values<S: Into<String>>(self, label: &str, labels: impl IntoIterator<Item = S>) -> Self {
        ExprKind::Aggregate(Box::new(Aggregate {
            op: AggregateOp::CountValues,
            op_span: Span::default(),
            parameter: Some(text(label)),
            expr: self,
            grouping: Grouping::By(names(labels)),
        }))
        .into()
    }

    /// Makes `histogram_quantile(quantile, self)`.
    #[must_use]
    pub fn quantile(self, quantile: f64) -> Self {
        call("histogram_quantile", [number(quantile), self])
    }

    fn binary(self, op: BinaryOp, right: Self, matching: Option<Matching>) -> Self {
        ExprKind::Binary(Box::new(Binary {
            op,
            op_span: Span::default(),
            left: self,
            right,
            bool_modifier: false,
            matching,
            fill: (None, None),
        }))
        .into()
    }

    /// Makes `self op other`.
    #[must_use]
    pub fn op(self, op: BinaryOp, other: impl Into<Self>) -> Self {
        self.binary(op, other.into(), None)
    }

    /// Makes `self op on (labels) other`.
    #[must_use]
    pub fn op_on<S: Into<String>>(
        self,
        op: BinaryOp,
        labels: impl IntoIterator<Item = S>,
        other: impl Into<Self>,
    ) -> Self {
        let matching = Matching { on: true, labels: names(labels), card: Card::OneToOne, span: Span::default() };
        self.binary(op, other.into(), Some(matching))
    }

    /// Makes `self op ignoring (labels) other`.
    #[must_use]
    pub fn op_ignoring<S: Into<String>>(
        self,
        op: BinaryOp,
        labels: impl IntoIterator<Item = S>,
        other: impl Into<Self>,
    ) -> Self {
        let matching = Matching { on: false, labels: names(labels), card: Card::OneToOne, span: Span::default() };
        self.binary(op, other.into(), Some(matching))
    }

    /// Makes `self op on (labels) group_left (taken) other`.
    #[must_use]
    pub fn op_group_left<S: Into<String>, T: Into<String>>(
        self,
        op: BinaryOp,
        labels: impl IntoIterator<Item = S>,
        taken: impl IntoIterator<Item = T>,
        other: impl Into<Self>,
    ) -> Self {
        let matching =
            Matching { on: true, labels: names(labels), card: Card::GroupLeft(names(taken)), span: Span::default() };
        self.binary(op, other.into(), Some(matching))
    }

    /// Makes `self / other`.
    #[must_use]
    pub fn per(self, other: impl Into<Self>) -> Self {
        self.op(BinaryOp::Div, other)
    }

    /// Makes `self * factor`; `self` if the factor is 1.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        #[allow(clippy::float_cmp)]
        if factor == 1.0 {
            return self;
        }
        // Division by a whole number keeps digits that multiplication by 1e-9 or 0.01 loses.
        let inverse = 1.0 / factor;
        if factor < 1.0 && (inverse - inverse.round()).abs() < 1e-6 * inverse {
            return self.op(BinaryOp::Div, number(inverse.round()));
        }
        self.op(BinaryOp::Mul, number(factor))
    }

    /// Makes `self > value`.
    #[must_use]
    pub fn above(self, value: f64) -> Self {
        self.op(BinaryOp::Gt, number(value))
    }

    /// Makes `self or other`.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.op(BinaryOp::Or, other)
    }
}

impl From<f64> for Expr {
    fn from(value: f64) -> Self {
        ExprKind::Number(value).into()
    }
}
