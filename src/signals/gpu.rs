//! The chapter of one pool of GPUs: utilisation, memory, heat, power. Count and cost are added by `cost`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts;
use super::book::{Chapter, Group, Record, Subject};
use super::{Measure, What, cost};
use crate::catalog::{Signal, SignalSource};
use crate::names::Names;
use crate::promql::{AggregateOp, BinaryOp, Expr, Selector, call, selector, text};
use crate::resolve::{Plan, Pool};
use crate::units::Duration;

/// How long an XID code is remembered.
pub const XID_MEMORY: Duration = Duration::from_secs(900);

/// Makes the chapter.
pub fn chapter(pool: &Pool, plan: &Plan, names: &Names) -> Chapter {
    let maker = Maker { pool, names };
    let part = format!("gpus-{}", pool.name);
    let interval = plan.prometheus.evaluation_interval;
    let mut records = maker.records();
    records.extend(cost::of_pool(pool, plan, names));
    let group = Group { name: names.group(&part), interval, records, alerts: Vec::new() };
    let alerts = alerts::of_pool(pool, plan, names, &group);
    let mut chapter = Chapter { subject: Subject::Pool(pool.name.clone()), groups: vec![group] };
    let name = |what| names.group(&format!("{part}-{what}"));
    chapter.add(name("spend"), cost::spend_interval(plan), cost::spend_of_pool(pool, plan, names), Vec::new());
    chapter.add(name("alerts"), interval, Vec::new(), alerts);
    chapter
}

/// Labels that identify a board, whatever it is split into.
pub const BOARD_LABELS: [&str; 5] = ["pool", "hostname", "gpu", "UUID", "modelName"];

/// Returns the labels that identify one GPU, or one MIG instance, in recorded series.
pub fn gpu_labels(pool: &Pool) -> Vec<&'static str> {
    let mut labels = BOARD_LABELS.to_vec();
    if pool.mig {
        labels.extend(["GPU_I_ID", "GPU_I_PROFILE"]);
    }
    labels
}

/// Returns the label in which the exporter release has the host: `Hostname` before dcgm-exporter 4.8.3, `hostname` since.
pub fn host_label(source: &SignalSource) -> Option<&str> {
    source.metric.labels.iter().find(|l| l.eq_ignore_ascii_case("hostname")).map(String::as_str)
}

/// Returns the series of a source in a pool.
pub fn series(pool: &Pool, source: &SignalSource) -> Selector {
    selector(&source.series).eq("pool", &pool.name)
}

/// One value per GPU, and per value of `more` labels. `max` and not `sum`: with time slicing the exporter repeats a reading for
/// each pod on the GPU.
pub fn per_gpu(pool: &Pool, expr: Expr, source: &SignalSource, more: &[&'static str]) -> Expr {
    per(expr, source, gpu_labels(pool).into_iter().chain(more.iter().copied()))
}

/// One value per board, whatever it is split into.
pub fn per_board(expr: Expr, source: &SignalSource) -> Expr {
    per(expr, source, BOARD_LABELS)
}

fn per(expr: Expr, source: &SignalSource, labels: impl IntoIterator<Item = &'static str>) -> Expr {
    let mut expr = expr;
    if let Some(label) = host_label(source).filter(|l| *l != "hostname") {
        expr = call("label_replace", [expr, text("hostname"), text("$1"), text(label), text("(.+)")]);
    }
    expr.by(AggregateOp::Max, labels).times(source.factor)
}

struct Maker<'a> {
    pool: &'a Pool,
    names: &'a Names,
}

impl Maker<'_> {
    fn record(&self, measure: Measure, expr: Expr, labels: BTreeMap<String, String>) -> Record {
        Record { measure, name: self.names.record(measure), labels: Arc::new(labels), expr, origin: self.pool.place }
    }

    fn recorded(&self, measure: Measure) -> Selector {
        selector(self.names.record(measure)).eq("pool", &self.pool.name)
    }

    fn series(&self, source: &SignalSource) -> Selector {
        series(self.pool, source)
    }

    fn per_gpu(&self, expr: Expr, source: &SignalSource) -> Expr {
        per_gpu(self.pool, expr, source, &[])
    }

    fn records(&self) -> Vec<Record> {
        let mut out = Vec::new();
        self.utilisation(&mut out);
        self.memory(&mut out);
        for (signal, what, op) in [
            (Signal::GpuTemperature, What::GpuTemperature, AggregateOp::Max),
            (Signal::GpuPower, What::GpuPower, AggregateOp::Sum),
        ] {
            if let Some(source) = self.pool.signal(signal) {
                let expr = self.per_gpu(self.series(&source).expr(), &source);
                self.gpu_and_pool(what, op, expr, &mut out);
            }
        }
        if let Some(source) = self.pool.signal(Signal::GpuThermalThrottle) {
            // Time lost per time: seconds/second = ratio.
            let expr = self.per_gpu(self.series(&source).rate(self.names.window().into()), &source);
            self.gpu_and_pool(What::GpuThermalThrottled, AggregateOp::Max, expr, &mut out);
        }
        if let Some(source) = self.pool.signal(Signal::GpuPowerThrottle) {
            let expr = self.per_gpu(self.series(&source).rate(self.names.window().into()), &source);
            out.push(self.record(Measure::gpu(What::GpuPowerThrottled), expr, BTreeMap::new()));
        }
        out.extend(self.xid().map(|expr| self.record(Measure::gpu(What::GpuXid), expr, BTreeMap::new())));
        if self.pool.signal(Signal::GpuTemperature).is_some() {
            let of_host = self
                .recorded(Measure::gpu(What::GpuTemperature))
                .expr()
                .by(AggregateOp::Max, ["pool", "hostname", "UUID"])
                .by(AggregateOp::Count, ["pool", "hostname"]);
            out.push(self.record(Measure::pool(What::HostGpus), of_host, BTreeMap::new()));
        }
        out
    }

    /// The count by code where it is collected. Else the code of the latest error, which stays: it counts while it is new.
    fn xid(&self) -> Option<Expr> {
        let recent = |source: &SignalSource| self.series(source).range(XID_MEMORY.into());
        if let Some(source) = self.pool.signal(Signal::GpuXidCount) {
            let coded = self.series(&source).ne("xid", "").range(XID_MEMORY.into());
            return Some(per_gpu(self.pool, call("max_over_time", [coded]), &source, &["xid"]));
        }
        let source = self.pool.signal(Signal::GpuXid)?;
        let changed = self.per_gpu(call("changes", [recent(&source)]), &source).above(0.0);
        let code = self.per_gpu(self.series(&source).expr(), &source).above(0.0);
        let new = code.op_on(BinaryOp::And, gpu_labels(self.pool), changed);
        Some(new.count_values("xid", gpu_labels(self.pool)))
    }

    fn gpu_and_pool(&self, what: What, op: AggregateOp, expr: Expr, out: &mut Vec<Record>) {
        out.push(self.record(Measure::gpu(what), expr, BTreeMap::new()));
        let mut each = self.recorded(Measure::gpu(what)).expr();
        if self.pool.mig && what == What::GpuPower {
            // A board has one reading, which the exporter repeats for each of its instances.
            each = each.by(AggregateOp::Max, ["pool", "UUID"]);
        }
        let pool = each.by(op, ["pool"]);
        out.push(self.record(Measure::pool(what), pool, BTreeMap::new()));
    }

    /// MIG instances have no GPU_UTIL; there the share of time that the graphics engine is active is used.
    fn utilisation(&self, out: &mut Vec<Record>) {
        let signal = if self.pool.mig { Signal::GpuUtilizationMig } else { Signal::GpuUtilization };
        let Some(source) = self.pool.signal(signal) else { return };
        let expr = self.per_gpu(self.series(&source).expr(), &source);
        self.gpu_and_pool(What::GpuUtilization, AggregateOp::Avg, expr, out);
    }

    /// Total = used + free + reserved: dcgm-exporter has no total in its default list.
    fn memory(&self, out: &mut Vec<Record>) {
        let Some(used) = self.pool.signal(Signal::GpuMemoryUsed) else { return };
        let in_use = self.per_gpu(self.series(&used).expr(), &used);
        self.gpu_and_pool(What::GpuMemoryUsed, AggregateOp::Sum, in_use, out);
        let Some(free) = self.pool.signal(Signal::GpuMemoryFree) else { return };
        let mut total = self
            .recorded(Measure::gpu(What::GpuMemoryUsed))
            .expr()
            .op(BinaryOp::Add, self.per_gpu(self.series(&free).expr(), &free));
        if let Some(reserved) = self.pool.signal(Signal::GpuMemoryReserved) {
            total = total.op(BinaryOp::Add, self.per_gpu(self.series(&reserved).expr(), &reserved));
        }
        self.gpu_and_pool(What::GpuMemoryTotal, AggregateOp::Sum, total, out);
        let ratio = |level: fn(What) -> Measure| {
            self.recorded(level(What::GpuMemoryUsed))
                .expr()
                .per(self.recorded(level(What::GpuMemoryTotal)).expr().above(0.0))
        };
        out.push(self.record(Measure::gpu(What::GpuMemoryUsedRatio), ratio(Measure::gpu), BTreeMap::new()));
        out.push(self.record(Measure::pool(What::GpuMemoryUsedRatio), ratio(Measure::pool), BTreeMap::new()));
    }
}
