//! Whose page a series stands on: that of a model's engine, or that of a gateway in front of it.

use crate::catalog::{Profile, Signal, SignalSource};
use crate::promql::Selector;
use crate::resolve::{Gateway, Model};

/// A page, and the model that it is read for.
#[derive(Clone, Copy)]
pub enum Page<'a> {
    /// The engine's.
    Engine(&'a Model),
    /// A gateway's.
    Gateway(&'a Gateway, &'a Model),
}

impl<'a> Page<'a> {
    /// Returns the source of a signal, if the page has it.
    pub fn source(self, signal: Signal) -> Option<&'a SignalSource> {
        match self {
            Self::Engine(model) => model.source(signal),
            Self::Gateway(gateway, _) => gateway.source(signal),
        }
    }

    /// Returns the profile that describes it.
    pub fn profile(self) -> &'a Profile {
        match self {
            Self::Engine(model) => &model.engine.profile,
            Self::Gateway(gateway, _) => &gateway.kind.profile,
        }
    }

    /// Returns a selector of a series about the model.
    pub fn selector(self, source: &SignalSource, series: &str) -> Selector {
        match self {
            Self::Engine(model) => model.selector(source, series),
            Self::Gateway(gateway, model) => gateway.selector(source, series, &model.name),
        }
    }

    /// Returns how many slots for adapters there are.
    pub fn slots(self) -> Option<u32> {
        match self {
            Self::Engine(model) => model.lora_slots,
            Self::Gateway(..) => None,
        }
    }

    /// Returns the label that tells replicas apart, with its value for one of them.
    pub fn replica(self, index: u32) -> (String, String) {
        let (label, name) = match self {
            Self::Engine(model) => (model.replica_label(), &model.name),
            Self::Gateway(gateway, _) => (gateway.replica_label(), &gateway.name),
        };
        let port = if label == "instance" { ":8000" } else { "" };
        (label.to_owned(), format!("{name}-{index}{port}"))
    }
}
