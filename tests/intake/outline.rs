//! Prints documents with the line and column of every string, and collects the strings.

use std::fmt::Write as _;

use llmobs::intake::dashboard::{Dashboard, Datasource, Panel, Target};
use llmobs::intake::{Adapter, Document, FileContents, Group, Kind, Pairs, Rule, Scaler, Text, Timed};
use llmobs::source::{Place, Sources};

/// The outline so far.
pub struct Outline<'a> {
    sources: &'a Sources,
    /// What is printed.
    pub out: String,
    /// Every string that was printed.
    pub texts: Vec<Text>,
}

impl<'a> Outline<'a> {
    /// Prints the contents of a file.
    pub fn of(sources: &'a Sources, contents: &FileContents) -> Self {
        let mut outline = Self { sources, out: String::new(), texts: Vec::new() };
        for document in &contents.documents {
            outline.document(document);
        }
        for comment in &contents.comments {
            let place = outline.place(comment.place);
            let own = if comment.own_line { "own line" } else { "behind" };
            outline.line(0, &format!("comment {place} {own}, about line {}: {}", comment.about, comment.text));
        }
        outline
    }

    fn place(&self, place: Place) -> String {
        let Some(file) = self.sources.get(place.file) else { return "nowhere".to_owned() };
        let ((l1, c1), (l2, c2)) = (file.line_column(place.span.start), file.line_column(place.span.end));
        if l1 == l2 { format!("{l1}:{c1}-{c2}") } else { format!("{l1}:{c1}-{l2}:{c2}") }
    }

    fn line(&mut self, depth: usize, text: &str) {
        writeln!(self.out, "{:width$}{text}", "", width = depth * 2).expect("a string takes everything");
    }

    fn text<'t>(&mut self, depth: usize, label: &str, text: impl Into<Option<&'t Text>>) {
        if let Some(text) = text.into() {
            let place = self.place(text.place(0..text.len()));
            self.line(depth, &format!("{label} {place} {:?}", text.as_str()));
            self.texts.push(text.clone());
        }
    }

    fn timed(&mut self, depth: usize, label: &str, timed: Option<&Timed>) {
        if let Some(timed) = timed {
            let value = timed.value.map_or("unreadable".to_owned(), |v| v.human());
            self.text(depth, &format!("{label} ({value})"), &timed.text);
        }
    }

    fn pairs(&mut self, depth: usize, label: &str, pairs: &Pairs) {
        for (name, value) in pairs {
            self.texts.push(name.clone());
            let place = self.place(name.whole());
            self.text(depth, &format!("{label} {} {place} =", name.as_str()), value);
        }
    }

    fn document(&mut self, document: &Document) {
        let place = self.place(document.place);
        let kind = match &document.kind {
            Kind::Rules(rules) => format!("rules, {} bytes, object: {}", rules.bytes, rules.object),
            Kind::Dashboard(dashboard) => format!("dashboard {:?}", dashboard.schema),
            Kind::Scaler(_) => "scaler".to_owned(),
            Kind::Adapter(_) => "adapter".to_owned(),
            Kind::RuleTests => "rule tests".to_owned(),
            Kind::Project => "project".to_owned(),
            Kind::Other => "other".to_owned(),
        };
        self.line(0, &format!("document {place} {kind}"));
        if let Some(object) = &document.object {
            let place = self.place(object.place);
            self.line(1, &format!("object {place}"));
            self.text(2, "kind", &object.kind);
            self.text(2, "namespace", object.namespace.as_ref());
            self.text(2, "name", object.name.as_ref());
            self.pairs(2, "label", &object.labels);
        }
        match &document.kind {
            Kind::Rules(rules) => rules.groups.iter().for_each(|g| self.group(g)),
            Kind::Dashboard(dashboard) => self.dashboard(dashboard),
            Kind::Scaler(scaler) => self.scaler(scaler),
            Kind::Adapter(adapter) => self.adapter(adapter),
            _ => {}
        }
    }

    fn group(&mut self, group: &Group) {
        let place = self.place(group.place);
        self.line(1, &format!("group {place}"));
        self.text(2, "name", group.name.as_ref());
        self.timed(2, "interval", group.interval.as_ref());
        self.timed(2, "query_offset", group.query_offset.as_ref());
        self.text(2, "limit", group.limit.as_ref());
        self.pairs(2, "label", &group.labels);
        group.extras.iter().for_each(|t| self.text(2, "extra", t));
        group.unknown_fields.iter().for_each(|t| self.text(2, "unknown", t));
        group.rules.iter().for_each(|r| self.rule(r));
    }

    fn rule(&mut self, rule: &Rule) {
        let place = self.place(rule.place);
        self.line(2, &format!("rule {place}"));
        self.text(3, "record", rule.record.as_ref());
        self.text(3, "alert", rule.alert.as_ref());
        self.text(3, "expr", &rule.expr);
        self.timed(3, "for", rule.for_.as_ref());
        self.timed(3, "keep_firing_for", rule.keep_firing_for.as_ref());
        self.pairs(3, "label", &rule.labels);
        self.pairs(3, "annotation", &rule.annotations);
        rule.extras.iter().for_each(|t| self.text(3, "extra", t));
        rule.unknown_fields.iter().for_each(|t| self.text(3, "unknown", t));
    }

    fn datasource(&mut self, depth: usize, dashboard: &Dashboard, datasource: Option<&Datasource>) {
        if let Some(datasource) = datasource {
            self.line(depth, &format!("datasource, speaks {:?}", datasource.speaks(dashboard)));
            self.text(depth + 1, "type", datasource.kind.as_ref());
            self.text(depth + 1, "uid", datasource.uid.as_ref());
        }
    }

    fn dashboard(&mut self, dashboard: &Dashboard) {
        self.text(1, "uid", dashboard.uid.as_ref());
        self.text(1, "title", dashboard.title.as_ref());
        for (name, plugin) in &dashboard.inputs {
            self.text(1, "input", name);
            self.text(2, "plugin", plugin.as_ref());
        }
        for variable in &dashboard.variables {
            let flags = format!("multi: {}, all: {}", variable.multi, variable.include_all);
            self.text(1, &format!("variable {:?} {flags}", variable.kind), &variable.name);
            self.text(2, "query", variable.query.as_ref());
            self.text(2, "regex", variable.regex.as_ref());
            self.text(2, "all", variable.all_value.as_ref());
            variable.current.iter().for_each(|t| self.text(2, "current", t));
            variable.options.iter().for_each(|t| self.text(2, "option", t));
            self.datasource(2, dashboard, variable.datasource.as_ref());
        }
        for annotation in &dashboard.annotations {
            self.line(1, "annotation");
            self.text(2, "name", annotation.name.as_ref());
            self.text(2, "expr", &annotation.expr);
            self.datasource(2, dashboard, annotation.datasource.as_ref());
        }
        dashboard.links.iter().for_each(|t| self.text(1, "link", t));
        dashboard.panels.iter().for_each(|p| self.panel(dashboard, p));
    }

    fn panel(&mut self, dashboard: &Dashboard, panel: &Panel) {
        let place = self.place(panel.place);
        let mut line = format!("panel {place}");
        for (word, set) in [
            ("library", panel.library),
            ("transformed", panel.transformations),
            ("percent thresholds", panel.percent_thresholds),
        ] {
            if set {
                line.push_str(&format!(", {word}"));
            }
        }
        self.line(1, &line);
        for (label, text) in [
            ("title", &panel.title),
            ("kind", &panel.kind),
            ("description", &panel.description),
            ("unit", &panel.unit),
            ("min", &panel.min),
            ("max", &panel.max),
            ("decimals", &panel.decimals),
            ("repeat", &panel.repeat),
        ] {
            self.text(2, label, text.as_ref());
        }
        for o in &panel.overrides {
            self.line(2, "override");
            self.text(3, "matcher", o.matcher.as_ref());
            self.text(3, "options", o.options.as_ref());
            self.text(3, "unit", o.unit.as_ref());
        }
        panel.thresholds.iter().for_each(|t| self.text(2, "threshold", t));
        self.datasource(2, dashboard, panel.datasource.as_ref());
        panel.targets.iter().for_each(|t| self.target(dashboard, t));
        if let Some(alert) = &panel.alert {
            self.text(2, "alert", alert.name.as_ref());
            self.timed(3, "for", alert.for_.as_ref());
            alert.thresholds.iter().for_each(|t| self.text(3, "threshold", t));
        }
    }

    fn target(&mut self, dashboard: &Dashboard, target: &Target) {
        let place = self.place(target.place);
        self.line(2, &format!("target {place}, instant: {}, hidden: {}", target.instant, target.hidden));
        self.text(3, "expr", &target.expr);
        self.text(3, "ref", target.ref_id.as_ref());
        self.text(3, "legend", target.legend.as_ref());
        self.text(3, "format", target.format.as_ref());
        self.text(3, "interval", target.interval.as_ref());
        self.datasource(3, dashboard, target.datasource.as_ref());
    }

    fn scaler(&mut self, scaler: &Scaler) {
        for trigger in &scaler.triggers {
            let place = self.place(trigger.place);
            self.line(1, &format!("trigger {place}"));
            self.text(2, "query", &trigger.query);
            self.text(2, "threshold", trigger.threshold.as_ref());
            self.text(2, "activation", trigger.activation_threshold.as_ref());
            self.text(2, "server", trigger.server.as_ref());
        }
    }

    fn adapter(&mut self, adapter: &Adapter) {
        for rule in &adapter.rules {
            let place = self.place(rule.place);
            self.line(1, &format!("rule {place}, external: {}", rule.external));
            self.text(2, "series", rule.series.as_ref());
            self.text(2, "query", rule.query.as_ref());
            self.text(2, "matches", rule.matches.as_ref());
            self.text(2, "name", rule.name.as_ref());
            self.text(2, "template", rule.template.as_ref());
            self.pairs(2, "override", &rule.overrides);
        }
    }
}
