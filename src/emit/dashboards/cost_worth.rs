//! Cost, second half: what one gets for it, what is idle, which model and which pool it is.

use super::cost::Maker;
use super::layout::table_height;
use super::model::{Color, Column, Order, Panel, Query, Row, Thresholds, Unit, View};
use crate::promql::AggregateOp;
use crate::signals::{Level, Quantile, What};

/// Most rows of a table that are shown without scrolling.
const TABLE_ROWS: usize = 20;

/// More models than this are shown with two lines each, not four.
const FEW: usize = 3;

/// Makes the rows.
pub fn rows(maker: &Maker<'_>) -> Vec<Row> {
    vec![worth(maker), idle(maker), models(maker), pools(maker)]
}

/// A graph of one or more amounts by model.
fn graph(maker: &Maker<'_>, title: &str, description: &str, lines: &[(What, &str)]) -> Option<Panel> {
    let scope = maker.scope;
    let recorded: Vec<&(What, &str)> = lines.iter().filter(|(what, _)| scope.any_model(*what)).collect();
    if recorded.is_empty() {
        return None;
    }
    let view = View::Timeseries { stacked: false, legend: scope.legend(), lines: false };
    let panel = Panel::new(title, description, view, maker.money()).size(12, 9).min(0.0).no_value("no traffic");
    Some(panel.queries(recorded.into_iter().map(|(what, legend)| scope.over_time(scope.model(*what), *legend))))
}

fn worth(maker: &Maker<'_>) -> Row {
    let quantile = What::CostPerRequestQuantile;
    let weight = maker.scope.emit.plan.costs.as_ref().map_or(1.0, |c| c.output_weight);
    let weight = crate::units::number(weight);
    let split = format!("An output token counts as {weight} input tokens; together they make the whole cost.");
    let per_request = [
        (What::CostPerRequest, "{{model}} mean"),
        (quantile(Quantile::P95), "{{model}} p95"),
        (quantile(Quantile::P50), "{{model}} p50"),
        (quantile(Quantile::P99), "{{model}} p99"),
    ];
    let panels = [
        graph(
            maker,
            "Cost per million tokens",
            "Prompt and generated, over the last hour. It rises when traffic falls and replicas stay: scale down.",
            &[(What::CostPerMillionTokens, "{{model}}")],
        ),
        graph(
            maker,
            "Cost per million input and output tokens",
            &split,
            &[
                (What::CostPerMillionInputTokens, "{{model}} input"),
                (What::CostPerMillionOutputTokens, "{{model}} output"),
            ],
        ),
        graph(
            maker,
            "Cost per million generated tokens",
            "The whole cost on the generated tokens alone, over the last hour.",
            &[(What::CostPerMillionGenerationTokens, "{{model}}")],
        ),
        graph(
            maker,
            "Cost per request",
            "The mean of the last hour, and what a request takes that is as long as a quantile of the end-to-end latency.",
            if maker.scope.emit.plan.models.len() > FEW { &per_request[..2] } else { &per_request },
        ),
    ];
    let mut panels: Vec<Panel> = panels.into_iter().flatten().collect();
    if panels.len() % 2 == 1
        && let Some(last) = panels.last_mut()
    {
        last.width = 24;
    }
    Row::new("What do we get for it?", panels)
}

fn idle(maker: &Maker<'_>) -> Row {
    let scope = maker.scope;
    let mut panels = Vec::new();
    let lines = |legend| View::Timeseries { stacked: true, legend, lines: false };
    if scope.any_model(What::IdleCostPerHour) {
        panels.push(
            maker
                .amount(
                    "Held and idle now",
                    "GPUs of replicas on which no request runs, per hour.",
                    maker.sum(What::IdleCostPerHour),
                )
                .size(4, 8),
        );
        panels.push(
            Panel::new(
                "Held and idle, by model",
                "Cost per hour of replicas without a running request. What stays by day can be scaled down.",
                lines(scope.legend()),
                maker.money(),
            )
            .size(8, 8)
            .min(0.0)
            .query(scope.over_time(scope.model(What::IdleCostPerHour), "{{model}}")),
        );
    }
    if let Some(unheld) = maker.of(Level::Pool, What::UnheldCostPerHour) {
        panels.push(
            maker
                .amount(
                    "Held by nobody now",
                    "Paid for, held by no model, per hour. Below zero: models hold more GPUs than the exporter sees; check \
                     gpus_per_replica.",
                    unheld.clone().sum(),
                )
                .size(4, 8),
        );
        panels.push(
            Panel::new(
                "Held by nobody, by pool",
                "Cost per hour of the GPUs of a pool that no model holds. What stays for days can be given back.",
                View::Timeseries { stacked: false, legend: scope.pool_legend(), lines: false },
                maker.money(),
            )
            .size(8, 8)
            .query(scope.over_time(unheld, "{{pool}}")),
        );
    }
    if let [amount, graph] = panels.as_mut_slice() {
        (amount.width, graph.width) = (6, 18);
    }
    Row::new("What is idle?", panels)
}

fn models(maker: &Maker<'_>) -> Row {
    let scope = maker.scope;
    if !scope.any_model(What::CostPerHour) {
        return Row::new("", Vec::new());
    }
    let mut queries = Vec::new();
    let mut columns = vec![Column::label("model", "Model"), Column::label("namespace", "Namespace")];
    for (what, title, unit) in [
        (What::CostPerHour, "Per hour", maker.money()),
        (What::SpendPerDay, "Last 24 hours", maker.money()),
        (What::SpendOfMonth, "This month", maker.money()),
        (What::BudgetSpent, "Of budget", Unit::Ratio),
        (What::IdleCostPerHour, "Idle per hour", maker.money()),
        (What::CostPerMillionTokens, "Per million tokens", maker.money()),
        (What::CostPerMillionGenerationTokens, "Per million generated", maker.money()),
        (What::Gpus, "GPUs held", Unit::Short),
        (What::Tokens, "Tokens", Unit::TokensPerSecond),
    ] {
        if scope.any_model(what) {
            let decimals = matches!(unit, Unit::Money(_)).then_some(2);
            let mut column = Column::value(queries.len(), title, unit);
            column.decimals = decimals;
            columns.push(column);
            queries.push(Query::now(scope.model(what).expr().by(AggregateOp::Max, ["model", "namespace"]), ""));
        }
    }
    let panel = Panel::new(
        "Models by cost",
        "An expensive million tokens beside few tokens is a model that is too large for its traffic.",
        View::Table { columns, sort: Some(Order::Largest("Per hour")) },
        maker.money(),
    )
    .size(24, table_height(scope.emit.plan.models.len().min(TABLE_ROWS)))
    .queries(queries);
    Row::new("Which model is it?", vec![panel])
}

fn pools(maker: &Maker<'_>) -> Row {
    let scope = maker.scope;
    let mut panels = Vec::new();
    let mut queries = Vec::new();
    let mut columns = vec![Column::label("pool", "Pool")];
    for (what, title, unit) in [
        (What::Gpus, "GPUs", Unit::Short),
        (What::CostPerGpuHour, "Per GPU and hour", maker.money()),
        (What::CostPerHour, "Per hour", maker.money()),
        (What::SpendOfMonth, "This month", maker.money()),
        (What::BudgetSpent, "Of budget", Unit::Ratio),
        (What::UnheldCostPerHour, "Held by nobody", maker.money()),
    ] {
        if let Some(series) = maker.of(Level::Pool, what) {
            let decimals = matches!(unit, Unit::Money(_)).then_some(2);
            let mut column = Column::value(queries.len(), title, unit);
            column.decimals = decimals;
            columns.push(column);
            queries.push(Query::now(series.by(AggregateOp::Max, ["pool"]), ""));
        }
    }
    if maker.of(Level::Pool, What::CostPerHour).is_some() {
        panels.push(
            Panel::new(
                "Pools by cost",
                "GPUs that are there, and what they cost whether they are held or not.",
                View::Table { columns, sort: Some(Order::Largest("Per hour")) },
                maker.money(),
            )
            .size(24, table_height(scope.emit.plan.pools.len().min(TABLE_ROWS)))
            .queries(queries),
        );
    }
    panels.push(
        Panel::new(
            "GPUs held, by how they are counted",
            "`replicas` where pods are not seen: replicas times gpus_per_replica, as declared.",
            View::Timeseries { stacked: true, legend: scope.pool_legend(), lines: false },
            Unit::Short,
        )
        .size(24, 7)
        .min(0.0)
        .thresholds(Thresholds::plain(Color::Blue))
        .no_value("no GPUs")
        .query(scope.over_time(scope.model(What::Gpus).expr().sum_by(["gpus_from"]), "{{gpus_from}}")),
    );
    Row::new("Which GPUs are these?", panels)
}
