//! The plain values of llmobs.toml: names, texts, numbers with units. Each says what it takes and refuses the rest.
//!
//! Text that can reach PromQL, YAML, Markdown or Grafana is restricted here, so that generators need not fear it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{FromKey, FromToml, Node, Reader};
use crate::units::{Bytes, Currency, Duration, Price, Ratio};

/// Implements a value that is written as a string with a parser.
macro_rules! string_value {
    ($ty:ty, $name:literal, $expected:literal, $schema:tt, $parse:expr) => {
        impl FromToml for $ty {
            const EXPECTED: &'static str = $expected;

            fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.string(node, Self::EXPECTED)?;
                let parse: fn(&str) -> Result<$ty, String> = $parse;
                parse(text).map_err(|expected| reader.invalid(node, &expected)).ok()
            }
        }

        impl JsonSchema for $ty {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

/// A name that is at once a Kubernetes object name part, a file name and a label value: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    const EXPECTED_NAME: &'static str =
        "expected 1 to 40 of the letters a-z, digits and `-`, beginning and ending with a letter or digit";

    /// Reads a name.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let ok = (1..=40).contains(&text.len())
            && text.chars().all(|c| edge(c) || c == '-')
            && text.starts_with(edge)
            && text.ends_with(edge);
        if ok { Ok(Self(text.to_owned())) } else { Err(Self::EXPECTED_NAME.to_owned()) }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromKey for Slug {
    const PATTERN: &'static str = "^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$";

    fn from_key(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

string_value!(Slug, "Slug", "a name of a-z, 0-9 and `-`", { "type": "string", "pattern": Slug::PATTERN }, Slug::parse);

/// Text for people: 1 to 200 printable characters in one line, without the characters that begin a template or a Grafana variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// Reads a text.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let n = text.chars().count();
        if n == 0 || n > 200 {
            return Err("expected 1 to 200 characters".to_owned());
        }
        if text.trim() != text {
            return Err("expected no blank at the beginning or end".to_owned());
        }
        if let Some(bad) = text.chars().find(|c| hidden(*c)) {
            return Err(format!("expected printable characters in one line, not U+{:04X}", bad as u32));
        }
        if text.contains("{{") || text.contains("}}") || text.contains('$') || text.contains("[[") {
            return Err("expected no `{{`, `}}`, `[[` or `$`: they begin templates and variables".to_owned());
        }
        if text.contains(['<', '>', '`', '|']) {
            return Err("expected none of < > ` |: the text also stands in Markdown and HTML".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

string_value!(
    Text, "Text", "a text of at most 200 characters in one line",
    { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f$<>`|]+$" },
    Text::parse
);

/// Name of a served model or another label value: 1 to 253 printable characters without blanks, quotes, braces, `$` or `\`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelValue(String);

impl LabelValue {
    /// Reads a label value.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ok = (1..=253).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@+=,~".contains(c));
        if ok { Ok(Self(text.to_owned())) } else { Err("expected 1 to 253 letters, digits and -_./:@+=,~".to_owned()) }
    }

    /// Returns the value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

string_value!(
    LabelValue, "LabelValue", "letters, digits and -_./:@+=,~",
    { "type": "string", "pattern": "^[-A-Za-z0-9_./:@+=,~]{1,253}$" },
    LabelValue::parse
);

/// Name of a Kubernetes port or container: 1 to 63 of `a-z`, `0-9`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortName(String);

impl PortName {
    /// Reads a port name.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ok = (1..=63).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && text.chars().any(|c| c.is_ascii_lowercase())
            && !text.starts_with('-')
            && !text.ends_with('-');
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected the name of a port, of a-z, 0-9 and `-`; a number is written without quotes".to_owned())
        }
    }
}

string_value!(
    PortName, "PortName", "the name of a port",
    { "type": "string", "pattern": "^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" },
    PortName::parse
);

/// A port of a pod or Service: by name, or by number where a container has no named port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// Port name.
    Name(String),
    /// Port number, 1 to 65535.
    Number(u16),
}

impl FromToml for Port {
    const EXPECTED: &'static str = "a port name such as \"http\" or a number from 1 to 65535";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            DeValue::Integer(i) => match i.as_str().parse::<u16>() {
                Ok(n) if n > 0 && i.radix() == 10 => Some(Self::Number(n)),
                _ => {
                    reader.invalid(node, "expected a port number from 1 to 65535");
                    None
                }
            },
            DeValue::String(_) => PortName::from_toml(node, reader).map(|p| Self::Name(p.0)),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                None
            }
        }
    }
}

impl JsonSchema for Port {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Port".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<PortName>(), { "type": "integer", "minimum": 1, "maximum": 65535 }] })
    }
}

/// A release of a program: `0.11.0`, `0.8.5.post1`, `4.5.3-4.8.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionText(pub String);

impl VersionText {
    /// Reads a version.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let stripped = text.strip_prefix('v').unwrap_or(text);
        let ok = (1..=40).contains(&stripped.len())
            && stripped.starts_with(|c: char| c.is_ascii_digit())
            && stripped.chars().all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c));
        if ok {
            Ok(Self(stripped.to_owned()))
        } else {
            Err("expected a version such as `0.11.0`, `0.8.5.post1` or `4.5.3-4.8.2`".to_owned())
        }
    }
}

string_value!(
    VersionText, "Version", "a version such as \"0.11.0\"",
    { "type": "string", "pattern": "^v?[0-9][-A-Za-z0-9.+]{0,39}$" },
    VersionText::parse
);

/// An http or https URL without user, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Reads a URL; a closing slash is dropped.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str =
            "expected a URL such as `https://runbooks.example.com/llm`, without blanks, user, `?` or `#`";
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(EXPECTED)?;
        let host = rest.split('/').next().unwrap_or_default();
        let ok = text.len() <= 500
            && !host.is_empty()
            && !host.starts_with(':')
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/%+,=[]".contains(c));
        if !ok {
            return Err(EXPECTED.to_owned());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// Returns the URL without a closing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `host:port` if the URL names a port, else the host.
    pub fn authority(&self) -> &str {
        self.0.split("://").nth(1).and_then(|r| r.split('/').next()).unwrap_or_default()
    }

    /// Returns whether the URL asks for TLS.
    pub fn is_tls(&self) -> bool {
        self.0.starts_with("https://")
    }
}

string_value!(
    Url, "Url", "a URL such as \"https://runbooks.example.com\"",
    { "type": "string", "pattern": "^https?://[^:/?#\\s][-A-Za-z0-9._~:/%+,=\\[\\]]*$", "maxLength": 500 },
    Url::parse
);

/// A scrape target outside Kubernetes, `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort(pub String);

impl HostPort {
    /// Reads a target.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected `host:port`, such as `gpu-1.example.com:8000`";
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let host_ok = !host.is_empty()
            && host.len() <= 253
            && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_[]:".contains(c));
        match port.parse::<u16>() {
            Ok(n) if n > 0 && host_ok => Ok(Self(text.to_owned())),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

string_value!(
    HostPort, "HostPort", "`host:port`",
    { "type": "string", "pattern": "^[-A-Za-z0-9._\\[\\]:]{1,253}:[0-9]{1,5}$" },
    HostPort::parse
);

/// A path on a server, beginning with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPath(pub String);

impl UrlPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ok = text.starts_with('/')
            && text.len() <= 200
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/%".contains(c));
        if ok { Ok(Self(text.to_owned())) } else { Err("expected a path such as `/metrics`".to_owned()) }
    }
}

string_value!(
    UrlPath, "UrlPath", "a path such as \"/metrics\"",
    { "type": "string", "pattern": "^/[-A-Za-z0-9._~/%]{0,199}$" },
    UrlPath::parse
);

/// A relative path of a file that the user names, below the folder of llmobs.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub String);

impl FilePath {
    /// Reads a path.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ok = !text.is_empty()
            && text.len() <= 300
            && !text.starts_with('/')
            && !text.contains('\\')
            && !text.chars().any(hidden)
            && text.split('/').all(|part| part != "..");
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected a relative path with forward slashes and without `..`".to_owned())
        }
    }
}

string_value!(
    FilePath, "FilePath", "a relative path without `..`",
    { "type": "string", "minLength": 1, "maxLength": 300, "pattern": "^(?!/)(?!.*(^|/)\\.\\.(/|$))[^\\\\\\u0000-\\u001f]+$" },
    FilePath::parse
);

/// An upper-case name of a field of the GPU exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName(pub String);

string_value!(
    FieldName, "FieldName", "a field name such as \"DCGM_FI_DEV_GPU_UTIL\"",
    { "type": "string", "pattern": "^[A-Z][A-Z0-9_]{1,99}$" },
    |text| {
        let ok = (2..=100).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if ok { Ok(FieldName(text.to_owned())) } else { Err("expected a field name such as `DCGM_FI_DEV_GPU_UTIL`".to_owned()) }
    }
);

/// First part of every recorded name, before the colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePrefix(pub String);

string_value!(
    RulePrefix, "RulePrefix", "a short word of a-z, 0-9 and `_`",
    { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,19}$" },
    |text| {
        let ok = (1..=20).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if ok { Ok(RulePrefix(text.to_owned())) } else { Err("expected 1 to 20 of a-z, 0-9 and `_`, beginning with a letter".to_owned()) }
    }
);

/// Name of an environment variable that holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvName(pub String);

impl EnvName {
    /// Reads a name.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ok = (1..=100).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected the name of an environment variable, of A-Z, 0-9 and `_`; secrets are never written into llmobs.toml"
                .to_owned())
        }
    }
}

impl FromToml for EnvName {
    const EXPECTED: &'static str = "the name of an environment variable";

    // What stands here instead of a name is probably a secret: the finding does not repeat it.
    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::String(text) = node.value else {
            reader.wrong_type(node, Self::EXPECTED);
            return None;
        };
        Self::parse(text).map_err(|expected| reader.invalid_secret(node, expected)).ok()
    }
}

impl JsonSchema for EnvName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EnvName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]{0,99}$" })
    }
}

string_value!(
    Duration, "Duration", "a duration such as \"30s\"",
    { "type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(y|w|d|h|ms|m|s))+$", "maxLength": 32 },
    Duration::parse
);
string_value!(
    Bytes, "Bytes", "a size such as \"512MiB\"",
    { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?(TiB|GiB|MiB|KiB|TB|GB|MB|KB|B)$" },
    Bytes::parse
);
string_value!(
    Currency, "Currency", "a currency such as \"USD\"",
    { "type": "string", "pattern": "^[A-Za-z]{3}$" },
    Currency::parse
);

impl FromToml for Ratio {
    const EXPECTED: &'static str = "a percentage such as \"99.9%\" or a ratio such as 0.999";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text: &str = match node.value {
            DeValue::String(text) => text,
            DeValue::Float(x) => x.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                return None;
            }
        };
        Self::parse(text).map_err(|expected| reader.invalid(node, &expected)).ok()
    }
}

impl JsonSchema for Ratio {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ratio".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": "^(100(\\.0+)?|[0-9]{1,2}(\\.[0-9]+)?) ?%$|^(0(\\.[0-9]+)?|1(\\.0+)?)$" },
            { "type": "number", "minimum": 0, "maximum": 1 },
        ] })
    }
}

impl FromToml for Price {
    const EXPECTED: &'static str = "an amount of money such as 3.25 or \"3.25 USD\"";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text: &str = match node.value {
            DeValue::String(text) => text,
            DeValue::Float(x) => x.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                return None;
            }
        };
        let named = matches!(node.value, DeValue::String(_));
        Self::parse(text, named).map_err(|expected| reader.invalid(node, &expected)).ok()
    }
}

impl JsonSchema for Price {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Price".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0, "maximum": 1e12 },
            { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?[A-Za-z]{3}$" },
        ] })
    }
}

/// Declares a whole number from 1 to a limit.
macro_rules! count {
    ($(#[$doc:meta])* $name:ident($type:ty), 1 to $most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $type);

        impl FromToml for $name {
            const EXPECTED: &'static str = concat!("a whole number from 1 to ", $most);

            fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
                let DeValue::Integer(i) = node.value else {
                    reader.wrong_type(node, Self::EXPECTED);
                    return None;
                };
                match <$type>::from_str_radix(i.as_str(), i.radix()) {
                    Ok(n) if (1..=$most).contains(&n) => Some(Self(n)),
                    _ => {
                        reader.invalid(node, concat!("expected a whole number from 1 to ", $most));
                        None
                    }
                }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": 1, "maximum": $most as $type })
            }
        }
    };
}

count! {
    /// A small whole number, 1 to 1,000,000.
    Count(u32), 1 to 1000000
}

count! {
    /// Servers of one model, 1 to 1,000.
    ReplicaCount(u32), 1 to 1000
}

count! {
    /// Slots for LoRA adapters, 1 to 32.
    SlotCount(u32), 1 to 32
}

count! {
    /// A large whole number, 1 to 1,000,000,000,000.
    LargeCount(u64), 1 to 1000000000000
}

impl FromToml for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Boolean(b) = node.value {
            return Some(*b);
        }
        reader.wrong_type(node, Self::EXPECTED);
        None
    }
}

/// The version of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatVersion;

impl FromToml for FormatVersion {
    const EXPECTED: &'static str = "the number 1";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            DeValue::Integer(i) if i.as_str() == "1" && i.radix() == 10 => Some(Self),
            DeValue::Integer(_) => {
                reader.invalid(node, "expected 1, the only format of llmobs.toml that this llmobs reads");
                None
            }
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                None
            }
        }
    }
}

impl JsonSchema for FormatVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}

/// Key of a Kubernetes label: an optional DNS prefix and a name of at most 63 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelKey(pub String);

impl FromKey for LabelKey {
    const PATTERN: &'static str =
        "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

    fn from_key(text: &str) -> Result<Self, String> {
        let (prefix, name) = text.split_once('/').map_or((None, text), |(p, n)| (Some(p), n));
        let edge = |c: char| c.is_ascii_alphanumeric();
        let name_ok = (1..=63).contains(&name.len())
            && name.chars().all(|c| edge(c) || "-_.".contains(c))
            && name.starts_with(edge)
            && name.ends_with(edge);
        let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let prefix_ok = prefix.is_none_or(|p| {
            (1..=253).contains(&p.len())
                && p.chars().all(|c| lower(c) || "-.".contains(c))
                && p.starts_with(lower)
                && p.ends_with(lower)
        });
        if name_ok && prefix_ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected a Kubernetes label key such as `app` or `app.kubernetes.io/name`".to_owned())
        }
    }
}

/// Value of a Kubernetes label: empty, or at most 63 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeLabelValue(pub String);

string_value!(
    KubeLabelValue, "KubeLabelValue", "a Kubernetes label value",
    { "type": "string", "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$" },
    |text| {
        let edge = |c: char| c.is_ascii_alphanumeric();
        let ok = text.is_empty()
            || (text.len() <= 63
                && text.chars().all(|c| edge(c) || "-_.".contains(c))
                && text.starts_with(edge)
                && text.ends_with(edge));
        if ok {
            Ok(KubeLabelValue(text.to_owned()))
        } else {
            Err("expected at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit".to_owned())
        }
    }
);

/// Name of a Prometheus label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromLabelName(pub String);

impl FromKey for PromLabelName {
    const PATTERN: &'static str = "^[a-zA-Z_][a-zA-Z0-9_]{0,99}$";

    fn from_key(text: &str) -> Result<Self, String> {
        let ok = (1..=100).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !text.starts_with("__");
        if ok { Ok(Self(text.to_owned())) } else { Err("expected a Prometheus label name such as `job`".to_owned()) }
    }
}

string_value!(
    PromLabelName, "PromLabelName", "the name of a label",
    { "type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]{0,99}$" },
    PromLabelName::from_key
);

/// Returns a named table of plain values as an ordered map of strings.
pub fn strings<K: Ord, V>(
    named: &super::Named<K, V>,
    key: impl Fn(&K) -> String,
    value: impl Fn(&V) -> String,
) -> BTreeMap<String, String> {
    named.entries.iter().map(|(k, v)| (key(k), value(&v.value))).collect()
}

/// Any text, also of several lines: documentation inside profiles. It reaches Markdown only.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prose(pub String);

string_value!(
    Prose, "Prose", "a text",
    { "type": "string", "maxLength": 2000 },
    |text| {
        if text.len() > 2000 {
            return Err("expected at most 2000 bytes".to_owned());
        }
        match text.chars().find(|c| hidden(*c) && *c != '\n') {
            Some(bad) => Err(format!("expected printable characters, not U+{:04X}", bad as u32)),
            None => Ok(Prose(text.to_owned())),
        }
    }
);

/// Name of a metric or label as an exporter writes it: UTF-8 of at most 300 bytes without control characters and quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportedName(pub String);

impl ExportedName {
    /// Reads a name.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ok = (1..=300).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_:.*".contains(c) || (!c.is_ascii() && !hidden(c)));
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected a metric or label name of letters, digits, `_`, `:` and `.`".to_owned())
        }
    }
}

string_value!(
    ExportedName, "ExportedName", "the name of a metric or label",
    { "type": "string", "minLength": 1, "maxLength": 300 },
    ExportedName::parse
);

impl FromKey for ExportedName {
    const PATTERN: &'static str = "^[^\\u0000-\\u001f\"'{}]{1,300}$";

    fn from_key(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

/// A finite number.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Finite(pub f64);

impl FromToml for Finite {
    const EXPECTED: &'static str = "a number";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match node.value {
            DeValue::Float(x) => x.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                return None;
            }
        };
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Some(Self(value)),
            _ => {
                reader.invalid(node, "expected a finite number");
                None
            }
        }
    }
}

impl JsonSchema for Finite {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Finite".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}
