//! "Did you mean": the nearest of a list of words, and shortening of hostile text for messages.

/// Returns the candidate nearest to `word`, if it is near enough to be a slip.
///
/// Near enough: at most a third of the letters differ (Damerau-Levenshtein), at least one, or `word` is a prefix of exactly
/// one candidate of at least three letters.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words are not slips; the distance would cost quadratic time.
    if word.is_empty() || word.len() > 128 {
        return None;
    }
    let lower = word.to_lowercase().replace('_', "-");
    let mut best: Option<(usize, &'a str)> = None;
    let mut by_prefix: Vec<&'a str> = Vec::new();
    for candidate in candidates {
        let folded = candidate.to_lowercase().replace('_', "-");
        if lower.len() >= 3 && folded.starts_with(&lower) {
            by_prefix.push(candidate);
        }
        let distance = strsim::damerau_levenshtein(&lower, &folded);
        if best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    match best {
        Some((distance, candidate)) if distance <= (lower.chars().count() / 3).max(1) => Some(candidate),
        _ if by_prefix.len() == 1 => by_prefix.first().copied(),
        _ => None,
    }
}

/// Returns `text` in one printable line of at most 60 characters, for use inside a message.
pub fn shorten(text: &str) -> String {
    const MAX: usize = 60;
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == MAX {
            out.push('…');
            break;
        }
        if c.is_control() || ('\u{200b}'..='\u{202f}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
