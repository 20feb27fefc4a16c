//! Benchmark of `llmobs generate`: cold start of the examples, and 1,000 models beside `sloth generate` in the same run.
//!
//! `cargo bench --bench generate`. Prints a table and the goals; judges nothing but what it can compare in one run. Needs `sloth`
//! (tests/judges/install.sh) for the comparison and says so where it is missing.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// Counted runs of the small cases.
const RUNS: usize = 20;
/// Models and SLOs of the large case.
const MANY: usize = 1000;

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

fn main() -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let Ok(scratch) = tempfile::tempdir() else {
        println!("no temporary folder");
        return ExitCode::FAILURE;
    };
    println!("| case | wall, median | CPU, median | goal |\n|---|---|---|---|");
    let mut good = true;
    for (name, goal) in [("quickstart", 30.0), ("fleet", 120.0)] {
        let cost = median(RUNS, |n| {
            let out = fresh(scratch.path(), name, n);
            run(llmobs().arg("generate").arg(root.join("examples").join(name)).arg("--out").arg(out))
        });
        good &= ms(cost.wall) <= goal;
        println!("| generate {name} | {:.1} ms | {:.1} ms | {goal} ms wall |", ms(cost.wall), ms(cost.cpu));
    }
    good &= many(scratch.path());
    println!("binary: {:.1} MB (goal: 30)", file_megabytes(Path::new(env!("CARGO_BIN_EXE_llmobs"))));
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// 1,000 models here, 1,000 SLOs there: CPU time per rule. Peak memory is that of the largest child so far, so ours runs first.
fn many(scratch: &Path) -> bool {
    let spec = scratch.join("many/llmobs.toml");
    if std::fs::create_dir_all(scratch.join("many")).and_then(|()| std::fs::write(&spec, thousand_models())).is_err() {
        println!("cannot write {}", spec.display());
        return false;
    }
    let ours = median(3, |n| run(llmobs().arg("generate").arg(&spec).arg("--out").arg(fresh(scratch, "many-out", n))));
    let megabytes = peak_megabytes();
    let our_rules = count_rules(&fresh(scratch, "many-out", 0));
    let ours_per_rule = ours.cpu.as_secs_f64() * 1e6 / our_rules.max(1) as f64;
    println!(
        "| generate {MANY} models, {our_rules} rules | {:.0} ms | {:.0} ms | peak 150 MB: {megabytes:.0} MB |",
        ms(ours.wall),
        ms(ours.cpu)
    );
    let Some(sloth) = judge("sloth") else {
        println!("sloth is not installed: no comparison (tests/judges/install.sh sloth)");
        return false;
    };
    let slos = scratch.join("slos.yaml");
    let sloth_out = scratch.join("sloth.yaml");
    if std::fs::write(&slos, thousand_slos()).is_err() {
        println!("cannot write {}", slos.display());
        return false;
    }
    let theirs =
        median(3, |_| run(Command::new(&sloth).arg("generate").arg("-i").arg(&slos).arg("-o").arg(&sloth_out)));
    let their_rules = count_rules(&sloth_out);
    let theirs_per_rule = theirs.cpu.as_secs_f64() * 1e6 / their_rules.max(1) as f64;
    let ratio = ours_per_rule / theirs_per_rule;
    println!(
        "| sloth generate, {MANY} SLOs, {their_rules} rules | {:.0} ms | {:.0} ms | |",
        ms(theirs.wall),
        ms(theirs.cpu)
    );
    println!(
        "CPU per rule: {ours_per_rule:.1} µs against {theirs_per_rule:.1} µs, ratio {ratio:.3} (goal: at most 0.2)"
    );
    ratio <= 0.2 && megabytes <= 150.0
}

fn llmobs() -> Command {
    Command::new(env!("CARGO_BIN_EXE_llmobs"))
}

fn run(command: &mut Command) -> Cost {
    let before = children_cpu();
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let wall = start.elapsed();
    if !status.is_ok_and(|s| s.success()) {
        println!("failed: {command:?}");
    }
    Cost { wall, cpu: children_cpu().saturating_sub(before) }
}

/// Names a folder that is not there: every file is written. Removing one between runs would slow the file system down.
fn fresh(scratch: &Path, name: &str, n: usize) -> PathBuf {
    scratch.join(format!("{name}-{n}"))
}

/// Runs once to warm up (number 0), then `runs` times.
fn median(runs: usize, mut one: impl FnMut(usize) -> Cost) -> Cost {
    one(0);
    let costs: Vec<Cost> = (1..=runs).map(&mut one).collect();
    let middle = |f: fn(&Cost) -> Duration| {
        let mut all: Vec<Duration> = costs.iter().map(f).collect();
        all.sort();
        all[all.len() / 2]
    };
    Cost { wall: middle(|c| c.wall), cpu: middle(|c| c.cpu) }
}

fn children_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Duration::ZERO };
    let of = |t: nix::sys::time::TimeVal| Duration::from_micros((t.tv_sec() * 1_000_000 + t.tv_usec()).unsigned_abs());
    of(usage.user_time()) + of(usage.system_time())
}

/// Largest resident set of a child so far, in MB (Linux counts in KiB).
fn peak_megabytes() -> f64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0.0, |u| u.max_rss() as f64 * 1024.0 / 1e6)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn file_megabytes(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(0.0, |m| m.len() as f64 / 1e6)
}

/// Counts `record:` and `alert:` lines below a path.
fn count_rules(path: &Path) -> usize {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        return entries.filter(|e| e.file_name() != "tests").map(|e| count_rules(&e.path())).sum();
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter(|l| l.trim_start().starts_with("- record:") || l.trim_start().starts_with("- alert:")).count()
}

fn judge(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
    let folder = std::env::var_os("LLMOBS_JUDGES").map_or_else(|| cache.join("llmobs/judges"), PathBuf::from);
    Some(folder.join("bin").join(name)).filter(|p| p.exists())
}

fn thousand_models() -> String {
    let mut out = String::from(
        "version = 1\nproject.name = \"many\"\n[gpus.h100]\nmodel = \"h100-sxm\"\n[costs]\nrates.h100 = 2.95\n",
    );
    for n in 0..MANY {
        let version = ["0.8.5.post1", "0.11.0", "0.33.0"][n % 3];
        let _ = write!(
            out,
            "[models.model-{n:04}]\nengine = \"vllm\"\nversion = \"{version}\"\nnamespace = \"llm-{}\"\n\
             pods = {{ app = \"model-{n:04}\" }}\nslos.ttft = {{ objective = \"99%\", threshold = \"2.5s\" }}\n\
             slos.e2e_latency = {{ objective = \"95%\", threshold = \"30s\" }}\n",
            n % 20
        );
    }
    out
}

fn thousand_slos() -> String {
    let mut out = String::from("version: prometheus/v1\nservice: many\nslos:\n");
    for n in 0..MANY {
        let _ = write!(
            out,
            "  - name: model-{n:04}\n    objective: 99.0\n    sli:\n      events:\n        error_query: \
             sum(rate(http_requests_total{{job=\"model-{n:04}\",code=~\"5..\"}}[{{{{.window}}}}]))\n        total_query: \
             sum(rate(http_requests_total{{job=\"model-{n:04}\"}}[{{{{.window}}}}]))\n    alerting:\n      name: Slo{n:04}\n"
        );
    }
    out
}
