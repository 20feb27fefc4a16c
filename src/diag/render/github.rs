//! Commands of GitHub Actions: each finding becomes an annotation of the pull request.

use std::fmt::Write as _;

use super::change;
use crate::diag::{Diagnostic, Severity};
use crate::source::Sources;

/// Renders findings as `::error file=...,line=...::message`, one per line.
pub fn github(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for d in diagnostics {
        let command = match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let _ = write!(out, "::{command} ");
        if let Some((label, file)) = d.primary.as_ref().and_then(|l| Some((l, sources.get(l.place.file)?))) {
            let (line, column) = file.line_column(label.place.span.start);
            let (end_line, end_column) = file.line_column(label.place.span.end);
            let file = property(&file.name);
            let _ = write!(out, "file={file},line={line},col={column},endLine={end_line},endColumn={end_column},");
        }
        let mut message = d.message.clone();
        if let Some(label) = d.primary.as_ref().filter(|l| !l.text.is_empty()) {
            let _ = write!(message, ": {}", label.text);
        }
        for help in &d.help {
            let _ = write!(message, "\nhelp: {help}");
        }
        if let Some(fix) = &d.fix {
            let _ = write!(message, "\nfix: {}", change(fix, sources));
        }
        let _ = writeln!(out, "title={}::{}", property(d.code.name()), data(&message));
    }
    out
}

/// Escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a value before the message, where `:` and `,` mean something.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::github;
    use crate::diag::{Code, Diagnostic};
    use crate::source::{Place, Sources, Span};

    #[test]
    fn what_means_something_to_the_runner_is_escaped() {
        let mut sources = Sources::default();
        let file = sources.add("a,b:c%.yaml", "one\ntwo");
        let place = Place { file, span: Span::new(4, 7) };
        let finding = Diagnostic::new(Code::MetricDeprecated, "50% ::x\ny", place, "la\r").help("do");
        let bare = Diagnostic::without_place(Code::FileNotRead, "z");
        assert_eq!(
            github(&[finding, bare], &sources),
            "::warning file=a%2Cb%3Ac%25.yaml,line=2,col=1,endLine=2,endColumn=4,title=metric/deprecated::50%25 ::x\\ny: la\\r%0Ahelp: do\n\
             ::notice title=file/not-read::z\n"
        );
    }
}
