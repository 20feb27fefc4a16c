//! `llmobs check`: every finding about a llmobs.toml, its output, and files that others wrote.

mod fixes;
mod inputs;
mod report;
mod round;
mod versions;

use std::path::PathBuf;
use std::time::SystemTime;

use clap::ValueEnum;

use super::exit::{Exit, Failure};
use super::project::n_files;
use super::shell::Shell;
use crate::catalog::Release;
use crate::diag::{Code, Diagnostic, Safety, UnknownCode};
use crate::lint::baseline::Baseline;
use crate::lint::levels::{Levels, codes_in};
use crate::lint::suppress::Date;
use crate::output;
use crate::units::Duration;
use inputs::Wanted;
use round::{Options, Round};

/// Check a llmobs.toml, rules and dashboards, and print every finding
///
/// Without paths, the llmobs.toml of the current folder and what it would generate; of models whose rules differ in their names alone,
/// the rules of the first. With paths, rule files, PrometheusRule objects,
/// Grafana dashboards, KEDA ScaledObjects and prometheus-adapter rules, each against the versions that the nearest llmobs.toml above
/// it declares; without one, against the newest that are known. What llmobs does not read is passed over.
///
/// Errors cannot be right, warnings are doubtful, notes are worth knowing. A comment `# llmobs: allow CODE -- reason` before an item
/// or at the end of a line allows a finding; `llmobs explain CODE` says more about it.
#[derive(clap::Args)]
pub struct Arguments {
    /// Files, folders or globs; `-` is the standard input
    paths: Vec<String>,
    /// Check the standard input, for example of `helm template`
    #[arg(long)]
    stdin: bool,
    /// Take versions and settings from this llmobs.toml, or the one in this folder
    #[arg(long, value_name = "FILE", conflicts_with = "engine")]
    config: Option<PathBuf>,
    /// Check against this version in place of a llmobs.toml; may be repeated, for GPU exporters and gateways too
    #[arg(long, value_name = "NAME[@VERSION]")]
    engine: Vec<String>,
    /// Version of Prometheus that reads the rules
    #[arg(long, value_name = "VERSION")]
    prometheus: Option<String>,
    /// Scrape interval of the metrics
    #[arg(long, value_name = "DURATION")]
    scrape_interval: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Report only these codes or groups, such as `promql/syntax,metric/*`, those that are off by default too
    #[arg(long, value_name = "CODES")]
    select: Vec<String>,
    /// Do not report these codes or groups
    #[arg(long, value_name = "CODES")]
    ignore: Vec<String>,
    /// Fail on warnings too
    #[arg(long)]
    deny_warnings: bool,
    /// Show all notes, those about generated files too; else more than 20 are only counted, except in json and sarif
    #[arg(long, conflicts_with = "no_notes")]
    notes: bool,
    /// Show no notes
    #[arg(long)]
    no_notes: bool,
    /// Hide the findings that this file knows
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the errors and warnings to this file, so that `--baseline` hides them from now on
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "fix", "fix_unsafe", "diff"])]
    write_baseline: Option<PathBuf>,
    /// Apply the fixes that keep the meaning; of the standard input the fixed text goes to stdout
    #[arg(long)]
    fix: bool,
    /// Apply the fixes that are right in most cases, too
    #[arg(long)]
    fix_unsafe: bool,
    /// Show what the fixes would change and write nothing; exit with 1 if there is anything
    #[arg(long)]
    diff: bool,
    /// The day, for dates in comments
    #[arg(long, value_name = "YYYY-MM-DD", hide = true)]
    today: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the lines and what to do
    Human,
    /// One line per finding
    Concise,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// Runs the command.
///
/// # Errors
/// A flag, a llmobs.toml or a baseline cannot be used.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let (options, mut notes) = options(arguments)?;
    let mut paths = arguments.paths.clone();
    if arguments.stdin && !paths.iter().any(|p| p == "-") {
        paths.push("-".to_owned());
    }
    let versions_given = !arguments.engine.is_empty();
    let mut inputs = inputs::gather(&Wanted { paths, config: arguments.config.as_deref(), versions_given })?;
    inputs.findings.append(&mut notes);
    if let Some(path) = &arguments.write_baseline {
        let round = round::run(&inputs, &round::Changed::default(), &options)?;
        return write_baseline(path, &round, shell);
    }
    let safety = match (arguments.fix_unsafe, arguments.fix || arguments.diff) {
        (true, _) => Some(Safety::Unsafe),
        (false, true) => Some(Safety::Safe),
        (false, false) => None,
    };
    let Some(safety) = safety else {
        let round = round::run(&inputs, &round::Changed::default(), &options)?;
        return Ok(report::print(&round, arguments, false, shell));
    };
    let mut fixed = fixes::run(&inputs, &options, safety)?;
    if fixed.n_generated > 0 {
        let (n, what) = (fixed.n_generated, if fixed.n_generated == 1 { "fix is" } else { "fixes are" });
        shell.complain(&format!(
            "{n} {what} in generated files, which are not touched: change llmobs.toml and run `llmobs generate`\n"
        ));
    }
    let what = format!("{} in {}", report::n_of(fixed.n_fixes, "fix", "fixes"), n_files(fixed.n_files()));
    if arguments.diff {
        fixed.print_diff(&inputs, shell);
        shell.talk(&if fixed.n_fixes > 0 { format!("would apply {what}\n") } else { "nothing to fix\n".to_owned() });
        return Ok(if fixed.n_fixes > 0 { Exit::Findings } else { Exit::Clean });
    }
    fixed.write(&inputs, shell);
    if fixed.n_fixes > 0 {
        shell.talk(&format!("applied {what}\n"));
    }
    let from_stdin = inputs.files.iter().any(|i| i.name == inputs::STDIN);
    Ok(report::print(&fixed.round, arguments, from_stdin, shell))
}

fn options(arguments: &Arguments) -> Result<(Options, Vec<Diagnostic>), Failure> {
    let codes = |lists: &[String]| codes_in(lists).map_err(|e: UnknownCode| Failure::new(e.message()).help(e.help));
    let (targets, notes) = versions::declared(&arguments.engine)?;
    let prometheus = arguments.prometheus.as_deref().map(|text| {
        Release::parse(text)
            .ok_or_else(|| Failure::new(format!("`--prometheus` takes a version such as `3.5.0`, not `{text}`")))
    });
    let scrape_interval = arguments.scrape_interval.as_deref().map(|text| {
        let read = Duration::parse(text).ok().filter(|d| !d.is_zero());
        read.ok_or_else(|| Failure::new(format!("`--scrape-interval` takes a duration such as `30s`, not `{text}`")))
    });
    let today = match &arguments.today {
        Some(text) => Date::parse(text).ok_or_else(|| Failure::new(format!("`--today` takes a day, not `{text}`")))?,
        None => today(),
    };
    let options = Options {
        levels: Levels { select: codes(&arguments.select)?, ignore: codes(&arguments.ignore)?, ..Levels::default() },
        targets,
        prometheus: prometheus.transpose()?,
        scrape_interval: scrape_interval.transpose()?,
        today,
        baseline: arguments.baseline.clone(),
        all_notes: arguments.notes,
        use_baselines: arguments.write_baseline.is_none(),
    };
    Ok((options, notes))
}

/// The day of the system clock, in UTC. A clock before 1970 counts as 1970.
fn today() -> Date {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Date::from_unix_days(since.as_secs() / 86_400)
}

fn write_baseline(path: &std::path::Path, round: &Round, shell: &mut Shell) -> Result<Exit, Failure> {
    let folder = path.parent().map(output::shown).unwrap_or_default();
    let baseline = Baseline::of(&round.findings, &round.sources, &folder);
    let shown = output::shown(path);
    output::write_text(path, &baseline.print()).map_err(|e| Failure::new(format!("cannot write `{shown}`: {e}")))?;
    // What nothing could be said about is in no baseline.
    let unread = round.findings.iter().filter(|d| d.code == Code::FileUnreadable && d.primary.is_none()).count();
    shell.talk(&format!("wrote {} to {shown}\n", report::n_of(baseline.len(), "finding", "findings")));
    Ok(if unread > 0 { Exit::Findings } else { Exit::Clean })
}
