//! The checker on small files: `tests/lint/<concern>/*.yaml|json`, each with the findings that it must give beside it (`*.out`).
//!
//! What stands in the first lines as `# option: value` (of a JSON file: in `NAME.options`) is what a user would declare; the options are
//! those of `support::lint`. In `unknown` and `right` nothing may be found that is more than an info. In `disputed`
//! stands what is misjudged, with what is said of it: the first lines of a case say what is right. `LLMOBS_UPDATE=1` writes the
//! `.out` files anew: read them.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs::diag::{Code, Severity, render};
use llmobs::source::Sources;

#[path = "support/lint.rs"]
mod lint;
use lint::Declared;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint");
    let mut trials = Vec::new();
    for path in files(&root) {
        let name = path.strip_prefix(&root).map_or_else(|_| path.display().to_string(), |p| p.display().to_string());
        trials.push(Trial::test(name.replace('\\', "/"), move || case(&path)));
    }
    trials.push(Trial::test("object_too_large", object_too_large));
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
    let mut declared = Declared::default();
    declared.head(&text)?;
    for line in std::fs::read_to_string(path.with_extension("options")).unwrap_or_default().lines() {
        let (key, value) = line.split_once(": ").ok_or("expected `option: value`")?;
        declared.option(key, value)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut sources = Sources::default();
    let findings = declared.check(vec![(name, text)], &mut sources);
    let shown =
        if findings.is_empty() { "no findings\n".to_owned() } else { render::human(&findings, &sources, false) };
    let silent = path.parent().and_then(Path::file_name).is_some_and(|f| f == "unknown" || f == "right");
    if silent && findings.iter().any(|d| d.severity > Severity::Info) {
        return Err(format!("nothing here is wrong, and this is said of it:\n{shown}").into());
    }
    let expected = path.with_extension("out");
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        std::fs::write(&expected, &shown)?;
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    if wanted == shown { Ok(()) } else { Err(format!("findings differ from {}:\n{shown}", expected.display()).into()) }
}

/// An object just below what the operator takes, and one just above.
fn object_too_large() -> Result<(), Failed> {
    for (rules, too_large) in [(4_000, false), (8_000, true)] {
        let head =
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: large\nspec:\n  groups:\n";
        let mut text = format!("{head}    - name: large\n      rules:\n");
        for n in 0..rules {
            text.push_str(&format!(
                "        - record: acme:widgets{n}:rate5m\n          expr: sum(rate(acme_widgets{n}_total[5m]))\n"
            ));
        }
        let bytes = text.len();
        let findings = Declared::default().check(vec![("large.yaml".to_owned(), text)], &mut Sources::default());
        let found = findings.iter().any(|d| d.code == Code::ObjectTooLarge);
        if found != too_large {
            return Err(format!("an object of {bytes} bytes: {findings:?}").into());
        }
    }
    Ok(())
}
