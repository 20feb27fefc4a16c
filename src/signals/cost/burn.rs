//! Pairs of windows that alert on a budget of money: those of error budgets, without the fastest, whose windows are minutes. Spend
//! is known by the hour, so no window is shorter.

use std::collections::BTreeSet;

use crate::signals::What;
use crate::slo::pairs;
use crate::units::Duration;

/// A month for the ratio of the pairs to one another; what is compared with a budget counts the days of the real month.
const MONTH: Duration = Duration::from_secs(30 * 86_400);

/// A pair of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// Long window.
    pub long: Duration,
    /// Short window.
    pub short: Duration,
    /// How many times the pace of the budget, where the slowest pair has 1.
    pub rate: f64,
}

/// Returns the pairs, shortest first: 6 hours with 1 at 6 times the pace, a day with 2 hours at 3 times, 3 days with 6 hours.
pub fn burns() -> Vec<Burn> {
    let pairs = pairs(MONTH).into_iter().skip(1);
    pairs.map(|p| Burn { long: p.long, short: p.short.max(Duration::HOUR), rate: p.burn_rate }).collect()
}

/// Returns the windows of the pairs.
pub fn windows() -> BTreeSet<Duration> {
    burns().into_iter().flat_map(|b| [b.long, b.short]).collect()
}

/// Returns the measure of the spend in a window.
pub fn spend_in(window: Duration) -> What {
    match window.whole_secs() {
        3_600 => What::SpendPerHour,
        86_400 => What::SpendPerDay,
        _ => What::SpendOver(window),
    }
}

#[cfg(test)]
mod tests {
    use super::burns;

    #[test]
    fn the_pairs_are_those_of_tickets_in_hours() {
        let hours = |b: &super::Burn| (b.long.whole_secs() / 3_600, b.short.whole_secs() / 3_600, b.rate);
        assert_eq!(burns().iter().map(hours).collect::<Vec<_>>(), [(6, 1, 6.0), (24, 2, 3.0), (72, 6, 1.0)]);
    }
}
