//! `llmobs init`: every page in `tests/init` and every set of flags against its snapshot, and every file that is written
//! compiled twice: as it is, and with every key that is commented out switched on.
//!
//! `tests/init/NAME.prom` is one page, `tests/init/NAME/*.prom` several at once; the snapshot is `NAME.toml` or `NAME.stderr`.
//! `LLMOBS_UPDATE=1` rewrites snapshots. Pages recorded from real servers are read from `../shared/recorded` where that folder
//! exists, and shown as ignored where it does not.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::catalog::Catalog;
use llmobs::diag::{Severity, Sink, render};
use llmobs::init::{self, Evidence, Options, Rejected};
use llmobs::metrics_page;
use llmobs::source::{FileId, MemoryWorld};

fn main() {
    let args = Arguments::from_args();
    let mut trials = pages();
    trials.extend(flags());
    trials.extend(recorded());
    trials.extend(hostile());
    libtest_mimic::run(&args, trials).exit();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Result<(String, String), Failed> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok((name, String::from_utf8(bytes).map_err(|e| format!("{}: {e}", path.display()))?))
}

fn pages() -> Vec<Trial> {
    let all = entries(&folder());
    let cases = all.into_iter().filter(|p| p.is_dir() || p.extension().is_some_and(|e| e == "prom"));
    cases
        .map(|path| {
            Trial::test(format!("page::{}", stem(&path)), move || {
                let files = if path.is_dir() { entries(&path) } else { vec![path.clone()] };
                let pages = files.iter().map(|f| read(f)).collect::<Result<Vec<_>, _>>()?;
                check(&stem(&path), init::from_pages(&pages, &Options::default()))
            })
        })
        .collect()
}

fn flags() -> Vec<Trial> {
    let text = |s: &str| Some(s.to_owned());
    let cases = [
        ("flags-none", Options::default()),
        ("flags-sglang", Options { engine: text("sglang"), gpu: text("h100"), ..Options::default() }),
        ("flags-tgi", Options { engine: text("tgi"), namespace: text("llm"), ..Options::default() }),
        (
            "flags-all",
            Options {
                project: text("shop"),
                engine: text("vllm"),
                version: text("0.11.0"),
                served_model_name: text("meta-llama/Llama-3.1-8B-Instruct"),
                namespace: text("llm-prod"),
                gpu: text("a100"),
            },
        ),
    ];
    let mut trials: Vec<Trial> = cases
        .into_iter()
        .map(|(name, options)| {
            Trial::test(format!("flags::{name}"), move || check(name, Ok(init::from_flags(&options))))
        })
        .collect();
    trials.push(Trial::test("flags::wrong", || {
        let text = |s: &str| Some(s.to_owned());
        let options = Options {
            project: text("My Shop"),
            engine: text("vlm"),
            version: text("new"),
            served_model_name: text("a\"b\n"),
            namespace: text("../x"),
            gpu: text("h10"),
        };
        let diagnostics = options.check();
        check("flags-wrong", Err(Rejected { sources: Default::default(), diagnostics }))?;
        // Nothing breaks if the caller does not check.
        init::from_flags(&options).parse::<toml::Table>().map(|_| ()).map_err(|e| e.to_string().into())
    }));
    trials
}

/// Compares with the snapshot, and compiles what was written.
fn check(name: &str, result: Result<String, Rejected>) -> Result<(), Failed> {
    let (extension, other, text) = match &result {
        Ok(text) => ("toml", "stderr", text.clone()),
        Err(r) => ("stderr", "toml", render::human(&r.diagnostics, &r.sources, false)),
    };
    if let Ok(text) = &result {
        compiles(text, "as it is written")?;
        compiles(&switched_on(text), "with every key switched on")?;
    }
    let path = folder().join(format!("{name}.{extension}"));
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        let _ = fs::remove_file(folder().join(format!("{name}.{other}")));
        return fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()).into());
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected == text {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&expected, &text);
    let diff = diff.unified_diff().header("expected", "found").to_string();
    Err(format!("{}: LLMOBS_UPDATE=1 rewrites it\n{diff}", path.display()).into())
}

/// Lines that begin with `#` and no blank are keys.
fn switched_on(text: &str) -> String {
    let key =
        |l: &str| l.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty()).map(str::to_owned);
    text.lines().map(|l| key(l).unwrap_or_else(|| l.to_owned()) + "\n").collect()
}

fn compiles(text: &str, how: &str) -> Result<(), Failed> {
    let result = llmobs::compile("llmobs.toml", text.to_owned(), &MemoryWorld::default());
    if result.program.is_some() && result.diagnostics.iter().all(|d| d.severity != Severity::Error) {
        return Ok(());
    }
    Err(format!("does not compile {how}:\n{}\n{text}", render::human(&result.diagnostics, &result.sources, false))
        .into())
}

/// Recorded page, profile, and a release that the detection must not exclude; no profile where none owns the page.
const RECORDED: &[(&str, Option<(&str, &str)>)] = &[
    ("vllm-0.4.3", Some(("vllm", "0.4.3"))),
    ("generated-vllm-0.8.5.post1", Some(("vllm", "0.8.5.post1"))),
    ("generated-vllm-0.14.1", Some(("vllm", "0.14.1"))),
    ("generated-vllm-0.33.0", Some(("vllm", "0.33.0"))),
    ("dcgm-4.4.x", Some(("dcgm-exporter", "4.4.1-4.6.0"))),
    ("nim-1.x", None),
    ("dynamo-frontend-1.6.1", None),
    ("triton-trtllm-backend-readme", None),
    ("otelcol-0.158.0", None),
];

fn recorded() -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recorded");
    let here = folder.is_dir();
    RECORDED
        .iter()
        .map(|(name, expected)| {
            let path = folder.join(format!("{name}.prom"));
            let run = move || {
                let page = read(&path)?;
                let result = init::from_pages(std::slice::from_ref(&page), &Options::default());
                match (expected, result) {
                    (Some((profile, release)), Ok(text)) => {
                        compiles(&text, "as it is written")?;
                        compiles(&switched_on(&text), "with every key switched on")?;
                        contains(&page.1, profile, release)
                    }
                    (None, Err(rejected)) => {
                        let text = render::concise(&rejected.diagnostics, &rejected.sources);
                        if rejected.diagnostics.len() == 1 && text.contains("page/unknown-exporter") {
                            return Ok(());
                        }
                        Err(text.into())
                    }
                    (_, Ok(text)) => Err(format!("expected an error, found\n{text}").into()),
                    (_, Err(r)) => Err(render::human(&r.diagnostics, &r.sources, false).into()),
                }
            };
            Trial::test(format!("recorded::{name}"), run).with_ignored_flag(!here)
        })
        .collect()
}

fn contains(text: &str, profile: &str, release: &str) -> Result<(), Failed> {
    let profile = Catalog::default().profile(profile).ok_or("no such profile")?;
    let page = metrics_page::read(text, FileId::default(), &mut Sink::default());
    let detected = init::detect(&profile, &Evidence::of(&page, &profile)).ok_or("nothing detected")?;
    let view = &detected.view;
    let found = format!(
        "{} (generation {}), written {}; differences: {:#?}",
        detected.ranges(),
        view.generation.as_deref().unwrap_or("none"),
        view.release,
        detected.differences
    );
    if detected.releases.iter().any(|r| r.as_str() == release) {
        Ok(())
    } else {
        Err(format!("{release} is not in {found}").into())
    }
}

/// Pages that are too large to be files.
fn hostile() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |name: &str, page: fn() -> String, expected: Option<&'static str>| {
        trials.push(Trial::test(format!("hostile::{name}"), move || {
            let result = init::from_pages(&[("page".to_owned(), page())], &Options::default());
            match (result, expected) {
                (Ok(text), None) => compiles(&text, "as it is written"),
                (Err(r), Some(part)) => {
                    let text = render::human(&r.diagnostics, &r.sources, false);
                    let concise = render::concise(&r.diagnostics, &r.sources);
                    let small = text.len() < 40_000 && concise.contains(part);
                    if small { Ok(()) } else { Err(format!("{} bytes\n{concise}", text.len()).into()) }
                }
                (Ok(text), Some(_)) => Err(format!("expected an error, found {} bytes", text.len()).into()),
                (Err(r), None) => Err(render::concise(&r.diagnostics, &r.sources).into()),
            }
        }));
    };
    add("one-line-of-32-mb", || "a".repeat(32 << 20), Some("page:1:33554433: error[page/syntax]"));
    add("unclosed-label-of-32-mb", || format!("a{{b=\"{}", "\\\\".repeat(16 << 20)), Some("error[page/syntax]"));
    add("many-faults", || "?\n".repeat(300_000), Some("299980 more lines cannot be read"));
    add(
        "many-labels",
        || format!("a{{{}}} 1", (0..5_000).map(|i| format!("l{i}=\"\",")).collect::<String>()),
        Some("1000 labels"),
    );
    add("many-series-of-nobody", || (0..200_000).map(|i| format!("x{i}_y 1\n")).collect(), Some("and others"));
    add("many-unknown-names", || (0..200_000).map(|i| format!("vllm:x{i} 1\n")).collect(), None);
    add(
        "many-models",
        || (0..100_000).map(|i| format!("vllm:num_requests_running{{model_name=\"m{i}\"}} 1\n")).collect(),
        None,
    );
    add(
        "many-bounds",
        || {
            (0..100_000)
                .map(|i| format!("vllm:time_to_first_token_seconds_bucket{{model_name=\"m\",le=\"{i}\"}} 1\n"))
                .collect()
        },
        None,
    );
    add(
        "many-gpus",
        || (0..100_000).map(|i| format!("DCGM_FI_DEV_POWER_USAGE{{modelName=\"G{i}\",UUID=\"{i}\"}} 1\n")).collect(),
        None,
    );
    trials
}
