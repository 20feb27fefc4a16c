//! Hostile input for every reader: each case goes the whole way, from bytes to rendered findings, within bounds of time and memory.
//!
//! Fixed cases (`hostile/fixed.rs`) give exactly the findings beside them (`hostile/fixed/*.out`; `LLMOBS_UPDATE=1` writes them anew:
//! read them). Random cases are mutations of real files, numbered; the same number gives the same case. Each target runs for
//! `LLMOBS_FUZZ_SECONDS` (3 by default); `LLMOBS_FUZZ_CASE=N` runs case N alone and prints it.

#![allow(clippy::print_stderr, reason = "the number of cases is worth knowing, and a case that is asked for is shown")]

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use peak_alloc::PeakAlloc;

#[path = "hostile/corpus.rs"]
mod corpus;
#[path = "hostile/fixed.rs"]
mod fixed;
#[path = "hostile/mutate.rs"]
mod mutate;
#[path = "hostile/targets.rs"]
mod targets;

use mutate::{Mutator, Numbers};
use targets::{Run, TARGETS, Target};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Longest time for one case; what takes longer has grown out of hand.
const LIMIT: Duration = Duration::from_secs(20);
/// Bytes that a case may take whatever its size.
const BASE_BYTES: usize = 64 << 20;
/// Bytes that a case may take for each byte of its own.
const BYTES_PER_BYTE: usize = 200;
/// Cases of one thread. The name of a thread says which: it is printed where a stack overflows.
const BATCH: u64 = 50;

fn main() {
    let mut arguments = Arguments::from_args();
    // Memory is counted for the whole process, so one thing happens at a time.
    arguments.test_threads = Some(1);
    let mut trials = Vec::new();
    for (name, build) in fixed::CASES {
        trials.push(Trial::test(format!("fixed/{name}"), move || alone(name, move || fixed::check(name, build))));
    }
    trials.push(Trial::test("fixed/snapshots_have_cases", fixed::no_orphans));
    for target in TARGETS {
        trials.push(Trial::test(format!("random/{}", target.name), move || random(target)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Runs one case in a thread of its own, within the bounds.
fn alone(name: &str, case: impl FnOnce() -> Result<usize, Failed> + Send + 'static) -> Result<(), Failed> {
    let (done, end) = channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ = done.send(bounded(case));
    })?;
    let outcome = match end.recv_timeout(LIMIT) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => return Err(format!("not ready after {LIMIT:?}").into()),
        Err(RecvTimeoutError::Disconnected) => Err("it panics".into()),
    };
    let _ = thread.join();
    outcome
}

/// Runs a case, which returns the size of its input, and judges the memory that it took.
fn bounded(case: impl FnOnce() -> Result<usize, Failed>) -> Result<(), Failed> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let size = case()?;
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let allowed = BASE_BYTES + BYTES_PER_BYTE * size;
    if peak > allowed {
        return Err(format!("{peak} bytes of memory for an input of {size} bytes").into());
    }
    Ok(())
}

fn random(target: &'static Target) -> Result<(), Failed> {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let one = number("LLMOBS_FUZZ_CASE");
    let time = Duration::from_secs(number("LLMOBS_FUZZ_SECONDS").unwrap_or(3));
    let start = Instant::now();
    let mut cases = 0;
    let mut first = one.unwrap_or(0);
    while one.is_some_and(|n| first == n) || one.is_none() && start.elapsed() < time {
        let last = if one.is_some() { first } else { first + BATCH - 1 };
        let done = batch(target, first, last, one.is_some())?;
        cases += follow(target, first, &done)?;
        first = last + 1;
    }
    eprintln!("{}: {cases} cases in {:.0} s", target.name, start.elapsed().as_secs_f64());
    Ok(())
}

/// Starts a thread that runs cases and reports each.
fn batch(target: &'static Target, first: u64, last: u64, show: bool) -> Result<Receiver<Result<(), Failed>>, Failed> {
    let (report, done) = channel();
    let name = format!("{}, cases {first} to {last}", target.name);
    std::thread::Builder::new().name(name).spawn(move || {
        let seeds = (target.seeds)();
        let mutator = Mutator { seeds: &seeds, tokens: target.tokens };
        let mut run = Run::default();
        for n in first..=last {
            let bytes = mutator.case(&mut Numbers::of(target.name, n));
            if show {
                eprintln!("{}", String::from_utf8_lossy(&bytes));
            }
            let size = bytes.len();
            let outcome = bounded(|| (target.run)(bytes, &mut run).map(|()| size).map_err(Failed::from));
            if report.send(outcome).is_err() {
                return;
            }
        }
    })?;
    Ok(done)
}

/// Takes the reports of a batch. Returns how many cases it ran.
fn follow(target: &Target, first: u64, done: &Receiver<Result<(), Failed>>) -> Result<u64, Failed> {
    let mut n = first;
    loop {
        let what = match done.recv_timeout(LIMIT) {
            Ok(Ok(())) => {
                n += 1;
                continue;
            }
            Ok(Err(failed)) => failed.message().unwrap_or_default().to_owned(),
            Err(RecvTimeoutError::Timeout) => format!("not ready after {LIMIT:?}"),
            // The thread is through with its cases, or one of them killed it.
            Err(RecvTimeoutError::Disconnected) if n > first && (n - first).is_multiple_of(BATCH) => {
                return Ok(n - first);
            }
            Err(RecvTimeoutError::Disconnected) if std::env::var_os("LLMOBS_FUZZ_CASE").is_some() && n > first => {
                return Ok(1);
            }
            Err(RecvTimeoutError::Disconnected) => "it panics".to_owned(),
        };
        return Err(format!("case {n}: {what}\nLLMOBS_FUZZ_CASE={n} cargo test --test hostile {}", target.name).into());
    }
}
