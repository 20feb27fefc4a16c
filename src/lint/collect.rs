//! The queries of a document, each with its place and role. Parses no PromQL.

use std::ops::Range;

use super::role::Role;
use crate::intake::dashboard::{Speaks, VariableKind};
use crate::intake::{Document, Kind, Text};

/// A query of a document.
#[derive(Clone)]
pub struct Site<'d> {
    /// The text.
    pub text: &'d Text,
    /// The bytes of the query in it.
    pub range: Range<usize>,
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
                    out.push(whole(&rule.expr, role));
                }
            }
        }
        Kind::Scaler(scaler) => {
            out.extend(scaler.triggers.iter().map(|t| whole(&t.query, Role::Trigger(t))));
        }
        Kind::Adapter(adapter) => {
            for rule in &adapter.rules {
                out.extend(rule.query.iter().map(|text| whole(text, Role::Adapter(rule))));
            }
        }
        Kind::Dashboard(dashboard) => {
            for variable in dashboard.variables.iter().filter(|v| v.kind == VariableKind::Query) {
                let promql = variable.datasource.as_ref().is_none_or(|d| d.speaks(dashboard) != Speaks::Other);
                if let Some(text) = variable.query.as_ref().filter(|_| promql)
                    && let Some(range) = of_variable(text.as_str())
                {
                    out.push(Site { text, range, role: Role::Variable(variable, dashboard) });
                }
            }
            for panel in &dashboard.panels {
                out.extend(panel.targets.iter().map(|t| whole(&t.expr, Role::Panel(t, panel, dashboard))));
            }
            out.extend(dashboard.annotations.iter().map(|a| whole(&a.expr, Role::Annotation(dashboard))));
        }
        Kind::RuleTests | Kind::Project | Kind::Other => {}
    }
    out.retain(|site| !site.text.as_str()[site.range.clone()].trim().is_empty());
    out
}

fn whole<'d>(text: &'d Text, role: Role<'d>) -> Site<'d> {
    Site { text, range: 0..text.len(), role }
}

/// Returns the query within a variable's: `label_values(QUERY, label)`, `query_result(QUERY)`. Others ask for names only.
fn of_variable(text: &str) -> Option<Range<usize>> {
    let lead = text.len() - text.trim_start().len();
    let body = text.trim();
    let inner = |function: &str| {
        let rest = body.strip_prefix(function)?;
        let open = rest.trim_start().strip_prefix('(')?;
        let start = lead + body.len() - open.len();
        let end = lead + body.strip_suffix(')')?.len();
        (start <= end).then_some(start..end)
    };
    if let Some(range) = inner("query_result") {
        return Some(range);
    }
    let range = inner("label_values")?;
    // The label stands behind the last comma that is outside of braces and quotes.
    let mut depth = 0;
    let mut quote = None;
    let mut comma = None;
    for (at, c) in text[range.clone()].char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '(' | '{' | '[') => depth += 1,
            (None, ')' | '}' | ']') => depth -= 1,
            (None, ',') if depth == 0 => comma = Some(range.start + at),
            _ => {}
        }
    }
    comma.map(|end| range.start..end)
}

#[cfg(test)]
mod tests {
    use super::of_variable;

    #[test]
    fn queries_of_variables() {
        let of = |text: &'static str| of_variable(text).map(|r| &text[r]);
        assert_eq!(of("label_values(up{job=\"a,b\"}, pod)"), Some("up{job=\"a,b\"}"));
        assert_eq!(of(" query_result( sum(up) ) "), Some(" sum(up) "));
        assert_eq!(of("label_values(pod)"), None);
        assert_eq!(of("metrics(vllm.*)"), None);
        assert_eq!(of("label_values("), None);
        assert_eq!(of(")label_values("), None);
    }
}
