//! Text of a template that was not rendered: Helm charts, Jinja.
//!
//! Looks only at files that the parsers refuse. This module must not try to render.

use super::text::Source;
use crate::diag::{Code, Diagnostic};

/// Words of Helm that no annotation of an alert uses.
const HELM: &[&str] = &[
    ".Values",
    ".Release",
    ".Chart",
    ".Capabilities",
    ".Files",
    "include \"",
    "template \"",
    "toYaml",
    "nindent",
    "{{- if",
    "{{- end",
    "{{- range",
    "{{- with",
    "{{ if",
    "{{ end",
    "{{ range",
    "{{- define",
    "{{ define",
];

/// What to do about templates.
pub const RENDER: &str = "render it first, for example with `helm template`, and check the result";

/// If template text explains why the text cannot be read, replaces the problems by one finding that says so. Returns whether
/// it does.
pub fn explain(source: Source<'_>, problems: &mut Vec<Diagnostic>) -> bool {
    let text = source.text();
    let mut places = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(column) = marker(line) {
            let rest = &line[column..];
            let len = rest.find("}}").or_else(|| rest.find("%}")).map_or(2, |i| i + 2);
            places.push(at + column..at + column + len);
        }
        at += line.len();
    }
    let Some(first) = places.first() else { return false };
    let message = "the file is a template that was not rendered";
    let label = match places.len() {
        1 => "template text".to_owned(),
        2 => "template text, here and in one more line".to_owned(),
        n => format!("template text, here and in {} more lines", n - 1),
    };
    let finding = Diagnostic::new(Code::FileNotRendered, message, source.place(first.clone()), label).help(RENDER);
    problems.retain(|p| p.code == Code::FileLimitExceeded);
    problems.push(finding);
    true
}

/// Whether an expression holds text of Helm.
pub fn in_expression(expr: &str) -> Option<std::ops::Range<usize>> {
    let start = expr.find("{{")?;
    HELM.iter().any(|w| expr.contains(w)).then(|| start..expr.find("}}").map_or(start + 2, |e| (e + 2).max(start + 2)))
}

/// Where a line holds template text that YAML cannot take for a string. Annotations of alerts hold `{{ $labels.x }}`, in quotes
/// or behind other text.
fn marker(line: &str) -> Option<usize> {
    let statement = line.trim_start().trim_start_matches("- ").trim_start();
    if statement.starts_with("{{") || statement.starts_with("{%") {
        return Some(line.len() - statement.len());
    }
    if let Some(at) = line.find(": {{") {
        return Some(at + 2);
    }
    let at = line.find("{{")?;
    HELM.iter().any(|w| line.contains(w)).then_some(at)
}
