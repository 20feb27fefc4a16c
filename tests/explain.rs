//! Every name of a project can be explained, and every generated page of words is whole.

use llmobs::diag::Code;
use llmobs::explain::explain;
use llmobs::signals::AlertKind;
use llmobs::source::MemoryWorld;

fn fleet() -> llmobs::Program {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fleet/llmobs.toml");
    let text = std::fs::read_to_string(path).expect("the example is there");
    llmobs::compile("llmobs.toml", text, &MemoryWorld::default()).program.expect("the example compiles")
}

#[test]
fn every_name_is_explained() {
    let program = fleet();
    let names = Code::ALL.iter().map(|c| c.name()).chain(AlertKind::ALL.iter().map(|k| k.name()));
    let series = program.book.records().map(|r| r.name.as_str());
    for name in names.chain(series) {
        let text = explain(name, Some(&program)).unwrap_or_else(|near| panic!("{name}: unknown, near {near:?}"));
        assert!(text.starts_with(&format!("# {name}\n")), "{name}: {text}");
        assert_eq!(explain(name, Some(&program)).ok(), Some(text), "{name}: the same bytes");
    }
}

#[test]
fn an_alert_says_whence_its_numbers_come() {
    let text = explain("KVCachePressure", Some(&fleet())).expect("an alert");
    assert!(text.contains("- threshold: 95% (from `[alerts]`)"), "{text}");
    let text = explain("HighTimeToFirstToken", Some(&fleet())).expect("an alert");
    assert!(text.contains("(from the SLO)") && text.contains("- for: 2m (default)"), "{text}");
}

#[test]
fn unknown_names_get_suggestions() {
    assert_eq!(explain("KVCachePresure", None), Err(vec!["KVCachePressure".to_owned()]));
    assert_eq!(explain("spec/unknown-keys", None), Err(vec!["spec/unknown-key".to_owned()]));
    assert!(explain("nothing like it", None).is_err_and(|all| all.len() == AlertKind::ALL.len()));
}

#[test]
fn pages_have_no_template_left_and_every_alert_its_runbook() {
    let program = fleet();
    let artifacts = program.artifacts();
    for kind in program.book.alert_kinds() {
        let path = program.names.runbook_path(kind);
        assert!(artifacts.iter().any(|a| a.path == path), "{path} is not generated");
    }
    for page in artifacts.iter().filter(|a| a.path.ends_with(".md")) {
        for mark in ["[[", "]]", "[%", "%]"] {
            assert!(!page.text.contains(mark), "{}: `{mark}` is left", page.path);
        }
    }
}
