//! `dashboard/duplicate-uid`: two dashboards that replace each other.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Severity};
use crate::intake::Text;
use crate::intake::dashboard::Dashboard;

/// Looks at all dashboards of a run.
pub fn check(dashboards: &[&Dashboard], out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, &Text> = BTreeMap::new();
    for uid in dashboards.iter().filter_map(|d| d.uid.as_ref()).filter(|u| !u.is_empty()) {
        if let Some(first) = seen.get(uid.as_str()) {
            let message = format!("two dashboards have the uid `{}`", crate::diag::shorten(uid));
            let mut finding = Diagnostic::new(Code::DashboardDuplicateUid, message, uid.whole(), "again here")
                .related(first.whole(), "first here")
                .help("give each its own uid: Grafana keeps only one of them");
            // Copies in other files may be meant for another Grafana.
            if uid.whole().file != first.whole().file {
                finding.severity = Severity::Warning;
            }
            out.push(finding);
        } else {
            seen.insert(uid.as_str(), uid);
        }
    }
}
