//! Byte spans and the files they point into.
//!
//! Spans are bytes; lines and columns are computed only when something is shown to a person.

use std::ops::Range;
use std::sync::OnceLock;

/// Half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Makes a span from its bounds, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the span as a range of bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// Index of a file in [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

/// A span together with the file it lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
}

/// A value and the place that it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// Joins a value with its place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// One text that was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Name as the user wrote it, with forward slashes.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Made when the first place is shown.
    marks: OnceLock<Vec<Mark>>,
}

/// A byte whose line and column are known: the start of a line, or a byte within a long one.
#[derive(Clone, Copy, Debug)]
struct Mark {
    byte: u32,
    line: u32,
    column: u32,
}

/// Bytes between marks within one line; bounds what a place in a minified file costs.
const STEP: usize = 2048;

impl SourceFile {
    /// Returns line and column of a byte, both counted from 1; the column counts characters.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let mut end = byte.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let marks = self.marks.get_or_init(|| marks(&self.text));
        let index = marks.partition_point(|m| m.byte as usize <= end).saturating_sub(1);
        let Some(mark) = marks.get(index) else { return (1, 1) };
        let between = self.text.get(mark.byte as usize..end).unwrap_or_default();
        (mark.line as usize, mark.column as usize + between.chars().count())
    }
}

fn marks(text: &str) -> Vec<Mark> {
    let mut out = Vec::new();
    let mut start = 0;
    for (index, line) in text.split('\n').enumerate() {
        let mut mark = Mark { byte: start as u32, line: index as u32 + 1, column: 1 };
        out.push(mark);
        let (mut rest, mut at) = (line, start);
        while rest.len() > STEP {
            let mut step = STEP;
            while !rest.is_char_boundary(step) {
                step -= 1;
            }
            let (before, behind) = rest.split_at(step);
            at += step;
            mark = Mark { byte: at as u32, column: mark.column + before.chars().count() as u32, ..mark };
            out.push(mark);
            rest = behind;
        }
        start += line.len() + 1;
    }
    out
}

/// All files of a run, in reading order.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push(SourceFile { name: name.into(), text: text.into(), marks: OnceLock::new() });
        FileId(self.files.len() - 1)
    }

    /// Returns a file; `None` for an index of another run.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0)
    }
}
