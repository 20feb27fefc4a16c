//! The wording of faults: what was found, what was expected, and a hint for the mistakes that people make. Finds no faults.

use super::ast::{AggregateOp, BinaryOp, Expr, ExprKind};
use super::fault::Fault;
use super::function;
use super::token::{Kind, Token};
use crate::diag::{did_you_mean, shorten};
use crate::source::Span;

/// Returns a text in one line of at most 60 characters.
pub fn short(text: &str) -> String {
    shorten(text)
}

/// Returns a byte at or behind `at` where a character begins.
pub fn char_end(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Nothing to read.
pub fn empty(text: &str) -> Fault {
    Fault::new(Span::new(0, text.len()), "the query is empty", "no expression here")
}

/// A bracket or parenthesis without end.
pub fn unclosed(text: &str, opener: Span) -> Fault {
    let (open, close) = match text.as_bytes().get(opener.start) {
        Some(b'{') => ('{', '}'),
        Some(b'[') => ('[', ']'),
        _ => ('(', ')'),
    };
    Fault::new(opener, format!("`{open}` is never closed"), format!("`{close}` is missing"))
}

/// A string without end.
pub fn unclosed_quote(text: &str, start: usize) -> Fault {
    let quote = text[start..].chars().next().unwrap_or('"');
    let fault = Fault::new(Span::new(start, start + 1), "the string is never closed", format!("`{quote}` is missing"));
    let lines = text[start..].contains('\n') && quote != '`';
    if lines { fault.help("write a string over several lines between backticks") } else { fault }
}

/// An escape that Go does not know.
pub fn bad_escape(text: &str, span: Span, why: &str) -> Fault {
    let escape = text.get(span.range()).unwrap_or_default();
    let fault = Fault::new(span, format!("`{}` is not valid in a string: {why}", short(escape)), "");
    fault.help("write the backslash twice, or put the string between backticks")
}

/// U+FFFD in a string.
pub fn replacement_character(span: Span) -> Fault {
    let fault =
        Fault::new(span, "Prometheus refuses the character U+FFFD in a string", "stands for a broken character");
    fault.help("write `\\ufffd` if it is meant")
}

/// A space that is none for Prometheus.
pub fn strange_space(c: char, span: Span) -> Fault {
    let message = match c {
        '\u{a0}' => "this is a non-breaking space (U+00A0), not a space".to_owned(),
        c => format!("this is an invisible character (U+{:04X}), not a space", c as u32),
    };
    Fault::new(span, message, "often copied from a web page or chat")
        .help("replace it and others like it by a plain space")
}

/// A template variable where none is known.
pub fn foreign_variable(text: &str, span: Span) -> Fault {
    let (whose, help) = if text.starts_with("{{") {
        ("a template", "render the template first; a query of a rule holds none")
    } else if text.starts_with("<<") {
        ("a template of prometheus-adapter", "write the metric or labels themselves")
    } else if text.starts_with("$__") {
        ("a macro of Grafana", "write a fixed length such as `5m`: only Grafana knows this macro")
    } else {
        ("a variable of Grafana", "write the value itself: only Grafana replaces variables")
    };
    Fault::new(span, format!("`{}` is {whose}, which Prometheus does not know", short(text)), "").help(help)
}

/// A number or duration with a wrong shape.
pub fn bad_number(text: &str, span: Span) -> Fault {
    let fault = Fault::new(span, format!("`{}` is neither a number nor a duration", short(text)), "");
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let help = match unit {
        "k" | "K" => "write thousands as `1e3` or out in full",
        "M" => "write minutes as `m`, millions as `1e6`",
        "G" | "B" => "write billions as `1e9`",
        "Ki" | "KiB" => "write `* 1024`",
        "Mi" | "MiB" => "write `* 1024 ^ 2`",
        "Gi" | "GiB" => "write `* 1024 ^ 3`",
        "min" | "mins" | "minute" | "minutes" => "write minutes as `m`",
        "sec" | "secs" | "second" | "seconds" | "S" => "write seconds as `s`",
        "hour" | "hours" | "hr" | "H" => "write hours as `h`",
        "day" | "days" | "D" => "write days as `d`",
        "us" | "ns" => "write at least milliseconds: `1ms`",
        _ if unit.starts_with("e") || unit.starts_with('.') || unit.starts_with('_') => "write digits behind it",
        _ => "put a name that begins with a digit in quotes inside of braces: `{\"name\"}`",
    };
    fault.help(help)
}

/// A number or duration without a value.
pub fn bad_value(text: &str, span: Span, why: &str) -> Fault {
    let fault = Fault::new(span, format!("`{}` is no value: {why}", short(text)), "");
    if text.contains('.') && text.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return fault.help("write whole numbers with a smaller unit, as in `1m30s`");
    }
    fault
}

/// `=` between expressions.
pub fn single_equals(span: Span) -> Fault {
    Fault::new(span, "`=` does not compare expressions", "stands only inside of braces").help("write `==`")
}

/// `==` between label and value.
pub fn double_equals(span: Span) -> Fault {
    Fault::new(span, "`==` does not match labels", "compares expressions").help("write `=`")
}

/// A value without quotes.
pub fn unquoted_value(text: &str, span: Span) -> Fault {
    let help = format!("write `\"{}\"`", short(text));
    Fault::new(span, "the value of a label stands in quotes", "").help(help)
}

/// A label that can be none.
pub fn bad_label(text: &str, span: Span) -> Fault {
    Fault::new(span, format!("{} is no label name", short(text)), "")
}

/// A comma behind the last argument.
pub fn trailing_comma(span: Span) -> Fault {
    Fault::new(span, "no comma may follow the last argument", "").help("remove the comma")
}

/// A function that does not exist.
pub fn unknown_function(name: &str, span: Span) -> Fault {
    let fault = Fault::new(span, format!("there is no function `{}`", short(name)), "");
    let lower = name.to_ascii_lowercase();
    let known = match lower.as_str() {
        "holt_winters" => Some("call it `double_exponential_smoothing`, its name since Prometheus 3.0"),
        "median" => Some("write `quantile(0.5, ...)`, or `quantile_over_time(0.5, ...)` over time"),
        "mean" | "average" => Some("write `avg(...)`"),
        "percentile" => Some("write `quantile(0.99, ...)` or `histogram_quantile(0.99, ...)`"),
        "if" => Some("write a comparison with `and` or `or`; there is no `if`"),
        "coalesce" | "ifnull" | "nvl" => Some("write `a or b`"),
        "not" => Some("write `unless`, or `absent(...)`"),
        "max_over_range" | "increase_over_time" | "rate_over_time" => Some("write `increase(...)` or `rate(...)`"),
        "rollup_rate" | "default_rollup" | "median_over_time" | "range_median" | "label_set" | "label_map"
        | "keep_last_value" => Some("use a function of Prometheus: this one is of MetricsQL"),
        _ => None,
    };
    if let Some(known) = known {
        return fault.help(known);
    }
    if function::function(&lower).is_some() || AggregateOp::ALL.iter().any(|op| op.word() == lower) {
        return fault.help(format!("write it in lower case: `{lower}`"));
    }
    let words = function::names().chain(AggregateOp::ALL.iter().map(|op| op.word()));
    match did_you_mean(name, words) {
        Some(near) => fault.help(format!("write `{near}` if that is meant")),
        None => fault,
    }
}

/// A wrong number of arguments of an aggregation.
pub fn aggregate_arguments(op: AggregateOp, found: usize, span: Span) -> Fault {
    let signature = match op {
        AggregateOp::CountValues => "count_values(\"label\", vector)".to_owned(),
        AggregateOp::Quantile => "quantile(scalar, vector)".to_owned(),
        AggregateOp::LimitRatio => "limit_ratio(ratio, vector)".to_owned(),
        op if op.has_parameter() => format!("{}(count, vector)", op.word()),
        op => format!("{}(vector)", op.word()),
    };
    let wanted = if op.has_parameter() { "two arguments" } else { "one argument" };
    let fault = Fault::new(span, format!("`{}` takes {wanted}, found {found}", op.word()), format!("`{signature}`"));
    match op {
        AggregateOp::Max | AggregateOp::Min if found == 2 => {
            fault.help(format!("write `{}_of(a, b)` for two numbers (experimental)", op.word()))
        }
        AggregateOp::Sum | AggregateOp::Avg | AggregateOp::Count if found == 2 => {
            fault.help("write labels behind `by`: `sum by (label) (vector)`")
        }
        _ => fault,
    }
}

/// Labels that are not in parentheses.
pub fn labels_without_parens(text: &str, word: Span, found: Token) -> Fault {
    let word = text.get(word.range()).unwrap_or_default();
    let found_text = describe(text, found);
    let message = format!("the labels of `{word}` stand in parentheses, found {found_text}");
    Fault::new(found.span, message, "").help(format!("write `{word} (label)`"))
}

/// A second fill of the same side.
pub fn fill_again(word: &str, span: Span) -> Fault {
    Fault::new(span, format!("`{word}` fills a side again"), "").help("keep one")
}

/// A modifier of an operator in a wrong place.
pub fn misplaced_modifier(word: &str, kind: Kind, span: Span) -> Fault {
    let fault = Fault::new(span, format!("`{word}` cannot stand here"), "");
    match kind {
        Kind::Bool => fault.help("write `bool` directly behind the operator: `> bool on (label)`"),
        Kind::GroupLeft | Kind::GroupRight => {
            fault.help(format!("write `on (label) {word}`: it follows `on` or `ignoring`"))
        }
        _ => fault.help("write `on` or `ignoring` once, behind the operator and before `group_left`"),
    }
}

/// A modifier before a window.
pub fn modifier_before_window(word: &str, window: Span) -> Fault {
    let fault = Fault::new(window, format!("the window stands before `{word}`"), "too late here");
    fault.help(format!("write `metric[5m] {word} ...`"))
}

/// A modifier for the second time.
pub fn modifier_again(word: &str, span: Span) -> Fault {
    Fault::new(span, format!("`{word}` stands here for the second time"), "").help("keep one")
}

/// A window behind something that is no selector.
pub fn window_without_selector(expr: &Expr, brackets: &str, span: Span) -> Fault {
    let (what, help) = match &expr.kind {
        ExprKind::Range(_) => ("a range", "write one window".to_owned()),
        ExprKind::Subquery(_) => ("a subquery", "write one window".to_owned()),
        ExprKind::Call(call) if function::takes_range(call.function) => {
            ("a function", format!("put the window inside: `{}(metric{})`", call.function, short(brackets)))
        }
        ExprKind::Number(_) | ExprKind::Seconds(_) => ("a number", "write the window behind a metric".to_owned()),
        ExprKind::String(_) => ("a string", "write the window behind a metric".to_owned()),
        _ => {
            let inner = brackets.trim_start_matches('[').trim_end_matches(']').trim();
            (
                "an expression",
                format!("write `[{}:]` for a subquery, or put the window behind the metric", short(inner)),
            )
        }
    };
    Fault::new(span, format!("a window follows a selector, not {what}"), "").help(help)
}

/// A modifier behind something that is no selector.
pub fn modifier_without_selector(word: &str, expr: &Expr, span: Span) -> Fault {
    let what = match &expr.kind {
        ExprKind::Call(call) => format!("`{}(...)`", call.function),
        ExprKind::Aggregate(a) => format!("`{}(...)`", a.op.word()),
        ExprKind::Paren(_) => "parentheses".to_owned(),
        ExprKind::Subquery(_) => "a subquery".to_owned(),
        ExprKind::Number(_) | ExprKind::Seconds(_) => "a number".to_owned(),
        ExprKind::String(_) => "a string".to_owned(),
        _ => "this expression".to_owned(),
    };
    let fault = Fault::new(span, format!("`{word}` belongs to a selector, not to {what}"), "");
    fault.help(format!("write `{word}` directly behind the metric, its labels and its window"))
}

/// Returns how a token is called in a message.
fn describe(text: &str, token: Token) -> String {
    match token.kind {
        Kind::End => "the end of the query".to_owned(),
        Kind::String => format!("the string {}", short(text.get(token.span.range()).unwrap_or_default())),
        _ => format!("`{}`", short(text.get(token.span.range()).unwrap_or_default())),
    }
}

/// A token that cannot stand where it does. `end` is where the token before it ended.
pub fn unexpected(text: &str, token: Token, end: usize, expected: &str) -> Fault {
    let found = describe(text, token);
    // At the end, the caret stands behind the last token.
    let span = if token.kind == Kind::End { Span::new(end.min(text.len()), end.min(text.len())) } else { token.span };
    let fault = Fault::new(span, format!("expected {expected}, found {found}"), "");
    match hint(text, token, end, expected) {
        Some(help) => fault.help(help),
        None => fault,
    }
}

fn hint(text: &str, token: Token, end: usize, expected: &str) -> Option<String> {
    let word = text.get(token.span.range()).unwrap_or_default();
    let operator = expected.contains("operator");
    let help = match token.kind {
        Kind::Op(BinaryOp::Mul) if text[..end.min(text.len())].ends_with('*') => "write `^` for a power",
        Kind::RightParen if operator => "remove it: nothing is open here",
        Kind::LeftBrace if operator => "write labels directly behind the metric, in one pair of braces",
        Kind::LeftParen if operator => "write an operator between; a metric is not called like a function",
        Kind::By | Kind::Without if operator => "write it behind an aggregation: `sum by (label) (...)`",
        Kind::On | Kind::Ignoring | Kind::GroupLeft | Kind::GroupRight | Kind::Bool if operator => {
            "write it behind the operator: `a / on (label) b`"
        }
        Kind::RegexMatch | Kind::RegexNoMatch if operator => "write a match of labels in braces: `{label=~\"...\"}`",
        Kind::Number | Kind::Duration if expected.contains("quotes") => return Some(format!("write `\"{word}\"`")),
        Kind::Comma if operator => "write an operator; a list stands only in the arguments of a function",
        Kind::String if operator => "write a value in braces behind its label: `{label=\"value\"}`",
        Kind::Op(BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Le | BinaryOp::Ge) if expected.contains("=~") => {
            "compare values of labels with `=`, `!=`, `=~` or `!~` only"
        }
        Kind::Number | Kind::Duration if operator => "write an operator between, or `offset` before a length of time",
        Kind::Word | Kind::MetricWord if operator => match word.to_ascii_lowercase().as_str() {
            "where" | "from" | "select" => "write labels in braces: `metric{label=\"value\"}`; PromQL is not SQL",
            "limit" => "write `limitk(count, ...)` or `topk(count, ...)`; PromQL is not SQL",
            "order" | "sort" => "write `sort(...)` or `sort_desc(...)`; PromQL is not SQL",
            "not" => "write `unless`",
            "xor" => "write `(a or b) unless (a and b)`",
            "is" | "in" | "like" | "matches" | "between" => {
                "write a match of labels in braces, or a comparison of values"
            }
            "default" => "write `or vector(0)`",
            "then" | "else" | "when" | "if" => "write a comparison with `and` or `or`; there is no `if`",
            _ => return None,
        },
        _ => return None,
    };
    Some(help.to_owned())
}

/// What was probably meant by something that is no token.
pub struct Meant {
    /// Bytes that it takes.
    pub length: usize,
    /// The token that it is taken for.
    pub kind: Kind,
    /// What is wrong.
    pub message: String,
    /// Text under the caret.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

/// Says what was meant by the beginning of `rest`, which is no token.
pub fn meant(rest: &str, brace: bool, bracket: bool) -> Meant {
    let say = |length: usize, kind: Kind, message: &str, help: &str| Meant {
        length,
        kind,
        message: message.to_owned(),
        label: String::new(),
        help: (!help.is_empty()).then(|| help.to_owned()),
    };
    let first = rest.chars().next().unwrap_or(' ');
    if let Some(close) = closing_quote(first) {
        let end = quoted_length(rest, close);
        return say(end, Kind::Unknown, "typographic quotes do not quote a string", "write `\"`");
    }
    if brace {
        return in_braces(rest, first);
    }
    let pairs: [(&str, BinaryOp, &str); 7] = [
        ("===", BinaryOp::Eq, "=="),
        ("&&", BinaryOp::And, "and"),
        ("||", BinaryOp::Or, "or"),
        ("<>", BinaryOp::Ne, "!="),
        ("**", BinaryOp::Pow, "^"),
        ("&", BinaryOp::And, "and"),
        ("|", BinaryOp::Or, "or"),
    ];
    if !bracket {
        for (wrong, op, right) in pairs {
            if rest.starts_with(wrong) {
                let message = format!("`{wrong}` is no operator of PromQL");
                return say(wrong.len(), Kind::Op(op), &message, &format!("write `{right}`"));
            }
        }
    }
    match first {
        '=' if rest.starts_with("=~") => {
            let help = "write a match of labels in braces: `{label=~\"...\"}`";
            say(2, Kind::Op(BinaryOp::Eq), "`=~` does not compare expressions", help)
        }
        '!' if rest.starts_with("!~") => {
            let help = "write a match of labels in braces: `{label!~\"...\"}`";
            say(2, Kind::Op(BinaryOp::Ne), "`!~` does not compare expressions", help)
        }
        '!' => say(1, Kind::Unknown, "`!` is no operator of PromQL", "write `unless`, `!=` or `absent(...)`"),
        '/' => say(
            rest.find('\n').unwrap_or(rest.len()),
            Kind::Unknown,
            "`//` is no operator of PromQL",
            "write a comment behind `#`",
        ),
        ';' => say(1, Kind::Unknown, "`;` does not end a query", "remove it"),
        '{' => say(2, Kind::Unknown, "`{{` opens no labels", "write one brace"),
        '[' => say(1, Kind::Unknown, "a window cannot stand in a window", "close the first one with `]`"),
        ']' => say(1, Kind::Unknown, "`]` closes nothing", "remove it"),
        '}' => say(1, Kind::Unknown, "`}` closes nothing", "remove it"),
        ':' if bracket => {
            say(1, Kind::Unknown, "`:` cannot stand here", "write a window as `[range]` or `[range:step]`")
        }
        _ if bracket => {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let word = &rest[..length.max(first.len_utf8())];
            let message = format!("`{}` is no length of time", short(word));
            say(word.len(), Kind::Unknown, &message, "write a length such as `5m`")
        }
        c => character(c, rest),
    }
}

/// Returns how far a text in typographic quotes goes: to its end, or over the quotes that begin it if that is not near.
fn quoted_length(rest: &str, close: char) -> usize {
    const NEAR: usize = 200;
    let mut inside = false;
    for (at, c) in rest.char_indices() {
        if at > NEAR || c == '\n' {
            break;
        }
        if inside && (c == close || c == '"') {
            return at + c.len_utf8();
        }
        inside |= closing_quote(c).is_none();
    }
    rest.find(|c: char| closing_quote(c).is_none()).unwrap_or(rest.len())
}

fn in_braces(rest: &str, first: char) -> Meant {
    let digits = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.')).unwrap_or(rest.len());
    let (length, message, help) = match first {
        '{' => (1, "`{` cannot stand inside of braces".to_owned(), "close the first one with `}`".to_owned()),
        '!' => (1, "`!` alone matches nothing".to_owned(), "write `!=` or `!~`".to_owned()),
        c if c.is_numeric() => {
            let word = &rest[..digits.max(c.len_utf8())];
            (
                word.len(),
                format!("`{}` cannot stand here", short(word)),
                format!("put it in quotes: `\"{}\"`", short(word)),
            )
        }
        '[' | ']' | '(' | ')' => {
            (1, format!("`{first}` cannot stand inside of braces"), "close the braces with `}` first".to_owned())
        }
        ';' => (1, "matchers are parted by commas".to_owned(), "write `,`".to_owned()),
        '&' => (
            rest.len() - rest.trim_start_matches('&').len(),
            "matchers are parted by commas".to_owned(),
            "write `,`".to_owned(),
        ),
        ':' => (1, "`:` does not match labels".to_owned(), "write `=`, `!=`, `=~` or `!~`".to_owned()),
        '-' | '.' | '/' => (
            1,
            format!("`{first}` cannot stand in a label name"),
            "put the name in quotes: `{\"my-label\"=\"value\"}`".to_owned(),
        ),
        '<' | '>' => (1, format!("`{first}` does not match labels"), "write `=`, `!=`, `=~` or `!~`".to_owned()),
        c => {
            let character = character(c, rest);
            return character;
        }
    };
    Meant { length, kind: Kind::Unknown, message, label: String::new(), help: Some(help) }
}

fn character(c: char, rest: &str) -> Meant {
    let length = rest.find(|c: char| c.is_ascii()).filter(|n| *n > 0).unwrap_or(c.len_utf8());
    let length = if c.is_ascii() { 1 } else { length.max(c.len_utf8()) };
    let what = rest.get(..length).unwrap_or_default();
    let what: String = if c.is_control() { short(what) } else { what.chars().take(20).collect() };
    let help = match c {
        '\u{2013}' | '\u{2014}' | '\u{2212}' => Some("write `-`"),
        '\u{d7}' => Some("write `*`"),
        '\u{f7}' => Some("write `/`"),
        '\u{2264}' => Some("write `<=`"),
        '\u{2265}' => Some("write `>=`"),
        '\u{2260}' => Some("write `!=`"),
        c if c.is_alphabetic() => Some("put a name with such letters in quotes inside of braces: `{\"name\"}`"),
        _ => None,
    };
    Meant {
        length,
        kind: Kind::Unknown,
        message: format!("`{what}` is no part of PromQL"),
        label: String::new(),
        help: help.map(str::to_owned),
    }
}

fn closing_quote(open: char) -> Option<char> {
    match open {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => Some('\u{201d}'),
        '\u{2018}' | '\u{2019}' | '\u{201a}' => Some('\u{2019}'),
        '\u{ab}' => Some('\u{bb}'),
        _ => None,
    }
}
