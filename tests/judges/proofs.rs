//! Parts generated files of rule tests into single tests, each with the rules on which its outcome depends.
//!
//! A test asks for alerts by name. Whether those fire depends on every rule of these names, on the records that the rules read, on
//! the records that those read, and so on; all of them are kept, as they were generated, in their groups and order. Where a test
//! asks for anything else, all rules are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use llmobs::Program;
use regex::Regex;
use serde_json::{Value, json};

use super::support::{Context, Result, project};

/// What rules read: names of series by the name of the record or alert.
pub struct Reads(BTreeMap<String, BTreeSet<String>>);

impl Reads {
    /// Collects what the rules of a program read.
    pub fn of(program: &Program) -> Self {
        let records = program.book.records().map(|r| (r.name.clone(), r.expr.metric_names()));
        let alerts = program.book.alerts().map(|a| (a.kind.name().to_owned(), a.expr.metric_names()));
        let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, reads) in records.chain(alerts) {
            out.entry(name).or_default().extend(reads);
        }
        Self(out)
    }

    /// Returns the names of rules, and of all that they depend on.
    fn below(&self, names: BTreeSet<String>) -> BTreeSet<String> {
        let mut open: Vec<String> = names.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            open.extend(self.0.get(&name).into_iter().flatten().filter(|n| !seen.contains(*n)).cloned());
            seen.insert(name);
        }
        seen
    }
}

/// A test and its rules.
pub struct Test {
    rules: Value,
    test: Value,
}

/// Parts a file of tests. The rules must be where it says that they are.
pub fn parted(path: &Path, reads: &Reads) -> Result<Vec<Test>> {
    let read = |path: &Path| -> Result<Value> {
        let text = fs::read_to_string(path).context(path.display())?;
        serde_saphyr::from_str(&text).context(path.display())
    };
    let file = read(path)?;
    let list = |key: &str| file.get(key).and_then(Value::as_array).context(format!("{}: {key}", path.display()));
    let names = list("rule_files")?;
    let [Value::String(name)] = &names[..] else {
        return Err(format!("{}: one rule file was expected, not {names:?}", path.display()));
    };
    let rules = read(&path.parent().unwrap_or(path).join(name))?;
    let one = |test: &Value| {
        let mut file = file.clone();
        file["rule_files"] = json!([RULES]);
        file["tests"] = json!([test]);
        Ok(Test { rules: of_test(&rules, test, reads)?, test: file })
    };
    list("tests")?.iter().map(one).collect()
}

const RULES: &str = "rules.json";

/// Returns the rules on which a test depends.
fn of_test(rules: &Value, test: &Value, reads: &Reads) -> Result<Value> {
    let Some(asked) = asked(rules, test)? else { return Ok(rules.clone()) };
    let wanted = reads.below(asked);
    if wanted.contains("ALERTS") || wanted.contains("ALERTS_FOR_STATE") {
        return Ok(rules.clone());
    }
    let mut rules = rules.clone();
    for group in rules.get_mut("groups").and_then(Value::as_array_mut).context("groups")? {
        let of_group = group.get_mut("rules").and_then(Value::as_array_mut).context("rules")?;
        of_group.retain(|rule| name(rule).is_some_and(|n| wanted.contains(n)));
    }
    Ok(rules)
}

fn name(rule: &Value) -> Option<&str> {
    rule.get("alert").or(rule.get("record")).and_then(Value::as_str)
}

/// Returns the names of the alerts for which a test asks; `None` if it asks for anything else.
fn asked(rules: &Value, test: &Value) -> Result<Option<BTreeSet<String>>> {
    // Such as `count by (alertname) (ALERTS{alertname=~"A|B", alertstate="firing"})`.
    let expected = Regex::new(r#"^count by \(alertname\) \(ALERTS\{alertname(=|=~|!~)"([\w|]+)"[^{}]*\}\)$"#);
    let expected = expected.context("expression")?;
    if test.get("alert_rule_test").is_some() {
        return Ok(None);
    }
    let groups = rules.get("groups").and_then(Value::as_array).context("groups")?;
    let all = groups.iter().filter_map(|g| g.get("rules")?.as_array()).flatten().filter(|r| r.get("alert").is_some());
    let all: BTreeSet<&str> = all.filter_map(name).collect();
    let mut out = BTreeSet::new();
    for look in test.get("promql_expr_test").and_then(Value::as_array).into_iter().flatten() {
        let found = look.get("expr").and_then(Value::as_str).and_then(|e| expected.captures(e));
        let Some(found) = found else { return Ok(None) };
        let listed: BTreeSet<&str> = found[2].split('|').collect();
        out.extend(all.iter().filter(|name| listed.contains(*name) == (&found[1] != "!~")).map(|n| (*n).to_owned()));
    }
    Ok(Some(out))
}

impl Test {
    /// Returns about how long it takes, in no unit: characters of rules x evaluations.
    pub fn length(&self) -> usize {
        let rules = self.rules.to_string().len();
        let last = self.test.pointer("/tests/0/promql_expr_test").and_then(Value::as_array).and_then(|l| l.last());
        let last = last.and_then(|l| l.get("eval_time")).and_then(Value::as_str).unwrap_or_default();
        let interval = self.test.get("evaluation_interval").and_then(Value::as_str).unwrap_or_default();
        rules * (seconds(last) / seconds(interval).max(1))
    }

    /// Writes test and rules into a folder and returns the path of the test.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join("test.json");
        project::write(&folder.join(RULES), &self.rules.to_string())?;
        project::write(&path, &self.test.to_string())?;
        Ok(path)
    }
}

/// Seconds of a duration such as `1d2h30m`.
fn seconds(text: &str) -> usize {
    llmobs::units::Duration::parse(text).map_or(0, |d| usize::try_from(d.whole_secs()).unwrap_or(0))
}
