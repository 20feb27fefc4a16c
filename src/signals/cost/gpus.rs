//! GPUs by what runs. Decides who is counted; the price is another matter.
//!
//! Never twice: duplicates of a series (several kube-state-metrics, OpenCost's copies) are one, GPUs that several pods share
//! are parted among them, and so are the pods that several models share.

use super::quantity::{Join, Quantity};
use crate::catalog::{Signal, Vendor};
use crate::promql::{AggregateOp, BinaryOp, Expr, Grouping, Selector, aggregate, call, number, selector, text, vector};
use crate::resolve::{Endpoint, Model, Plan, Pool};
use crate::spec::GpusFrom;
use crate::units::money_units::Gpus;

/// Label of recorded GPUs that says how they were counted.
pub const GPUS_FROM: &str = "gpus_from";

/// Returns how the GPUs of a model are counted. Outside of Kubernetes, and where the labels of targets are the user's own, its
/// pods are not known.
pub fn counted_by(model: &Model, plan: &Plan) -> GpusFrom {
    let usual = if plan.kubernetes.kube_state_metrics { GpusFrom::Requests } else { GpusFrom::Replicas };
    let chosen = plan.costs.as_ref().map_or(usual, |c| c.gpus_from);
    let pods = matches!(model.endpoint, Endpoint::Pods(_) | Endpoint::Service(_));
    let attributed = || pool_of(model, plan).is_some_and(|p| p.signal(Signal::GpuTemperature).is_some());
    match chosen {
        GpusFrom::Requests if pods => GpusFrom::Requests,
        GpusFrom::Attribution if pods && attributed() => GpusFrom::Attribution,
        _ => GpusFrom::Replicas,
    }
}

/// Returns the pool of a model.
pub fn pool_of<'a>(model: &Model, plan: &'a Plan) -> Option<&'a Pool> {
    model.pool.as_ref().and_then(|p| plan.pools.get(p))
}

/// Returns the GPUs that a model holds, with [`GPUS_FROM`] as label unless all of them are counted by replicas. `replicas` is
/// the recorded number of its replicas.
pub fn of_model(model: &Model, plan: &Plan, replicas: Expr) -> Quantity<Gpus> {
    let by_replica = boards(model, plan, replicas.times(f64::from(model.gpus_per_replica)));
    let by = counted_by(model, plan);
    let counted = match by {
        GpusFrom::Replicas => return Quantity::of(by_replica),
        // Without a container of the namespace in kube-state-metrics, it is kube-state-metrics that is missing.
        GpusFrom::Requests => {
            let seen =
                aggregate(AggregateOp::Group, Grouping::All, in_namespace(model, PHASE).eq("phase", "Running").expr());
            let fallback = by_replica.op_on(BinaryOp::Unless, Vec::<&str>::new(), seen);
            (boards(model, plan, requested(model, plan, false).sum()), fallback)
        }
        GpusFrom::Attribution => {
            let Some(seen) = pool_of(model, plan).and_then(|p| attributed(model, p)) else {
                return Quantity::of(by_replica);
            };
            (seen, by_replica)
        }
    };
    let first = marked(counted.0, by.word());
    Quantity::of(first.op_on(BinaryOp::Or, Vec::<&str>::new(), marked(counted.1, GpusFrom::Replicas.word())))
}

/// Returns the GPUs of a model by node, for prices by node: label `node`.
pub fn by_node(model: &Model, plan: &Plan) -> Quantity<Gpus> {
    let share = f64::from(model.served_together);
    Quantity::of(requested(model, plan, true).sum_by(["node"]).times(1.0 / share))
}

/// Returns the GPUs of a pool that its exporter reports; the declared number only while it reports none.
pub fn of_pool(pool: &Pool) -> Option<Quantity<Gpus>> {
    let each = per_board(pool)?;
    let count = marked(aggregate(AggregateOp::Count, Grouping::All, each), "exporter");
    let Some(declared) = pool.count else { return Some(Quantity::of(count)) };
    let declared = marked(vector(f64::from(declared)), "declared");
    Some(Quantity::of(count).or(Quantity::of(declared), Join::On(&[])))
}

/// One series for each GPU of a pool, whatever it is split into and however many pods share it.
fn per_board(pool: &Pool) -> Option<Expr> {
    Some(readings(pool)?.expr().by(AggregateOp::Max, ["UUID"]))
}

/// A reading of each GPU, repeated for each of its instances and for each pod on it.
fn readings(pool: &Pool) -> Option<Selector> {
    let source = pool.signal(Signal::GpuTemperature)?;
    Some(selector(&source.series).eq("pool", &pool.name))
}

fn marked(expr: Expr, by: &str) -> Expr {
    call("label_replace", [expr, text(GPUS_FROM), text(by), text(""), text("")])
}

/// What counts instances of MIG as GPUs is brought to whole boards: instances of a pool are taken as equal parts of its boards.
fn boards(model: &Model, plan: &Plan, devices: Expr) -> Expr {
    let devices = devices.times(1.0 / f64::from(model.served_together));
    let Some(pool) = pool_of(model, plan).filter(|p| p.mig) else { return devices };
    let Some(instances) = readings(pool).map(|s| s.expr().by(AggregateOp::Max, ["UUID", "GPU_I_ID"])) else {
        return devices;
    };
    let Some(boards) = per_board(pool) else { return devices };
    let count = |expr| aggregate(AggregateOp::Count, Grouping::All, expr);
    devices.op_on(BinaryOp::Mul, Vec::<&str>::new(), count(boards).per(count(instances)))
}

const PHASE: &str = "kube_pod_status_phase";
const REQUESTS: &str = "kube_pod_container_resource_requests";

/// The labels `namespace` and `pod` of kube-state-metrics are those of the pod: it is scraped with `honorLabels`.
fn in_namespace(model: &Model, series: &str) -> Selector {
    match &model.namespace {
        Some(namespace) => selector(series).eq("namespace", namespace),
        None => selector(series),
    }
}

/// Requests of GPUs by the containers of running pods in which the model answers scrapes, or should. A pod that has ended
/// keeps its request for as long as it is listed, and holds nothing.
fn requested(model: &Model, plan: &Plan, with_node: bool) -> Expr {
    let resource = match pool_of(model, plan).map(|p| p.gpu.vendor) {
        Some(Vendor::Amd) => "amd_com_gpu",
        Some(Vendor::Intel) => "habana_ai_gaudi",
        _ => "nvidia_com_gpu",
    };
    let requests = in_namespace(model, REQUESTS);
    let requests = match pool_of(model, plan) {
        // Each profile of instances is a resource of its own, or instances are handed out as GPUs.
        Some(pool) if pool.mig => requests.re("resource", "nvidia_com_(gpu|mig_.+)"),
        _ => requests.eq("resource", resource),
    };
    let mut labels = vec!["namespace", "pod", "container", "resource"];
    if with_node {
        labels.push("node");
    }
    let requests = requests.expr().by(AggregateOp::Max, labels);
    let running = in_namespace(model, PHASE).eq("phase", "Running").expr().by(AggregateOp::Max, ["namespace", "pod"]);
    let pods = selector("up").matching(&model.target_matchers).expr();
    requests
        .op_group_left(BinaryOp::Mul, ["namespace", "pod"], Vec::<&str>::new(), running.op(BinaryOp::Eq, number(1.0)))
        .op_on(BinaryOp::And, ["namespace", "pod"], pods)
}

/// The parts of boards that the exporter sees pods of the model on. A board has a series for each pod or instance; the part is
/// the number of those with a pod of the model.
fn attributed(model: &Model, pool: &Pool) -> Option<Expr> {
    let copy = |expr: Expr, to: &str, from: &str| {
        call("label_replace", [expr, text(to), text("$1"), text(from), text("(.+)")])
    };
    let up = selector("up").matching(&model.target_matchers).expr();
    let pods = copy(copy(up, "exported_namespace", "namespace"), "exported_pod", "pod");
    let readings = readings(pool)?;
    let held = readings.clone().ne("exported_pod", "").expr();
    let held = held.op_on(BinaryOp::And, ["exported_namespace", "exported_pod"], pods).by(AggregateOp::Count, ["UUID"]);
    let all = readings.expr().by(AggregateOp::Count, ["UUID"]);
    // boards x (series with a pod of the model / series) = boards; each board is one.
    let boards = per_board(pool)?.by(AggregateOp::Count, ["UUID"]);
    let parts = boards.op_on(BinaryOp::Mul, ["UUID"], held.op_on(BinaryOp::Div, ["UUID"], all));
    Some(parts.sum().times(1.0 / f64::from(model.served_together)))
}
