//! What gateways see: a row of the overview, and who of their tenants spends what, a row of the dashboard about cost.

use super::cost::Maker;
use super::model::{Panel, Row, Unit, View};
use super::scope::Scope;
use crate::promql::{AggregateOp, Expr, Selector, selector};
use crate::signals::{Latency, Level, Measure, Quantile, What};

/// Legend of a series of a model at a gateway.
const AT: &str = "{{model}} at {{gateway}}";

/// Returns a series of the chosen models; `None` if no gateway gives it.
fn recorded(scope: &Scope<'_>, level: Level, what: What) -> Option<Selector> {
    let measure = Measure { level, what };
    let series = || selector(scope.record(measure)).re("namespace", "$namespace").re("model", "$model");
    scope.emit.book.has(measure).then(series)
}

fn graph(scope: &Scope<'_>, title: &str, description: &str, unit: Unit) -> Panel {
    let view = View::Timeseries { stacked: false, legend: scope.legend(), lines: false };
    Panel::new(title, description, view, unit).min(0.0).no_value("no traffic")
}

/// Makes the row of the overview; empty without gateways.
pub fn seen(scope: &Scope<'_>) -> Row {
    let p95 = |latency| What::LatencyQuantile(latency, Quantile::P95);
    let panels = [
        (What::Requests, "Requests", "Requests that a gateway passes on, by model.", Unit::RequestsPerSecond),
        (
            What::ErrorRatio,
            "Error ratio",
            "Failed requests per request as users meet them: also those that no engine saw.",
            Unit::Ratio,
        ),
        (p95(Latency::Ttft), "TTFT, p95", "Far above that of the engine: the time is lost on the way.", Unit::Seconds),
        (
            p95(Latency::E2e),
            "End-to-end latency, p95",
            "Far above that of the engine: the time is lost on the way.",
            Unit::Seconds,
        ),
    ];
    let panels: Vec<Panel> = panels
        .into_iter()
        .filter_map(|(what, title, description, unit)| {
            let series = recorded(scope, Level::Gateway, what)?;
            Some(graph(scope, &format!("{title} at gateways"), description, unit).query(scope.over_time(series, AT)))
        })
        .collect();
    Row::new("What do users see at the gateways?", panels.into_iter().map(|p| p.size(12, 8)).collect())
}

/// Makes the row of the dashboard about cost; empty where no gateway tells tenants apart.
pub fn tenants(maker: &Maker<'_>) -> Row {
    let scope = maker.scope;
    let by_tenant = |series: Selector| series.expr().by(AggregateOp::Sum, ["tenant"]);
    let tokens = [What::PromptTokens, What::GenerationTokens];
    let tokens: Option<Expr> = tokens
        .into_iter()
        .filter_map(|what| Some(by_tenant(recorded(scope, Level::Tenant, what)?)))
        .reduce(|a, b| a.op(crate::promql::BinaryOp::Add, b));
    let cost = recorded(scope, Level::Tenant, What::CostPerHour).map(by_tenant);
    let panels = [
        (
            cost,
            "Cost per hour by tenant",
            "The cost of each chosen model, parted by the tokens that gateways counted for each tenant in the last hour.",
            maker.money(),
        ),
        (
            tokens,
            "Tokens by tenant",
            "Prompt and generated tokens that gateways count for each tenant of the chosen models.",
            Unit::TokensPerSecond,
        ),
    ];
    let panels: Vec<Panel> = panels
        .into_iter()
        .filter_map(|(expr, title, description, unit)| {
            let mut panel = graph(scope, title, description, unit);
            panel.view = View::Timeseries { stacked: true, legend: scope.legend(), lines: false };
            Some(panel.query(scope.over_time(expr?, "{{tenant}}")).size(12, 9))
        })
        .collect();
    Row::new("Which tenant is it?", panels)
}
