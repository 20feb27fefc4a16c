//! YAML streams to trees, through the events of granit-parser.
//!
//! Anchors are resolved within a budget, `<<` is merged, names that stand twice are found. A document that cannot be read does not
//! hide the ones behind it. This module must not know what the documents mean.

mod build;
mod pieces;
mod plain;

use granit_parser::{ErrorKind, Event, Parser, ScanError, options};

pub(super) use pieces::pieces;

use self::build::Builder;
use super::node::Node;
use super::text::Source;
use super::{MAX_DEPTH, MAX_PROBLEMS};
use crate::diag::{Code, Diagnostic};

/// Reads every document of a stream. Returns those that could be read; faults go to `problems`.
pub fn read<'a>(source: Source<'a>, problems: &mut Vec<Diagnostic>) -> Vec<Node<'a>> {
    read_plain(source).unwrap_or_else(|| read_any(source, problems))
}

/// Reads a stream of the simple kind in which nothing is wrong.
fn read_plain(source: Source<'_>) -> Option<Vec<Node<'_>>> {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    let mut builder = Builder::new(source);
    plain::read(source.text(), &mut builder, &mut problems, &mut |builder| documents.extend(builder.finish()))?;
    problems.is_empty().then_some(documents)
}

/// Reads any stream.
fn read_any<'a>(source: Source<'a>, problems: &mut Vec<Diagnostic>) -> Vec<Node<'a>> {
    let limits = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        simple_key_max_lookahead: 4096,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(source.text(), limits);
    let mut documents = Vec::new();
    let mut builder = Builder::new(source);
    while let Some(next) = parser.next() {
        let stopped = match next {
            Ok((Event::DocumentEnd, _)) => {
                documents.extend(builder.finish());
                false
            }
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                !builder.event(event, range.start as u32..range.end as u32, problems)
            }
            Err(error) => {
                problems.push(syntax(source, &error));
                true
            }
        };
        if problems.len() >= MAX_PROBLEMS {
            let place = problems.last().and_then(|p| p.primary.as_ref()).map_or(source.place(0..0), |l| l.place);
            let message = format!("the YAML has more than {MAX_PROBLEMS} faults");
            problems.push(Diagnostic::new(Code::FileLimitExceeded, message, place, "the rest is not read"));
            break;
        }
        if builder.spent() {
            break;
        }
        if stopped {
            builder.abandon();
            if !parser.proceed_next_document().unwrap_or(false) {
                break;
            }
        }
    }
    documents
}

fn syntax(source: Source<'_>, error: &ScanError) -> Diagnostic {
    let text = source.text();
    let mut start = error.marker().byte_offset().unwrap_or(0).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let len = text.get(start..).and_then(|t| t.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let place = source.place(start..start + len);
    if let ErrorKind::RecursionLimitExceeded = error.kind() {
        let message = format!("the YAML is nested more than {MAX_DEPTH} levels deep");
        return Diagnostic::new(Code::FileLimitExceeded, message, place, "one level too many");
    }
    // `expr: {a="b"} + c`: to YAML the value ends with the bracket.
    let behind = text[..start].rsplit('\n').next().is_some_and(|line| line.trim_end().ends_with(['}', ']', '"', '\'']));
    let kind = match error.kind() {
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry if behind => {
            &ErrorKind::ExpectedFlowMappingSeparator
        }
        kind => kind,
    };
    let (what, label, help) = explain(kind);
    let mut finding = Diagnostic::new(Code::FileSyntax, format!("not valid YAML: {what}"), place, label);
    if !help.is_empty() {
        finding = finding.help(help);
    }
    finding
}

/// Says what is wrong, what stands under the caret, and what to do, in the words of someone who writes rule files.
fn explain(kind: &ErrorKind) -> (String, &'static str, &'static str) {
    let (what, label, help) = match kind {
        ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart => ("a tab where YAML takes only spaces", "", "indent with spaces"),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quote that is not closed", "opened here", "close the quote, or write a block after `|`")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let what = format!("`{open}` that is not closed");
            return (what, "opened here", "quote the value if the bracket belongs to its text");
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{open}` that is closed by `{close}`"),
                "",
                "quote the value if the brackets belong to its text",
            );
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => (
            "text behind a value that ended with a bracket or quote",
            "",
            "quote the whole value, or write a block after `|`: a plain value cannot begin with a bracket or quote",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("a line that should be `key: value` has no colon", "", "")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry | ErrorKind::InvalidIndentation => {
            ("the indentation fits nothing above", "", "indent the line as far as its neighbours")
        }
        ErrorKind::MappingValueNotAllowed => (
            "a colon where no key can stand",
            "",
            "indent the line as far as its neighbours, or quote the value if the colon belongs to its text",
        ),
        ErrorKind::UnknownQuotedScalarEscape => {
            ("an escape that double quotes do not know", "", "write `\\\\` for a backslash, or use single quotes")
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            ("text behind the closing quote", "", "quote the whole value, or write a block after `|`")
        }
        other => return (other.to_string(), "", ""),
    };
    (what.to_owned(), label, help)
}

#[cfg(test)]
mod tests;
