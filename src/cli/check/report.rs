//! Findings to stdout, one summary line to stderr, and the exit code.

use super::round::Round;
use super::{Arguments, Format};
use crate::cli::exit::Exit;
use crate::cli::project::{MAX_NOTES, n_files};
use crate::cli::shell::Shell;
use crate::diag::{Diagnostic, Severity, render};
use crate::lint::baseline::fingerprint;

/// Prints what was found. `to_stderr` if stdout holds a fixed text.
pub fn print(round: &Round, arguments: &Arguments, to_stderr: bool, shell: &mut Shell) -> Exit {
    let has = |severity| round.findings.iter().any(|d| d.severity == severity);
    let n_notes = round.findings.iter().filter(|d| d.severity == Severity::Info).count();
    let for_programs = matches!(arguments.format, Format::Json | Format::Sarif);
    let notes = !arguments.no_notes && (arguments.notes || for_programs || n_notes <= MAX_NOTES);
    let shown: Vec<Diagnostic> =
        round.findings.iter().filter(|d| notes || d.severity > Severity::Info).cloned().collect();
    let colour = if to_stderr { shell.colours_talk() } else { shell.colours_results() };
    let sources = &round.sources;
    let text = match arguments.format {
        Format::Human => render::human(&shown, sources, colour),
        Format::Concise => render::concise(&shown, sources),
        Format::Json => render::json(&shown, sources),
        Format::Sarif => render::sarif(&shown, &round.suppressed, sources, &|d| fingerprint(d, sources)),
        Format::Github => render::github(&shown, sources),
    };
    if to_stderr {
        shell.complain(&text)
    } else {
        shell.result(text)
    }
    let mut summary = render::summary(if arguments.no_notes { &shown } else { &round.findings });
    if summary.is_empty() {
        summary = "no findings".to_owned();
    }
    if round.n_files > 0 {
        summary.push_str(&format!(" in {}", n_files(round.n_files)));
    }
    if !notes && !arguments.no_notes {
        summary.push_str("; `--notes` shows the notes");
    }
    let n_allowed = round.suppressed.iter().filter(|s| s.in_source).count();
    for (n, how) in [(n_allowed, "allowed by comments"), (round.suppressed.len() - n_allowed, "hidden by the baseline")]
    {
        if n > 0 {
            summary.push_str(&format!("; {n} {how}"));
        }
    }
    shell.talk(&format!("{summary}\n"));
    let failed = has(Severity::Error) || arguments.deny_warnings && has(Severity::Warning);
    if failed { Exit::Findings } else { Exit::Clean }
}

/// Returns `1 fix`, `2 fixes`.
pub fn n_of(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}
