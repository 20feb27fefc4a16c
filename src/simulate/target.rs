//! One target: a server with its page, its physics and its own time.

use super::distribution::{Normal, Spread};
use super::engine::{Engine, Tick};
use super::family::Family;
use super::gpu::Gpu;
use super::quantity::{Observed, Quantity, Spreads, Values};
use super::scenario::{Concerns, Conditions, Planned};
use super::write::Line;

/// What all targets share.
#[derive(Clone, Debug)]
pub struct World {
    /// Seconds since 1970 at which the simulated time begins.
    pub begin: i64,
    /// Seconds of a tick.
    pub tick: f64,
    /// What goes wrong.
    pub planned: Vec<Planned>,
    /// The normal distribution.
    pub normal: Normal,
}

/// A replica at work: behind its own target, and on the GPUs of nodes.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Model.
    pub model: String,
    /// Its number.
    pub index: u32,
    /// Number of replicas.
    pub of: u32,
    /// Its physics.
    pub engine: Engine,
}

impl Worker {
    fn conditions(&self, world: &World, index: u32, at: f64) -> Conditions {
        Planned::conditions(&world.planned, Concerns::Models, &self.model, index, self.of, at)
    }

    /// Works for a tick, with what the others that are gone leave to it. Returns the conditions.
    fn step(&mut self, world: &World, tick: &Tick, values: &mut Values, spreads: &mut Spreads) -> Conditions {
        let at = tick.unix - world.begin as f64;
        let own = self.conditions(world, self.index, at);
        if !own.alive {
            self.engine.reset();
            *values = [0.0; Quantity::COUNT];
            *spreads = [Spread::default(); Observed::COUNT];
            return own;
        }
        let alive = (0..self.of).filter(|n| self.conditions(world, *n, at).alive).count();
        let share = f64::from(self.of) / alive.max(1) as f64;
        self.engine.step(tick, &own, share, values, spreads);
        own
    }
}

/// One GPU of a node.
#[derive(Clone, Debug)]
pub struct Board {
    /// Its physics.
    pub gpu: Gpu,
    /// Which worker of the node keeps it busy.
    pub worker: Option<usize>,
}

/// The node of a GPU exporter.
#[derive(Clone, Debug)]
pub struct Node {
    /// Pool.
    pub pool: String,
    /// Its number.
    pub index: u32,
    /// Number of nodes.
    pub of: u32,
    /// Replicas on it.
    pub workers: Vec<Worker>,
    /// GPUs.
    pub boards: Vec<Board>,
}

/// What a target is.
#[derive(Clone, Debug)]
pub enum Body {
    /// A replica of a model.
    Replica(Worker),
    /// A node with its exporter.
    Node(Node),
    /// A gateway, with the replicas of each model behind it.
    Gateway(Vec<Vec<Worker>>),
    /// An exporter about the cluster, which does nothing.
    Cluster,
}

/// A target.
#[derive(Clone, Debug)]
pub struct Target {
    /// Value of the label `job`.
    pub job: String,
    /// Value of the label `instance`.
    pub instance: String,
    /// All labels that a scrape gives it, sorted: `job` and `instance`, too.
    pub labels: Vec<(String, String)>,
    /// Whether labels of its page win over these.
    pub honor: bool,
    /// Its page.
    pub families: Vec<Family>,
    /// Beginning of its series `up`; `None` if nothing reads it.
    pub up: Option<Box<str>>,
    /// Its physics.
    pub body: Body,
    /// Ticks done.
    pub ticks: u64,
    /// Numbers of each unit after the last tick.
    pub values: Vec<Values>,
    /// Distributions of the last tick: of each model behind a gateway, else one for all units.
    pub spreads: Vec<Spreads>,
    /// Conditions of the last tick.
    pub conditions: Conditions,
}

/// Ticks that are caught up with at most; a page that nobody asked for in longer has a gap.
const MOST_TICKS: u64 = 20_000;

impl Target {
    /// Works until a number of ticks is done.
    pub fn advance(&mut self, world: &World, ticks: u64) {
        self.ticks = self.ticks.max(ticks.saturating_sub(MOST_TICKS));
        while self.ticks < ticks {
            self.ticks += 1;
            self.step(world);
        }
    }

    fn step(&mut self, world: &World) {
        let unix = world.begin as f64 + self.ticks as f64 * world.tick;
        let tick = Tick { unix, number: self.ticks, length: world.tick };
        let was_alive = self.conditions.alive;
        match &mut self.body {
            Body::Replica(worker) => {
                for (values, spreads) in self.values.iter_mut().zip(&mut self.spreads).take(1) {
                    self.conditions = worker.step(world, &tick, values, spreads);
                }
            }
            Body::Gateway(models) => {
                for ((workers, values), spreads) in models.iter_mut().zip(&mut self.values).zip(&mut self.spreads) {
                    behind(workers, world, &tick, values, spreads);
                }
            }
            Body::Cluster => {}
            Body::Node(node) => self.conditions = node.step(world, &tick, &mut self.values),
        }
        if was_alive && !self.conditions.alive {
            self.families.iter_mut().flat_map(|f| &mut f.series).for_each(super::series::Series::reset);
        }
        if self.conditions.alive {
            for series in self.families.iter_mut().flat_map(|f| &mut f.series) {
                let spreads = self.spreads.get(series.unit).or(self.spreads.first());
                if let (Some(values), Some(spreads)) = (self.values.get(series.unit), spreads) {
                    series.tick(&tick, values, spreads, &world.normal);
                }
            }
        }
    }

    /// Returns whether it answers.
    pub fn is_up(&self) -> bool {
        self.conditions.up
    }

    /// Writes its samples, if it is up. `heads` are HELP and TYPE of each family. Returns the number of samples.
    pub fn write(&self, world: &World, heads: bool, line: &mut Line<'_>) -> u64 {
        let unix = world.begin as f64 + self.ticks as f64 * world.tick;
        let mut n = 0;
        if let Some(up) = self.up.as_ref().filter(|_| self.conditions.known) {
            line.whole(up, u64::from(self.is_up()));
            n += 1;
        }
        if !self.is_up() {
            return n;
        }
        for family in &self.families {
            if heads {
                line.raw(&family.head);
            }
            for series in &family.series {
                if self.conditions.lost && series.unit == 0 {
                    continue;
                }
                if let Some(values) = self.values.get(series.unit) {
                    n += series.write(unix, values, line);
                }
            }
        }
        n
    }

    /// Returns how many lines it writes at most.
    pub fn lines(&self) -> usize {
        1 + self.families.iter().flat_map(|f| &f.series).map(|s| s.lines.len()).sum::<usize>()
    }
}

/// What a gateway sees of a model in a tick: all of its replicas together.
fn behind(workers: &mut [Worker], world: &World, tick: &Tick, values: &mut Values, spreads: &mut Spreads) {
    *values = [0.0; Quantity::COUNT];
    *spreads = [Spread::default(); Observed::COUNT];
    let (mut of_one, mut spreads_of_one) = (*values, *spreads);
    for worker in workers {
        worker.step(world, tick, &mut of_one, &mut spreads_of_one);
        values.iter_mut().zip(&of_one).for_each(|(sum, one)| *sum += one);
        spreads.iter_mut().zip(&spreads_of_one).for_each(|(all, one)| *all = all.joined(*one));
    }
}

impl Node {
    fn step(&mut self, world: &World, tick: &Tick, out: &mut [Values]) -> Conditions {
        let at = tick.unix - world.begin as f64;
        let own = Planned::conditions(&world.planned, Concerns::Pools, &self.pool, self.index, self.of, at);
        let mut values = [0.0; Quantity::COUNT];
        let mut spreads = [Spread::default(); Observed::COUNT];
        let work: Vec<Option<f64>> = self
            .workers
            .iter_mut()
            .map(|worker| {
                let conditions = worker.step(world, tick, &mut values, &mut spreads);
                conditions.alive.then(|| values[Quantity::Utilization as usize])
            })
            .collect();
        for (n, (board, values)) in self.boards.iter_mut().zip(out).enumerate() {
            let work = board.worker.and_then(|w| work.get(w).copied().flatten());
            board.gpu.step(tick.length, work, n == 0, &own, values);
        }
        own
    }
}
