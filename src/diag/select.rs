//! Codes by name or by group, as users write them: `metric/gone`, `metric`, `metric/*`.

use super::{Code, did_you_mean, shorten};

/// A word that names no code and no group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode {
    /// The word, made fit for a message.
    pub word: String,
    /// What to do: the nearest name, or the groups.
    pub help: String,
}

impl UnknownCode {
    /// Returns one line without a final full stop.
    pub fn message(&self) -> String {
        format!("there is no code or group of codes `{}`", self.word)
    }
}

/// Returns the codes that a word names, in the order of the list.
///
/// # Errors
/// The word names none.
pub fn codes_of(word: &str) -> Result<Vec<Code>, UnknownCode> {
    if let Some(code) = Code::from_name(word) {
        return Ok(vec![code]);
    }
    let group = word.strip_suffix("/*").unwrap_or(word);
    let of_group: Vec<Code> = Code::ALL.iter().copied().filter(|c| c.group() == group).collect();
    if !of_group.is_empty() {
        return Ok(of_group);
    }
    let mut groups: Vec<&str> = Code::ALL.iter().map(|c| c.group()).collect();
    groups.sort_unstable();
    groups.dedup();
    // Who forgets the group knows the fault.
    let by_fault = Code::ALL.iter().map(|c| c.name()).find(|n| n.split_once('/').is_some_and(|(_, f)| f == word));
    let near = by_fault.or_else(|| did_you_mean(word, Code::ALL.iter().map(|c| c.name())));
    let help = match near.or_else(|| did_you_mean(group, groups.iter().copied())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the groups are {}", groups.iter().map(|g| format!("`{g}`")).collect::<Vec<_>>().join(", ")),
    };
    Err(UnknownCode { word: shorten(word), help })
}

#[cfg(test)]
mod tests {
    use super::codes_of;
    use crate::diag::Code;

    #[test]
    fn codes_and_groups_are_found_and_slips_are_mended() {
        assert_eq!(codes_of("metric/gone"), Ok(vec![Code::MetricGone]));
        assert_eq!(codes_of("metric"), codes_of("metric/*"));
        assert!(codes_of("metric").is_ok_and(|c| c.len() > 3 && c.iter().all(|c| c.group() == "metric")));
        for (word, near) in
            [("metric/gon", "metric/gone"), ("rate-of-gauge", "promql/rate-of-gauge"), ("prompl", "promql")]
        {
            assert!(codes_of(word).is_err_and(|e| e.help == format!("did you mean `{near}`?")), "{word}");
        }
        assert!(codes_of("zzzzzz").is_err_and(|e| e.help.starts_with("the groups are `")));
        assert!(codes_of("").is_err());
    }
}
