use llmobs::catalog::Catalog;
use llmobs::diag::{Severity, Sink, render};
use llmobs::infer::Targets;
use llmobs::intake::{self, Hint};
use llmobs::lint::{self, Settings};
use llmobs::source::Sources;
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() { out.extend(files(&path)); } else if path.extension().is_some_and(|e| ["yaml", "yml", "json"].iter().any(|x| e == *x)) { out.push(path); }
    }
    out.sort(); out
}
#[test]
fn own() {
    let mut sources = Sources::default();
    let mut sink = Sink::default();
    let mut all = vec![];
    let root = std::env::var("OWN").unwrap();
    for path in files(std::path::Path::new(&root)) {
        let file = sources.add(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        all.push(intake::read(&sources, file, Hint { named: false }, &mut sink));
    }
    let t = std::time::Instant::now();
    sink.extend(lint::check(&all, &mut Catalog::default(), &Targets::default(), &Settings::default()));
    let list: Vec<_> = sink.into_sorted().into_iter().filter(|d| d.code.on_by_default() && (std::env::var("ALL").is_ok() || d.severity > Severity::Info)).collect();
    println!("{}{} findings {:?}", render::human(&list, &sources, false), list.len(), t.elapsed());
}
