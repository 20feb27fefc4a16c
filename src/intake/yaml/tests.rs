//! The quick reader against the parser: wherever it does not give up, both give the same tree and the parser finds no fault.

use std::fs;
use std::path::Path;

use super::super::node::{Node, Value};
use super::super::text::Source;
use super::{read_any, read_plain};
use crate::source::FileId;

/// Changed files per run.
const MUTATIONS: usize = 20_000;

const TOKENS: &[&str] = &[
    "\"", "'", "[", "]", "{", "}", ":", ": ", "- ", "\n", "#", " #", "\\", "|", "|-", ">", "---\n", "a", "a: b", "  ",
    " ", ",", "~", "é", "\n\n", "\n  ", "\n- ", "-", "?", "&a", "*a", "!", "\u{feff}", "\u{85}", "key:\n", "- - x\n",
    "''", "\\\"", "...\n", "null", "{a: b}", "[a, b]",
];

/// Blanks what the two readers may see differently: where a list begins that stands as far left as its key, and where a value
/// stands that is not written.
fn without_starts<'a>(mut node: Node<'a>) -> Node<'a> {
    node.value = match node.value {
        Value::List(items) => {
            node.span.0 = 0;
            Value::List(items.into_iter().map(without_starts).collect())
        }
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(k, v)| (k, without_starts(v))).collect()),
        Value::Scalar(scalar) => {
            if node.span.0 == node.span.1 {
                node.span = (0, 0);
            }
            Value::Scalar(scalar)
        }
    };
    node
}

/// Returns whether the quick reader took the text.
fn same(text: &str) -> bool {
    let source = Source::File(FileId(0), text);
    let Some(quick) = read_plain(source) else { return false };
    let mut problems = Vec::new();
    let mut slow = read_any(source, &mut problems);
    assert!(problems.is_empty(), "{:?} in\n{text}", problems[0].message);
    slow.retain(|n| !n.is_null());
    let (quick, slow) = (quick.into_iter().map(without_starts), slow.into_iter().map(without_starts));
    let (quick, slow): (Vec<_>, Vec<_>) = (quick.collect(), slow.collect());
    if quick != slow {
        let (quick, slow) = (format!("{quick:#?}"), format!("{slow:#?}"));
        let diff = similar::TextDiff::from_lines(&slow, &quick);
        panic!("in\n{text}\n---- parser to quick reader\n{}", diff.unified_diff());
    }
    true
}

#[test]
fn both_readers_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/intake/cases");
    let mut seeds: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("a case").path();
        if path.extension().is_some_and(|e| e == "yaml") {
            seeds.extend(fs::read_to_string(&path));
        }
    }
    seeds.sort();
    seeds.retain(|s| s.len() < 3_000);
    let simple: Vec<String> = seeds.iter().filter(|s| same(s)).cloned().collect();
    assert!(simple.len() > 5, "the quick reader takes only {} cases", simple.len());
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % n.max(1)
    };
    let mut taken = 0;
    for n in 0..MUTATIONS {
        let mut text = simple[n % simple.len()].clone();
        for _ in 0..=below(3) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = places[below(places.len())];
            match below(3) {
                0 => drop(text.remove(at)),
                1 => text.insert_str(at, TOKENS[below(TOKENS.len())]),
                _ => {
                    let lines: Vec<&str> = text.lines().collect();
                    let line = format!("{}\n", lines[below(lines.len())]);
                    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
                    text.insert_str(start, &line);
                }
            }
        }
        taken += usize::from(same(&text));
    }
    assert!(taken > MUTATIONS / 10, "the quick reader took only {taken}");
}
