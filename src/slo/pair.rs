//! Pairs of windows that alert together, and their burn rates.

use crate::units::{Duration, Ratio};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// Who acts, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody is woken.
    Page,
    /// Somebody looks at it in working hours.
    Ticket,
}

/// Two windows that must both burn the budget too fast: the long one says that it matters, the short one that it goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Long window.
    pub long: Duration,
    /// Short window, a twelfth of the long one.
    pub short: Duration,
    /// How many times faster than allowed the budget burns, at least 1.
    pub burn_rate: f64,
    /// Who acts.
    pub urgency: Urgency,
}

/// Long window, short window and the share of the budget that the long one burns: table 5-8 of the SRE Workbook.
const WORKBOOK: [(u64, u64, f64, Urgency); 4] = [
    (HOUR, 5 * MINUTE, 0.02, Urgency::Page),
    (6 * HOUR, 30 * MINUTE, 0.05, Urgency::Page),
    (DAY, 2 * HOUR, 0.10, Urgency::Ticket),
    (3 * DAY, 6 * HOUR, 0.10, Urgency::Ticket),
];

/// Returns the pairs of an objective that holds for a window, shortest first: four for 28 and 30 days.
///
/// The share of the budget stays that of the Workbook, so the burn rate is `share x window / long window`: 14.4, 6, 3 and 1 for 30
/// days, 3.36 and 1.4 for the two shorter pairs of 7 days. A burn rate below 1 would alert while the promise is kept; the first
/// pair that has one takes 1, and the longer ones, which could say nothing more, are left out.
pub fn pairs(window: Duration) -> Vec<Pair> {
    let mut out: Vec<Pair> = Vec::new();
    for (long, short, share, urgency) in WORKBOOK {
        if out.iter().any(|p| p.burn_rate <= 1.0) {
            break;
        }
        let burn_rate = share * window.secs_f64() / Duration::from_secs(long).secs_f64();
        // 13.44 and not 13.440000000000001
        let burn_rate = ((burn_rate * 1e6).round() / 1e6).max(1.0);
        out.push(Pair { long: Duration::from_secs(long), short: Duration::from_secs(short), burn_rate, urgency });
    }
    out
}

impl Pair {
    /// Returns the share of bad events from which the pair alerts. At 1 and above it never does.
    pub fn bad_share(&self, objective: Ratio) -> f64 {
        let share = self.burn_rate * (1.0 - objective.value());
        (share * 1e12).round() / 1e12
    }

    /// Returns whether the share can be exceeded at all.
    pub fn is_reachable(&self, objective: Ratio) -> bool {
        self.bad_share(objective) < 1.0
    }

    /// Returns the share of the whole budget that is gone when the long window has burnt at this rate.
    pub fn share_of_budget(&self, window: Duration) -> f64 {
        self.burn_rate * self.long.secs_f64() / window.secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::{Urgency, pairs};
    use crate::units::{Duration, Ratio};

    fn burn_rates(days: u64) -> Vec<f64> {
        pairs(Duration::from_secs(days * 86_400)).iter().map(|p| p.burn_rate).collect()
    }

    #[test]
    fn burn_rates_follow_the_window() {
        assert_eq!(burn_rates(30), [14.4, 6.0, 3.0, 1.0]);
        assert_eq!(burn_rates(28), [13.44, 5.6, 2.8, 1.0]);
        assert_eq!(burn_rates(90), [43.2, 18.0, 9.0, 3.0]);
        // 0.7 over a day would alert although the budget lasts.
        assert_eq!(burn_rates(7), [3.36, 1.4, 1.0]);
        assert_eq!(burn_rates(1), [1.0]);
    }

    #[test]
    fn what_cannot_be_exceeded_is_known() {
        let window = Duration::from_secs(30 * 86_400);
        let all = pairs(window);
        let ratio = |text: &str| Ratio::parse(text).expect("a ratio");
        assert_eq!(all[0].bad_share(ratio("99.9%")), 0.0144);
        assert!(all[0].is_reachable(ratio("95%")));
        // 14.4 x 10 % is more than all requests.
        assert!(!all[0].is_reachable(ratio("90%")));
        assert!(all[1].is_reachable(ratio("90%")));
        assert_eq!((all[0].urgency, all[3].urgency), (Urgency::Page, Urgency::Ticket));
        let gone: Vec<f64> = all.iter().map(|p| (p.share_of_budget(window) * 100.0).round()).collect();
        assert_eq!(gone, [2.0, 5.0, 10.0, 10.0]);
    }
}
