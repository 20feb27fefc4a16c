//! The table of NVIDIA's XID codes: what the driver reports, how grave it is, and what is done about it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::declare::read_document;
use crate::declare::values::{Count, Prose};
use crate::diag::Sink;
use crate::source::{Sources, Spanned};
use crate::{spec_table, spec_words};

spec_words! {
    /// How grave a code is.
    XidClass, "`critical`, `error`, `warning`, `info` or `unknown`" {
        /// GPU or node out of service until reset, reboot or repair.
        Critical = "critical",
        /// Work on the GPU was lost.
        Error = "error",
        /// Contained, or needs a look.
        Warning = "warning",
        /// Nothing to do by itself.
        Info = "info",
        /// No action published.
        Unknown = "unknown",
    }
}

spec_table! {
    /// The file.
    RawTable {
        /// Its head.
        optional table: RawHead,
        /// What it was read from.
        optional source: Vec<Spanned<RawSource>>,
        /// The codes.
        optional xid: Vec<Spanned<RawXid>>,
    }
}

spec_table! {
    /// Head of the table.
    RawHead {
        /// Name.
        optional name: Prose,
        /// What was read.
        optional versions_read: Vec<Spanned<Prose>>,
        /// What a reader should know.
        optional notes: Vec<Spanned<Prose>>,
    }
}

spec_table! {
    /// A source.
    RawSource {
        /// Repository.
        optional repo: Prose,
        /// Path.
        optional path: Prose,
        /// Version.
        optional version: Prose,
    }
}

spec_table! {
    /// One code.
    RawXid {
        /// The number.
        required code: Count,
        /// How grave.
        required severity: XidClass,
        /// What to do at once.
        required action: Prose,
        /// How to investigate.
        optional followup: Prose,
        /// What happened.
        required meaning: Prose,
        /// Class of DCGM's health check.
        optional dcgm: Prose,
    }
}

/// One code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xid {
    /// How grave.
    pub class: XidClass,
    /// What to do at once.
    pub action: String,
    /// What happened.
    pub meaning: String,
}

/// Returns the built-in table: codes and what is known of them. It is read once, when it is first asked for.
pub fn xid_table() -> &'static BTreeMap<u32, Xid> {
    static TABLE: LazyLock<BTreeMap<u32, Xid>> = LazyLock::new(|| {
        let mut sources = Sources::default();
        let file = sources.add("profiles/xid.toml", super::builtin::XID);
        let raw: RawTable = read_document(&sources, file, &mut Sink::default());
        raw.xid.into_iter().flat_map(|l| l.value).filter_map(|x| xid(x.value)).collect()
    });
    &TABLE
}

fn xid(raw: RawXid) -> Option<(u32, Xid)> {
    let entry = Xid { class: raw.severity?.value, action: raw.action?.value.0, meaning: raw.meaning?.value.0 };
    Some((raw.code?.0, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let table = xid_table();
        assert_eq!(table.len(), super::super::builtin::XID.matches("[[xid]]").count());
        assert_eq!(table.get(&79).map(|x| x.class), Some(XidClass::Critical));
        assert_eq!(table.get(&13).map(|x| x.class), Some(XidClass::Error));
    }
}
