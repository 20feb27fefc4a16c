//! A simple load: how numbers move with time. Every value is a function of the time alone: no
//! randomness, no state.

use std::f64::consts::TAU;

/// A slow wave around a mean, never below zero.
#[derive(Clone, Copy, Debug)]
pub struct Wave {
    /// Mean value.
    pub mean: f64,
    /// Swing as a share of the mean, below 1.
    pub swing: f64,
    /// Seconds of one wave.
    pub period: f64,
    /// Where in the wave time 0 lies, 0 to 1.
    pub phase: f64,
}

impl Wave {
    /// Returns the value at a time.
    pub fn at(self, seconds: f64) -> f64 {
        self.mean * (1.0 + self.swing * self.angle(seconds).sin())
    }

    /// Returns what a rate of this value adds up to since time 0. It never falls, as the swing is below 1.
    pub fn total(self, seconds: f64) -> f64 {
        let wave = self.swing * self.period / TAU * (self.angle(0.0).cos() - self.angle(seconds).cos());
        self.mean * (seconds + wave)
    }

    fn angle(self, seconds: f64) -> f64 {
        TAU * (seconds / self.period + self.phase)
    }

    /// Returns the same wave with another mean.
    pub fn scaled(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, ..self }
    }
}

/// Something that goes wrong: nothing before, all of it some minutes later, until the end.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// When it starts, in seconds.
    pub start: f64,
    /// Seconds until it is fully there.
    pub rise: f64,
}

impl Incident {
    /// Returns how much of it is there, 0 to 1.
    pub fn share(self, seconds: f64) -> f64 {
        ((seconds - self.start) / self.rise).clamp(0.0, 1.0)
    }

    /// Returns what the share adds up to since time 0.
    pub fn total(self, seconds: f64) -> f64 {
        let risen = (seconds - self.start).clamp(0.0, self.rise);
        risen * risen / (2.0 * self.rise) + (seconds - self.start - self.rise).max(0.0)
    }
}

/// A log-logistic distribution, which looks like latencies do: steep, with a tail. The tail ends at [`LONGEST`] medians, so that a
/// threshold beyond is never crossed, however few requests there are.
#[derive(Clone, Copy, Debug)]
struct Spread {
    median: f64,
    longest: f64,
}

/// Steepness of the distribution. The 99th percentile is `99^(1/4)` = 3.2 medians.
const STEEPNESS: f64 = 4.0;
/// Mean in medians, for that steepness: `(π/4) / sin(π/4)`.
const MEAN: f64 = 1.110_72;
/// Longest observation, in medians of the fast kind.
pub const LONGEST: f64 = 6.0;

impl Spread {
    /// Returns the share of observations up to a bound.
    fn share_up_to(self, bound: f64) -> f64 {
        if bound <= 0.0 {
            0.0
        } else if bound >= self.longest {
            1.0
        } else {
            1.0 / (1.0 + (self.median / bound).powf(STEEPNESS))
        }
    }
}

/// Observations of two kinds, whose rates move apart, so that quantiles move.
#[derive(Clone, Copy, Debug)]
pub struct Observations {
    fast: (Wave, Spread),
    slow: (Wave, Spread),
    wrong: Option<(Incident, f64, Spread)>,
}

impl Observations {
    /// Makes observations at a rate around a median. One in twenty is of the slow kind.
    pub fn new(rate: Wave, median: f64) -> Self {
        let spread = |median: f64, longest: f64| Spread { median, longest };
        let slow = Wave { swing: 0.9, period: rate.period / 2.0, ..rate.scaled(0.05) };
        let longest = LONGEST * median;
        Self {
            fast: (rate.scaled(0.95), spread(median, longest)),
            slow: (slow, spread(2.0 * median, longest)),
            wrong: None,
        }
    }

    /// Adds the slow observations of an incident: a third more, `factor` times as long.
    #[must_use]
    pub fn with(self, incident: Incident, factor: f64) -> Self {
        let (rate, usual) = self.fast;
        let spread = Spread { median: factor * usual.median, longest: factor * usual.longest };
        Self { wrong: Some((incident, rate.mean / 3.0, spread)), ..self }
    }

    /// Each kind: how many there were since time 0, and how they are spread.
    fn kinds(&self, seconds: f64) -> impl Iterator<Item = (f64, Spread)> {
        let usual = [self.fast, self.slow].map(|(wave, spread)| (wave.total(seconds), spread));
        usual.into_iter().chain(self.wrong.map(|(incident, rate, spread)| (rate * incident.total(seconds), spread)))
    }

    /// Returns how many there were since time 0 up to each of ascending bounds, the last of which is infinite. Each range between
    /// two bounds counts whole observations by itself: so an observation is in all buckets above it at once, as in an engine.
    pub fn buckets(&self, bounds: &[f64], seconds: f64) -> Vec<f64> {
        let kinds: Vec<(f64, Spread)> = self.kinds(seconds).collect();
        let up_to = |bound: f64| kinds.iter().map(|(count, s)| count * s.share_up_to(bound)).sum::<f64>();
        let mut below = 0.0;
        let mut count = 0.0;
        let mut out = Vec::new();
        for bound in bounds {
            let all = up_to(*bound);
            count += (all - below).floor();
            below = all;
            out.push(count);
        }
        out
    }

    /// Returns their sum since time 0.
    pub fn sum(&self, seconds: f64) -> f64 {
        self.kinds(seconds).map(|(count, s)| count * s.median * MEAN).sum()
    }
}
