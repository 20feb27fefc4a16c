//! The generated parts of README.md are fresh, and its examples compile. `LLMOBS_UPDATE=1` rewrites the generated parts.

use std::path::{Path, PathBuf};

use llmobs::diag::Severity;
use llmobs::reference;
use llmobs::source::MemoryWorld;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn compile(text: String) -> llmobs::Compilation {
    llmobs::compile("llmobs.toml", text, &MemoryWorld::default())
}

/// Replaces what stands between `<!-- begin: NAME -->` and the next `<!-- end -->`.
fn replace(page: &str, name: &str, text: &str) -> String {
    let begin = format!("<!-- begin: {name} -->\n");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("README.md lacks `{}`", begin.trim()));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("`{name}` has no end"));
    format!("{before}{begin}\n{text}\n\n<!-- end -->{after}")
}

/// The tables of pairs and of times from the page about the objective of quickstart.
fn numbers(quickstart: &llmobs::Program) -> String {
    let path = quickstart.names.slo_path("chat", "ttft");
    let page = quickstart.artifacts().into_iter().find(|a| a.path == path).expect("the page is generated").text;
    let table = |head: &str| -> String {
        let rows = page.lines().skip_while(|l| !l.starts_with(head)).take_while(|l| l.starts_with('|'));
        rows.collect::<Vec<_>>().join("\n")
    };
    let (pairs, times) = (table("| long | short |"), table("| bad from now on |"));
    assert!(!pairs.is_empty() && !times.is_empty(), "{page}");
    format!("{pairs}\n\n{times}")
}

#[test]
fn generated_parts_are_fresh() {
    let path = root().join("README.md");
    let page = read(&path);
    let fleet = compile(read(&root().join("examples/fleet/llmobs.toml"))).program.expect("the fleet compiles");
    let quickstart =
        compile(read(&root().join("examples/quickstart/llmobs.toml"))).program.expect("quickstart compiles");
    let parts = [
        ("numbers of an objective", numbers(&quickstart)),
        ("reference of llmobs.toml", reference::tables()),
        ("profiles", reference::profiles()),
        ("reference of profiles", reference::profile_tables()),
        ("reference of commands", reference::commands(&llmobs::cli::command())),
        ("alerts", reference::alerts()),
        ("recorded series", reference::series(&fleet)),
        ("diagnostic codes", reference::codes()),
    ];
    let fresh = parts.iter().fold(page.clone(), |page, (name, text)| replace(&page, name, text));
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        std::fs::write(&path, fresh).expect("README.md can be written");
    } else {
        assert!(page == fresh, "README.md is stale: run `LLMOBS_UPDATE=1 cargo test --test readme`");
    }
}

#[test]
fn examples_compile() {
    let page = read(&root().join("README.md"));
    let blocks: Vec<&str> =
        page.split("\n```toml\n").skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default()).collect();
    assert!(!blocks.is_empty(), "README.md has no example");
    for block in blocks {
        let errors: Vec<String> = compile(block.to_owned())
            .diagnostics
            .into_iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| d.message)
            .collect();
        assert!(errors.is_empty(), "{errors:?} in\n{block}");
    }
}
