//! Events of one YAML document to a tree: a stack of open lists and mappings, anchors, merge keys.
//!
//! Depth and the size of what aliases repeat are bounded here; nothing recurses deeper than the tree may be.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, ScalarStyle};

use super::super::node::{Entries, Key, Node, Scalar, Style, Value};
use super::super::text::Source;
use super::super::{MAX_DEPTH, MAX_NODES, duplicates};
use crate::diag::{Code, Diagnostic, shorten};

/// What aliases may repeat in one file, in nodes; 32 bytes of text count as one more.
const MAX_REPEATED: usize = 500_000;

/// A list or mapping that is not closed yet.
struct Open<'a> {
    start: u32,
    anchor: usize,
    content: Content<'a>,
}

enum Content<'a> {
    List(Vec<Node<'a>>),
    Map {
        entries: Entries<'a>,
        /// What stands before the colon, once it is read.
        key: Option<Node<'a>>,
        /// Values of `<<`.
        merged: Vec<Node<'a>>,
    },
}

/// A node that an alias can name, with its size and depth.
struct Anchor<'a> {
    node: Node<'a>,
    size: usize,
    depth: usize,
}

pub struct Builder<'a> {
    source: Source<'a>,
    open: Vec<Open<'a>>,
    root: Option<Node<'a>>,
    anchors: Vec<Option<Anchor<'a>>>,
    nodes: usize,
    repeated: usize,
    spent: bool,
    /// End of the last scalar, alias or flow collection.
    last: u32,
}

impl<'a> Builder<'a> {
    pub fn new(source: Source<'a>) -> Self {
        let (open, anchors) = (Vec::new(), Vec::new());
        Self { source, open, root: None, anchors, nodes: 0, repeated: 0, spent: false, last: 0 }
    }

    /// Returns whether a budget of the whole file is used up; the finding was made.
    pub fn spent(&self) -> bool {
        self.spent
    }

    /// Returns whether the document has content, and nothing is open any more.
    pub fn has_root(&self) -> bool {
        self.root.is_some()
    }

    /// Takes the document that ended.
    pub fn finish(&mut self) -> Option<Node<'a>> {
        self.open.clear();
        self.root.take()
    }

    /// Forgets the document that cannot be read.
    pub fn abandon(&mut self) {
        self.open.clear();
        self.root = None;
    }

    /// Takes an event in. Returns whether the document can go on.
    pub fn event(&mut self, event: Event<'a>, at: Range<u32>, problems: &mut Vec<Diagnostic>) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.spent = true;
            let message = format!("the file holds more than {MAX_NODES} values");
            problems.push(self.finding(Code::FileLimitExceeded, message, at, "the rest is not read"));
            return false;
        }
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let empty = at.is_empty();
                // Where a value stands that is not written is anybody's guess.
                if !empty {
                    self.last = self.last.max(at.end);
                }
                let string_tag = tag.is_some_and(|t| t.is_yaml_core_schema_tag("str"));
                // What is not written at all comes as `~`.
                let value = if empty && !string_tag && style == ScalarStyle::Plain { Cow::Borrowed("") } else { value };
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                let scalar = Scalar { value, style, string_tag };
                let node = Node { value: Value::Scalar(scalar), span: (at.start, at.end) };
                self.add(node, anchor, problems)
            }
            Event::SequenceStart(_, anchor, _) => self.push(at.start, anchor, Content::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Map { entries: Vec::new(), key: None, merged: Vec::new() };
                self.push(at.start, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(at, problems),
            Event::Alias(id) => {
                self.last = self.last.max(at.end);
                self.alias(id, at, problems)
            }
            Event::UnresolvedAlias(name) => {
                let message = format!("not valid YAML: no anchor `&{}` stands before this alias", shorten(&name));
                let help = "quote the value if the star belongs to its text";
                problems.push(self.finding(Code::FileSyntax, message, at, "unknown alias").help(help));
                false
            }
            _ => true,
        }
    }

    fn finding(&self, code: Code, message: String, at: Range<u32>, label: &str) -> Diagnostic {
        Diagnostic::new(code, message, self.source.place(at.start as usize..at.end as usize), label)
    }

    fn push(&mut self, start: u32, anchor: usize, content: Content<'a>) -> bool {
        self.open.push(Open { start, anchor, content });
        true
    }

    fn close(&mut self, at: Range<u32>, problems: &mut Vec<Diagnostic>) -> bool {
        let Some(open) = self.open.pop() else { return true };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { mut entries, merged, .. } => {
                duplicates::remove(&mut entries, self.source, problems);
                for node in merged {
                    self.merge(&mut entries, node, problems);
                }
                Value::Map(entries)
            }
        };
        // A block ends with its last text, not where the parser sees its end.
        self.last = if at.is_empty() { self.last.max(open.start) } else { at.end };
        let written = self.source.text().get(open.start as usize..self.last as usize).unwrap_or_default();
        let end = open.start + written.trim_end().len() as u32;
        self.add(Node { value, span: (open.start, end) }, open.anchor, problems)
    }

    fn merge(&self, entries: &mut Entries<'a>, node: Node<'a>, problems: &mut Vec<Diagnostic>) {
        let span = node.span;
        let maps = match node.value {
            Value::Map(map) => vec![Some(map)],
            Value::List(items) => items
                .into_iter()
                .map(|item| match item.value {
                    Value::Map(map) => Some(map),
                    _ => None,
                })
                .collect(),
            Value::Scalar(_) => vec![None],
        };
        for map in maps {
            let Some(map) = map else {
                let message = "`<<` takes a mapping or a list of mappings".to_owned();
                problems.push(self.finding(Code::FileWrongShape, message, span.0..span.1, ""));
                return;
            };
            let own: std::collections::BTreeSet<Cow<'_, str>> = entries.iter().map(|(k, _)| k.name.clone()).collect();
            entries.extend(map.into_iter().filter(|(key, _)| !own.contains(&key.name)));
        }
    }

    fn alias(&mut self, id: usize, at: Range<u32>, problems: &mut Vec<Diagnostic>) -> bool {
        let Some(Some(anchor)) = self.anchors.get(id) else {
            let message = "not valid YAML: an alias inside of what it repeats".to_owned();
            problems.push(self.finding(Code::FileSyntax, message, at, "refers to itself"));
            return false;
        };
        self.repeated += anchor.size;
        let message = if self.repeated > MAX_REPEATED {
            self.spent = true;
            format!("the aliases of the file repeat more than {MAX_REPEATED} values")
        } else if anchor.depth + self.open.len() > 2 * MAX_DEPTH {
            format!("the YAML is nested more than {} levels deep", 2 * MAX_DEPTH)
        } else {
            let node = anchor.node.clone();
            return self.add(node, 0, problems);
        };
        problems.push(self.finding(Code::FileLimitExceeded, message, at, "not repeated"));
        false
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node<'a>, anchor: usize, problems: &mut Vec<Diagnostic>) -> bool {
        if anchor > 0 {
            let (size, depth) = measure(&node);
            self.repeated += size;
            if self.repeated > MAX_REPEATED {
                self.spent = true;
                let message = format!("the anchors of the file mark more than {MAX_REPEATED} values");
                problems.push(self.finding(
                    Code::FileLimitExceeded,
                    message,
                    node.span.0..node.span.1,
                    "the last of them",
                ));
                return false;
            }
            if self.anchors.len() <= anchor {
                self.anchors.resize_with(anchor + 1, || None);
            }
            self.anchors[anchor] = Some(Anchor { node: node.clone(), size, depth });
        }
        match self.open.last_mut().map(|o| &mut o.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key, merged }) => match key.take() {
                None => *key = Some(node),
                Some(name) => match name.value {
                    Value::Scalar(s) if s.value == "<<" && s.style == Style::Plain => merged.push(node),
                    Value::Scalar(s) => entries.push((Key { name: s.value, style: s.style, span: name.span }, node)),
                    _ => {
                        let message = format!("a key is {}, not a name", name.kind());
                        let at = name.span.0..name.span.1;
                        let help = "quote the value if its text begins with a bracket";
                        problems.push(self.finding(Code::FileWrongShape, message, at, "used as a key").help(help));
                    }
                },
            },
        }
        true
    }
}

/// Size, as [`MAX_REPEATED`] counts it, and depth of a tree.
fn measure(root: &Node<'_>) -> (usize, usize) {
    let (mut size, mut depth) = (0, 0);
    let mut stack = vec![(root, 1)];
    while let Some((node, level)) = stack.pop() {
        size += 1;
        depth = depth.max(level);
        match &node.value {
            Value::Scalar(scalar) => size += scalar.value.len() / 32,
            Value::List(items) => stack.extend(items.iter().map(|n| (n, level + 1))),
            Value::Map(entries) => {
                size += entries.iter().map(|(k, _)| 1 + k.name.len() / 32).sum::<usize>();
                stack.extend(entries.iter().map(|(_, n)| (n, level + 1)));
            }
        }
    }
    (size, depth)
}
