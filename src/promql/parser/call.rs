//! Calls and aggregations, their arguments, and lists of labels.

use super::super::ast::{Aggregate, AggregateOp, Call, Expr, ExprKind, Grouping, Name, Opaque, Role};
use super::super::feature::Feature;
use super::super::function::{Function, function};
use super::super::template::Dialect;
use super::super::token::Kind;
use super::super::{hints, literal};
use super::{Node, Parser};
use crate::source::Span;

impl Parser<'_> {
    /// A word: a function if `(` follows, else a metric.
    #[inline(never)]
    pub(super) fn call_or_selector(&mut self) -> Node {
        let span = self.bump();
        if self.token.kind == Kind::LeftParen { self.call(span) } else { self.selector(Some(span)) }
    }

    #[inline(never)]
    fn call(&mut self, name_span: Span) -> Node {
        let name = self.slice(name_span);
        let found = function(name);
        if let Some(function) = found {
            if function.since.is_some() || function.experimental {
                self.used(Feature::Function(function.name), name_span);
            }
        } else {
            self.fault(hints::unknown_function(name, name_span));
        }
        let (arguments, height) = self.arguments();
        self.called(found, name_span, arguments, height)
    }

    #[inline(never)]
    fn called(&mut self, found: Option<&Function>, name_span: Span, arguments: Vec<Expr>, height: u32) -> Node {
        let span = Span::new(name_span.start, self.end);
        let kind = match found {
            Some(function) => ExprKind::Call(Call { function: function.name, name_span, arguments }),
            None => {
                self.holes += 1;
                self.opaque(name_span, Role::Function(Grouping::All), arguments)
            }
        };
        self.grown(Expr { kind, span }, height)
    }

    fn opaque(&self, span: Span, role: Role, parts: Vec<Expr>) -> ExprKind {
        let variable = Name { text: self.slice(span).to_owned(), span };
        ExprKind::Opaque(Box::new(Opaque { variable, role, parts }))
    }

    /// A variable in the place of a function or aggregation.
    #[inline(never)]
    pub(super) fn opaque_call(&mut self, name: Span) -> Node {
        let before = self.grouping();
        let (parts, height) = self.arguments();
        self.opaque_called(name, before, parts, height)
    }

    #[inline(never)]
    fn opaque_called(&mut self, name: Span, before: Option<Grouping>, parts: Vec<Expr>, height: u32) -> Node {
        let after = self.grouping();
        let grouping = before.or(after).unwrap_or(Grouping::All);
        let kind = self.opaque(name, Role::Function(grouping), parts);
        self.grown(Expr { kind, span: Span::new(name.start, self.end) }, height)
    }

    /// Reads `(a, b)` and returns the arguments and the height of the highest.
    fn arguments(&mut self) -> (Vec<Expr>, u32) {
        let mut arguments = Vec::new();
        let mut height = 0;
        if self.token.kind != Kind::LeftParen {
            self.unexpected("`(` with arguments");
            self.holes += 1;
            return (arguments, height);
        }
        let opener = self.bump();
        if self.eat(Kind::RightParen) {
            return (arguments, height);
        }
        arguments.reserve_exact(1);
        loop {
            self.argument(&mut arguments, &mut height);
            if self.token.kind != Kind::Comma {
                break;
            }
            let comma = self.bump();
            if self.token.kind == Kind::RightParen {
                self.fault(hints::trailing_comma(comma));
                break;
            }
        }
        self.close_paren(opener, "`,`, `)` or an operator");
        (arguments, height)
    }

    fn argument(&mut self, arguments: &mut Vec<Expr>, height: &mut u32) {
        let node = self.binary(0);
        *height = (*height).max(node.height);
        arguments.push(node.expr);
    }

    /// The word of an aggregation: an aggregation if `(`, `by` or `without` follows, else a metric.
    #[inline(never)]
    pub(super) fn aggregate_or_selector(&mut self, op: AggregateOp) -> Node {
        let span = self.bump();
        match self.token.kind {
            Kind::LeftParen | Kind::By | Kind::Without => self.aggregate(op, span),
            _ => self.selector(Some(span)),
        }
    }

    #[inline(never)]
    fn aggregate(&mut self, op: AggregateOp, op_span: Span) -> Node {
        if matches!(op, AggregateOp::LimitK | AggregateOp::LimitRatio | AggregateOp::Group) {
            self.used(Feature::Aggregation(op), op_span);
        }
        let before = self.grouping();
        let (arguments, height) = self.arguments();
        self.aggregated(op, op_span, before, arguments, height)
    }

    #[inline(never)]
    fn aggregated(
        &mut self,
        op: AggregateOp,
        op_span: Span,
        before: Option<Grouping>,
        mut arguments: Vec<Expr>,
        height: u32,
    ) -> Node {
        let grouping = if before.is_some() { before } else { self.grouping() }.unwrap_or(Grouping::All);
        let span = Span::new(op_span.start, self.end);
        let wanted = if op.has_parameter() { 2 } else { 1 };
        if arguments.is_empty() && self.faults.any() {
            // The list of labels before it was lost, or what stands in the parentheses.
            self.faults.spoil();
            return self.hole(span);
        }
        if arguments.len() != wanted {
            self.fault(hints::aggregate_arguments(op, arguments.len(), op_span));
            self.holes += 1;
            let kind = self.opaque(op_span, Role::Function(grouping), arguments);
            return self.grown(Expr { kind, span }, height);
        }
        let Some(expr) = arguments.pop() else { return self.hole(span) };
        let aggregate = Aggregate { op, op_span, parameter: arguments.pop(), expr, grouping };
        self.grown(Expr { kind: ExprKind::Aggregate(Box::new(aggregate)), span }, height)
    }

    /// Reads `by (labels)` or `without (labels)` if it is there.
    fn grouping(&mut self) -> Option<Grouping> {
        let by = match self.token.kind {
            Kind::By => true,
            Kind::Without => false,
            _ => return None,
        };
        let word = self.bump();
        let labels = self.labels(word);
        Some(if by { Grouping::By(labels) } else { Grouping::Without(labels) })
    }

    /// Reads `(a, b)` behind a word such as `by`.
    pub(super) fn labels(&mut self, word: Span) -> Vec<Name> {
        let mut labels = Vec::new();
        if self.token.kind != Kind::LeftParen {
            let fault = hints::labels_without_parens(self.text, word, self.token);
            if self.token.kind == Kind::Unknown {
                self.faults.spoil();
            } else {
                self.fault(fault);
            }
            self.holes += 1;
            // `by le, pod (x)` and `by le (x)`: the names were meant as the list.
            while matches!(self.token.kind, Kind::Word | Kind::String | Kind::Comma) {
                self.bump();
            }
            return labels;
        }
        let opener = self.bump();
        loop {
            match self.token.kind {
                Kind::RightParen => {
                    self.bump();
                    return labels;
                }
                Kind::String => {
                    let span = self.bump();
                    self.used(Feature::QuotedNames, span);
                    let name = literal::unquote(self.slice(span));
                    if name.text.is_empty() || name.lossy {
                        self.fault(hints::bad_label(self.slice(span), span));
                    }
                    labels.push(Name { text: name.text, span });
                }
                Kind::Variable if self.dialect == Dialect::Prometheus => {
                    self.bump();
                }
                kind if kind.is_grouping_label() || kind == Kind::Variable => {
                    let span = self.bump();
                    labels.push(Name { text: self.slice(span).to_owned(), span });
                }
                _ => {
                    self.lost_in_parens(opener, "a label name or `)`");
                    self.holes += 1;
                    return labels;
                }
            }
            if self.token.kind != Kind::RightParen && !self.eat(Kind::Comma) {
                self.lost_in_parens(opener, "`,` or `)`");
                self.holes += 1;
                return labels;
            }
        }
    }
}
