//! What proves an alert: states of the world, in quantities and not in series, in which it must fire or stay silent.
//!
//! Holds values only; `emit::proofs` turns them into the series of an exporter. Every state is said as what differs from calm.

use std::collections::BTreeMap;

use crate::catalog::Signal;
use crate::promql::Selector;
use crate::units::Duration;

/// A quantity that a state sets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Driver {
    /// A signal: the value of a gauge, or what a counter gains per second, in the base unit. A histogram has a [`Spread`].
    Of(Signal),
    /// A gauge that climbs from zero, per second, in the base unit.
    Climbing(Signal),
    /// One series of a signal, told apart by a label.
    With(Signal, String, String),
    /// What the labels of a signal say now, in the order of its labels, while old label sets stay on the page.
    Saying(Signal, BTreeMap<String, String>),
    /// A gauge of a program that no model or pool describes, by its selector as text.
    Gauge(String),
    /// A counter of such a program, per second.
    Counter(String),
}

/// How the observations of a latency are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Observations per second.
    pub per_second: f64,
    /// Share that is slower than `edge`, 0 to 1; the others are as slow as allowed.
    pub slow: f64,
    /// An edge of the histogram, seconds; 0 puts all into the lowest bucket.
    pub edge: f64,
}

/// Servers of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// Those that Prometheus knows.
    pub known: u32,
    /// Those that answer.
    pub up: u32,
}

/// A state of the world: what differs from calm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Signals and foreign series.
    pub values: BTreeMap<Driver, f64>,
    /// Latencies.
    pub latencies: BTreeMap<Signal, Spread>,
    /// Servers, if not all of a model's answer.
    pub replicas: Option<Replicas>,
    /// GPUs that report, if not as many as usual.
    pub gpus: Option<u32>,
}

/// How long a state must last until the condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rise {
    /// From the next evaluation on.
    AtOnce,
    /// Once it fills this window nearly whole: the bad states exceed the threshold by a twentieth.
    Window(Duration),
    /// Once it fills a part of this window.
    Within(Duration),
}

/// What an alert does when the series that it reads are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenGone {
    /// It stays silent: there is nothing to judge.
    Silent,
    /// It fires: being gone is what it watches.
    Fires,
}

/// The past that an alert compares with.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// How things were then, with just enough to compare with.
    pub state: State,
    /// The same with too little to compare with: the last bad state is none then.
    pub short: State,
    /// How things were before the hour that is compared with: so that an alert which looks back further stays silent.
    pub before: State,
    /// How things are now before the last bad state, to the same end.
    pub lead: State,
    /// How long ago, each.
    pub ago: Vec<Duration>,
}

/// What proves an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// States in which it must fire, each just beyond one side of the condition.
    pub bad: Vec<State>,
    /// States in which it must fire and the condition holds from the next evaluation on, whatever [`Self::rise`] says.
    pub sudden: Vec<State>,
    /// States in which it must stay silent, each just short of one side.
    pub below: Vec<State>,
    /// How fast it notices.
    pub rise: Rise,
    /// How fast it calms down; the longest window that the condition looks back over.
    pub fall: Duration,
    /// What follows a bad state where it is not calm: whatever is bad but for what the windows look at.
    pub after: Option<State>,
    /// What it does without series.
    pub when_gone: WhenGone,
    /// What it compares with.
    pub past: Option<Past>,
    /// What is always so in its tests, where a state does not say otherwise.
    pub calm: State,
    /// Labels of the alert that tell it from others of its kind.
    pub told_apart: BTreeMap<String, String>,
}

impl State {
    /// Adds what another state sets; what both set stays.
    pub fn add(&mut self, other: &Self) {
        for (driver, value) in &other.values {
            self.values.entry(driver.clone()).or_insert(*value);
        }
        for (signal, spread) in &other.latencies {
            self.latencies.entry(*signal).or_insert(*spread);
        }
        self.replicas = self.replicas.or(other.replicas);
        self.gpus = self.gpus.or(other.gpus);
    }

    /// Sets a signal.
    #[must_use]
    pub fn with(mut self, signal: Signal, value: f64) -> Self {
        self.values.insert(Driver::Of(signal), value);
        self
    }

    /// Makes a gauge climb from zero.
    #[must_use]
    pub fn climbing(mut self, signal: Signal, per_second: f64) -> Self {
        self.values.insert(Driver::Climbing(signal), per_second);
        self
    }

    /// Sets the series of a signal that has a label.
    #[must_use]
    pub fn labelled(mut self, signal: Signal, label: &str, label_value: &str, value: f64) -> Self {
        self.values.insert(Driver::With(signal, label.to_owned(), label_value.to_owned()), value);
        self
    }

    /// Sets what the labels of a signal say, by label.
    #[must_use]
    pub fn saying<const N: usize>(mut self, signal: Signal, labels: [(&str, String); N]) -> Self {
        let labels = labels.into_iter().map(|(label, value)| (label.to_owned(), value)).collect();
        self.values.insert(Driver::Saying(signal, labels), 1.0);
        self
    }

    /// Sets a gauge that no model or pool describes; NaN where it is not there.
    #[must_use]
    pub fn gauge(mut self, series: &Selector, value: f64) -> Self {
        self.values.insert(Driver::Gauge(series.to_string()), value);
        self
    }

    /// Sets what a counter gains per second that no model or pool describes.
    #[must_use]
    pub fn counter(mut self, series: &Selector, per_second: f64) -> Self {
        self.values.insert(Driver::Counter(series.to_string()), per_second);
        self
    }

    /// Sets a latency.
    #[must_use]
    pub fn latency(mut self, signal: Signal, spread: Spread) -> Self {
        self.latencies.insert(signal, spread);
        self
    }

    /// Sets the servers.
    #[must_use]
    pub fn replicas(mut self, known: u32, up: u32) -> Self {
        self.replicas = Some(Replicas { known, up });
        self
    }

    /// Sets the number of GPUs that report.
    #[must_use]
    pub fn gpus(mut self, gpus: u32) -> Self {
        self.gpus = Some(gpus);
        self
    }
}

impl Proof {
    /// Makes a proof of a condition on values of now.
    pub fn at_once(bad: Vec<State>, below: Vec<State>) -> Self {
        Self {
            bad,
            sudden: Vec::new(),
            below,
            rise: Rise::AtOnce,
            fall: Duration::default(),
            after: None,
            when_gone: WhenGone::Silent,
            past: None,
            calm: State::default(),
            told_apart: BTreeMap::new(),
        }
    }

    /// Makes a proof of a condition on rates over a window.
    pub fn over(window: Duration, bad: Vec<State>, below: Vec<State>) -> Self {
        Self { rise: Rise::Window(window), fall: window, ..Self::at_once(bad, below) }
    }
}
