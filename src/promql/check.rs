//! Types: which value an expression has, and whether every part has the one that it must have. The verdicts are Prometheus's.
//!
//! A template variable and what a fault left unknown fit everywhere.

use super::ast::{
    Aggregate, AggregateOp, Binary, Call, Card, Expr, ExprKind, MatchOp, Matching, Name, Selector, Window,
};
use super::fault::{Fault, Faults};
use super::function::{Function, function};
use super::hints::short;
use super::regex;
use super::template::{Dialect, holds_variable};
use crate::source::Span;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number.
    Scalar,
    /// A number per series.
    Vector,
    /// Several samples per series.
    Range,
    /// A string.
    String,
    /// Not known, because of a template variable.
    Unknown,
}

impl Type {
    /// Returns how a type is called where an argument is listed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Vector => "vector",
            Self::Range => "range",
            Self::String => "string",
            Self::Unknown => "unknown",
        }
    }

    /// Returns how a type is called in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Scalar => "a number",
            Self::Vector => "an instant vector",
            Self::Range => "a range vector",
            Self::String => "a string",
            Self::Unknown => "something unknown",
        }
    }

    fn fits(self, wanted: Self) -> bool {
        self == wanted || self == Self::Unknown
    }
}

impl Expr {
    /// Returns the type of its value.
    pub fn value_type(&self) -> Type {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Seconds(_) => Type::Scalar,
            ExprKind::String(_) => Type::String,
            ExprKind::Variable(_) => Type::Unknown,
            ExprKind::Selector(_) | ExprKind::Aggregate(_) => Type::Vector,
            ExprKind::Range(_) | ExprKind::Subquery(_) => Type::Range,
            ExprKind::Call(call) => function(call.function).map_or(Type::Unknown, |f| f.returns),
            ExprKind::Binary(b) => of_sides(b.left.value_type(), b.right.value_type()),
            ExprKind::Unary(u) => u.expr.value_type(),
            ExprKind::Paren(inner) => inner.value_type(),
            ExprKind::Opaque(_) => Type::Unknown,
        }
    }
}

fn of_sides(left: Type, right: Type) -> Type {
    match (left, right) {
        (Type::Scalar, Type::Scalar) => Type::Scalar,
        (Type::Unknown, Type::Unknown | Type::Scalar) | (Type::Scalar, Type::Unknown) => Type::Unknown,
        _ => Type::Vector,
    }
}

/// Checks an expression and reports what does not fit.
pub fn check(expr: &Expr, dialect: Dialect, faults: &mut Faults) {
    let mut checker = Checker { dialect, faults };
    checker.expr(expr);
}

struct Checker<'a> {
    dialect: Dialect,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn expr(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Seconds(_) => Type::Scalar,
            ExprKind::String(_) => Type::String,
            ExprKind::Variable(_) => Type::Unknown,
            ExprKind::Selector(selector) => {
                self.selector(selector, expr.span, false);
                Type::Vector
            }
            ExprKind::Range(range) => {
                self.selector(&range.selector, expr.span, false);
                Type::Range
            }
            ExprKind::Subquery(subquery) => {
                let found = self.expr(&subquery.expr);
                if !found.fits(Type::Vector) {
                    let message = format!("a subquery evaluates an instant vector, not {}", found.noun());
                    let fault = Fault::new(subquery.expr.span, message, format!("{} here", found.noun()));
                    let help = match found {
                        Type::Scalar => Some("write `vector(...)` around it"),
                        Type::Range => Some("write a function such as `rate(...)` around it"),
                        _ => None,
                    };
                    self.push(fault, help);
                }
                Type::Range
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate),
            ExprKind::Binary(binary) => self.binary(binary),
            ExprKind::Unary(unary) => {
                let found = self.expr(&unary.expr);
                self.arithmetic(found, unary.expr.span, if unary.negative { "-" } else { "+" });
                found
            }
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Opaque(opaque) => {
                for part in &opaque.parts {
                    self.expr(part);
                }
                Type::Unknown
            }
        }
    }

    fn push(&mut self, fault: Fault, help: Option<&str>) {
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }

    fn arithmetic(&mut self, found: Type, span: Span, what: &str) {
        if !matches!(found, Type::Range | Type::String) {
            return;
        }
        let message = format!("`{what}` takes a number or an instant vector, not {}", found.noun());
        let help = (found == Type::Range).then_some("write a function such as `rate(...)` around the range");
        self.push(Fault::new(span, message, format!("{} here", found.noun())), help);
    }

    #[inline(never)]
    fn call(&mut self, call: &Call) -> Type {
        let Some(function) = function(call.function) else {
            for argument in &call.arguments {
                self.expr(argument);
            }
            return Type::Unknown;
        };
        self.argument_count(call, function);
        for (n, argument) in call.arguments.iter().enumerate() {
            let is_info = n == 1 && function.name == "info";
            let found = if is_info { self.info_labels(argument) } else { self.expr(argument) };
            let wanted = match function.arguments.get(n) {
                Some(wanted) => *wanted,
                None if function.variadic == 0 => continue,
                None => function.arguments.last().copied().unwrap_or(Type::Unknown),
            };
            if !found.fits(wanted) {
                let message = format!("`{}` takes {}, found {}", function.name, wanted.noun(), found.noun());
                let fault = Fault::new(argument.span, message, format!("in `{}`", function.signature()));
                let help = argument_help(function, wanted, found, argument);
                self.push(fault, help.as_deref());
            }
        }
        function.returns
    }

    fn argument_count(&mut self, call: &Call, function: &Function) {
        let (least, most) = function.count();
        let found = call.arguments.len();
        if found >= least && most.is_none_or(|most| found <= most) {
            return;
        }
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let wanted = match most {
            Some(most) if most == least => format!("{least} argument{}", plural(least)),
            Some(most) if found > most => format!("at most {most} argument{}", plural(most)),
            _ => format!("at least {least} argument{}", plural(least)),
        };
        let message = format!("`{}` takes {wanted}, found {found}", function.name);
        self.push(Fault::new(call.name_span, message, format!("`{}`", function.signature())), None);
    }

    /// The second argument of `info`: only matchers, which may all be empty.
    fn info_labels(&mut self, argument: &Expr) -> Type {
        match &argument.kind {
            ExprKind::Selector(selector) => {
                // A name in quotes is a matcher for Prometheus.
                let quoted = selector.name_span.end - selector.name_span.start != selector.name.len();
                if !selector.name.is_empty() && !quoted {
                    let fault = Fault::new(selector.name_span, "the second argument of `info` has no metric name", "");
                    self.push(fault, Some("write matchers in braces: `{__name__=\"...\"}`"));
                }
                self.selector(selector, argument.span, true);
                Type::Vector
            }
            ExprKind::Variable(_) | ExprKind::Opaque(_) => Type::Unknown,
            _ => {
                let found = self.expr(argument);
                let fault = Fault::new(argument.span, "the second argument of `info` is matchers in braces", "");
                self.push(fault, Some("write `{label=\"value\"}`"));
                found
            }
        }
    }

    #[inline(never)]
    fn aggregate(&mut self, aggregate: &Aggregate) -> Type {
        let word = aggregate.op.word();
        let found = self.expr(&aggregate.expr);
        if !found.fits(Type::Vector) {
            let message = format!("`{word}` takes an instant vector, found {}", found.noun());
            let help = match (found, &aggregate.expr.kind) {
                (Type::Range, _) if aggregate.parameter.is_none() => Some(format!(
                    "write a function such as `rate(...)` around the range, or `{}(...)` over time",
                    over_time(aggregate.op)
                )),
                (Type::Range, _) => Some("write a function such as `rate(...)` around the range".to_owned()),
                (Type::Scalar, _) => Some("write `vector(...)` around the number".to_owned()),
                _ => None,
            };
            self.push(Fault::new(aggregate.expr.span, message, format!("{} here", found.noun())), help.as_deref());
        }
        if let Some(parameter) = &aggregate.parameter {
            let wanted = if aggregate.op == AggregateOp::CountValues { Type::String } else { Type::Scalar };
            let found = self.expr(parameter);
            if !found.fits(wanted) {
                let message = format!("the parameter of `{word}` is {}, found {}", wanted.noun(), found.noun());
                let help = (wanted == Type::Scalar && found == Type::Vector)
                    .then_some("write a number, or `scalar(...)` around a vector of one series");
                self.push(Fault::new(parameter.span, message, format!("{} here", found.noun())), help);
            }
        }
        Type::Vector
    }

    #[inline(never)]
    fn binary(&mut self, binary: &Binary) -> Type {
        let left = self.expr(&binary.left);
        let right = self.expr(&binary.right);
        let word = binary.op.word();
        let span = binary.op_span;
        if binary.bool_modifier && !binary.op.is_comparison() {
            let fault = Fault::new(span, format!("`bool` does not fit `{word}`"), "");
            self.push(fault, Some("write `bool` only behind `==`, `!=`, `<`, `>`, `<=` and `>=`"));
        }
        if binary.op.is_comparison() && !binary.bool_modifier && left == Type::Scalar && right == Type::Scalar {
            let fault = Fault::new(span, format!("`{word}` between two numbers needs `bool`"), "");
            let help = format!("write `{word} bool`");
            self.push(fault, Some(&help));
        }
        if let Some(matching) = &binary.matching {
            self.taken_labels(matching);
        }
        self.arithmetic(left, binary.left.span, word);
        self.arithmetic(right, binary.right.span, word);
        let unknown = left == Type::Unknown || right == Type::Unknown;
        if left == Type::Vector && right == Type::Vector {
            if binary.op.is_set() {
                self.set(binary);
            }
        } else if !unknown || [left, right].contains(&Type::Scalar) {
            self.no_vectors(binary);
            if binary.op.is_set() && [left, right].contains(&Type::Scalar) {
                let fault = Fault::new(span, format!("`{word}` joins instant vectors, not numbers"), "");
                self.push(fault, Some("write `vector(...)` around the number, or an arithmetic operator"));
            }
        }
        of_sides(left, right)
    }

    /// `and`, `or` and `unless` of two vectors.
    fn set(&mut self, binary: &Binary) {
        let word = binary.op.word();
        let span = binary.matching.as_ref().map_or(binary.op_span, |m| m.span);
        if let Some(Matching { card: Card::GroupLeft(_) | Card::GroupRight(_), .. }) = &binary.matching {
            let fault = Fault::new(span, format!("`{word}` takes no `group_left` or `group_right`"), "");
            self.push(fault, Some("remove it: sets always match many to many"));
        }
        if binary.fill != (None, None) {
            let fault = Fault::new(binary.op_span, format!("`{word}` takes no `fill`"), "");
            self.push(fault, Some("remove it"));
        }
    }

    /// Matching without two vectors.
    fn no_vectors(&mut self, binary: &Binary) {
        if let Some(matching) = binary.matching.as_ref().filter(|m| !m.labels.is_empty()) {
            let word = if matching.on { "on" } else { "ignoring" };
            let message = format!("`{word}` matches two instant vectors, here a side is a number");
            self.push(Fault::new(matching.span, message, ""), Some("remove it"));
        }
        if binary.fill != (None, None) {
            let message = "`fill` completes two instant vectors, here a side is a number";
            self.push(Fault::new(binary.op_span, message, ""), Some("remove it"));
        }
    }

    fn taken_labels(&mut self, matching: &Matching) {
        let (Card::GroupLeft(taken) | Card::GroupRight(taken)) = &matching.card else { return };
        if !matching.on {
            return;
        }
        let both = |name: &&Name| matching.labels.iter().any(|l| l.text == name.text);
        if let Some(name) = taken.iter().find(both) {
            let message = format!("`{}` is matched on and taken over at once", short(&name.text));
            self.push(Fault::new(name.span, message, ""), Some("remove it from the second list"));
        }
    }

    fn selector(&mut self, selector: &Selector, span: Span, may_be_empty: bool) {
        if selector.name.is_empty() {
            let known = selector.unknown_matchers.is_empty();
            if known && !may_be_empty && !selector.matchers.iter().any(|m| self.excludes_empty(m.op, &m.value)) {
                let fault = Fault::new(span, "the selector takes every series", "no matcher excludes the empty value");
                self.push(fault, Some("write a metric name, or a matcher such as `job=\"...\"` or `job=~\".+\"`"));
            }
            return;
        }
        if let Some(matcher) = selector.matchers.iter().find(|m| m.label == "__name__") {
            let quoted = selector.name_span.end - selector.name_span.start != selector.name.len();
            if !quoted {
                let message = format!("the metric name is given twice: `{}` and in braces", short(&selector.name));
                self.push(Fault::new(matcher.span, message, ""), Some("keep one"));
            }
        }
    }

    /// Returns whether a matcher refuses series that lack the label.
    fn excludes_empty(&self, op: MatchOp, value: &str) -> bool {
        if holds_variable(self.dialect, value) {
            return true;
        }
        match op {
            MatchOp::Equal => !value.is_empty(),
            MatchOp::NotEqual => value.is_empty(),
            MatchOp::Regex => regex::check(value).is_ok_and(|empty| !empty),
            MatchOp::NotRegex => regex::check(value).is_ok_and(|empty| empty),
        }
    }
}

/// Returns the function over time that does what an aggregation does over series.
fn over_time(op: AggregateOp) -> &'static str {
    match op {
        AggregateOp::Sum => "sum_over_time",
        AggregateOp::Max => "max_over_time",
        AggregateOp::Min => "min_over_time",
        AggregateOp::Count => "count_over_time",
        AggregateOp::StdDev => "stddev_over_time",
        AggregateOp::StdVar => "stdvar_over_time",
        _ => "avg_over_time",
    }
}

fn argument_help(function: &Function, wanted: Type, found: Type, argument: &Expr) -> Option<String> {
    let name = function.name;
    Some(match (wanted, found) {
        (Type::Range, Type::Vector) => match &argument.bare().kind {
            ExprKind::Selector(_) if argument.span == argument.bare().span => "add a window such as `[5m]`".to_owned(),
            ExprKind::Selector(_) => "add a window such as `[5m]` inside of the parentheses".to_owned(),
            ExprKind::Aggregate(a) => {
                format!("write `{}({name}(metric[5m]))`: first `{name}`, then `{}`", a.op.word(), a.op.word())
            }
            _ => "add a subquery window such as `[5m:]`".to_owned(),
        },
        (Type::Vector, Type::Range) => match &argument.kind {
            ExprKind::Range(range) if !matches!(range.window, Window::Variable(_)) => {
                "put it in `rate(...)` or another function over time, or remove the window".to_owned()
            }
            _ => "put it in `rate(...)` or another function over time".to_owned(),
        },
        (Type::Vector, Type::Scalar) if function.arguments.first() == Some(&Type::Scalar) => {
            format!("mind the order of the arguments: `{}`", function.signature())
        }
        (Type::Vector, Type::Scalar) => "write `vector(...)` around the number".to_owned(),
        (Type::Scalar, Type::Vector) if function.arguments.len() > 1 => {
            format!("mind the order of the arguments: `{}`", function.signature())
        }
        (Type::Scalar, Type::Vector) => "write `scalar(...)` around a vector of one series".to_owned(),
        (Type::String, _) => "write a string in quotes".to_owned(),
        (Type::Scalar, Type::String) => "write a number without quotes".to_owned(),
        _ => return None,
    })
}
