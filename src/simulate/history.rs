//! A past period as OpenMetrics with timestamps, for `promtool tsdb create-blocks-from openmetrics`.
//!
//! The text is streamed: memory does not grow with the period. It goes window by window, in each target by target and in each
//! target by time. Series have no TYPE: blocks store none, and families cannot stay together in a text that goes by time.

use std::io::{self, Write};

use super::write::Line;
use super::{Settings, Simulation, Wanted};
use crate::{Program, parallel};

/// Lines that are kept in memory at once, at most; a line has some 200 bytes.
const LINES: usize = 50_000;

/// A period.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Seconds.
    pub duration: u64,
    /// Seconds between samples, above 0.
    pub step: u64,
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Samples.
    pub samples: u64,
    /// Targets.
    pub targets: usize,
}

impl History {
    /// Writes the samples of a period that begins with the settings' `begin`; the first samples are one step later.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn write(
        &self,
        program: &Program,
        settings: &Settings,
        wanted: &Wanted,
        out: &mut dyn Write,
    ) -> io::Result<Progress> {
        let settings = Settings { stored: true, tick: self.step as f64, ..settings.clone() };
        let simulation = Simulation::new(program, &settings, wanted);
        let steps = self.duration / self.step.max(1);
        let lines: usize = (0..simulation.targets.len()).filter_map(|n| Some(simulation.lock(n)?.lines())).sum();
        let window = (LINES / lines.max(1)).max(1) as u64;
        let numbers: Vec<usize> = (0..simulation.targets.len()).collect();
        let mut progress = Progress { samples: 0, targets: numbers.len() };
        let mut done = 0;
        while done < steps {
            let until = steps.min(done + window);
            let texts = parallel::map(&numbers, 1, |n| simulation.window(*n, done, until));
            for (text, samples) in &texts {
                out.write_all(text)?;
                progress.samples += samples;
            }
            done = until;
        }
        out.write_all(b"# EOF\n")?;
        out.flush()?;
        Ok(progress)
    }
}

impl Simulation {
    /// Writes the samples of a target after `from` ticks and until `until`.
    fn window(&self, target: usize, from: u64, until: u64) -> (Vec<u8>, u64) {
        let mut text = Vec::new();
        let mut samples = 0;
        let Some(mut target) = self.lock(target) else { return (text, samples) };
        for tick in from..until {
            target.advance(&self.world, tick + 1);
            let unix = self.world.begin + ((tick + 1) as f64 * self.world.tick) as i64;
            samples += target.write(&self.world, false, &mut Line::new(&mut text, Some(unix)));
        }
        (text, samples)
    }
}
