//! Expressions by precedence: operands, operators on two sides, signs and parentheses.

use super::super::ast::{Binary, BinaryOp, Expr, ExprKind, Name, Opaque, Role, Unary};
use super::super::feature::Feature;
use super::super::template::Dialect;
use super::super::token::Kind;
use super::super::{hints, literal};
use super::{MAX_DEPTH, Node, Parser};
use crate::source::Span;

/// A sign binds like `*`: only `^` is read into its operand.
const SIGN: u8 = 6;

impl Parser<'_> {
    /// Reads the whole query.
    pub(super) fn query(&mut self) -> Option<Expr> {
        if self.token.kind == Kind::End {
            self.fault(hints::empty(self.text));
            return None;
        }
        let mut node = self.binary(0);
        while self.token.kind != Kind::End {
            self.after_expression();
            // Behind an operator that follows there may be more to find.
            if let Kind::Op(_) = self.token.kind {
                self.holes += 1;
                node = self.operators(node, 0);
            }
        }
        Some(node.expr)
    }

    /// Reports what cannot follow an expression, and goes to the next operator outside of parentheses.
    fn after_expression(&mut self) {
        self.unexpected("an operator or the end of the query");
        self.holes += 1;
        let quiet = std::mem::replace(&mut self.faults.quiet, true);
        let mut open = 0usize;
        self.lexer.leave();
        loop {
            self.bump();
            match self.token.kind {
                Kind::End => break,
                Kind::Op(_) if open == 0 => break,
                Kind::LeftParen => open += 1,
                Kind::RightParen => open = open.saturating_sub(1),
                _ => {}
            }
        }
        self.faults.quiet = quiet;
    }

    /// Reads an expression whose operators bind at least as strongly as `min`.
    pub(super) fn binary(&mut self, min: u8) -> Node {
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return self.hole(Span::new(self.end, self.end));
        }
        self.depth += 1;
        let left = self.operand();
        let node = self.operators(left, min);
        self.depth -= 1;
        node
    }

    /// Reads operators and right sides behind a left side.
    fn operators(&mut self, mut left: Node, min: u8) -> Node {
        loop {
            let op = match self.token.kind {
                Kind::Op(op) => op,
                Kind::Assign => {
                    self.fault(hints::single_equals(self.token.span));
                    BinaryOp::Eq
                }
                Kind::RegexMatch | Kind::RegexNoMatch => {
                    self.unexpected("an operator");
                    BinaryOp::Eq
                }
                Kind::Variable | Kind::Templated if self.dialect != Dialect::Prometheus && min == 0 => {
                    left = self.opaque_behind(left);
                    continue;
                }
                _ => return left,
            };
            if op.precedence() < min {
                return left;
            }
            let op_span = self.bump();
            left = self.right_side(left, op, op_span);
        }
    }

    #[inline(never)]
    fn right_side(&mut self, left: Node, op: BinaryOp, op_span: Span) -> Node {
        let height = left.height;
        let binary = self.left_side(left.expr, op, op_span);
        let precedence = op.precedence();
        let right = self.binary(if op == BinaryOp::Pow { precedence } else { precedence + 1 });
        self.both_sides(binary, height, right)
    }

    /// Begins an operation and reads the modifiers of its operator.
    #[inline(never)]
    fn left_side(&mut self, left: Expr, op: BinaryOp, op_span: Span) -> Box<Binary> {
        if matches!(op, BinaryOp::TrimLower | BinaryOp::TrimUpper) {
            self.used(Feature::Trim, op_span);
        } else if op == BinaryOp::Atan2 {
            self.used(Feature::Atan2, op_span);
        }
        let mut binary = Box::new(Binary {
            op,
            op_span,
            left,
            right: ExprKind::Number(0.0).into(),
            bool_modifier: false,
            matching: None,
            fill: (None, None),
        });
        self.modifiers(&mut binary);
        binary
    }

    #[inline(never)]
    fn both_sides(&mut self, mut binary: Box<Binary>, height: u32, right: Node) -> Node {
        binary.right = right.expr;
        let span = Span::new(binary.left.span.start, binary.right.span.end);
        self.grown(Expr { kind: ExprKind::Binary(binary), span }, height.max(right.height))
    }

    /// Makes a node over others, and sees to it that the tree stays low enough to be walked.
    pub(super) fn grown(&mut self, expr: Expr, below: u32) -> Node {
        if below >= MAX_DEPTH {
            self.too_deep();
            // The tree is given up in pieces no higher than the limit.
            return self.hole(expr.span);
        }
        Node { expr, height: below + 1 }
    }

    /// Reads a variable behind an expression: an operator if an operand follows.
    #[inline(never)]
    fn opaque_behind(&mut self, left: Node) -> Node {
        let span = self.bump();
        let variable = Name { text: self.slice(span).to_owned(), span };
        let mut height = left.height;
        let mut parts = vec![left.expr];
        let mut role = Role::Suffix;
        if self.at_operand() {
            let right = self.binary(1);
            height = height.max(right.height);
            parts.push(right.expr);
            role = Role::Operator;
        }
        let start = parts.first().map_or(span.start, |p| p.span.start);
        let span = Span::new(start, self.end);
        let opaque = Opaque { variable, role, parts };
        self.grown(Expr { kind: ExprKind::Opaque(Box::new(opaque)), span }, height)
    }

    fn at_operand(&self) -> bool {
        match self.token.kind {
            Kind::Number | Kind::Duration | Kind::String | Kind::LeftParen | Kind::LeftBrace | Kind::Variable => true,
            Kind::Op(_) | Kind::Offset => false,
            kind => kind.is_metric_name(),
        }
    }

    /// Reads an operand with the window and modifiers behind it.
    fn operand(&mut self) -> Node {
        let signed = matches!(self.token.kind, Kind::Op(BinaryOp::Add | BinaryOp::Sub));
        let mut node = self.primary();
        while !signed
            && let Kind::LeftBracket | Kind::Offset | Kind::At | Kind::Anchored | Kind::Smoothed = self.token.kind
        {
            node = self.postfix(node);
        }
        node
    }

    /// Each way out is a call: this function stands on the stack once per level of nesting, and so stays small.
    fn primary(&mut self) -> Node {
        match self.token.kind {
            Kind::Op(BinaryOp::Add | BinaryOp::Sub) => self.signed(),
            Kind::LeftParen => self.paren(),
            Kind::Number => self.number(),
            Kind::Duration => self.duration(),
            Kind::String => self.string(),
            Kind::LeftBrace => self.selector(None),
            Kind::Variable => self.variable(),
            Kind::Aggregate(op) => self.aggregate_or_selector(op),
            Kind::Word | Kind::Start | Kind::EndWord | Kind::Step | Kind::Range | Kind::MaxOf | Kind::MinOf => {
                self.call_or_selector()
            }
            Kind::Templated => self.templated(),
            kind if kind.is_metric_name() => self.metric(),
            _ => self.no_operand(),
        }
    }

    fn metric(&mut self) -> Node {
        let name = self.bump();
        self.selector(Some(name))
    }

    #[inline(never)]
    fn no_operand(&mut self) -> Node {
        let span = Span::new(self.end, self.end);
        let mut kind = self.token.kind;
        self.unexpected("an expression");
        // Behind something that is no token, what was meant as the operand may follow.
        while kind == Kind::Unknown {
            // One report stands for a run of such signs.
            let quiet = std::mem::replace(&mut self.faults.quiet, true);
            self.bump();
            self.faults.quiet = quiet;
            kind = self.token.kind;
            if self.at_operand() {
                self.holes += 1;
                return self.primary();
            }
        }
        let stays = matches!(
            kind,
            Kind::End
                | Kind::LeftBracket
                | Kind::RightParen
                | Kind::RightBracket
                | Kind::RightBrace
                | Kind::Comma
                | Kind::Op(_)
        );
        if !stays {
            self.bump();
        }
        self.hole(span)
    }

    #[inline(never)]
    fn signed(&mut self) -> Node {
        let negative = self.token.kind == Kind::Op(BinaryOp::Sub);
        let sign = self.bump();
        let operand = self.binary(SIGN);
        self.with_sign(negative, sign, operand)
    }

    #[inline(never)]
    fn with_sign(&mut self, negative: bool, sign: Span, operand: Node) -> Node {
        let span = Span::new(sign.start, operand.expr.span.end);
        match operand.expr.kind {
            ExprKind::Number(n) => Node::leaf(ExprKind::Number(if negative { -n } else { n }), span),
            _ => {
                let unary = Unary { negative, expr: operand.expr };
                self.grown(Expr { kind: ExprKind::Unary(Box::new(unary)), span }, operand.height)
            }
        }
    }

    #[inline(never)]
    fn paren(&mut self) -> Node {
        let opener = self.bump();
        let inner = self.binary(0);
        self.in_parens(opener, inner)
    }

    #[inline(never)]
    fn in_parens(&mut self, opener: Span, inner: Node) -> Node {
        self.close_paren(opener, "`)` or an operator");
        let span = Span::new(opener.start, self.end);
        self.grown(Expr { kind: ExprKind::Paren(Box::new(inner.expr)), span }, inner.height)
    }

    /// Reads the value of a number token, which is taken.
    pub(super) fn number_value(&mut self) -> (f64, Span) {
        let span = self.bump();
        let text = self.slice(span);
        if text.contains('_') {
            self.used(Feature::Underscores, span);
        }
        let value = literal::number(text).unwrap_or_else(|why| {
            self.fault(hints::bad_value(text, span, why));
            self.holes += 1;
            0.0
        });
        (value, span)
    }

    /// Reads the value of a duration token, which is taken.
    pub(super) fn duration_value(&mut self) -> (crate::units::Duration, Span) {
        let span = self.bump();
        let text = self.slice(span);
        let value = literal::duration(text).unwrap_or_else(|why| {
            self.fault(hints::bad_value(text, span, why));
            self.holes += 1;
            crate::units::Duration::from_secs(1)
        });
        (value, span)
    }

    fn number(&mut self) -> Node {
        let (value, span) = self.number_value();
        Node::leaf(ExprKind::Number(value), span)
    }

    fn duration(&mut self) -> Node {
        let (value, span) = self.duration_value();
        self.used(Feature::DurationAsNumber, span);
        Node::leaf(ExprKind::Seconds(value), span)
    }

    fn string(&mut self) -> Node {
        let span = self.bump();
        Node::leaf(ExprKind::String(literal::unquote(self.slice(span)).text), span)
    }

    /// A variable: a function if arguments follow, a metric if braces or a window do, else a whole expression.
    #[inline(never)]
    fn variable(&mut self) -> Node {
        let span = self.bump();
        match self.token.kind {
            Kind::LeftParen | Kind::By | Kind::Without => self.opaque_call(span),
            Kind::LeftBrace | Kind::LeftBracket | Kind::Offset | Kind::At => self.selector(Some(span)),
            _ => Node::leaf(ExprKind::Variable(self.slice(span).to_owned()), span),
        }
    }

    #[inline(never)]
    fn templated(&mut self) -> Node {
        let span = self.bump();
        match self.token.kind {
            Kind::LeftParen | Kind::By | Kind::Without => self.opaque_call(span),
            _ => self.selector(Some(span)),
        }
    }
}
