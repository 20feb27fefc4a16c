//! Which labels the series of an expression carry.
//!
//! Knows no metric; the labels of a metric come in as lists.

use std::sync::Arc;

/// Whether a label is on every series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// It may be there.
    Maybe,
    /// It is there.
    Always,
}

/// Labels of the series of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Known labels, sorted by name.
    named: Vec<(Arc<str>, Presence)>,
    /// Whether there may be others: series as they are stored have labels of the scrape and of relabelling.
    pub open: bool,
    /// Labels that are certainly not there although it is open, sorted.
    gone: Vec<Arc<str>>,
    /// Labels that tell no series apart: a matcher or rule sets them to one value.
    fixed: Vec<Arc<str>>,
}

impl Labels {
    /// No labels at all.
    pub fn none() -> Self {
        Self { named: Vec::new(), open: false, gone: Vec::new(), fixed: Vec::new() }
    }

    /// Nothing is known.
    pub fn unknown() -> Self {
        Self { named: Vec::new(), open: true, gone: Vec::new(), fixed: Vec::new() }
    }

    /// Makes the labels of stored series.
    pub fn stored(named: impl IntoIterator<Item = (Arc<str>, Presence)>, open: bool) -> Self {
        let mut named: Vec<_> = named.into_iter().collect();
        named.sort();
        named.dedup_by(|a, b| a.0 == b.0);
        Self { named, open, gone: Vec::new(), fixed: Vec::new() }
    }

    /// Returns how sure a label is there; `None` if it is certainly not.
    pub fn presence(&self, label: &str) -> Option<Presence> {
        if let Ok(index) = self.named.binary_search_by(|(name, _)| (**name).cmp(label)) {
            return Some(self.named[index].1);
        }
        (self.open && !self.gone.iter().any(|g| **g == *label)).then_some(Presence::Maybe)
    }

    /// Returns whether a label is listed, not merely possible.
    pub fn lists(&self, label: &str) -> bool {
        self.named.binary_search_by(|(name, _)| (**name).cmp(label)).is_ok()
    }

    /// Returns the listed labels, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(name, _)| &**name)
    }

    /// Returns the labels that are on every series, sorted.
    pub fn always(&self) -> impl Iterator<Item = &str> {
        self.named.iter().filter(|(_, p)| *p == Presence::Always).map(|(name, _)| &**name)
    }

    /// Returns whether there is certainly no label.
    pub fn is_none(&self) -> bool {
        !self.open && self.named.is_empty()
    }

    /// Returns the labels after `by (list)`.
    #[must_use]
    pub fn by<'a>(&self, list: impl IntoIterator<Item = &'a str>) -> Self {
        let kept = list.into_iter().filter_map(|l| self.presence(l).map(|p| (Arc::from(l), p)));
        let mut out = Self::stored(kept, false);
        out.fixed = self.fixed.iter().filter(|f| out.lists(f)).cloned().collect();
        out
    }

    /// Returns the labels after `without (list)`.
    #[must_use]
    pub fn without<'a>(&self, list: impl IntoIterator<Item = &'a str>) -> Self {
        let mut out = self.clone();
        for label in list {
            out.named.retain(|(name, _)| **name != *label);
            out.fixed.retain(|name| **name != *label);
            if out.open && !out.gone.iter().any(|g| **g == *label) {
                out.gone.push(Arc::from(label));
            }
        }
        out
    }

    /// Returns the labels with one more.
    #[must_use]
    pub fn with(&self, label: &str, presence: Presence) -> Self {
        let mut out = self.clone();
        out.gone.retain(|g| **g != *label);
        match out.named.binary_search_by(|(name, _)| (**name).cmp(label)) {
            Ok(index) => out.named[index].1 = presence,
            Err(index) => out.named.insert(index, (Arc::from(label), presence)),
        }
        out
    }

    /// Returns the labels with others that have a single value each. A query may name tens of thousands.
    #[must_use]
    pub fn with_fixed<'a>(&self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        let mut added: Vec<&str> = labels.into_iter().collect();
        added.sort_unstable();
        added.dedup();
        let is_added = |name: &str| added.binary_search(&name).is_ok();
        let mut out = self.clone();
        out.gone.retain(|g| !is_added(g));
        for (_, presence) in out.named.iter_mut().filter(|(name, _)| is_added(name)) {
            *presence = Presence::Always;
        }
        out.named.extend(added.iter().filter(|l| !self.lists(l)).map(|l| (Arc::from(*l), Presence::Always)));
        out.named.sort();
        out.fixed.extend(added.iter().filter(|l| !self.is_fixed(l)).map(|l| Arc::from(*l)));
        out.fixed.sort();
        out
    }

    /// Returns the labels with one of them that tells no series apart.
    #[must_use]
    pub fn fix(&self, label: &str) -> Self {
        let mut out = self.clone();
        if let Err(index) = out.fixed.binary_search_by(|f| (**f).cmp(label)) {
            out.fixed.insert(index, Arc::from(label));
        }
        out
    }

    /// Returns whether a label has a single value, so that it tells no series apart.
    pub fn is_fixed(&self, label: &str) -> bool {
        self.fixed.binary_search_by(|f| (**f).cmp(label)).is_ok()
    }

    /// Returns the labels of series that come from either side.
    #[must_use]
    pub fn either(&self, other: &Self) -> Self {
        let mut named: Vec<(Arc<str>, Presence)> = Vec::new();
        for (name, presence) in self.named.iter().chain(&other.named) {
            let both = self.presence(name).min(other.presence(name)) == Some(Presence::Always);
            if !named.iter().any(|(n, _)| n == name) {
                named.push((name.clone(), if both { *presence } else { Presence::Maybe }));
            }
        }
        named.sort();
        let gone = self.gone.iter().filter(|g| other.presence(g).is_none()).cloned().collect();
        // Rules that set a label, or leave it out, set it to one value each.
        let alone = |a: &Self, b: &Self| -> Vec<Arc<str>> {
            a.fixed.iter().filter(|f| b.fixed.contains(f) || b.presence(f).is_none()).cloned().collect()
        };
        let mut fixed = alone(self, other);
        fixed.extend(alone(other, self));
        fixed.sort();
        fixed.dedup();
        Self { named, open: self.open || other.open, gone, fixed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Labels {
        Labels::stored([(Arc::from("model"), Presence::Always), (Arc::from("engine"), Presence::Maybe)], true)
    }

    #[test]
    fn by_keeps_only_what_is_listed() {
        let labels = stored().by(["model", "pod"]);
        assert_eq!(labels.presence("model"), Some(Presence::Always));
        assert_eq!(labels.presence("pod"), Some(Presence::Maybe));
        assert_eq!(labels.presence("engine"), None);
        assert!(stored().by([]).is_none());
        assert_eq!(labels.by(["engine"]).presence("engine"), None);
    }

    #[test]
    fn without_removes_from_an_open_set() {
        let labels = stored().without(["engine", "pod"]);
        assert_eq!(labels.presence("engine"), None);
        assert_eq!(labels.presence("pod"), None);
        assert_eq!(labels.presence("node"), Some(Presence::Maybe));
    }

    #[test]
    fn either_side_weakens() {
        let labels = stored().by(["model"]).either(&Labels::none());
        assert_eq!(labels.presence("model"), Some(Presence::Maybe));
        assert_eq!(labels.presence("pod"), None);
    }
}
