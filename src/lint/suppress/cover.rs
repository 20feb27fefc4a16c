//! What a comment covers: the item that it stands before, its line, or its file.
//!
//! Works on lines and on the places of documents; knows no code.

use std::collections::BTreeMap;

use crate::intake::{Comment, Document, Kind, Text};
use crate::source::{SourceFile, Span};

/// Lines that may stand between a comment and what it is about, at most.
const MAX_GAP: usize = 100;

/// Where items of a file begin and end.
pub struct Items<'s> {
    file: &'s SourceFile,
    /// First byte of each line.
    lines: Vec<usize>,
    /// Line, counted from 1, to the largest item that begins there.
    items: BTreeMap<usize, Span>,
    /// Line to the largest scalar that begins there.
    scalars: BTreeMap<usize, Span>,
}

impl<'s> Items<'s> {
    /// Collects the items of the documents of a file.
    pub fn of(file: &'s SourceFile, documents: &[Document]) -> Self {
        let breaks = file.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(n, _)| n + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let mut items = Self { file, lines, items: BTreeMap::new(), scalars: BTreeMap::new() };
        for document in documents {
            items.document(document);
        }
        items
    }

    fn document(&mut self, document: &Document) {
        self.item(document.object.as_ref().map_or(document.place.span, |o| o.place.span));
        self.item(document.place.span);
        match &document.kind {
            Kind::Rules(rules) => {
                for group in &rules.groups {
                    self.item(group.place.span);
                    for rule in &group.rules {
                        self.item(rule.place.span);
                        self.scalar(&rule.expr);
                        rule.labels.iter().chain(&rule.annotations).for_each(|(_, value)| self.scalar(value));
                    }
                }
            }
            Kind::Scaler(scaler) => {
                for trigger in &scaler.triggers {
                    self.item(trigger.place.span);
                    self.scalar(&trigger.query);
                }
            }
            Kind::Adapter(adapter) => {
                let texts = adapter.rules.iter().flat_map(|r| [&r.series, &r.query]).flatten();
                texts.for_each(|t| self.scalar(t));
            }
            Kind::Dashboard(_) | Kind::RuleTests | Kind::Project | Kind::Other => {}
        }
    }

    fn item(&mut self, span: Span) {
        let line = self.line_of(span.start);
        keep_larger(&mut self.items, line, span);
    }

    fn scalar(&mut self, text: &Text) {
        let span = text.whole().span;
        let line = self.line_of(span.start);
        keep_larger(&mut self.scalars, line, span);
    }

    fn line_of(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte)
    }

    /// Returns a line without its end; `None` past the last.
    fn line(&self, number: usize) -> Option<(Span, &'s str)> {
        let start = *self.lines.get(number.checked_sub(1)?)?;
        let end = self.lines.get(number).copied().unwrap_or(self.file.text.len());
        let text = self.file.text.get(start..end)?;
        Some((Span::new(start, end), text))
    }

    /// Returns what a comment covers; `None` if nothing follows it.
    pub fn covered(&self, comment: &Comment) -> Option<Span> {
        if comment.own_line { self.before(comment.about) } else { self.at_end_of(comment.line) }
    }

    fn at_end_of(&self, number: usize) -> Option<Span> {
        let (line, text) = self.line(number)?;
        let code = text.rsplit_once('#').map_or("", |(code, _)| code).trim_end();
        // `expr: |  # llmobs: ...` speaks of the block, which begins on the next line.
        let header = code.trim_end_matches(['-', '+']).ends_with(['|', '>']);
        let scalar = self.scalars.get(&number).or_else(|| self.scalars.get(&(number + 1)).filter(|_| header));
        Some(Span::new(line.start, scalar.map_or(line.end, |s| s.end.max(line.end))))
    }

    fn before(&self, number: usize) -> Option<Span> {
        // A comment before `---` is about the document behind it.
        let empty = |t: &str| t.trim_end() == "---" || t.trim().is_empty() || t.trim_start().starts_with('#');
        let mut lines = (number..number + MAX_GAP).map_while(|n| Some((n, self.line(n)?)));
        let (number, (line, text)) = lines.find(|(_, (_, text))| !empty(text))?;
        let largest = [self.items.get(&number), self.scalars.get(&number)];
        let known = largest.into_iter().flatten().map(|s| s.end).max().unwrap_or(line.end);
        Some(Span::new(line.start, known.max(self.end_of_block(number, text))))
    }

    /// Returns the end of the lines that are indented deeper than a line, or of a TOML table.
    fn end_of_block(&self, number: usize, first: &str) -> usize {
        let indent = |t: &str| t.len() - t.trim_start_matches(' ').len();
        let (own, item) = (indent(first), first.trim_start().starts_with("- "));
        let table = self.file.name.ends_with(".toml") && first.starts_with('[');
        let mut end = self.line(number).map_or(0, |(span, _)| span.end);
        for next in number + 1.. {
            let Some((span, text)) = self.line(next) else { break };
            if text.trim().is_empty() {
                continue;
            }
            let inside = match table {
                true => !text.starts_with('['),
                // The items of a list may stand as far left as its name.
                false => indent(text) > own || !item && indent(text) == own && text.trim_start().starts_with("- "),
            };
            if !inside {
                break;
            }
            end = span.end;
        }
        end
    }
}

fn keep_larger(map: &mut BTreeMap<usize, Span>, line: usize, span: Span) {
    let kept = map.entry(line).or_insert(span);
    if span.end > kept.end {
        *kept = span;
    }
}
