//! A JSON document of all findings, for programs.

use serde_json::{Value, json};

use crate::diag::{Diagnostic, Fix, Label, Safety};
use crate::source::Sources;

/// Renders `{"diagnostics": [...]}`; lines and columns count from 1, spans are bytes.
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let place = |label: &Label| -> Value {
        let Some(file) = sources.get(label.place.file) else { return Value::Null };
        let (line, column) = file.line_column(label.place.span.start);
        let (end_line, end_column) = file.line_column(label.place.span.end);
        json!({
            "file": file.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            "start_byte": label.place.span.start, "end_byte": label.place.span.end, "text": label.text,
        })
    };
    let fix = |fix: &Fix| -> Value {
        let safe = fix.safety == Safety::Safe;
        let label = Label { place: fix.place, text: fix.why.clone() };
        json!({ "place": place(&label), "replacement": fix.text, "safe": safe })
    };
    let list: Vec<Value> = diagnostics
        .iter()
        .map(|d| {
            json!({
                "code": d.code.name(),
                "severity": d.severity.word(),
                "message": d.message,
                "place": d.primary.as_ref().map_or(Value::Null, place),
                "related": d.related.iter().map(place).collect::<Vec<_>>(),
                "help": d.help,
                "fix": d.fix.as_ref().map_or(Value::Null, fix),
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&json!({ "diagnostics": list })).unwrap_or_default();
    text.push('\n');
    text
}
