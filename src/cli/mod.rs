//! The command line: parses arguments, calls the library, prints, chooses the exit code.
//!
//! One file per command. The result of a command goes to stdout, the talk to stderr; nothing here decides what is right or
//! wrong in a project.

mod catalog;
mod check;
mod completions;
mod diff;
mod exit;
mod explain;
mod generate;
mod guard;
mod init;
mod man;
mod page;
mod project;
mod schema;
mod serve;
mod shell;
mod simulate;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use exit::{Exit, Failure};
use shell::{Color, Shell};

/// Compile one llmobs.toml to everything that watches LLM inference
///
/// Prometheus rules, Kubernetes monitors, an OpenTelemetry Collector, Grafana dashboards and runbooks come from one file that
/// says which models run on which engine and GPUs, what they cost and what was promised.
#[derive(Parser)]
#[command(name = "llmobs", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Arguments {
    /// Colour the output
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print only errors and the result
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  clean
  1  findings of severity error; alerts that fail their tests; differences, for `diff --exit-code`, `generate --check` and
     `catalog verify`
  2  wrong usage, an unreadable llmobs.toml, or an internal error";

#[derive(Subcommand)]
enum Command {
    Init(init::Arguments),
    Generate(generate::Arguments),
    Diff(diff::Arguments),
    Check(check::Arguments),
    Explain(explain::Arguments),
    Simulate(simulate::Arguments),
    Test(test::Arguments),
    Catalog(catalog::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Returns the definition of the command line, for completions, man pages and the reference in the README.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program. `arguments` begin with its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    guard::guarded(move || start(arguments))
        .unwrap_or_else(|bug| {
            Shell::new(Color::Auto, false).error(&Failure::bug(&bug));
            Exit::Failure
        })
        .into()
}

fn start(arguments: Vec<OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => {
            // Help and version are results and go to stdout. A reader who went away needs neither.
            let _ = message.print();
            return if message.use_stderr() { Exit::Failure } else { Exit::Clean };
        }
    };
    let mut shell = Shell::new(arguments.color, arguments.quiet);
    let done = match arguments.command {
        Command::Init(a) => init::run(&a, &mut shell),
        Command::Generate(a) => generate::run(&a, &mut shell),
        Command::Diff(a) => diff::run(&a, &mut shell),
        Command::Check(a) => check::run(&a, &mut shell),
        Command::Explain(a) => explain::run(&a, &mut shell),
        Command::Simulate(a) => simulate::run(&a, &mut shell),
        Command::Test(a) => test::run(&a, &mut shell),
        Command::Catalog(a) => catalog::run(&a, &mut shell),
        Command::Schema(_) => schema::run(&mut shell),
        Command::Completions(a) => completions::run(&a, &mut shell),
        Command::Man(a) => man::run(&a, &mut shell),
    };
    let done = done.and_then(|exit| shell.finish().map(|()| exit));
    done.unwrap_or_else(|failure| {
        shell.error(&failure);
        Exit::Failure
    })
}
