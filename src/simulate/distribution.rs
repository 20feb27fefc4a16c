//! Lognormal distributions in closed form, and histograms that are filled from them without drawing a single observation.

use std::f64::consts::SQRT_2;

/// A lognormal distribution.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    /// Number of observations; whole.
    pub n: f64,
    /// Median, in the base unit.
    pub median: f64,
    /// Deviation of the logarithm.
    pub sigma: f64,
}

impl Spread {
    /// Returns about the distribution of the observations of both.
    pub fn joined(self, other: Self) -> Self {
        let n = self.n + other.n;
        if self.n <= 0.0 || other.n <= 0.0 {
            return if self.n > 0.0 { self } else { other };
        }
        let between = |a: f64, b: f64| (a * self.n + b * other.n) / n;
        let median = between(self.median.max(1e-9).ln(), other.median.max(1e-9).ln()).exp();
        Self { n, median, sigma: between(self.sigma, other.sigma) }
    }

    /// Returns the mean.
    pub fn mean(self) -> f64 {
        self.median * (0.5 * self.sigma * self.sigma).exp()
    }
}

/// Entries of the table per deviation.
const PER_SIGMA: f64 = 128.0;
/// The table reaches from minus to plus so many deviations; nothing is beyond.
const REACH: f64 = 5.0;

/// The normal distribution function as a table: looking up is several times as fast as computing.
#[derive(Clone, Debug)]
pub struct Normal(Vec<f64>);

impl Normal {
    /// Makes the table.
    pub fn new() -> Self {
        let entries = (2.0 * REACH * PER_SIGMA) as usize + 2;
        Self((0..entries).map(|n| normal_cdf(n as f64 / PER_SIGMA - REACH)).collect())
    }

    /// Returns the share of observations up to `z` deviations.
    fn share(&self, z: f64) -> f64 {
        let place = (z + REACH) * PER_SIGMA;
        if place <= 0.0 {
            return 0.0;
        }
        if place >= 2.0 * REACH * PER_SIGMA {
            return 1.0;
        }
        let index = place as usize;
        match self.0.get(index..index + 2) {
            Some([low, high]) => low + (high - low) * (place - index as f64),
            _ => 1.0,
        }
    }
}

/// Abramowitz and Stegun 7.1.26, exact to 1.5e-7.
fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = 0.5 * poly * (-x * x).exp();
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// Cumulative counts of a histogram.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// Logarithms of the finite edges, ascending, in the base unit; minus infinity for edges that are not above zero.
    ln_edges: Vec<f64>,
    /// Observations up to each finite edge.
    counts: Vec<u64>,
    /// All observations.
    count: u64,
    /// Sum of the observations, in the base unit.
    sum: f64,
}

impl Histogram {
    /// Makes an empty histogram. `edges` are finite, ascending, in the base unit.
    pub fn new(edges: &[f64]) -> Self {
        let ln = |e: &f64| if *e > 0.0 { e.ln() } else { f64::NEG_INFINITY };
        Self { ln_edges: edges.iter().map(ln).collect(), counts: vec![0; edges.len()], count: 0, sum: 0.0 }
    }

    /// Adds the observations of a tick.
    ///
    /// The share below each edge is taken of `n` and rounded by the same `offset` (0 up to 1) for all of them: systematic
    /// sampling. So counts are whole, an observation is in every bucket above it at once, none is lost, and over several ticks
    /// with spread offsets each bucket gets its share.
    pub fn add(&mut self, spread: Spread, offset: f64, normal: &Normal) {
        if spread.n < 1.0 || spread.median <= 0.0 {
            return;
        }
        let (middle, per_sigma) = (spread.median.ln(), 1.0 / spread.sigma.max(1e-6));
        for (ln_edge, count) in self.ln_edges.iter().zip(&mut self.counts) {
            let share = normal.share((ln_edge - middle) * per_sigma);
            *count += (spread.n * share + offset) as u64;
        }
        self.count += spread.n as u64;
        self.sum += spread.n * spread.mean();
    }

    /// Forgets everything, as a restarted server does.
    pub fn reset(&mut self) {
        self.counts.fill(0);
        self.count = 0;
        self.sum = 0.0;
    }

    /// Returns the observations up to each finite edge.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Returns the number of all observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns their sum, in the base unit.
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_normal_distribution() {
        let normal = Normal::new();
        for (z, share) in
            [(-10.0, 0.0), (-1.0, 0.158_655), (0.0, 0.5), (1.644_854, 0.95), (2.326_348, 0.99), (10.0, 1.0)]
        {
            assert!((normal.share(z) - share).abs() < 1e-4, "{z}");
        }
    }

    #[test]
    fn buckets_are_monotone_whole_and_lose_nothing() {
        let normal = Normal::new();
        let mut histogram = Histogram::new(&[0.0, 0.1, 0.25, 0.5, 1.0, 2.5]);
        let mut before = histogram.counts().to_vec();
        for tick in 0..5_000_u32 {
            let offset = (f64::from(tick) * 0.618_033_988_75).fract();
            histogram.add(Spread { n: f64::from(tick % 4), median: 0.3, sigma: 0.6 }, offset, &normal);
            assert!(histogram.counts().windows(2).all(|w| w[0] <= w[1]));
            assert!(histogram.counts().last().is_some_and(|last| *last <= histogram.count()));
            assert!(histogram.counts().iter().zip(&before).all(|(now, then)| now >= then));
            before = histogram.counts().to_vec();
        }
        assert_eq!(histogram.count(), 7_500);
        // Half of them are up to 0.3, P(z <= ln(0.5/0.3)/0.6) = 80.3 % up to 0.5.
        assert!((histogram.counts()[3] as f64 / 7_500.0 - 0.803).abs() < 0.01, "{:?}", histogram.counts());
    }
}
