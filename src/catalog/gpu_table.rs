//! The table of GPU models.

use super::name_pattern;
use crate::declare::read_document;
use crate::declare::values::{Count, Finite, LabelValue, Prose, Slug};
use crate::diag::{Sink, did_you_mean};
use crate::source::{Sources, Spanned};
use crate::{spec_table, spec_words};

spec_words! {
    /// Maker of a GPU.
    Vendor, "`nvidia`, `amd` or `intel`" {
        /// NVIDIA.
        Nvidia = "nvidia",
        /// AMD.
        Amd = "amd",
        /// Intel.
        Intel = "intel",
    }
}

spec_table! {
    /// The file.
    RawTable {
        /// Its head.
        optional table: RawHead,
        /// What it was read from.
        optional source: Vec<Spanned<RawSource>>,
        /// The GPUs.
        optional gpu: Vec<Spanned<RawGpu>>,
    }
}

spec_table! {
    /// Head of the table.
    RawHead {
        /// Name.
        optional name: Slug,
        /// What a reader should know.
        optional notes: Vec<Spanned<Prose>>,
    }
}

spec_table! {
    /// A source.
    RawSource {
        /// Short name.
        optional ref_ as "ref": Prose,
        /// Repository or document.
        optional repo: Prose,
        /// Path.
        optional path: Prose,
        /// Version.
        optional version: Prose,
    }
}

spec_table! {
    /// One GPU model.
    RawGpu {
        /// Short name.
        required id: Slug,
        /// Maker.
        required vendor: Vendor,
        /// Readable name.
        required title: Prose,
        /// Other names that users type.
        optional aliases: Vec<Spanned<LabelValue>>,
        /// Nominal memory, GiB.
        required memory_gib: Count,
        /// Memory that a driver reported, MiB.
        optional memory_mib: Count,
        /// Thermal design power, watts.
        optional tdp_watts: Count,
        /// Memory bandwidth, GB/s.
        optional memory_bandwidth_gb_per_s: Finite,
        /// Whether it can be split by MIG.
        optional mig: bool,
        /// Largest number of MIG instances.
        optional mig_max_instances: Count,
        /// Names that exporters reported.
        optional model_names: Vec<Spanned<Prose>>,
        /// RE2 expression of such names.
        optional model_pattern: Prose,
        /// Where the figures come from.
        optional verified: Prose,
        /// What a reader should know.
        optional note: Prose,
    }
}

/// One GPU model.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// Short name, for example `h100-sxm`.
    pub id: String,
    /// Readable name.
    pub title: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Maker.
    pub vendor: Vendor,
    /// Nominal memory, GiB.
    pub memory_gib: u32,
    /// Memory that a driver reported, MiB; nominal where none was recorded.
    pub memory_mib: u32,
    /// Thermal design power, watts.
    pub tdp_watts: Option<u32>,
    /// Whether it can be split by MIG.
    pub mig: bool,
    /// Names that exporters report.
    pub model_names: Vec<String>,
    /// RE2 expression that exporters' model names match, anchored.
    pub model_pattern: Option<String>,
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct GpuTable {
    /// GPUs in the order of the file.
    pub gpus: Vec<Gpu>,
}

impl GpuTable {
    /// Reads the built-in table.
    pub fn builtin() -> Self {
        let mut sources = Sources::default();
        let file = sources.add("profiles/gpus.toml", super::builtin::GPUS);
        let raw: RawTable = read_document(&sources, file, &mut Sink::default());
        let gpus = raw.gpu.into_iter().flat_map(|l| l.value).filter_map(|g| gpu(g.value)).collect();
        Self { gpus }
    }

    /// Finds a GPU by id or alias.
    pub fn get(&self, name: &str) -> Option<&Gpu> {
        self.gpus.iter().find(|g| g.id == name || g.aliases.iter().any(|a| a == name))
    }

    /// Finds a GPU by the name that an exporter reports: by its listed names first, then by its pattern.
    pub fn by_model_name(&self, name: &str) -> Option<&Gpu> {
        let listed = self.gpus.iter().find(|g| g.model_names.iter().any(|n| n == name));
        listed.or_else(|| {
            self.gpus.iter().find(|g| g.model_pattern.as_ref().is_some_and(|p| name_pattern::fits(p, name)))
        })
    }

    /// Returns the nearest id or alias.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.gpus.iter().flat_map(|g| std::iter::once(&g.id).chain(&g.aliases));
        did_you_mean(name, names.map(String::as_str))
    }
}

fn gpu(raw: RawGpu) -> Option<Gpu> {
    let memory_gib = raw.memory_gib?.0;
    Some(Gpu {
        id: raw.id?.as_str().to_owned(),
        title: raw.title?.value.0,
        aliases: raw.aliases.into_iter().flat_map(|l| l.value).map(|a| a.as_str().to_owned()).collect(),
        vendor: raw.vendor?.value,
        memory_gib,
        memory_mib: raw.memory_mib.map_or(memory_gib * 1024, |m| m.0),
        tdp_watts: raw.tdp_watts.map(|w| w.0),
        mig: raw.mig.is_some_and(|m| m.value),
        model_names: raw.model_names.into_iter().flat_map(|l| l.value).map(|n| n.value.0).collect(),
        model_pattern: raw.model_pattern.map(|p| p.value.0),
    })
}
