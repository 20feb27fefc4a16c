//! The compiled-in index of names: which built-in profiles list a name, without reading any of them.
//!
//! A test makes it from the profiles and holds it fresh.

use std::collections::{BTreeMap, BTreeSet};

use super::builtin::INDEX;
use super::{BUILTIN, Profile};

/// Returns the built-in profiles that list a name, sorted; empty if none does.
pub fn profiles_with(name: &str) -> impl Iterator<Item = &'static str> {
    line(INDEX, name).unwrap_or_default().split(' ').filter(|p| !p.is_empty())
}

/// Returns what stands behind the tab in the line of a name. The lines must be sorted by name.
fn line<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let bytes = text.as_bytes();
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = bytes[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1).max(low);
        let end = bytes[middle..].iter().position(|b| *b == b'\n').map_or(text.len(), |i| middle + i);
        let (found, profiles) = text.get(start..end)?.split_once('\t')?;
        match found.cmp(name) {
            std::cmp::Ordering::Equal => return Some(profiles),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Makes the text of the index. `read` gives a built-in profile.
pub fn make(mut read: impl FnMut(&str) -> Option<Profile>) -> String {
    let mut names: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for builtin in BUILTIN {
        let Some(profile) = read(builtin.name) else { continue };
        for name in profile.by_name.into_keys() {
            names.entry(name).or_default().insert(builtin.name);
        }
    }
    let lines = names.iter().map(|(name, profiles)| {
        let profiles: Vec<&str> = profiles.iter().copied().collect();
        format!("{name}\t{}\n", profiles.join(" "))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn finds_every_line_and_nothing_else() {
        let text = "a\tx\nab\tx y\nb:c\tz\nzz\tx\n";
        for (name, expected) in [
            ("a", Some("x")),
            ("ab", Some("x y")),
            ("b:c", Some("z")),
            ("zz", Some("x")),
            ("", None),
            ("aa", None),
            ("b", None),
            ("zzz", None),
        ] {
            assert_eq!(line(text, name), expected, "{name}");
        }
        assert_eq!(line("", "a"), None);
    }
}
