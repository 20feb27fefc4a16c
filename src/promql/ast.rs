//! The tree of a PromQL expression: of one that was read, with the bytes of each part, and of one that was built, without.

use crate::source::Span;
use crate::units::Duration;

/// An expression and where it stands in the text that it was read from (bytes; empty for a built one).
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes in the query.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// A duration where a number stands: its seconds.
    Seconds(Duration),
    /// A string.
    String(String),
    /// A Grafana variable that stands for a whole expression, as it is written.
    Variable(String),
    /// An instant vector selector.
    Selector(Selector),
    /// A range vector: a selector over a window.
    Range(Range),
    /// A range vector: an expression evaluated over a window.
    Subquery(Box<Subquery>),
    /// A function call.
    Call(Call),
    /// An aggregation.
    Aggregate(Box<Aggregate>),
    /// An operation on two sides.
    Binary(Box<Binary>),
    /// `-expr` or `+expr`.
    Unary(Box<Unary>),
    /// A part whose meaning a template variable hides: `$function(a, b)`, `$function by (x) (a)`, `a $operator b`, `a $modifiers`.
    Opaque(Box<Opaque>),
    /// `(expr)`. The builder never makes one: the printer sets parentheses where they are needed.
    Paren(Box<Expr>),
}

/// A name and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The name, without quotes. May hold Grafana variables if the query does.
    pub text: String,
    /// Its bytes in the query.
    pub span: Span,
}

/// `name{label="value"} offset 5m`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// Metric name; may be empty.
    pub name: String,
    /// Bytes of the metric name.
    pub name_span: Span,
    /// Matchers, printed in this order. A name that is given only by `__name__` matchers stays among them.
    pub matchers: Vec<Matcher>,
    /// Parts like `{$filters}` or `<<.LabelMatchers>>` that stand for matchers which are not known.
    pub unknown_matchers: Vec<Name>,
    /// When and how it is read.
    pub modifiers: Modifiers,
}

/// When and how a selector or subquery is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modifiers {
    /// Offset.
    pub offset: Option<Offset>,
    /// Fixed time of evaluation.
    pub at: Option<At>,
    /// How the edges of a range are treated.
    pub edges: Option<Edges>,
}

/// `offset 5m`, `offset -5m`.
#[derive(Clone, Debug, PartialEq)]
pub struct Offset {
    /// Whether it reaches into the future.
    pub negative: bool,
    /// How far.
    pub length: Window,
}

/// `@ time`.
#[derive(Clone, Debug, PartialEq)]
pub enum At {
    /// Unix time in seconds.
    Time(f64),
    /// Start of the query's range.
    Start,
    /// End of the query's range.
    End,
    /// A Grafana variable.
    Variable(String),
}

/// How the edges of a range are treated (experimental since Prometheus 3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// `anchored`.
    Anchored,
    /// `smoothed`.
    Smoothed,
}

/// One label matcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Label name.
    pub label: String,
    /// Operator.
    pub op: MatchOp,
    /// Value as it is meant; the printer quotes it. May hold Grafana variables if the query does.
    pub value: String,
    /// Bytes of the whole matcher.
    pub span: Span,
    /// Bytes of the value, quotes included.
    pub value_span: Span,
}

/// Operator of a matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `=~`.
    Regex,
    /// `!~`.
    NotRegex,
}

/// `selector[window]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// What is selected. Its modifiers are printed behind the window.
    pub selector: Selector,
    /// How far back.
    pub window: Window,
    /// Bytes of the window, without brackets.
    pub window_span: Span,
}

/// `expr[window:step]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// How far back.
    pub window: Window,
    /// Bytes of the window, without brackets and step.
    pub window_span: Span,
    /// Resolution; the global evaluation interval if `None`.
    pub step: Option<Window>,
    /// When it is read.
    pub modifiers: Modifiers,
}

/// A length of time in a range, step or offset.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// A fixed length.
    Fixed(Duration),
    /// A Grafana variable as it is written, for example `$__rate_interval`; only in dashboards.
    Variable(String),
    /// A duration expression (experimental).
    Computed(Box<DurationExpr>),
}

/// An expression of durations (experimental since Prometheus 3.5).
#[derive(Clone, Debug, PartialEq)]
pub enum DurationExpr {
    /// A number of seconds.
    Number(f64),
    /// A length.
    Length(Duration),
    /// A Grafana variable.
    Variable(String),
    /// `step()`.
    Step,
    /// `range()`.
    Range,
    /// `-d` or, if false, `+d`.
    Sign(bool, Box<DurationExpr>),
    /// Two sides: `+`, `-`, `*`, `/`, `%` or `^`.
    Binary(BinaryOp, Box<DurationExpr>, Box<DurationExpr>),
    /// `max_of(a, b)` if true, else `min_of(a, b)`.
    Extreme(bool, Box<DurationExpr>, Box<DurationExpr>),
    /// `(d)`.
    Paren(Box<DurationExpr>),
}

/// `function(arguments)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Name of the function.
    pub function: &'static str,
    /// Bytes of the name.
    pub name_span: Span,
    /// Arguments.
    pub arguments: Vec<Expr>,
}

/// A part whose meaning a template variable hides. Only where queries may hold such variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque {
    /// The variable as it is written.
    pub variable: Name,
    /// What it stands for.
    pub role: Role,
    /// Arguments of a function, sides of an operator, or what a modifier belongs to.
    pub parts: Vec<Expr>,
}

/// What a template variable stands for in the place where it was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// A function or aggregation, with the labels of `by` or `without` if there are any.
    Function(Grouping),
    /// An operator between two parts.
    Operator,
    /// Something behind one part: an offset, an operator with its right side.
    Suffix,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Operator.
    pub op: AggregateOp,
    /// Bytes of the operator's word.
    pub op_span: Span,
    /// Parameter of `topk`, `quantile` and others.
    pub parameter: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
    /// Which labels stay.
    pub grouping: Grouping,
}

/// Operator of an aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateOp {
    /// `sum`.
    Sum,
    /// `avg`.
    Avg,
    /// `max`.
    Max,
    /// `min`.
    Min,
    /// `count`.
    Count,
    /// `group`.
    Group,
    /// `stddev`.
    StdDev,
    /// `stdvar`.
    StdVar,
    /// `topk`.
    TopK,
    /// `bottomk`.
    BottomK,
    /// `count_values`.
    CountValues,
    /// `quantile`.
    Quantile,
    /// `limitk` (experimental).
    LimitK,
    /// `limit_ratio` (experimental).
    LimitRatio,
}

/// Which labels an aggregation keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// None.
    All,
    /// These.
    By(Vec<Name>),
    /// All but these.
    Without(Vec<Name>),
}

/// An operation on two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Operator.
    pub op: BinaryOp,
    /// Bytes of the operator.
    pub op_span: Span,
    /// Left side.
    pub left: Expr,
    /// Right side.
    pub right: Expr,
    /// Comparison that gives 0 or 1 instead of filtering.
    pub bool_modifier: bool,
    /// How series of both sides find each other.
    pub matching: Option<Matching>,
    /// Value of a side that has no series (experimental): left, right.
    pub fill: (Option<f64>, Option<f64>),
}

/// `-expr` or `+expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// Whether it is `-`.
    pub negative: bool,
    /// The operand.
    pub expr: Expr,
}

/// How series of both sides find each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// `on` if true, else `ignoring`.
    pub on: bool,
    /// The labels.
    pub labels: Vec<Name>,
    /// Which side may have several.
    pub card: Card,
    /// Bytes from `on` or `ignoring` to the end of the last list.
    pub span: Span,
}

/// Which side may have several series per match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Card {
    /// Neither.
    OneToOne,
    /// The left; labels taken over from the right.
    GroupLeft(Vec<Name>),
    /// The right; labels taken over from the left.
    GroupRight(Vec<Name>),
}

/// Operator on two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `%`.
    Mod,
    /// `^`.
    Pow,
    /// `atan2`.
    Atan2,
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
    /// `>`.
    Gt,
    /// `<`.
    Lt,
    /// `>=`.
    Ge,
    /// `<=`.
    Le,
    /// `</`: cuts a native histogram above (experimental).
    TrimUpper,
    /// `>/`: cuts a native histogram below (experimental).
    TrimLower,
    /// `and`.
    And,
    /// `or`.
    Or,
    /// `unless`.
    Unless,
}

impl BinaryOp {
    /// Returns how it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Ge => ">=",
            Self::Le => "<=",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    /// Returns how strongly it binds; higher is stronger. From Prometheus's grammar.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            op if op.is_comparison() => 3,
            Self::TrimUpper | Self::TrimLower => 3,
            Self::Add | Self::Sub => 4,
            Self::Pow => 6,
            _ => 5,
        }
    }

    /// Returns whether it compares: `==`, `!=`, `<`, `>`, `<=`, `>=`.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le)
    }

    /// Returns whether it joins sets of series: `and`, `or`, `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Returns the comparison with its sides exchanged (`<` for `>`); other operators stay.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Gt => Self::Lt,
            Self::Lt => Self::Gt,
            Self::Ge => Self::Le,
            Self::Le => Self::Ge,
            op => op,
        }
    }
}

impl AggregateOp {
    /// Every operator.
    pub const ALL: &'static [Self] = &[
        Self::Sum,
        Self::Avg,
        Self::Max,
        Self::Min,
        Self::Count,
        Self::Group,
        Self::StdDev,
        Self::StdVar,
        Self::TopK,
        Self::BottomK,
        Self::CountValues,
        Self::Quantile,
        Self::LimitK,
        Self::LimitRatio,
    ];

    /// Returns how it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Max => "max",
            Self::Min => "min",
            Self::Count => "count",
            Self::Group => "group",
            Self::StdDev => "stddev",
            Self::StdVar => "stdvar",
            Self::TopK => "topk",
            Self::BottomK => "bottomk",
            Self::CountValues => "count_values",
            Self::Quantile => "quantile",
            Self::LimitK => "limitk",
            Self::LimitRatio => "limit_ratio",
        }
    }

    /// Returns whether it keeps whole series instead of combining them: `topk`, `bottomk`, `limitk`, `limit_ratio`.
    pub fn selects(self) -> bool {
        matches!(self, Self::TopK | Self::BottomK | Self::LimitK | Self::LimitRatio)
    }

    /// Returns whether it takes a parameter.
    pub fn has_parameter(self) -> bool {
        self.selects() || matches!(self, Self::CountValues | Self::Quantile)
    }
}

impl Window {
    /// Returns Grafana's `$__rate_interval`: at least four scrape intervals.
    pub fn rate_interval() -> Self {
        Self::Variable("$__rate_interval".to_owned())
    }

    /// Returns Grafana's `$__range`: the time range that is shown.
    pub fn shown_range() -> Self {
        Self::Variable("$__range".to_owned())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self { text, span: Span::default() }
    }
}

impl From<ExprKind> for Expr {
    fn from(kind: ExprKind) -> Self {
        Self { kind, span: Span::default() }
    }
}

impl Expr {
    /// Returns the expression without parentheses around it.
    pub fn bare(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// Calls `visit` for every direct part, in printed order.
    pub fn children<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::Seconds(_)
            | ExprKind::String(_)
            | ExprKind::Variable(_)
            | ExprKind::Selector(_)
            | ExprKind::Range(_) => {}
            ExprKind::Subquery(s) => visit(&s.expr),
            ExprKind::Call(c) => c.arguments.iter().for_each(visit),
            ExprKind::Aggregate(a) => {
                a.parameter.iter().for_each(&mut *visit);
                visit(&a.expr);
            }
            ExprKind::Binary(b) => {
                visit(&b.left);
                visit(&b.right);
            }
            ExprKind::Unary(u) => visit(&u.expr),
            ExprKind::Opaque(o) => o.parts.iter().for_each(visit),
            ExprKind::Paren(inner) => visit(inner),
        }
    }

    /// Calls `visit` for the expression and every part of it, outside first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
    }

    /// Calls `visit` for every selector, in printed order.
    pub fn selectors<'a>(&'a self, visit: &mut dyn FnMut(&'a Selector)) {
        self.walk(&mut |expr| match &expr.kind {
            ExprKind::Selector(s) => visit(s),
            ExprKind::Range(r) => visit(&r.selector),
            _ => {}
        });
    }

    /// Returns the expression with every selector changed.
    #[must_use]
    pub fn map_selectors(&self, change: &mut dyn FnMut(&mut Selector)) -> Self {
        let mut out = self.clone();
        out.change_selectors(change);
        out
    }

    fn change_selectors(&mut self, change: &mut dyn FnMut(&mut Selector)) {
        match &mut self.kind {
            ExprKind::Number(_) | ExprKind::Seconds(_) | ExprKind::String(_) | ExprKind::Variable(_) => {}
            ExprKind::Selector(s) => change(s),
            ExprKind::Range(r) => change(&mut r.selector),
            ExprKind::Subquery(s) => s.expr.change_selectors(change),
            ExprKind::Call(c) => c.arguments.iter_mut().for_each(|a| a.change_selectors(change)),
            ExprKind::Aggregate(a) => {
                a.parameter.iter_mut().for_each(|p| p.change_selectors(change));
                a.expr.change_selectors(change);
            }
            ExprKind::Binary(b) => {
                b.left.change_selectors(change);
                b.right.change_selectors(change);
            }
            ExprKind::Unary(u) => u.expr.change_selectors(change),
            ExprKind::Opaque(o) => o.parts.iter_mut().for_each(|p| p.change_selectors(change)),
            ExprKind::Paren(inner) => inner.change_selectors(change),
        }
    }

    /// Returns the names of all metrics that are read, sorted, each once.
    pub fn metric_names(&self) -> Vec<String> {
        let mut names = std::collections::BTreeSet::new();
        self.selectors(&mut |s| {
            names.insert(s.name.clone());
        });
        names.into_iter().filter(|n| !n.is_empty()).collect()
    }
}
