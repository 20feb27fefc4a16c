//! Makes text of other people fit to be shown. Knows nothing of findings.

/// Characters of one text that are shown at most.
const MAX: usize = 1_000;

/// Makes what is said one line that a terminal shows as it stands: control characters and those that turn the direction of text are
/// escaped, and of a text of more than 1,000 characters the beginning and the end stay. Names from foreign files stand in messages,
/// whatever they hold and however long they are.
pub fn printable(text: String) -> String {
    if text.len() <= MAX && !text.contains(odd) {
        return text;
    }
    let n = text.chars().count();
    let escaped = |chars: &mut dyn Iterator<Item = char>| -> String {
        chars.fold(String::new(), |mut out, c| {
            if odd(c) {
                out.extend(c.escape_default())
            } else {
                out.push(c)
            }
            out
        })
    };
    if n <= MAX {
        return escaped(&mut text.chars());
    }
    // What is said of a long name stands behind it.
    let start = escaped(&mut text.chars().take(MAX / 2));
    let end = escaped(&mut text.chars().skip(n - MAX / 4));
    format!("{start}…{end}")
}

/// Whether some terminal obeys the character instead of showing it.
fn odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_is_shown_is_one_line_of_bounded_length() {
        assert_eq!(printable("größe `a`".into()), "größe `a`");
        assert_eq!(printable("a\nb\u{1b}[2J\u{202e}c\u{9b}".into()), "a\\nb\\u{1b}[2J\\u{202e}c\\u{9b}");
        let long = printable(format!("name `{}` is unknown", "é".repeat(5_000)));
        assert!(long.starts_with("name `éé") && long.ends_with("éé` is unknown") && long.contains('…'), "{long}");
        assert_eq!(long.chars().count(), 751);
    }
}
