//! Dashboards and rules of public projects (`../shared/wild`, not part of the project): every finding on them was judged by hand,
//! and stands with its judgement in `tests/wild/judged.tsv`. A finding that is not there, or no longer made, fails.
//!
//! Ignored, by name, where the folder is missing. `LLMOBS_UPDATE=1` adds what is new with the judgement `?`, which fails until somebody
//! writes `right` or `doubtful` and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::catalog::Catalog;
use llmobs::diag::{Severity, Sink};
use llmobs::infer::Targets;
use llmobs::intake::{self, Hint};
use llmobs::lint::{self, Settings};
use llmobs::source::Sources;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/wild");
    let here = root.is_dir();
    let trial = Trial::test("every_finding_is_judged", move || judged(&root)).with_ignored_flag(!here);
    libtest_mimic::run(&arguments, vec![trial]).exit();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            out.extend(files(&path));
        } else if path.extension().is_some_and(|e| ["yaml", "yml", "json"].iter().any(|x| e == *x)) {
            out.push(path);
        }
    }
    out.sort();
    out
}

/// Findings of each file: code, line, message.
fn findings(root: &Path) -> Vec<(String, String, usize, String)> {
    let mut out = Vec::new();
    for path in files(root) {
        let name = path.strip_prefix(root).map_or_else(|_| path.display().to_string(), |p| p.display().to_string());
        let mut sources = Sources::default();
        let file = sources.add(name.clone(), std::fs::read_to_string(&path).unwrap_or_default());
        let mut sink = Sink::default();
        let contents = intake::read(&sources, file, Hint { named: true }, &mut sink);
        sink.extend(lint::check(&[contents], &mut Catalog::default(), &Targets::default(), &Settings::default()));
        for d in sink.into_sorted().into_iter().filter(|d| d.code.on_by_default() && d.severity > Severity::Info) {
            let line =
                d.primary.as_ref().and_then(|l| Some(sources.get(l.place.file)?.line_column(l.place.span.start).0));
            out.push((name.clone(), d.code.name().to_owned(), line.unwrap_or(0), d.message));
        }
    }
    out
}

fn judged(root: &Path) -> Result<(), Failed> {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wild/judged.tsv");
    let old = std::fs::read_to_string(&table).unwrap_or_default();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for line in old.lines().skip(1) {
        if let Some((key, judgement)) = line.rsplit_once('\t') {
            known.insert(key.to_owned(), judgement.to_owned());
        }
    }
    let mut lines = vec!["file\tcode\tline\tmessage\tjudgement".to_owned()];
    let mut open = Vec::new();
    let mut found = BTreeSet::new();
    for (file, code, line, message) in findings(root) {
        let key = format!("{file}\t{code}\t{line}\t{message}");
        // Several findings of one line may read the same.
        let judgement = known.get(&key).cloned().unwrap_or_else(|| "?".to_owned());
        found.insert(key.clone());
        if !["right", "doubtful"].iter().any(|w| judgement.starts_with(w)) {
            open.push(key.clone());
        }
        lines.push(format!("{key}\t{judgement}"));
    }
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        std::fs::write(&table, lines.join("\n") + "\n")?;
    }
    let gone: Vec<&String> = known.keys().filter(|k| !found.contains(*k)).collect();
    if open.is_empty() && gone.is_empty() {
        return Ok(());
    }
    Err(format!("not judged:\n{}\nno longer found:\n{gone:#?}", open.join("\n")).into())
}
