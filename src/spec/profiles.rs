//! `[profiles]`.

use crate::declare::values::FilePath;
use crate::source::Spanned;
use crate::spec_table;

spec_table! {
    /// Your own engines.
    Profiles {
        /// Profile files, relative to llmobs.toml. A profile with the name of a built-in one replaces it.
        optional paths: Vec<Spanned<FilePath>>,
    }
}
