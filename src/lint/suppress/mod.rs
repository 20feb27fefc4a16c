//! Suppressions: findings that a comment allows, with a reason, and sometimes for a time.
//!
//! | file | what it does |
//! |---|---|
//! | `allow` | the words of a comment |
//! | `date` | days |
//! | `cover` | what a comment covers |
//!
//! The day is handed in: the library has no clock.

mod allow;
mod cover;
mod date;

pub use date::Date;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diag::{Code, Diagnostic, Suppressed};
use crate::intake::{FileContents, Kind};
use crate::source::{FileId, Place, Sources, Span};
use allow::{Allow, Reach};
use cover::Items;

/// Suppressions of one file that are read.
const MAX: usize = 2_000;

/// The findings of a run after suppression.
#[derive(Debug, Default)]
pub struct Sifted {
    /// What is left, and what is wrong with the suppressions themselves.
    pub findings: Vec<Diagnostic>,
    /// What was allowed.
    pub suppressed: Vec<Suppressed>,
}

/// A suppression at its place.
struct Placed {
    allow: Allow,
    /// What it covers; nothing if nothing follows it.
    span: Option<Span>,
    /// Places of the words for codes.
    words: Vec<Place>,
    until: Option<Place>,
    /// For each word, the number of findings that it allows.
    used: Vec<usize>,
}

/// Takes out the findings that the comments and descriptions of files allow, and adds findings about suppressions that cannot be
/// read, that nothing needs, or whose day lies before `today`. `contents` are those of `files`, in the same order.
pub fn sift(
    sources: &Sources,
    files: &[FileId],
    contents: &[FileContents],
    findings: Vec<Diagnostic>,
    today: Date,
) -> Sifted {
    let mut out = Sifted::default();
    let mut all: BTreeMap<FileId, Vec<Placed>> = BTreeMap::new();
    for (file, content) in files.iter().zip(contents) {
        let placed = placed(sources, *file, content, &mut out.findings);
        if !placed.is_empty() {
            all.insert(*file, placed);
        }
    }
    for finding in findings {
        let place = finding.primary.as_ref().map(|l| l.place);
        let of_file = place.and_then(|p| all.get_mut(&p.file));
        let found = of_file.and_then(|list| covering(list, finding.code, place?));
        match found {
            Some((placed, word)) => {
                placed.used[word] += 1;
                match &placed.allow.until {
                    Some((until, _)) if *until < today => out.findings.push(finding),
                    _ => out.suppressed.push(Suppressed {
                        finding,
                        reason: placed.allow.reason.clone(),
                        in_source: true,
                    }),
                }
            }
            None => out.findings.push(finding),
        }
    }
    for placed in all.into_values().flatten() {
        verdict(&placed, today, &mut out.findings);
    }
    out
}

/// Returns the suppression that is nearest to a finding, and its word: the smallest that covers it.
fn covering(list: &mut [Placed], code: Code, place: Place) -> Option<(&mut Placed, usize)> {
    let word = |p: &Placed| p.allow.codes.iter().position(|(_, codes)| codes.contains(&code));
    let covers = |p: &Placed| match (p.allow.reach, p.span) {
        (Reach::File, _) => Some(usize::MAX),
        (Reach::Item, Some(span)) if span.start <= place.span.start && place.span.start < span.end => {
            Some(span.end - span.start)
        }
        _ => None,
    };
    let fitting = list.iter_mut().filter_map(|p| Some((covers(p)?, word(p)?, p)));
    fitting.min_by_key(|(size, ..)| *size).map(|(_, word, placed)| (placed, word))
}

/// Adds what is wrong with a suppression that can be read.
fn verdict(placed: &Placed, today: Date, findings: &mut Vec<Diagnostic>) {
    for (n, place) in placed.words.iter().enumerate() {
        if placed.used.get(n).is_none_or(|used| *used > 0) {
            continue;
        }
        let named = placed.allow.codes.get(n).map_or(&[][..], |(_, codes)| codes.as_slice());
        let what = match named {
            [one] => format!("`{one}`"),
            _ => "any of these codes".to_owned(),
        };
        let here = match placed.allow.reach {
            Reach::File => "nothing in the file gives",
            Reach::Item if placed.span.is_none() => "nothing follows the comment that could give",
            Reach::Item => "nothing here gives",
        };
        let message = format!("{here} {what}");
        let finding = Diagnostic::new(Code::CheckUnusedSuppression, message, *place, "allowed without need");
        findings.push(finding.help("remove it, or move the comment before the item that has the finding"));
    }
    if let (Some((until, _)), Some(place)) = (&placed.allow.until, placed.until)
        && *until < today
        && placed.used.iter().any(|n| *n > 0)
    {
        let message = format!("the finding was allowed until {until}");
        let finding = Diagnostic::new(Code::CheckSuppressionExpired, message, place, "this day has passed");
        findings.push(finding.help("mend the finding and remove the comment, or allow it longer and say why"));
    }
}

/// Returns the suppressions of a file; what cannot be read is a finding.
fn placed(sources: &Sources, file: FileId, content: &FileContents, findings: &mut Vec<Diagnostic>) -> Vec<Placed> {
    let mut out = Vec::new();
    let Some(source) = sources.get(file) else { return out };
    let mut full = false;
    let mut read = |text: &str, span: &dyn Fn() -> Option<Span>, place: &dyn Fn(Range<usize>) -> Place| {
        if out.len() >= MAX {
            if !std::mem::replace(&mut full, true) {
                let message = format!("the file has more than {MAX} suppressions; the rest is not read");
                let finding = Diagnostic::new(Code::CheckSuppressionInvalid, message, place(0..text.len()), "not read");
                findings.push(finding.help("allow a code for the whole file with `allow-file`"));
            }
            return;
        }
        match allow::parse(text) {
            Ok(allow) => out.push(Placed {
                span: span(),
                words: allow.codes.iter().map(|(at, _)| place(at.clone())).collect(),
                until: allow.until.as_ref().map(|(_, at)| place(at.clone())),
                used: vec![0; allow.codes.len()],
                allow,
            }),
            Err(wrong) if findings.len() < MAX => {
                let finding =
                    Diagnostic::new(Code::CheckSuppressionInvalid, wrong.message, place(wrong.at), wrong.expected);
                findings.push(wrong.help.into_iter().fold(finding, Diagnostic::help));
            }
            Err(_) => {}
        }
    };
    if !content.comments.is_empty() {
        let items = Items::of(source, &content.documents);
        for comment in &content.comments {
            let start = comment.place.span.end.saturating_sub(comment.text.len());
            let place = |at: Range<usize>| Place { file, span: Span::new(start + at.start, start + at.end) };
            read(&comment.text, &|| items.covered(comment), &place);
        }
    }
    for document in &content.documents {
        let Kind::Dashboard(dashboard) = &document.kind else { continue };
        for panel in &dashboard.panels {
            let Some(description) = &panel.description else { continue };
            for range in lines_for_us(description) {
                let place = |at: Range<usize>| description.place(range.start + at.start..range.start + at.end);
                read(&description[range.clone()], &|| Some(panel.place.span), &place);
            }
        }
    }
    out
}

/// Returns the bytes behind `llmobs:` of each line that begins with it; marks of comments and lists before it do not matter.
fn lines_for_us(text: &str) -> Vec<Range<usize>> {
    const WORD: &str = "llmobs:";
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(at) = line.find(WORD)
            && line[..at].chars().all(|c| c.is_whitespace() || "#/<!->*".contains(c))
        {
            let rest = &line[at + WORD.len()..];
            let from = start + at + WORD.len() + (rest.len() - rest.trim_start().len());
            let plain = rest.trim().trim_end_matches("-->").trim_end();
            out.push(from..from + plain.len());
        }
        start += line.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Date, Sifted, sift};
    use crate::diag::{Code, Diagnostic, Sink};
    use crate::intake::{Hint, read};
    use crate::source::{Place, Sources, Span};

    const RULES: &str = "\
groups:
# llmobs: allow metric/gone -- group
- name: g
  rules:
    # llmobs: allow metric/dead, metric/hidden -- item until 2027-01-31
    - record: a
      expr: A
    - record: b
      expr: B # llmobs: allow metric/unknown -- line
    - record: c
      expr: | # llmobs: allow metric/unknown -- block
        C
";

    /// Puts one finding at each place that a needle has.
    fn sifted(name: &str, text: &str, at: &[(&str, Code)], today: &str) -> (Sources, Sifted) {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        let content = read(&sources, file, Hint { named: true }, &mut Sink::default());
        let findings = at.iter().map(|(needle, code)| {
            let start = text.find(needle).expect("a place");
            Diagnostic::new(*code, needle.trim(), Place { file, span: Span::new(start, start + needle.len()) }, "")
        });
        let findings = findings.collect();
        let sifted = sift(&sources, &[file], &[content], findings, Date::parse(today).expect("a day"));
        (sources, sifted)
    }

    fn messages(sifted: &Sifted) -> Vec<(&str, &str)> {
        sifted.findings.iter().map(|d| (d.code.name(), d.message.as_str())).collect()
    }

    #[test]
    fn a_comment_covers_its_item_its_line_or_its_block() {
        let all = [
            ("A\n", Code::MetricDead),
            ("B #", Code::MetricUnknown),
            ("C\n", Code::MetricUnknown),
            ("A\n", Code::MetricGone),
            ("A\n", Code::MetricHidden),
        ];
        let (_, sifted) = sifted("a.yaml", RULES, &all, "2027-01-31");
        assert_eq!(messages(&sifted), []);
        assert_eq!(sifted.suppressed.len(), all.len());
        let reasons: Vec<&str> = sifted.suppressed.iter().map(|s| s.reason.as_str()).collect();
        assert_eq!(reasons, ["item", "line", "block", "group", "item"]);
    }

    #[test]
    fn what_is_outside_stays_and_what_is_unused_is_told() {
        let all = [("B #", Code::MetricDead), ("B #", Code::MetricGone), ("A\n", Code::MetricUnknown)];
        let (sources, sifted) = sifted("a.yaml", RULES, &all, "2027-02-01");
        assert_eq!(
            messages(&sifted),
            [
                ("metric/dead", "B #"),
                ("metric/unknown", "A"),
                ("check/unused-suppression", "nothing here gives `metric/dead`"),
                ("check/unused-suppression", "nothing here gives `metric/hidden`"),
                ("check/unused-suppression", "nothing here gives `metric/unknown`"),
                ("check/unused-suppression", "nothing here gives `metric/unknown`"),
            ]
        );
        for finding in sifted.findings.iter().filter(|d| d.code == Code::CheckUnusedSuppression) {
            let place = finding.primary.as_ref().expect("a place").place;
            let text = &sources.get(place.file).expect("a file").text[place.span.range()];
            assert!(finding.message.contains(&format!("`{text}`")), "{text}");
        }
    }

    #[test]
    fn after_its_day_the_finding_shows_again() {
        let (_, sifted) = sifted("a.yaml", RULES, &[("A\n", Code::MetricDead)], "2027-02-01");
        assert!(messages(&sifted).contains(&("metric/dead", "A")));
        assert!(messages(&sifted).contains(&("check/suppression-expired", "the finding was allowed until 2027-01-31")));
        assert!(sifted.suppressed.is_empty());
    }

    #[test]
    fn panels_allow_in_their_description() {
        let board = r#"{"title": "t", "schemaVersion": 39, "panels": [
            {"type": "stat", "title": "one", "description": "Old.\n<!-- llmobs: allow metric/gone -- kept -->", "targets": [{"expr": "A"}]},
            {"type": "stat", "title": "two", "description": "llmobs: allow metric/gon -- x", "targets": [{"expr": "B"}]}]}"#;
        let (sources, sifted) =
            sifted("a.json", board, &[("\"A\"", Code::MetricGone), ("\"B\"", Code::MetricGone)], "2027-01-01");
        let found = messages(&sifted);
        assert_eq!(
            found,
            [
                ("check/suppression-invalid", "there is no code or group of codes `metric/gon`"),
                ("metric/gone", "\"B\"")
            ]
        );
        assert_eq!(sifted.suppressed.first().map(|s| s.reason.as_str()), Some("kept"));
        let place = sifted.findings[0].primary.as_ref().expect("a place").place;
        assert_eq!(&sources.get(place.file).expect("a file").text[place.span.range()], "metric/gon");
    }

    #[test]
    fn a_file_is_allowed_as_a_whole_and_documents_are_items() {
        let text = "# llmobs: allow-file metric/gone -- all\n# llmobs: allow metric/dead -- first\n---\ngroups:\n- name: a\n  rules:\n  - record: x\n    expr: A\n---\ngroups:\n- name: b\n  rules:\n  - record: y\n    expr: B\n";
        let all = [
            ("A\n", Code::MetricGone),
            ("B\n", Code::MetricGone),
            ("A\n", Code::MetricDead),
            ("B\n", Code::MetricDead),
        ];
        let (_, sifted) = sifted("a.yaml", text, &all, "2027-01-01");
        assert_eq!(messages(&sifted), [("metric/dead", "B")]);
    }
}
