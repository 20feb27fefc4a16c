//! A string of a file together with the way back: which bytes of the file made which bytes of the value.
//!
//! Findings and fixes go through here. This module must not know YAML or JSON; readers hand in the pieces.

use std::ops::{Deref, Range};

use crate::source::{FileId, Place, Span};

/// A stretch of a value and the bytes that it came from. A piece ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// First byte in the value.
    pub at: u32,
    /// First byte in the text that was read.
    pub from: u32,
    /// Bytes there; equal to the bytes of the value if `exact`.
    pub len: u32,
    /// Whether the value holds those bytes unchanged. Else an escape or a fold made it.
    pub exact: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Map {
    /// One exact piece that begins at this byte: a scalar on one line without escapes.
    Straight(u32),
    Pieces(Box<[Piece]>),
}

/// A string value with its place and a map of its bytes to bytes of the file. Offsets are bytes of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    value: Box<str>,
    file: FileId,
    whole: (u32, u32),
    map: Map,
}

impl Text {
    /// Returns the value.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Returns the place of the whole scalar, with its quotes or its block.
    pub fn whole(&self) -> Place {
        Place { file: self.file, span: Span::new(self.whole.0 as usize, self.whole.1 as usize) }
    }

    /// Returns where bytes of the value stand in the file. An escape or a fold counts as a whole; bytes past the end stand at
    /// the end.
    pub fn place(&self, range: Range<usize>) -> Place {
        let end = range.end.min(self.value.len());
        let start = range.start.min(end);
        let from = self.start_of(start);
        let to = if end > start { self.end_of(end) } else { from };
        Place { file: self.file, span: Span::new(from, to) }
    }

    /// Returns where bytes of the value stand in the file, if the file holds exactly these bytes there: only then can they be
    /// replaced. `None` across escapes, folds, the indentation of blocks, and past the end.
    pub fn exact(&self, range: Range<usize>) -> Option<Place> {
        self.value.get(range.clone())?;
        let from = self.start_of(range.start);
        let place = Place { file: self.file, span: Span::new(from, from + range.len()) };
        let Map::Pieces(pieces) = &self.map else { return Some(place) };
        let mut expected = None;
        let mut index = self.piece_before(range.start)?;
        loop {
            let piece = pieces.get(index)?;
            if !piece.exact || expected.is_some_and(|e| e != piece.from) {
                return None;
            }
            let next = pieces.get(index + 1).map_or(self.value.len(), |p| p.at as usize);
            if next >= range.end {
                return Some(place);
            }
            expected = Some(piece.from + piece.len);
            index += 1;
        }
    }

    /// Returns a part of the value as a text of its own; empty if `range` is no part of it.
    pub fn part(&self, range: Range<usize>) -> Self {
        let value = self.value.get(range.clone()).unwrap_or_default();
        Source::Inside(self).straight(value, range.start as u32..range.end as u32, range.start as u32)
    }

    /// Index of the piece that a byte of the value lies in; the last for the end. `None` if there are no pieces.
    fn piece_before(&self, byte: usize) -> Option<usize> {
        let Map::Pieces(pieces) = &self.map else { return None };
        pieces.partition_point(|p| p.at as usize <= byte).checked_sub(1)
    }

    fn start_of(&self, byte: usize) -> usize {
        let pieces = match &self.map {
            Map::Straight(from) => return *from as usize + byte,
            Map::Pieces(pieces) => pieces,
        };
        match self.piece_before(byte).and_then(|i| pieces.get(i)) {
            Some(p) if p.exact => p.from as usize + (byte - p.at as usize),
            Some(p) if byte == self.value.len() && byte > p.at as usize => (p.from + p.len) as usize,
            Some(p) => p.from as usize,
            None => self.whole.0 as usize,
        }
    }

    /// End of the byte before `byte`, which is not 0.
    fn end_of(&self, byte: usize) -> usize {
        let pieces = match &self.map {
            Map::Straight(from) => return *from as usize + byte,
            Map::Pieces(pieces) => pieces,
        };
        match self.piece_before(byte - 1).and_then(|i| pieces.get(i)) {
            Some(p) if p.exact => p.from as usize + (byte - p.at as usize),
            Some(p) => (p.from + p.len) as usize,
            None => self.whole.1 as usize,
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.value
    }
}

/// A text that is parsed: a file, or a string within one that holds a document of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// A file and its text.
    File(FileId, &'a str),
    /// A string, such as a dashboard in a ConfigMap.
    Inside(&'a Text),
}

impl<'a> Source<'a> {
    /// Returns the text to parse.
    pub fn text(self) -> &'a str {
        match self {
            Self::File(_, text) => text,
            Self::Inside(text) => text.as_str(),
        }
    }

    /// Returns the place of bytes of the parsed text.
    pub fn place(self, range: Range<usize>) -> Place {
        match self {
            Self::File(file, _) => Place { file, span: range.into() },
            Self::Inside(text) => text.place(range),
        }
    }

    /// Makes the text of a value that one exact piece of the parsed text made, beginning at byte `from`.
    pub fn straight(self, value: &str, whole: Range<u32>, from: u32) -> Text {
        match self {
            Self::File(file, _) => {
                Text { value: value.into(), file, whole: (whole.start, whole.end), map: Map::Straight(from) }
            }
            Self::Inside(_) => {
                let piece = Piece { at: 0, from, len: value.len() as u32, exact: true };
                self.pieces(value, whole, vec![piece])
            }
        }
    }

    /// Makes the text of a value that several pieces of the parsed text made.
    pub fn pieces(self, value: &str, whole: Range<u32>, mut pieces: Vec<Piece>) -> Text {
        let place = self.place(whole.start as usize..whole.end as usize);
        if let Self::Inside(outer) = self {
            pieces = through(outer, &pieces, value.len());
        }
        let whole = (place.span.start as u32, place.span.end as u32);
        Text { value: value.into(), file: place.file, whole, map: Map::Pieces(pieces.into()) }
    }
}

/// Rewrites pieces of a value that was cut out of `outer` so that they point into the file.
fn through(outer: &Text, pieces: &[Piece], len: usize) -> Vec<Piece> {
    let mut out = Vec::with_capacity(pieces.len());
    for (n, piece) in pieces.iter().enumerate() {
        let (from, to) = (piece.from as usize, (piece.from + piece.len) as usize);
        let end = pieces.get(n + 1).map_or(len, |p| p.at as usize);
        if !piece.exact {
            let span = outer.place(from..to).span;
            out.push(Piece { from: span.start as u32, len: (span.end - span.start) as u32, ..*piece });
            continue;
        }
        let Map::Pieces(parts) = &outer.map else {
            out.push(Piece { from: outer.start_of(from) as u32, ..*piece });
            continue;
        };
        let mut at = piece.at as usize;
        let mut index = outer.piece_before(from).unwrap_or(0);
        while at < end || (at == end && piece.len == 0) {
            let Some(part) = parts.get(index) else { break };
            let inside = from + (at - piece.at as usize);
            let stop = parts.get(index + 1).map_or(outer.value.len(), |p| p.at as usize).min(to);
            let bytes = stop.saturating_sub(inside);
            let (start, len) = match part.exact {
                true => (part.from + (inside - part.at as usize) as u32, bytes as u32),
                false => (part.from, part.len),
            };
            out.push(Piece { at: at as u32, from: start, len, exact: part.exact });
            if piece.len == 0 {
                break;
            }
            at += bytes;
            index += 1;
        }
    }
    out
}
