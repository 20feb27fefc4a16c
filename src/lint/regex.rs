//! Regular expressions of matchers: anchored at both ends, as Prometheus has them.

use regex::Regex;

/// Largest compiled size of an expression, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// Returns whether an expression matches a whole value. An expression that cannot be compiled matches everything: its fault is
/// another finding.
pub fn matches(expression: &str, value: &str) -> bool {
    compile(expression).is_none_or(|r| r.is_match(value))
}

/// Compiles an expression, anchored.
pub fn compile(expression: &str) -> Option<Regex> {
    regex::RegexBuilder::new(&format!("^(?s:{expression})$")).size_limit(MAX_SIZE).build().ok()
}
