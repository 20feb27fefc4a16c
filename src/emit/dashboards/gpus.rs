//! The GPUs: whether all are there and healthy, whether they are used, how near their limits, which one differs.

use super::layout::table_height;
use super::model::{Color, Column, Dashboard, Order, Panel, Query, Row, Thresholds, Unit, Variable, View};
use super::scope::{Scope, or_zero};
use crate::promql::{AggregateOp, BinaryOp, Expr, Grouping, Selector, aggregate, call, selector, text, vector};
use crate::resolve::Pool;
use crate::signals::{AlertKind, Measure, What};

/// Most rows of a table that are shown without scrolling.
const TABLE_ROWS: usize = 16;
/// Degrees below the alert's threshold from which a GPU is shown as warm.
const WARM: f64 = 5.0;
/// Share of the thermal design power from which a GPU is shown as at its limit; short excursions above 1 are normal.
const POWER_LIMIT: f64 = 0.95;

/// Makes the dashboard.
pub fn dashboard(scope: &Scope<'_>) -> Dashboard {
    let rows = vec![healthy(scope), used(scope), limits(scope), which(scope)];
    let first = if scope.any_gpu(What::GpuTemperature) { What::GpuTemperature } else { What::GpuUtilization };
    let series = |s: Selector| s.expr();
    Dashboard {
        part: "gpus".to_owned(),
        uid: scope.emit.names.dashboard_uid("gpus"),
        title: scope.title("LLM GPUs"),
        description: "The GPUs below the models: whether they are there, busy, full, hot or throttled.".to_owned(),
        tags: scope.tags(),
        from: "now-3h",
        variables: vec![
            Variable {
                name: "pool",
                label: "Pool",
                description: "Pools of GPUs.",
                series: series(selector(scope.record(Measure::gpu(first)))),
                values_of: "pool",
                several: true,
            },
            Variable {
                name: "hostname",
                label: "Host",
                description: "Hosts of the chosen pools.",
                series: series(selector(scope.record(Measure::gpu(first))).re("pool", "$pool")),
                values_of: "hostname",
                several: true,
            },
        ],
        datasource: scope.emit.plan.grafana.datasource.clone(),
        annotation: scope.annotation(scope.firing().re("pool", "$pool").ne("pool", "")),
        links: scope.links("gpus"),
        rows: rows.into_iter().filter(|r| !r.panels.is_empty()).collect(),
    }
}

fn gpu(scope: &Scope<'_>, what: What) -> Selector {
    selector(scope.record(Measure::gpu(what))).re("pool", "$pool").re("hostname", "$hostname")
}

/// Power of each board once, also where its reading is repeated for each MIG instance.
fn boards(scope: &Scope<'_>) -> Expr {
    gpu(scope, What::GpuPower).expr().by(AggregateOp::Max, ["pool", "UUID"])
}

/// Whether pools are split by MIG; then lines and tables name the instance, too.
fn mig(scope: &Scope<'_>) -> bool {
    scope.emit.plan.pools.values().any(|p| p.mig)
}

/// One series per lane, named and sorted by host and GPU: Prometheus sorts by labels, and Grafana keeps that order.
fn lanes(scope: &Scope<'_>) -> Query {
    let mut parts =
        vec![gpu(scope, What::GpuUtilization).expr(), text("lane"), text(" "), text("hostname"), text("gpu")];
    if mig(scope) {
        parts.push(text("GPU_I_ID"));
    }
    scope.over_time(call("label_join", parts).by(AggregateOp::Max, ["lane"]), "{{lane}}")
}

fn temperatures(scope: &Scope<'_>) -> Thresholds {
    // Where throttling is collected, the alert has no temperature; the default of the others still says what is hot.
    let limit = match scope.threshold(AlertKind::GPUThermalThrottle) {
        t if t > 1.0 => t,
        _ => AlertKind::GPUThermalThrottle.default_threshold(),
    };
    Thresholds::two(limit - WARM, limit)
}

/// Each GPU once, also where it is split.
fn reporting(scope: &Scope<'_>) -> Expr {
    gpu(scope, first(scope)).expr().by(AggregateOp::Max, ["pool", "UUID"])
}

fn first(scope: &Scope<'_>) -> What {
    if scope.any_gpu(What::GpuTemperature) { What::GpuTemperature } else { What::GpuUtilization }
}

fn healthy(scope: &Scope<'_>) -> Row {
    let stat = |title: &str, description: &str, unit| {
        Panel::new(title, description, View::Stat { graph: false }, unit).no_value("no GPUs")
    };
    let worst = |what| aggregate(AggregateOp::Max, Grouping::All, gpu(scope, what).expr());
    let mut panels = Vec::new();
    if !scope.emit.book.alert_kinds().is_empty() {
        let firing = scope.firing().re("pool", "$pool").ne("pool", "");
        let count = or_zero(aggregate(AggregateOp::Count, Grouping::All, firing.expr()), &[]);
        panels.push(
            stat("Firing alerts", "Alerts on GPUs of the chosen pools; the overview lists them.", Unit::Short)
                .thresholds(Thresholds::limit(1.0))
                .word("0", "none", Color::Green)
                .query(Query::now(count, "firing")),
        );
    }
    panels.push(
        stat("GPUs reporting", "Fewer than the pools below should have: a node or its exporter is gone.", Unit::Short)
            .thresholds(Thresholds::plain(Color::Blue))
            .query(Query::now(aggregate(AggregateOp::Count, Grouping::All, reporting(scope)), "reporting")),
    );
    if scope.any_gpu(What::GpuTemperature) {
        panels.push(
            stat(
                "Hottest GPU",
                "The table at the end names it; check the fans and the row in the data centre.",
                Unit::Celsius,
            )
            .decimals(0)
            .thresholds(temperatures(scope))
            .query(Query::now(worst(What::GpuTemperature), "hottest")),
        );
    }
    if scope.any_gpu(What::GpuThermalThrottled) {
        panels.push(
            stat(
                "Worst throttling",
                "Share of time lost to heat by the worst GPU; anything but zero costs latency.",
                Unit::Ratio,
            )
            .decimals(1)
            .thresholds(Thresholds::two(0.01, crate::signals::THROTTLED_SHARE))
            .links(scope.runbook(AlertKind::GPUThermalThrottle))
            .query(Query::now(worst(What::GpuThermalThrottled), "worst")),
        );
    }
    if scope.any_gpu(What::GpuMemoryUsedRatio) {
        panels.push(
            stat(
                "Fullest memory",
                "Engines reserve most of a GPU at start; only what is above that is a risk.",
                Unit::Ratio,
            )
            .thresholds(scope.colors_above(AlertKind::GPUMemoryNearFull))
            .links(scope.runbook(AlertKind::GPUMemoryNearFull))
            .query(Query::now(worst(What::GpuMemoryUsedRatio), "fullest")),
        );
    }
    if scope.any_gpu(What::GpuPower) {
        panels.push(
            stat("Power", "All chosen GPUs together.", Unit::Watts)
                .thresholds(Thresholds::plain(Color::Blue))
                .query(Query::now(boards(scope).sum(), "power")),
        );
    }
    let width = 24 / u32::try_from(panels.len()).unwrap_or(24).max(1);
    let mut panels: Vec<Panel> = panels.into_iter().map(|p| p.size(width, 4)).collect();
    panels.push(pools(scope));
    Row::new("Are all GPUs there and healthy?", panels)
}

/// One series per pool with a constant of it.
fn constants(scope: &Scope<'_>, value: impl Fn(&Pool) -> Option<f64>) -> Option<Expr> {
    let series = scope.emit.plan.pools.values().filter_map(|p| {
        let labelled = [vector(value(p)?), text("pool"), text(&p.name), text(""), text("")];
        Some(call("label_replace", labelled))
    });
    series.reduce(Expr::or)
}

fn pools(scope: &Scope<'_>) -> Panel {
    let mut queries = vec![Query::now(reporting(scope).by(AggregateOp::Count, ["pool"]), "")];
    let mut columns = vec![Column::label("pool", "Pool"), Column::value(0, "GPUs reporting", Unit::Short)];
    let chosen = selector(scope.record(Measure::pool(What::Gpus))).re("pool", "$pool");
    if let Some(declared) = constants(scope, |p| p.count.map(f64::from)) {
        columns.push(Column::value(queries.len(), "GPUs declared", Unit::Short));
        queries.push(Query::now(declared.op_on(BinaryOp::And, ["pool"], chosen), ""));
    }
    let mut add = |what: What, op: AggregateOp, column: &dyn Fn(usize) -> Column| {
        if scope.any_gpu(what) {
            columns.push(column(queries.len()));
            queries.push(Query::now(gpu(scope, what).expr().by(op, ["pool"]), ""));
        }
    };
    let plain = Thresholds::plain(Color::Blue);
    add(What::GpuUtilization, AggregateOp::Avg, &|n| {
        Column::value(n, "Utilisation", Unit::Ratio).decimals(0).bar(plain.clone())
    });
    add(What::GpuMemoryUsedRatio, AggregateOp::Avg, &|n| {
        Column::value(n, "Memory in use", Unit::Ratio).decimals(0).bar(scope.colors_above(AlertKind::GPUMemoryNearFull))
    });
    add(What::GpuTemperature, AggregateOp::Max, &|n| {
        Column::value(n, "Hottest", Unit::Celsius).decimals(0).colored(temperatures(scope))
    });
    if scope.any_gpu(What::GpuPower) {
        columns.push(Column::value(queries.len(), "Power", Unit::Watts).decimals(1));
        queries.push(Query::now(boards(scope).by(AggregateOp::Sum, ["pool"]), ""));
    }
    Panel::new(
        "Pools",
        "Fewer reporting than declared: find the missing node. Memory and utilisation are means over the GPUs.",
        View::Table { columns, sort: None },
        Unit::Short,
    )
    .size(24, table_height(scope.emit.plan.pools.len().min(TABLE_ROWS)))
    .queries(queries)
}

fn used(scope: &Scope<'_>) -> Row {
    if !scope.any_gpu(What::GpuUtilization) {
        return Row::new("", Vec::new());
    }
    let declared: u32 = scope.emit.plan.pools.values().filter_map(|p| p.count).sum();
    // About a third of a grid unit per GPU.
    let height = (declared / 3).clamp(10, 20);
    let panel = Panel::new(
        "Utilisation of each GPU",
        "One lane per GPU. A lane in the colour of 0 % is a GPU that is paid for and idle, or a replica without traffic.",
        View::Lanes,
        Unit::Ratio,
    )
    .size(24, height)
    .min(0.0)
    .max(1.0)
    .no_value("no GPUs")
    .query(lanes(scope));
    Row::new("Are they used?", vec![panel])
}

fn limits(scope: &Scope<'_>) -> Row {
    let by_pool = |title: &str, description: &str, unit, what, op| {
        scope.any_gpu(what).then(|| {
            let view = View::Timeseries { stacked: false, legend: scope.pool_legend(), lines: true };
            Panel::new(title, description, view, unit)
                .min(0.0)
                .thresholds(Thresholds::plain(Color::Green))
                .query(scope.over_time(gpu(scope, what).expr().by(op, ["pool"]), "{{pool}}"))
        })
    };
    let memory = by_pool(
        "Memory of the fullest GPU",
        "Steady is normal: engines reserve memory at start. Growth is a leak or a second process on the GPU.",
        Unit::Ratio,
        What::GpuMemoryUsedRatio,
        AggregateOp::Max,
    )
    .map(|p| {
        p.max(1.0)
            .thresholds(Thresholds::limit(scope.threshold(AlertKind::GPUMemoryNearFull)))
            .links(scope.runbook(AlertKind::GPUMemoryNearFull))
    });
    let heat = by_pool(
        "Temperature of the hottest GPU",
        "Rising in one pool only: its cooling. Rising everywhere: the room, or more load.",
        Unit::Celsius,
        What::GpuTemperature,
        AggregateOp::Max,
    )
    .map(|p| p.thresholds(temperatures(scope)).links(scope.runbook(AlertKind::GPUThermalThrottle)));
    let throttled = by_pool(
        "Time lost to heat, worst GPU",
        "Above zero the GPU runs with reduced clocks and every request on it gets slower.",
        Unit::Ratio,
        What::GpuThermalThrottled,
        AggregateOp::Max,
    )
    .map(|p| {
        p.thresholds(Thresholds::limit(crate::signals::THROTTLED_SHARE))
            .links(scope.runbook(AlertKind::GPUThermalThrottle))
    });
    let mut panels: Vec<Panel> = [memory, heat, power(scope), throttled].into_iter().flatten().collect();
    if panels.len() % 2 == 1
        && let Some(last) = panels.last_mut()
    {
        last.width = 24;
    }
    Row::new("How near are they to their limits?", panels)
}

/// Power of a pool as a share of what its GPUs are built for; watts where that is not known of any.
fn power(scope: &Scope<'_>) -> Option<Panel> {
    if !scope.any_gpu(What::GpuPower) {
        return None;
    }
    let mean = boards(scope).by(AggregateOp::Avg, ["pool"]);
    let view = |lines| View::Timeseries { stacked: false, legend: scope.pool_legend(), lines };
    let panel = match constants(scope, |p| p.gpu.tdp_watts.map(f64::from)) {
        // watts ÷ watts = ratio
        Some(tdp) => Panel::new(
            "Power of thermal design power",
            "Mean of the chosen GPUs of a pool. Near 100 % they are busy in earnest; high utilisation at low power is waiting for memory.",
            view(true),
            Unit::Ratio,
        )
        .thresholds(Thresholds { base: Color::Green, steps: vec![(POWER_LIMIT, Color::Orange)] })
        .query(scope.over_time(mean.op_on(BinaryOp::Div, ["pool"], tdp), "{{pool}}")),
        None => Panel::new("Power of a GPU", "Mean of the chosen GPUs of a pool.", view(false), Unit::Watts)
            .query(scope.over_time(mean, "{{pool}}")),
    };
    Some(panel.min(0.0))
}

fn which(scope: &Scope<'_>) -> Row {
    let mut labels = vec!["pool", "hostname", "gpu", "modelName"];
    let mut columns = vec![
        Column::label("hostname", "Host"),
        Column::label("gpu", "GPU").width(60),
        Column::label("pool", "Pool").width(110),
        Column::label("modelName", "Model name"),
    ];
    if mig(scope) {
        labels.extend(["GPU_I_ID", "GPU_I_PROFILE"]);
        columns.extend([Column::label("GPU_I_ID", "Instance"), Column::label("GPU_I_PROFILE", "Profile")]);
    }
    let mut queries = Vec::new();
    let mut add = |what: What, column: &dyn Fn(usize) -> Column| {
        if scope.any_gpu(what) {
            columns.push(column(queries.len()));
            queries.push(Query::now(gpu(scope, what).expr().by(AggregateOp::Max, labels.clone()), ""));
        }
    };
    add(What::GpuUtilization, &|n| {
        Column::value(n, "Utilisation", Unit::Ratio).decimals(0).bar(Thresholds::plain(Color::Blue))
    });
    add(What::GpuMemoryUsedRatio, &|n| {
        Column::value(n, "Memory in use", Unit::Ratio).decimals(1).bar(scope.colors_above(AlertKind::GPUMemoryNearFull))
    });
    add(What::GpuMemoryTotal, &|n| Column::value(n, "Memory", Unit::Bytes).decimals(1).width(100));
    add(What::GpuTemperature, &|n| {
        Column::value(n, "Temperature", Unit::Celsius).decimals(0).width(130).colored(temperatures(scope))
    });
    add(What::GpuPower, &|n| Column::value(n, "Power", Unit::Watts).decimals(0).width(90));
    add(What::GpuThermalThrottled, &|n| {
        let colors = Thresholds::two(0.01, crate::signals::THROTTLED_SHARE);
        Column::value(n, "Throttled", Unit::Ratio).decimals(1).width(95).colored(colors)
    });
    let declared: u32 = scope.emit.plan.pools.values().filter_map(|p| p.count).sum();
    let lines = usize::try_from(declared).unwrap_or(TABLE_ROWS).clamp(4, TABLE_ROWS);
    let panel = Panel::new(
        "GPUs",
        "Click a column's head to sort by it; choose a host above to narrow.",
        View::Table {
            columns,
            sort: Some(Order::Largest(if scope.any_gpu(What::GpuTemperature) { "Temperature" } else { "Utilisation" })),
        },
        Unit::Short,
    )
    .size(24, table_height(lines))
    .queries(queries);
    Row::new("Which GPU is it?", vec![panel])
}
