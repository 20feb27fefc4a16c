//! One series: its text, made once, and how the numbers of a tick become its value.

use super::distribution::{Histogram, Normal};
use super::engine::Tick;
use super::quantity::{Observed, Quantity, Spreads, Values};
use super::write::Line;

/// Share of one tick by which the rounding of histograms moves on: the golden ratio spreads it evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// How a series gets its value.
#[derive(Clone, Debug)]
pub enum Meter {
    /// Always the same.
    Constant(f64),
    /// The time, in seconds since 1970.
    Clock,
    /// What holds now, times a factor.
    Gauge(Quantity, f64),
    /// What holds now, while it is not 0.
    Rare(Quantity),
    /// What has happened so far.
    Counter {
        /// What is counted.
        of: Quantity,
        /// Share of it, and factor to the unit of the metric.
        scale: f64,
        /// So far, in the unit of the metric.
        total: f64,
        /// Whether the series is born with the first event.
        late: bool,
    },
    /// Buckets, count and sum.
    Histogram(Box<Distribution>),
}

/// What a histogram is filled from.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// What is observed.
    pub of: Observed,
    /// Share of the observations that is this series'.
    pub share: f64,
    /// Median in the base unit, for what no physics stand behind.
    pub median: Option<f64>,
    /// From the base unit to the unit of the metric.
    pub scale: f64,
    /// Counts.
    pub histogram: Histogram,
    /// Whether buckets are shown; summaries have none.
    pub buckets: bool,
    /// Moves the rounding, so that histograms do not round alike.
    pub phase: f64,
}

/// A series, or the several of a histogram.
#[derive(Clone, Debug)]
pub struct Series {
    /// Number of the unit of its target whose numbers it shows: 0, or the GPU.
    pub unit: usize,
    /// Beginnings of its lines up to the value: finite buckets, `+Inf`, `_count` and `_sum` for a histogram.
    pub lines: Vec<Box<str>>,
    /// How it gets its value.
    pub meter: Meter,
}

impl Series {
    /// Takes in a tick.
    pub fn tick(&mut self, tick: &Tick, values: &Values, spreads: &Spreads, normal: &Normal) {
        match &mut self.meter {
            Meter::Constant(_) | Meter::Clock | Meter::Gauge(..) | Meter::Rare(_) => {}
            Meter::Counter { of, scale, total, .. } => *total += values[*of as usize] * *scale,
            Meter::Histogram(d) => {
                let mut spread = spreads[d.of as usize];
                if spread.n < 1.0 {
                    return;
                }
                let offset = (d.phase + tick.number as f64 * GOLDEN).fract();
                spread.median = d.median.unwrap_or(spread.median);
                if d.share < 1.0 {
                    spread.n = (spread.n * d.share + offset).floor();
                }
                d.histogram.add(spread, offset, normal);
            }
        }
    }

    /// Forgets what was counted.
    pub fn reset(&mut self) {
        match &mut self.meter {
            Meter::Counter { total, .. } => *total = 0.0,
            Meter::Histogram(d) => d.histogram.reset(),
            Meter::Constant(_) | Meter::Clock | Meter::Gauge(..) | Meter::Rare(_) => {}
        }
    }

    /// Writes its lines. Returns how many there were.
    pub fn write(&self, unix: f64, values: &Values, line: &mut Line<'_>) -> u64 {
        let Some(first) = self.lines.first() else { return 0 };
        let value = match &self.meter {
            Meter::Constant(value) => *value,
            Meter::Clock => unix,
            Meter::Gauge(quantity, scale) => values[*quantity as usize] * scale,
            Meter::Rare(quantity) if values[*quantity as usize] == 0.0 => return 0,
            Meter::Rare(quantity) => values[*quantity as usize],
            Meter::Counter { total, late, .. } => {
                let shown = total.floor();
                if *late && shown < 1.0 {
                    return 0;
                }
                shown
            }
            Meter::Histogram(d) => return d.write(&self.lines, line),
        };
        line.float(first, value);
        1
    }
}

impl Distribution {
    fn write(&self, lines: &[Box<str>], line: &mut Line<'_>) -> u64 {
        let histogram = &self.histogram;
        let mut rest = lines.iter();
        if self.buckets {
            for (count, text) in histogram.counts().iter().zip(rest.by_ref()) {
                line.whole(text, *count);
            }
            rest.by_ref().take(1).for_each(|text| line.whole(text, histogram.count()));
        }
        rest.by_ref().take(1).for_each(|text| line.whole(text, histogram.count()));
        rest.by_ref().take(1).for_each(|text| line.float(text, histogram.sum() * self.scale));
        lines.len() as u64
    }
}
