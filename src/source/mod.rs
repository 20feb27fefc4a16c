//! Where text comes from: files, byte spans, and the one door to the file system.
//!
//! Everything after this module works on values; nothing else in the library reads a file or the environment.
//! This module must not interpret what it reads.

mod span;
mod world;

pub use span::{FileId, Place, SourceFile, Sources, Span, Spanned};
pub use world::{DiskWorld, Entry, EntryKind, MAX_FILE_BYTES, MemoryWorld, World};
