//! Reads a query: a Pratt parser with one token of lookahead that finds every fault in one run.
//!
//! It accepts what Prometheus's grammar accepts with every experimental feature on; types are checked by `check`. Nothing here
//! knows metrics, releases or files.

mod call;
mod expr;
mod length;
mod modifier;
mod selector;

use super::ast::{Expr, ExprKind};
use super::fault::{Fault, Faults};
use super::feature::Feature;
use super::lex::Lexer;
use super::template::Dialect;
use super::token::{Kind, Token};
use super::{check, hints};
use crate::source::Span;

/// Deepest nesting of expressions, also of chains such as `a + b + c`.
pub const MAX_DEPTH: u32 = 500;

/// Longest query, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// How a query is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whose template variables it may hold.
    pub dialect: Dialect,
}

/// What reading a query gives.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; `None` if a fault leaves a part of it unknown. With faults of types only, the tree is there.
    pub expr: Option<Expr>,
    /// Every fault, in the order of the query. Prometheus accepts the query exactly if there is none.
    pub faults: Vec<Fault>,
    /// Parts of the language that not every Prometheus knows, in the order of the query.
    pub uses: Vec<(Feature, Span)>,
}

/// Reads a query.
pub fn parse(text: &str, options: &Options) -> Parsed {
    if text.len() > MAX_BYTES {
        let fault = Fault::new(Span::new(0, 1), "the query is longer than 1 MiB", "too long to be read");
        return Parsed { expr: None, faults: vec![fault], uses: Vec::new() };
    }
    let mut parser = Parser::new(text, options.dialect);
    let expr = parser.query();
    if !parser.stopped
        && !parser.faults.cut
        && let Some(expr) = &expr
    {
        check::check(expr, options.dialect, &mut parser.faults);
    }
    let whole = parser.holes == 0 && !parser.stopped;
    parser.uses.sort_by_key(|(_, span)| *span);
    Parsed { expr: expr.filter(|_| whole), faults: parser.faults.into_sorted(), uses: parser.uses }
}

/// An expression and the height of its tree.
struct Node {
    expr: Expr,
    height: u32,
}

impl Node {
    fn leaf(kind: ExprKind, span: Span) -> Self {
        Self { expr: Expr { kind, span }, height: 1 }
    }
}

struct Parser<'a> {
    text: &'a str,
    dialect: Dialect,
    lexer: Lexer<'a>,
    /// The next token.
    token: Token,
    /// End of the last token that was taken.
    end: usize,
    faults: Faults,
    uses: Vec<(Feature, Span)>,
    depth: u32,
    /// Parts of the tree that are not known because of a fault.
    holes: usize,
    /// Start of the value of the matcher that is read.
    value_start: usize,
    /// Whether reading was given up.
    stopped: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Self {
        let mut lexer = Lexer::new(text, dialect);
        let mut faults = Faults::default();
        let token = lexer.next(&mut faults);
        Self {
            text,
            dialect,
            lexer,
            token,
            end: 0,
            faults,
            uses: Vec::new(),
            depth: 0,
            holes: 0,
            value_start: 0,
            stopped: false,
        }
    }

    /// Takes the next token.
    fn bump(&mut self) -> Span {
        let span = self.token.span;
        self.end = span.end;
        self.token = self.lexer.next(&mut self.faults);
        span
    }

    /// Takes the next token if it is of this kind.
    fn eat(&mut self, kind: Kind) -> bool {
        let yes = self.token.kind == kind;
        if yes {
            self.bump();
        }
        yes
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    fn used(&mut self, feature: Feature, span: Span) {
        self.uses.push((feature, span));
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Stands where a fault leaves an expression unknown.
    fn hole(&mut self, span: Span) -> Node {
        self.holes += 1;
        Node::leaf(ExprKind::Variable(String::new()), span)
    }

    /// Reports that the next token is not what must stand here.
    fn unexpected(&mut self, expected: &str) {
        // What is missing at the end after a fault is mostly missing because of it.
        if self.token.kind == Kind::Unknown || self.token.kind == Kind::End && self.faults.any() {
            self.faults.spoil();
        } else {
            let fault = hints::unexpected(self.text, self.token, self.end, expected);
            self.fault(fault);
        }
    }

    /// Skips, without further reports, to the parenthesis that closes the one that is open, or to the end. Returns whether
    /// there is one.
    fn skip_to_close(&mut self) -> bool {
        let mut open = 0usize;
        let quiet = std::mem::replace(&mut self.faults.quiet, true);
        self.lexer.leave();
        loop {
            match self.token.kind {
                Kind::End => break,
                Kind::RightParen if open == 0 => break,
                Kind::RightParen => open -= 1,
                Kind::LeftParen => open += 1,
                _ => {}
            }
            self.bump();
        }
        self.faults.quiet = quiet;
        self.token.kind == Kind::RightParen
    }

    /// Takes `)`; reports the opener if nothing closes it.
    fn close_paren(&mut self, opener: Span, expected: &str) {
        if !self.eat(Kind::RightParen) {
            self.lost_in_parens(opener, expected);
        }
    }

    /// Reports what cannot stand in parentheses, and goes behind them; if they have no end, that is what is reported.
    fn lost_in_parens(&mut self, opener: Span, expected: &str) {
        if self.stopped {
            return;
        }
        if self.token.kind == Kind::End {
            if self.faults.cut {
                self.faults.spoil();
            } else {
                self.fault(hints::unclosed(self.text, opener));
            }
            return;
        }
        self.unexpected(expected);
        if self.skip_to_close() {
            self.bump();
        }
    }

    /// Gives up: what is nested deeper is not read.
    fn too_deep(&mut self) {
        if self.stopped {
            return;
        }
        let span = self.token.span;
        let message = format!("the query is nested deeper than {MAX_DEPTH} levels");
        self.fault(Fault::new(span, message, "not read from here on").help("split it into recording rules"));
        self.stopped = true;
        self.holes += 1;
        self.faults.quiet = true;
        self.lexer.stop();
        self.token = Token { kind: Kind::End, span: Span::new(self.text.len(), self.text.len()) };
    }
}
