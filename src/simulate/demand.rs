//! How many requests arrive: a day with a quiet night, and a week with a quiet weekend. Knows time as seconds since 1970 in UTC.

use std::f64::consts::TAU;

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Hour of the day at which least arrives; most arrives twelve hours later.
const QUIETEST_HOUR: f64 = 3.0;
/// Share of the most that arrives at the quietest hour.
const NIGHT: f64 = 0.05;
/// What a day of the weekend has of a working day.
const WEEKEND: f64 = 0.35;

/// Returns the share of the highest demand at a time, above 0 and up to 1.
pub fn share(unix_seconds: f64) -> f64 {
    let hours = unix_seconds.rem_euclid(DAY) / 3600.0;
    let wave = 0.5 - 0.5 * (TAU * (hours - QUIETEST_HOUR) / 24.0).cos();
    let share = NIGHT + (1.0 - NIGHT) * wave * wave.sqrt();
    // 1970-01-01 was a Thursday.
    let weekday = ((unix_seconds / DAY).floor() + 3.0).rem_euclid(7.0);
    if weekday >= 5.0 { share * WEEKEND } else { share }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn nights_and_weekends_are_quiet() {
        let monday = 1_767_571_200.0; // 2026-01-05T00:00:00Z
        let at = |days: f64, hours: f64| share(monday + (days * 24.0 + hours) * 3600.0);
        assert!((at(0.0, 15.0) - 1.0).abs() < 1e-9);
        assert!((at(0.0, 3.0) - 0.05).abs() < 1e-9);
        assert!((at(5.0, 15.0) - 0.35).abs() < 1e-9, "Saturday");
        assert!((at(7.0, 15.0) - 1.0).abs() < 1e-9, "the next Monday");
    }
}
