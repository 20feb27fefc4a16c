//! Strings by chance, in every style that YAML and JSON have, and what they must lead back to.

use libtest_mimic::Failed;
use llmobs::intake::Kind;

use super::{leads_back, read};

/// A generator of numbers (xorshift64*): the same strings on every machine.
pub struct Numbers(pub u64);

impl Numbers {
    /// Returns a number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or(0) % n.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const PLAIN: &[&str] = &["a", "b c", "ä", "x(y)", "\u{1f600}", "+", "1"];
const SINGLE: &[&str] = &["a", "b c", "ä", "''", "\"", "\\", "{x='", "#", "''''"];
const DOUBLE: &[&str] = &[
    "a",
    "ä",
    "\\\"",
    "\\\\",
    "\\n",
    "\\t",
    "\\x41",
    "\\u00e9",
    "\\U0001f600",
    "'",
    "\\ud83d\\ude00",
    "\\_",
    "\\ ",
    "#",
];
const BLOCK: &[&str] = &["a", "ä", "#", "\"", "'", "\\", "b  c", "\u{1f600}"];
const BREAKS: &[&str] = &["\n", "\n", "\n\n", "\n\n\n"];

fn words(numbers: &mut Numbers, from: &[&str]) -> String {
    (0..1 + numbers.below(5)).map(|_| numbers.pick(from)).collect()
}

/// A plain or quoted scalar over one to four lines.
fn flow(numbers: &mut Numbers, from: &[&str], indent: &str) -> String {
    let mut out = words(numbers, from);
    for _ in 0..numbers.below(4) {
        let space = numbers.pick(&["", "", " ", "\t"]);
        out.push_str(space);
        out.push_str(numbers.pick(BREAKS));
        out.push_str(indent);
        out.push_str(numbers.pick(&["", "", "  "]));
        out.push_str(&words(numbers, from));
    }
    out
}

/// A block scalar with its header.
fn block(numbers: &mut Numbers, sign: char, indent: &str) -> String {
    let mut out = format!("{sign}{}", numbers.pick(&["", "-", "+"]));
    out.push_str(numbers.pick(&["", "  # why"]));
    out.push_str(numbers.pick(BREAKS));
    for n in 0..1 + numbers.below(4) {
        out.push_str(indent);
        if n > 0 {
            out.push_str(numbers.pick(&["", "", "", "  "]));
        }
        out.push_str(&words(numbers, BLOCK));
        out.push_str(numbers.pick(&["", "", " "]));
        out.push_str(numbers.pick(BREAKS));
    }
    out.pop();
    out
}

fn rule(value: &str) -> String {
    format!("groups:\n- name: g\n  rules:\n  - record: a\n    expr: {value}\n    labels: {{b: c}}\n")
}

/// Reads strings by chance, in files of all line endings and within ConfigMaps: each leads back to its bytes.
pub fn lead_back() -> Result<(), Failed> {
    let mut numbers = Numbers(0x7465_7874_7465_7874);
    let (mut checked, mut refused) = (0, 0);
    for n in 0..6_000 {
        let indent = numbers.pick(&["      ", "        "]);
        let value = match n % 5 {
            0 => flow(&mut numbers, PLAIN, indent),
            1 => format!("'{}'", flow(&mut numbers, SINGLE, indent)),
            2 => {
                let joined = numbers.below(4) == 0;
                let inner = flow(&mut numbers, DOUBLE, indent);
                format!("\"{}\"", if joined { inner.replace('\n', "\\\n") } else { inner })
            }
            3 => block(&mut numbers, '|', indent),
            _ => block(&mut numbers, '>', indent),
        };
        let mut text = rule(&value);
        if numbers.below(3) == 0 {
            let body: String = text.lines().map(|l| format!("    {l}\n")).collect();
            text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  r.yaml: |\n{body}");
        }
        if numbers.below(4) == 0 {
            text = text.replace('\n', "\r\n");
        }
        let outcome = read("rules.yaml", text.clone().into_bytes(), true);
        let mut rules = outcome.contents.documents.iter().filter_map(|d| match &d.kind {
            Kind::Rules(file) => file.groups.first()?.rules.first(),
            _ => None,
        });
        let Some(rule) = rules.next_back() else {
            refused += 1;
            continue;
        };
        leads_back(&rule.expr, &outcome.sources, true).map_err(|e| format!("{e:?} in\n{text}"))?;
        checked += 1;
    }
    println!("{checked} strings, {refused} files refused");
    if checked < 5_000 { Err(format!("only {checked} strings").into()) } else { Ok(()) }
}
