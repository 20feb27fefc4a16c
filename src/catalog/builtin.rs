//! The profiles that are compiled in.

use super::Kind;

/// One built-in profile. Name, kind and aliases repeat what the file says, so that a list of names needs no reading; a test
/// holds both together.
pub struct Builtin {
    /// Name of the profile.
    pub name: &'static str,
    /// Other names that users type.
    pub aliases: &'static [&'static str],
    /// What it exports about.
    pub kind: Kind,
    /// The file.
    pub text: &'static str,
}

/// Every built-in profile, by name.
pub const BUILTIN: &[Builtin] = &[
    Builtin {
        name: "dcgm-exporter",
        aliases: &["dcgm"],
        kind: Kind::Gpu,
        text: include_str!("../../profiles/dcgm-exporter.toml"),
    },
    Builtin {
        name: "kube-state-metrics",
        aliases: &["ksm"],
        kind: Kind::Cluster,
        text: include_str!("../../profiles/kube-state-metrics.toml"),
    },
    Builtin { name: "sglang", aliases: &[], kind: Kind::Engine, text: include_str!("../../profiles/sglang.toml") },
    Builtin {
        name: "tgi",
        aliases: &["text-generation-inference"],
        kind: Kind::Engine,
        text: include_str!("../../profiles/tgi.toml"),
    },
    Builtin {
        name: "vllm",
        aliases: &["vllm-openai"],
        kind: Kind::Engine,
        text: include_str!("../../profiles/vllm.toml"),
    },
];

/// The GPU table.
pub const GPUS: &str = include_str!("../../profiles/gpus.toml");
