//! The checker on small files: `tests/lint/<concern>/*.yaml|json`, each with the findings that it must give beside it (`*.out`).
//!
//! What stands in the first lines as `# option: value` (of a JSON file: in `NAME.options`) is what a user would declare: `engine`
//! (`vllm@0.12.0`, several), `prometheus`, `scrape_interval`, `select`. `LLMOBS_UPDATE=1` writes the `.out` files anew: read them.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::catalog::{Catalog, Release};
use llmobs::diag::{Sink, render};
use llmobs::infer::{Target, Targets};
use llmobs::intake::{self, Hint};
use llmobs::lint::{self, Settings};
use llmobs::source::Sources;
use llmobs::units::Duration;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint");
    let mut trials = Vec::new();
    for path in files(&root) {
        let name = path.strip_prefix(&root).map_or_else(|_| path.display().to_string(), |p| p.display().to_string());
        trials.push(Trial::test(name.replace('\\', "/"), move || case(&path)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return out };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            out.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "json") {
            out.push(path);
        }
    }
    out.sort();
    out
}

fn case(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let options = std::fs::read_to_string(path.with_extension("options")).unwrap_or_default();
    let mut catalog = Catalog::default();
    let mut targets = Targets::default();
    let mut settings = Settings::default();
    let mut off = true;
    let header = text.lines().map_while(|l| l.strip_prefix("# ")).chain(options.lines());
    for (key, value) in header.filter_map(|l| l.split_once(": ")) {
        match key {
            "engine" => targets.add(target(&mut catalog, value)?),
            "prometheus" => settings.prometheus = Release::parse(value),
            "scrape_interval" => settings.scrape_interval = Duration::parse(value).ok(),
            "show" => off = value != "all",
            _ => {}
        }
    }
    let mut sources = Sources::default();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = sources.add(name, text);
    let mut sink = Sink::default();
    let contents = intake::read(&sources, file, Hint { named: true }, &mut sink);
    sink.extend(lint::check(&[contents], &mut catalog, &targets, &settings));
    let findings: Vec<_> = sink.into_sorted().into_iter().filter(|d| !off || d.code.on_by_default()).collect();
    let shown =
        if findings.is_empty() { "no findings\n".to_owned() } else { render::human(&findings, &sources, false) };
    let expected = path.with_extension("out");
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        std::fs::write(&expected, &shown)?;
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    if wanted == shown { Ok(()) } else { Err(format!("findings differ from {}:\n{shown}", expected.display()).into()) }
}

fn target(catalog: &mut Catalog, text: &str) -> Result<Target, Failed> {
    let (name, version) = text.split_once('@').ok_or("expected NAME@VERSION")?;
    let profile = catalog.profile(name).ok_or("no such profile")?;
    let release = Release::parse(version).ok_or("no release")?;
    let selected = profile.select(&release, None).ok_or("no such release")?;
    Ok(Target {
        profile: profile.name.clone(),
        release: selected.view.release,
        generation: selected.view.generation,
        declared_by: format!("engine {text}"),
        named_by: Vec::new(),
    })
}
