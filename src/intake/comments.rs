//! Comments for llmobs: `# llmobs: ...`, wherever a line of a file holds them, also within block scalars and PromQL.
//!
//! Finds them as text. Must not say what they mean.

use crate::source::{FileId, Place};

/// A comment that begins with `llmobs:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What stands behind `llmobs:`, trimmed.
    pub text: String,
    /// From the `#` to the end of the line.
    pub place: Place,
    /// Its line, counted from 1.
    pub line: usize,
    /// Whether nothing stands before it on its line.
    pub own_line: bool,
    /// The line that it is about, counted from 1: its own, or the next that is neither empty nor a comment; 0 if there is none.
    pub about: usize,
}

/// Finds the comments of a text.
pub(super) fn of(file: FileId, text: &str) -> Vec<Comment> {
    const WORD: &str = "llmobs:";
    let mut out: Vec<Comment> = Vec::new();
    if !text.contains(WORD) {
        return out;
    }
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end();
        let plain = content.trim_start();
        if !plain.is_empty() && !plain.starts_with('#') {
            out.iter_mut().rev().take_while(|c| c.own_line && c.about == 0).for_each(|c| c.about = index + 1);
        }
        let found = content.find(WORD).and_then(|at| {
            let before = content[..at].trim_end().strip_suffix('#')?;
            // `a#b` is no comment.
            let apart = before.is_empty() || before.ends_with([' ', '\t', '#', '"', '\'', ')', '}', ']']);
            apart.then_some((before, at))
        });
        if let Some((before, at)) = found {
            let own_line = before.trim().is_empty();
            out.push(Comment {
                text: content[at + WORD.len()..].trim().to_owned(),
                place: Place { file, span: (start + before.len()..start + content.len()).into() },
                line: index + 1,
                own_line,
                about: if own_line { 0 } else { index + 1 },
            });
        }
        start += line.len();
    }
    out
}
