//! Which releases a query is checked against.

use std::collections::BTreeMap;

use crate::catalog::{Profile, Release};
use crate::promql::{MatchOp, Matcher};

/// One deployment of an exporter: a model of llmobs.toml, a GPU pool, or what `--engine` named.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Name of the profile.
    pub profile: String,
    /// Release that stands for the declared version.
    pub release: Release,
    /// Generation of the engine; any if `None`.
    pub generation: Option<String>,
    /// What declared it, for findings: `model `chat``, `--engine`.
    pub declared_by: String,
    /// Values by which a query can name it: label and value, for example `model` and `chat`.
    pub named_by: Vec<(String, String)>,
    /// GPU exporters: whether the list of fields that it collects is made for the rules, so that none is missing.
    pub own_fields: bool,
    /// GPU exporters: whether the GPUs are split into MIG instances; `None` if not declared.
    pub mig: Option<bool>,
    /// GPU exporters: fields that it collects besides those of its default list.
    pub fields: Vec<String>,
}

/// The declared deployments.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    list: Vec<Target>,
    /// Label, value, and the deployments that they name, ascending.
    by_name: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    /// Profile, and its deployments, ascending.
    by_profile: BTreeMap<String, Vec<usize>>,
}

impl Target {
    /// Returns whether matchers name it: at least one fits, and none contradicts.
    fn is_named_by(&self, matchers: &[Matcher]) -> bool {
        let mut named = false;
        for matcher in matchers.iter().filter(|m| !m.value.contains(['$', '<'])) {
            let values: Vec<&str> =
                self.named_by.iter().filter(|(l, _)| *l == matcher.label).map(|(_, v)| v.as_str()).collect();
            if values.is_empty() {
                continue;
            }
            let fits = match matcher.op {
                MatchOp::Equal => values.contains(&matcher.value.as_str()),
                MatchOp::Regex => values.iter().any(|v| alternatives(&matcher.value).any(|a| a == *v)),
                _ => continue,
            };
            if !fits {
                return false;
            }
            named = true;
        }
        named
    }
}

/// Returns the values of an expression that is a plain list, `a|b`; a pattern names nobody.
fn alternatives(expression: &str) -> impl Iterator<Item = &str> {
    let plain = !expression.contains(['*', '+', '?', '[', '(', '{', '^', '\\', '.']);
    expression.split('|').filter(move |_| plain)
}

impl Targets {
    /// Adds a deployment.
    pub fn add(&mut self, target: Target) {
        if self.list.contains(&target) {
            return;
        }
        for (label, value) in target.named_by.iter().cloned() {
            self.by_name.entry(label).or_default().entry(value).or_default().push(self.list.len());
        }
        self.by_profile.entry(target.profile.clone()).or_default().push(self.list.len());
        self.list.push(target);
    }

    /// Returns whether nothing was declared.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the names of the profiles that have a deployment, sorted.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.by_profile.keys().map(String::as_str)
    }

    /// Returns whether a profile has a deployment.
    pub fn declares(&self, profile: &Profile) -> bool {
        self.by_profile.contains_key(&profile.name)
    }

    /// Returns the numbers of the deployments that matchers name, ascending: at least one matcher fits, and none contradicts.
    pub fn named(&self, matchers: &[Matcher]) -> Vec<usize> {
        let mut out: Vec<usize> = Vec::new();
        for matcher in matchers {
            let Some(by_value) = self.by_name.get(&matcher.label) else { continue };
            let found = |value: &str| by_value.get(value).into_iter().flatten().copied();
            match matcher.op {
                MatchOp::Equal => out.extend(found(&matcher.value)),
                MatchOp::Regex => out.extend(alternatives(&matcher.value).flat_map(found)),
                MatchOp::NotEqual | MatchOp::NotRegex => {}
            }
        }
        out.sort_unstable();
        out.dedup();
        out.retain(|n| self.list.get(*n).is_some_and(|t| t.is_named_by(matchers)));
        out
    }

    /// Returns whether a deployment can be named by a label.
    pub fn named_by(&self, label: &str) -> bool {
        self.by_name.contains_key(label)
    }

    /// Returns the deployments of a profile that a selector can mean: those of `named`, or all where none of them is its own.
    pub fn of(&self, profile: &Profile, named: &[usize]) -> Vec<&Target> {
        let own = |t: &&Target| t.profile == profile.name;
        let meant: Vec<&Target> = named.iter().filter_map(|n| self.list.get(*n)).filter(own).collect();
        if !meant.is_empty() {
            return meant;
        }
        self.by_profile.get(&profile.name).into_iter().flatten().filter_map(|n| self.list.get(*n)).collect()
    }
}
