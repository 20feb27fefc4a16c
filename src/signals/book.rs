//! The book: what stage 3 hands on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::proof::Proof;
use super::{AlertKind, Measure};
use crate::promql::Expr;
use crate::source::Place;
use crate::units::Duration;

/// What a chapter is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A model, by name.
    Model(String),
    /// A pool, by name.
    Pool(String),
    /// All of them.
    Fleet,
}

/// A recorded series.
#[derive(Clone, Debug)]
pub struct Record {
    /// What it holds.
    pub measure: Measure,
    /// Its name.
    pub name: String,
    /// Labels that the rule adds; shared by the rules of a model.
    pub labels: Arc<BTreeMap<String, String>>,
    /// From what it is computed.
    pub expr: Expr,
    /// The table of llmobs.toml that caused it.
    pub origin: Place,
}

/// What a threshold is measured against, where the reading that says it best is not collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The threshold in words, where it is no fixed number: `3 °C below the slowdown temperature that the GPU reports`.
    pub threshold: Option<String>,
    /// Why it is that, as sentences.
    pub why: String,
}

/// An alert on one model or pool.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Which alert.
    pub kind: AlertKind,
    /// The condition.
    pub expr: Expr,
    /// How long it must hold.
    pub hold: Duration,
    /// Labels besides those of the series.
    pub labels: BTreeMap<String, String>,
    /// Annotations; Go templates.
    pub annotations: BTreeMap<String, String>,
    /// Threshold in the base unit.
    pub threshold: f64,
    /// On what it rests, where that needs saying.
    pub basis: Option<Basis>,
    /// The table of llmobs.toml that caused it.
    pub origin: Place,
    /// States in which it must fire or stay silent.
    pub proof: Proof,
}

/// Rules that are evaluated one after the other.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name, unique in the project.
    pub name: String,
    /// Evaluation interval.
    pub interval: Duration,
    /// Recording rules, each after what it reads.
    pub records: Vec<Record>,
    /// Alerts.
    pub alerts: Vec<Alert>,
}

/// The rules about one subject.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// What they are about.
    pub subject: Subject,
    /// The groups; empty ones are left out.
    pub groups: Vec<Group>,
}

/// All rules.
#[derive(Clone, Debug)]
pub struct Book {
    /// Models by name, pools by name, the fleet.
    pub chapters: Vec<Chapter>,
}

impl Chapter {
    /// Adds a group, unless it is empty.
    pub fn add(&mut self, name: String, interval: Duration, records: Vec<Record>, alerts: Vec<Alert>) {
        if !records.is_empty() || !alerts.is_empty() {
            self.groups.push(Group { name, interval, records, alerts });
        }
    }

    /// Returns every recorded series.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.groups.iter().flat_map(|g| &g.records)
    }

    /// Returns every alert.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.groups.iter().flat_map(|g| &g.alerts)
    }

    /// Returns whether a measure is recorded.
    pub fn has(&self, measure: Measure) -> bool {
        self.records().any(|r| r.measure == measure)
    }
}

impl Book {
    /// Returns every recorded series.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.chapters.iter().flat_map(Chapter::records)
    }

    /// Returns every alert.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.chapters.iter().flat_map(Chapter::alerts)
    }

    /// Returns whether any chapter records a measure.
    pub fn has(&self, measure: Measure) -> bool {
        self.records().any(|r| r.measure == measure)
    }

    /// Returns the chapter of a subject.
    pub fn chapter(&self, subject: &Subject) -> Option<&Chapter> {
        self.chapters.iter().find(|c| c.subject == *subject)
    }

    /// Returns the kinds of alerts that there are, in reading order.
    pub fn alert_kinds(&self) -> Vec<AlertKind> {
        AlertKind::ALL.iter().copied().filter(|k| self.alerts().any(|a| a.kind == *k)).collect()
    }
}
