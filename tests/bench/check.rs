//! Benchmark of `llmobs check` beside `promtool check rules` and `pint --offline lint` in the same run, on rules that it writes.
//!
//! `cargo bench --bench check`. Prints a table and the goals, and fails if one is missed. Needs promtool and pint
//! (tests/judges/install.sh) for the comparison and says so where one is missing.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

#[path = "check/project.rs"]
mod project;
#[path = "check/rules.rs"]
mod rules;

/// Rules of the cases that show whether time is linear. The peers get the third.
const SIZES: [usize; 4] = [2_500, 5_000, 10_000, 40_000];
/// Models of the llmobs.toml.
const MODELS: usize = 50;
/// First argument of this program when it measures another one: peak memory is known only of all children together.
const MEASURE: &str = "--measure";

/// What one run took.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    /// Largest resident set.
    bytes: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == MEASURE) {
        return measured(&arguments[1..]);
    }
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all cases. Returns whether every goal is reached.
fn compare() -> std::io::Result<bool> {
    let scratch = tempfile::tempdir()?;
    let mut good = true;
    let mut goal = |what: &str, reached: bool| {
        good &= reached;
        println!("{} {what}", if reached { "reached:" } else { "MISSED: " });
    };
    println!("| case | wall, median | CPU, median | peak memory |\n|---|---|---|---|");
    let mut costs = Vec::new();
    for n in SIZES {
        let path = scratch.path().join(format!("rules-{n}.yaml"));
        std::fs::write(&path, rules::file(n))?;
        let size = std::fs::metadata(&path)?.len() as f64 / 1e6;
        let cost = median(5, ours(&path));
        row(&format!("llmobs check, {n} rules, {size:.1} MB"), cost);
        costs.push(cost);
    }
    let path = scratch.path().join("rules-10000.yaml");
    let promtool = judge("promtool").map(|program| {
        let cost = median(5, words(&program, &["check", "rules"], &path));
        row("promtool check rules, 10000 rules", cost);
        cost
    });
    let pint = judge("pint").map(|program| {
        let cost = median(1, words(&program, &["--offline", "lint"], &path));
        row("pint --offline lint, 10000 rules", cost);
        cost
    });
    let project = median(20, ours(&models(scratch.path())?));
    row(&format!("llmobs check, llmobs.toml of {MODELS} models with its output"), project);
    let (dashboard, bytes) = project::dashboard(scratch.path())?;
    let dashboard = median(20, ours(&dashboard));
    row(&format!("llmobs check, one dashboard, {:.0} kB", bytes as f64 / 1e3), dashboard);
    println!();

    let ten = costs[2];
    for (name, cost, share) in [("promtool", promtool, 1.0 / 3.0), ("pint", pint, 1.0)] {
        let Some(cost) = cost else {
            goal(&format!("{name} is not installed: no comparison (tests/judges/install.sh {name})"), false);
            continue;
        };
        let ratio = ten.cpu.as_secs_f64() / cost.cpu.as_secs_f64();
        goal(&format!("CPU time against {name}: {ratio:.3} (at most {share:.3})"), ratio <= share);
    }
    let megabytes = ten.bytes as f64 / 1e6;
    goal(&format!("peak memory for 10000 rules: {megabytes:.0} MB (below 100)"), megabytes < 100.0);
    let per_rule = |i: usize| costs[i].cpu.as_secs_f64() * 1e6 / SIZES[i] as f64;
    let slope = per_rule(3) / per_rule(1);
    let each = (0..4).fold(String::new(), |mut all, i| {
        let _ = write!(all, " {:.1}", per_rule(i));
        all
    });
    goal(&format!("linear: µs per rule{each}; the last over the second {slope:.2} (at most 1.25)"), slope <= 1.25);
    goal(&format!("{MODELS} models: {:.1} ms (below 60)", ms(project.wall)), ms(project.wall) < 60.0);
    goal(&format!("one dashboard, cold: {:.1} ms (below 20)", ms(dashboard.wall)), ms(dashboard.wall) < 20.0);
    Ok(good)
}

fn row(what: &str, cost: Cost) {
    println!("| {what} | {:.1} ms | {:.1} ms | {:.1} MB |", ms(cost.wall), ms(cost.cpu), cost.bytes as f64 / 1e6);
}

/// The command that checks a path.
fn ours(path: &Path) -> Vec<String> {
    words(Path::new(env!("CARGO_BIN_EXE_llmobs")), &["check", "--select", &every_code()], path)
}

/// All rules: also those that are off by default.
fn every_code() -> String {
    llmobs::diag::Code::ALL.iter().map(|c| c.name()).collect::<Vec<_>>().join(",")
}

fn words(program: &Path, arguments: &[&str], path: &Path) -> Vec<String> {
    let program = program.display().to_string();
    let arguments = arguments.iter().map(|a| (*a).to_owned());
    std::iter::once(program).chain(arguments).chain([path.display().to_string()]).collect()
}

/// Runs once to warm up, then `runs` times. Each number is a median of its own.
fn median(runs: usize, command: Vec<String>) -> Cost {
    let mut costs: Vec<Cost> = (0..=runs).map(|_| run(&command)).skip(1).collect();
    let mut middle = |key: fn(&Cost) -> u128| {
        costs.sort_by_key(key);
        costs[costs.len() / 2]
    };
    Cost {
        wall: middle(|c| c.wall.as_nanos()).wall,
        cpu: middle(|c| c.cpu.as_nanos()).cpu,
        bytes: middle(|c| u128::from(c.bytes)).bytes,
    }
}

/// Measures a command in a process between, which has no other child.
fn run(command: &[String]) -> Cost {
    let itself = std::env::current_exe().unwrap_or_default();
    let output = Command::new(itself).arg(MEASURE).args(command).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|w| w.parse().ok()).collect();
    let [wall, cpu, bytes] = numbers[..] else {
        println!("failed: {command:?}: {text}");
        return Cost::default();
    };
    Cost { wall: Duration::from_nanos(wall), cpu: Duration::from_nanos(cpu), bytes }
}

/// Runs a command, prints nanoseconds of wall clock and CPU, and the largest resident set in bytes (Linux counts KiB). A checker
/// that finds something exits with 1 or 3; others have failed.
fn measured(command: &[String]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else { return ExitCode::FAILURE };
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let wall = start.elapsed();
    if !status.as_ref().is_ok_and(|s| matches!(s.code(), Some(0 | 1 | 3))) {
        println!("{status:?}");
        return ExitCode::FAILURE;
    }
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return ExitCode::FAILURE };
    let nanoseconds = |t: nix::sys::time::TimeVal| (t.tv_sec() * 1_000_000 + t.tv_usec()) * 1000;
    let cpu = nanoseconds(usage.user_time()) + nanoseconds(usage.system_time());
    println!("{} {cpu} {}", wall.as_nanos(), usage.max_rss() * 1024);
    ExitCode::SUCCESS
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn judge(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    let folder = std::env::var_os("LLMOBS_JUDGES").map_or_else(|| cache.join("llmobs/judges"), PathBuf::from);
    Some(folder.join("bin").join(name)).filter(|p| p.exists())
}

/// Writes a llmobs.toml of many models and returns its path.
fn models(scratch: &Path) -> std::io::Result<PathBuf> {
    let folder = scratch.join("project");
    std::fs::create_dir(&folder)?;
    let path = folder.join("llmobs.toml");
    std::fs::write(&path, project::text(MODELS))?;
    Ok(path)
}
