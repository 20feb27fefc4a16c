//! What stands between an operator and its right side: `bool`, `on (...)`, `group_left (...)`, `fill (...)`.

use super::super::ast::{Binary, BinaryOp, Card, Matching};
use super::super::feature::Feature;
use super::super::hints;
use super::super::token::Kind;
use super::Parser;
use crate::source::Span;

impl Parser<'_> {
    /// Reads the modifiers of an operator that was taken.
    #[inline(never)]
    pub(super) fn modifiers(&mut self, binary: &mut Binary) {
        if self.eat(Kind::Bool) {
            binary.bool_modifier = true;
        }
        if let Kind::On | Kind::Ignoring = self.token.kind {
            let on = self.token.kind == Kind::On;
            let word = self.bump();
            let labels = self.labels(word);
            let card = self.card();
            let span = Span::new(word.start, self.end);
            binary.matching = Some(Matching { on, labels, card, span });
        }
        let mut filled = false;
        while let kind @ (Kind::Fill | Kind::FillLeft | Kind::FillRight) = self.token.kind {
            let span = self.token.span;
            let again = match kind {
                Kind::Fill => filled,
                Kind::FillLeft => binary.fill.0.is_some(),
                _ => binary.fill.1.is_some(),
            };
            if again {
                self.fault(hints::fill_again(self.slice(span), span));
            }
            self.bump();
            self.used(Feature::Fill, span);
            let value = Some(self.fill_value());
            match kind {
                Kind::Fill => binary.fill = (value, value),
                Kind::FillLeft => binary.fill.0 = value,
                _ => binary.fill.1 = value,
            }
            filled = true;
        }
        self.misplaced();
    }

    fn card(&mut self) -> Card {
        let left = match self.token.kind {
            Kind::GroupLeft => true,
            Kind::GroupRight => false,
            _ => return Card::OneToOne,
        };
        let word = self.bump();
        let taken = if self.token.kind == Kind::LeftParen { self.labels(word) } else { Vec::new() };
        if left { Card::GroupLeft(taken) } else { Card::GroupRight(taken) }
    }

    /// Reads `(number)`.
    fn fill_value(&mut self) -> f64 {
        let opener = self.bump();
        let negative = match self.token.kind {
            Kind::Op(BinaryOp::Sub) => true,
            Kind::Op(BinaryOp::Add) => false,
            _ => return self.fill_number(opener, false),
        };
        self.bump();
        self.fill_number(opener, negative)
    }

    fn fill_number(&mut self, opener: Span, negative: bool) -> f64 {
        let value = match self.token.kind {
            Kind::Number => self.number_value().0,
            Kind::Duration => self.duration_value().0.secs_f64(),
            _ => {
                self.holes += 1;
                self.lost_in_parens(opener, "a number");
                return 0.0;
            }
        };
        self.close_paren(opener, "`)`");
        if negative { -value } else { value }
    }

    /// Reports modifiers that stand in a wrong place, and goes over them.
    fn misplaced(&mut self) {
        loop {
            let kind = self.token.kind;
            let labels = matches!(kind, Kind::On | Kind::Ignoring | Kind::GroupLeft | Kind::GroupRight);
            if !labels && kind != Kind::Bool {
                return;
            }
            self.fault(hints::misplaced_modifier(self.slice(self.token.span), kind, self.token.span));
            let word = self.bump();
            if labels && self.token.kind == Kind::LeftParen {
                self.labels(word);
            }
        }
    }
}
