//! The catalogue: every metric of every exporter by release, and how our signals map to them.
//!
//! Profiles are data (`profiles/*.toml`, compiled in, or a user's own files). A profile is read when it is first asked for. This
//! module answers questions; it decides nothing about rules.

mod builtin;
mod gpu_table;
mod index;
mod labels;
mod lookup;
mod name_pattern;
mod profile;
mod raw;
mod read;
mod release;
mod signal;
mod view;
mod xid_table;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use builtin::{BUILTIN, INDEX};
pub use gpu_table::{Gpu, GpuTable, Vendor};
pub use index::make as make_index;
pub use labels::{LabelOrigin, label_is_known, label_origin};
pub use lookup::{Hit, Part, Rewriting, underscored};
pub use profile::{
    Across, Certainty, Deployment, Generation, Kind, LeSpelling, Metric, MetricType, Missing, OtlpMode, PassesOn,
    Profile, Range, Semantics, SignalEntry, Status,
};
pub use raw::fields as profile_fields;
pub use read::read_profile;
pub use release::Release;
pub use signal::{Signal, SignalKind};
pub use view::{Found, Matched, Selected, SignalSource, View};
pub use xid_table::{Xid, XidClass, xid_table};

use crate::diag::Sink;
use crate::parallel;
use crate::source::Sources;

/// All profiles of a run.
#[derive(Default)]
pub struct Catalog {
    own: BTreeMap<String, Arc<Profile>>,
    loaded: BTreeMap<String, Arc<Profile>>,
    signals: BTreeMap<(String, String, Option<String>), BTreeMap<Signal, Found>>,
}

impl Catalog {
    /// Adds a user's profile. It replaces a built-in one of the same name.
    pub fn add(&mut self, profile: Profile) {
        self.own.insert(profile.name.clone(), Arc::new(profile));
    }

    /// Returns the profile of a name or alias, reading it if this is the first time.
    pub fn profile(&mut self, name: &str) -> Option<Arc<Profile>> {
        if let Some(own) = self.own.get(name) {
            return Some(own.clone());
        }
        if let Some(own) = self.own.values().find(|p| p.aliases.iter().any(|a| a == name)) {
            return Some(own.clone());
        }
        let entry = BUILTIN.iter().find(|b| b.name == name || b.aliases.contains(&name))?;
        if let Some(loaded) = self.loaded.get(entry.name) {
            return Some(loaded.clone());
        }
        let profile = Arc::new(load(entry)?);
        self.loaded.insert(entry.name.to_owned(), profile.clone());
        Some(profile)
    }

    /// Reads the profiles of some names and aliases at the same time. Names that nothing has are passed over.
    pub fn prepare<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        let mut entries: Vec<&builtin::Builtin> = Vec::new();
        for name in names {
            let own = |p: &Profile| p.name == name || p.aliases.iter().any(|a| a == name);
            let entry = BUILTIN.iter().find(|b| b.name == name || b.aliases.contains(&name));
            entries.extend(entry.filter(|e| {
                !self.own.values().any(|p| own(p))
                    && !self.loaded.contains_key(e.name)
                    && !entries.iter().any(|seen| seen.name == e.name)
            }));
        }
        for (entry, profile) in entries.iter().zip(parallel::map(&entries, 1, |e| load(e))) {
            self.loaded.extend(profile.map(|p| (entry.name.to_owned(), Arc::new(p))));
        }
    }

    /// Returns every signal of an engine at one release: from where, or why not. Looked up once per release, however many models
    /// run it.
    pub fn engine_signals(&mut self, view: &View) -> BTreeMap<Signal, Found> {
        let key = (view.profile.name.clone(), view.release.to_string(), view.generation.clone());
        let all = || Signal::OF_ENGINES.iter().map(|s| (*s, view.signal(*s))).collect();
        self.signals.entry(key).or_insert_with(all).clone()
    }

    /// Returns the engine of a name or alias, if a llmobs.toml can name it: built-in profiles must map signals.
    pub fn engine(&mut self, name: &str) -> Option<Arc<Profile>> {
        self.usable(name, Kind::Engine)
    }

    /// Returns every signal of a gateway at one release: from where, or why not.
    pub fn gateway_signals(view: &View) -> BTreeMap<Signal, Found> {
        Signal::OF_GATEWAYS.iter().map(|s| (*s, view.signal(*s))).collect()
    }

    /// Returns the gateway of a name or alias, if a llmobs.toml can name it.
    pub fn gateway(&mut self, name: &str) -> Option<Arc<Profile>> {
        self.usable(name, Kind::Gateway)
    }

    /// Returns the names of the gateways whose newest release gives a signal.
    pub fn gateways_with(&mut self, signal: Signal) -> Vec<String> {
        let mut names = self.gateway_names();
        names.retain(|name| {
            let profile = self.gateway(name);
            let newest = profile.and_then(|p| Some(p.select(p.releases.last()?, None)?.view));
            newest.is_some_and(|view| matches!(view.signal(signal), Found::Here(_)))
        });
        names
    }

    /// Returns the GPU exporter of a name or alias, if a llmobs.toml can name it.
    pub fn gpu_exporter(&mut self, name: &str) -> Option<Arc<Profile>> {
        self.usable(name, Kind::Gpu)
    }

    fn usable(&mut self, name: &str, kind: Kind) -> Option<Arc<Profile>> {
        let profile = self.profile(name).filter(|p| p.kind == kind)?;
        let own = self.own.contains_key(&profile.name);
        (own || BUILTIN.iter().any(|b| b.name == profile.name && b.mapped)).then_some(profile)
    }

    /// Returns the names of the engines that can be named, the user's own first.
    pub fn engine_names(&self) -> Vec<String> {
        self.usable_names(Kind::Engine)
    }

    /// Returns the names of the gateways that can be named.
    pub fn gateway_names(&self) -> Vec<String> {
        self.usable_names(Kind::Gateway)
    }

    /// Returns the names of the GPU exporters that can be named.
    pub fn gpu_exporter_names(&self) -> Vec<String> {
        self.usable_names(Kind::Gpu)
    }

    fn usable_names(&self, kind: Kind) -> Vec<String> {
        let own = self.own.values().filter(|p| p.kind == kind).map(|p| p.name.clone());
        let builtin = BUILTIN.iter().filter(|b| b.kind == kind && b.mapped && !self.own.contains_key(b.name));
        own.chain(builtin.map(|b| b.name.to_owned())).collect()
    }
}

/// Reads a built-in profile. A test reads them all, so `None` is an internal mistake that shows there.
fn load(entry: &builtin::Builtin) -> Option<Profile> {
    let mut sources = Sources::default();
    let file = sources.add(format!("profiles/{}.toml", entry.name), entry.text);
    let mut sink = Sink::default();
    let profile = read_profile(&sources, file, &mut sink);
    if sink.has_errors() { None } else { profile }
}
