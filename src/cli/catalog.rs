//! `llmobs catalog`: what is known of the metrics of engines, GPU exporters, gateways and what stands around them.

use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::page;
use super::shell::Shell;
use crate::catalog::{Catalog, Profile, Release};
use crate::catalog_report as report;
use crate::diag::{Sink, did_you_mean, render, shorten};
use crate::metrics_page;
use crate::source::Sources;

/// Look up metrics of engines, GPU exporters and gateways by release, and compare a server with them
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the profiles: releases, number of metrics, and whether all metrics are listed
    List {
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Show everything that is known of a metric, by its name or by that of a series
    Show {
        /// For example `vllm:time_to_first_token_seconds_bucket`
        #[arg(value_name = "METRIC")]
        metric: String,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Compare two releases of an exporter: what went, what came, what changed
    Diff {
        /// Name of the profile, for example `vllm`
        profile: String,
        /// The older version
        old: String,
        /// The newer version
        new: String,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Find metrics by words in name, help, unit, type, labels or profile
    Search {
        /// Words that must all be there
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Compare a metrics page with the catalogue
    ///
    /// Which exporters the page shows, and which of their releases, is found by its names. Series that are not known, other
    /// types, labels, values or bucket bounds, and series that should be there are differences.
    Verify {
        /// The page, as a file or as a URL; `-` is stdin
        #[arg(value_name = "PAGE")]
        page: String,
        /// The exporter that it is of, with a version if that is known
        #[arg(long, value_name = "NAME[@VERSION]")]
        profile: Option<String>,
        /// Print entries of a profile for what differs
        #[arg(long, conflicts_with = "format")]
        patch: bool,
        /// How to print
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON value
    Json,
}

/// Runs the command.
///
/// # Errors
/// A metric, profile or version that is not known; a page that cannot be read.
pub fn run(arguments: &Arguments, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut catalog = Catalog::default();
    match &arguments.command {
        Command::List { format } => {
            let entries = report::list(&mut catalog);
            let text = report::list_text(&entries, &mut catalog);
            print(shell, *format, &entries, text)?;
        }
        Command::Show { metric, format } => {
            let all = report::show(&mut catalog, metric);
            if all.is_empty() {
                return Err(unknown(metric, &mut catalog));
            }
            let text = report::Shown::text(metric, &all);
            print(shell, *format, &all, text)?;
        }
        Command::Diff { profile, old, new, format } => {
            let profile = named(profile, &mut catalog)?;
            let (old, new) = (release(old)?, release(new)?);
            let diff = report::diff(&profile, &old, &new).map_err(|v| too_old(&profile, v))?;
            let text = diff.text();
            print(shell, *format, &diff, text)?;
        }
        Command::Search { words, format } => {
            let found = report::search(&mut catalog, words);
            print(shell, *format, &found, report::search_text(&found))?;
            if found.is_empty() {
                shell.talk("no metric has all of these words\n");
            }
        }
        Command::Verify { page, profile, patch, format } => {
            return verify(page, profile.as_deref(), *patch, *format, &mut catalog, shell);
        }
    }
    Ok(Exit::Clean)
}

fn verify(
    from: &str,
    profile: Option<&str>,
    patch: bool,
    format: Format,
    catalog: &mut Catalog,
    shell: &mut Shell,
) -> Result<Exit, Failure> {
    let wanted = profile.map(|p| wanted(p, catalog)).transpose()?;
    let text = page::read_or_stdin(from)?;
    let mut sources = Sources::default();
    let file = sources.add(from, text.clone());
    let mut sink = Sink::default();
    let page = metrics_page::read(&text, file, &mut sink);
    let failed = sink.has_errors();
    let findings = sink.into_sorted();
    shell.complain(&render::human(&findings, &sources, shell.colours_talk()));
    if failed {
        return Ok(Exit::Findings);
    }
    let found = report::verify(&page, catalog, wanted.as_ref()).map_err(|v| match &wanted {
        Some(wanted) => too_old(&wanted.profile, &v),
        None => Failure::bug("a version without a profile"),
    })?;
    if found.families == 0 {
        return Err(Failure::new(format!("`{}` shows no metric", shorten(from)))
            .help("Turn the metrics of the server on, send one request, and save the page again"));
    }
    if found.profiles.is_empty() && !patch {
        return Err(Failure::new(format!("the catalogue knows no metric of `{}`", shorten(from)))
            .help("Name the exporter with `--profile`, or print entries for a profile of your own with `--patch`"));
    }
    if patch {
        shell.result(report::patch(&found));
    } else {
        let text = found.text();
        print(shell, format, &found, text)?;
    }
    shell.talk(&format!("{}\n", found.summary()));
    Ok(if found.differences.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn print(shell: &mut Shell, format: Format, value: &impl Serialize, text: String) -> Result<(), Failure> {
    match format {
        Format::Human => shell.result(text),
        Format::Json => {
            let json = serde_json::to_string_pretty(value).map_err(|e| Failure::bug(&e.to_string()))?;
            shell.result(json + "\n");
        }
    }
    Ok(())
}

fn wanted(text: &str, catalog: &mut Catalog) -> Result<report::Wanted, Failure> {
    let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
    Ok(report::Wanted { profile: named(name, catalog)?, version: version.map(release).transpose()? })
}

fn named(name: &str, catalog: &mut Catalog) -> Result<Arc<Profile>, Failure> {
    if let Some(profile) = catalog.profile(name) {
        return Ok(profile);
    }
    let names: Vec<String> = catalog.profile_names().into_iter().map(|(name, _)| name).collect();
    let failure = Failure::new(format!("there is no profile `{}`", shorten(name)));
    Err(match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!("there are: {}", names.join(", "))),
    })
}

fn release(text: &str) -> Result<Release, Failure> {
    Release::parse(text).ok_or_else(|| {
        Failure::new(format!("`{}` is no version", shorten(text)))
            .help("Write it as the exporter does, such as `0.11.0`")
    })
}

fn too_old(profile: &Profile, version: &Release) -> Failure {
    let failure = Failure::new(format!("{} {version} is older than all that is known of it", profile.name));
    match profile.releases.first() {
        Some(first) => failure.help(format!("the oldest release that was read is {first}")),
        None => failure,
    }
}

fn unknown(series: &str, catalog: &mut Catalog) -> Failure {
    let failure = Failure::new(format!("there is no metric `{}` in the catalogue", shorten(series)));
    let owners = catalog.owners(series);
    if let Some(near) = owners.iter().find_map(|p| Catalog::nearest(p, series)) {
        return failure.help(format!("did you mean `{near}`?"));
    }
    let failure = failure.help("`llmobs catalog search` finds metrics by words");
    match owners.iter().find(|p| !p.complete) {
        Some(part) => failure.help(format!("`{}` lists only a part of what its exporter shows", part.name)),
        None => failure,
    }
}
