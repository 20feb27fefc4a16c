//! The manifest: which files of the output folder are ours, and what they looked like when we wrote them.
//!
//! Holds no time, no host and no version of the tool, so the same output has the same manifest. It is read as hostile input:
//! a path in it may become a file that is removed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::path;
use crate::diag::{Code, Diagnostic};
use crate::names::MANIFEST;

/// Version of the format that this code writes, and the newest that it reads.
const FORMAT: u64 = 1;

/// SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Hashes bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits in lower case.
    fn parse(text: &str) -> Option<Self> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[h, l]| Some(digit(*h)? * 16 + digit(*l)?)).collect();
        Some(Self(bytes?.try_into().ok()?))
    }

    fn hex(self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Path to hash, sorted by path.
pub type Hashes = BTreeMap<String, Hash>;

/// What is recorded about the output folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files that we wrote.
    pub files: Hashes,
    /// Only while a run is writing, or after it crashed: the files that it was about to write.
    pub writing: Hashes,
}

impl Manifest {
    /// Returns whether a file with this hash at this path was written by us.
    pub fn accepts(&self, path: &str, hash: Hash) -> bool {
        self.files.get(path) == Some(&hash) || self.writing.get(path) == Some(&hash)
    }

    /// Returns every path that is recorded, each once, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let new = self.writing.keys().filter(|p| !self.files.contains_key(*p));
        let mut all: Vec<&str> = self.files.keys().chain(new).map(String::as_str).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// Returns whether a path is recorded, with whatever hash.
    pub fn paths_contain(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.writing.contains_key(path)
    }

    /// Prints the file.
    pub fn print(&self) -> String {
        let hashes = |h: &Hashes| Value::Object(h.iter().map(|(p, h)| (p.clone(), h.hex().into())).collect());
        let mut top = Map::new();
        top.insert("version".into(), FORMAT.into());
        top.insert("files".into(), hashes(&self.files));
        if !self.writing.is_empty() {
            top.insert("writing".into(), hashes(&self.writing));
        }
        format!("{:#}\n", Value::Object(top))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A finding when it is not a manifest, is of a newer format, or names a path outside the folder.
    pub fn parse(text: &str) -> Result<Self, Box<Diagnostic>> {
        let top: Value = serde_json::from_str(text).map_err(|e| broken(&format!("is not JSON ({e})")))?;
        let version = top.get("version").and_then(Value::as_u64).ok_or_else(|| broken("has no format version"))?;
        if version > FORMAT {
            return Err(Box::new(
                Diagnostic::without_place(
                    Code::OutputManifest,
                    format!("`{MANIFEST}` has format version {version}, but this llmobs reads up to {FORMAT}"),
                )
                .help("Use the newer llmobs that wrote it"),
            ));
        }
        let files = top.get("files").ok_or_else(|| broken("has no list of files"))?;
        let none = Value::Object(Map::new());
        Ok(Self { files: hashes(files)?, writing: hashes(top.get("writing").unwrap_or(&none))? })
    }
}

fn hashes(value: &Value) -> Result<Hashes, Box<Diagnostic>> {
    let object = value.as_object().ok_or_else(|| broken("has a list of files that is not an object"))?;
    object
        .iter()
        .map(|(path, hash)| {
            if !path::is_safe(path) {
                return Err(broken(&format!("names `{}`, which is no path in the folder", path.escape_debug())));
            }
            let hash = hash.as_str().and_then(Hash::parse);
            let hash = hash.ok_or_else(|| broken(&format!("has no SHA-256 for `{path}`")))?;
            Ok((path.clone(), hash))
        })
        .collect()
}

fn broken(what: &str) -> Box<Diagnostic> {
    let finding = Diagnostic::without_place(Code::OutputManifest, format!("`{MANIFEST}` {what}")).help(
        "Restore it from version control, or remove it: files that are as generated are then taken over as they are",
    );
    Box::new(finding)
}
