//! Rules: one rule file or PrometheusRule object per chapter of the book.
//!
//! Flavour `plain`: `prometheus/rules/<part>.yaml`. Flavour `operator`: `kubernetes/rules-<part>.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::kube::{self, Custom};
use super::{Artifact, Emit, yaml};
use crate::parallel;
use crate::signals::{Alert, Chapter, Group, Subject};
use crate::spec::Flavour;

/// A rule file, and the `spec` of a PrometheusRule.
#[derive(Serialize)]
pub struct RuleFile<'a> {
    groups: Vec<RuleGroup<'a>>,
}

#[derive(Serialize)]
struct RuleGroup<'a> {
    name: &'a str,
    interval: String,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule<'a> {
    Record {
        record: &'a str,
        expr: String,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        labels: &'a BTreeMap<String, String>,
    },
    Alert {
        alert: &'a str,
        expr: String,
        #[serde(rename = "for")]
        hold: String,
        labels: &'a BTreeMap<String, String>,
        annotations: &'a BTreeMap<String, String>,
    },
}

/// Returns the part of names and paths that stands for a chapter: `model-chat`, `gpus-h100`, `fleet`.
pub fn part(subject: &Subject) -> String {
    match subject {
        Subject::Model(name) => format!("model-{name}"),
        Subject::Pool(name) => format!("gpus-{name}"),
        Subject::Fleet => "fleet".to_owned(),
    }
}

/// Returns the path of a chapter's rules in the output folder.
pub fn path(emit: Emit<'_>, subject: &Subject) -> String {
    match emit.plan.prometheus.flavour {
        Flavour::Plain => format!("prometheus/rules/{}.yaml", part(subject)),
        Flavour::Operator => format!("kubernetes/rules-{}.yaml", part(subject)),
    }
}

/// Returns the rule file of a chapter.
pub fn rule_file(chapter: &Chapter) -> RuleFile<'_> {
    RuleFile { groups: chapter.groups.iter().map(group).collect() }
}

/// Returns the rules of a chapter that record some names, and some of its alerts, as a plain rule file.
pub fn some_rules(chapter: &Chapter, names: &BTreeSet<String>, alerts: &[&Alert]) -> String {
    let mut groups = chapter.groups.clone();
    for group in &mut groups {
        group.records.retain(|r| names.contains(&r.name));
        group.alerts.retain(|a| alerts.iter().any(|b| b.kind == a.kind && b.labels == a.labels));
    }
    groups.retain(|g| !g.records.is_empty() || !g.alerts.is_empty());
    yaml::document(&RuleFile { groups: groups.iter().map(self::group).collect() })
}

/// Makes the rules of every chapter.
pub fn artifacts(emit: Emit<'_>) -> Vec<Artifact> {
    let recording = |c: &&Chapter| c.groups.iter().any(|g| !g.records.is_empty());
    let chapters: Vec<&Chapter> = emit.book.chapters.iter().filter(recording).collect();
    parallel::map(&chapters, 4, |c| artifact(emit, c))
}

fn artifact(emit: Emit<'_>, chapter: &Chapter) -> Artifact {
    let path = path(emit, &chapter.subject);
    let file = rule_file(chapter);
    match emit.plan.prometheus.flavour {
        Flavour::Plain => Artifact::file(path, yaml::document(&file)),
        Flavour::Operator => {
            let name = emit.names.object(&part(&chapter.subject));
            let object = Custom {
                api_version: "monitoring.coreos.com/v1",
                kind: "PrometheusRule",
                metadata: kube::metadata(
                    emit,
                    name,
                    &emit.plan.kubernetes.namespace,
                    &emit.plan.prometheus.rule_labels,
                ),
                spec: file,
            };
            Artifact::objects(path, yaml::document(&object))
        }
    }
}

fn group(group: &Group) -> RuleGroup<'_> {
    let records =
        group.records.iter().map(|r| Rule::Record { record: &r.name, expr: r.expr.pretty(), labels: &r.labels });
    let alerts = group.alerts.iter().map(|a| Rule::Alert {
        alert: a.kind.name(),
        expr: a.expr.pretty(),
        hold: a.hold.to_string(),
        labels: &a.labels,
        annotations: &a.annotations,
    });
    RuleGroup { name: &group.name, interval: group.interval.to_string(), rules: records.chain(alerts).collect() }
}
