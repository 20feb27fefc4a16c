//! How soon a pair of windows alerts on a share of bad events, and how soon that uses up the budget.
//!
//! Holds for even traffic after a time in which nothing was bad, and for windows that know each event at once.

use super::Pair;
use crate::units::{Duration, Ratio};

/// Returns the seconds after which a pair alerts on a share of bad events, of so many events a second; `None` if it never does.
///
/// The long window is the slower one: it holds enough after `long x (burn rate x budget) / bad`. The bad events that are wanted
/// at least come after `least / (events x bad)`, which must be within the long window.
pub fn detected_after(pair: &Pair, objective: Ratio, least: u32, bad: f64, per_second: f64) -> Option<f64> {
    let allowed = pair.bad_share(objective);
    if bad <= allowed {
        return None;
    }
    let long = pair.long.secs_f64();
    let enough = if least == 0 { 0.0 } else { f64::from(least) / (per_second * bad) };
    (enough <= long).then(|| (long * allowed / bad).max(enough))
}

/// Returns the seconds after which a whole budget is used up by a share of bad events.
pub fn gone_after(window: Duration, budget: f64, bad: f64) -> f64 {
    window.secs_f64() * budget / bad
}

#[cfg(test)]
mod tests {
    use super::{detected_after, gone_after};
    use crate::slo::pairs;
    use crate::units::{Duration, Ratio};

    #[test]
    fn an_outage_is_seen_within_a_minute() {
        let month = Duration::from_secs(30 * 86_400);
        let objective = Ratio::parse("99.9%").expect("a ratio");
        let after =
            |n: usize, bad: f64, per_second: f64| detected_after(&pairs(month)[n], objective, 5, bad, per_second);
        // 1 h x 14.4 x 0.1 %
        assert!(after(0, 1.0, 100.0).is_some_and(|s| (s - 51.84).abs() < 1e-9));
        // One request a minute: the fifth bad one.
        assert!(after(0, 1.0, 1.0 / 60.0).is_some_and(|s| (s - 300.0).abs() < 1e-9));
        // Four requests in an hour.
        assert_eq!(after(0, 1.0, 4.0 / 3600.0), None);
        // Twice the budget: the third pair wants three times.
        assert_eq!(after(2, 0.002, 100.0), None);
        assert!(after(3, 0.002, 100.0).is_some_and(|s| (s - 1.5 * 86_400.0).abs() < 1e-6));
        assert!((gone_after(month, 0.001, 0.002) - 15.0 * 86_400.0).abs() < 1e-6);
    }
}
