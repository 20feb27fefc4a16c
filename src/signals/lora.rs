//! What is recorded about slots for LoRA adapters, of models that declare some.
//!
//! A request whose adapter is in no slot waits until a slot is free, however much room the batch and the KV cache have. Engines
//! that name their adapters tell it from other requests that wait. Those that say the used share do not: there any request counts.

use std::sync::Arc;

use super::book::Record;
use super::model::recorded;
use super::{Measure, What};
use crate::catalog::{Signal, SignalSource};
use crate::names::Names;
use crate::promql::{AggregateOp, BinaryOp, Expr, Selector, call, number, text};
use crate::resolve::{Model, Plan};
use crate::units::Duration;

/// What the clock of a server may differ from that of Prometheus, and how old a state may be that is still one of now.
const SLACK: Duration = Duration::from_secs(60);

/// Label of a single adapter, within a query.
const ADAPTER: &str = "adapter";

/// Makes the records.
pub fn records(model: &Model, plan: &Plan, names: &Names) -> Vec<Record> {
    let (Some(slots), Some(source)) = (model.lora_slots, model.source(Signal::LoraSlots)) else { return Vec::new() };
    let record = |what: What, expr: Expr| {
        let measure = Measure::model(what);
        let labels = Arc::clone(&model.labels);
        Record { measure, name: names.record(measure), labels, expr, origin: model.place }
    };
    let replica = model.replica_label();
    let mut out = Vec::new();
    let page = match Named::of(model, source, slots) {
        Some(named) => {
            out.push(record(What::LoraAdapters, named.latest(plan)));
            Some((named.starving(&recorded(model, names, What::LoraAdapters)), named.selector.expr()))
        }
        None => starving_by_share(model, source),
    };
    if let Some((starving, page)) = page {
        // Zero as long as the server says anything: a share of time needs both.
        let zero = page.by(AggregateOp::Group, [replica]).op(BinaryOp::Mul, number(0.0));
        out.push(record(What::LoraSlotsExhausted, starving.by(AggregateOp::Group, [replica]).or(zero)));
    }
    out
}

/// All slots taken, and any request waits.
fn starving_by_share(model: &Model, source: &SignalSource) -> Option<(Expr, Expr)> {
    let waiting = model.source(Signal::Waiting)?;
    let replica = model.replica_label();
    let used = model.selector(source, &source.series).expr();
    let full = used.clone().by(AggregateOp::Max, [replica]).times(source.factor).op(BinaryOp::Ge, number(1.0));
    let waits = model.selector(waiting, &waiting.series).expr().sum_by([replica]).above(0.0);
    Some((full.op_on(BinaryOp::And, [replica], waits), used))
}

/// A series whose labels name the adapters, and whose value is the time at which they were so.
struct Named<'a> {
    replica: &'static str,
    running: &'a str,
    waiting: &'a str,
    selector: Selector,
    /// Slots.
    slots: u32,
}

impl<'a> Named<'a> {
    fn of(model: &Model, source: &'a SignalSource, slots: u32) -> Option<Self> {
        let label = |holds: &str| source.labels.get(holds).map(String::as_str);
        let selector = model.selector(source, &source.series).eq(label("slots")?, slots.to_string());
        Some(Self {
            replica: model.replica_label(),
            running: label("running")?,
            waiting: label("waiting")?,
            selector,
            slots,
        })
    }

    /// The newest label set of each replica: old ones stay on the page, each with its time. Several processes of a server add up
    /// their times, and a sum lies in the future.
    fn latest(&self, plan: &Plan) -> Expr {
        let now = |op, by: Duration| call("time", []).op(op, number(by.secs_f64()));
        let said = || self.selector.clone().expr().op(BinaryOp::Lt, now(BinaryOp::Add, SLACK));
        let newest = said().by(AggregateOp::Max, [self.replica]);
        let latest = said().op_group_left(BinaryOp::Eq, [self.replica], Vec::<String>::new(), newest);
        let fresh = SLACK.max(plan.prometheus.scrape_interval * 2);
        let of_now = latest.op(BinaryOp::Gt, now(BinaryOp::Sub, fresh));
        of_now.by(AggregateOp::Group, [self.replica, self.running, self.waiting])
    }

    /// As many adapters run as there are slots, and another one waits.
    fn starving(&self, latest: &Selector) -> Expr {
        let most = self.slots - 1;
        let full = latest.clone().re(self.running, format!("[^,]+(,[^,]+){{{most}}}"));
        // One by one, as PromQL cannot look for the words of one label in another.
        let each = |label: &str, from: &dyn Fn(u32) -> Selector| {
            let one = |n: u32| {
                let nth = format!("(?:[^,]+,){{{n}}}([^,]+).*");
                call("label_replace", [from(n).expr(), text(ADAPTER), text("$1"), text(label), text(nth)])
            };
            (1..self.slots).fold(one(0), |all, n| all.or(one(n)))
        };
        let waiting = each(self.waiting, &|n| full.clone().re(self.waiting, format!("([^,]+,){{{n}}}.+")));
        let running = each(self.running, &|_| full.clone());
        // Of more adapters than slots, one does not run.
        let more = full.clone().re(self.waiting, format!("[^,]+(,[^,]+){{{},}}", self.slots));
        waiting.op_on(BinaryOp::Unless, [self.replica, ADAPTER], running).or(more.expr())
    }
}
