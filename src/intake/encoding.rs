//! Bytes to text: what is no UTF-8 is a finding with its place, not a refusal without one.
//!
//! This module must not look at the format.

use crate::diag::{Code, Diagnostic, Sink};
use crate::source::{FileId, MAX_FILE_BYTES, Place, Sources};

/// Adds a file to `sources` under the name that findings show. `None` if its bytes are no text; the finding was made.
pub fn add(sources: &mut Sources, name: &str, bytes: Vec<u8>, sink: &mut Sink) -> Option<FileId> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("`{name}` has {} bytes; the limit is {MAX_FILE_BYTES} bytes", bytes.len());
        sink.push(Diagnostic::without_place(Code::FileLimitExceeded, message));
        return None;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let file = sources.add(name, "");
        let finding = Diagnostic::new(Code::FileEncoding, "the file is UTF-16, not UTF-8", start(file), "");
        sink.push(finding.help("save it as UTF-8"));
        return None;
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            // The text before the fault keeps its bytes, so the place holds.
            let file = sources.add(name, String::from_utf8_lossy(error.as_bytes()));
            let place = Place { file, span: (at..at + '\u{fffd}'.len_utf8()).into() };
            let message = "the file is not UTF-8";
            let label = format!("byte 0x{byte:02x}");
            sink.push(Diagnostic::new(Code::FileEncoding, message, place, label).help("save it as UTF-8"));
            return None;
        }
    };
    let nul = text.find('\0');
    let file = sources.add(name, text);
    if let Some(at) = nul {
        let place = Place { file, span: (at..at + 1).into() };
        sink.push(Diagnostic::new(Code::FileEncoding, "the file holds a NUL byte: it is no text", place, ""));
        return None;
    }
    Some(file)
}

fn start(file: FileId) -> Place {
    Place { file, span: (0..0).into() }
}
