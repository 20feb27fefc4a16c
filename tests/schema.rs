//! The JSON Schema of llmobs.toml: committed as examples/llmobs.schema.json, valid, kind to every good file and strict with every
//! bad one that a schema can refuse. `LLMOBS_UPDATE=1` rewrites the committed file.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Bad files whose fault lies between values, in text that is not TOML, or in another file: no schema sees it.
const ONLY_THE_COMPILER: &[(&str, &str)] = &[
    ("alert-for-too-long", "the longest depends on the alert"),
    ("alert-threshold-unit", "the unit depends on the alert"),
    ("alert-threshold-unused", "the catalogue knows what the exporter collects"),
    ("buckets-descend", "order of a list"),
    ("check-unknown-code", "codes are checked by name"),
    ("cost-attribution-outside", "two tables"),
    ("cost-budget-of-two", "two tables"),
    ("cost-budget-unknown", "a reference"),
    ("cost-mixed-currencies", "two keys"),
    ("cost-mixed-currencies-by-default", "two keys"),
    ("cost-one-price-several-ways", "two tables"),
    ("cost-owned-without-energy-price", "two tables"),
    ("cost-purchase-without-costs", "two tables"),
    ("cost-requests-not-scraped", "two tables"),
    ("cost-share-without-price", "two tables"),
    ("cost-shares", "a sum"),
    ("duration-unit-order", "order of units"),
    ("duration-zero", "a zero is a duration elsewhere"),
    ("gateway-cannot-measure", "the catalogue knows the signals"),
    ("gateway-kind-unknown", "gateways are open: users add their own"),
    ("gateway-model-unknown", "a reference"),
    ("gateway-models-alike", "two tables"),
    ("gateway-name", "other tables may have the name"),
    ("gateway-not-there", "a reference"),
    ("gateway-several", "two tables"),
    ("gateway-tenant-label", "the catalogue knows the labels"),
    ("gateway-threshold-between-edges", "the catalogue knows the edges"),
    ("gateway-version", "the catalogue knows the releases"),
    ("generation-unknown", "the catalogue knows the generations"),
    ("generation-v0-on-0.12", "the catalogue knows the generations"),
    ("grpc-endpoint-without-port", "the port is needed for one protocol only"),
    ("helm-release-without-helm", "two keys exclude each other"),
    ("integer-hexadecimal-port", "editors see the number, not its spelling"),
    ("matchers-with-monitor", "two keys exclude each other"),
    ("mig-on-l4", "the GPU table knows MIG"),
    ("node-selector-with-operator", "two keys exclude each other"),
    ("objective-of-100-percent", "a share of 100% is right elsewhere"),
    ("pools-indistinguishable", "two tables"),
    ("port-number-with-service", "two keys exclude each other"),
    ("profile-broken", "another file"),
    ("profile-duplicate", "another file"),
    ("profile-file-missing", "another file"),
    ("profile-not-utf8", "another file"),
    ("profile-of-a-gpu-as-engine", "engines are open: users add their own"),
    ("profile-syntax", "another file"),
    ("profile-words-unknown", "another file"),
    ("schema-v2-with-sidecar", "two keys exclude each other"),
    ("size-too-small", "the least is a number, the value a text"),
    ("slo-errors-not-counted", "the catalogue knows the signals"),
    ("slo-highest-edge", "the catalogue knows the buckets"),
    ("slo-signal-missing", "the catalogue knows the signals"),
    ("slo-window-too-short", "the least is a number, the value a text"),
    ("targets-with-operator", "two tables"),
    ("threshold-above-highest-edge", "the catalogue knows the edges"),
    ("threshold-below-lowest-edge", "the catalogue knows the edges"),
    ("threshold-between-edges", "the catalogue knows the edges"),
    ("threshold-off-own-bucket", "two keys"),
    ("tracing-matchers", "tables may be empty"),
    ("tracing-without-traces", "no single destination is wrong"),
    ("unknown-alert", "alerts are checked by name"),
    ("unknown-engine", "engines are open: users add their own"),
    ("unknown-engine-no-suggestion", "engines are open: users add their own"),
    ("unknown-exporter", "exporters are open: users add their own"),
    ("unknown-field", "the catalogue knows the fields"),
    ("unknown-gpu-model", "the GPU table knows the models"),
    ("unknown-gpu-model-with-rate", "the GPU table knows the models"),
    ("unknown-pool", "a reference"),
    ("unknown-rate", "a reference"),
    ("unknown-version-letters", "versions are read by their engine's rules"),
    ("unknown-version-too-old", "the catalogue knows the releases"),
    ("workload-and-replicas", "two keys"),
    ("workload-not-scraped", "two tables"),
    ("workload-outside", "two keys"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn validator() -> Result<jsonschema::Validator, Box<dyn Error>> {
    Ok(jsonschema::draft202012::new(&llmobs::spec::json_schema()).map_err(|e| e.to_string())?)
}

/// Returns the files of a folder with an extension, sorted.
fn files(folder: &str, extension: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut out: Vec<PathBuf> = fs::read_dir(root().join(folder))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    out.sort();
    Ok(out)
}

/// Reads TOML as the JSON that editors validate. `None` if it is no TOML, or has a number that JSON cannot write.
fn as_json(path: &Path) -> Result<Option<Value>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    Ok(toml::from_str::<toml::Table>(&text).ok().and_then(|table| serde_json::to_value(table).ok()))
}

#[test]
fn committed_schema_is_fresh() -> Result<(), Box<dyn Error>> {
    let path = root().join("examples/llmobs.schema.json");
    let mut text = serde_json::to_string_pretty(&llmobs::spec::json_schema())?;
    text.push('\n');
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        fs::write(&path, &text)?;
    }
    assert!(fs::read_to_string(&path)? == text, "{} is stale; LLMOBS_UPDATE=1 rewrites it", path.display());
    Ok(())
}

#[test]
fn schema_is_valid_draft_2020_12() -> Result<(), Box<dyn Error>> {
    let schema = llmobs::spec::json_schema();
    assert_eq!(schema["$schema"], json!("https://json-schema.org/draft/2020-12/schema"));
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    validator().map(drop)
}

#[test]
fn good_files_are_accepted() -> Result<(), Box<dyn Error>> {
    let validator = validator()?;
    let mut paths = files("tests/spec/good", "toml")?;
    for entry in fs::read_dir(root().join("examples"))? {
        let path = entry?.path().join("llmobs.toml");
        if path.exists() {
            paths.push(path);
        }
    }
    assert!(paths.len() > 3);
    for path in paths {
        let value = as_json(&path)?.ok_or_else(|| format!("{} is no TOML", path.display()))?;
        let faults: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
    Ok(())
}

#[test]
fn bad_files_are_refused_or_listed() -> Result<(), Box<dyn Error>> {
    let validator = validator()?;
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for path in files("tests/spec/bad", "toml")? {
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        let listed = ONLY_THE_COMPILER.iter().any(|(n, _)| *n == name);
        // A file that is no TOML never reaches a schema; numbers that JSON cannot write are refused before it.
        let refused = as_json(&path)?.is_none_or(|value| !validator.is_valid(&value));
        match (refused, listed) {
            (false, false) => wrong.push(format!("{name}: neither refused by the schema nor in the list")),
            (true, true) => wrong.push(format!("{name}: refused by the schema, so not for the list")),
            _ => {}
        }
        seen.insert(name);
    }
    wrong.extend(
        ONLY_THE_COMPILER.iter().filter(|(n, _)| !seen.contains(*n)).map(|(n, _)| format!("{n}: no such file")),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
