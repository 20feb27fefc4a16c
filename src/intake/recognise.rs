//! Which document a tree is: by its own fields, or by the kind of the Kubernetes object that holds it.
//!
//! Unwraps lists, ConfigMaps, Helm values and dashboards within objects. Must not read what the documents hold.

use super::node::{Node, Value};
use super::shape::Reader;
use super::text::{Source, Text};
use super::{Document, Kind, ObjectRef, RuleFile, adapter, dashboard, parse, rules, scaler};
use crate::diag::{Code, Diagnostic, did_you_mean, shorten};

/// Words of which a file that llmobs reads holds at least one.
const WORDS: &[&str] = &[
    "expr",
    "panels",
    "\"rows\"",
    "elements",
    "seriesQuery",
    "metricsQuery",
    "ScaledObject",
    "ScaledJob",
    "PrometheusRule",
    "VMRule",
    "GrafanaDashboard",
    "rule_files",
    "groups",
];

/// Objects whose `spec.groups` are groups of rules.
const RULE_KINDS: &[&str] = &["PrometheusRule", "VMRule", "Rules", "ClusterRules", "GlobalRules"];

/// Ways of a GrafanaDashboard to name a dashboard that stands elsewhere.
const ELSEWHERE: &[&str] = &["gzipJson", "url", "grafanaCom", "configMapRef", "jsonnet", "jsonnetLib"];

/// Whether a file could hold a document that llmobs reads.
pub fn may_be_ours(text: &str) -> bool {
    WORDS.iter().any(|w| text.contains(w))
}

/// Adds the documents of a tree.
pub fn document<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>, out: &mut Vec<Document>) {
    if let Some(kind) = root.get("kind").and_then(Node::str)
        && let Some(version) = root.get("apiVersion").and_then(Node::str)
    {
        let (kind, version) = (kind.to_owned(), version.to_owned());
        return object(reader, root, &kind, &version, out);
    }
    if root.is_null() {
        // `helm template` leaves empty documents behind.
        return;
    }
    if let Some(items) = root.list() {
        // Several dashboards, or several objects, in one JSON list.
        for item in items.iter().filter(|i| i.get("panels").is_some() || i.get("apiVersion").is_some()) {
            document(reader, item, out);
        }
        return;
    }
    let kind = bare(reader, root);
    let (place, other) = (reader.place(root), matches!(kind, Kind::Other));
    if other && values(reader, root, out) {
        return;
    }
    out.push(Document { place, kind, object: None });
}

/// Returns whether `groups` holds something else than groups of rules: all have what no group of rules has, and none has `rules` or
/// what could be meant by it.
fn of_others(root: &Node<'_>) -> bool {
    let groups = root.get("groups").and_then(Node::list).unwrap_or_default();
    let stranger = |group: &Node<'_>| {
        let mut keys = group.map().into_iter().flatten().map(|(key, _)| key.name.as_ref());
        group.get("rules").is_none()
            && keys.clone().any(|key| !rules::GROUP.contains(&key))
            && keys.all(|key| did_you_mean(key, ["rules"]).is_none())
    };
    groups.len() > 1 && groups.iter().all(stranger)
}

/// A document that is no Kubernetes object.
fn bare<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>) -> Kind {
    let has = |name: &str| root.get(name).is_some();
    // A provisioning file of Grafana has groups too, and a number for its version.
    if has("groups") && !has("apiVersion") && !has("panels") && !of_others(root) {
        let bytes = root.range().len();
        return Kind::Rules(rules::read(reader, root, bytes));
    }
    if has("rule_files") && has("tests") || root.get("tests").and_then(Node::list).is_some_and(is_test) {
        return Kind::RuleTests;
    }
    if let Some(inner) = root.get("dashboard").filter(|d| is_dashboard(d)) {
        return Kind::Dashboard(Box::new(dashboard::read(reader, inner, None)));
    }
    if let Some(inner) = root.get("spec").filter(|s| s.get("elements").is_some() && has("apiVersion")) {
        return Kind::Dashboard(Box::new(dashboard::read(reader, inner, root.get("metadata"))));
    }
    if is_dashboard(root) {
        return Kind::Dashboard(Box::new(dashboard::read(reader, root, None)));
    }
    if adapter::is_config(root) {
        return Kind::Adapter(adapter::read(reader, root));
    }
    Kind::Other
}

fn is_test(tests: &[Node<'_>]) -> bool {
    tests.iter().any(|t| ["input_series", "promql_expr_test", "alert_rule_test"].iter().any(|f| t.get(f).is_some()))
}

fn is_dashboard(node: &Node<'_>) -> bool {
    let has = |name: &str| node.get(name).is_some();
    let about = ["title", "uid", "schemaVersion", "templating", "__inputs"].iter().any(|f| has(f));
    let old =
        node.get("rows").is_some_and(|r| r.list().is_some_and(|l| l.iter().any(|row| row.get("panels").is_some())));
    (has("panels") || old) && about || has("elements") && has("layout")
}

/// Rules and adapters in the values of well-known charts. Returns whether there were any.
fn values<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>, out: &mut Vec<Document>) -> bool {
    let before = out.len();
    let charts = ["kube-prometheus-stack", "prometheus", "prometheus-adapter", "victoria-metrics-k8s-stack"];
    for node in std::iter::once(root).chain(charts.iter().filter_map(|c| root.get(c))) {
        let entries = |name: &str| node.get(name).and_then(Node::map).into_iter().flatten().map(|(_, value)| value);
        let files: Vec<&Node<'a>> = entries("serverFiles").collect();
        let mut objects: Vec<&Node<'a>> = entries("additionalPrometheusRulesMap").collect();
        objects.extend(node.get("additionalPrometheusRules").and_then(Node::list).into_iter().flatten());
        let holders = files.into_iter().map(|h| (h, false)).chain(objects.into_iter().map(|h| (h, true)));
        for (holder, object) in holders.filter(|(h, _)| h.get("groups").is_some()) {
            let strict = std::mem::replace(&mut reader.strict_strings, object);
            let kind = Kind::Rules(rules::read(reader, holder, holder.range().len()));
            reader.strict_strings = strict;
            out.push(Document { place: reader.place(holder), kind, object: None });
        }
        if !std::ptr::eq(node, root) && adapter::is_config(node) {
            let kind = Kind::Adapter(adapter::read(reader, node));
            out.push(Document { place: reader.place(node), kind, object: None });
        }
    }
    out.len() > before
}

/// A Kubernetes object.
fn object<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>, kind: &str, version: &str, out: &mut Vec<Document>) {
    if kind.ends_with("List") && root.get("items").is_some() {
        for item in reader.items(root, "items") {
            // A list within a list is nothing that a tool writes.
            if item.get("items").is_none() {
                document(reader, item, out);
            }
        }
        return;
    }
    let Some(object) = object_ref(reader, root) else { return };
    let place = object.place;
    let strict = std::mem::replace(&mut reader.strict_strings, true);
    let group = version.split('/').next().unwrap_or_default();
    let kind = match kind {
        _ if RULE_KINDS.contains(&kind) => {
            let bytes = root.range().len();
            let file = spec(reader, root, kind, "groups").map(|spec| rules::read(reader, spec, bytes));
            Some(Kind::Rules(file.unwrap_or(RuleFile { bytes, object: true, ..RuleFile::default() })))
        }
        "ScaledObject" | "ScaledJob" => {
            spec(reader, root, kind, "triggers").map(|spec| Kind::Scaler(scaler::read(reader, spec)))
        }
        "Dashboard" if group == "dashboard.grafana.app" => root.get("spec").map(|spec| {
            reader.strict_strings = false;
            Kind::Dashboard(Box::new(dashboard::read(reader, spec, root.get("metadata"))))
        }),
        "GrafanaDashboard" => {
            grafana_dashboard(reader, root, &object, out);
            reader.strict_strings = strict;
            return;
        }
        "ConfigMap" => {
            config_map(reader, root, &object, out);
            reader.strict_strings = strict;
            return;
        }
        _ => None,
    };
    reader.strict_strings = strict;
    out.push(Document { place, kind: kind.unwrap_or(Kind::Other), object: Some(object) });
}

/// Returns `spec` of an object, which must have a field.
fn spec<'n, 'a>(reader: &mut Reader<'a, '_>, root: &'n Node<'a>, kind: &str, field: &str) -> Option<&'n Node<'a>> {
    let Some(spec) = reader.field(root, "spec").filter(|s| s.get(field).is_some()) else {
        // An empty rule object is allowed.
        if field != "groups" || root.get("spec").is_none() {
            let place = reader.head(root);
            let message = format!("the {} has no `spec.{field}`", shorten(kind));
            reader.push(Code::FileMissingField, message, place, "this object");
        }
        return None;
    };
    Some(spec)
}

fn object_ref<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>) -> Option<ObjectRef> {
    let meta = |name: &str| root.at(&["metadata", name]).and_then(|n| n.text(reader.source));
    let labels = root.at(&["metadata", "labels"]).and_then(Node::map).into_iter().flatten();
    let labels = labels.filter_map(|(k, v)| Some((k.text(reader.source), v.text(reader.source)?))).collect();
    Some(ObjectRef {
        kind: root.get("kind")?.text(reader.source)?,
        namespace: meta("namespace"),
        name: meta("name"),
        labels,
        place: reader.place(root),
    })
}

fn grafana_dashboard<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>, object: &ObjectRef, out: &mut Vec<Document>) {
    let spec = root.get("spec");
    let field = |name: &str| spec.and_then(|s| s.get(name)).filter(|n| !n.is_null());
    if let Some(json) = field("json").and_then(|n| n.text(reader.source)) {
        inside(reader, &json, true, object, out);
        return;
    }
    let mut kind = Kind::Other;
    if let Some(model) = field("json").or_else(|| field("model")).filter(|n| is_dashboard(n)) {
        let strict = std::mem::replace(&mut reader.strict_strings, false);
        kind = Kind::Dashboard(Box::new(dashboard::read(reader, model, None)));
        reader.strict_strings = strict;
    } else if let Some((name, node)) = ELSEWHERE.iter().find_map(|name| Some((name, field(name)?))) {
        let place = reader.head(node);
        let message = format!("the dashboard behind `{name}` is not read");
        let finding = Diagnostic::new(Code::FileNotRead, message, place, "not part of the file");
        reader.find(finding.help("check the JSON of the dashboard itself"));
    } else {
        let place = reader.head(root);
        reader.push(Code::FileMissingField, "the GrafanaDashboard has no `spec.json`", place, "this object");
    }
    out.push(Document { place: object.place, kind, object: Some(object.clone()) });
}

fn config_map<'a>(reader: &mut Reader<'a, '_>, root: &Node<'a>, object: &ObjectRef, out: &mut Vec<Document>) {
    let before = out.len();
    for (key, value) in root.get("data").and_then(Node::map).into_iter().flatten() {
        let json = key.name.ends_with(".json");
        let yaml = [".yaml", ".yml", ".rules"].iter().any(|e| key.name.ends_with(e));
        let ours = value.scalar().is_some_and(|s| holds_ours(&s.value, json));
        if (json || yaml)
            && ours
            && let Some(text) = value.text(reader.source)
        {
            inside(reader, &text, json, object, out);
        }
    }
    if out.len() == before {
        out.push(Document { place: object.place, kind: Kind::Other, object: Some(object.clone()) });
    }
}

/// Whether a string of a ConfigMap looks like a document of ours; what else stands there may be any format.
fn holds_ours(text: &str, json: bool) -> bool {
    let all = |words: &[&str]| words.iter().all(|w| text.contains(w));
    if json {
        return ["\"panels\"", "\"rows\"", "\"elements\""].iter().any(|w| text.contains(w))
            && text.contains("\"title\"");
    }
    all(&["groups:", "expr:"]) || all(&["metricsQuery:"])
}

/// Reads a document that is a string of an object.
fn inside(reader: &mut Reader<'_, '_>, text: &Text, json: bool, object: &ObjectRef, out: &mut Vec<Document>) {
    let mut problems = Vec::new();
    let source = Source::Inside(text);
    let roots = parse(source, json, &mut problems);
    problems.into_iter().for_each(|p| reader.find(p));
    let mut inner = reader.inside(source);
    for root in &roots {
        // An object within a string of an object could nest without end; nothing of ours does.
        if let Value::Map(_) = root.value {
            let nested = root.get("kind").is_some() && root.get("apiVersion").is_some();
            let v2 = root.get("spec").is_some_and(|s| s.get("elements").is_some());
            let kind = match nested && !v2 {
                true => Kind::Other,
                false => bare(&mut inner, root),
            };
            out.push(Document { place: inner.place(root), kind, object: Some(object.clone()) });
        }
    }
}
