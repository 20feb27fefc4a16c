//! Projects of llmobs for the benchmark: a llmobs.toml of many models, and a dashboard.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use llmobs::source::MemoryWorld;

/// Returns a llmobs.toml.
pub fn text(models: usize) -> String {
    let mut out = String::from(
        "version = 1\nproject.name = \"many\"\n[gpus.h100]\nmodel = \"h100-sxm\"\n[costs]\nrates.h100 = 2.95\n",
    );
    for n in 0..models {
        let version = ["0.8.5.post1", "0.11.0", "0.33.0"][n % 3];
        let _ = write!(
            out,
            "[models.model-{n:04}]\nengine = \"vllm\"\nversion = \"{version}\"\nnamespace = \"llm-{}\"\n\
             pods = {{ app = \"model-{n:04}\" }}\nslos.ttft = {{ objective = \"99%\", threshold = \"2.5s\" }}\n\
             slos.e2e_latency = {{ objective = \"95%\", threshold = \"30s\" }}\n",
            n % 20
        );
    }
    out
}

/// Writes the generated dashboard whose size is nearest to 100 kB. Returns its path and its bytes.
pub fn dashboard(scratch: &Path) -> std::io::Result<(PathBuf, usize)> {
    let compilation = llmobs::compile("llmobs.toml", text(3), &MemoryWorld::default());
    let program = compilation.program.ok_or_else(|| std::io::Error::other("the project does not compile"))?;
    let texts = program.dashboards().into_iter().map(|(_, json)| format!("{json:#}"));
    let text = texts.min_by_key(|t| t.len().abs_diff(100_000)).unwrap_or_default();
    let path = scratch.join("dashboard.json");
    std::fs::write(&path, &text)?;
    Ok((path, text.len()))
}
