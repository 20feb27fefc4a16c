//! `[check]`: how `llmobs check` judges.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::declare::values::FilePath;
use crate::declare::{FromKey, FromToml, Named, Node, Reader};
use crate::source::Spanned;
use crate::{spec_table, spec_words};

spec_words! {
    /// How bad a finding is taken.
    Level, "`off`, `info`, `warning` or `error`" {
        /// Not reported.
        Off = "off",
        /// Worth knowing.
        Info = "info",
        /// Probably not what was meant.
        Warning = "warning",
        /// Fails the check.
        Error = "error",
    }
}

spec_words! {
    /// How names of metrics are stored.
    StoredNames, "`exported` or `underscored`" {
        /// As the exporter writes them.
        Exported = "exported",
        /// With underscores for colons.
        Underscored = "underscored",
    }
}

spec_table! {
    /// How `llmobs check` judges this file, its output, and the rules and dashboards beside it.
    Check {
        /// Severity of single codes (`metric/deprecated`) or of groups (`promql/*`); a code counts before its group. What keeps
        /// llmobs.toml from compiling stays an error.
        optional levels: Named<CodeKey, Level> = "the severity of each code",
        /// `underscored` if a Collector or gateway stores `vllm_x` for `vllm:x`.
        optional names: StoredNames = "`exported`",
        /// Files to leave out, as globs relative to the folder of llmobs.toml. A file that the command names is checked all the same.
        optional exclude: Vec<Spanned<Glob>>,
        /// File of known findings, relative to the folder of llmobs.toml; `llmobs check --write-baseline FILE` writes it.
        optional baseline: FilePath,
    }
}

/// Name of a code or group of codes; whether it exists is checked in stage 2.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeKey(pub String);

impl FromKey for CodeKey {
    const PATTERN: &'static str = "^[a-z]+(/([a-z]+(-[a-z]+)*|\\*))?$";

    fn from_key(text: &str) -> Result<Self, String> {
        let word =
            |w: &str| !w.is_empty() && w.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()));
        let (group, fault) = text.split_once('/').unwrap_or((text, "*"));
        if word(group) && !group.contains('-') && (fault == "*" || word(fault)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected a code such as `promql/window-too-short`, or a group such as `promql/*`".to_owned())
        }
    }
}

/// A glob over paths with forward slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(pub String);

impl FromToml for Glob {
    const EXPECTED: &'static str = "a list of globs such as \"vendor/**\"";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.string(node, "a glob such as \"vendor/**\"")?;
        let fault = match text {
            "" => Some("expected a glob such as `vendor/**`".to_owned()),
            t if t.len() > 300 => Some("expected at most 300 bytes".to_owned()),
            t if t.starts_with('/') => Some("expected a path relative to the folder of llmobs.toml".to_owned()),
            t => globset::Glob::new(t).err().map(|e| format!("expected a glob: {}", e.kind())),
        };
        match fault {
            Some(expected) => {
                reader.invalid(node, &expected);
                None
            }
            None => Some(Self(text.to_owned())),
        }
    }
}

impl JsonSchema for Glob {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Glob".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 300, "pattern": "^[^/]" })
    }
}
