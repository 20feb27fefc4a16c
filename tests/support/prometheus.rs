//! A real Prometheus: started on the loopback, asked through its API, ended with the value.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Context, Result, http, judge};

/// How long it may take to become ready.
const READY: Duration = Duration::from_secs(30);

/// A running Prometheus.
pub struct Prometheus {
    child: Child,
    /// `host:port`.
    pub address: String,
    /// Unix time for which queries are asked; now if `None`.
    pub at: Option<i64>,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself; the folder of its data goes with the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a query returned.
#[derive(Debug, Default)]
pub struct Answer {
    /// Labels and value of each series; a scalar has no labels.
    pub series: Vec<(Value, f64)>,
    /// Warnings and infos.
    pub notes: Vec<String>,
}

impl Answer {
    /// Returns whether there is a value that is a number.
    pub fn has_data(&self) -> bool {
        self.series.iter().any(|(_, v)| !v.is_nan())
    }
}

impl Prometheus {
    /// Starts it in a folder that has `prometheus.json` and, maybe, `data`. The log goes to `prometheus.log` there.
    pub fn start(folder: &Path) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).context("free port")?.port();
        let address = format!("127.0.0.1:{port}");
        let log = File::create(folder.join("prometheus.log")).context("log")?;
        let child = judge::command("prometheus")?
            .arg(format!("--config.file={}", folder.join("prometheus.json").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            // Simulated times are years ago, in the end.
            .arg("--storage.tsdb.retention.time=100y")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("prometheus")?;
        let mut prometheus = Self { child, address, at: None };
        prometheus.wait(folder)?;
        Ok(prometheus)
    }

    fn wait(&mut self, folder: &Path) -> Result {
        let start = Instant::now();
        while http::get(&self.address, "/-/ready").map_or(0, |(status, _)| status) != 200 {
            let ended = self.child.try_wait().context("prometheus")?;
            if ended.is_some() || start.elapsed() > READY {
                let log = std::fs::read_to_string(folder.join("prometheus.log")).unwrap_or_default();
                return Err(format!("prometheus does not start\n{log}"));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Calls the API and returns `data`; an error of the API is an error.
    fn call(&self, path: &str, form: &[(&str, &str)]) -> Result<Value> {
        let (_, body) =
            if form.is_empty() { http::get(&self.address, path)? } else { http::post(&self.address, path, form)? };
        let answer: Value = serde_json::from_str(&body).context(path)?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    /// Evaluates a query.
    pub fn query(&self, query: &str) -> Result<Answer> {
        let answer = self.instant(query)?;
        let strings = |key: &str| answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let notes =
            strings("warnings").into_iter().chain(strings("infos")).map(|n| n.as_str().unwrap_or_default().to_owned());
        let result = answer.pointer("/data/result").and_then(Value::as_array).cloned().unwrap_or_default();
        let number =
            |v: &Value| v.get(1).and_then(Value::as_str).and_then(|s| s.parse::<f64>().ok()).unwrap_or(f64::NAN);
        let series = if answer.pointer("/data/resultType").and_then(Value::as_str) == Some("scalar") {
            vec![(Value::Null, answer.pointer("/data/result").map_or(f64::NAN, number))]
        } else {
            let labels = |s: &Value| s.get("metric").cloned().unwrap_or_default();
            result.iter().map(|s| (labels(s), s.get("value").map_or(f64::NAN, number))).collect()
        };
        Ok(Answer { series, notes: notes.collect() })
    }

    /// Returns how many samples Prometheus reads to evaluate a query: all of them, and most at once.
    pub fn samples(&self, query: &str) -> Result<(u64, u64)> {
        let answer = self.instant(query)?;
        let number =
            |key: &str| answer.pointer(&format!("/data/stats/samples/{key}")).and_then(Value::as_u64).context(key);
        Ok((number("totalQueryableSamples")?, number("peakSamples")?))
    }

    fn instant(&self, query: &str) -> Result<Value> {
        let at = self.at.map(|at| at.to_string());
        let mut form = vec![("query", query), ("stats", "all")];
        form.extend(at.as_deref().map(|at| ("time", at)));
        self.call("/api/v1/query", &form).map_err(|e| format!("{e}\n{query}"))
    }

    /// Evaluates a query from one Unix time to another and returns the series as the API writes them.
    pub fn range(&self, query: &str, start: u64, end: u64, step: u32) -> Result<Vec<Value>> {
        let (start, end, step) = (start.to_string(), end.to_string(), step.to_string());
        let form = [("query", query), ("start", start.as_str()), ("end", end.as_str()), ("step", step.as_str())];
        let answer = self.call("/api/v1/query_range", &form).map_err(|e| format!("{e}\n{query}"))?;
        Ok(answer.pointer("/data/result").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// Returns the values of a label in the series that match.
    pub fn label_values(&self, label: &str, series: &str) -> Result<Vec<String>> {
        let matching = if series.is_empty() { String::new() } else { format!("?match[]={}", http::percent(series)) };
        let answer = self.call(&format!("/api/v1/label/{}/values{matching}", http::percent(label)), &[])?;
        let values = answer.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(values.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
    }

    /// Returns the series of a name as a page writes them: `name{label="value"}`.
    pub fn series(&self, name: &str) -> Result<Vec<String>> {
        let form = [("match[]", name), ("start", "0"), ("end", "4102444800")];
        let answer = self.call("/api/v1/series", &form)?;
        let one = |labels: &Value| {
            let labels = labels.as_object().into_iter().flatten().filter(|(label, _)| *label != "__name__");
            let labels = labels.map(|(label, value)| (label.clone(), value.as_str().unwrap_or_default().to_owned()));
            format!("{name}{}", super::page::braces(&labels.collect()))
        };
        Ok(answer.get("data").and_then(Value::as_array).into_iter().flatten().map(one).collect())
    }

    /// Returns every loaded rule.
    pub fn rules(&self) -> Result<Vec<Value>> {
        let answer = self.call("/api/v1/rules", &[])?;
        let groups = answer.pointer("/data/groups").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(groups.iter().filter_map(|g| g.get("rules").and_then(Value::as_array).cloned()).flatten().collect())
    }
}
