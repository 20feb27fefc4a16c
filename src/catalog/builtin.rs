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
        aliases: &["amd-device-metrics-exporter", "amdgpu"],
        ..listed("amd-gpu", Kind::Gpu, &[], include_str!("../../profiles/amd-gpu.toml"))
    },
    listed("controller-runtime", Kind::Library, &[], include_str!("../../profiles/controller-runtime.toml")),
    Builtin {
        aliases: &["dcgm"],
        mapped: true,
        ..listed("dcgm-exporter", Kind::Gpu, &["DCGM_"], include_str!("../../profiles/dcgm-exporter.toml"))
    },
    Builtin {
        aliases: &["ai-dynamo"],
        ..listed(
            "dynamo",
            Kind::Serving,
            &[
                "dynamo_frontend_",
                "dynamo_router_",
                "dynamo_request_plane_",
                "dynamo_tokio_",
                "dynamo_transport_",
                "dynamo_component_",
            ],
            include_str!("../../profiles/dynamo.toml"),
        )
    },
    Builtin {
        aliases: &["ai-gateway"],
        mapped: true,
        ..listed("envoy-ai-gateway", Kind::Gateway, &[], include_str!("../../profiles/envoy-ai-gateway.toml"))
    },
    Builtin {
        aliases: &["llm-d-router", "llm-d-inference-scheduler"],
        mapped: true,
        ..listed(
            "epp",
            Kind::Gateway,
            &["llm_d_epp_", "llm_d_inference_scheduler_"],
            include_str!("../../profiles/epp.toml"),
        )
    },
    Builtin {
        aliases: &["gaie", "gateway-api-inference-extension"],
        mapped: true,
        ..listed(
            "epp-gaie",
            Kind::Gateway,
            &["inference_extension_", "inference_objective_", "inference_model_", "inference_pool_", "bbr_"],
            include_str!("../../profiles/epp-gaie.toml"),
        )
    },
    Builtin {
        aliases: &["habana", "intel-gaudi"],
        ..listed("gaudi", Kind::Gpu, &["habanalabs_"], include_str!("../../profiles/gaudi.toml"))
    },
    listed("go-client", Kind::Library, &[], include_str!("../../profiles/go-client.toml")),
    Builtin {
        aliases: &["kong"],
        mapped: true,
        ..listed("kong-ai", Kind::Gateway, &["kong_ai_"], include_str!("../../profiles/kong-ai.toml"))
    },
    listed("kserve", Kind::Serving, &[], include_str!("../../profiles/kserve.toml")),
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
        aliases: &["litellm-proxy"],
        mapped: true,
        ..listed("litellm", Kind::Gateway, &["litellm_"], include_str!("../../profiles/litellm.toml"))
    },
    Builtin {
        aliases: &["ogx"],
        ..listed(
            "llama-stack",
            Kind::Serving,
            &["ogx_", "llama_stack_"],
            include_str!("../../profiles/llama-stack.toml"),
        )
    },
    Builtin {
        aliases: &["llama-cpp", "llama-server"],
        ..listed("llamacpp", Kind::Engine, &["llamacpp:"], include_str!("../../profiles/llamacpp.toml"))
    },
    listed("lmdeploy", Kind::Engine, &["lmdeploy:"], include_str!("../../profiles/lmdeploy.toml")),
    listed("nim", Kind::Engine, &[], include_str!("../../profiles/nim.toml")),
    listed("node-exporter", Kind::Cluster, &["node_"], include_str!("../../profiles/node-exporter.toml")),
    listed("opencost", Kind::Cluster, &["kubecost_"], include_str!("../../profiles/opencost.toml")),
    listed("opentelemetry", Kind::Library, &[], include_str!("../../profiles/opentelemetry.toml")),
    Builtin {
        aliases: &["gen-ai"],
        ..listed("otel-genai", Kind::Telemetry, &["gen_ai_"], include_str!("../../profiles/otel-genai.toml"))
    },
    Builtin {
        aliases: &["opentelemetry-collector"],
        ..listed("otelcol", Kind::Telemetry, &["otelcol_"], include_str!("../../profiles/otelcol.toml"))
    },
    listed("prometheus", Kind::Telemetry, &["prometheus_"], include_str!("../../profiles/prometheus.toml")),
    listed("python-client", Kind::Library, &[], include_str!("../../profiles/python-client.toml")),
    Builtin {
        aliases: &["ray"],
        wraps: &[("vllm", "ray_"), ("sglang", "ray_")],
        ..listed("ray-serve", Kind::Serving, &["ray_serve_"], include_str!("../../profiles/ray-serve.toml"))
    },
    Builtin {
        mapped: true,
        ..listed("sglang", Kind::Engine, &["sglang:"], include_str!("../../profiles/sglang.toml"))
    },
    Builtin {
        aliases: &["trtllm", "trtllm-serve"],
        ..listed("tensorrt-llm", Kind::Engine, &["trtllm_"], include_str!("../../profiles/tensorrt-llm.toml"))
    },
    Builtin {
        aliases: &["text-generation-inference"],
        mapped: true,
        ..listed("tgi", Kind::Engine, &["tgi_"], include_str!("../../profiles/tgi.toml"))
    },
    Builtin {
        aliases: &["tritonserver", "triton-inference-server"],
        ..listed("triton", Kind::Engine, &["nv_"], include_str!("../../profiles/triton.toml"))
    },
    Builtin {
        aliases: &["vllm-openai"],
        mapped: true,
        ..listed("vllm", Kind::Engine, &["vllm:"], include_str!("../../profiles/vllm.toml"))
    },
    Builtin {
        aliases: &["vllm-stack-router", "production-stack"],
        mapped: true,
        ..listed("vllm-router", Kind::Gateway, &[], include_str!("../../profiles/vllm-router.toml"))
    },
];

/// Which built-in profiles list a name: a line per name, sorted by bytes, with the profiles behind a tab.
pub const INDEX: &str = include_str!("../../profiles/index.tsv");

/// The GPU table.
pub const GPUS: &str = include_str!("../../profiles/gpus.toml");

/// The table of XID codes.
pub const XID: &str = include_str!("../../profiles/xid.toml");
