//! Which models have rules that differ in nothing but the names of the models. What the checker says of the rules of one, it would
//! say of the others: it reads one of each kind. Whatever is generated for users is generated for all.

use std::collections::{BTreeMap, BTreeSet};

use super::Emit;
use crate::parallel;
use crate::promql::{MatchOp, Matcher};
use crate::resolve::Model;
use crate::signals::{Alert, Chapter, Group, Record, Subject};

/// A model, its rules, and the labels and values by which queries name it.
struct Named<'a> {
    model: &'a Model,
    chapter: &'a Chapter,
    names: Vec<(&'a str, &'a str)>,
}

/// Returns the chapters without those of models that are like a model before them.
pub fn one_of_each<'a>(emit: Emit<'a>) -> Vec<&'a Chapter> {
    let named: Vec<Named<'a>> = emit.book.chapters.iter().filter_map(|chapter| Named::of(emit, chapter)).collect();
    let numbers: Vec<usize> = (0..named.len()).collect();
    let is_new = parallel::map(&numbers, 4, |n| !named[..*n].iter().any(|before| before.is_like(&named[*n])));
    let known: BTreeSet<&Subject> =
        named.iter().zip(is_new).filter(|(_, is_new)| !is_new).map(|(n, _)| &n.chapter.subject).collect();
    emit.book.chapters.iter().filter(|c| !known.contains(&c.subject)).collect()
}

fn names(model: &Model) -> Vec<(&str, &str)> {
    let equal = model.target_matchers.iter().filter(|m| m.op == MatchOp::Equal);
    let labels = model.labels.iter().map(|(label, value)| (label.as_str(), value.as_str()));
    let served = model.engine.profile.model_label.as_deref().zip(model.served_model_name.as_deref());
    labels.chain(equal.map(|m| (m.label.as_str(), m.value.as_str()))).chain(served).collect()
}

impl<'a> Named<'a> {
    /// Returns the model of a chapter; `None` for other chapters.
    fn of(emit: Emit<'a>, chapter: &'a Chapter) -> Option<Self> {
        let Subject::Model(name) = &chapter.subject else { return None };
        let model = emit.plan.models.get(name)?;
        Some(Self { model, chapter, names: names(model) })
    }

    fn is_like(&self, other: &Self) -> bool {
        let (engine, of_other) = (&self.model.engine, &other.model.engine);
        engine.profile.name == of_other.profile.name
            && engine.release.to_string() == of_other.release.to_string()
            && engine.generation == of_other.generation
            && all(&self.chapter.groups, &other.chapter.groups, |l, r| self.groups(l, r, other))
    }

    fn groups(&self, left: &Group, right: &Group, other: &Self) -> bool {
        left.interval == right.interval
            && all(&left.records, &right.records, |l, r| self.records(l, r, other))
            && all(&left.alerts, &right.alerts, |l, r| self.alerts(l, r, other))
    }

    fn records(&self, left: &Record, right: &Record, other: &Self) -> bool {
        left.name == right.name
            && self.labels(&left.labels, &right.labels, other)
            && left.expr.is_alike(&right.expr, &|l, r| self.matchers(l, r, other))
    }

    fn alerts(&self, left: &Alert, right: &Alert, other: &Self) -> bool {
        (left.kind, left.hold) == (right.kind, right.hold)
            && left.annotations.len() == right.annotations.len()
            && left
                .annotations
                .iter()
                .zip(&right.annotations)
                .all(|((l, lt), (r, rt))| l == r && self.texts(lt, rt, other))
            && self.labels(&left.labels, &right.labels, other)
            && left.expr.is_alike(&right.expr, &|l, r| self.matchers(l, r, other))
    }

    fn labels(&self, left: &BTreeMap<String, String>, right: &BTreeMap<String, String>, other: &Self) -> bool {
        left.len() == right.len()
            && left.iter().zip(right).all(|((l, lv), (r, rv))| l == r && (lv == rv || self.name_both(l, lv, rv, other)))
    }

    fn matchers(&self, left: &Matcher, right: &Matcher, other: &Self) -> bool {
        left.op == MatchOp::Equal && self.name_both(&left.label, &left.value, &right.value, other)
    }

    /// Returns whether texts are the same but for the names of the models.
    fn texts(&self, left: &str, right: &str, other: &Self) -> bool {
        left == right || left.split(&self.model.name).eq(right.split(&other.model.name))
    }

    /// Returns whether one value names the one model and the other value the other.
    fn name_both(&self, label: &str, value: &str, of_other: &str, other: &Self) -> bool {
        self.names.contains(&(label, value)) && other.names.contains(&(label, of_other))
    }
}

fn all<T>(left: &[T], right: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
}

#[cfg(test)]
mod tests {
    use super::one_of_each;
    use crate::signals::Subject;
    use crate::source::MemoryWorld;

    #[test]
    fn models_that_differ_in_their_names_alone_are_judged_once() {
        let model = |name: &str, version: &str, threshold: &str| {
            format!(
                "[models.{name}]\nengine = \"vllm\"\nversion = \"{version}\"\nnamespace = \"of-{name}\"\npods = {{ app = \"{name}\" }}\n\
                 slos.ttft = {{ objective = \"99%\", threshold = \"{threshold}\" }}\n"
            )
        };
        let text = [
            "version = 1\nproject.name = \"many\"\n".to_owned(),
            model("first", "0.11.0", "2.5s"),
            model("like-first", "0.11.0", "2.5s"),
            model("older", "0.8.5.post1", "2.5s"),
            model("slower", "0.11.0", "5s"),
        ];
        let compilation = crate::compile("llmobs.toml", text.concat(), &MemoryWorld::default());
        let program = compilation.program.expect("it compiles");
        let kept: Vec<&Subject> = one_of_each(program.emit()).iter().map(|c| &c.subject).collect();
        let named = |name: &str| Subject::Model(name.to_owned());
        assert_eq!(kept, [&named("first"), &named("older"), &named("slower"), &Subject::Fleet]);
    }
}
