//! Simulation: pages and history of the servers that a project declares, before anybody owns one.
//!
//! Targets are replicas of models, gateways and nodes of GPU pools. Pages hold the metrics of the declared releases, from the catalogue; a
//! fluid model of the servers ([`Settings::seed`] decides its noise) fills them; scenarios make trouble. Everything is a function of
//! the project, the settings and the time that is given: there is no clock, no file and no network here.

mod cluster;
mod demand;
mod distribution;
mod engine;
mod family;
mod fleet;
mod gateway;
mod gpu;
mod history;
mod noise;
mod quantity;
mod scenario;
mod scrape_config;
mod series;
mod server;
mod shape;
mod target;
mod wanted;
mod write;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use history::{History, Progress};
pub use scenario::{ALL as SCENARIOS, Concerns, Planned, Unusable};
pub use wanted::Wanted;

use crate::Program;
use distribution::Normal;
use target::{Target, World};
use write::Line;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Seconds since 1970 at which the simulated time begins.
    pub begin: i64,
    /// Seconds of a tick, above 0. What happens within is not resolved.
    pub tick: f64,
    /// Replicas of each model; fewer where the declared GPUs are too few.
    pub replicas: u32,
    /// Decides the noise.
    pub seed: u64,
    /// Whether series have the labels with which Prometheus stores them, and `up` is among them; else they are those of pages.
    pub stored: bool,
    /// What goes wrong.
    pub scenarios: Vec<Planned>,
}

/// The targets of a project at work.
pub struct Simulation {
    world: World,
    targets: Vec<Mutex<Target>>,
    /// Job, instance and labels of each target.
    known: Vec<Known>,
}

/// A target as scrapers know it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Value of the label `job`.
    pub job: String,
    /// Value of the label `instance`.
    pub instance: String,
    /// All labels that a scrape gives it, sorted: `job` and `instance`, too.
    pub labels: Vec<(String, String)>,
    /// Whether labels of its page win over these.
    pub honor: bool,
}

impl Known {
    /// Returns the path of its page on the server of all targets. Jobs and instances hold letters that a path may not; `_` stands
    /// for them.
    pub fn path(&self) -> String {
        format!("/targets/{}/{}/metrics", in_path(&self.job), in_path(&self.instance))
    }
}

/// Keeps what needs no encoding in a part of a path: Prometheus encodes the path that it is given, also what is encoded already.
fn in_path(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.:".contains(c) { c } else { '_' }).collect()
}

impl Simulation {
    /// Makes the targets of a project, at the beginning of the simulated time.
    pub fn new(program: &Program, settings: &Settings, wanted: &Wanted) -> Self {
        let world = World {
            begin: settings.begin,
            tick: settings.tick,
            planned: settings.scenarios.clone(),
            normal: Normal::new(),
        };
        let targets = fleet::targets(program, settings, wanted);
        let known = targets
            .iter()
            .map(|t| Known {
                job: t.job.clone(),
                instance: t.instance.clone(),
                labels: t.labels.clone(),
                honor: t.honor,
            })
            .collect();
        Self { world, targets: targets.into_iter().map(Mutex::new).collect(), known }
    }

    /// Returns the targets in their order: models before gateways before pools, each by name.
    pub fn targets(&self) -> &[Known] {
        &self.known
    }

    /// Returns the page of a target some seconds after the beginning; `None` if it does not answer then, or if there is no such
    /// target. Time does not go back: an earlier moment gives the page of the latest one.
    pub fn page(&self, target: usize, seconds: f64) -> Option<String> {
        let mut target = self.lock(target)?;
        target.advance(&self.world, (seconds.max(0.0) / self.world.tick) as u64);
        if !target.is_up() {
            return None;
        }
        let mut out = Vec::new();
        target.write(&self.world, true, &mut Line::new(&mut out, None));
        // Labels and numbers are text.
        String::from_utf8(out).ok()
    }

    /// A thread that ended in between has left a target between two series at worst.
    fn lock(&self, target: usize) -> Option<MutexGuard<'_, Target>> {
        self.targets.get(target).map(|t| t.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns a scrape configuration for Prometheus that reads the pages from `address` (`host:port`) and gives series the labels
    /// that the generated monitors and jobs give them.
    pub fn scrape_config(&self, program: &Program, address: &str) -> String {
        scrape_config::text(program, &self.known, address)
    }
}
