//! A whole page, line by line.

use std::borrow::Cow;

use super::line::{self, Cursor, Fault};
use super::{Family, FamilyType, Page, Sample};
use crate::diag::{Code, Diagnostic, Sink, shorten};
use crate::source::{FileId, Place, Span};

/// Most faults that are reported one by one; the others are counted.
pub const MAX_FAULTS: usize = 20;

/// Most samples that are read. A page of a large server has some ten thousand.
pub const MAX_SAMPLES: usize = 2_000_000;

/// Reads a page. The page is as complete as the text allows; the sink has what was wrong.
pub fn read<'a>(text: &'a str, file: FileId, sink: &mut Sink) -> Page<'a> {
    let mut reader = Reader { file, page: Page::default(), faults: Vec::new(), more: 0 };
    // A byte order mark comes from editors, never from exporters.
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for line in text[start..].split_inclusive('\n') {
        let body = line.strip_suffix('\n').unwrap_or(line);
        let body = body.strip_suffix('\r').unwrap_or(body);
        if !reader.line(body, start) {
            break;
        }
        start += line.len();
    }
    reader.finish(sink)
}

struct Reader<'a> {
    file: FileId,
    page: Page<'a>,
    faults: Vec<Diagnostic>,
    more: usize,
}

impl<'a> Reader<'a> {
    fn place(&self, start: usize, at: usize, len: usize) -> Place {
        Place { file: self.file, span: Span::new(start + at, start + at + len) }
    }

    fn fault(&mut self, start: usize, fault: Fault) {
        if self.faults.len() == MAX_FAULTS {
            self.more += 1;
            return;
        }
        let place = self.place(start, fault.at, fault.len);
        self.faults.push(Diagnostic::new(Code::PageSyntax, fault.message, place, fault.expected));
    }

    /// Reads one line that begins at byte `start` of the page; returns whether to go on.
    fn line(&mut self, body: &'a str, start: usize) -> bool {
        let mut cursor = Cursor::new(body);
        let rest = cursor.rest();
        if rest.is_empty() {
            return true;
        }
        if self.page.open_metrics {
            let message = "a line after the end of the page".to_owned();
            let expected = "expected nothing after `# EOF`";
            self.fault(start, Fault { at: 0, len: body.len(), message, expected });
            return false;
        }
        let read = if cursor.take(b'#') { self.comment(cursor) } else { self.sample(body, start) };
        if let Err(fault) = read {
            self.fault(start, fault);
        }
        if self.page.samples.len() < MAX_SAMPLES {
            return true;
        }
        let message = format!("the page has more than {MAX_SAMPLES} samples");
        self.fault(start, Fault { at: 0, len: body.len(), message, expected: "the rest was not read" });
        false
    }

    fn sample(&mut self, body: &'a str, start: usize) -> Result<(), Fault> {
        let parts = line::sample(body)?;
        let place = self.place(start, 0, body.len());
        let line::Parts { name, labels, value, timestamp } = parts;
        self.page.samples.push(Sample { name, labels, value, timestamp, place });
        Ok(())
    }

    /// Reads HELP, TYPE, UNIT and EOF; every other comment means nothing.
    fn comment(&mut self, mut cursor: Cursor<'a>) -> Result<(), Fault> {
        if !cursor.blanks() {
            return Ok(());
        }
        let keyword = cursor.word();
        if keyword == "EOF" && cursor.rest().trim().is_empty() {
            self.page.open_metrics = true;
        }
        if !matches!(keyword, "HELP" | "TYPE" | "UNIT") {
            return Ok(());
        }
        cursor.blanks();
        let name = cursor.metric_name()?;
        if !cursor.blanks() && !cursor.rest().is_empty() {
            return Err(cursor.fault("expected a blank after the name"));
        }
        if keyword == "TYPE" {
            return self.declare(name, cursor);
        }
        let family = self.family(name);
        match keyword {
            "HELP" => family.help = Some(cursor.rest()),
            _ => family.unit = Some(cursor.rest().trim_end()),
        }
        Ok(())
    }

    fn declare(&mut self, name: Cow<'a, str>, mut cursor: Cursor<'a>) -> Result<(), Fault> {
        const EXPECTED: &str =
            "expected `counter`, `gauge`, `histogram`, `summary`, `untyped`, or a type of OpenMetrics";
        let at = cursor.fault(EXPECTED).at;
        let word = cursor.word();
        let Some(kind) = FamilyType::from_word(word) else {
            if word.is_empty() {
                return Err(cursor.fault(EXPECTED));
            }
            let message = format!("`{}` is no type of a metric", shorten(word));
            return Err(Fault { at, len: word.len(), message, expected: EXPECTED });
        };
        cursor.blanks();
        if !cursor.rest().is_empty() {
            return Err(cursor.fault("expected the end of the line after the type"));
        }
        let shown = shorten(&name);
        let family = self.family(name);
        if let Some(first) = family.kind.replace(kind)
            && first != kind
        {
            let message = format!("`{shown}` is declared as {} and as {}", first.word(), kind.word());
            family.kind = Some(first);
            return Err(Fault { at, len: word.len(), message, expected: "expected one type per metric" });
        }
        Ok(())
    }

    fn family(&mut self, name: Cow<'a, str>) -> &mut Family<'a> {
        self.page.families.entry(name).or_default()
    }

    fn finish(self, sink: &mut Sink) -> Page<'a> {
        let last = self.faults.last().and_then(|d| d.primary.clone());
        sink.extend(self.faults);
        if let Some(last) = last
            && self.more > 0
        {
            let lines = if self.more == 1 { "line" } else { "lines" };
            let message = format!("{} more {lines} cannot be read", self.more);
            sink.push(Diagnostic::new(Code::PageSyntax, message, last.place, "after this one"));
        }
        self.page
    }
}
