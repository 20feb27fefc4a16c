//! The queries of a document, each with its place and role. Parses nothing.

use super::role::Role;
use crate::intake::{Document, Kind, Text};

/// A query of a document.
#[derive(Clone, Copy)]
pub struct Site<'d> {
    /// The text.
    pub text: &'d Text,
    /// Where it stands.
    pub role: Role<'d>,
}

/// Returns the queries of a document, in its order.
pub fn sites(document: &Document) -> Vec<Site<'_>> {
    let mut out = Vec::new();
    match &document.kind {
        Kind::Rules(file) => {
            for group in &file.groups {
                for rule in &group.rules {
                    let role = if rule.alert.is_some() { Role::Alert(rule, group) } else { Role::Record(rule, group) };
                    out.push(Site { text: &rule.expr, role });
                }
            }
        }
        Kind::Scaler(scaler) => {
            out.extend(scaler.triggers.iter().map(|t| Site { text: &t.query, role: Role::Trigger(t) }));
        }
        Kind::Adapter(adapter) => {
            for rule in &adapter.rules {
                out.extend(rule.query.iter().map(|text| Site { text, role: Role::Adapter(rule) }));
            }
        }
        Kind::Dashboard(_) | Kind::RuleTests | Kind::Project | Kind::Other => {}
    }
    out
}
