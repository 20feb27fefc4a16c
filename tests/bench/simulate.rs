//! Benchmark of `llmobs simulate --openmetrics`: a day of the quickstart at 15 s, and a day of the fleet at 60 s with what is read.
//!
//! `cargo bench --bench simulate`. Prints a table with the goals, and fails where one is missed. Text goes to stdout and nowhere:
//! what is measured is its making.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// Counted runs; the middle one is shown.
const RUNS: usize = 3;

/// One case: example, arguments, most seconds, fewest samples per second.
struct Case {
    example: &'static str,
    arguments: &'static [&'static str],
    goal_seconds: Option<f64>,
    goal_rate: Option<f64>,
}

const CASES: &[Case] = &[
    Case { example: "quickstart", arguments: &["--step", "15s"], goal_seconds: Some(10.0), goal_rate: None },
    Case { example: "fleet", arguments: &["--step", "60s", "--used-only"], goal_seconds: None, goal_rate: Some(2e6) },
];

/// Most memory of any case, in MB.
const GOAL_MEGABYTES: f64 = 300.0;

fn main() -> ExitCode {
    println!(
        "| case | samples | wall, median | samples per second | peak memory so far | goal |\n|---|---|---|---|---|---|"
    );
    let mut good = true;
    for case in CASES {
        let mut runs: Vec<(Duration, u64)> = (0..RUNS).filter_map(|_| run(case)).collect();
        runs.sort();
        let Some((wall, samples)) = runs.get(runs.len() / 2).copied() else {
            println!("| {} | failed |", case.example);
            return ExitCode::FAILURE;
        };
        let rate = samples as f64 / wall.as_secs_f64();
        let seconds = wall.as_secs_f64();
        let megabytes = peak_megabytes();
        let goal = match (case.goal_seconds, case.goal_rate) {
            (Some(most), _) => format!("{most} s"),
            (None, Some(least)) => format!("{:.0} million per second", least / 1e6),
            (None, None) => String::new(),
        };
        println!(
            "| a day of {} {} | {samples} | {seconds:.2} s | {:.2} million | {megabytes:.0} MB | {goal}, {GOAL_MEGABYTES} MB |",
            case.example,
            case.arguments.join(" "),
            rate / 1e6
        );
        good &= case.goal_seconds.is_none_or(|g| seconds <= g) && case.goal_rate.is_none_or(|g| rate >= g);
        good &= megabytes <= GOAL_MEGABYTES;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns time and samples of one run; the program says how many it wrote.
fn run(case: &Case) -> Option<(Duration, u64)> {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples").join(case.example);
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobs"));
    command.arg("simulate").arg(example).args(["--openmetrics", "-", "--duration", "1d"]).args(case.arguments);
    command.args(["--from", "2026-01-05T00:00:00Z"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.output().ok()?;
    let wall = start.elapsed();
    let told = String::from_utf8_lossy(&output.stderr);
    let samples = told.lines().find_map(|l| l.strip_prefix("wrote ")?.split(' ').next()?.parse().ok())?;
    output.status.success().then_some((wall, samples))
}

/// Largest resident set of a child so far, in MB (Linux counts in KiB).
fn peak_megabytes() -> f64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0.0, |u| u.max_rss() as f64 * 1024.0 / 1e6)
}
