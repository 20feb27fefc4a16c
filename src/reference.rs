//! The generated parts of README.md: llmobs.toml, commands, diagnostic codes, alerts, recorded series. A test keeps them fresh.
//!
//! Prints what is declared elsewhere; declares nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::catalog::{Catalog, Certainty, Semantics};
use crate::declare::{FieldDoc, FromToml};
use crate::diag::Code;
use crate::signals::AlertKind;
use crate::spec::Document;
use crate::units::Unit;

/// Returns the reference of llmobs.toml: a table of keys for each TOML table.
pub fn tables() -> String {
    let mut out = String::new();
    table("", Document::fields(), &mut out);
    out.trim_end().to_owned()
}

/// Returns the reference of profile files: their tables, then the words for units and for the nature of a metric.
pub fn profile_tables() -> String {
    let mut out = String::new();
    table("", crate::catalog::profile_fields(), &mut out);
    let words = |words: &[&str]| words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "`unit` is one of {}.\n", words(Unit::WORDS));
    let _ = writeln!(out, "`semantics` is one of {}.", words(Semantics::WORDS));
    out.trim_end().to_owned()
}

/// Returns the table of built-in profiles.
pub fn profiles() -> String {
    let mut out = "| profile | exporter | releases | metrics | listed |\n|---|---|---|---|---|\n".to_owned();
    let mut catalog = Catalog::default();
    for (name, _) in catalog.profile_names() {
        let Some(profile) = catalog.profile(&name) else { continue };
        let names: BTreeSet<&str> = profile.metrics.iter().map(|m| m.name.as_str()).collect();
        let releases = match (profile.releases.first(), profile.releases.last()) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (first, _) => first.map(ToString::to_string).unwrap_or_default(),
        };
        let listed = if profile.complete { "all" } else { "a part" };
        let derived = if profile.certainty == Certainty::Derived { ", derived" } else { "" };
        let title = cell(&profile.title);
        let _ = writeln!(out, "| `{name}` | {title} | {releases} | {} | {listed}{derived} |", names.len());
    }
    out.trim_end().to_owned()
}

fn table(path: &str, fields: &[FieldDoc], out: &mut String) {
    let title = if path.is_empty() { "Top level".to_owned() } else { format!("`[{path}]`") };
    let _ = writeln!(out, "#### {title}\n\n| key | takes | default | meaning |\n|---|---|---|---|");
    for field in fields {
        let default = match (field.required, field.default) {
            (true, _) => "**required**".to_owned(),
            (false, "") => "none".to_owned(),
            (false, text) => cell(text),
        };
        let meaning = field.doc.iter().map(|l| l.trim()).collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "| `{}` | {} | {default} | {} |", field.name, cell(field.expected), cell(&meaning));
    }
    out.push('\n');
    for field in fields {
        let below = (field.fields)();
        if below.is_empty() {
            continue;
        }
        let named = field.expected == "a table of named entries";
        let dot = if path.is_empty() { "" } else { "." };
        let name = if named { format!("{path}{dot}{}.NAME", field.name) } else { format!("{path}{dot}{}", field.name) };
        table(&name, below, out);
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Returns the reference of a command line: one part per command with its usage and options.
pub fn commands(command: &clap::Command) -> String {
    let mut command = command.clone();
    command.build();
    let mut out = String::new();
    one_command(&command, "", &mut out);
    out.trim_end().to_owned()
}

fn one_command(command: &clap::Command, parents: &str, out: &mut String) {
    let name = format!("{parents}{}", command.get_name());
    let _ = writeln!(out, "#### `{name}`\n");
    if let Some(about) = command.get_about() {
        let _ = writeln!(out, "{about}.\n");
    }
    let arguments: Vec<_> = command
        .get_arguments()
        .filter(|a| !a.is_hide_set() && !["help", "version"].contains(&a.get_id().as_str()))
        .collect();
    if !arguments.is_empty() {
        let _ = writeln!(out, "| argument | meaning |\n|---|---|");
        for argument in arguments {
            let shown = argument.clone().to_string();
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(out, "| `{}` | {} |", cell(&shown), cell(&help.replace('\n', " ")));
        }
        out.push('\n');
    }
    for below in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        one_command(below, &format!("{name} "), out);
    }
}

/// Returns the table of diagnostic codes.
pub fn codes() -> String {
    let mut out = "| code | severity | what it finds |\n|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let _ = writeln!(out, "| `{code}` | {} | {} |", code.severity().word(), cell(code.summary()));
    }
    out.trim_end().to_owned()
}

/// Returns the table of alerts with their defaults.
pub fn alerts() -> String {
    let mut out = "| alert | fires when | for | severity |\n|---|---|---|---|\n".to_owned();
    for kind in AlertKind::ALL {
        let (hold, severity) = (kind.default_hold(), kind.default_severity());
        let _ = writeln!(out, "| `{}` | {} | {hold} | {severity} |", kind.name(), cell(kind.meaning()));
    }
    out.trim_end().to_owned()
}

/// Returns the table of recorded series of a program, each name once.
pub fn series(program: &crate::Program) -> String {
    let all: std::collections::BTreeMap<&str, String> =
        program.book.records().map(|r| (r.name.as_str(), r.measure.meaning())).collect();
    let mut out = "| series | what it holds |\n|---|---|\n".to_owned();
    for (name, meaning) in all {
        let _ = writeln!(out, "| `{name}` | {} |", cell(&meaning));
    }
    out.trim_end().to_owned()
}
