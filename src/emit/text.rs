//! Text templates: Markdown pages from `templates/`, compiled in.
//!
//! Delimiters are `[[ ]]`, `[% %]` and `[# #]`, because `{{ }}` belongs to Prometheus, Grafana and Helm. Templates hold
//! words only: names, queries and numbers come in as values. Nothing is escaped, so values must be safe in Markdown: names are
//! restricted where they are read, texts of users go through [`inline`].

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

macro_rules! templates {
    ($($name:literal,)*) => {
        /// Name and text of every template.
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $name)))),*];
    };
}

templates! {
    "readme.md",
    "slo.md",
    "runbooks/_budget.md",
    "runbooks/_cost.md",
    "runbooks/_page.md",
    "runbooks/AvailabilityBudgetBurn.md",
    "runbooks/CollectorDropping.md",
    "runbooks/CollectorRefusing.md",
    "runbooks/CostBudgetBurn.md",
    "runbooks/CostBudgetExhausted.md",
    "runbooks/CostBudgetForecast.md",
    "runbooks/EndToEndLatencyBudgetBurn.md",
    "runbooks/EngineStuck.md",
    "runbooks/ErrorBudgetBurn.md",
    "runbooks/FewerReplicasThanWanted.md",
    "runbooks/GPUEccDoubleBit.md",
    "runbooks/GPUExporterMissing.md",
    "runbooks/GPULost.md",
    "runbooks/InterTokenLatencyBudgetBurn.md",
    "runbooks/QueueTimeBudgetBurn.md",
    "runbooks/TimeToFirstTokenBudgetBurn.md",
    "runbooks/GPUMemoryNearFull.md",
    "runbooks/GPUNvLinkErrors.md",
    "runbooks/GPUPowerThrottle.md",
    "runbooks/GPURowRemapFailure.md",
    "runbooks/GPUThermalThrottle.md",
    "runbooks/GPUXidApplication.md",
    "runbooks/GPUXidCritical.md",
    "runbooks/GPUXidWarning.md",
    "runbooks/HighAbortRatio.md",
    "runbooks/GatewayDown.md",
    "runbooks/HighEndToEndLatency.md",
    "runbooks/HighInferenceErrorRate.md",
    "runbooks/HighInterTokenLatency.md",
    "runbooks/HighQueueTime.md",
    "runbooks/HighTimeToFirstToken.md",
    "runbooks/KVCachePressure.md",
    "runbooks/LatencyRegression.md",
    "runbooks/LoRASlotsExhausted.md",
    "runbooks/ModelDown.md",
    "runbooks/NoTraffic.md",
    "runbooks/PrefixCacheCollapse.md",
    "runbooks/QueueGrowing.md",
    "runbooks/RuleEvaluationFailing.md",
    "runbooks/RuleGroupTooSlow.md",
    "runbooks/ScrapeTargetDown.md",
}

/// The templates, parsed.
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Parses the templates.
    ///
    /// # Errors
    /// A template of ours is wrong; a test renders them all.
    pub fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .block_delimiters("[%", "%]")
            .variable_delimiters("[[", "]]")
            .comment_delimiters("[#", "#]")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?;
        environment.set_syntax(syntax);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text)?;
        }
        Ok(Self { environment })
    }

    /// Renders a template.
    ///
    /// # Errors
    /// A template of ours asks for what the context does not have; a test renders them all.
    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, minijinja::Error> {
        let text = self.environment.get_template(name)?.render(Value::from(minijinja::value::Serde(context)))?;
        Ok(tidy(&text))
    }
}

/// At most one empty line in a row outside of code, one newline at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    let mut empty = true;
    for line in text.lines() {
        let line = line.trim_end();
        fenced ^= line.trim_start().starts_with("```");
        if line.is_empty() && empty && !fenced {
            continue;
        }
        empty = line.is_empty();
        out.push_str(line);
        out.push('\n');
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

/// Returns a text of a user or profile as one line in which Markdown and HTML mean nothing.
pub fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}
