//! Projects under test (examples and variants): compiled through the library, and taken apart as their readers would.
//!
//! Finds things by what they are (kinds, keys), never by the names that llmobs gives to files: a generator may move a file, but
//! it cannot hide one from the judges.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use llmobs::Program;
use llmobs::emit::Artifact;
use llmobs::source::DiskWorld;
use serde_json::Value;

use super::{Context, Result};

/// The folder of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A llmobs.toml.
#[derive(Clone, Debug)]
pub struct Source {
    /// Name for test names.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl Source {
    /// Returns its folder.
    pub fn folder(&self) -> PathBuf {
        self.path.parent().map(Path::to_path_buf).unwrap_or_default()
    }
}

/// Returns `examples/*/llmobs.toml`, by name.
pub fn examples() -> Result<Vec<Source>> {
    let paths = entries(&root().join("examples"))?;
    let sources = paths.into_iter().map(|p| (name_of(&p), p.join("llmobs.toml"))).filter(|(_, p)| p.is_file());
    Ok(sources.map(|(name, path)| Source { name, path }).collect())
}

/// Returns `tests/variants/*.toml`, by name.
pub fn variants() -> Result<Vec<Source>> {
    let paths = entries(&root().join("tests/variants"))?;
    let files = paths.into_iter().filter(|p| p.extension().is_some_and(|e| e == "toml"));
    Ok(files.map(|path| Source { name: name_of(&path), path }).collect())
}

/// Returns the entries of a folder, sorted.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).context(folder.display())?;
    let mut paths = read.map(|e| e.map(|e| e.path()).context(folder.display())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Returns every file below a folder by its path relative to it, with forward slashes; nothing if there is no such folder.
pub fn files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut out = BTreeMap::new();
    let mut folders = if folder.is_dir() { vec![folder.to_path_buf()] } else { Vec::new() };
    while let Some(next) = folders.pop() {
        for path in entries(&next)? {
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(folder).context("strip")?.to_string_lossy().replace('\\', "/");
                out.insert(relative, path);
            }
        }
    }
    Ok(out)
}

/// Compiles a source. An error finding is an error here; warnings are not.
pub fn compile(source: &Source) -> Result<Program> {
    let text = fs::read_to_string(&source.path).context(source.path.display())?;
    let world = DiskWorld { root: source.folder() };
    let compilation = llmobs::compile("llmobs.toml", text, &world);
    let rendered = || llmobs::diag::render::human(&compilation.diagnostics, &compilation.sources, false);
    compilation.program.ok_or_else(|| format!("{} does not compile:\n{}", source.path.display(), rendered()))
}

/// Writes artifacts into a folder, in which none of them exists yet. A PrometheusRule is written as the plain rule file that it
/// holds, at the same path, because that is what promtool and Prometheus read.
pub fn write_for_prometheus(artifacts: &[Artifact], folder: &Path) -> Result<Vec<PathBuf>> {
    let mut rules = Vec::new();
    for artifact in artifacts {
        let specs = kinds(artifact, "PrometheusRule")?;
        let target = folder.join(&artifact.path);
        if let Some(spec) = specs.first().and_then(|o| o.get("spec")) {
            // JSON is YAML.
            write(&target, &spec.to_string())?;
            rules.push(target);
        } else {
            write(&target, &artifact.text)?;
            if yaml_with(artifact, &["groups"])?.is_some() {
                rules.push(target);
            }
        }
    }
    Ok(rules)
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) -> Result {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).context(parent.display())?;
    }
    fs::write(path, text).context(path.display())
}

/// Reads the documents of a YAML artifact; none if it is no YAML file.
pub fn documents(artifact: &Artifact) -> Result<Vec<Value>> {
    if !artifact.path.ends_with(".yaml") && !artifact.path.ends_with(".yml") {
        return Ok(Vec::new());
    }
    serde_saphyr::from_multiple(&artifact.text).context(&artifact.path)
}

/// Returns the document of an artifact if it is a mapping that has all of the keys at its top.
pub fn yaml_with(artifact: &Artifact, keys: &[&str]) -> Result<Option<Value>> {
    Ok(documents(artifact)?.into_iter().find(|d| keys.iter().all(|k| d.get(k).is_some())))
}

/// Returns the objects of a kind.
pub fn kinds(artifact: &Artifact, kind: &str) -> Result<Vec<Value>> {
    Ok(documents(artifact)?.into_iter().filter(|d| d.get("kind").and_then(Value::as_str) == Some(kind)).collect())
}

/// Which schema a dashboard has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The JSON model that every Grafana reads.
    Classic,
    /// The spec of `dashboard.grafana.app/v2beta1`.
    V2,
}

/// A dashboard as Grafana gets it.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Name for files and messages.
    pub name: String,
    /// Its schema.
    pub schema: Schema,
    /// The model: without the object around it.
    pub json: Value,
}

/// Returns every dashboard of a project, out of files, ConfigMaps and GrafanaDashboard objects.
pub fn dashboards(artifacts: &[Artifact]) -> Result<Vec<Dashboard>> {
    let mut out = Vec::new();
    for artifact in artifacts {
        if artifact.path.ends_with(".json") {
            let json = serde_json::from_str(&artifact.text).context(&artifact.path)?;
            out.extend(dashboard(&name_of(Path::new(&artifact.path)), json));
        }
        for object in kinds(artifact, "ConfigMap")? {
            let data = object.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
            for (key, text) in data.iter().filter(|(k, _)| k.ends_with(".json")) {
                let json = serde_json::from_str(text.as_str().unwrap_or_default()).context(key)?;
                out.extend(dashboard(key.trim_end_matches(".json"), json));
            }
        }
        for object in kinds(artifact, "GrafanaDashboard")? {
            let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("dashboard").to_owned();
            let text =
                object.pointer("/spec/json").and_then(Value::as_str).context("GrafanaDashboard without spec.json")?;
            out.extend(dashboard(&name, serde_json::from_str(text).context(&name)?));
        }
    }
    Ok(out)
}

fn dashboard(name: &str, json: Value) -> Option<Dashboard> {
    // Both schemas may come wrapped in an object.
    let json = match json.get("spec") {
        Some(spec) if json.get("kind").is_some() => spec.clone(),
        _ => json,
    };
    let schema = if json.get("elements").is_some() {
        Schema::V2
    } else if json.get("panels").is_some() {
        Schema::Classic
    } else {
        return None;
    };
    Some(Dashboard { name: name.to_owned(), schema, json })
}

/// Returns the collector configurations of a project: plain files, and those inside OpenTelemetryCollector objects.
pub fn collectors(artifacts: &[Artifact]) -> Result<Vec<(String, Value)>> {
    let mut out = Vec::new();
    for artifact in artifacts {
        if let Some(config) = yaml_with(artifact, &["receivers", "service"])? {
            out.push((flat(&artifact.path), config));
        }
        for (i, object) in kinds(artifact, "OpenTelemetryCollector")?.iter().enumerate() {
            let config = object.pointer("/spec/config").context("OpenTelemetryCollector without spec.config")?;
            out.push((format!("{i}-{}", flat(&artifact.path)), config.clone()));
        }
    }
    Ok(out)
}

/// Makes a file name of a path.
pub fn flat(path: &str) -> String {
    path.replace('/', "_")
}

fn name_of(path: &Path) -> String {
    path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
