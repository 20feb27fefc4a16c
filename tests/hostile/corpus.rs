//! Files that mutations start from: those of the tests and examples, and public ones where they are there.

use std::path::{Path, PathBuf};

/// Largest file that is taken whole, in bytes; of larger ones the first lines are taken.
const MAX_BYTES: usize = 24 << 10;

/// Folders of public files, which are not part of the project.
const OUTSIDE: &[&str] = &["../shared/wild", "../shared/recorded"];

/// Returns the texts of the files with one of these endings below folders of the package, in the order of their paths.
pub fn files(folders: &[&str], endings: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders.iter().chain(OUTSIDE) {
        below(&root.join(folder), endings, &mut paths);
    }
    paths.sort();
    paths.iter().filter_map(|p| std::fs::read(p).ok()).map(shortened).collect()
}

fn below(folder: &Path, endings: &[&str], out: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            below(&path, endings, out);
        } else if path.file_name().and_then(|n| n.to_str()).is_some_and(|n| endings.iter().any(|e| n.ends_with(e))) {
            out.push(path);
        }
    }
}

fn shortened(mut text: Vec<u8>) -> Vec<u8> {
    if text.len() > MAX_BYTES {
        let end = text[..MAX_BYTES].iter().rposition(|b| *b == b'\n').unwrap_or(MAX_BYTES);
        text.truncate(end);
    }
    text
}

/// Returns dashboards that are whole however large: one that is cut off shows nothing but that.
pub fn dashboards() -> Vec<Vec<u8>> {
    let text = include_str!("../../examples/quickstart/llmobs.toml").to_owned();
    let world = llmobs::source::MemoryWorld::default();
    let program = llmobs::compile("llmobs.toml", text, &world).program;
    let generated = program.iter().flat_map(llmobs::Program::dashboards).map(|(_, json)| json.to_string().into_bytes());
    generated.chain(files(&["tests/intake/cases", "tests/lint"], &[".json"])).collect()
}

/// Returns queries: the values of `expr` in rules and dashboards.
pub fn queries() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for text in files(&["tests/lint", "tests/intake/cases", "examples"], &[".yaml", ".json"]) {
        let text = String::from_utf8_lossy(&text).into_owned();
        for (_, rest) in text.match_indices("expr").map(|(at, _)| text.split_at(at)) {
            let line = rest.lines().next().unwrap_or_default();
            let Some((_, query)) = line.split_once(':') else { continue };
            let query = query.trim().trim_end_matches(',').trim_matches('"').replace("\\\"", "\"");
            if query.len() > 3 {
                out.push(query.into_bytes());
            }
        }
    }
    out.sort();
    out.dedup();
    out
}
