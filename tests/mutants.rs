//! Changes generated rules a little, one place at a time, and wants the generated tests to notice.
//!
//! A change that no test notices is a survivor. Some change nothing that could be seen: those stand with their reason in
//! `tests/mutants/equivalent.txt`. Those that are known to survive stand in `tests/mutants/survivors.txt` and count against the
//! score. A fixed sample runs by default, in which no other may survive; everything with `LLMOBS_MUTANTS=all`, and what matches an
//! expression with `LLMOBS_MUTANTS=ModelDown`.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use libtest_mimic::{Arguments, Trial};
use llmobs::emit::{PROOF_RULES, ProofRun};
use llmobs::source::MemoryWorld;
use regex::Regex;
use serde_json::Value;

#[path = "support/mod.rs"]
mod support;
use support::judge::{promtool, trial};
use support::project::{self, root};
use support::{Context, Result};

/// Share of the mutants that must be noticed.
const WANTED: f64 = 0.95;

/// Mutants of the sample.
const SAMPLE: usize = 120;

fn main() -> std::process::ExitCode {
    let trials = vec![trial("mutants".to_owned(), &["promtool"], mutants)];
    libtest_mimic::run(&Arguments::from_args(), trials as Vec<Trial>).exit_code()
}

/// A changed rule.
#[derive(Clone, Debug)]
struct Mutant {
    /// Chapter and rule: `model-chat/ModelDown`.
    rule: String,
    /// What was changed: `> to <`, at which of the places.
    change: String,
    /// The rule, and the changed rule, as JSON.
    from: Value,
    to: Value,
}

impl Mutant {
    fn name(&self) -> String {
        format!("{}: {}", self.rule, self.change)
    }
}

/// Kinds of changes of a query, and what is changed: the first group of the expression, for `label` the third.
const CHANGES: &[(&str, &str)] = &[
    ("comparison", r" (>=|<=|==|>|<) ([0-9.]*)"),
    ("threshold", r"(?:>=|<=|==|>|<|\*) ([0-9.]+)\b"),
    ("window", r"\[([0-9]+)([smhd])\]"),
    ("offset", r"offset ([0-9]+)([smhdw])"),
    ("sign", r" ([+-]) "),
    ("side", r"\s(and|unless)\s"),
    ("label", r#"(\w+)(=~?)"([^"]+)""#),
];

fn mutants() -> Result {
    let source = project::examples()?.into_iter().find(|s| s.name == "quickstart").context("the example quickstart")?;
    let mut runs = project::compile(&source)?.proofs();
    // Every budget has the same rules; those of a model stand for all.
    let of_money = |r: &ProofRun| r.part == "model-summarizer" && r.alerts.iter().any(|a| a.starts_with("CostBudget"));
    runs.extend(proofs("budgets.toml")?.into_iter().filter(of_money));
    let of_slots = |r: &ProofRun| r.alerts.iter().any(|a| a == "LoRASlotsExhausted");
    runs.extend(proofs("lora.toml")?.into_iter().filter(of_slots));
    let runs = Arc::new(runs);
    let equivalent = fs::read_to_string(root().join("tests/mutants/equivalent.txt")).context("equivalent.txt")?;
    let equivalent: Vec<&str> = equivalent
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split(" # ").next())
        .map(str::trim)
        .collect();
    let mut all = Vec::new();
    for run in runs.iter() {
        // Other alerts that a test of slots goes with are changed in the example, where all of their tests run.
        let own = |m: &Mutant| !of_slots(run) || m.rule.to_lowercase().contains("lora");
        all.extend(of_run(run)?.into_iter().filter(own));
    }
    all.sort_by_key(Mutant::name);
    all.dedup_by_key(|m| m.name());
    let n_all = all.len();
    let equivalent = equivalent.iter().map(|l| Regex::new(&format!("^(?:{l})$")).context(l));
    let equivalent = equivalent.collect::<Result<Vec<Regex>>>()?;
    all.retain(|m| !equivalent.iter().any(|e| e.is_match(&m.name())));
    let n_equivalent = n_all - all.len();
    let wanted = std::env::var("LLMOBS_MUTANTS").ok().filter(|w| !w.is_empty());
    let everything = wanted.as_deref() == Some("all");
    if let Some(wanted) = wanted.filter(|_| !everything) {
        let wanted = Regex::new(&wanted).context("LLMOBS_MUTANTS")?;
        all.retain(|m| wanted.is_match(&m.name()));
    } else if !everything {
        let step = all.len().div_ceil(SAMPLE).max(1);
        all = all.into_iter().step_by(step).collect();
    }
    let survivors = survivors(&runs, &all)?;
    let caught = all.len() - survivors.len();
    let score = caught as f64 / all.len().max(1) as f64;
    let text = format!(
        "{caught} of {} mutants noticed ({:.1} %), {n_all} in all, {n_equivalent} equivalent\n{}",
        all.len(),
        score * 100.0,
        survivors.join("\n")
    );
    fs::write(std::env::temp_dir().join("llmobs-mutants.txt"), &text).context("report")?;
    let known = fs::read_to_string(root().join("tests/mutants/survivors.txt")).context("survivors.txt")?;
    let new = survivors.iter().filter(|s| !known.lines().any(|k| k == s.as_str())).count();
    if new > 0 || (everything && score < WANTED) { Err(format!("{new} new survivors; {text}")) } else { Ok(()) }
}

/// Makes the tests of a project in `tests/mutants`.
fn proofs(file: &str) -> Result<Vec<ProofRun>> {
    let text = fs::read_to_string(root().join("tests/mutants").join(file)).context(file)?;
    Ok(llmobs::compile(file, text, &MemoryWorld::default()).program.context(file)?.proofs())
}

/// Makes every mutant of the rules of a test.
fn of_run(run: &ProofRun) -> Result<Vec<Mutant>> {
    let file: Value = serde_saphyr::from_str(&run.rules).context(&run.name)?;
    let groups = file.get("groups").and_then(Value::as_array).context("groups")?;
    let rules = groups.iter().filter_map(|g| g.get("rules").and_then(Value::as_array)).flatten();
    let mut out = Vec::new();
    for rule in rules {
        let Some(expr) = rule.get("expr").and_then(Value::as_str) else { continue };
        let name = rule.get("alert").or(rule.get("record")).and_then(Value::as_str).unwrap_or_default();
        let label = |label| rule.pointer(label).and_then(Value::as_str).map(|l| format!("-{l}"));
        let told_apart = label("/labels/latency").or_else(|| label("/labels/long_window"));
        let of = format!("{}/{name}{}", run.part, told_apart.unwrap_or_default());
        let mut push = |change: String, key: &str, value: String| {
            let mut to = rule.clone();
            to[key] = Value::String(value);
            out.push(Mutant { rule: of.clone(), change, from: rule.clone(), to });
        };
        for (change, text) in of_expression(expr)? {
            push(change, "expr", text);
        }
        if let Some(hold) = rule.get("for").and_then(Value::as_str).and_then(minutes).filter(|m| *m > 0) {
            push("for longer".to_owned(), "for", format!("{}m", hold + hold.div_ceil(2)));
            push("for shorter".to_owned(), "for", format!("{}m", hold / 2));
        }
    }
    Ok(out)
}

/// Minutes of `5m`, `1h`, `1h30m`.
fn minutes(text: &str) -> Option<u64> {
    let (hours, rest) = text.split_once('h').unwrap_or(("0", text));
    let minutes = rest.trim_end_matches('m');
    Some(hours.parse::<u64>().ok()? * 60 + if minutes.is_empty() { 0 } else { minutes.parse::<u64>().ok()? })
}

/// Makes every change of an expression: what was changed, and the changed text.
fn of_expression(expr: &str) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    for (kind, pattern) in CHANGES {
        let regex = Regex::new(pattern).context(pattern)?;
        for (place, found) in regex.captures_iter(expr).enumerate() {
            let Some(inner) = found.get(1) else { continue };
            let rest = |i: usize| found.get(i).map_or("", |m| m.as_str());
            let replaced = |new: &str| format!("{}{new}{}", &expr[..inner.start()], &expr[inner.end()..]);
            let (old, n) = (inner.as_str(), inner.as_str().parse::<f64>().unwrap_or(0.0));
            let mut add = |to: &str, text: String| out.push((format!("{kind} {} {old} to {to}", place + 1), text));
            match *kind {
                "comparison" => {
                    let than = rest(2);
                    let mut add = |to: &str, text: String| {
                        out.push((format!("comparison {} {old} {than} to {to}", place + 1), text));
                    };
                    let turned = match old {
                        ">" | ">=" => "<",
                        "<" | "<=" => ">",
                        _ => "!=",
                    };
                    add(turned, replaced(turned));
                    let edge = match old {
                        ">" => ">=",
                        ">=" => ">",
                        "<" => "<=",
                        "<=" => "<",
                        _ => continue,
                    };
                    add(edge, replaced(edge));
                }
                "threshold" if n == 0.0 => add("1", replaced("1")),
                "threshold" => {
                    let (more, less) = ((n * 1.1 * 1e6).round() / 1e6, (n * 0.9 * 1e6).round() / 1e6);
                    add(&more.to_string(), replaced(&more.to_string()));
                    add(&less.to_string(), replaced(&less.to_string()));
                }
                "window" | "offset" => {
                    let unit = rest(2);
                    add(&format!("{}{unit}", n * 2.0), replaced(&(n * 2.0).to_string()));
                }
                "sign" => {
                    let other = if old == "+" { "-" } else { "+" };
                    add(other, replaced(other));
                }
                // The other side no longer matters: `or` keeps the left one.
                "side" => add("or", replaced("or")),
                "label" => {
                    let value = found.get(3).map_or(0..0, |m| m.range());
                    add("another", format!("{}another{}", &expr[..value.start], &expr[value.end..]));
                }
                _ => {}
            }
        }
    }
    Ok(out)
}

/// Returns the names of the mutants that no test notices.
fn survivors(runs: &Arc<Vec<ProofRun>>, mutants: &[Mutant]) -> Result<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(0));
    let found: Arc<Mutex<Vec<String>>> = Arc::default();
    let mutants = Arc::new(mutants.to_vec());
    let n_threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers: Vec<_> = (0..n_threads)
        .map(|_| {
            let (next, found, mutants, runs) = (next.clone(), found.clone(), mutants.clone(), runs.clone());
            thread::spawn(move || -> Result {
                while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if !noticed(&runs, mutant)? {
                        found.lock().map_err(|_| "a worker failed")?.push(mutant.name());
                    }
                }
                Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.join().map_err(|_| "a worker failed")??;
    }
    let mut found = found.lock().map_err(|_| "a worker failed")?.clone();
    found.sort();
    Ok(found)
}

/// Returns whether a test of the chapter fails with the changed rule. The test of everything together is the slowest and comes
/// last.
fn noticed(runs: &[ProofRun], mutant: &Mutant) -> Result<bool> {
    let part = mutant.rule.split('/').next().unwrap_or_default();
    let (late, early): (Vec<&ProofRun>, Vec<&ProofRun>) =
        runs.iter().filter(|r| r.part == part).partition(|r| r.name.starts_with("idle"));
    for run in early.into_iter().chain(late) {
        let mut file: Value = serde_saphyr::from_str(&run.rules).context(&run.name)?;
        let mut changed = false;
        for group in file["groups"].as_array_mut().into_iter().flatten() {
            for rule in group["rules"].as_array_mut().into_iter().flatten().filter(|r| **r == mutant.from) {
                *rule = mutant.to.clone();
                changed = true;
            }
        }
        if changed && !passes(run, &file)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn passes(run: &ProofRun, rules: &Value) -> Result<bool> {
    let folder = tempfile::tempdir().context("temporary folder")?;
    project::write(&folder.path().join(PROOF_RULES), &rules.to_string())?;
    let test = folder.path().join("test.yaml");
    project::write(&test, &run.test)?;
    let output = promtool()?.args(["test", "rules"]).arg(&test).output().context("promtool")?;
    Ok(output.status.success())
}
