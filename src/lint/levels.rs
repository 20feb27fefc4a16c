//! Which findings are reported, and how bad they are: `[check]` of llmobs.toml, then `--select` and `--ignore`.
//!
//! Must not know files. What keeps llmobs.toml from compiling does not come here.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Severity, UnknownCode, codes_of};
use crate::spec::Level;

/// What is reported.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Severity of codes that are not taken at their own.
    pub levels: BTreeMap<Code, Level>,
    /// If not empty, only these are reported, those that are off by default too.
    pub select: BTreeSet<Code>,
    /// These are not reported.
    pub ignore: BTreeSet<Code>,
}

impl Levels {
    /// Returns a finding at its level; `None` if it is not reported.
    pub fn apply(&self, mut finding: Diagnostic) -> Option<Diagnostic> {
        let code = finding.code;
        if self.ignore.contains(&code) || !self.select.is_empty() && !self.select.contains(&code) {
            return None;
        }
        match self.levels.get(&code) {
            // Who asks for it by name on the command line wants to see it.
            Some(Level::Off) if !self.select.contains(&code) => return None,
            Some(Level::Off) => {}
            Some(Level::Info) => finding.severity = Severity::Info,
            Some(Level::Warning) => finding.severity = Severity::Warning,
            Some(Level::Error) => finding.severity = Severity::Error,
            None if !code.on_by_default() && !self.select.contains(&code) => return None,
            None => {}
        }
        Some(finding)
    }
}

/// Returns the codes that a list of words with commas names.
///
/// # Errors
/// The first word that names none.
pub fn codes_in(lists: &[String]) -> Result<BTreeSet<Code>, UnknownCode> {
    let mut out = BTreeSet::new();
    for word in lists.iter().flat_map(|l| l.split(',')).map(str::trim).filter(|w| !w.is_empty()) {
        out.extend(codes_of(word)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{Levels, codes_in};
    use crate::diag::{Code, Diagnostic, Severity};
    use crate::spec::Level;

    fn severity(levels: &Levels, code: Code) -> Option<Severity> {
        levels.apply(Diagnostic::without_place(code, "x")).map(|d| d.severity)
    }

    #[test]
    fn levels_then_select_then_ignore() {
        let mut levels = Levels::default();
        assert_eq!(severity(&levels, Code::MetricGone), Some(Severity::Error));
        assert_eq!(severity(&levels, Code::AverageOfRatios), None, "off by default");
        levels.levels.extend([
            (Code::MetricGone, Level::Info),
            (Code::AverageOfRatios, Level::Warning),
            (Code::FileSyntax, Level::Off),
        ]);
        assert_eq!(severity(&levels, Code::MetricGone), Some(Severity::Info));
        assert_eq!(severity(&levels, Code::AverageOfRatios), Some(Severity::Warning));
        assert_eq!(severity(&levels, Code::FileSyntax), None);
        levels.select = codes_in(&["promql, file/syntax".to_owned()]).unwrap_or_default();
        assert_eq!(severity(&levels, Code::MetricGone), None, "not selected");
        assert_eq!(severity(&levels, Code::FileSyntax), Some(Severity::Error), "selected by name");
        assert_eq!(severity(&levels, Code::RateOfGauge), Some(Severity::Error));
        levels.ignore = codes_in(&["promql/rate-of-gauge".to_owned()]).unwrap_or_default();
        assert_eq!(severity(&levels, Code::RateOfGauge), None);
        assert!(codes_in(&["promql/rate-of-guage".to_owned()]).is_err_and(|e| e.help.contains("promql/rate-of-gauge")));
    }
}
