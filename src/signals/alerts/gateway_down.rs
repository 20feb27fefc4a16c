//! A gateway that does not answer, or of which nothing is known any more. What it measures is silent then, its objectives too.

use std::collections::BTreeMap;

use super::replicas::absence_hold;
use super::{Draft, FleetCx};
use crate::promql::{BinaryOp, call, number, selector};
use crate::resolve::Gateway;
use crate::signals::AlertKind;
use crate::signals::proof::{Proof, State, WhenGone};

pub fn drafts(cx: &FleetCx<'_>) -> Vec<Draft> {
    cx.plan.gateways.values().map(|gateway| draft(cx, gateway)).collect()
}

fn draft(cx: &FleetCx<'_>, gateway: &Gateway) -> Draft {
    let answering = selector("up").matching(&gateway.target_matchers).expr().sum();
    let expr = answering.clone().op(BinaryOp::Eq, number(0.0)).or(call("absent", [answering]));
    let state = |first, second| answers(gateway, first, second);
    let bad = vec![state(0.0, 0.0), state(f64::NAN, 0.0), state(f64::NAN, f64::NAN)];
    let below = vec![state(0.0, 1.0), state(f64::NAN, 1.0)];
    let told_apart = BTreeMap::from([("gateway".to_owned(), gateway.name.clone())]);
    // The others answer all the time.
    let mut calm = State::default();
    cx.plan.gateways.values().for_each(|g| calm.add(&answers(g, 1.0, 1.0)));
    let proof = Proof { when_gone: WhenGone::Fires, calm, told_apart, ..Proof::at_once(bad, below) };
    let name = &gateway.name;
    let mut draft = Draft::new(AlertKind::GatewayDown, expr, 0.0, proof).says(
        format!("No replica of the gateway {name} answers"),
        format!(
            "No replica of the gateway {name} answers scrapes, or Prometheus knows none any more. Requests that pass through it \
             may fail, and no objective that is measured there can alert."
        ),
    );
    draft.least_hold = absence_hold(cx.plan.prometheus.scrape_interval, cx.plan.prometheus.evaluation_interval);
    draft.labels = BTreeMap::from([("gateway".to_owned(), name.clone())]);
    draft
}

/// A state in which two replicas answer or not; NaN for one that is not known.
fn answers(gateway: &Gateway, first: f64, second: f64) -> State {
    let replica = |instance: &str| selector("up").matching(&gateway.target_matchers).eq("instance", instance);
    State::default().gauge(&replica("192.0.2.1:4000"), first).gauge(&replica("192.0.2.2:4000"), second)
}
