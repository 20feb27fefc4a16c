//! The profiles that are compiled in.

use super::Kind;

/// One built-in profile. What is said here repeats what the file says, so that lists and look-ups need no reading; a test holds
/// both together.
pub struct Builtin {
    /// Name of the profile.
    pub name: &'static str,
    /// Other names that users type.
    pub aliases: &'static [&'static str],
    /// What it exports about.
    pub kind: Kind,
    /// Whether it maps signals, so that a llmobs.toml can name it.
    pub mapped: bool,
    /// Prefixes of names that it owns.
    pub prefixes: &'static [&'static str],
    /// Exporters whose metrics come through this one under a prefix: profile and prefix.
    pub wraps: &'static [(&'static str, &'static str)],
    /// The file.
    pub text: &'static str,
}

/// Most profiles map no signals, have no other names and wrap nothing.
const fn listed(name: &'static str, kind: Kind, prefixes: &'static [&'static str], text: &'static str) -> Builtin {
    Builtin { name, aliases: &[], kind, mapped: false, prefixes, wraps: &[], text }
}

/// Every built-in profile, by name.
pub const BUILTIN: &[Builtin] = &[
    Builtin {
        aliases: &["dcgm"],
        mapped: true,
        ..listed("dcgm-exporter", Kind::Gpu, &["DCGM_"], include_str!("../../profiles/dcgm-exporter.toml"))
    },
    Builtin {
        aliases: &["ksm"],
        ..listed(
            "kube-state-metrics",
            Kind::Cluster,
            &["kube_"],
            include_str!("../../profiles/kube-state-metrics.toml"),
        )
    },
    Builtin {
        mapped: true,
        ..listed("sglang", Kind::Engine, &["sglang:"], include_str!("../../profiles/sglang.toml"))
    },
    Builtin {
        aliases: &["text-generation-inference"],
        mapped: true,
        ..listed("tgi", Kind::Engine, &["tgi_"], include_str!("../../profiles/tgi.toml"))
    },
    Builtin {
        aliases: &["vllm-openai"],
        mapped: true,
        ..listed("vllm", Kind::Engine, &["vllm:"], include_str!("../../profiles/vllm.toml"))
    },
];

/// Which built-in profiles list a name: a line per name, sorted by bytes, with the profiles behind a tab.
pub const INDEX: &str = include_str!("../../profiles/index.tsv");

/// The GPU table.
pub const GPUS: &str = include_str!("../../profiles/gpus.toml");
