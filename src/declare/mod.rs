//! Declared tables: TOML with spans into structs, with unknown keys, missing keys and wrong types all in one run.
//!
//! Knows TOML and the declaration macros; knows no table of llmobs.toml.

pub mod values;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::{DeTable, DeValue};

use crate::diag::{Code, Diagnostic, Sink, did_you_mean, shorten};
use crate::source::{FileId, Place, Sources, Span, Spanned};

/// A TOML value and its span.
#[derive(Clone, Copy)]
pub struct Node<'a, 'i> {
    /// The value.
    pub value: &'a DeValue<'i>,
    /// Its bytes in the file. For a table with a header, the header.
    pub span: Span,
}

/// What a key takes: read from TOML, described in the schema and in the reference.
pub trait FromToml: Sized + JsonSchema {
    /// What is expected, as it stands in messages and in the reference, for example `a duration such as "30s"`.
    const EXPECTED: &'static str;

    /// Whether the keys of its table are names that the user chose.
    const NAMED: bool = false;

    /// Reads one value. Pushes what is wrong into the reader's sink and returns `None`.
    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self>;

    /// Returns the keys of a table, for the reference; empty for plain values.
    fn fields() -> &'static [FieldDoc] {
        &[]
    }
}

/// One key of a table, for the reference.
pub struct FieldDoc {
    /// The key.
    pub name: &'static str,
    /// Whether the table is useless without it.
    pub required: bool,
    /// What it means; Markdown.
    pub doc: &'static [&'static str],
    /// What holds when it is absent; empty if nothing does.
    pub default: &'static str,
    /// What it takes.
    pub expected: &'static str,
    /// The keys of the table that it takes, if it takes one.
    pub fields: fn() -> &'static [FieldDoc],
}

/// State of reading one file.
pub struct Reader<'s> {
    file: FileId,
    sink: &'s mut Sink,
    path: Vec<Cow<'static, str>>,
    /// The text had syntax errors: what is missing may be their consequence.
    recovered: bool,
    /// Paths of keys that a finding on an unknown key suggested: that they are missing is the same mistake.
    suggested: BTreeSet<String>,
}

impl Reader<'_> {
    /// Returns the place of a span in the file that is read.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Returns the dotted path of the value that is read, for messages.
    pub fn path(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { self.path.join(".") }
    }

    /// Reports a problem.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }

    /// Reports that a value has the wrong TOML type.
    pub fn wrong_type(&mut self, node: Node<'_, '_>, expected: &str) {
        let found = describe(node.value);
        let diagnostic = Diagnostic::new(
            Code::SpecWrongType,
            format!("`{}` has the wrong type", shorten(&self.path())),
            self.place(node.span),
            format!("expected {expected}, found {found}"),
        );
        self.report(diagnostic);
    }

    /// Reports that a value of the right type cannot be read. `expected` says what would do.
    pub fn invalid(&mut self, node: Node<'_, '_>, expected: &str) {
        let found = describe(node.value);
        let diagnostic = Diagnostic::new(
            Code::SpecInvalidValue,
            format!("`{}` cannot be read", shorten(&self.path())),
            self.place(node.span),
            format!("{expected}; found {found}"),
        );
        self.report(diagnostic);
    }

    /// Reports a value that cannot be read and may be a secret, without repeating it.
    pub fn invalid_secret(&mut self, node: Node<'_, '_>, expected: String) {
        let message = format!("`{}` cannot be read", shorten(&self.path()));
        let diagnostic = Diagnostic::new(Code::SpecInvalidValue, message, self.place(node.span), expected);
        self.report(diagnostic);
    }

    /// Reports a word that is not in a list of words.
    pub fn unknown_word(&mut self, node: Node<'_, '_>, word: &str, allowed: &[&str]) {
        const SHOWN: usize = 20;
        let mut listed = allowed.iter().take(SHOWN).map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
        if allowed.len() > SHOWN {
            listed.push_str(&format!(" and {} others", allowed.len() - SHOWN));
        }
        let mut diagnostic = Diagnostic::new(
            Code::SpecUnknownValue,
            format!("`{}` does not take `{}`", shorten(&self.path()), shorten(word)),
            self.place(node.span),
            format!("expected one of {listed}"),
        );
        if let Some(near) = did_you_mean(word, allowed.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.report(diagnostic);
    }

    /// Returns the table that a node is.
    pub fn table<'a, 'i>(&mut self, node: Node<'a, 'i>) -> Option<&'a DeTable<'i>> {
        if let DeValue::Table(table) = node.value {
            Some(table)
        } else {
            self.wrong_type(node, "a table");
            None
        }
    }

    /// Returns the string that a node is.
    pub fn string<'a>(&mut self, node: Node<'a, '_>, expected: &str) -> Option<&'a str> {
        if let DeValue::String(text) = node.value {
            Some(text)
        } else {
            self.wrong_type(node, expected);
            None
        }
    }

    /// Reports every key of `table` that is not declared.
    pub fn check_keys(&mut self, table: &DeTable<'_>, fields: &[FieldDoc]) {
        for (key, _) in table {
            let name: &str = key.get_ref();
            if fields.iter().any(|f| f.name == name) {
                continue;
            }
            let place = self.place(key.span().into());
            let at =
                if self.path.is_empty() { "the file".to_owned() } else { format!("`[{}]`", shorten(&self.path())) };
            let mut diagnostic = Diagnostic::new(
                Code::SpecUnknownKey,
                format!("{at} has no key `{}`", shorten(name)),
                place,
                "not a key of this table",
            );
            diagnostic = match did_you_mean(name, fields.iter().map(|f| f.name)) {
                Some(near) => {
                    self.suggested.insert(format!("{}.{near}", self.path()));
                    diagnostic.help(format!("did you mean `{near}`?"))
                }
                None => {
                    let list = fields.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(", ");
                    diagnostic.help(format!("use one of {list}"))
                }
            };
            self.report(diagnostic);
        }
    }

    /// Reports a required key that is not there.
    fn missing<T: FromToml>(&mut self, table_span: Span, name: &str) {
        let top = self.path.is_empty();
        let full = if top { name.to_owned() } else { format!("{}.{name}", shorten(&self.path())) };
        let of_tables = !T::fields().is_empty();
        let (what, spelled) = if of_tables && T::NAMED {
            ("table", format!("[{full}.NAME]"))
        } else if of_tables {
            ("table", format!("[{full}]"))
        } else {
            ("key", format!("{name} = …"))
        };
        let at = if top { "the file".to_owned() } else { format!("`[{}]`", shorten(&self.path())) };
        let shown = if of_tables { &spelled } else { name };
        let whole = match (top, of_tables) {
            (true, false) => "at the top of the file",
            (_, true) => "in this file",
            (false, false) => "in this table",
        };
        let diagnostic = Diagnostic::new(
            Code::SpecMissingKey,
            format!("{at} lacks the {what} `{shown}`"),
            self.place(table_span),
            format!("expected `{spelled}` {whole}"),
        );
        let help = if of_tables {
            let keys: Vec<String> =
                T::fields().iter().filter(|f| f.required).map(|f| format!("`{}`", f.name)).collect();
            if keys.is_empty() {
                format!("add `{spelled}`")
            } else {
                format!("add `{spelled}` with {}", keys.join(" and "))
            }
        } else {
            format!("add `{name}`: {}", T::EXPECTED)
        };
        self.report(diagnostic.help(help));
    }

    /// Reads one key of a table.
    pub fn field<T: FromToml>(
        &mut self,
        table: &DeTable<'_>,
        table_span: Span,
        name: &'static str,
        required: bool,
    ) -> Option<Spanned<T>> {
        let Some(value) = table.get(name) else {
            if required && !self.recovered && !self.suggested.contains(&format!("{}.{name}", self.path())) {
                self.missing::<T>(table_span, name);
            }
            return None;
        };
        let node = Node { value: value.get_ref(), span: value.span().into() };
        self.path.push(Cow::Borrowed(name));
        let read = T::from_toml(node, self);
        self.path.pop();
        Some(Spanned::new(read?, self.place(node.span)))
    }
}

/// Describes a TOML value for "found …", shortened.
fn describe(value: &DeValue<'_>) -> String {
    match value {
        // The user part of a URL may hold a password, and findings end in logs.
        DeValue::String(text) if text.contains("://") && text.contains('@') => "a URL with a user".to_owned(),
        DeValue::String(text) => format!("the string \"{}\"", shorten(text)),
        DeValue::Integer(i) => {
            let prefix = match i.radix() {
                16 => "0x",
                8 => "0o",
                2 => "0b",
                _ => "",
            };
            format!("the integer {prefix}{}", shorten(i.as_str()))
        }
        DeValue::Float(x) => format!("the number {}", shorten(x.as_str())),
        DeValue::Boolean(b) => format!("{b}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(list) => format!("a list of {}", list.len()),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Turns an error of the TOML parser into a finding: what is wrong in the message, what would do under the caret.
fn syntax(error: &toml::de::Error, file: FileId, text: &str) -> Diagnostic {
    let span = error.span().map_or(Span::new(0, 0), Span::from);
    let line = error.message().lines().next().unwrap_or("syntax error");
    let (fault, expected) = line.split_once(", expected ").unwrap_or((line, ""));
    let found = text.get(span.range()).unwrap_or_default().trim();
    let shown = if found.is_empty() { String::new() } else { format!("; found `{}`", shorten(found)) };
    let (fault, label, help) = match fault {
        "duplicate key" => ("a name is defined twice", "already defined above".to_owned(), ""),
        "string values must be quoted" if found.is_empty() => {
            ("a value is missing", "expected a value, such as a text in quotes".to_owned(), "")
        }
        "string values must be quoted" => ("a text needs quotes", format!("expected `\"{}\"`", shorten(found)), ""),
        "recursion limit" => {
            ("a key or header is too deep", "somewhere in this file; at most 80 parts are read".to_owned(), "")
        }
        "cannot recurse further; max recursion depth met" => {
            ("values are nested too deeply", "at most 80 levels are read".to_owned(), "")
        }
        "invalid float" => {
            (fault, format!("not part of a number{shown}"), "put quotes around a text such as a version")
        }
        fault => match expected {
            "" => (fault, format!("not allowed here{shown}"), ""),
            "nothing" => (fault, format!("nothing may follow here{shown}"), ""),
            expected => (fault, format!("expected {expected}{shown}"), ""),
        },
    };
    let message = format!("the file is not valid TOML: {}", shorten(fault));
    let diagnostic = Diagnostic::new(Code::SpecSyntax, message, Place { file, span }, label);
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}

/// Faults of syntax that are shown of one file: behind one open bracket, every line is a fault. What else such a file lacks is not
/// worth saying.
const MAX_SYNTAX: usize = 20;

/// Turns the first errors of the TOML parser into findings. Under a header that stands twice, every key does, too; that is one mistake.
fn syntax_errors(errors: &[toml::de::Error], file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut header: Option<usize> = None;
    let mut out: Vec<Diagnostic> = Vec::new();
    for error in errors {
        let at = error.span().map_or(0, |s| s.start);
        if error.message() == "duplicate key" {
            let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
            if text[line_start..].trim_start().starts_with('[') {
                header = Some(at);
            } else if header.is_some_and(|h| h < at && !text[h..at].contains("\n[")) {
                continue;
            }
        }
        if out.len() == MAX_SYNTAX {
            let last = out.pop();
            out.extend(last.map(|d| d.help("mend these first: more faults follow, which may all come from them")));
            break;
        }
        out.push(syntax(error, file, text));
    }
    out
}

/// Reads a whole file as the declared table `T`. The first syntax errors are reported; what could be recovered is still read.
///
/// What is wrong on a line with a syntax error is most likely its consequence and is not reported.
pub fn read_document<T: FromToml + Default>(sources: &Sources, file: FileId, sink: &mut Sink) -> T {
    let Some(source) = sources.get(file) else { return T::default() };
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let errors = syntax_errors(&errors, file, &source.text);
    let line = |d: &Diagnostic| {
        let end = d.primary.as_ref().map_or(0, |l| l.place.span.start);
        source.text.as_bytes()[..end].iter().filter(|b| **b == b'\n').count()
    };
    // The file itself is shown by its first key; the start of a file is often a comment.
    let span = table.get_ref().iter().next().map_or(Span::new(0, 0), |(key, _)| key.span().into());
    let value = DeValue::Table(table.into_inner());
    let mut found = Sink::default();
    let path = Vec::new();
    let mut reader = Reader { file, sink: &mut found, path, recovered: !errors.is_empty(), suggested: BTreeSet::new() };
    let document = T::from_toml(Node { value: &value, span }, &mut reader).unwrap_or_default();
    if errors.is_empty() {
        sink.extend(found.into_sorted());
    } else if errors.len() == MAX_SYNTAX {
        sink.extend(errors);
    } else {
        let broken: BTreeSet<usize> = errors.iter().map(line).collect();
        sink.extend(found.into_sorted().into_iter().filter(|d| !broken.contains(&line(d))));
        sink.extend(errors);
    }
    document
}

/// A table whose keys are names that the user chose. Ordered by name, so that moving tables changes no output.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<K: Ord, T> {
    /// Name to value; the place of the value is that of its header, `key_places` has the names.
    pub entries: BTreeMap<K, Spanned<T>>,
    /// Where each name stands.
    pub key_places: BTreeMap<K, Place>,
    /// Names of entries that could not be read and were reported: who refers to one of them makes no second mistake.
    pub refused: BTreeSet<String>,
}

impl<K: Ord, T> Default for Named<K, T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), key_places: BTreeMap::new(), refused: BTreeSet::new() }
    }
}

/// A name that a user gives to a table.
pub trait FromKey: Sized + Ord + Clone {
    /// Pattern of the JSON Schema.
    const PATTERN: &'static str;

    /// Reads a key.
    ///
    /// # Errors
    /// Says what was expected.
    fn from_key(text: &str) -> Result<Self, String>;
}

impl<K: FromKey, T: FromToml> FromToml for Named<K, T> {
    const EXPECTED: &'static str = "a table of named entries";
    const NAMED: bool = true;

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let table = reader.table(node)?;
        let mut named = Self::default();
        for (key, value) in table {
            let place = reader.place(key.span().into());
            match K::from_key(key.get_ref()) {
                Err(expected) => {
                    let message = format!("`{}` is no usable name", shorten(key.get_ref()));
                    reader.report(Diagnostic::new(Code::SpecInvalidName, message, place, expected));
                    named.refused.insert(key.get_ref().to_string());
                }
                Ok(name) => {
                    reader.path.push(Cow::Owned(key.get_ref().to_string()));
                    let node = Node { value: value.get_ref(), span: value.span().into() };
                    let read = T::from_toml(node, reader);
                    reader.path.pop();
                    if let Some(read) = read {
                        named.entries.insert(name.clone(), Spanned::new(read, reader.place(node.span)));
                        named.key_places.insert(name, place);
                    } else {
                        named.refused.insert(key.get_ref().to_string());
                    }
                }
            }
        }
        Some(named)
    }

    fn fields() -> &'static [FieldDoc] {
        T::fields()
    }
}

impl<K: FromKey, T: FromToml> JsonSchema for Named<K, T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": K::PATTERN },
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

impl<T: FromToml> FromToml for Vec<Spanned<T>> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let DeValue::Array(list) = node.value else {
            reader.wrong_type(node, &format!("a list of {}", T::EXPECTED));
            return None;
        };
        let mut out = Vec::new();
        for item in list {
            let node = Node { value: item.get_ref(), span: item.span().into() };
            let place = reader.place(node.span);
            out.extend(T::from_toml(node, reader).map(|v| Spanned::new(v, place)));
        }
        Some(out)
    }

    fn fields() -> &'static [FieldDoc] {
        T::fields()
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Declares a table: struct, reader, schema and reference from one text.
///
/// Each field is `required` or `optional`; `= "…"` says in words what holds when it is absent.
#[macro_export]
#[doc(hidden)]
macro_rules! spec_table {
    (
        $(#[doc = $table_doc:literal])*
        $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $need:ident $field:ident $(as $key:literal)? : $ty:ty $(= $default:literal)?,
            )*
        }
    ) => {
        $(#[doc = $table_doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $(
                $(#[doc = $doc])*
                pub $field: Option<$crate::source::Spanned<$ty>>,
            )*
            /// Keys that are there but could not be read, which was reported: they are not missing.
            pub refused: Vec<&'static str>,
        }

        impl $crate::declare::FromToml for $name {
            const EXPECTED: &'static str = "a table";

            fn from_toml(
                node: $crate::declare::Node<'_, '_>,
                reader: &mut $crate::declare::Reader<'_>,
            ) -> Option<Self> {
                let table = reader.table(node)?;
                reader.check_keys(table, Self::fields());
                let mut read = Self {
                    refused: Vec::new(),
                    $($field: reader.field(table, node.span, spec_table!(@key $field $($key)?), spec_table!(@need $need)),)*
                };
                // Looking for refused keys costs as much as reading; usually every key of the table was read.
                let found = 0 $(+ usize::from(read.$field.is_some()))*;
                if found < table.len() {
                    $(
                        if read.$field.is_none() && table.contains_key(spec_table!(@key $field $($key)?)) {
                            read.refused.push(spec_table!(@key $field $($key)?));
                        }
                    )*
                }
                Some(read)
            }

            fn fields() -> &'static [$crate::declare::FieldDoc] {
                &[$($crate::declare::FieldDoc {
                    name: spec_table!(@key $field $($key)?),
                    required: spec_table!(@need $need),
                    doc: &[$($doc),*],
                    default: spec_table!(@default $($default)?),
                    expected: <$ty as $crate::declare::FromToml>::EXPECTED,
                    fields: <$ty as $crate::declare::FromToml>::fields,
                },)*]
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                let mut required: Vec<serde_json::Value> = Vec::new();
                $(
                    let key = spec_table!(@key $field $($key)?);
                    let mut schema = generator.subschema_for::<$ty>();
                    let doc: &[&str] = &[$($doc),*];
                    let mut description = doc.iter().map(|l| l.trim()).collect::<Vec<_>>().join(" ");
                    let default: &str = spec_table!(@default $($default)?);
                    if !default.is_empty() {
                        description.push_str(" Default: ");
                        description.push_str(default);
                        description.push('.');
                    }
                    schema.insert("description".to_owned(), description.into());
                    properties.insert(key.to_owned(), schema.into());
                    if spec_table!(@need $need) {
                        required.push(key.into());
                    }
                )*
                let table_doc: &[&str] = &[$($table_doc),*];
                schemars::json_schema!({
                    "type": "object",
                    "description": table_doc.iter().map(|l| l.trim()).collect::<Vec<_>>().join(" "),
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
        }
    };
    (@key $field:ident $key:literal) => { $key };
    (@key $field:ident) => { stringify!($field) };
    (@need required) => { true };
    (@need optional) => { false };
    (@default $default:literal) => { $default };
    (@default) => { "" };
}

/// Declares a key that takes one word of a list.
#[macro_export]
#[doc(hidden)]
macro_rules! spec_words {
    (
        $(#[doc = $doc:literal])*
        $name:ident, $expected:literal {
            $($(#[doc = $word_doc:literal])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $word_doc])* $variant,)* }

        #[allow(dead_code, reason = "not every list is asked for its words")]
        impl $name {
            /// Every word, in the order of the list.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// Returns the word as it is written.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl $crate::declare::FromToml for $name {
            const EXPECTED: &'static str = $expected;

            fn from_toml(
                node: $crate::declare::Node<'_, '_>,
                reader: &mut $crate::declare::Reader<'_>,
            ) -> Option<Self> {
                match reader.string(node, Self::EXPECTED)? {
                    $($word => Some(Self::$variant),)*
                    other => {
                        reader.unknown_word(node, other, Self::WORDS);
                        None
                    }
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "enum": [$($word),*] })
            }
        }
    };
}
