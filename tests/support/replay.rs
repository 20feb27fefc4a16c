//! The judge `replay`: Prometheus's rule engine over a past period.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Context, Result, judge};

/// An alert from when it fires until it does not any more.
#[derive(Clone, Debug, Deserialize)]
pub struct Firing {
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// Unix time in seconds.
    pub from: i64,
    /// Unix time in seconds; `None` if it fires at the end.
    pub to: Option<i64>,
}

impl Firing {
    /// Returns the value of a label; nothing if there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// What was seen.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    /// Samples that were read.
    pub samples: u64,
    /// Evaluations of groups.
    pub evaluations: u64,
    /// Alerts that fired, by time.
    pub firings: Vec<Firing>,
    /// Minutes in which any recorded series was NaN.
    pub nan_minutes: u64,
    /// Minutes of each series that was.
    pub nan: BTreeMap<String, u64>,
}

/// Lives through `folder/samples.txt` with rule files of the folder and leaves the storage in `folder/data`.
///
/// Names of files are relative: they decide by how much evaluations lag, and are to be the same in every run.
pub fn run(folder: &Path, rules: &[String], evaluation_seconds: u64) -> Result<Report> {
    let mut replay = judge::command("replay")?;
    replay.current_dir(folder).args(["-data", "data", "-eval"]).arg(format!("{evaluation_seconds}s"));
    for file in rules {
        replay.args(["-rules", file]);
    }
    // Less garbage collection for more memory.
    let output = judge::accepts(replay.arg("samples.txt").env("GOGC", "800"))?;
    serde_json::from_slice(&output.stdout).context("report of replay")
}
