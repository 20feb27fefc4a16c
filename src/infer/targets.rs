//! Which releases a query is checked against.

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
    /// GPU exporters: fields that it collects besides those of its default list.
    pub fields: Vec<String>,
}

/// The declared deployments.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    list: Vec<Target>,
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
        if !self.list.contains(&target) {
            self.list.push(target);
        }
    }

    /// Returns whether nothing was declared.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns all deployments.
    pub fn all(&self) -> &[Target] {
        &self.list
    }

    /// Returns the deployments of a profile that a selector can mean: those whose names fit its matchers, or all where it names
    /// none of them.
    pub fn of(&self, profile: &Profile, matchers: &[Matcher]) -> Vec<&Target> {
        let of_profile: Vec<&Target> = self.list.iter().filter(|t| t.profile == profile.name).collect();
        let named: Vec<&Target> = of_profile.iter().filter(|t| t.is_named_by(matchers)).copied().collect();
        if named.is_empty() { of_profile } else { named }
    }

    /// Returns whether the matchers decide between deployments of one profile.
    pub fn depend_on(&self, matchers: &[Matcher]) -> bool {
        let named =
            |m: &Matcher| self.list.iter().any(|t| t.named_by.iter().any(|(l, v)| *l == m.label && *v == m.value));
        matchers.iter().any(|m| m.op == MatchOp::Equal && named(m))
    }
}
