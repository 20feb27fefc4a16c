//! Comparing two trees that may differ in the values of some matchers. Knows no label.

use super::ast::{Expr, ExprKind, Matcher, Selector};

impl Expr {
    /// Returns whether both trees are the same but for values of matchers; `same` decides about two matchers of one label and
    /// operator. Where they stand in a query does not matter.
    pub fn is_alike(&self, other: &Self, same: &dyn Fn(&Matcher, &Matcher) -> bool) -> bool {
        let all = |left: &[Self], right: &[Self]| {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| l.is_alike(r, same))
        };
        match (&self.kind, &other.kind) {
            (ExprKind::Selector(l), ExprKind::Selector(r)) => selectors(l, r, same),
            (ExprKind::Range(l), ExprKind::Range(r)) => {
                l.window == r.window && selectors(&l.selector, &r.selector, same)
            }
            (ExprKind::Subquery(l), ExprKind::Subquery(r)) => {
                (&l.window, &l.step, &l.modifiers) == (&r.window, &r.step, &r.modifiers)
                    && l.expr.is_alike(&r.expr, same)
            }
            (ExprKind::Call(l), ExprKind::Call(r)) => l.function == r.function && all(&l.arguments, &r.arguments),
            (ExprKind::Aggregate(l), ExprKind::Aggregate(r)) => {
                (l.op, &l.grouping) == (r.op, &r.grouping)
                    && all(l.parameter.as_slice(), r.parameter.as_slice())
                    && l.expr.is_alike(&r.expr, same)
            }
            (ExprKind::Binary(l), ExprKind::Binary(r)) => {
                (l.op, l.bool_modifier, &l.matching) == (r.op, r.bool_modifier, &r.matching)
                    && l.left.is_alike(&r.left, same)
                    && l.right.is_alike(&r.right, same)
            }
            (ExprKind::Unary(l), ExprKind::Unary(r)) => l.negative == r.negative && l.expr.is_alike(&r.expr, same),
            (ExprKind::Paren(l), ExprKind::Paren(r)) => l.is_alike(r, same),
            (l, r) => l == r,
        }
    }
}

fn selectors(left: &Selector, right: &Selector, same: &dyn Fn(&Matcher, &Matcher) -> bool) -> bool {
    let matchers = left.matchers.iter().zip(&right.matchers);
    left.name == right.name
        && left.modifiers == right.modifiers
        && left.unknown_matchers == right.unknown_matchers
        && left.matchers.len() == right.matchers.len()
        && matchers.into_iter().all(|(l, r)| l.label == r.label && l.op == r.op && (l.value == r.value || same(l, r)))
}
