//! Scenarios: what goes wrong, when, and for whom. One file each; a scenario changes the [`Conditions`] of a server and nothing
//! else, so the physics decide what can be seen of it.

mod cache_collapse;
mod cold_start;
mod conditions;
mod errors;
mod exporter_down;
mod gpu_lost;
mod idle;
mod kv_pressure;
mod low_traffic;
mod outage;
mod restart;
mod scale_down;
mod slow;
mod stuck;
mod thermal;
mod traffic_spike;
mod xid;

use std::collections::BTreeSet;

pub use conditions::Conditions;
pub use xid::CODE as XID;

use crate::diag::did_you_mean;
use crate::resolve::Plan;
use crate::units::Duration;

/// Whose conditions a scenario changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerns {
    /// Replicas of models.
    Models,
    /// Nodes of pools.
    Pools,
}

/// A kind of trouble.
#[derive(Debug)]
pub struct Scenario {
    /// Name.
    pub name: &'static str,
    /// What happens; one clause.
    pub about: &'static str,
    /// Whose conditions it changes.
    pub concerns: Concerns,
    /// Changes them.
    pub apply: fn(&mut Conditions, &Moment),
}

/// A moment of a scenario, seen by one server.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Seconds since it began.
    pub elapsed: f64,
    /// Seconds that it lasts.
    pub length: f64,
    /// Number of the replica of its model, or of the node of its pool.
    pub index: u32,
    /// How many of them there are.
    pub of: u32,
}

impl Moment {
    /// Returns how much of the trouble is there: it takes a tenth of its time, two minutes at most, to come.
    pub fn risen(&self) -> f64 {
        (self.elapsed / (self.length / 10.0).clamp(1.0, 120.0)).clamp(0.0, 1.0)
    }
}

/// Every scenario, by name.
pub const ALL: &[Scenario] = &[
    cache_collapse::SCENARIO,
    cold_start::SCENARIO,
    errors::SCENARIO,
    exporter_down::SCENARIO,
    gpu_lost::SCENARIO,
    idle::SCENARIO,
    kv_pressure::SCENARIO,
    low_traffic::SCENARIO,
    outage::SCENARIO,
    restart::SCENARIO,
    scale_down::SCENARIO,
    slow::SCENARIO,
    stuck::SCENARIO,
    thermal::SCENARIO,
    traffic_spike::SCENARIO,
    xid::SCENARIO,
];

/// A scenario with its time and subject.
#[derive(Clone, Debug)]
pub struct Planned {
    scenario: &'static Scenario,
    /// Model or pool; all of them if `None`.
    subject: Option<String>,
    /// Seconds since the simulated time began.
    start: f64,
    length: f64,
}

/// Why the text of a scenario cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// One line.
    pub message: String,
    /// What to do.
    pub help: String,
}

fn unusable(message: String, help: impl Into<String>) -> Unusable {
    Unusable { message, help: help.into() }
}

fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = all.into_iter().map(|n| format!("`{n}`")).collect();
    all.join(", ")
}

impl Planned {
    /// Reads `NAME[:SUBJECT]@START+LENGTH`.
    ///
    /// # Errors
    /// The text has another form, or names a scenario, model or pool that there is not.
    pub fn parse(text: &str, plan: &Plan) -> Result<Self, Unusable> {
        const FORM: &str = "Write NAME[:SUBJECT]@START+LENGTH, for example `kv-pressure:chat@10m+5m`";
        let form = || unusable(format!("cannot read the scenario `{text}`"), FORM);
        let (who, when) = text.split_once('@').ok_or_else(form)?;
        let (start, length) = when.split_once('+').ok_or_else(form)?;
        let (name, subject) = who.split_once(':').map_or((who, None), |(name, subject)| (name, Some(subject)));
        let scenario = ALL.iter().find(|s| s.name == name).ok_or_else(|| {
            let near = did_you_mean(name, ALL.iter().map(|s| s.name));
            let near = near.map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
            unusable(
                format!("there is no scenario `{name}`"),
                format!("{near}there are: {}", names(ALL.iter().map(|s| s.name))),
            )
        })?;
        let read = |duration: &str| {
            // A scenario may begin at once.
            if duration == "0" || duration == "0s" {
                return Ok(0.0);
            }
            let read = Duration::parse(duration).map(Duration::secs_f64);
            read.map_err(|why| unusable(format!("cannot read `{duration}` in the scenario `{text}`: {why}"), FORM))
        };
        let (start, length) = (read(start)?, read(length)?);
        if length <= 0.0 {
            return Err(unusable(format!("the scenario `{text}` has no length"), FORM));
        }
        let known: BTreeSet<&str> = match scenario.concerns {
            Concerns::Models => plan.models.keys().map(String::as_str).collect(),
            Concerns::Pools => plan.pools.keys().map(String::as_str).collect(),
        };
        let what = if scenario.concerns == Concerns::Models { "model" } else { "pool" };
        if known.is_empty() {
            let help = format!("Declare a {what} in llmobs.toml");
            return Err(unusable(format!("the scenario `{name}` needs a {what}, and there is none"), help));
        }
        if let Some(unknown) = subject.filter(|s| !known.contains(s)) {
            return Err(unusable(
                format!("the scenario `{name}` concerns a {what}, and there is no {what} `{unknown}`"),
                format!("there are: {}", names(known)),
            ));
        }
        Ok(Self { scenario, subject: subject.map(str::to_owned), start, length })
    }

    /// Returns the conditions of a server at a time, given in seconds since the simulated time began.
    pub fn conditions(all: &[Self], concerns: Concerns, subject: &str, index: u32, of: u32, at: f64) -> Conditions {
        let mut conditions = Conditions::default();
        for planned in all.iter().filter(|p| p.scenario.concerns == concerns) {
            let elapsed = at - planned.start;
            let mine = planned.subject.as_deref().is_none_or(|s| s == subject);
            if mine && (0.0..planned.length).contains(&elapsed) {
                (planned.scenario.apply)(&mut conditions, &Moment { elapsed, length: planned.length, index, of });
            }
        }
        conditions
    }
}
