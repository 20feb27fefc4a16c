//! Stage 6: what would change in the output folder, by meaning and as text.
//!
//! By meaning: rules, alerts, panels, dashboards and Kubernetes objects are found in the old and the new files and compared
//! by name, wherever they stand, so a rule that only moved to another file is not a removal and an addition. As text: a
//! unified diff per file. This stage neither reads nor writes; old files are hostile input and are parsed within budgets, and
//! what cannot be parsed is compared as text only.

mod dashboards;
mod objects;
mod parse;
mod render;
mod rules;
#[cfg(test)]
mod tests;
pub mod text;

pub use render::{human, json};

use std::collections::BTreeMap;

use serde_json::Value;

use crate::output::{Change, Kind};

/// A file before and after.
#[derive(Debug)]
pub struct FilePair<'a> {
    /// The change of the file.
    pub change: &'a Change,
    /// Its text on disk; `None` when there is none, or when it is not text.
    pub old: Option<String>,
    /// Its generated text; `None` when it is no longer generated.
    pub new: Option<&'a str>,
}

/// Kind of a thing that has a meaning of its own. The order is that of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// A recording rule.
    Rule,
    /// An alert.
    Alert,
    /// A group of rules: how often it is evaluated, not the rules in it.
    Group,
    /// A Grafana dashboard, apart from its panels.
    Dashboard,
    /// A panel of a dashboard.
    Panel,
    /// A Kubernetes object, apart from the rules and dashboards in it.
    Object,
    /// A file that none of the above describes.
    File,
}

impl ItemKind {
    /// Every kind, in the order of the summary.
    pub const ALL: [Self; 7] =
        [Self::Rule, Self::Alert, Self::Group, Self::Dashboard, Self::Panel, Self::Object, Self::File];

    /// Returns the word for several of them.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Rule => "rules",
            Self::Alert => "alerts",
            Self::Group => "rule groups",
            Self::Dashboard => "dashboards",
            Self::Panel => "panels",
            Self::Object => "objects",
            Self::File => "other files",
        }
    }

    /// Returns the word for one of them.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Alert => "alert",
            Self::Group => "group",
            Self::Dashboard => "dashboard",
            Self::Panel => "panel",
            Self::Object => "object",
            Self::File => "file",
        }
    }
}

/// Identity of an item: equal on both sides for the same thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: ItemKind,
    /// What a person calls it: `alert HighTimeToFirstToken (model chat)`.
    title: String,
    /// Counts items of the same kind and title from 0.
    ordinal: usize,
}

/// One thing in a file.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    kind: ItemKind,
    title: String,
    file: String,
    /// What is compared, by the word that names it in the report.
    parts: BTreeMap<String, Value>,
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Parts of it differ; their names, sorted.
    Changed(Vec<String>),
}

/// One line of the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemChange {
    /// Kind of item.
    pub kind: ItemKind,
    /// Its name with its kind: `alert HighTimeToFirstToken (model chat)`.
    pub title: String,
    /// What became of it.
    pub fate: Fate,
    /// The file that it stands in (for a removed item: stood in).
    pub file: String,
}

/// Compares files by meaning. The result is sorted by kind and title.
pub fn compare(pairs: &[FilePair<'_>]) -> Vec<ItemChange> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut changes = Vec::new();
    for pair in pairs {
        let path = pair.change.path.as_str();
        let read = |text: Option<&str>| text.map_or(Some(Vec::new()), |t| items(path, t));
        let (before, after) = (read(pair.old.as_deref()), read(pair.new));
        // A file without known content on one side is reported as a file, not as a loss of all that the other side has.
        match (before, after) {
            (Some(before), Some(after)) if !before.is_empty() || !after.is_empty() => {
                if pair.old.is_none() && pair.change.kind != Kind::Create {
                    changes.push(file_change(pair));
                } else {
                    old.extend(before);
                    new.extend(after);
                }
            }
            _ => changes.push(file_change(pair)),
        }
    }
    changes.extend(matched(index(old), index(new)));
    changes.sort_by(|a, b| (a.kind, &a.title, &a.file).cmp(&(b.kind, &b.title, &b.file)));
    changes
}

fn file_change(pair: &FilePair<'_>) -> ItemChange {
    let fate = match pair.change.kind {
        Kind::Create => Fate::Added,
        Kind::Remove => Fate::Removed,
        Kind::Update => Fate::Changed(
            parse::values(&pair.change.path, pair.old.as_deref().unwrap_or_default())
                .zip(parse::values(&pair.change.path, pair.new.unwrap_or_default()))
                .map(|(old, new)| parse::changed_paths(&Value::from(old), &Value::from(new)))
                .unwrap_or_default(),
        ),
    };
    let path = pair.change.path.clone();
    ItemChange { kind: ItemKind::File, title: format!("file {path}"), fate, file: path }
}

/// Finds the items of a file; `None` when it cannot be parsed, empty when nothing in it has a meaning of its own.
fn items(path: &str, text: &str) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    for value in parse::values(path, text)? {
        if rules::is_rule_file(&value) {
            items.extend(rules::items(path, &value));
        } else if dashboards::is_dashboard(&value) {
            items.extend(dashboards::items(path, &value));
        } else if objects::is_object(&value) {
            items.extend(objects::items(path, value));
        }
    }
    Some(items)
}

fn index(items: Vec<Item>) -> BTreeMap<Key, Item> {
    let mut seen: BTreeMap<(ItemKind, String), usize> = BTreeMap::new();
    let mut index = BTreeMap::new();
    for item in items {
        let count = seen.entry((item.kind, item.title.clone())).or_default();
        index.insert(Key { kind: item.kind, title: item.title.clone(), ordinal: *count }, item);
        *count += 1;
    }
    index
}

fn matched(mut old: BTreeMap<Key, Item>, new: BTreeMap<Key, Item>) -> Vec<ItemChange> {
    let mut changes = Vec::new();
    for (key, item) in new {
        let fate = match old.remove(&key) {
            None => Some(Fate::Added),
            Some(before) => differing(&before, &item).map(Fate::Changed),
        };
        changes.extend(fate.map(|fate| change(key, fate, item.file)));
    }
    changes.extend(old.into_iter().map(|(key, item)| change(key, Fate::Removed, item.file)));
    changes
}

fn change(key: Key, fate: Fate, file: String) -> ItemChange {
    ItemChange { kind: key.kind, title: key.title, fate, file }
}

/// Returns the names of the parts that differ, or `None` when none does.
fn differing(old: &Item, new: &Item) -> Option<Vec<String>> {
    let names = old.parts.keys().chain(new.parts.keys().filter(|k| !old.parts.contains_key(*k)));
    let mut parts: Vec<String> = names.filter(|k| old.parts.get(*k) != new.parts.get(*k)).cloned().collect();
    parts.sort();
    if old.file != new.file {
        parts.push(format!("moved from {}", old.file));
    }
    (!parts.is_empty()).then_some(parts)
}
