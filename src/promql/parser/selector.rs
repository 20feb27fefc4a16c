//! Selectors: a metric name and the matchers in braces.

use super::super::ast::BinaryOp;
use super::super::ast::{ExprKind, MatchOp, Matcher, Name, Selector};
use super::super::fault::Fault;
use super::super::feature::Feature;
use super::super::template::{Dialect, holds_variable};
use super::super::token::Kind;
use super::super::{hints, literal, regex};
use super::{Node, Parser};
use crate::source::Span;

/// The label that holds the name of the metric.
const NAME: &str = "__name__";

impl Parser<'_> {
    /// Reads the rest of a selector whose name, if any, was taken.
    #[inline(never)]
    pub(super) fn selector(&mut self, name: Option<Span>) -> Node {
        let mut selector = Selector::default();
        if let Some(span) = name {
            self.slice(span).clone_into(&mut selector.name);
            selector.name_span = span;
        }
        let start = name.map_or(self.token.span.start, |n| n.start);
        if self.token.kind == Kind::LeftBrace {
            self.matchers(&mut selector);
        }
        Node::leaf(ExprKind::Selector(selector), Span::new(start, self.end))
    }

    fn matchers(&mut self, selector: &mut Selector) {
        let opener = self.bump();
        // Quoted metric names.
        let mut names: Vec<Matcher> = Vec::new();
        loop {
            match self.token.kind {
                Kind::RightBrace => {
                    self.bump();
                    break;
                }
                Kind::String => self.quoted(selector, &mut names),
                Kind::Word | Kind::Templated | Kind::Variable => self.labelled(selector),
                _ => {
                    self.lost_in_braces(opener, "a label name or `}`");
                    break;
                }
            }
            match self.token.kind {
                Kind::Comma => {
                    self.bump();
                }
                Kind::RightBrace => {}
                _ => {
                    self.lost_in_braces(opener, "`,` or `}`");
                    break;
                }
            }
        }
        self.place_names(selector, names);
    }

    /// Puts quoted names where the tree holds them: as the name of the selector if that says everything.
    fn place_names(&mut self, selector: &mut Selector, mut names: Vec<Matcher>) {
        let alone = names.len() == 1 && selector.name.is_empty() && selector.matchers.iter().all(|m| m.label != NAME);
        // A name that looks like a variable of somebody else's templates is only safe in quotes.
        let foreign: &[char] = match self.dialect {
            Dialect::Prometheus => &['$', '<', '[', '{', '\u{fffd}'],
            Dialect::Grafana => &['<'],
            Dialect::Adapter => &['$', '['],
        };
        let plain = names.first().is_some_and(|n| !n.value.is_empty() && !n.value.contains(foreign));
        if alone
            && plain
            && let Some(name) = names.pop()
        {
            selector.name = name.value;
            selector.name_span = name.span;
        } else {
            selector.matchers.extend(names);
        }
    }

    /// A string in braces: a metric name, or a label name if an operator follows.
    fn quoted(&mut self, selector: &mut Selector, names: &mut Vec<Matcher>) {
        let span = self.bump();
        self.used(Feature::QuotedNames, span);
        let text = literal::unquote(self.slice(span)).text;
        match self.token.kind {
            Kind::Comma | Kind::RightBrace => {
                names.push(Matcher { label: NAME.to_owned(), op: MatchOp::Equal, value: text, span, value_span: span })
            }
            _ => self.matcher(selector, text, span),
        }
    }

    /// A word in braces: a label name, or a variable that stands for matchers.
    fn labelled(&mut self, selector: &mut Selector) {
        let templated = self.token.kind != Kind::Word;
        let span = self.bump();
        let text = self.slice(span).to_owned();
        if templated && matches!(self.token.kind, Kind::Comma | Kind::RightBrace) {
            selector.unknown_matchers.push(Name { text, span });
        } else {
            self.matcher(selector, text, span);
        }
    }

    fn matcher(&mut self, selector: &mut Selector, label: String, label_span: Span) {
        let op = match self.token.kind {
            Kind::Assign => MatchOp::Equal,
            Kind::Op(BinaryOp::Ne) => MatchOp::NotEqual,
            Kind::RegexMatch => MatchOp::Regex,
            Kind::RegexNoMatch => MatchOp::NotRegex,
            Kind::Op(BinaryOp::Eq) => {
                self.fault(hints::double_equals(self.token.span));
                MatchOp::Equal
            }
            _ => {
                self.unexpected("`=`, `!=`, `=~` or `!~`");
                self.holes += 1;
                return;
            }
        };
        self.bump();
        let Some((value, lossy)) = self.matcher_value() else { return };
        let value_span = Span::new(self.value_start, self.end);
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) && !holds_variable(self.dialect, &value) {
            let checked = if lossy { Err("it is not UTF-8".to_owned()) } else { regex::check(&value).map(drop) };
            if let Err(why) = checked {
                let message = format!("the regular expression of `{}` is not valid: {why}", hints::short(&label));
                let fault = Fault::new(value_span, message, "");
                let look = why.contains("no look");
                self.fault(if look { fault.help("write a second matcher with `!~`") } else { fault });
            }
        }
        let span = Span::new(label_span.start, self.end);
        selector.matchers.push(Matcher { label, op, value, span, value_span });
    }

    /// Takes the value of a matcher: its text and whether it is not UTF-8.
    fn matcher_value(&mut self) -> Option<(String, bool)> {
        self.value_start = self.token.span.start;
        match self.token.kind {
            Kind::String => {
                let span = self.bump();
                let value = literal::unquote(self.slice(span));
                Some((value.text, value.lossy))
            }
            Kind::Variable | Kind::Templated if self.dialect != Dialect::Prometheus => {
                let span = self.bump();
                Some((self.slice(span).to_owned(), false))
            }
            Kind::Word | Kind::Templated | Kind::Variable => {
                self.fault(hints::unquoted_value(self.slice(self.token.span), self.token.span));
                let span = self.bump();
                Some((self.slice(span).to_owned(), false))
            }
            Kind::Unknown => {
                self.faults.spoil();
                self.holes += 1;
                self.bump();
                None
            }
            _ => {
                self.unexpected("a value in quotes");
                self.holes += 1;
                None
            }
        }
    }

    /// Reports what cannot stand in braces and goes behind them; if they have no end, that is what is reported.
    fn lost_in_braces(&mut self, opener: Span, expected: &str) {
        self.holes += 1;
        let token = self.token;
        let end = self.end;
        let known = token.kind == Kind::Unknown;
        let quiet = std::mem::replace(&mut self.faults.quiet, true);
        while !matches!(self.token.kind, Kind::RightBrace | Kind::End) {
            self.bump();
        }
        self.faults.quiet = quiet;
        if self.token.kind == Kind::End {
            let cut = std::mem::replace(&mut self.faults.cut, true);
            if cut {
                self.faults.spoil();
                return;
            }
            self.fault(hints::unclosed(self.text, opener));
        } else if known {
            self.faults.spoil();
        } else {
            let fault = hints::unexpected(self.text, token, end, expected);
            self.fault(fault);
        }
        self.eat(Kind::RightBrace);
    }
}
