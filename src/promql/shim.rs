use super::Expr; use crate::source::Span;
pub enum Dialect { Prometheus, Grafana, Adapter }
pub struct Options { pub dialect: Dialect }
pub struct Fault { pub span: Span, pub message: String, pub label: String, pub help: Option<String> }
pub struct Parsed { pub expr: Option<Expr>, pub faults: Vec<Fault>, pub uses: Vec<(Feature, Span)> }
#[derive(Clone, Copy)] pub struct Feature;
impl Feature { pub fn since(self) -> Option<&'static str> { None } pub fn flag(self) -> Option<&'static str> { None } pub fn words(self) -> String { String::new() } }
pub fn parse(_: &str, _: &Options) -> Parsed { Parsed { expr: None, faults: vec![], uses: vec![] } }
