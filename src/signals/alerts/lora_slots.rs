//! All slots for LoRA adapters are taken, and requests wait. For moments that is usual; most of the time it is too few slots.

use super::{Draft, ModelCx, SHORT};
use crate::catalog::Signal;
use crate::promql::call;
use crate::signals::model::recorded;
use crate::signals::proof::{Proof, Rise, State};
use crate::signals::{AlertKind, What};
use crate::units::Duration;

/// Over which time the share is taken, at least.
const BACK: Duration = Duration::from_secs(600);
/// How many evaluations it has, at least.
const EVALUATIONS: u64 = 10;
/// Share of the time.
const MOST: f64 = 0.5;

pub fn drafts(cx: &ModelCx<'_>) -> Vec<Draft> {
    let Some(slots) = cx.model.lora_slots.filter(|_| cx.has(What::LoraSlotsExhausted)) else { return Vec::new() };
    let names_adapters = cx.has(What::LoraAdapters);
    let interval = cx.plan.prometheus.evaluation_interval;
    let back = BACK.max(interval * EVALUATIONS);
    let exhausted = recorded(cx.model, cx.names, What::LoraSlotsExhausted).range(back.into());
    let expr = call("avg_over_time", [exhausted]).above(MOST);
    let proof = if names_adapters { by_name(slots) } else { by_share() };
    // Half of the window, and an evaluation more where the window has an odd number of them.
    let rise = Rise::Window(Duration::from_micros((back.whole_millis() / 2 + interval.whole_millis()) * 1000));
    let proof = Proof { rise, fall: back, ..proof };
    let replica = cx.model.replica_label();
    let waits = if names_adapters {
        "requests for another adapter waited until one of them was done"
    } else {
        "requests waited: for other adapters they cannot start until one of these is done"
    };
    let draft = Draft::new(AlertKind::LoRASlotsExhausted, expr, 0.0, proof).says(
        "{{ $labels.model }} has too few LoRA slots",
        format!(
            "Replica {{{{ $labels.{replica} }}}} of model {{{{ $labels.model }}}} had all its {slots} LoRA slots taken during \
             {{{{ $value | humanizePercentage }}}} of the last {back}, and {waits}."
        ),
    );
    vec![draft]
}

fn by_share() -> Proof {
    let state = |used, waiting| State::default().with(Signal::LoraSlots, used).with(Signal::Waiting, waiting);
    Proof { calm: state(0.5, 0.0), ..Proof::at_once(vec![state(1.0, 1.0)], vec![state(SHORT, 1.0), state(1.0, 0.0)]) }
}

fn by_name(slots: u32) -> Proof {
    let names = |from: u32, to: u32| (from..to).map(|n| format!("adapter-{n}")).collect::<Vec<_>>();
    let state = |running: Vec<String>, waiting: Vec<String>| {
        State::default().saying(Signal::LoraSlots, [("running", running.join(",")), ("waiting", waiting.join(","))])
    };
    let full = || names(0, slots);
    // After any number of requests that wait for adapters that run.
    let waits = |after: u32| state(full(), names(0, after).into_iter().chain(["other".to_owned()]).collect());
    let mut below = vec![
        state(full(), Vec::new()),
        // They wait for something else.
        state(full(), full()),
        // There is a free slot.
        state(names(1, slots), names(0, 1)),
    ];
    // Two processes that say the same add up their times.
    let mut sum = waits(0);
    sum.values.values_mut().for_each(|v| *v = 2.0);
    below.push(sum);
    Proof::at_once((0..=slots).map(waits).collect(), below)
}
