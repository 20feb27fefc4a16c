//! Names that stand twice in one mapping.
//!
//! Must stay near-linear: mappings of hostile files have a million entries.

use super::MAX_PROBLEMS;
use super::node::{Entries, Style};
use super::text::Source;
use crate::diag::{Code, Diagnostic, Severity, shorten};

/// Mappings up to this size are compared pair by pair.
const FEW: usize = 8;

/// Finds names that stand more than once and keeps the last value of each.
pub fn remove(entries: &mut Entries<'_>, source: Source<'_>, problems: &mut Vec<Diagnostic>) {
    let doubles = if entries.len() <= FEW { pairs(entries) } else { sorted(entries) };
    if doubles.is_empty() {
        return;
    }
    // A mapping of nothing but one name is shown often enough.
    for (first, again) in doubles.iter().take(MAX_PROBLEMS) {
        let (Some((first, _)), Some((again, _))) = (entries.get(*first), entries.get(*again)) else { continue };
        let message = format!("the key `{}` stands twice in one mapping", shorten(&again.name));
        let place = again.place(source);
        let mut finding = Diagnostic::new(Code::FileDuplicateKey, message, place, "again here")
            .related(first.place(source), "before here");
        // JSON readers take the last value without a word; YAML readers of Prometheus and Kubernetes refuse the file.
        if again.style == Style::JsonString {
            finding.severity = Severity::Warning;
        }
        problems.push(finding);
    }
    let mut first: Vec<usize> = doubles.iter().map(|(first, _)| *first).collect();
    first.sort_unstable();
    let mut index = 0;
    entries.retain(|_| {
        index += 1;
        first.binary_search(&(index - 1)).is_err()
    });
}

fn pairs(entries: &Entries<'_>) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    for (n, (key, _)) in entries.iter().enumerate() {
        if let Some(first) = entries[..n].iter().rposition(|(k, _)| k.name == key.name) {
            out.push((first, n));
        }
    }
    out
}

fn sorted(entries: &Entries<'_>) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|a, b| entries[*a].0.name.cmp(&entries[*b].0.name).then(a.cmp(b)));
    let same = order.windows(2).filter(|w| entries[w[0]].0.name == entries[w[1]].0.name);
    same.map(|w| (w[0], w[1])).collect()
}
