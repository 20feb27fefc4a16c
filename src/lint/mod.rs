//! The checker: documents that somebody wrote, against the catalogue and the language.
//!
//! | step | where |
//! |---|---|
//! | queries of a document, with their place and role | `collect` |
//! | text to tree; every fault of syntax | `promql` |
//! | what each part of a tree is | `infer` |
//! | findings, one concern per file | `rules` |
//!
//! Reads no file, prints nothing, and never says anything about metrics that no known exporter owns.

pub mod baseline;
mod collect;
mod cx;
pub mod fix;
pub mod levels;
pub mod project;
mod query;
mod regex;
mod role;
mod rules;
pub mod suppress;

pub use cx::{Cx, Objective, Settings};
pub use query::Query;
pub use role::Role;

use std::sync::{Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::diag::{Code, Diagnostic, Severity};
use crate::infer::{Done, Knowledge, Records, Targets, Typed, infer};
use crate::intake::dashboard::Dashboard;
use crate::intake::{Document, FileContents, Kind};
use crate::parallel;
use crate::promql::{Expr, Feature, Options, Parsed, parse};
use crate::source::{Place, Span};
use collect::Site;

/// A document with the queries of it that could be parsed.
type Parsable<'d> = (&'d Document, Vec<(Site<'d>, Expr)>);

/// A document whose recorded queries may be typed already.
struct Begun<'d> {
    document: &'d Document,
    queries: &'d [(Site<'d>, Expr)],
    /// Typed trees of `queries`, as far as they are known; taken by the thread that judges the document.
    typed: Mutex<Vec<Option<Typed<'d>>>>,
}

/// Checks the documents of a run. Findings come in no particular order.
pub fn check(files: &[FileContents], catalog: &mut Catalog, targets: &Targets, settings: &Settings) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let readable: Vec<&Document> = files
        .iter()
        .flat_map(|f| &f.documents)
        .filter(|d| !matches!(d.kind, Kind::Other | Kind::Project | Kind::RuleTests))
        .collect();
    let mut documents: Vec<Parsable<'_>> = Vec::new();
    for (document, (queries, faults)) in readable.iter().zip(parallel::map(&readable, 4, |d| parsed(d, settings))) {
        documents.push((document, queries));
        out.extend(faults);
    }
    // Recording rules of every file first: a dashboard may stand in another file than the rules it reads.
    let mut records = Records::default();
    for (site, expr) in documents.iter().flat_map(|(_, queries)| queries) {
        if let Role::Record(rule, group) = site.role
            && let Some(name) = &rule.record
        {
            let labels = rule.labels.iter().chain(&group.labels).map(|(k, _)| k.as_str().to_owned()).collect();
            records.add(name.as_str(), expr, labels);
        }
    }
    let knowledge = Knowledge::new(catalog, targets, &records);
    let cx = Cx { knowledge: &knowledge, settings };
    let mut done = Done::default();
    for (_, query) in documents.iter().flat_map(|(_, queries)| queries) {
        records.learn_read(query, &knowledge, &mut done);
    }
    let begun: Vec<Begun<'_>> = documents
        .iter()
        .map(|(document, queries)| Begun {
            document,
            queries,
            typed: Mutex::new(queries.iter().map(|(_, expr)| done.take(expr)).collect()),
        })
        .collect();
    for findings in parallel::map(&begun, 2, |document| judged(document, &cx)) {
        out.extend(findings);
    }
    let dashboards: Vec<&Dashboard> = documents
        .iter()
        .filter_map(|(d, _)| match &d.kind {
            Kind::Dashboard(dashboard) => Some(&**dashboard),
            _ => None,
        })
        .collect();
    rules::dashboard_uid::check(&dashboards, &mut out);
    out
}

/// Lets every rule look at a document and its queries.
fn judged(begun: &Begun<'_>, cx: &Cx<'_>) -> Vec<Diagnostic> {
    let document = begun.document;
    let mut out = Vec::new();
    let typed = std::mem::take(&mut *begun.typed.lock().unwrap_or_else(PoisonError::into_inner));
    let queries: Vec<Query<'_>> = begun
        .queries
        .iter()
        .zip(typed)
        .map(|((site, expr), typed)| Query {
            text: site.text,
            start: site.range.start,
            end: site.range.end,
            typed: typed.unwrap_or_else(|| infer(expr, cx.knowledge)),
            role: site.role,
        })
        .collect();
    for query in &queries {
        for rule in rules::OF_QUERIES {
            rule(query, cx, &mut out);
        }
    }
    let all: Vec<&Query<'_>> = queries.iter().collect();
    if let Kind::Rules(file) = &document.kind {
        rules::groups::check(file, document.object.as_ref(), &all, cx, &mut out);
    }
    if let Kind::Dashboard(dashboard) = &document.kind {
        rules::dashboard::check(dashboard, &mut out);
    }
    out
}

/// Parses the queries of a document; what cannot be parsed becomes findings.
fn parsed<'d>(document: &'d Document, settings: &Settings) -> (Vec<(Site<'d>, Expr)>, Vec<Diagnostic>) {
    let mut queries = Vec::new();
    let mut out = Vec::new();
    for site in collect::sites(document) {
        let Parsed { expr, faults, uses } =
            parse(&site.text.as_str()[site.range.clone()], &Options { dialect: site.role.dialect() });
        let place = |span: Span| site.text.place(site.range.start + span.start..site.range.start + span.end);
        for fault in faults {
            let mut finding = Diagnostic::new(Code::PromqlSyntax, fault.message, place(fault.span), fault.label);
            if let Some(help) = fault.help {
                finding = finding.help(help);
            }
            out.push(finding);
        }
        for (feature, span) in uses {
            out.extend(feature_finding(feature, place(span), settings));
        }
        if let Some(expr) = expr {
            queries.push((site, expr));
        }
    }
    (queries, out)
}

/// A part of the language that the declared Prometheus does not know, or knows only with a flag.
fn feature_finding(feature: Feature, place: Place, settings: &Settings) -> Option<Diagnostic> {
    let version = settings.prometheus.as_ref()?;
    if let Some((major, minor)) = feature.since()
        && (version.major(), version.minor()) < (u64::from(major), u64::from(minor))
    {
        let message = format!("{feature} is known from Prometheus {major}.{minor} on, and {version} is declared");
        return Some(Diagnostic::new(Code::FeatureTooNew, message, place, "the whole file is refused"));
    }
    let flag = feature.flag()?;
    let message = format!("{feature} is experimental: Prometheus refuses it without a flag");
    let mut finding = Diagnostic::new(Code::FeatureExperimental, message, place, "needs a feature flag")
        .help(format!("start Prometheus with `--enable-feature={flag}`"));
    finding.severity = Severity::Info;
    Some(finding)
}
