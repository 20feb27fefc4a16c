//! One series over time, in promtool's notation: `0+10x40` is 0, 10, 20 and so on, 41 values; `_x5` is five times nothing.
//!
//! Counters go on from one phase to the next.

use std::fmt::Write as _;

use crate::units::number;

/// What a series does for a while, in the exporter's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// It has a value.
    Level(f64),
    /// It climbs from zero, so much with each scrape.
    Climb(f64),
    /// It gains so much with each scrape.
    Gain(f64),
    /// It gains so much with the first scrape, and then nothing.
    Once(f64),
    /// It begins again at zero, and gains so much with each scrape.
    Again(f64),
    /// Its value is the time, in seconds: so much later with each scrape.
    Time(f64),
    /// It keeps its value, if that was a time; else it is not there.
    Kept,
    /// It is not there.
    Gone,
}

/// A series as it is written.
#[derive(Clone, Debug, Default)]
pub struct Track {
    values: String,
    total: f64,
    there: bool,
    /// Scrapes so far.
    scrapes: u64,
    /// The last value that was a time.
    time: Option<f64>,
}

impl Track {
    /// Adds a phase of some scrapes.
    pub fn push(&mut self, motion: Motion, scrapes: u64) {
        let Some(more) = scrapes.checked_sub(1) else { return };
        let motion = match (motion, self.time) {
            (Motion::Kept, Some(time)) => Motion::Level(time),
            (Motion::Kept, None) => Motion::Gone,
            (motion, _) => motion,
        };
        match motion {
            Motion::Level(value) => self.word(&format!("{}x{more}", number(value))),
            Motion::Gain(step) => self.grow(step, more),
            Motion::Climb(step) => self.word(&format!("0+{}x{more}", number(rounded(step)))),
            Motion::Time(step) => {
                let first = step * self.scrapes as f64;
                self.time = Some(first + step * more as f64);
                self.word(&format!("{}+{}x{more}", number(first), number(step)));
            }
            Motion::Once(step) => {
                self.total += step;
                self.grow(0.0, more);
            }
            Motion::Again(step) => {
                self.total = -step;
                self.grow(step, more);
            }
            Motion::Gone if self.there => {
                self.word("stale");
                if more > 0 {
                    self.word(&format!("_x{more}"));
                }
            }
            Motion::Gone | Motion::Kept => self.word(&format!("_x{scrapes}")),
        }
        if motion == Motion::Gone {
            self.time = None;
        }
        self.scrapes += scrapes;
        self.there = motion != Motion::Gone;
    }

    fn grow(&mut self, step: f64, more: u64) {
        let step = rounded(step);
        let first = rounded(self.total + step);
        self.total = rounded(first + step * more as f64);
        if step == 0.0 {
            self.word(&format!("{}x{more}", number(first)));
        } else {
            self.word(&format!("{}+{}x{more}", number(first), number(step)));
        }
    }

    fn word(&mut self, word: &str) {
        let space = if self.values.is_empty() { "" } else { " " };
        let _ = write!(self.values, "{space}{word}");
    }

    /// Returns the values.
    pub fn values(self) -> String {
        self.values
    }
}

/// Keeps what is written readable; promtool adds up in floating point itself.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_go_on_and_gauges_do_not() {
        let mut track = Track::default();
        for (motion, scrapes) in [
            (Motion::Gone, 2),
            (Motion::Gain(1.5), 4),
            (Motion::Gain(0.0), 2),
            (Motion::Once(1.0), 3),
            (Motion::Again(2.0), 2),
            (Motion::Level(7.0), 1),
            (Motion::Gone, 3),
            (Motion::Kept, 2),
            (Motion::Time(15.0), 2),
            (Motion::Kept, 3),
        ] {
            track.push(motion, scrapes);
        }
        assert_eq!(track.values(), "_x2 1.5+1.5x3 6x1 7x2 0+2x1 7x0 stale _x2 _x2 285+15x1 300x2");
    }
}
