//! Prints a tree: on one line where it fits, else indented as `promtool promql format` does in spirit.

use std::fmt::{self, Write as _};

use super::ast::{Aggregate, Binary, BinaryOp, Call, Card, Expr, Grouping, MatchOp, Matching, Selector, Window};

/// Longest expression that is printed on one line, in characters.
const MAX_LINE: usize = 100;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(self))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&selector(self, None))
    }
}

impl Expr {
    /// Prints over several lines where one line would be longer than 100 characters.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        pretty(self, 0, &mut out);
        out
    }
}

fn line(expr: &Expr) -> String {
    match expr {
        Expr::Number(n) => number(*n),
        Expr::String(s) => quote(s),
        Expr::Selector(s) => selector(s, None),
        Expr::Range(r) => selector(&r.selector, Some(&r.window)),
        Expr::Call(c) => format!("{}({})", c.function, c.arguments.iter().map(line).collect::<Vec<_>>().join(", ")),
        Expr::Aggregate(a) => {
            let parameter = a.parameter.as_ref().map_or_else(String::new, |p| format!("{}, ", line(p)));
            format!("{}({parameter}{})", head(a), line(&a.expr))
        }
        Expr::Binary(b) => {
            let (left, right) = (side(b, &b.left, false), side(b, &b.right, true));
            let wrap = |(parens, e): (bool, &Expr)| if parens { format!("({})", line(e)) } else { line(e) };
            format!("{} {} {}", wrap(left), operator(b), wrap(right))
        }
    }
}

fn pretty(expr: &Expr, indent: usize, out: &mut String) {
    let flat = line(expr);
    if indent + flat.chars().count() <= MAX_LINE {
        out.push_str(&flat);
        return;
    }
    match expr {
        Expr::Call(Call { function, arguments }) => {
            let _ = write!(out, "{function}(");
            for (n, argument) in arguments.iter().enumerate() {
                newline(indent + 2, out);
                pretty(argument, indent + 2, out);
                if n + 1 < arguments.len() {
                    out.push(',');
                }
            }
            newline(indent, out);
            out.push(')');
        }
        Expr::Aggregate(a) => {
            let _ = write!(out, "{}(", head(a));
            if let Some(parameter) = &a.parameter {
                newline(indent + 2, out);
                pretty(parameter, indent + 2, out);
                out.push(',');
            }
            newline(indent + 2, out);
            pretty(&a.expr, indent + 2, out);
            newline(indent, out);
            out.push(')');
        }
        Expr::Binary(b) => {
            pretty_side(side(b, &b.left, false), indent, out);
            // A factor or threshold stays beside what it belongs to.
            let scalar = matches!(b.right, Expr::Number(_));
            let gap = |out: &mut String| if scalar { out.push(' ') } else { newline(indent, out) };
            gap(out);
            out.push_str(&operator(b));
            gap(out);
            pretty_side(side(b, &b.right, true), indent, out);
        }
        _ => out.push_str(&flat),
    }
}

fn pretty_side((parens, expr): (bool, &Expr), indent: usize, out: &mut String) {
    if !parens {
        pretty(expr, indent, out);
        return;
    }
    let flat = line(expr);
    if indent + flat.chars().count() + 2 <= MAX_LINE {
        let _ = write!(out, "({flat})");
        return;
    }
    out.push('(');
    newline(indent + 2, out);
    pretty(expr, indent + 2, out);
    newline(indent, out);
    out.push(')');
}

fn newline(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Returns whether an operand needs parentheses. Operators of one precedence group from the left; a mix of `and`, `or` and
/// `unless`, and of comparisons, is always spelled out for the reader.
fn side<'a>(parent: &Binary, child: &'a Expr, right: bool) -> (bool, &'a Expr) {
    let Expr::Binary(inner) = child else { return (false, child) };
    let (p, c) = (parent.op.precedence(), inner.op.precedence());
    let set = |op: BinaryOp| matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless);
    let parens = if set(parent.op) { parent.op != inner.op || right } else { c < p || (c == p && right) };
    (parens, child)
}

fn operator(b: &Binary) -> String {
    let mut out = b.op.word().to_owned();
    if b.bool_modifier {
        out.push_str(" bool");
    }
    if let Some(Matching { on, labels, card }) = &b.matching {
        let word = if *on { "on" } else { "ignoring" };
        let _ = write!(out, " {word} ({})", labels.join(", "));
        if let Card::GroupLeft(taken) = card {
            let _ = write!(out, " group_left ({})", taken.join(", "));
        }
    }
    out
}

fn head(a: &Aggregate) -> String {
    match &a.grouping {
        Grouping::All => a.op.word().to_owned(),
        Grouping::By(labels) => format!("{} by ({}) ", a.op.word(), labels.join(", ")),
        Grouping::Without(labels) => format!("{} without ({}) ", a.op.word(), labels.join(", ")),
    }
}

fn selector(s: &Selector, window: Option<&Window>) -> String {
    let mut out = s.name.clone();
    if !s.matchers.is_empty() || s.name.is_empty() {
        out.push('{');
        for (n, m) in s.matchers.iter().enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            let op = match m.op {
                MatchOp::Equal => "=",
                MatchOp::NotEqual => "!=",
                MatchOp::Regex => "=~",
                MatchOp::NotRegex => "!~",
            };
            let _ = write!(out, "{}{op}{}", m.label, quote(&m.value));
        }
        out.push('}');
    }
    match window {
        Some(Window::Fixed(d)) => {
            let _ = write!(out, "[{d}]");
        }
        Some(Window::RateInterval) => out.push_str("[$__rate_interval]"),
        None => {}
    }
    if let Some(offset) = s.offset {
        let _ = write!(out, " offset {offset}");
    }
    out
}

fn number(n: f64) -> String {
    if n.is_nan() {
        "NaN".to_owned()
    } else if n.is_infinite() {
        if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        crate::units::number(n)
    }
}

/// Quotes a string as Prometheus reads it (Go's escapes).
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
