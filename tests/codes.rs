//! Every diagnostic code has a page, every page has a code, and what a page shows as bad and good is so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use llmobs::diag::{Code, Diagnostic, Severity};
use llmobs::source::{MemoryWorld, Sources};

#[path = "support/lint.rs"]
mod lint;
use lint::Declared;

/// The sections of a page, in order.
const SECTIONS: &[&str] = &["What it finds", "Why it matters", "Bad", "Good", "What to do", "Limits"];

/// Codes that no llmobs.toml can give: their examples are plain text. Each with the reason.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[
    ("output/edited-file", "found in the output folder"),
    ("output/foreign-file", "found in the output folder"),
    ("output/manifest", "found in the output folder"),
    ("output/unwritable", "found in the output folder"),
    ("internal/bug", "no file is the cause"),
    ("page/empty", "found in a metrics page"),
    ("page/syntax", "found in a metrics page"),
    ("page/unknown-exporter", "found in a metrics page"),
    ("init/invalid-option", "found in a flag"),
    ("check/baseline-stale", "found in a baseline"),
    ("file/unreadable", "found in paths"),
    ("file/encoding", "a page is UTF-8"),
    ("file/limit-exceeded", "too large for a page"),
    ("metric/dead", "every dead metric of the catalogue shares the namespace of another exporter"),
    ("rule/object-too-large", "the example would have 512 KiB; tests/lint.rs makes one"),
];

/// Codes whose bad example cannot but give others: what is wrong there is wrong in two ways. Each with the others.
const COMPANIONS: &[(&str, &[&str])] =
    &[("check/suppression-expired", &["metric/gone"]), ("check/suppression-invalid", &["promql/rate-of-gauge"])];

/// A fenced block: the words after the fence, and the text.
struct Block {
    info: String,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/codes")
}

fn sections(page: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        match line.strip_prefix("## ").filter(|_| !fenced) {
            Some(title) => out.push((title.to_owned(), String::new())),
            None => {
                if let Some((_, text)) = out.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    out
}

fn blocks(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(Block { info: info.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

/// Checks the blocks of a section: rule files and scalers (`yaml`) and dashboards (`json`), all in one run, beside a llmobs.toml if
/// there is one; or compiles it where it stands alone. `None` if there is nothing to check.
fn check(blocks: &[Block]) -> Option<Vec<Diagnostic>> {
    let language = |b: &Block| b.info.split_whitespace().next().unwrap_or_default().to_owned();
    let foreign: Vec<&Block> = blocks.iter().filter(|b| ["yaml", "json"].contains(&language(b).as_str())).collect();
    let compiled = compile(blocks);
    if foreign.is_empty() {
        return compiled.map(|c| c.diagnostics);
    }
    let mut declared = Declared::default();
    let mut findings = Vec::new();
    if let Some(compiled) = compiled {
        findings.extend(compiled.diagnostics);
        declared.project(&compiled.program.expect("the llmobs.toml of an example compiles"));
    }
    let mut files = Vec::new();
    for (n, block) in foreign.into_iter().enumerate() {
        declared.head(&block.text).expect("options");
        declared.words(&block.info).expect("options");
        files.push((format!("example-{n}.{}", language(block)), block.text.clone()));
    }
    findings.extend(declared.check(files, &mut Sources::default()));
    Some(findings)
}

/// Compiles the blocks of a section: one llmobs.toml, and files that it names (`toml file=PATH`).
fn compile(blocks: &[Block]) -> Option<llmobs::Compilation> {
    let mut world = MemoryWorld::default();
    let mut main = None;
    for block in blocks {
        if let Some(path) = block.info.strip_prefix("toml file=") {
            world.files.insert(PathBuf::from(path), block.text.clone());
        } else if block.info == "toml" {
            main = Some(block.text.clone());
        }
    }
    main.map(|text| llmobs::compile("llmobs.toml", text, &world))
}

fn section<'a>(sections: &'a [(String, String)], title: &str) -> &'a str {
    sections.iter().find(|(t, _)| t == title).map_or("", |(_, text)| text)
}

#[test]
fn every_page_has_a_code_and_every_code_its_sections() {
    let mut pages = BTreeSet::new();
    for group in std::fs::read_dir(folder()).expect("the folder of pages") {
        let group = group.expect("a group").path();
        for page in std::fs::read_dir(&group).expect("a group of pages") {
            let page = page.expect("a page").path();
            let name = page.strip_prefix(folder()).expect("below the folder").with_extension("");
            pages.insert(name.to_string_lossy().replace('\\', "/"));
        }
    }
    let codes: BTreeSet<String> = Code::ALL.iter().map(|c| c.name().to_owned()).collect();
    assert_eq!(pages, codes, "pages on the left, codes on the right");
    for code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {}\n\n", code.name())), "{code}: the title is the code");
        let titles: Vec<String> = sections(page).into_iter().map(|(title, _)| title).collect();
        assert_eq!(titles, SECTIONS, "{code}: the sections");
        for (title, text) in sections(page) {
            assert!(!text.trim().is_empty(), "{code}: `{title}` is empty");
        }
        assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "{code}: one newline at the end");
    }
}

#[test]
fn names_name_the_fault() {
    for code in Code::ALL {
        let name = code.name();
        let (group, fault) = name.split_once('/').unwrap_or_else(|| panic!("{name}: group/fault"));
        for part in [group, fault] {
            let words = part.split('-').all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase()));
            assert!(words, "{name}: kebab case");
        }
        for remedy in ["use-", "avoid-", "prefer-", "no-"] {
            assert!(!fault.starts_with(remedy), "{name}: names a remedy, not a fault");
        }
        let found = Code::from_name(name);
        assert_eq!(found, Some(*code), "{name}: found by its name");
    }
}

#[test]
fn bad_examples_give_the_code_and_good_ones_do_not() {
    let mut faults = Vec::new();
    for code in Code::ALL {
        let sections = sections(code.page());
        let bad = check(&blocks(section(&sections, "Bad")));
        let good = check(&blocks(section(&sections, "Good")));
        let without = WITHOUT_EXAMPLE.iter().any(|(name, _)| *name == code.name());
        if without {
            if bad.is_some() || good.is_some() {
                faults.push(format!("{code}: has an example and stands in WITHOUT_EXAMPLE"));
            }
            continue;
        }
        let companions = COMPANIONS.iter().find(|(name, _)| *name == code.name()).map_or(&[][..], |(_, list)| list);
        match bad {
            None => faults.push(format!("{code}: `Bad` has no block that can be checked")),
            Some(findings) => {
                if !findings.iter().any(|d| d.code == *code) {
                    faults.push(format!("{code}: `Bad` gives {:?}", words(&findings)));
                }
                let others = findings.iter().filter(|d| d.code != *code && d.severity > Severity::Info);
                let others: Vec<&Diagnostic> = others.filter(|d| !companions.contains(&d.code.name())).collect();
                if !others.is_empty() {
                    faults.push(format!("{code}: `Bad` gives {:?} too", words(others)));
                }
            }
        }
        match good {
            None => faults.push(format!("{code}: `Good` has no block that can be checked")),
            Some(findings) => {
                let wrong = findings.iter().filter(|d| d.code == *code || d.severity > Severity::Info);
                faults.extend(wrong.map(|d| format!("{code}: `Good` gives {}: {}", d.code, d.message)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn words<'d>(findings: impl IntoIterator<Item = &'d Diagnostic>) -> Vec<String> {
    findings.into_iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
}
