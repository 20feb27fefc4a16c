//! The tree of a PromQL expression.

use crate::units::Duration;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A number.
    Number(f64),
    /// A string.
    String(String),
    /// An instant vector selector.
    Selector(Selector),
    /// A range vector: a selector over a window.
    Range(Range),
    /// A function call.
    Call(Call),
    /// An aggregation.
    Aggregate(Box<Aggregate>),
    /// An operation on two sides.
    Binary(Box<Binary>),
}

/// `name{label="value"} offset 5m`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// Metric name; may be empty.
    pub name: String,
    /// Matchers, printed in this order.
    pub matchers: Vec<Matcher>,
    /// Offset into the past.
    pub offset: Option<Duration>,
}

/// One label matcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Label name.
    pub label: String,
    /// Operator.
    pub op: MatchOp,
    /// Value as it is meant; the printer quotes it.
    pub value: String,
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
    /// What is selected.
    pub selector: Selector,
    /// How far back.
    pub window: Window,
}

/// Length of a range.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// A fixed length.
    Fixed(Duration),
    /// Grafana's `$__rate_interval`; only in dashboards.
    RateInterval,
}

/// `function(arguments)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Name of the function.
    pub function: &'static str,
    /// Arguments.
    pub arguments: Vec<Expr>,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Operator.
    pub op: AggregateOp,
    /// Parameter of `topk` and `quantile`.
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
    /// `topk`.
    TopK,
}

/// Which labels an aggregation keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// None.
    All,
    /// These.
    By(Vec<String>),
    /// All but these.
    Without(Vec<String>),
}

/// An operation on two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Operator.
    pub op: BinaryOp,
    /// Left side.
    pub left: Expr,
    /// Right side.
    pub right: Expr,
    /// Comparison that gives 0 or 1 instead of filtering.
    pub bool_modifier: bool,
    /// How series of both sides find each other.
    pub matching: Option<Matching>,
}

/// How series of both sides find each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// `on` if true, else `ignoring`.
    pub on: bool,
    /// The labels.
    pub labels: Vec<String>,
    /// Which side may have several.
    pub card: Card,
}

/// Which side may have several series per match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Card {
    /// Neither.
    OneToOne,
    /// The left; labels taken over from the right.
    GroupLeft(Vec<String>),
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
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Ge => ">=",
            Self::Le => "<=",
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
            Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div => 5,
        }
    }
}

impl AggregateOp {
    /// Returns how it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Max => "max",
            Self::Min => "min",
            Self::Count => "count",
            Self::Group => "group",
            Self::TopK => "topk",
        }
    }
}

impl Expr {
    /// Calls `visit` for every selector, in printed order.
    pub fn selectors<'a>(&'a self, visit: &mut impl FnMut(&'a Selector)) {
        match self {
            Self::Number(_) | Self::String(_) => {}
            Self::Selector(s) => visit(s),
            Self::Range(r) => visit(&r.selector),
            Self::Call(c) => c.arguments.iter().for_each(|a| a.selectors(visit)),
            Self::Aggregate(a) => {
                if let Some(p) = &a.parameter {
                    p.selectors(visit);
                }
                a.expr.selectors(visit);
            }
            Self::Binary(b) => {
                b.left.selectors(visit);
                b.right.selectors(visit);
            }
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
