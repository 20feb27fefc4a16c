//! Every name of a project can be explained, and every generated page of words is whole.

use llmobs::diag::Code;
use llmobs::explain::explain;
use llmobs::signals::{AlertKind, Subject};
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

/// What the page of an objective says in tables is what its rules say.
#[test]
fn pages_of_objectives_have_the_numbers_of_the_rules() {
    let program = fleet();
    let artifacts = program.artifacts();
    let mut n_alerts = 0;
    for model in program.plan.models.values() {
        let chapter = program.book.chapter(&Subject::Model(model.name.clone())).expect("a chapter");
        for slo in &model.slos {
            let path = program.names.slo_path(&model.name, slo.sli.key());
            let page = &artifacts.iter().find(|a| a.path == path).unwrap_or_else(|| panic!("{path} is not there")).text;
            let own = |r: &&llmobs::signals::Record| r.labels.get("slo").is_some_and(|s| s == slo.sli.key());
            let windows = |r: &&llmobs::signals::Record| r.name.contains("events:increase");
            for record in chapter.records().filter(own).filter(windows) {
                // Half hours are there for days, hours for the whole window.
                let expr = record.expr.to_string();
                assert!(page.contains(&expr) || record.name.ends_with("30m"), "{path} lacks {expr}");
            }
            for alert in chapter.alerts().filter(|a| a.kind.budget() == Some(slo.sli)) {
                let expr = alert.expr.pretty();
                assert!(page.contains(&expr), "{path} lacks {expr}");
                let long = &alert.labels["long_window"];
                let after = |mark: &str| expr.split(mark).nth(1).and_then(|rest| rest.split([')', '\n']).next());
                let share: f64 = after("* ").and_then(|n| n.trim().parse().ok()).unwrap_or_else(|| panic!("{expr}"));
                let share = format!("= {}% |", llmobs::units::number((share * 1e8).round() / 1e6));
                let least = after(">= ").unwrap_or("none").trim();
                let pair = |l: &&str| l.starts_with(&format!("| {long} | ")) && l.contains(&share);
                let row = page.lines().find(pair).unwrap_or_else(|| panic!("{path} lacks {share}"));
                let severity = &alert.labels["severity"];
                assert!(row.ends_with(&format!("| {least} | {severity} |")), "{path}: {least} {severity}: {row}");
                n_alerts += 1;
            }
        }
    }
    assert!(n_alerts > 100, "{n_alerts}");
}
