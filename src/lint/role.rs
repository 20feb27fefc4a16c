//! Where a query stands, and what stands around it.

use crate::intake::dashboard::{Dashboard, Panel, Target, Variable};
use crate::intake::{AdapterRule, Group, Rule, Trigger};
use crate::promql::Dialect;

/// Where a query stands.
#[derive(Clone, Copy)]
pub enum Role<'q> {
    /// In a recording rule.
    Record(&'q Rule, &'q Group),
    /// In an alert rule.
    Alert(&'q Rule, &'q Group),
    /// In a panel of a dashboard.
    Panel(&'q Target, &'q Panel, &'q Dashboard),
    /// In a variable of a dashboard.
    Variable(&'q Variable, &'q Dashboard),
    /// In an annotation of a dashboard.
    Annotation(&'q Dashboard),
    /// In a KEDA trigger.
    Trigger(&'q Trigger),
    /// In a rule of prometheus-adapter.
    Adapter(&'q AdapterRule),
}

impl<'q> Role<'q> {
    /// Returns whether it decides about waking somebody.
    pub fn is_alert(&self) -> bool {
        matches!(self, Self::Alert(..))
    }

    /// Returns the rule and its group.
    pub fn rule(&self) -> Option<(&'q Rule, &'q Group)> {
        match self {
            Self::Record(rule, group) | Self::Alert(rule, group) => Some((rule, group)),
            _ => None,
        }
    }

    /// Returns how the query is written.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Record(..) | Self::Alert(..) | Self::Trigger(_) => Dialect::Prometheus,
            Self::Panel(..) | Self::Variable(..) | Self::Annotation(_) => Dialect::Grafana,
            Self::Adapter(_) => Dialect::Adapter,
        }
    }
}
