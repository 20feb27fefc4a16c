//! The file of known findings: they are not reported until their text changes or there are more of them.
//!
//! JSON, one line per entry, sorted, so that a merge touches only what changed. An entry knows a finding by file, code and a hash of
//! the text that it is about, not by its line. Reads and writes no file.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::diag::{Code, Diagnostic, Severity, Suppressed};
use crate::source::{FileId, Place, Sources, Span};

/// Version of the format.
const VERSION: u32 = 1;
/// Bytes of a hash that are kept.
const HASH_BYTES: usize = 8;

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    file: String,
    code: String,
    text: String,
}

/// The known findings and how often each is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    counts: BTreeMap<Key, usize>,
}

/// A file of known findings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    findings: Vec<Entry>,
}

/// Bytes before and behind a place that tell it from others of its line.
const AROUND: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    code: String,
    text: String,
    count: usize,
}

/// Returns the hash of the text that a finding is about, without its white space: 16 hexadecimal digits.
pub fn fingerprint(finding: &Diagnostic, sources: &Sources) -> String {
    let place = finding.primary.as_ref().map(|l| l.place);
    let source = place.and_then(|p| Some((p.span, sources.get(p.file)?)));
    let about = source.and_then(|(span, file)| {
        let own = file.text.get(span.range())?;
        if !own.trim().is_empty() {
            return Some(own);
        }
        // A place between two letters is known by its line; of a minified file by what stands around it.
        let start = file.text.get(..span.start)?.rfind('\n').map_or(0, |i| i + 1);
        let line = file.text.get(start..)?.lines().next()?;
        let near = |at: usize| (start..=at).rev().find(|i| file.text.is_char_boundary(*i)).unwrap_or(start);
        let (from, to) = (near(span.start.saturating_sub(AROUND).max(start)), near(span.start + AROUND));
        file.text.get(from..to.min(start + line.len()))
    });
    let mut hash = Sha256::new();
    for (n, word) in about.unwrap_or(&finding.message).split_whitespace().enumerate() {
        hash.update(if n > 0 { " " } else { "" });
        hash.update(word);
    }
    hash.finalize().iter().take(HASH_BYTES).map(|b| format!("{b:02x}")).collect()
}

fn key(finding: &Diagnostic, sources: &Sources, folder: &str) -> Key {
    let file = finding.primary.as_ref().and_then(|l| sources.get(l.place.file)).map_or("", |f| &f.name);
    Key { file: within(file, folder), code: finding.code.name().to_owned(), text: fingerprint(finding, sources) }
}

/// Returns a path as seen from the folder of the baseline, if it lies below it.
pub fn within(path: &str, folder: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let folder = folder.strip_prefix("./").unwrap_or(folder);
    let inside = path.strip_prefix(folder).filter(|_| !folder.is_empty()).and_then(|rest| rest.strip_prefix('/'));
    inside.unwrap_or(path).to_owned()
}

/// Returns whether a finding goes into a baseline. Notes fail no check; what is wrong with the check itself must be mended.
fn counts(finding: &Diagnostic) -> bool {
    finding.severity > Severity::Info && finding.code.group() != "check"
}

impl Baseline {
    /// Makes the baseline of findings: errors and warnings. `folder` is that of its file, as paths of findings are written.
    pub fn of(findings: &[Diagnostic], sources: &Sources, folder: &str) -> Self {
        let mut out = Self::default();
        for finding in findings.iter().filter(|d| counts(d)) {
            *out.counts.entry(key(finding, sources, folder)).or_default() += 1;
        }
        out
    }

    /// Returns the number of findings that it knows.
    pub fn len(&self) -> usize {
        self.counts.values().fold(0, |all, n| all.saturating_add(*n))
    }

    /// Returns whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns its text.
    pub fn print(&self) -> String {
        let entries: Vec<String> = self
            .counts
            .iter()
            .map(|(key, count)| {
                let quoted = |text: &str| serde_json::Value::from(text).to_string();
                let (file, code, text) = (quoted(&key.file), quoted(&key.code), quoted(&key.text));
                format!("    {{ \"file\": {file}, \"code\": {code}, \"text\": {text}, \"count\": {count} }}")
            })
            .collect();
        let list = if entries.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", entries.join(",\n")) };
        format!("{{\n  \"version\": {VERSION},\n  \"findings\": {list}\n}}\n")
    }

    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written =
            serde_json::from_str(text).map_err(|e| e.to_string().split_whitespace().collect::<Vec<_>>().join(" "))?;
        if written.version != VERSION {
            return Err(format!(
                "version {} of the format is not known; this llmobs reads version {VERSION}",
                written.version
            ));
        }
        let mut out = Self::default();
        for Entry { file, code, text, count } in written.findings {
            let known = out.counts.entry(Key { file, code, text }).or_default();
            *known = known.saturating_add(count);
        }
        Ok(out)
    }

    /// Takes out the findings that are known, the first ones of each kind.
    pub fn hide(
        &self,
        findings: Vec<Diagnostic>,
        sources: &Sources,
        folder: &str,
    ) -> (Vec<Diagnostic>, Vec<Suppressed>, Left) {
        let mut left = self.counts.clone();
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for finding in findings {
            let slot = if counts(&finding) { left.get_mut(&key(&finding, sources, folder)) } else { None };
            match slot.filter(|n| **n > 0) {
                Some(n) => {
                    *n -= 1;
                    known.push(Suppressed {
                        finding,
                        reason: "known: it stands in the baseline".to_owned(),
                        in_source: false,
                    });
                }
                None => new.push(finding),
            }
        }
        left.retain(|_, n| *n > 0);
        (new, known, Left { counts: left })
    }
}

/// Entries of a baseline that were not found.
#[derive(Clone, Debug, Default)]
pub struct Left {
    counts: BTreeMap<Key, usize>,
}

impl Left {
    /// Returns a finding for each entry of a file that `checked` accepts. `file` is the baseline itself.
    pub fn stale(&self, checked: &dyn Fn(&str) -> bool, file: FileId, sources: &Sources) -> Vec<Diagnostic> {
        let text = sources.get(file).map_or("", |f| f.text.as_str());
        let lines = lines(text);
        let entries = self.counts.iter().filter(|(key, _)| checked(&key.file));
        entries
            .map(|(key, count)| {
                let what = if Code::from_name(&key.code).is_some() { "" } else { ", a code that llmobs does not have" };
                let n = if *count == 1 { "a known finding".to_owned() } else { format!("{count} known findings") };
                let gone = if *count == 1 { "is" } else { "are" };
                let path = crate::diag::shorten(&key.file);
                let message = format!("{n} in `{path}` {gone} gone: `{}`{what}", crate::diag::shorten(&key.code));
                let start = position(&lines, key);
                let place = Place { file, span: Span::new(start, start + if start > 0 { key.text.len() } else { 0 }) };
                let finding = Diagnostic::new(Code::CheckBaselineStale, message, place, "not found any more");
                finding.help("write the baseline again with `--write-baseline`")
            })
            .collect()
    }
}

/// Returns the lines of a baseline by the hash that each holds, with its first byte, as `print` writes them.
fn lines(text: &str) -> BTreeMap<&str, Vec<(usize, &str)>> {
    const FIELD: &str = "\"text\": \"";
    let mut out: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(at) = line.rfind(FIELD).map(|at| at + FIELD.len())
            && let Some((hash, _)) = line[at..].split_once('"')
        {
            out.entry(hash).or_default().push((start + at, line));
        }
        start += line.len();
    }
    out
}

/// Returns where the hash of an entry stands; 0 if the file is written another way.
fn position(lines: &BTreeMap<&str, Vec<(usize, &str)>>, key: &Key) -> usize {
    let file = serde_json::Value::from(key.file.as_str()).to_string();
    let here = |line: &str| line.contains(&file) && line.contains(&key.code);
    let of_hash = lines.get(key.text.as_str()).into_iter().flatten();
    of_hash.filter(|(_, line)| here(line)).map(|(at, _)| *at).next().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Baseline;
    use crate::diag::{Code, Diagnostic};
    use crate::source::{Place, Sources, Span};

    fn findings(text: &str, at: &[(&str, Code)]) -> (Sources, Vec<Diagnostic>) {
        let mut sources = Sources::default();
        let file = sources.add("svc/rules/a.yaml", text);
        let mut from = 0;
        let findings = at.iter().map(|(needle, code)| {
            let start = from + text[from..].find(needle).expect("a place");
            from = start;
            Diagnostic::new(*code, "x", Place { file, span: Span::new(start, start + needle.len()) }, "")
        });
        let findings = findings.collect();
        (sources, findings)
    }

    #[test]
    fn lines_and_white_space_do_not_matter_and_text_does() {
        let before = [("sum( a )", Code::MetricGone), ("b", Code::MetricGone), ("c", Code::AverageOfQuantiles)];
        let (sources, known) = findings("sum( a )\nb\nc", &before);
        let baseline = Baseline::of(&known, &sources, "svc");
        assert_eq!(baseline.len(), 3);
        assert!(baseline.print().contains(r#"    { "file": "rules/a.yaml", "code": "metric/gone", "text": ""#));
        assert_eq!(Baseline::parse(&baseline.print()), Ok(baseline.clone()));
        let after = [
            ("sum(\n a )", Code::MetricGone),
            ("d", Code::MetricGone),
            ("c", Code::AverageOfQuantiles),
            ("c", Code::AverageOfQuantiles),
        ];
        let (sources, now) = findings("x\n\nsum(\n a )\nd\nc c", &after);
        let (new, hidden, left) = baseline.hide(now, &sources, "svc");
        let texts = |list: Vec<&Diagnostic>| -> Vec<String> {
            let place = |d: &Diagnostic| d.primary.as_ref().expect("a place").place;
            list.into_iter()
                .map(|d| sources.get(place(d).file).expect("a file").text[place(d).span.range()].to_owned())
                .collect()
        };
        assert_eq!(texts(new.iter().collect()), ["d", "c"], "another text, and one more of a known one");
        assert_eq!(texts(hidden.iter().map(|s| &s.finding).collect()), ["sum(\n a )", "c"]);
        let mut sources = sources.clone();
        let file = sources.add("base.json", baseline.print());
        let stale = left.stale(&|f| f == "rules/a.yaml", file, &sources);
        assert_eq!(stale.len(), 1);
        assert_eq!(stale[0].message, "a known finding in `rules/a.yaml` is gone: `metric/gone`");
        let at = stale[0].primary.as_ref().expect("a place").place.span;
        assert_eq!(at.end - at.start, 16);
        assert!(left.stale(&|_| false, file, &sources).is_empty());
    }

    #[test]
    fn notes_are_no_debt_and_bad_files_say_why() {
        let (sources, notes) = findings("a", &[("a", Code::SignalMissing), ("a", Code::CheckUnusedSuppression)]);
        let empty = Baseline::of(&notes, &sources, "");
        assert!(empty.is_empty());
        assert_eq!(Baseline::parse(&empty.print()), Ok(empty));
        for (text, expected) in [
            ("", "EOF while parsing"),
            ("{\"version\": 2, \"findings\": []}", "version 2"),
            ("{\"version\": 1, \"findings\": [{\"file\": 1}]}", "invalid type"),
            ("{\"version\": 1, \"finding\": []}", "unknown field"),
        ] {
            let error = Baseline::parse(text).expect_err(text);
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }
}
