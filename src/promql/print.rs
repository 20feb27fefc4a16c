//! Prints a tree: on one line where it fits, else indented as `promtool promql format` does in spirit.

use std::fmt::{self, Write as _};

use super::ast::{
    At, Binary, BinaryOp, Call, Card, DurationExpr, Edges, Expr, ExprKind, Grouping, MatchOp, Matching, Modifiers,
    Name, Offset, Opaque, Role, Selector, Window,
};
use super::template::is_templated;
use super::token::can_name_metric;

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
    let mut out = String::with_capacity(128);
    put(expr, &mut out);
    out
}

/// Writes an expression on one line.
fn put(expr: &Expr, out: &mut String) {
    match &expr.kind {
        ExprKind::Number(n) => out.push_str(&number(*n)),
        ExprKind::Seconds(d) => {
            let _ = write!(out, "{d}");
        }
        ExprKind::String(s) => put_quoted(s, out),
        ExprKind::Variable(v) => out.push_str(v),
        ExprKind::Selector(s) => put_selector(s, None, out),
        ExprKind::Range(r) => put_selector(&r.selector, Some(&r.window), out),
        ExprKind::Subquery(s) => {
            put_wrapped(matches!(s.expr.kind, ExprKind::Binary(_) | ExprKind::Unary(_)), &s.expr, out);
            let step = s.step.as_ref().map_or_else(String::new, window);
            let _ = write!(out, "[{}:{step}]{}", window(&s.window), modifiers(&s.modifiers));
        }
        ExprKind::Call(c) => {
            out.push_str(c.function);
            out.push('(');
            for (n, argument) in c.arguments.iter().enumerate() {
                if n > 0 {
                    out.push_str(", ");
                }
                put(argument, out);
            }
            out.push(')');
        }
        ExprKind::Aggregate(a) => {
            out.push_str(&head(a.op.word(), &a.grouping));
            out.push('(');
            if let Some(parameter) = &a.parameter {
                put(parameter, out);
                out.push_str(", ");
            }
            put(&a.expr, out);
            out.push(')');
        }
        ExprKind::Binary(b) => {
            let (parens, left) = side(b, &b.left, false);
            put_wrapped(parens, left, out);
            out.push(' ');
            out.push_str(&operator(b));
            out.push(' ');
            let (parens, right) = side(b, &b.right, true);
            put_wrapped(parens, right, out);
        }
        ExprKind::Unary(u) => {
            out.push(if u.negative { '-' } else { '+' });
            put_wrapped(matches!(&u.expr.kind, ExprKind::Binary(b) if b.op != BinaryOp::Pow), &u.expr, out);
        }
        ExprKind::Opaque(o) => out.push_str(&opaque(o)),
        ExprKind::Paren(inner) => put_wrapped(true, inner, out),
    }
}

fn put_wrapped(parens: bool, expr: &Expr, out: &mut String) {
    if parens {
        out.push('(');
    }
    put(expr, out);
    if parens {
        out.push(')');
    }
}

fn opaque(o: &Opaque) -> String {
    let variable = &o.variable.text;
    let parts: Vec<_> = o.parts.iter().map(line).collect();
    match &o.role {
        Role::Function(grouping) => format!("{}({})", head(variable, grouping), parts.join(", ")),
        Role::Operator => parts.join(&format!(" {variable} ")),
        Role::Suffix => format!("{} {variable}", parts.join(" ")),
    }
}

fn pretty(expr: &Expr, indent: usize, out: &mut String) {
    let flat = line(expr);
    if indent + flat.chars().count() <= MAX_LINE {
        out.push_str(&flat);
        return;
    }
    match &expr.kind {
        ExprKind::Call(Call { function, arguments, .. }) => {
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
        ExprKind::Aggregate(a) => {
            let _ = write!(out, "{}(", head(a.op.word(), &a.grouping));
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
        ExprKind::Binary(b) => {
            pretty_side(side(b, &b.left, false), indent, out);
            // A factor or threshold stays beside what it belongs to.
            let scalar = matches!(b.right.kind, ExprKind::Number(_));
            let gap = |out: &mut String| if scalar { out.push(' ') } else { newline(indent, out) };
            gap(out);
            out.push_str(&operator(b));
            gap(out);
            pretty_side(side(b, &b.right, true), indent, out);
        }
        ExprKind::Paren(inner) => pretty_side((true, inner), indent, out),
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
    let inner = match &child.kind {
        ExprKind::Binary(inner) => inner,
        // A sign binds weaker than `^`.
        ExprKind::Unary(_) => return (parent.op == BinaryOp::Pow && !right, child),
        ExprKind::Number(n) => {
            return (parent.op == BinaryOp::Pow && !right && (n.is_sign_negative() || n.is_infinite()), child);
        }
        _ => return (false, child),
    };
    let (p, c) = (parent.op.precedence(), inner.op.precedence());
    if parent.op == BinaryOp::Pow {
        // From the right: `a ^ b ^ c` is `a ^ (b ^ c)`.
        return (c < p || (c == p && !right), child);
    }
    let set = |op: BinaryOp| matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless);
    let parens = if set(parent.op) { parent.op != inner.op || right } else { c < p || (c == p && right) };
    (parens, child)
}

fn operator(b: &Binary) -> String {
    let mut out = b.op.word().to_owned();
    if b.bool_modifier {
        out.push_str(" bool");
    }
    if let Some(Matching { on, labels, card, .. }) = &b.matching {
        let word = if *on { "on" } else { "ignoring" };
        let _ = write!(out, " {word} ({})", list(labels));
        match card {
            Card::OneToOne => {}
            Card::GroupLeft(taken) => {
                let _ = write!(out, " group_left ({})", list(taken));
            }
            Card::GroupRight(taken) => {
                let _ = write!(out, " group_right ({})", list(taken));
            }
        }
    }
    match b.fill {
        (None, None) => {}
        #[allow(clippy::float_cmp)]
        (Some(left), Some(right)) if left == right => {
            let _ = write!(out, " fill ({})", number(left));
        }
        (left, right) => {
            for (word, value) in [("fill_left", left), ("fill_right", right)] {
                if let Some(value) = value {
                    let _ = write!(out, " {word} ({})", number(value));
                }
            }
        }
    }
    out
}

fn head(word: &str, grouping: &Grouping) -> String {
    match grouping {
        Grouping::All => word.to_owned(),
        Grouping::By(labels) => format!("{word} by ({}) ", list(labels)),
        Grouping::Without(labels) => format!("{word} without ({}) ", list(labels)),
    }
}

/// Prints a list of label names.
fn list(names: &[Name]) -> String {
    let mut out = String::new();
    for (n, name) in names.iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        put_label(&name.text, &mut out);
    }
    out
}

/// Quotes a label name where it is not a plain one (UTF-8 names of Prometheus 3). Grafana variables stay as they are.
fn put_label(name: &str, out: &mut String) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(plain)
        || is_templated(name)
    {
        out.push_str(name);
    } else {
        put_quoted(name, out);
    }
}

/// Returns whether a metric name stands in front of the braces; others stand inside of them, quoted.
fn is_plain_metric(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let word = !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(plain);
    word && (name.is_empty() || can_name_metric(name)) || is_templated(name)
}

fn selector(s: &Selector, range: Option<&Window>) -> String {
    let mut out = String::with_capacity(64);
    put_selector(s, range, &mut out);
    out
}

fn put_selector(s: &Selector, range: Option<&Window>, out: &mut String) {
    let plain = is_plain_metric(&s.name);
    if plain {
        out.push_str(&s.name);
    }
    if !plain || s.name.is_empty() || !s.matchers.is_empty() || !s.unknown_matchers.is_empty() {
        out.push('{');
        let mut first = true;
        let mut gap = |out: &mut String| {
            if !std::mem::take(&mut first) {
                out.push_str(", ");
            }
        };
        if !plain {
            gap(out);
            put_quoted(&s.name, out);
        }
        for m in &s.matchers {
            gap(out);
            put_label(&m.label, out);
            out.push_str(match m.op {
                MatchOp::Equal => "=",
                MatchOp::NotEqual => "!=",
                MatchOp::Regex => "=~",
                MatchOp::NotRegex => "!~",
            });
            put_quoted(&m.value, out);
        }
        for m in &s.unknown_matchers {
            gap(out);
            out.push_str(&m.text);
        }
        out.push('}');
    }
    if let Some(range) = range {
        let _ = write!(out, "[{}]", window(range));
    }
    out.push_str(&modifiers(&s.modifiers));
}

fn modifiers(m: &Modifiers) -> String {
    let mut out = String::new();
    match m.edges {
        Some(Edges::Anchored) => out.push_str(" anchored"),
        Some(Edges::Smoothed) => out.push_str(" smoothed"),
        None => {}
    }
    if let Some(offset) = &m.offset {
        let _ = write!(out, " offset {}", offset_length(offset));
    }
    match &m.at {
        Some(At::Time(time)) => {
            let _ = write!(out, " @ {time:.3}");
        }
        Some(At::Start) => out.push_str(" @ start()"),
        Some(At::End) => out.push_str(" @ end()"),
        Some(At::Variable(v)) => {
            let _ = write!(out, " @ {v}");
        }
        None => {}
    }
    out
}

/// Prints the length of an offset. It ends at the first operator unless it begins with a parenthesis or with two signs, so two
/// signs stand before what is computed.
fn offset_length(offset: &Offset) -> String {
    let length = window(&offset.length);
    let computed = matches!(&offset.length, Window::Computed(e) if matches!(**e, DurationExpr::Binary(..)));
    let signs = match (offset.negative, computed) {
        (true, false) => "-",
        (true, true) => "-+",
        (false, true) if length.starts_with('-') => "+",
        (false, true) if !length.starts_with('(') => "++",
        (false, _) => "",
    };
    format!("{signs}{length}")
}

fn window(w: &Window) -> String {
    match w {
        Window::Fixed(d) => d.to_string(),
        Window::Variable(v) => v.clone(),
        Window::Computed(e) => duration(e),
    }
}

fn duration(e: &DurationExpr) -> String {
    match e {
        DurationExpr::Number(n) => number(*n),
        DurationExpr::Length(d) => d.to_string(),
        DurationExpr::Variable(v) => v.clone(),
        DurationExpr::Step => "step()".to_owned(),
        DurationExpr::Range => "range()".to_owned(),
        DurationExpr::Sign(negative, inner) => format!("{}{}", if *negative { "-" } else { "+" }, duration(inner)),
        DurationExpr::Binary(op, a, b) => format!("{} {} {}", duration(a), op.word(), duration(b)),
        DurationExpr::Extreme(max, a, b) => {
            format!("{}({}, {})", if *max { "max_of" } else { "min_of" }, duration(a), duration(b))
        }
        DurationExpr::Paren(inner) => format!("({})", duration(inner)),
    }
}

fn number(n: f64) -> String {
    if n == 0.0 && n.is_sign_negative() {
        "-0".to_owned()
    } else if n.is_nan() {
        "NaN".to_owned()
    } else if n.is_infinite() {
        if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        crate::units::number(n)
    }
}

/// Writes a string in quotes, as Prometheus reads it (Go's escapes).
fn put_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || c == '\u{fffd}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
