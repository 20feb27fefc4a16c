//! The text of a difference: unified, with three lines of context, as `diff -u` and reviewers write it.

use similar::TextDiff;

/// Longest text that is compared line by line, in bytes; of longer ones only the sizes are told.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Returns the unified diff of two texts, empty when they are equal. `None` is a file that is not there: its side is headed
/// by `/dev/null`.
pub fn unified(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    let (before, after) = (old.unwrap_or_default(), new.unwrap_or_default());
    let head = |text: Option<&str>, side: &str| text.map_or("/dev/null".to_owned(), |_| format!("{side}/{path}"));
    if before.len().max(after.len()) > MAX_BYTES {
        return format!("{path}: {} bytes before, {} bytes after; too large to show\n", before.len(), after.len());
    }
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(3).header(&head(old, "a"), &head(new, "b")).to_string()
}

/// Cuts a diff after a number of lines and says how many follow.
pub fn shortened(diff: &str, n_lines: usize) -> String {
    let rest = diff.lines().count().saturating_sub(n_lines);
    if rest == 0 {
        return diff.to_owned();
    }
    let shown: String = diff.split_inclusive('\n').take(n_lines).collect();
    format!("{shown}… {rest} more lines\n")
}

/// Returns a diff for a terminal: control characters of old files, which could drive it, are replaced, and `colour` adds ANSI
/// codes.
pub fn painted(diff: &str, colour: bool) -> String {
    let mut out = String::new();
    for line in diff.lines() {
        let line = printable(line);
        let code = match line.as_bytes() {
            [b'+', b'+', b'+', b' ', ..] | [b'-', b'-', b'-', b' ', ..] => "1",
            [b'+', ..] => "32",
            [b'-', ..] => "31",
            [b'@', ..] => "36",
            _ => "",
        };
        out.push_str(&if colour && !code.is_empty() { paint(code, &line) } else { line });
        out.push('\n');
    }
    out
}

/// Colours a line by an ANSI code.
pub fn paint(code: &str, line: &str) -> String {
    format!("\u{1b}[{code}m{line}\u{1b}[0m")
}

/// Replaces control characters.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}
