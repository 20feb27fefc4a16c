//! Hostile files that are built here, each with the findings that it must give.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

use super::targets::{Run, check as run};

/// Makes a file: name and bytes.
pub type Build = fn() -> (&'static str, Vec<u8>);

/// Lines of the findings that are compared.
const MAX_LINES: usize = 60;
/// Letters of a line that are compared.
const MAX_LETTERS: usize = 200;

/// Depth and length of what is nested and repeated.
const MANY: usize = 100_000;

/// Every file.
pub const CASES: &[(&str, Build)] = &[
    ("alias-bomb", || ("a.yaml", alias_bomb())),
    ("braces", || query(&"{".repeat(MANY))),
    ("brackets", || query(&format!("up{}", "[".repeat(MANY)))),
    ("chain-of-plus", || query(&vec!["up"; MANY].join(" + "))),
    ("chain-of-power", || query(&vec!["2"; MANY].join("^"))),
    ("byte-order-mark", || ("a.yaml", format!("\u{feff}{}", rule("sum(")).into_bytes())),
    ("carriage-returns", || ("a.yaml", rule("sum(").replace('\n', "\r\n").into_bytes())),
    ("duplicate-keys", || {
        ("a.json", br#"{"groups":[{"name":"a","name":"b","rules":[{"record":"x","expr":"1","expr":"2"}]}]}"#.to_vec())
    }),
    ("empty-json", || ("a.json", Vec::new())),
    ("empty-yaml", || ("a.yaml", Vec::new())),
    ("json-100000-deep", || ("a.json", [r#"{"panels":"#.repeat(MANY), "1".to_owned()].concat().into_bytes())),
    ("labels-60000", || query(&format!("up{{{}}}", labels(60_000)))),
    ("labels-million", || query(&format!("up{{{}}}", labels(1_000_000)))),
    ("labels-of-rules", || {
        let labels: String = (0..MANY).map(|n| format!("          l{n}: x\n")).collect();
        ("a.yaml", format!("{}        labels:\n{labels}", rule("sum by (l1) (up)")).into_bytes())
    }),
    ("line-of-100-megabytes", || ("a.yaml", vec![b'x'; 100 << 20])),
    ("line-of-60-megabytes", || ("a.json", [br#"{"groups":""#.as_slice(), &vec![b'x'; 60 << 20]].concat())),
    ("lone-surrogates", || {
        ("a.json", br#"{"groups":[{"name":"\ud800","rules":[{"record":"a:b","expr":"up{a=\"\udc00\"}"}]}]}"#.to_vec())
    }),
    ("minus", || query(&format!("{}1", "-".repeat(MANY)))),
    ("minus-apart", || query(&format!("{}up", "- ".repeat(MANY)))),
    ("nul", || ("a.yaml", rule("up\0").into_bytes())),
    ("nul-in-json", || {
        (
            "a.json",
            br#"{"groups":[{"name":"g","rules":[{"record":"a:b","expr":"up{a=\"\u0000\"} + \u0000"}]}]}"#.to_vec(),
        )
    }),
    ("numbers", || {
        query("1e999999 + -1e999999 + 0x1p99999 + 99999999999999999999999999 + up[99999999999999999y] offset 1e300")
    }),
    ("numbers-of-rules", || {
        ("a.json", br#"{"groups":[{"name":"g","interval":1e999999,"limit":-1e400,"rules":[{"alert":"A","expr":"up > 1e999999","for":"99999999999999999999y"}]}]}"#.to_vec())
    }),
    ("numbers-of-dashboards", || {
        ("a.json", br#"{"title":"d","schemaVersion":1e999999,"panels":[{"id":1e400,"type":"graph","gridPos":{"h":-1e999,"w":1e999},"targets":[{"expr":"up","interval":"1e999s"}]}]}"#.to_vec())
    }),
    ("open-within-open", || query("sum [b @ end()y ({")),
    ("parentheses", || query(&format!("{}up{}", "(".repeat(MANY), ")".repeat(MANY)))),
    ("parentheses-open", || query(&"(".repeat(MANY))),
    ("quote-open", || query("sum(rate(up{a=\"b)[5m]))")),
    ("records-in-a-circle", || ("a.yaml", records(|n| (n + 1) % 1000))),
    ("records-one-by-another", || ("a.yaml", records(|n| n + 1))),
    ("records-one-by-another-backwards", || ("a.yaml", records(|n| n.saturating_sub(1)))),
    ("records-of-two-each", || ("a.yaml", doubling())),
    ("regex-catastrophic", || query("up{a=~\"(a+)+$\", b=~\"(x*)*y\", c=~\"(.*.*.*.*.*)*z\"}")),
    ("regex-counted", || query("vllm:num_requests_running{model_name=~\"((a{1000}){1000}){1000}\"}")),
    ("regex-megabyte", || query(&format!("up{{a=~\"{}\"}}", "a|".repeat(400_000)))),
    ("regex-nested", || query(&format!("up{{a=~\"{}{}\"}}", "(".repeat(MANY), ")".repeat(MANY)))),
    ("regex-of-le", || {
        query("sum by (le) (rate(vllm:time_to_first_token_seconds_bucket{le=~\"(0|1)+.*(5|0){99}\"}[5m]))")
    }),
    ("rules-in-one-flow", || {
        (
            "a.yaml",
            format!("groups: [{{name: g, rules: [{}]}}]", "{record: a, expr: 'sum('},".repeat(5_000)).into_bytes(),
        )
    }),
    ("template-nested", || {
        (
            "a.yaml",
            format!(
                "{}        annotations:\n          summary: '{}'\n",
                rule("up").replace("record: a:b", "alert: A"),
                "{{ if true }}".repeat(20_000)
            )
            .into_bytes(),
        )
    }),
    ("unicode-names", || query("sum by (\u{202e}a) (r\u{430}te(\u{ff56}llm:x[5m])) \u{2013} 1 \u{d7} 2")),
    ("utf-16", || {
        (
            "a.yaml",
            rule("up").encode_utf16().flat_map(u16::to_le_bytes).fold(vec![0xff, 0xfe], |mut all, b| {
                all.push(b);
                all
            }),
        )
    }),
    ("utf-8-broken", || ("a.yaml", [rule("up").as_bytes(), b"# \xc3\x28"].concat())),
    ("variables-of-each-other", || ("a.json", variables())),
    ("yaml-flow-100000-deep", || ("a.yaml", format!("groups: {}", "[".repeat(MANY)).into_bytes())),
    ("yaml-block-400-deep", || {
        (
            "a.yaml",
            (0..400)
                .map(|n| format!("{}a:\n", " ".repeat(n)))
                .chain(["groups:\n".to_owned()])
                .collect::<String>()
                .into_bytes(),
        )
    }),
];

/// Compares the findings of a file with those that stand beside this one. Returns the size of the file.
pub fn check(name: &str, build: &Build) -> Result<usize, Failed> {
    let (file, bytes) = build();
    let size = bytes.len();
    let shown = run(file, bytes, &mut Run::default())?;
    let n_findings = shown.lines().filter(|l| is_head(l)).count();
    let mut lines: Vec<String> =
        shown.lines().take(MAX_LINES).map(|l| l.trim_end().chars().take(MAX_LETTERS).collect()).collect();
    lines.push(format!("findings: {n_findings}\n"));
    let shown = lines.join("\n");
    let expected = folder().join(format!("{name}.out"));
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        std::fs::write(&expected, &shown)?;
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    if wanted == shown {
        Ok(size)
    } else {
        Err(format!("findings differ from {}:\n{shown}", expected.display()).into())
    }
}

fn is_head(line: &str) -> bool {
    ["error", "warning", "info"].iter().any(|w| line.strip_prefix(w).is_some_and(|r| r.starts_with(['[', ':'])))
}

/// Every snapshot belongs to a case.
pub fn no_orphans() -> Result<(), Failed> {
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if !CASES.iter().any(|(name, _)| *name == stem) {
            return Err(format!("{} belongs to no case", path.display()).into());
        }
    }
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/fixed")
}

/// A rule file in YAML with one query, in a block scalar.
fn rule(query: &str) -> String {
    format!("groups:\n  - name: g\n    rules:\n      - record: a:b\n        expr: |-\n          {query}\n")
}

fn query(query: &str) -> (&'static str, Vec<u8>) {
    ("a.yaml", rule(query).into_bytes())
}

fn labels(n: usize) -> String {
    (0..n).map(|n| format!("l{n}=\"x\",")).collect()
}

fn alias_bomb() -> Vec<u8> {
    let mut out = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        let again = format!("*a{}, ", n - 1).repeat(9);
        out += &format!("a{n}: &a{n} [{again}]\n");
    }
    (out + "groups: *a29\n").into_bytes()
}

/// Rules that each read another.
fn records(next: fn(usize) -> usize) -> Vec<u8> {
    let rules: String = (0..5_000).map(|n| format!("  - {{record: 'r:{n}', expr: 'sum(r:{})'}}\n", next(n))).collect();
    format!("groups:\n- name: g\n  rules:\n{rules}").into_bytes()
}

/// Rules that each read the one before twice: written out they would be 2^200 long.
fn doubling() -> Vec<u8> {
    let rules: String = (0..200).map(|n| format!("  - {{record: 'r:{}', expr: 'r:{n} + r:{n}'}}\n", n + 1)).collect();
    format!("groups:\n- name: g\n  rules:\n{rules}").into_bytes()
}

/// Variables of a dashboard that each use the next, the last the first.
fn variables() -> Vec<u8> {
    let list: Vec<String> = (0..2_000)
        .map(|n| {
            format!(r#"{{"name":"v{n}","type":"query","query":"label_values(up{{a=\"$v{}\"}}, a)"}}"#, (n + 1) % 2_000)
        })
        .collect();
    let list = list.join(",");
    format!(r#"{{"title":"d","schemaVersion":39,"templating":{{"list":[{list}]}},"panels":[{{"type":"stat","targets":[{{"expr":"up{{a=\"$v0\"}}"}}]}}]}}"#)
        .into_bytes()
}
