//! Files too large or too regular for git, and changes by chance.

use std::fmt::Write as _;

use super::scalars::Numbers;

type Build = fn() -> (&'static str, Vec<u8>);

/// Hostile files: a name and how to build them.
pub const BUILT: &[(&str, Build)] = &[
    ("alias-bomb", || yaml(&bomb())),
    ("alias-of-a-megabyte", || {
        let value = "x".repeat(1 << 20);
        let list = "- *a\n".repeat(100_000);
        yaml(&format!("a: &a {value}\ngroups:\n{list}"))
    }),
    ("alias-depth", || yaml(&deep_aliases())),
    ("yaml-flow-10000-deep", || yaml(&format!("groups: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)))),
    ("yaml-block-10000-deep", || yaml(&format!("groups:\n  {}a\n", "- ".repeat(10_000)))),
    ("yaml-open-brackets-in-every-document", || yaml(&"groups: [\n---\n".repeat(10_000))),
    ("json-100000-deep", || ("x.json", format!("{{\"panels\": {}", "[".repeat(100_000)).into_bytes())),
    ("json-megabyte-string-open", || ("x.json", format!("{{\"panels\": \"{}", "a".repeat(1 << 20)).into_bytes())),
    ("json-six-million-values", || ("x.json", format!("[{}0]", "0,".repeat(6_000_000)).into_bytes())),
    ("yaml-million-equal-keys", || yaml(&format!("groups: {{{}}}\n", "a: 1, ".repeat(200_000)))),
    ("wrong-rules", || yaml(&format!("groups: [{{name: a, rules: [{}]}}]\n", "5, ".repeat(100_000)))),
    ("yaml-line-of-a-megabyte", || {
        yaml(&format!("groups: [{{name: a, rules: [{{record: a, expr: \"{}\"}}, 5]}}]\n", "x + ".repeat(1 << 18)))
    }),
    ("rules-2000", || yaml(&rules(2_000))),
];

fn yaml(text: &str) -> (&'static str, Vec<u8>) {
    ("x.yaml", text.as_bytes().to_vec())
}

fn bomb() -> String {
    let mut out = "groups: []\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let list = format!("*a{}, ", n - 1).repeat(10);
        writeln!(out, "a{n}: &a{n} [{list}]").expect("a string takes everything");
    }
    out
}

fn deep_aliases() -> String {
    let mut out = format!("groups: []\na0: &a0 {}{}\n", "[".repeat(100), "]".repeat(100));
    for n in 1..100 {
        writeln!(out, "a{n}: &a{n} {}*a{}{}", "[".repeat(100), n - 1, "]".repeat(100))
            .expect("a string takes everything");
    }
    out
}

/// A rule file as an operator of a large fleet has it.
pub fn rules(count: usize) -> String {
    let mut out = "groups:\n".to_owned();
    for n in 0..count {
        if n % 100 == 0 {
            write!(out, "  - name: model-{}\n    interval: 30s\n    rules:\n", n / 100)
                .expect("a string takes everything");
        }
        write!(
            out,
            "      - alert: SlowRequests{n}\n        expr: |\n          histogram_quantile(0.99, sum by (le, model_name) \
             (rate(vllm:e2e_request_latency_seconds_bucket{{model_name=\"m{n}\"}}[5m])))\n            > 3\n        for: 5m\n        \
             labels: {{severity: page}}\n        annotations:\n          summary: \"p99 of {{{{ $labels.model_name }}}} is \
             {{{{ $value }}}}\"\n"
        )
        .expect("a string takes everything");
    }
    out
}

/// What is put into files by chance.
const HOSTILE: &[&str] = &[
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "\n",
    "\r\n",
    "\t",
    "#",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{202e}",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    "{{ .Values.x }}",
    "{{",
    "}}",
    ",",
    "null",
    "1e999",
    "\0",
    "groups:\n",
    "kind: List\n",
    "\"panels\": [",
    "  ",
    "\n\n",
    "~",
];

/// Changes a file by chance.
pub fn mutate(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + 1 + numbers.below(12)).min(bytes.len());
        match numbers.below(6) {
            0 if at < end => drop(bytes.drain(at..end)),
            1 if at < end => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            2 if at < end => bytes[at] = u8::try_from(numbers.below(256)).unwrap_or(b'x'),
            3 => bytes.truncate(at),
            _ => {
                let token = HOSTILE[numbers.below(HOSTILE.len())].as_bytes();
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
    bytes
}
