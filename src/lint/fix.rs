//! Applies the fixes of findings to texts.
//!
//! Pure: reads and writes no file. Checking again is the caller's work, since one fix can make room for another.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Fix, Safety};
use crate::source::{FileId, Sources};

/// What applying fixes gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixed {
    /// New texts of the files that change.
    pub texts: BTreeMap<FileId, String>,
    /// Fixes that were applied, by file.
    pub counts: BTreeMap<FileId, usize>,
}

/// Applies the fixes of findings in files that `may` accepts, those that are at most as unsafe as `safety`. Of fixes that overlap
/// only the first is applied.
pub fn apply(findings: &[Diagnostic], sources: &Sources, safety: Safety, may: &dyn Fn(FileId) -> bool) -> Fixed {
    let mut by_file: BTreeMap<FileId, Vec<&Fix>> = BTreeMap::new();
    for fix in findings.iter().filter_map(|d| d.fix.as_ref()) {
        if fix.safety <= safety && may(fix.place.file) {
            by_file.entry(fix.place.file).or_default().push(fix);
        }
    }
    let mut out = Fixed::default();
    for (file, mut fixes) in by_file {
        let Some(source) = sources.get(file) else { continue };
        // Stable: of two at one place the one that was found first.
        fixes.sort_by_key(|f| (f.place.span.start, f.place.span.end));
        let (mut text, mut done, mut count) = (String::with_capacity(source.text.len()), 0, 0);
        let mut last: Option<usize> = None;
        for fix in fixes {
            let span = fix.place.span;
            // Two insertions at one place are two opinions about it.
            let overlaps = span.start < done || last == Some(span.start);
            let Some(old) = source.text.get(span.range()) else { continue };
            if overlaps || old == fix.text {
                continue;
            }
            let Some(between) = source.text.get(done..span.start) else { continue };
            text.push_str(between);
            text.push_str(&fix.text);
            (done, last) = (span.end, Some(span.start));
            count += 1;
        }
        if count > 0 {
            text.push_str(source.text.get(done..).unwrap_or_default());
            out.texts.insert(file, text);
            out.counts.insert(file, count);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::diag::{Code, Diagnostic, Fix, Safety};
    use crate::source::{Place, Sources, Span};

    #[test]
    fn the_first_of_overlapping_fixes_is_applied() {
        let mut sources = Sources::default();
        let file = sources.add("a", "one two three é four");
        let other = sources.add("b", "one");
        let finding = |file, start, end, text: &str, safety| {
            let place = Place { file, span: Span::new(start, end) };
            let mut d = Diagnostic::new(Code::MetricGone, "x", place, "");
            d.fix = Some(Fix { safety, ..Fix::safe(place, text, "y") });
            d
        };
        let (safe, unsafe_) = (Safety::Safe, Safety::Unsafe);
        let findings = [
            finding(file, 8, 13, "3", safe),
            finding(file, 4, 9, "overlaps", safe),
            finding(file, 0, 3, "1", safe),
            finding(file, 0, 3, "again", safe),
            finding(file, 15, 15, "inside a letter", safe),
            finding(file, 17, 21, "4", unsafe_),
            finding(file, 99, 100, "outside", safe),
            finding(other, 0, 3, "not allowed", safe),
        ];
        let fixed = apply(&findings, &sources, Safety::Safe, &|f| f == file);
        assert_eq!(fixed.texts.values().collect::<Vec<_>>(), ["1 overlapshree é four"]);
        let fixed = apply(&findings, &sources, Safety::Unsafe, &|f| f == file);
        assert_eq!(fixed.texts.values().collect::<Vec<_>>(), ["1 overlapshree é 4"]);
        assert_eq!(fixed.counts.values().collect::<Vec<_>>(), [&3]);
    }
}
