//! Metrics pages from where a user says they are: a file, a URL, or stdin.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::exit::Failure;
use crate::source::{DiskWorld, MAX_FILE_BYTES, World as _};

/// Longest time that fetching a page may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a page from a file or a http(s) URL.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is too large.
pub fn read(from: &str) -> Result<String, Failure> {
    let scheme = from.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") => fetch(from),
        Some(other) => Err(Failure::new(format!("cannot fetch `{from}`: `{other}` is not http or https"))),
        None => DiskWorld { root: PathBuf::new() }
            .read(Path::new(from))
            .map_err(|e| Failure::new(format!("cannot read `{from}`: {e}"))),
    }
}

/// Reads a page as [`read`] does; `-` is stdin.
///
/// # Errors
/// As for [`read`].
pub fn read_or_stdin(from: &str) -> Result<String, Failure> {
    if from != "-" {
        return read(from);
    }
    let cannot = |e: &dyn std::fmt::Display| Failure::new(format!("cannot read stdin: {e}"));
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| cannot(&e))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(cannot(&format!("it has more than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|e| cannot(&format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to())))
}

fn fetch(url: &str) -> Result<String, Failure> {
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).max_redirects(5).build();
    let fetched = ureq::Agent::new_with_config(config)
        .get(url)
        .header("accept", "text/plain;version=0.0.4")
        .call()
        .and_then(|mut response| response.body_mut().with_config().limit(MAX_FILE_BYTES).read_to_string());
    fetched.map_err(|e| {
        Failure::new(format!("cannot fetch `{url}`: {e}"))
            .help("Save the page with the tool that reaches the server, and give the file")
    })
}
