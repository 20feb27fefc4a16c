//! Where template variables begin and end in a query: Grafana's `$x`, `${x:csv}`, `[[x]]`, prometheus-adapter's `<<.Series>>` and
//! the `{{ }}` of Helm and Go. Must not interpret them.

/// Whose variables a query may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// None: the query goes to Prometheus as it is.
    #[default]
    Prometheus,
    /// Grafana: `$name`, `${name}`, `${name:format}`, `[[name]]`.
    Grafana,
    /// prometheus-adapter: `<<.Series>>`, `<<.LabelMatchers>>`, `<<.GroupBy>>`.
    Adapter,
}

/// Returns the end of the variable of this dialect that begins at byte `at`, if one does.
pub fn variable(dialect: Dialect, bytes: &[u8], at: usize) -> Option<usize> {
    match dialect {
        Dialect::Prometheus => None,
        Dialect::Grafana => grafana(bytes, at),
        Dialect::Adapter => between(bytes, at, b"<<", b">>"),
    }
}

/// Returns the end of a variable of any kind that begins at byte `at`, for a hint where none is allowed.
pub fn foreign(bytes: &[u8], at: usize) -> Option<usize> {
    grafana(bytes, at).or_else(|| between(bytes, at, b"<<", b">>")).or_else(|| between(bytes, at, b"{{", b"}}"))
}

/// Returns whether a text holds a variable of this dialect.
pub fn holds_variable(dialect: Dialect, text: &str) -> bool {
    let bytes = text.as_bytes();
    dialect != Dialect::Prometheus && (0..bytes.len()).any(|at| variable(dialect, bytes, at).is_some())
}

/// Returns whether a name is a word with template variables inside, of Grafana or prometheus-adapter: such a name is written
/// without quotes.
pub fn is_templated(name: &str) -> bool {
    let bytes = name.as_bytes();
    let (mut at, mut found) = (0, false);
    while at < bytes.len() {
        if let Some(end) = grafana(bytes, at).or_else(|| between(bytes, at, b"<<", b">>")) {
            at = end;
            found = true;
        } else if is_word(bytes[at]) || bytes[at] == b':' {
            at += 1;
        } else {
            return false;
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|b| is_word(*b)) {
        at += 1;
    }
    at
}

fn grafana(bytes: &[u8], at: usize) -> Option<usize> {
    match (bytes.get(at)?, bytes.get(at + 1)?) {
        (b'$', b'{') => {
            let end = word_end(bytes, at + 2);
            if end == at + 2 {
                return None;
            }
            match bytes.get(end)? {
                b'}' => Some(end + 1),
                // A field or a format; neither holds a brace, a quote or a line end.
                b'.' | b':' => {
                    let rest = bytes.get(end..)?.iter().position(|b| matches!(b, b'}' | b'{' | b'"' | b'\n'))?;
                    (bytes.get(end + rest) == Some(&b'}')).then_some(end + rest + 1)
                }
                _ => None,
            }
        }
        (b'$', b) if is_word(*b) => Some(word_end(bytes, at + 1)),
        (b'[', b'[') => {
            let mut end = word_end(bytes, at + 2);
            if end == at + 2 {
                return None;
            }
            if bytes.get(end) == Some(&b':') {
                end = word_end(bytes, end + 1);
            }
            (bytes.get(end) == Some(&b']') && bytes.get(end + 1) == Some(&b']')).then_some(end + 2)
        }
        _ => None,
    }
}

/// Longest template that is looked for, in bytes: keeps the search linear where an end is missing.
const LONGEST: usize = 512;

fn between(bytes: &[u8], at: usize, open: &[u8], close: &[u8]) -> Option<usize> {
    let rest = bytes.get(at..)?;
    if !rest.starts_with(open) {
        return None;
    }
    let rest = &rest[..rest.len().min(LONGEST)];
    // A second opener ends the search too: many openers without an end stay linear.
    let inside = &rest[2..];
    let end = inside.windows(2).position(|w| w == close || w == open)?;
    inside[end..].starts_with(close).then_some(at + end + 4)
}
