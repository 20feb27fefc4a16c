//! Comparing by meaning, and old files that are hostile.

use super::*;

fn rules(expr: &str, interval: &str) -> String {
    format!("groups:\n  - name: g\n    interval: {interval}\n    rules:\n      - alert: Slow\n        expr: {expr}\n")
}

fn told(files: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
    let changes: Vec<Change> = files
        .iter()
        .map(|(path, old, new)| Change {
            path: (*path).to_owned(),
            kind: match (old, new) {
                (None, _) => Kind::Create,
                (_, None) => Kind::Remove,
                _ => Kind::Update,
            },
            conflict: None,
        })
        .collect();
    let pairs: Vec<FilePair<'_>> = changes
        .iter()
        .zip(files)
        .map(|(change, (_, old, new))| FilePair { change, old: old.map(str::to_owned), new: *new })
        .collect();
    compare(&pairs)
        .iter()
        .map(|c| match &c.fate {
            Fate::Added => format!("+ {}", c.title),
            Fate::Removed => format!("- {}", c.title),
            Fate::Changed(parts) => format!("~ {}: {}", c.title, parts.join(", ")),
        })
        .collect()
}

#[test]
fn rules_and_alerts_are_matched_by_name_across_files() {
    let path = "prometheus/rules/model-chat.yaml";
    assert_eq!(
        told(&[(path, Some(&rules("up > 1", "30s")), Some(&rules("up > 2", "1m")))]),
        ["~ alert Slow (model chat): expr", "~ group g: interval"]
    );
    let object =
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: r\n  namespace: n\nspec:\n";
    let object = format!("{object}  {}", rules("up > 1", "30s").replace('\n', "\n  ").trim_end());
    assert_eq!(
        told(
            &[(path, Some(&rules("up > 1", "30s")), None), ("kubernetes/rules-model-chat.yaml", None, Some(&object)),]
        ),
        [
            "~ alert Slow (model chat): moved from prometheus/rules/model-chat.yaml",
            "~ group g: moved from prometheus/rules/model-chat.yaml",
            "+ PrometheusRule n/r",
        ]
    );
}

#[test]
fn panels_are_found_in_files_config_maps_and_schema_v2() {
    let old = r#"{"title":"GPUs","uid":"u","panels":[{"id":1,"type":"row","title":"Heat","panels":[{"title":"Watts","unit":"W"}]},{"id":2,"title":"TTFT","gridPos":{"x":0},"targets":[1]}],"templating":{"list":[{"name":"model","query":"a"}]}}"#;
    let new = r#"{"title":"GPUs","uid":"u","panels":[{"id":1,"title":"TTFT","gridPos":{"x":4},"targets":[2]},{"title":"New"}],"templating":{"list":[{"name":"model","query":"b"}]}}"#;
    let expected = [
        "~ dashboard \"GPUs\": variable model",
        "+ panel \"New\" of dashboard \"GPUs\"",
        "~ panel \"TTFT\" of dashboard \"GPUs\": position, queries",
        "- panel \"Watts\" of dashboard \"GPUs\"",
        "- row \"Heat\" of dashboard \"GPUs\"",
    ];
    assert_eq!(told(&[("grafana/gpus.json", Some(old), Some(new))]), expected);
    let map = |json: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: d\ndata:\n  gpus.json: |-\n    {json}\n  note: n\n"
        )
    };
    assert_eq!(told(&[("kubernetes/d.yaml", Some(&map(old)), Some(&map(new)))]), expected);
    let v2 = |unit: &str| {
        format!(
            r#"{{"apiVersion":"dashboard.grafana.app/v2","kind":"Dashboard","spec":{{"title":"T","elements":{{"p":{{"kind":"Panel","spec":{{"title":"Power","unit":"{unit}"}}}}}}}}}}"#
        )
    };
    assert_eq!(
        told(&[("grafana/t.json", Some(&v2("W")), Some(&v2("kW")))]),
        ["~ panel \"Power\" of dashboard \"T\": unit"]
    );
}

#[test]
fn objects_and_plain_values_name_what_differs() {
    let monitor = |port: &str| {
        format!(
            "apiVersion: m/v1\nkind: ServiceMonitor\nmetadata:\n  name: s\nspec:\n  endpoints:\n    - port: {port}\n"
        )
    };
    assert_eq!(
        told(&[("kubernetes/m.yaml", Some(&monitor("a")), Some(&monitor("b")))]),
        ["~ ServiceMonitor s: spec.endpoints"]
    );
    assert_eq!(
        told(&[(
            "collector/config.yaml",
            Some("receivers: {otlp: {port: 1}}\nx: 1\n"),
            Some("receivers: {otlp: {port: 2}}\nx: 1\n")
        )]),
        ["~ file collector/config.yaml: receivers.otlp.port"]
    );
    assert_eq!(told(&[("README.md", Some("a\n"), Some("b\n"))]), ["~ file README.md: "]);
    assert_eq!(told(&[("README.md", Some("a\n"), None)]), ["- file README.md"]);
}

#[test]
fn hostile_old_files_are_compared_as_text() {
    let deep = "[".repeat(100_000);
    let bomb: String = (0..40).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}, *a{0}]\n", i - 1)).collect();
    let bomb = format!("a-1: &a-1 [x, x]\n{bomb}");
    let new = rules("up", "30s");
    for old in [deep.as_str(), bomb.as_str(), "\u{0}", "a: [", "- &a [*a]", "? {a: b}\n: c\n"] {
        for path in ["prometheus/rules/model-a.yaml", "x.json"] {
            let told = told(&[(path, Some(old), Some(&new))]);
            assert!(!told.is_empty(), "{path}: {told:?}");
        }
    }
    assert!(!text::painted("+\u{1b}[2J\n", false).contains('\u{1b}'));
}

#[test]
fn texts_that_have_nothing_in_common_are_compared_in_bounded_time() {
    let many = |salt: usize| (0..20_000).map(|i| format!("{}\n", i * 7919 % 20_011 + salt)).collect::<String>();
    let diff = text::unified("big.json", Some(&many(0)), Some(&many(1)));
    assert!(diff.lines().count() > 1000);
    assert_eq!(text::shortened(&diff, 3).lines().count(), 4);
    assert_eq!(text::unified("a", Some("x\n"), Some("x\n")), "");
}
