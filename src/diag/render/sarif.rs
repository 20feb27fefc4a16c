//! SARIF 2.1.0, for code scanning: rules with their pages, results with regions, fixes and suppressions.
//!
//! Columns are UTF-16 code units, as the format has them by default. Holds no time and no path of a machine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::change;
use crate::diag::{Code, Diagnostic, Fix, Label, Severity, Suppressed};
use crate::source::{FileId, Place, SourceFile, Sources};

/// Where the schema of the format stands.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Renders a log with one run: the findings, and those that were suppressed. `fingerprint` gives what a finding is known by across
/// changes of lines.
pub fn sarif(
    diagnostics: &[Diagnostic],
    suppressed: &[Suppressed],
    sources: &Sources,
    fingerprint: &dyn Fn(&Diagnostic) -> String,
) -> String {
    let all = || diagnostics.iter().chain(suppressed.iter().map(|s| &s.finding));
    let codes: BTreeSet<Code> = all().map(|d| d.code).collect();
    let files: BTreeSet<FileId> = all().flat_map(places).map(|p| p.file).collect();
    let mut writer =
        Writer { sources, files: files.iter().copied().collect(), column: Column::default(), seen: BTreeMap::new() };
    let mut results: Vec<Value> = Vec::new();
    let open = diagnostics.iter().map(|d| (d, None));
    for (finding, why) in open.chain(suppressed.iter().map(|s| (&s.finding, Some(s)))) {
        let rule = codes.iter().position(|c| *c == finding.code).unwrap_or_default();
        let mut result = writer.result(finding, rule, fingerprint(finding));
        if let Some(why) = why {
            let kind = if why.in_source { "inSource" } else { "external" };
            result["suppressions"] = json!([{ "kind": kind, "status": "accepted", "justification": why.reason }]);
        }
        results.push(result);
    }
    let artifacts: Vec<Value> = writer
        .files
        .iter()
        .filter_map(|id| sources.get(*id))
        .map(|f| json!({ "location": location(f), "length": f.text.len(), "encoding": "UTF-8" }))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "llmobs",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|c| rule(*c)).collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "artifacts": artifacts,
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn places(finding: &Diagnostic) -> impl Iterator<Item = Place> {
    let labels = finding.primary.iter().chain(&finding.related).map(|l| l.place);
    labels.chain(finding.fix.iter().map(|f| f.place))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn rule(code: Code) -> Value {
    let page = code.page();
    // The title is the code; the line behind it says in a sentence what it finds.
    let sentence = page.lines().skip(1).map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'));
    let full = sentence.map_or_else(|| format!("{}.", code.summary()), str::to_owned);
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.summary() },
        "fullDescription": { "text": full },
        "help": { "text": remedy(page), "markdown": page },
        "defaultConfiguration": { "level": level(code.severity()), "enabled": code.on_by_default() },
        "properties": { "tags": [code.group()] },
    })
}

/// Returns what a page says to do.
fn remedy(page: &str) -> String {
    let behind = page.split_once("\n## What to do\n").map_or(page, |(_, rest)| rest);
    behind.split("\n## ").next().unwrap_or_default().trim().to_owned()
}

fn location(file: &SourceFile) -> Value {
    let relative = !file.name.starts_with('/') && !file.name.starts_with('<');
    let uri = if file.name.starts_with('/') { format!("file://{}", encoded(&file.name)) } else { encoded(&file.name) };
    if relative { json!({ "uri": uri, "uriBaseId": "SRCROOT" }) } else { json!({ "uri": uri }) }
}

/// Percent-encodes a path, bytes that a path of a URI may not hold.
fn encoded(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

struct Writer<'s> {
    sources: &'s Sources,
    files: Vec<FileId>,
    column: Column,
    /// How often a fingerprint was given: SARIF wants each result to have its own.
    seen: BTreeMap<(Code, Option<FileId>, String), usize>,
}

impl Writer<'_> {
    fn result(&mut self, finding: &Diagnostic, rule: usize, fingerprint: String) -> Value {
        let mut text = finding.message.clone();
        if let Some(label) = finding.primary.as_ref().filter(|l| !l.text.is_empty()) {
            text = format!("{text}: {}", label.text);
        }
        for help in &finding.help {
            text = format!("{text}\n{help}");
        }
        // Code scanning shows no fixes.
        if let Some(fix) = &finding.fix {
            text = format!("{text}\nfix: {}", change(fix, self.sources));
        }
        let file = finding.primary.as_ref().map(|l| l.place.file);
        let count = self.seen.entry((finding.code, file, fingerprint.clone())).or_default();
        *count += 1;
        let mut result = json!({
            "ruleId": finding.code.name(),
            "ruleIndex": rule,
            "level": level(finding.severity),
            "message": { "text": text },
            "partialFingerprints": { "llmobsText/v1": format!("{fingerprint}:{count}") },
        });
        if let Some(primary) = &finding.primary {
            result["locations"] = json!([{ "physicalLocation": self.physical(primary.place) }]);
        }
        if !finding.related.is_empty() {
            result["relatedLocations"] = finding.related.iter().enumerate().map(|(n, l)| self.related(n, l)).collect();
        }
        if let Some(fix) = &finding.fix {
            result["fixes"] = json!([self.fix(fix)]);
        }
        result
    }

    fn artifact(&self, file: FileId) -> Value {
        let Some(source) = self.sources.get(file) else { return json!({}) };
        let mut location = location(source);
        if let Some(index) = self.files.iter().position(|f| *f == file) {
            location["index"] = index.into();
        }
        location
    }

    fn physical(&mut self, place: Place) -> Value {
        json!({ "artifactLocation": self.artifact(place.file), "region": self.region(place) })
    }

    fn related(&mut self, index: usize, label: &Label) -> Value {
        let mut value = json!({ "id": index, "physicalLocation": self.physical(label.place) });
        if !label.text.is_empty() {
            value["message"] = json!({ "text": label.text });
        }
        value
    }

    fn fix(&mut self, fix: &Fix) -> Value {
        json!({
            "description": { "text": change(fix, self.sources) },
            "artifactChanges": [{
                "artifactLocation": self.artifact(fix.place.file),
                "replacements": [{ "deletedRegion": self.region(fix.place), "insertedContent": { "text": fix.text } }],
            }],
        })
    }

    fn region(&mut self, place: Place) -> Value {
        let Some(file) = self.sources.get(place.file) else { return json!({}) };
        let (line, column) = self.column.of(file, place.file, place.span.start);
        let (end_line, end_column) = self.column.of(file, place.file, place.span.end);
        json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
    }
}

/// Counts columns in UTF-16 code units. Findings come in order, so that a long line is counted once.
#[derive(Default)]
struct Column {
    file: Option<FileId>,
    line: usize,
    byte: usize,
    units: usize,
}

impl Column {
    /// Returns line and column of a byte, both counted from 1.
    fn of(&mut self, source: &SourceFile, file: FileId, byte: usize) -> (usize, usize) {
        let mut byte = byte.min(source.text.len());
        while !source.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let (line, _) = source.line_column(byte);
        if self.file != Some(file) || self.line != line || self.byte > byte {
            let start = source.text[..byte].rfind('\n').map_or(0, |i| i + 1);
            *self = Self { file: Some(file), line, byte: start, units: 0 };
        }
        let between = &source.text[self.byte..byte];
        self.units += between.chars().map(char::len_utf16).sum::<usize>();
        self.byte = byte;
        (line, self.units + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, encoded};
    use crate::source::Sources;

    #[test]
    fn columns_are_utf16() {
        let mut sources = Sources::default();
        let file = sources.add("a", "é😀x\n😀😀b");
        let source = sources.get(file).expect("a file");
        let mut column = Column::default();
        let at = |c: &str| source.text.find(c).expect("a letter");
        for (letter, expected) in [("x", (1, 4)), ("b", (2, 5)), ("é", (1, 1)), ("x", (1, 4))] {
            assert_eq!(column.of(source, file, at(letter)), expected, "{letter}");
        }
        assert_eq!(column.of(source, file, 99), (2, 6), "behind the end");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(encoded("./a b/ü:c.yaml"), "a%20b/%C3%BC%3Ac.yaml");
    }
}
