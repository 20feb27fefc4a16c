//! The physics of one GPU: it works as its replica does, and gets warm. Knows no metric.

use super::quantity::{Quantity, Values};
use super::scenario::Conditions;
use crate::resolve::Pool;

/// Watts where the table of GPUs has none.
const USUAL_WATTS: f64 = 300.0;
/// Degrees of the air, and above it at full power.
const AIR: f64 = 30.0;
const RISE: f64 = 42.0;
/// Seconds in which two thirds of a change of temperature happen.
const INERTIA: f64 = 90.0;
/// Degrees that a GPU without enough cooling reaches.
const TOO_HOT: f64 = 93.0;
/// Share of time that it is slowed down then.
const SLOWED: f64 = 0.35;
/// Share of the memory that engines reserve at start.
const RESERVED_BY_ENGINE: f64 = 0.90;
/// Share of the memory that the driver keeps.
const RESERVED_BY_DRIVER: f64 = 0.008;
/// Clock under load and at rest, in hertz.
const CLOCK: f64 = 1.6e9;
const CLOCK_AT_REST: f64 = 0.3e9;
/// Bytes per second over the links at full work.
const TRAFFIC: f64 = 6e9;

/// Seconds for which the exporter counts an XID error.
const XID_WINDOW: f64 = 300.0;

/// One GPU.
#[derive(Clone, Debug)]
pub struct Gpu {
    memory: f64,
    watts: f64,
    temperature: f64,
    /// Code of the last XID error.
    xid: u32,
    /// Seconds since it.
    since_xid: f64,
}

impl Gpu {
    /// Makes a GPU of a pool.
    pub fn new(pool: &Pool) -> Self {
        Self {
            memory: f64::from(pool.gpu.memory_mib) * 1_048_576.0,
            watts: pool.gpu.tdp_watts.map_or(USUAL_WATTS, f64::from),
            temperature: AIR + 0.3 * RISE,
            xid: 0,
            since_xid: f64::INFINITY,
        }
    }

    /// Works for some seconds. `work` is the share of time that its replica keeps it busy, `None` without a replica; only the
    /// `first` GPU of a node has the troubles that one GPU has.
    pub fn step(&mut self, seconds: f64, work: Option<f64>, first: bool, conditions: &Conditions, values: &mut Values) {
        *values = [0.0; Quantity::COUNT];
        let is_held = work.is_some();
        let work = work.map_or(0.0, |w| w * (1.0 - 0.2 * conditions.heat));
        // Engines reserve their share at start, working or not.
        let used = if is_held { self.memory * RESERVED_BY_ENGINE } else { 4e6 };
        let watts = self.watts * (0.13 + 0.75 * work);
        let cooled = AIR + RISE * watts / self.watts;
        let goal = cooled + (TOO_HOT - cooled) * conditions.heat;
        self.temperature += (goal - self.temperature) * (1.0 - (-seconds / INERTIA).exp());
        let xid = if first { conditions.xid } else { 0 };
        // The field shows the last code for as long as the driver runs.
        let struck = xid != 0 && self.xid != xid;
        self.since_xid += seconds;
        if struck {
            (self.xid, self.since_xid) = (xid, 0.0);
        }
        let reserved = self.memory * RESERVED_BY_DRIVER;
        let mut set = |quantity: Quantity, value: f64| values[quantity as usize] = value;
        set(Quantity::Utilization, work);
        set(Quantity::MemoryReserved, reserved);
        set(Quantity::MemoryUsed, used);
        set(Quantity::MemoryFree, self.memory - reserved - used);
        set(Quantity::Temperature, self.temperature.round());
        set(Quantity::MemoryTemperature, (self.temperature + 8.0).round());
        set(Quantity::TemperatureLimit, TOO_HOT);
        set(Quantity::Power, watts);
        set(Quantity::PowerLimit, self.watts);
        set(Quantity::Energy, watts * seconds);
        set(Quantity::ThermalThrottle, SLOWED * conditions.heat * seconds);
        set(Quantity::PowerThrottle, 0.01 * work * seconds);
        set(Quantity::Xid, f64::from(self.xid));
        set(Quantity::XidCount, if self.since_xid < XID_WINDOW { 1.0 } else { 0.0 });
        set(Quantity::EccDbe, if struck { 1.0 } else { 0.0 });
        set(Quantity::Clock, if work > 0.0 { CLOCK * (1.0 - 0.4 * conditions.heat) } else { CLOCK_AT_REST });
        set(Quantity::Traffic, TRAFFIC * work);
    }
}
