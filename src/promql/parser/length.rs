//! What stands behind an operand: windows, offsets, `@`, `anchored` and `smoothed`; and the lengths of time in them.

use super::super::ast::{
    At, BinaryOp, DurationExpr, Edges, Expr, ExprKind, Modifiers, Offset, Range, Subquery, Window,
};
use super::super::fault::Fault;
use super::super::feature::Feature;
use super::super::template::Dialect;
use super::super::token::Kind;
use super::super::{hints, literal};
use super::{MAX_DEPTH, Node, Parser};
use crate::source::Span;
use crate::units::Duration;

/// A length of time as it was read.
enum Length {
    /// Seconds; if it is written with units, also its absolute duration.
    Fixed(f64, Option<Duration>),
    /// Something to compute, or a variable.
    Open(DurationExpr),
}

impl Length {
    /// Returns it as a part of a larger one.
    fn part(self) -> DurationExpr {
        match self {
            Self::Fixed(seconds, Some(duration)) if seconds < 0.0 => {
                DurationExpr::Sign(true, Box::new(DurationExpr::Length(duration)))
            }
            Self::Fixed(_, Some(duration)) => DurationExpr::Length(duration),
            Self::Fixed(seconds, None) => DurationExpr::Number(seconds),
            Self::Open(expr) => expr,
        }
    }

    /// Returns its absolute value as a window.
    fn window(self) -> Window {
        match self {
            Self::Fixed(_, Some(duration)) => Window::Fixed(duration),
            Self::Fixed(seconds, None) => match whole(seconds.abs()) {
                Some(duration) => Window::Fixed(duration),
                None => Window::Computed(Box::new(DurationExpr::Number(seconds.abs()))),
            },
            Self::Open(DurationExpr::Variable(name)) => Window::Variable(name),
            Self::Open(expr) => Window::Computed(Box::new(expr)),
        }
    }
}

/// Returns a number of seconds as a duration if Prometheus can spell it as one.
fn whole(seconds: f64) -> Option<Duration> {
    literal::whole_micros(seconds).filter(|d| d.is_whole_millis())
}

/// Returns the place where the modifiers of an expression stand, if it can have any.
fn modifiers_of(expr: &mut Expr) -> Option<&mut Modifiers> {
    match &mut expr.kind {
        ExprKind::Selector(s) => Some(&mut s.modifiers),
        ExprKind::Range(r) => Some(&mut r.selector.modifiers),
        ExprKind::Subquery(s) => Some(&mut s.modifiers),
        _ => None,
    }
}

/// Returns whether an offset is there and is one: Prometheus forgets an offset of zero.
fn is_offset(offset: Option<&Offset>) -> bool {
    offset.is_some_and(|o| match &o.length {
        Window::Fixed(duration) => !duration.is_zero(),
        Window::Computed(expr) => !matches!(**expr, DurationExpr::Number(n) if (n * 1e9).round() == 0.0),
        Window::Variable(_) => true,
    })
}

impl Parser<'_> {
    /// Reads one window or modifier behind an operand.
    #[inline(never)]
    pub(super) fn postfix(&mut self, node: Node) -> Node {
        match self.token.kind {
            Kind::LeftBracket => self.window(node),
            Kind::Offset => self.offset(node),
            Kind::At => self.at(node),
            _ => self.edges(node),
        }
    }

    #[inline(never)]
    fn window(&mut self, node: Node) -> Node {
        let opener = self.bump();
        let start = self.token.span.start;
        let window = self.positive_length();
        let window_span = Span::new(start, self.end.max(start));
        let subquery = self.eat(Kind::Colon);
        let step = (subquery && self.token.kind != Kind::RightBracket).then(|| self.positive_length());
        if self.token.kind != Kind::RightBracket {
            self.holes += 1;
            self.lost_in_window(opener, subquery);
        } else {
            self.bump();
        }
        let span = Span::new(node.expr.span.start, self.end);
        if subquery {
            let subquery = Subquery { expr: node.expr, window, window_span, step, modifiers: Modifiers::default() };
            return self.grown(Expr { kind: ExprKind::Subquery(Box::new(subquery)), span }, node.height);
        }
        let brackets = Span::new(opener.start, self.end);
        let kind = match node.expr.kind {
            ExprKind::Selector(selector) => {
                if is_offset(selector.modifiers.offset.as_ref()) {
                    self.fault(hints::modifier_before_window("offset", brackets));
                } else if selector.modifiers.at.is_some() {
                    self.fault(hints::modifier_before_window("@", brackets));
                }
                ExprKind::Range(Range { selector, window, window_span })
            }
            kind => {
                let inner = Expr { kind, span: node.expr.span };
                let templated = matches!(inner.kind, ExprKind::Variable(_) | ExprKind::Opaque(_));
                if !templated || self.dialect == Dialect::Prometheus {
                    self.fault(hints::window_without_selector(&inner, self.slice(brackets), brackets));
                }
                let subquery =
                    Subquery { expr: inner, window, window_span, step: None, modifiers: Modifiers::default() };
                return self.grown(Expr { kind: ExprKind::Subquery(Box::new(subquery)), span }, node.height);
            }
        };
        Node { expr: Expr { kind, span }, height: node.height }
    }

    /// Reports what cannot stand in a window, and goes behind it.
    fn lost_in_window(&mut self, opener: Span, subquery: bool) {
        if self.stopped {
            return;
        }
        let (token, end) = (self.token, self.end);
        let quiet = std::mem::replace(&mut self.faults.quiet, true);
        let mut open = 0usize;
        while !matches!(self.token.kind, Kind::RightBracket | Kind::End | Kind::RightBrace | Kind::LeftBrace) {
            match self.token.kind {
                // It closes what is open around the window.
                Kind::RightParen if open == 0 => break,
                Kind::RightParen => open -= 1,
                Kind::LeftParen => open += 1,
                _ => {}
            }
            self.bump();
        }
        self.faults.quiet = quiet;
        let closed = self.token.kind == Kind::RightBracket;
        if token.kind == Kind::Unknown {
            self.faults.spoil();
        } else if closed {
            let expected = if subquery { "`]`" } else { "`:` or `]`" };
            self.fault(hints::unexpected(self.text, token, end, expected));
        } else if !self.faults.cut {
            self.faults.cut = self.token.kind != Kind::RightParen;
            self.fault(hints::unclosed(self.text, opener));
        }
        self.lexer.leave();
        self.eat(Kind::RightBracket);
    }

    fn positive_length(&mut self) -> Window {
        let start = self.token.span.start;
        let length = self.length(0);
        if let Length::Fixed(seconds, _) = length
            && seconds <= 0.0
        {
            let span = Span::new(start, self.end);
            self.holes += 1;
            self.fault(Fault::new(span, "a window must be longer than 0", "").help("write a length such as `5m`"));
        }
        length.window()
    }

    fn offset(&mut self, mut node: Node) -> Node {
        let word = self.bump();
        let length = self.offset_length();
        let offset = match length {
            Length::Fixed(seconds, _) if seconds < 0.0 => Offset { negative: true, length: length.window() },
            Length::Open(DurationExpr::Sign(true, inner)) => {
                Offset { negative: true, length: Length::Open(*inner).window() }
            }
            length => Offset { negative: false, length: length.window() },
        };
        let span = Span::new(word.start, self.end);
        if offset.negative {
            self.used(Feature::NegativeOffset, span);
        }
        match modifiers_of(&mut node.expr) {
            Some(modifiers) if is_offset(modifiers.offset.as_ref()) => {
                self.fault(hints::modifier_again("offset", span));
            }
            Some(modifiers) => modifiers.offset = Some(offset),
            None => self.fault(hints::modifier_without_selector("offset", &node.expr, span)),
        }
        node.expr.span.end = self.end;
        node
    }

    fn at(&mut self, mut node: Node) -> Node {
        let sign = self.bump();
        let at = self.at_time(sign);
        let span = Span::new(sign.start, self.end);
        self.used(Feature::At, span);
        let Some(at) = at else { return node };
        match modifiers_of(&mut node.expr) {
            Some(modifiers) if modifiers.at.is_some() => self.fault(hints::modifier_again("@", span)),
            Some(modifiers) => modifiers.at = Some(at),
            None => self.fault(hints::modifier_without_selector("@", &node.expr, span)),
        }
        node.expr.span.end = self.end;
        node
    }

    fn at_time(&mut self, sign: Span) -> Option<At> {
        match self.token.kind {
            Kind::Start | Kind::EndWord => {
                let start = self.token.kind == Kind::Start;
                self.bump();
                if !self.empty_parens() {
                    return None;
                }
                Some(if start { At::Start } else { At::End })
            }
            Kind::Variable => {
                let span = self.bump();
                Some(At::Variable(self.slice(span).to_owned()))
            }
            _ => {
                let negative = self.token.kind == Kind::Op(BinaryOp::Sub);
                if negative || self.token.kind == Kind::Op(BinaryOp::Add) {
                    self.bump();
                }
                let value = match self.token.kind {
                    Kind::Number => self.number_value().0,
                    Kind::Duration => self.duration_value().0.secs_f64(),
                    _ => {
                        self.unexpected("a Unix time in seconds, `start()` or `end()`");
                        self.holes += 1;
                        return None;
                    }
                };
                let time = if negative { -value } else { value };
                if !time.is_finite() || time.abs() >= 9_223_372_036_854_775_807.0 {
                    let span = Span::new(sign.start, self.end);
                    self.fault(Fault::new(span, "the time of `@` is out of range", "not a Unix time in seconds"));
                }
                // Prometheus keeps milliseconds.
                let millis = (time * 1000.0).round();
                Some(At::Time(if millis.abs() < 9e15 { millis / 1000.0 } else { time }))
            }
        }
    }

    /// Takes `()`.
    fn empty_parens(&mut self) -> bool {
        if self.token.kind != Kind::LeftParen {
            self.unexpected("`()`");
            self.holes += 1;
            return false;
        }
        let opener = self.bump();
        let empty = self.token.kind == Kind::RightParen;
        self.close_paren(opener, "`)`");
        self.holes += usize::from(!empty);
        empty
    }

    fn edges(&mut self, mut node: Node) -> Node {
        let edges = if self.token.kind == Kind::Anchored { Edges::Anchored } else { Edges::Smoothed };
        let span = self.bump();
        let word = self.slice(span);
        self.used(Feature::Edges, span);
        let subquery = matches!(node.expr.kind, ExprKind::Subquery(_));
        match modifiers_of(&mut node.expr) {
            Some(modifiers) if !subquery => {
                if modifiers.edges.is_some_and(|other| other != edges) {
                    self.fault(Fault::new(span, "`anchored` and `smoothed` exclude each other", "").help("keep one"));
                }
                modifiers.edges = Some(edges);
            }
            _ => self.fault(hints::modifier_without_selector(word, &node.expr, span)),
        }
        node.expr.span.end = self.end;
        node
    }

    /// Reads the length behind `offset`, which ends earlier than one in a window: in `x offset 5m + y` the sum is one of `x` and
    /// `y`. Only behind parentheses or a second sign does Prometheus read on.
    fn offset_length(&mut self) -> Length {
        match self.token.kind {
            Kind::Op(BinaryOp::Sub | BinaryOp::Add) => {
                let negative = self.token.kind == Kind::Op(BinaryOp::Sub);
                let sign = self.bump();
                if let Kind::Op(BinaryOp::Sub | BinaryOp::Add) = self.token.kind {
                    let inner = self.length(6);
                    let inner = signed(negative, inner);
                    return self.length_operators(inner, sign.start, 0);
                }
                let inner = self.length_operand();
                signed(negative, inner)
            }
            Kind::LeftParen => self.length(0),
            _ => self.length_operand(),
        }
    }

    /// Reads a length whose operators bind at least as strongly as `min`.
    fn length(&mut self, min: u8) -> Length {
        let start = self.token.span.start;
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return Length::Fixed(1.0, None);
        }
        self.depth += 1;
        let left = match self.token.kind {
            Kind::Op(BinaryOp::Sub | BinaryOp::Add) => {
                let negative = self.token.kind == Kind::Op(BinaryOp::Sub);
                self.bump();
                let inner = self.length(6);
                signed(negative, inner)
            }
            _ => self.length_operand(),
        };
        let length = self.length_operators(left, start, min);
        self.depth -= 1;
        length
    }

    fn length_operators(&mut self, mut left: Length, start: usize, min: u8) -> Length {
        let mut chain = self.depth;
        while let Kind::Op(op) = self.token.kind {
            if op.precedence() < min || op.precedence() < 4 || op == BinaryOp::Atan2 {
                break;
            }
            chain += 1;
            if chain >= MAX_DEPTH {
                self.too_deep();
                break;
            }
            let sign = self.bump();
            let right = self.length(if op == BinaryOp::Pow { op.precedence() } else { op.precedence() + 1 });
            if let (BinaryOp::Div | BinaryOp::Mod, Length::Fixed(seconds, _)) = (op, &right)
                && *seconds == 0.0
            {
                self.fault(Fault::new(sign, "a length of time is divided by zero", ""));
            }
            self.used(Feature::DurationExpression, Span::new(start, self.end));
            left = Length::Open(DurationExpr::Binary(op, Box::new(left.part()), Box::new(right.part())));
        }
        left
    }

    fn length_operand(&mut self) -> Length {
        let start = self.token.span.start;
        match self.token.kind {
            Kind::Number => {
                let (seconds, span) = self.number_value();
                // NaN passes, as in Prometheus.
                if seconds.abs() > literal::MAX_SECONDS {
                    self.fault(Fault::new(span, "the length of time is longer than 292 years", ""));
                }
                self.used(Feature::NumberAsDuration, span);
                Length::Fixed(seconds, None)
            }
            Kind::Duration => {
                let (duration, _) = self.duration_value();
                Length::Fixed(duration.secs_f64(), Some(duration))
            }
            Kind::Variable => {
                let span = self.bump();
                Length::Open(DurationExpr::Variable(self.slice(span).to_owned()))
            }
            Kind::Step | Kind::Range => {
                let step = self.token.kind == Kind::Step;
                self.bump();
                self.empty_parens();
                self.used(Feature::DurationExpression, Span::new(start, self.end));
                Length::Open(if step { DurationExpr::Step } else { DurationExpr::Range })
            }
            Kind::MaxOf | Kind::MinOf => self.extreme(),
            Kind::LeftParen => {
                let opener = self.bump();
                let inner = self.length(0);
                self.close_paren(opener, "`)` or an operator");
                self.used(Feature::DurationExpression, Span::new(start, self.end));
                Length::Open(DurationExpr::Paren(Box::new(inner.part())))
            }
            _ => {
                self.unexpected("a length of time such as `5m`");
                self.holes += 1;
                Length::Fixed(1.0, None)
            }
        }
    }

    fn extreme(&mut self) -> Length {
        let max = self.token.kind == Kind::MaxOf;
        let word = self.bump();
        if self.token.kind != Kind::LeftParen {
            self.unexpected("`(` with two lengths");
            self.holes += 1;
            return Length::Fixed(1.0, None);
        }
        let opener = self.bump();
        let first = self.length(0).part();
        if !self.eat(Kind::Comma) {
            self.lost_in_parens(opener, "`,` and a second length");
            self.holes += 1;
            return Length::Fixed(1.0, None);
        }
        let second = self.length(0).part();
        self.close_paren(opener, "`)`");
        self.used(Feature::DurationExpression, Span::new(word.start, self.end));
        Length::Open(DurationExpr::Extreme(max, Box::new(first), Box::new(second)))
    }
}

/// Puts a sign before a length. As in Prometheus, `+` says nothing and `-` of a number is a number.
fn signed(negative: bool, length: Length) -> Length {
    match length {
        length if !negative => length,
        Length::Fixed(seconds, duration) => Length::Fixed(-seconds, duration),
        Length::Open(expr) => Length::Open(DurationExpr::Sign(true, Box::new(expr))),
    }
}
