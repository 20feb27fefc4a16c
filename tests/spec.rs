//! Mistaken and hostile input: every file below tests/spec/bad and every input built here gives exactly the findings of its
//! snapshot; every file below tests/spec/good compiles. `LLMOBS_UPDATE=1` rewrites the snapshots; read them before committing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::diag::{Diagnostic, Severity, render};
use llmobs::source::{DiskWorld, MemoryWorld, World};
use llmobs::{Compilation, compile};

/// Longest time for one mutated file. A compilation takes milliseconds; the bound only catches what grows out of hand.
const CASE_LIMIT: Duration = Duration::from_secs(20);
/// Mutated files per run.
const MUTATIONS: usize = 3_000;
/// Parts of them, which run side by side.
const PARTS: usize = 4;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for name in stems("bad", "toml") {
        trials.push(Trial::test(format!("bad/{name}"), move || bad(&name)));
    }
    for name in stems("good", "toml") {
        trials.push(Trial::test(format!("good/{name}"), move || good(&name)));
    }
    for (name, build) in BUILT {
        trials.push(Trial::test(format!("built/{name}"), move || built(name, &build())));
    }
    trials.push(Trial::test("snapshots_have_inputs", no_orphans));
    trials.push(Trial::test("own_engine_reaches_the_rules", own_engine));
    trials.push(Trial::test("file_that_is_not_utf8_is_refused", not_utf8));
    for part in 0..PARTS {
        trials.push(Trial::test(format!("mutated_files_never_panic/{}", part + 1), move || mutations(part)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Returns a folder below tests/spec.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec").join(name)
}

/// Returns the names, without extension, of the files of a folder below tests/spec, sorted.
fn stems(name: &str, extension: &str) -> Vec<String> {
    let mut out: Vec<String> = fs::read_dir(folder(name))
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            entry.file_name().into_string().ok()?.strip_suffix(&format!(".{extension}")).map(str::to_owned)
        })
        .collect();
    out.sort();
    out
}

/// Compiles a file of tests/spec as a user in its folder would.
fn compile_file(kind: &str, name: &str) -> Result<Compilation, Failed> {
    let world = DiskWorld { root: folder(kind) };
    let file = format!("{name}.toml");
    let text = world.read(Path::new(&file))?;
    Ok(compile(&file, text, &world))
}

fn rendered(compilation: &Compilation) -> String {
    render::human(&compilation.diagnostics, &compilation.sources, false)
}

fn bad(name: &str) -> Result<(), Failed> {
    let compilation = compile_file("bad", name)?;
    refused(&compilation)?;
    snapshot(&folder("bad").join(format!("{name}.stderr")), &rendered(&compilation))
}

fn built(name: &str, text: &str) -> Result<(), Failed> {
    let compilation = compile("llmobs.toml", text.to_owned(), &MemoryWorld::default());
    refused(&compilation)?;
    let shown = rendered(&compilation);
    if let Some(line) = shown.lines().find(|l| l.len() > 1_000) {
        return Err(format!("a line of {} bytes is no message", line.len()).into());
    }
    snapshot(&folder("built").join(format!("{name}.stderr")), &shown)
}

/// A file that compiles. Warnings and notes are allowed and have a snapshot; no findings, no snapshot.
fn good(name: &str) -> Result<(), Failed> {
    let compilation = compile_file("good", name)?;
    let shown = rendered(&compilation);
    let Some(program) = &compilation.program else { return Err(format!("does not compile:\n{shown}").into()) };
    if program.artifacts().is_empty() {
        return Err("generates nothing".into());
    }
    let path = folder("good").join(format!("{name}.stderr"));
    if shown.is_empty() && !path.exists() { Ok(()) } else { snapshot(&path, &shown) }
}

/// An erroneous file must have an error, no program, and every finding a place within its text.
fn refused(compilation: &Compilation) -> Result<(), Failed> {
    if compilation.program.is_some() {
        return Err("compiles".into());
    }
    if !compilation.diagnostics.iter().any(|d| d.severity == Severity::Error) {
        return Err("no program and no error".into());
    }
    for diagnostic in &compilation.diagnostics {
        placed(diagnostic, compilation)?;
        if diagnostic.message.contains(['\n', '\u{1b}', '\u{202e}']) || diagnostic.message.len() > 600 {
            return Err(format!("not a message: {:?}", diagnostic.message).into());
        }
    }
    Ok(())
}

fn placed(diagnostic: &Diagnostic, compilation: &Compilation) -> Result<(), Failed> {
    let label = diagnostic.primary.as_ref().ok_or_else(|| format!("no place: {}", diagnostic.message))?;
    for label in std::iter::once(label).chain(&diagnostic.related) {
        let file = compilation.sources.get(label.place.file).ok_or("a place in no file")?;
        if file.text.get(label.place.span.range()).is_none() {
            return Err(format!("{:?} is no place in the text: {}", label.place.span, diagnostic.message).into());
        }
    }
    Ok(())
}

fn snapshot(path: &Path, actual: &str) -> Result<(), Failed> {
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        return Ok(fs::write(path, actual)?);
    }
    let expected =
        fs::read_to_string(path).map_err(|e| format!("{}: {e}; LLMOBS_UPDATE=1 writes it", path.display()))?;
    if expected == actual {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&expected, actual);
    Err(format!("{} differs:\n{}", path.display(), diff.unified_diff()).into())
}

fn no_orphans() -> Result<(), Failed> {
    let built: BTreeSet<String> = BUILT.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (kind, inputs) in [
        ("bad", stems("bad", "toml").into_iter().collect()),
        ("good", stems("good", "toml").into_iter().collect()),
        ("built", built),
    ] {
        let inputs: BTreeSet<String> = inputs;
        if let Some(orphan) = stems(kind, "stderr").into_iter().find(|s| !inputs.contains(s)) {
            return Err(format!("tests/spec/{kind}/{orphan}.stderr has no input").into());
        }
    }
    Ok(())
}

/// What a user adds who has an engine that we do not know: a profile, and no Rust.
fn own_engine() -> Result<(), Failed> {
    let compilation = compile_file("good", "own-engine")?;
    let program = compilation.program.as_ref().ok_or_else(|| rendered(&compilation))?;
    let text: String = program.artifacts().into_iter().map(|a| a.text).collect();
    for series in ["acme_first_token_milliseconds_bucket", "acme_output_tokens_total", "acme_slots_busy"] {
        if !text.contains(series) {
            return Err(format!("`{series}` of the profile is in no rule").into());
        }
    }
    Ok(())
}

fn not_utf8() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("llmobs.toml"), b"version = 1\nproject.name = \"d\xe9mo\"\n")?;
    let world = DiskWorld { root: folder.path().to_owned() };
    match world.read(Path::new("llmobs.toml")) {
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData && e.to_string() == "not UTF-8 at byte 29" => Ok(()),
        other => Err(format!("expected an error that names byte 29, found {other:?}").into()),
    }
}

type Build = fn() -> String;

/// Input that is too large or too regular for a file in git: its name and how it is built.
const BUILT: &[(&str, Build)] = &[
    ("name-of-a-megabyte", || with_model(&"a".repeat(1 << 20), "")),
    ("value-of-a-megabyte", || with_model("chat", &format!("served_model_name = \"{}\"\n", "é".repeat(1 << 19)))),
    ("duration-of-a-megabyte", || with_model("chat", &format!("slos.window = \"{}s\"\n", "9".repeat(1 << 20)))),
    ("key-of-a-megabyte", || with_model("chat", &format!("{} = 1\n", "k".repeat(1 << 20)))),
    ("integer-of-a-megabyte", || with_model("chat", &format!("port = {}\n", "7".repeat(1 << 20)))),
    ("lists-10000-deep", || with_model("chat", &format!("targets = {}{}\n", "[".repeat(10_000), "]".repeat(10_000)))),
    ("lists-10000-deep-open", || with_model("chat", &format!("targets = {}\n", "[".repeat(10_000)))),
    ("tables-10000-deep", || with_model("chat", &format!("pods2 = {}1{}\n", "{a=".repeat(10_000), "}".repeat(10_000)))),
    ("dotted-key-10000-deep", || with_model("chat", &format!("a{} = 1\n", ".a".repeat(10_000)))),
    ("header-10000-deep", || format!("{}\n[a{}]\n", with_model("chat", ""), ".a".repeat(10_000))),
    ("unknown-keys-300", || with_model("chat", &(0..300).map(|n| format!("unknown_{n} = {n}\n")).collect::<String>())),
    ("carriage-returns", || with_model("chat", "gpus_per_replcia = 4\n").replace('\n', "\r\n")),
    ("byte-order-mark", || format!("\u{feff}{}", with_model("chat", "gpus_per_replcia = 4\n"))),
    ("nul-byte", || with_model("chat", "path = \"/met\0rics\"\n")),
];

fn with_model(name: &str, keys: &str) -> String {
    format!(
        "version = 1\nproject.name = \"demo\"\n\n[models.{name}]\nengine = \"vllm\"\nversion = \"0.33.0\"\n\
         pods = {{ app = \"vllm\" }}\n{keys}"
    )
}

/// A generator of numbers (xorshift64*): the same files on every machine, without a dependency.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or(0) % n.max(1)
    }
}

/// What is put into files by chance.
const HOSTILE: &[&str] = &[
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "\r",
    "#",
    "\\",
    "\\u0000",
    "\u{202e}",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "nan",
    "inf",
    "-0",
    "1e999",
    "99999999999999999999",
    "0x",
    "true",
    "1979-05-27",
    "..",
    "../",
    "$x",
    "{{ $x }}",
    "[models]\n",
    "[models.chat]\n",
    "[[models.chat]]\n",
    "version = 1\n",
    "= =",
    "\t",
    "\0",
];

fn mutate(text: &str, numbers: &mut Numbers) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + 1 + numbers.below(12)).min(bytes.len());
        match numbers.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            2 => bytes[at] = u8::try_from(numbers.below(256)).unwrap_or(b'x'),
            3 => {
                let token = HOSTILE[numbers.below(HOSTILE.len())].as_bytes();
                bytes.splice(at..at, token.iter().copied());
            }
            _ => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let mut lines: Vec<&str> = text.split('\n').collect();
                let (a, b) = (numbers.below(lines.len()), numbers.below(lines.len()));
                lines.swap(a, b);
                bytes = lines.join("\n").into_bytes();
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn mutations(part: usize) -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seeds = vec![fs::read_to_string(root.join("quickstart/llmobs.toml"))?];
    seeds.push(fs::read_to_string(root.join("article/llmobs.toml"))?);
    let fleet = fs::read_to_string(root.join("fleet/llmobs.toml"))?;
    // The fleet is long: its first 100 lines have every kind of table.
    seeds.push(fleet.lines().take(100).map(|l| format!("{l}\n")).collect());
    let mut numbers = Numbers(0x006c_6c6d_6f62_7321);
    for n in 0..MUTATIONS {
        // Every part draws the same numbers and takes its share of the files.
        let text = mutate(&seeds[n % seeds.len()], &mut numbers);
        if n % PARTS != part {
            continue;
        }
        let started = Instant::now();
        let outcome = std::panic::catch_unwind(|| -> Result<(), Failed> {
            let compilation = compile("llmobs.toml", text.clone(), &MemoryWorld::default());
            for diagnostic in &compilation.diagnostics {
                placed(diagnostic, &compilation)?;
            }
            let has_errors = compilation.diagnostics.iter().any(|d| d.severity == Severity::Error);
            if compilation.program.is_none() && !has_errors {
                return Err("neither a program nor an error".into());
            }
            let _ = (rendered(&compilation), render::concise(&compilation.diagnostics, &compilation.sources));
            if let Some(program) = &compilation.program {
                program.artifacts();
            }
            Ok(())
        });
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => return Err(format!("mutation {n}: {failed:?}\n{text}").into()),
            Err(_) => return Err(format!("mutation {n} panics:\n{text}").into()),
        }
        let took = started.elapsed();
        if took > CASE_LIMIT {
            return Err(format!("mutation {n} takes {took:?}:\n{text}").into());
        }
    }
    Ok(())
}
