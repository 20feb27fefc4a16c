//! `dashboard/unknown-variable`, `dashboard/missing-datasource`: what a dashboard refers to and does not have.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::intake::Text;
use crate::intake::dashboard::{Dashboard, Datasource, VariableKind};

/// Variables that Grafana itself has (docs: "Global variables").
const GLOBAL: &[&str] = &[
    "__all",
    "__all_variables",
    "__annotation",
    "__auto",
    "__cell",
    "__dashboard",
    "__data",
    "__data_link",
    "__errors",
    "__field",
    "__from",
    "__interval",
    "__interval_ms",
    "__name",
    "__org",
    "__range",
    "__range_ms",
    "__range_s",
    "__rate_interval",
    "__rate_interval_ms",
    "__series",
    "__timeFilter",
    "__timezone",
    "__to",
    "__url",
    "__url_time_range",
    "__user",
    "__value",
    "timeFilter",
    "interval",
    "__searchFilter",
    "__timeGroup",
    "__time",
];

/// Looks at every text of a dashboard in which variables are replaced.
pub fn check(dashboard: &Dashboard, out: &mut Vec<Diagnostic>) {
    let mut known: BTreeSet<&str> = dashboard.variables.iter().map(|v| v.name.as_str()).collect();
    known.extend(dashboard.inputs.iter().map(|(name, _)| name.as_str()));
    for variable in &dashboard.variables {
        for text in variable.query.iter().filter(|_| variable.kind == VariableKind::Query) {
            unknown(text, &known, out);
        }
    }
    for panel in &dashboard.panels {
        let targets = panel.targets.iter().flat_map(|t| [Some(&t.expr), t.legend.as_ref(), t.interval.as_ref()]);
        for text in targets.chain([panel.title.as_ref()]).flatten() {
            unknown(text, &known, out);
        }
    }
    for annotation in &dashboard.annotations {
        unknown(&annotation.expr, &known, out);
    }
    datasources(dashboard, &known, out);
}

fn unknown(text: &Text, known: &BTreeSet<&str>, out: &mut Vec<Diagnostic>) {
    for (name, at) in variables(text.as_str()) {
        if known.contains(name) || GLOBAL.contains(&name) || name.starts_with("__") {
            continue;
        }
        let message = format!("the dashboard has no variable `{}`", crate::diag::shorten(name));
        let mut finding = Diagnostic::new(
            Code::DashboardUnknownVariable,
            message,
            text.place(at..at + name.len()),
            "stays as it is written",
        );
        if let Some(near) = did_you_mean(name, known.iter().copied()) {
            finding = finding.help(format!("did you mean `{near}`?"));
        }
        out.push(finding.help("define it under `templating`, or write the value"));
    }
}

/// Returns the variables that a text names, `$x`, `${x}`, `${x:regex}`, `[[x]]`, with the place of the name.
pub fn variables(text: &str) -> Vec<(&str, usize)> {
    let mut out = Vec::new();
    let word = |from: usize| {
        let end = text[from..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(text.len(), |i| from + i);
        let starts = text[from..end].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (starts && end > from).then_some((&text[from..end], from))
    };
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            // `$1` is a group of a regular expression, `$$` an escape.
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                // `${x.y}` and `${__field.name}` begin with the name.
                out.extend(
                    word(at + 2)
                        .filter(|(w, from)| matches!(bytes.get(from + w.len()), Some(b'}' | b':' | b'.' | b'['))),
                );
            }
            b'$' => out.extend(word(at + 1)),
            b'[' if bytes.get(at + 1) == Some(&b'[') => {
                out.extend(word(at + 2).filter(|(w, from)| matches!(bytes.get(from + w.len()), Some(b']' | b':'))));
            }
            _ => {}
        }
    }
    out
}

fn datasources(dashboard: &Dashboard, known: &BTreeSet<&str>, out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let of_targets =
        dashboard.panels.iter().flat_map(|p| p.targets.iter().map(|t| (t.datasource.as_ref(), p.datasource.as_ref())));
    for reference in of_targets.filter_map(|(target, panel)| target.or(panel)) {
        let Datasource { uid: Some(uid), .. } = reference else { continue };
        if !seen.insert(uid.as_str()) || uid.starts_with("--") || uid.is_empty() {
            continue;
        }
        let named = variables(uid);
        if let Some((name, at)) = named.first() {
            if !known.contains(name) && !name.starts_with("__") {
                let message = format!("the data source is the variable `{name}`, which the dashboard does not have");
                out.push(
                    Diagnostic::new(
                        Code::DashboardMissingDatasource,
                        message,
                        uid.place(*at..*at + name.len()),
                        "Grafana finds no data source",
                    )
                    .help("define a variable of type `datasource`, or the input of an export (`__inputs`)"),
                );
            }
            continue;
        }
        // A default, or a name of a fixed kind, is what an exporting Grafana writes.
        if matches!(uid.as_str(), "default" | "prometheus" | "Prometheus" | "grafana") {
            continue;
        }
        let message = format!(
            "the data source `{}` exists only in the Grafana that this dashboard came from",
            crate::diag::shorten(uid)
        );
        let mut finding =
            Diagnostic::new(Code::DashboardMissingDatasource, message, uid.whole(), "a fixed uid or name");
        finding.severity = crate::diag::Severity::Info;
        out.push(finding.help("use a variable of type `datasource`"));
    }
}
