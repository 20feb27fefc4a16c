//! Models that differ in nothing but their names are judged once. Whatever else differs makes another kind, and the rules of models
//! of one kind are the same text but for their names.

use std::collections::BTreeMap;

use llmobs::resolve::{Model, Plan};
use llmobs::source::MemoryWorld;
use llmobs::{Program, compile};

const HEAD: &str = r#"
version = 1
project.name = "alike"
kubernetes.kube_state_metrics = true
[gpus.l4]
model = "l4"
[gpus.h100]
model = "h100-sxm"
[costs]
rates = { l4 = 0.8, h100 = 2.95 }
budgets = { of-budget = 900.0 }
[gateways.litellm]
kind = "litellm"
version = "1.70.0"
pods = { app = "litellm" }
models = { first-kind = "name-at-gateway", other-name = "name-elsewhere-", measured = "measured" }
"#;

/// Keys of every model here, unless its own say otherwise; `{}` is its name.
const USUAL: &[(&str, &str)] = &[
    ("engine", "\"vllm\""),
    ("version", "\"0.11.0\""),
    ("pods", "{ app = \"{}\" }"),
    ("pool", "\"l4\""),
    ("slos.ttft", "{ objective = \"99%\", threshold = \"2.5s\" }"),
];

/// Models by their own keys; a key without value is left out. Names of one kind are equally long: long lines are broken.
const MODELS: &[(&str, &[(&str, &str)])] = &[
    ("first-kind", &[("namespace", "\"space-one\"")]),
    ("other-name", &[("namespace", "\"space-two\"")]),
    ("plain", &[]),
    ("of-budget", &[]),
    ("measured", &[("slos.errors", "{ objective = \"99%\", measured_at = \"litellm\" }")]),
    ("served-one", &[("served_model_name", "\"org/{}\"")]),
    ("served-too", &[("served_model_name", "\"org/{}\"")]),
    ("port", &[("port", "8001")]),
    ("path", &[("path", "\"/other\"")]),
    ("deployment", &[("workload", "\"deployment/{}\"")]),
    ("stateful-set", &[("workload", "\"statefulset/{}\"")]),
    ("replicas", &[("replicas", "2")]),
    ("more-replicas", &[("replicas", "3")]),
    ("gpus", &[("gpus_per_replica", "4")]),
    ("adapters", &[("lora_slots", "2")]),
    ("buckets", &[("buckets.ttft", "[\"1s\", \"2.5s\", \"5s\"]")]),
    ("errors", &[("slos.errors", "{ objective = \"99%\" }")]),
    ("objective", &[("slos.errors", "{ objective = \"99.5%\" }")]),
    ("events", &[("slos.errors", "{ objective = \"99%\", min_bad_events = 7 }")]),
    ("windows", &[("slos.errors", "{ objective = \"99%\", alert_windows = [\"1h\"] }")]),
    ("window", &[("slos.window", "\"7d\"")]),
    ("traffic", &[("slos.expected_requests_per_day", "1000000")]),
    ("version", &[("version", "\"0.8.5.post1\"")]),
    ("pool", &[("pool", "\"h100\"")]),
    ("service", &[("pods", ""), ("service", "{ app = \"service\" }")]),
    ("slower", &[("slos.ttft", "{ objective = \"99%\", threshold = \"5s\" }")]),
    ("foreign", &[("pods", ""), ("monitor", "false"), ("matchers", "{ job = \"{}\" }")]),
    ("foreign-too", &[("pods", ""), ("monitor", "false"), ("matchers", "{ job = \"{}\" }")]),
    ("together-a", &[("pods", "{ app = \"together\" }"), ("served_model_name", "\"org/{}\"")]),
    ("together-b", &[("pods", "{ app = \"together\" }"), ("served_model_name", "\"org/{}\"")]),
    ("engine", &[("engine", "\"sglang\""), ("version", "\"0.5.6\""), ("slos.ttft", "")]),
];

fn program() -> Program {
    let mut text = HEAD.to_owned();
    for (name, own) in MODELS {
        let usual = USUAL.iter().filter(|(key, _)| own.iter().all(|(other, _)| key != other));
        text.push_str(&format!("[models.{name}]\n"));
        for (key, value) in usual.chain(*own).filter(|(_, value)| !value.is_empty()) {
            text.push_str(&format!("{key} = {}\n", value.replace("{}", name)));
        }
    }
    let compilation = compile("llmobs.toml", text, &MemoryWorld::default());
    let found: Vec<&str> = compilation.diagnostics.iter().map(|d| d.message.as_str()).collect();
    compilation.program.unwrap_or_else(|| panic!("it does not compile: {found:#?}"))
}

#[test]
fn whatever_is_not_a_name_makes_another_kind() {
    let program = program();
    let kept: Vec<&str> = program.plan.one_of_each().iter().map(|m| m.name.as_str()).collect();
    let left_out: Vec<&str> = program.plan.models.keys().map(String::as_str).filter(|m| !kept.contains(m)).collect();
    // Models are compared in the order of their names.
    assert_eq!(left_out, ["other-name", "served-too", "together-b"], "of {:?}", program.plan.models.keys());
}

#[test]
fn rules_of_one_kind_differ_in_names_alone() {
    let program = program();
    let rules = rules(&program);
    for (of_kind, like) in [("first-kind", "other-name"), ("served-one", "served-too"), ("together-a", "together-b")] {
        let (of_kind, like) = (&program.plan.models[of_kind], &program.plan.models[like]);
        assert!(rules[&of_kind.name].len() > 10_000, "there are rules to compare");
        assert_eq!(
            nameless(&rules[&of_kind.name], of_kind, &program.plan),
            nameless(&rules[&like.name], like, &program.plan)
        );
    }
    let (first, plain) = (&program.plan.models["first-kind"], &program.plan.models["plain"]);
    assert_ne!(nameless(&rules["first-kind"], first, &program.plan), nameless(&rules["plain"], plain, &program.plan));
}

/// Returns the rule file of every model.
fn rules(program: &Program) -> BTreeMap<String, String> {
    let artifacts: BTreeMap<String, String> = program.artifacts().into_iter().map(|a| (a.path, a.text)).collect();
    let of = |name: &String| artifacts[&format!("kubernetes/rules-model-{name}.yaml")].clone();
    program.plan.models.keys().map(|name| (name.clone(), of(name))).collect()
}

/// Returns a text without the names of a model: its own, the one it is served by, that at the gateway, its namespace.
fn nameless(text: &str, model: &Model, plan: &Plan) -> String {
    let at_gateway = plan.gateways["litellm"].models.get(&model.name);
    let mut names: Vec<&str> = vec![&model.name];
    names.extend(model.served_model_name.as_deref());
    names.extend(at_gateway.map(String::as_str));
    names.extend(model.namespace.as_deref());
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    names.into_iter().fold(text.to_owned(), |text, name| text.replace(name, "_"))
}
