//! The draft as text.
//!
//! Comments hold only printable text of one line: what comes from a page was shortened before. Values are escaped by `toml`.

use std::fmt::Write as _;

use super::Options;
use super::draft::{Draft, Model, Pool};

/// Widest comment, in letters.
const WIDTH: usize = 110;

/// Writes the file.
pub fn write(draft: &Draft, options: &Options) -> String {
    let mut text = Text::default();
    head(&mut text, draft);
    project(&mut text, options);
    for model in &draft.models {
        self::model(&mut text, model, draft, options);
    }
    for pool in &draft.pools {
        self::pool(&mut text, pool);
    }
    rest(&mut text, draft);
    text.out
}

/// Lines of the file.
#[derive(Default)]
struct Text {
    out: String,
}

impl Text {
    /// Writes prose, wrapped.
    fn prose(&mut self, text: &str) {
        let indent = if text.starts_with("- ") { "  " } else { "" };
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(self.out, "# {line}");
                line = indent.to_owned();
            }
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        let _ = writeln!(self.out, "# {line}");
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }
}

/// Writes a value as a TOML string.
fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", "))
}

fn head(text: &mut Text, draft: &Draft) {
    if draft.pages.is_empty() {
        text.prose("What runs, where, at what price, and what was promised: the one file that llmobs reads.");
    } else {
        text.prose(&format!("Written by `llmobs init` from {}.", draft.pages.join(", ")));
    }
    text.prose(
        "CHANGE marks what a metrics page cannot show. Lines that begin with # and no blank are keys to switch on.",
    );
    text.prose("Then: llmobs check, llmobs generate.");
    for note in &draft.notes {
        text.prose(note);
    }
    text.line("version = 1");
}

fn project(text: &mut Text, options: &Options) {
    text.blank();
    text.line("[project]");
    text.prose("CHANGE: part of the names of all objects and dashboards.");
    text.line(&format!("name = {}", quoted(options.project.as_deref().unwrap_or("llm"))));
    text.prose("The team that gets the alerts, and where the generated runbooks are published.");
    text.line("#owner = \"ml-platform\"");
    text.line("#runbook_base_url = \"https://runbooks.example.com/llm\"");
    text.blank();
    text.prose("Labels that your Prometheus selects rules and monitors by; kube-prometheus-stack wants its release.");
    text.line("#[prometheus]");
    text.line("#rule_labels = { release = \"kube-prometheus-stack\" }");
    text.line("#monitor_labels = { release = \"kube-prometheus-stack\" }");
}

fn model(text: &mut Text, model: &Model, draft: &Draft, options: &Options) {
    text.blank();
    text.line(&format!("[models.{}]", model.name));
    text.line(&format!("engine = {}", quoted(&model.engine)));
    for note in &model.notes {
        text.prose(note);
    }
    text.line(&format!("version = {}", quoted(&model.version)));
    if let Some(generation) = &model.generation {
        text.line(&format!("generation = {}", quoted(generation)));
    }
    match &model.served {
        Some(served) => text.line(&format!("served_model_name = {}", quoted(served))),
        None => text.prose("Where several models share one server: served_model_name, as the server's label has it."),
    }
    text.prose("CHANGE: where the pods are, and labels that select them (kubectl get pods --show-labels).");
    text.line(&format!("namespace = {}", quoted(options.namespace.as_deref().unwrap_or("default"))));
    text.line(&format!("pods = {{ app = {} }}", quoted(&model.app)));
    if let Some(port) = model.port {
        text.prose("CHANGE: number or name of the container port that serves the metrics.");
        text.line(&format!("port = {port}"));
    }
    text.prose("CHANGE: GPUs that one replica holds; cost per token needs it.");
    text.line("gpus_per_replica = 1");
    if let [first, _, ..] = draft.pools.as_slice() {
        let names: Vec<&str> = draft.pools.iter().map(|p| p.name.as_str()).collect();
        text.prose(&format!("The pool that it runs on, one of {}.", names.join(", ")));
        text.line(&format!("#pool = {}", quoted(&first.name)));
    }
    if !model.buckets.is_empty() {
        text.blank();
        text.prose("This server does not use the default bucket bounds of its release.");
        text.line(&format!("[models.{}.buckets]", model.name));
        for (signal, bounds) in &model.buckets {
            text.line(&format!("{} = {}", signal.word(), list(bounds)));
        }
    }
    objectives(text, model);
}

fn objectives(text: &mut Text, model: &Model) {
    if model.objectives.is_empty() {
        return;
    }
    text.blank();
    text.prose("What you promise. Thresholds must be bucket edges of the engine; these are.");
    text.line(&format!("#[models.{}.slos]", model.name));
    for objective in &model.objectives {
        let threshold = objective.threshold.as_ref().map_or(String::new(), |t| format!(", threshold = {}", quoted(t)));
        let share = quoted(objective.share);
        text.line(&format!("#{} = {{ objective = {share}{threshold} }} # {}", objective.key, objective.why));
    }
}

fn pool(text: &mut Text, pool: &Pool) {
    text.blank();
    text.line(&format!("[gpus.{}]", pool.name));
    if !pool.deployed {
        text.prose("CHANGE: the GPU model of your nodes; dcgm-exporter reports it as modelName.");
    }
    text.line(&format!("model = {}", quoted(&pool.gpu)));
    match pool.count {
        Some(count) => {
            text.prose("CHANGE: GPUs of the whole pool; a page shows one node.");
            text.line(&format!("count = {count}"));
        }
        None => text.line("#count = 8"),
    }
    for note in &pool.notes {
        text.prose(note);
    }
    if let Some(version) = &pool.version {
        text.line(&format!("version = {}", quoted(version)));
    }
    if pool.deployed {
        text.prose("CHANGE: who deploys the exporter, which no page shows: helm (NVIDIA's chart), gpu-operator, or llmobs to have it generated (then leave out fields).");
        text.line("deployed_by = \"helm\"");
    }
    if !pool.fields.is_empty() {
        text.prose("On the page, and not in the exporter's default list of fields.");
        text.line("fields = [");
        for field in &pool.fields {
            text.line(&format!("  {},", quoted(field)));
        }
        text.line("]");
    }
    if pool.mig {
        text.prose("The page has MIG instances; utilisation is measured per instance.");
        text.line("mig = true");
    }
}

fn rest(text: &mut Text, draft: &Draft) {
    text.blank();
    if draft.pools.is_empty() {
        text.prose("GPUs, for utilisation, memory, heat and cost. Give the page of dcgm-exporter as well to have them filled in.");
        text.line("#[gpus.l4]");
        text.line("#model = \"l4\"");
        text.line("#count = 8");
        text.blank();
    }
    text.prose("What a GPU-hour costs you, by pool. Without it no cost is computed.");
    text.line("#[costs]");
    text.line("#currency = \"USD\"");
    let pools: Vec<&str> = draft.pools.iter().map(|p| p.name.as_str()).collect();
    let pools = if pools.is_empty() { vec!["l4"] } else { pools };
    let rates: Vec<String> = pools.iter().map(|p| format!("{p} = 1.00")).collect();
    text.line(&format!("#rates = {{ {} }}", rates.join(", ")));
    text.line("#monthly_budget = 10000");
    text.blank();
    text.prose("The OpenTelemetry Collector. Without it no collector is generated.");
    text.line("#[tracing]");
    text.line("#destinations.tempo = { endpoint = \"http://tempo.monitoring:4317\" }");
}
