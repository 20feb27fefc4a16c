//! What the flags of `llmobs init` can say.

use crate::catalog::{Catalog, GpuTable, Release};
use crate::declare::values::{LabelValue, Slug, VersionText};
use crate::diag::{Code, Diagnostic, did_you_mean, shorten};

/// What the flags say; every one is optional.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the project; `llm` if `None`.
    pub project: Option<String>,
    /// Engine, by the name of its profile; ignored where a page shows it. `vllm` if `None`.
    pub engine: Option<String>,
    /// Version of the engine; wins over what a page shows. The newest known one if `None`.
    pub version: Option<String>,
    /// Name under which the model is served; ignored where a page shows it.
    pub served_model_name: Option<String>,
    /// Namespace of the pods; `default` if `None`.
    pub namespace: Option<String>,
    /// GPU model by its short name; ignored where a page shows it. `l4` in a starter without pages if `None`.
    pub gpu: Option<String>,
}

impl Options {
    /// Returns what is wrong with the values, each with what was expected.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (flag, value) in [("project name", &self.project), ("namespace", &self.namespace)] {
            if let Some(Err(expected)) = value.as_ref().map(|v| Slug::parse(v)) {
                found.push(invalid(flag, value, &expected));
            }
        }
        if let Some(Err(expected)) = self.served_model_name.as_ref().map(|v| LabelValue::parse(v)) {
            found.push(invalid("served model name", &self.served_model_name, &expected));
        }
        self.check_engine(&mut found);
        let table = GpuTable::builtin();
        if let Some(gpu) = &self.gpu
            && table.get(gpu).is_none()
        {
            let names: Vec<&str> = table.gpus.iter().map(|g| g.id.as_str()).collect();
            let expected = format!("expected one of {}", names.join(", "));
            found.push(near(invalid("GPU model", &self.gpu, &expected), table.nearest(gpu)));
        }
        found
    }

    fn check_engine(&self, found: &mut Vec<Diagnostic>) {
        let mut catalog = Catalog::default();
        let engine = self.engine_or_default().to_owned();
        let profile = catalog.engine(&engine);
        if profile.is_none() {
            let names = catalog.engine_names();
            let expected = format!("expected one of {}", names.join(", "));
            let word = did_you_mean(&engine, names.iter().map(String::as_str));
            found.push(near(invalid("engine", &self.engine, &expected), word));
        }
        let Some(version) = &self.version else { return };
        let release = VersionText::parse(version).ok().and_then(|_| Release::parse(version));
        match (release, profile) {
            (None, _) => found.push(invalid("version", &self.version, "expected a version such as `0.11.0`")),
            (Some(release), Some(profile)) if profile.releases.first().is_some_and(|first| release < *first) => {
                let first = profile.releases.first().map_or("", Release::as_str);
                found.push(invalid("version", &self.version, &format!("expected {first}, the oldest known, or newer")));
            }
            _ => {}
        }
    }

    /// Returns the engine, by default vLLM.
    pub fn engine_or_default(&self) -> &str {
        self.engine.as_deref().unwrap_or("vllm")
    }
}

fn invalid(flag: &str, value: &Option<String>, expected: &str) -> Diagnostic {
    let value = shorten(value.as_deref().unwrap_or_default());
    Diagnostic::without_place(Code::InitInvalidOption, format!("`{value}` cannot be the {flag}: {expected}"))
}

fn near(diagnostic: Diagnostic, word: Option<&str>) -> Diagnostic {
    match word {
        Some(word) => diagnostic.help(format!("did you mean `{word}`?")),
        None => diagnostic,
    }
}
