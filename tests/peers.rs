//! What promtool and pint find in the files that the pages of our codes call bad: a table in README.md, made from real runs.
//!
//! Only rule files are compared: the peers read nothing else. That we find the code in each is what `tests/codes.rs` holds.
//! `LLMOBS_UPDATE=1` rewrites the table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::Arguments;
use llmobs::diag::Code;

mod support;
use support::{Context, Result, judge};

fn main() {
    let trial = judge::trial("table_of_peers_is_fresh".to_owned(), &["promtool", "pint"], table);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit();
}

/// Returns the rule file that a page shows below a title.
fn example(page: &str, title: &str) -> Option<String> {
    let section = page.split(&format!("## {title}\n")).nth(1)?;
    let section = section.split("\n## ").next()?;
    let body = section.split("```yaml").nth(1)?.split_once('\n')?.1;
    let text = body.split("```").next()?;
    text.lines().any(|l| l == "groups:").then(|| text.to_owned())
}

/// Runs pint on a file and returns the checks that found something.
fn pint(file: &Path) -> Result<BTreeSet<String>> {
    let output = judge::command("pint")?.args(["--offline", "--no-color", "lint"]).arg(file).output().context("run")?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let severity = |l: &&str| ["Warning: ", "Bug: ", "Fatal: "].iter().any(|s| l.starts_with(s));
    let name = |line: &str| Some(line.rsplit_once('(')?.1.trim_end().trim_end_matches(')').to_owned());
    Ok(text.lines().filter(severity).filter_map(name).collect())
}

/// Runs `promtool check rules` on a file and returns whether it refuses it or reports a lint.
fn promtool(file: &Path) -> Result<bool> {
    let output = judge::command("promtool")?
        .args(["check", "rules", "--lint=all", "--lint-fatal"])
        .arg(file)
        .output()
        .context("run")?;
    Ok(!output.status.success())
}

fn table() -> Result {
    let folder = tempfile::tempdir().context("a folder")?;
    let mut rows = Vec::new();
    let (mut with_pint, mut with_promtool) = (0, 0);
    for code in Code::ALL {
        // Codes about our own comments are no findings about rules.
        let Some(bad) = example(code.page(), "Bad").filter(|_| !code.name().starts_with("check/")) else { continue };
        let write = |name: &str, text: &str| -> Result<PathBuf> {
            let path = folder.path().join(format!("{}-{name}.yaml", code.name().replace('/', "-")));
            std::fs::write(&path, text).context("write")?;
            Ok(path)
        };
        let bad = write("bad", &bad)?;
        let mut by_pint = pint(&bad)?;
        let mut by_promtool = promtool(&bad)?;
        // What a peer also says of the good file is about something else.
        if let Some(good) = example(code.page(), "Good") {
            let good = write("good", &good)?;
            let usual = pint(&good)?;
            by_pint.retain(|name| !usual.contains(name));
            by_promtool &= !promtool(&good)?;
        }
        with_pint += usize::from(!by_pint.is_empty());
        with_promtool += usize::from(by_promtool);
        let names: Vec<String> = by_pint.iter().map(|n| format!("`{n}`")).collect();
        let names = if names.is_empty() { "-".to_owned() } else { names.join(", ") };
        rows.push(format!("| `{}` | {} | {names} |", code.name(), if by_promtool { "refused" } else { "-" }));
    }
    let total = rows.len();
    let text = format!(
        "Of {total} codes with a bad rule file on their page, promtool finds {with_promtool} and pint {with_pint}.\n\n\
         | llmobs | promtool 3.15 `check rules --lint=all` | pint 0.87 `--offline lint` |\n|---|---|---|\n{}",
        rows.join("\n")
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(&path).context("README.md")?;
    let begin = "<!-- begin: peers -->\n";
    let (before, rest) = page.split_once(begin).context("README.md lacks the table of peers".to_owned())?;
    let (_, after) = rest.split_once("<!-- end -->").context("the table of peers has no end".to_owned())?;
    let fresh = format!("{before}{begin}\n{text}\n\n<!-- end -->{after}");
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        std::fs::write(&path, fresh).context("README.md")?;
    } else if page != fresh {
        return Err("README.md is stale: run `LLMOBS_UPDATE=1 cargo test --test peers`".into());
    }
    Ok(())
}
