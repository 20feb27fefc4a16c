//! How many bad events a window needs before its share of bad ones means something.

use super::{Pair, Urgency};

/// Most bad events that are asked for. Near a burn rate of 1 no number tells bad luck from a slow loss; the length of the window
/// must.
pub const MOST: u32 = 10;

/// Chance that a service which just keeps its objective has so many bad events in one window: once in 10,000 windows may wake
/// somebody, once in 100 may open a ticket.
pub fn tolerated(urgency: Urgency) -> f64 {
    match urgency {
        Urgency::Page => 1e-4,
        Urgency::Ticket => 1e-2,
    }
}

/// Returns the fewest bad events in the long window with which a pair may alert, 2 to 10.
///
/// Where the burn rate `f` is just reached with `k` bad events, a service that burns its budget at rate 1 has `k / f` of them on
/// average, Poisson distributed: bad events of a healthy service come one by one. `k` is the smallest number for which so many come
/// by chance rarely enough. It depends on the burn rate only; the objective comes in through the traffic that `k` bad events need,
/// see [`enough_events`].
pub fn least_events(pair: &Pair) -> u32 {
    (2..MOST).find(|k| chance(*k, pair) <= tolerated(pair.urgency)).unwrap_or(MOST)
}

/// Returns the events in the long window with which `bad` bad ones are just the share from which the pair alerts: with fewer
/// events, a larger share must be bad.
pub fn enough_events(bad: u32, bad_share: f64) -> f64 {
    f64::from(bad) / bad_share
}

/// Returns the chance that a service which burns its budget at rate 1 has `k` bad events or more, where `k` are just the burn rate
/// of the pair.
pub fn chance(k: u32, pair: &Pair) -> f64 {
    at_least(k, f64::from(k) / pair.burn_rate)
}

/// Chance of `k` events or more where `mean` are expected.
fn at_least(k: u32, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    let mut fewer = 0.0;
    for n in 0..k {
        fewer += term;
        term *= mean / f64::from(n + 1);
    }
    (1.0 - fewer).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::{at_least, enough_events, least_events};
    use crate::slo::pairs;
    use crate::units::Duration;

    #[test]
    fn the_chance_is_that_of_poisson() {
        // 1 - e^-1 (1 + 1 + 1/2), from a table of the distribution.
        assert!((at_least(3, 1.0) - 0.080_301_4).abs() < 1e-6);
        assert!((at_least(1, 0.5) - 0.393_469_3).abs() < 1e-6);
    }

    #[test]
    fn slower_burning_needs_more_events() {
        let least: Vec<u32> = pairs(Duration::from_secs(30 * 86_400)).iter().map(least_events).collect();
        assert_eq!(least, [5, 8, 8, 10]);
        // 99.9 %: 5 bad events are 1.44 % of 347.
        assert_eq!(enough_events(5, 0.0144).round(), 347.0);
    }
}
