//! The words of a suppression: `allow CODE[, CODE] -- reason [until 2027-01-31]`.
//!
//! Reads text; must not know where it stands.

use std::ops::Range;

use super::Date;
use crate::diag::{Code, codes_of, did_you_mean, shorten};

/// What a suppression covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What it stands before, or its line.
    Item,
    /// The file.
    File,
}

/// A word and the codes that it names.
pub type Named = (Range<usize>, Vec<Code>);

/// A suppression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// What it covers.
    pub reach: Reach,
    /// Each word for codes: its bytes, and the codes that it names.
    pub codes: Vec<Named>,
    /// Why.
    pub reason: String,
    /// Last day, and its bytes.
    pub until: Option<(Date, Range<usize>)>,
}

/// Why a text is no suppression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The bytes that are wrong.
    pub at: Range<usize>,
    /// One line.
    pub message: String,
    /// What would do.
    pub expected: String,
    /// What to do.
    pub help: Option<String>,
}

fn wrong(at: Range<usize>, message: impl Into<String>, expected: &str) -> Wrong {
    Wrong { at, message: message.into(), expected: expected.to_owned(), help: None }
}

const FORM: &str = "expected `allow CODE[, CODE] -- reason`";

/// Reads what stands behind `llmobs:`. Ranges are bytes of `text`.
///
/// # Errors
/// The first part that is wrong.
pub fn parse(text: &str) -> Result<Allow, Wrong> {
    let end = text.find(|c: char| c.is_whitespace()).unwrap_or(text.len());
    let reach = match &text[..end] {
        "allow" => Reach::Item,
        "allow-file" => Reach::File,
        "" => return Err(wrong(0..0, "a comment for llmobs says nothing", FORM)),
        word => {
            let mut wrong = wrong(0..end, format!("`{}` is no instruction to llmobs", shorten(word)), FORM);
            wrong.help = did_you_mean(word, ["allow", "allow-file"]).map(|near| format!("did you mean `{near}`?"));
            return Err(wrong);
        }
    };
    let Some(dash) = text.find("--") else {
        return Err(wrong(0..text.len(), "the comment allows without a reason", "expected ` -- reason` at the end"));
    };
    let codes = codes(text, end..dash.max(end))?;
    let behind = &text[dash + 2..];
    let reason_at = dash + 2 + (behind.len() - behind.trim_start().len());
    let (reason, until) = until(text, reason_at)?;
    if reason.is_empty() {
        return Err(wrong(
            dash..dash + 2,
            "the comment allows without a reason",
            "expected a reason behind the dashes",
        ));
    }
    Ok(Allow { reach, codes, reason, until })
}

fn codes(text: &str, range: Range<usize>) -> Result<Vec<Named>, Wrong> {
    let list = &text[range.clone()];
    if list.trim().is_empty() {
        let message = "the comment allows no code";
        return Err(wrong(0..range.start, message, "expected a code such as `metric/deprecated` behind it"));
    }
    let mut out = Vec::new();
    let mut at = range.start;
    for part in list.split(',') {
        let word = part.trim();
        let start = at + (part.len() - part.trim_start().len());
        let bytes = start..start + word.len();
        at += part.len() + 1;
        if word.is_empty() {
            return Err(wrong(bytes, "the list of codes has a comma too many", "expected a code"));
        }
        let codes = codes_of(word).map_err(|unknown| Wrong {
            help: Some(unknown.help.clone()),
            ..wrong(bytes.clone(), unknown.message(), "expected a code such as `metric/deprecated`")
        })?;
        if codes.iter().any(|c| ["check", "internal"].contains(&c.group())) {
            let message = format!("`{word}` cannot be allowed by a comment");
            return Err(wrong(bytes, message, "about the check itself"));
        }
        out.push((bytes, codes));
    }
    Ok(out)
}

type Until = Option<(Date, Range<usize>)>;

/// Parts ` until DATE` off the end of a reason. Other words behind `until` belong to the reason.
fn until(text: &str, reason_at: usize) -> Result<(String, Until), Wrong> {
    let reason = text[reason_at..].trim_end();
    let last = reason.char_indices().rfind(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8());
    let word = &reason[last..];
    let before = reason[..last].trim_end();
    let plain = before.strip_suffix("until").filter(|rest| rest.is_empty() || rest.ends_with(char::is_whitespace));
    match plain {
        Some(rest) if word.starts_with(|c: char| c.is_ascii_digit()) => {
            let at = reason_at + last..reason_at + reason.len();
            let date = Date::parse(word).ok_or_else(|| {
                wrong(at.clone(), format!("`{}` is no date", shorten(word)), "expected a day such as `2027-01-31`")
            })?;
            Ok((rest.trim_end().to_owned(), Some((date, at))))
        }
        _ => Ok((reason.to_owned(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Reach, parse};
    use crate::diag::Code;

    #[test]
    fn words_are_read() {
        let allow = parse("allow metric/gone, promql/rate-of-gauge -- old servers until 2027-01-31").expect("reads");
        assert_eq!(allow.reach, Reach::Item);
        assert_eq!(allow.codes, vec![(6..17, vec![Code::MetricGone]), (19..39, vec![Code::RateOfGauge])]);
        assert_eq!(allow.reason, "old servers");
        assert_eq!(allow.until.map(|(d, at)| (d.to_string(), at)), Some(("2027-01-31".to_owned(), 61..71)));
        let allow = parse("allow metric/gone -- old\u{a0}servers until\u{2003}2027-01-31").expect("reads");
        assert_eq!((allow.reason.as_str(), allow.until.is_some()), ("old\u{a0}servers", true));
        let allow = parse("allow-file metric/* -- wait until tomorrow").expect("reads");
        assert_eq!((allow.reach, allow.reason.as_str(), allow.until), (Reach::File, "wait until tomorrow", None));
    }

    #[test]
    fn wrong_words_have_a_place() {
        let cases = [
            ("", ""),
            ("alow metric/gone -- x", "alow"),
            ("allow", "allow"),
            ("allow metric/gone", "allow metric/gone"),
            ("allow -- x", "allow"),
            ("allow metric/gone --", "--"),
            ("allow metric/gone -- until 2027-01-31", "--"),
            ("allow metric/gone -- x until 2027-02-31", "2027-02-31"),
            ("allow metric/gon -- x", "metric/gon"),
            ("allow metric/gone,, metric/dead -- x", ""),
            ("allow check/unused-suppression -- x", "check/unused-suppression"),
        ];
        for (text, part) in cases {
            let wrong = parse(text).expect_err(text);
            assert_eq!(text.get(wrong.at.clone()), Some(part), "{text}: {wrong:?}");
        }
    }
}
