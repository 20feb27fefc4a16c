//! The checker on texts, with what a user would declare written beside them as options. Judges nothing.
//!
//! | option | means |
//! |---|---|
//! | `engine: vllm@0.12.0` | a release that runs; several are allowed |
//! | `prometheus: 2.45.0` | the version of Prometheus |
//! | `scrape_interval: 30s` | the scrape interval |
//! | `objective: chat vllm METRIC 2.5s ttft` | a latency objective: model, engine, histogram, threshold, signal |
//! | `mig: yes` | whether GPUs of the engines above are split into MIG instances |
//! | `pool: split dcgm-exporter@4.5.3-4.8.2 yes` | a pool of GPUs: name, exporter, whether they are split |
//! | `show: all` | codes that are off by default, too |

// Each driver uses a part of this.
#![allow(dead_code)]

use llmobs::Program;
use llmobs::catalog::{Catalog, Release};
use llmobs::diag::{Diagnostic, Sink};
use llmobs::infer::{Target, Targets};
use llmobs::intake::{self, Hint};
use llmobs::lint::suppress::{self, Date};
use llmobs::lint::{self, Objective, Settings};
use llmobs::source::Sources;
use llmobs::units::Duration;

/// What an option that cannot be read says.
type Result<T = ()> = std::result::Result<T, String>;

/// Day of the check, for dates in comments.
const TODAY: &str = "2027-02-01";

/// What was declared.
#[derive(Default)]
pub struct Declared {
    catalog: Catalog,
    targets: Vec<Target>,
    settings: Settings,
    all: bool,
}

impl Declared {
    /// Takes one option. Words that are no option are refused: a misspelt one would check nothing.
    pub fn option(&mut self, key: &str, value: &str) -> Result {
        match key {
            "engine" => {
                let target = self.target(value)?;
                self.targets.push(target);
            }
            "prometheus" => {
                self.settings.prometheus = Some(Release::parse(value).ok_or("prometheus: expected a version")?)
            }
            "scrape_interval" => {
                self.settings.scrape_interval = Some(Duration::parse(value).map_err(|_| format!("{key}: {value}"))?);
            }
            "objective" => {
                let [model, profile, metric, threshold, signal] = value.split(' ').collect::<Vec<_>>()[..] else {
                    return Err("objective: expected five words".to_owned());
                };
                let threshold = Duration::parse(threshold).map_err(|_| format!("{key}: {value}"))?;
                self.settings.objectives.push(Objective {
                    model: model.to_owned(),
                    profile: profile.to_owned(),
                    metric: metric.to_owned(),
                    threshold: threshold.secs_f64(),
                    signal: signal.to_owned(),
                });
            }
            "mig" => self.targets.iter_mut().for_each(|t| t.mig = Some(value == "yes")),
            "pool" => {
                let [name, exporter, mig] = value.split(' ').collect::<Vec<_>>()[..] else {
                    return Err("pool: expected three words".to_owned());
                };
                let mut target = self.target(exporter)?;
                target.declared_by = format!("pool `{name}`");
                target.named_by = vec![("pool".to_owned(), name.to_owned())];
                target.mig = Some(mig == "yes");
                self.targets.push(target);
            }
            "show" => self.all = value == "all",
            _ => return Err(format!("no option `{key}`")),
        }
        Ok(())
    }

    /// Takes the options in the first lines of a YAML text, `# option: value`; other comments end them.
    pub fn head(&mut self, text: &str) -> Result {
        for line in text.lines() {
            let Some((key, value)) = line.strip_prefix("# ").and_then(|l| l.split_once(": ")) else { return Ok(()) };
            if key.contains(' ') {
                return Ok(());
            }
            self.option(key, value)?;
        }
        Ok(())
    }

    /// Takes the options behind the language of a fenced block: `json engine=vllm@0.12.0`.
    pub fn words(&mut self, info: &str) -> Result {
        for (key, value) in info.split_whitespace().filter_map(|w| w.split_once('=')) {
            self.option(key, value)?;
        }
        Ok(())
    }

    /// Takes engines and latency objectives of a compiled llmobs.toml.
    pub fn project(&mut self, program: &Program) {
        for model in program.plan.models.values() {
            self.targets.push(Target {
                profile: model.engine.profile.name.clone(),
                release: model.engine.release.clone(),
                generation: model.engine.generation.clone(),
                declared_by: format!("model `{}`", model.name),
                named_by: Vec::new(),
                own_fields: false,
                mig: None,
                fields: Vec::new(),
            });
            for slo in &model.latency_slos {
                let Some(source) = model.source(slo.signal) else { continue };
                self.settings.objectives.push(Objective {
                    model: model.name.clone(),
                    profile: model.engine.profile.name.clone(),
                    metric: source.metric.name.clone(),
                    threshold: slo.threshold.secs_f64(),
                    signal: slo.signal.word().to_owned(),
                });
            }
        }
    }

    /// Checks texts in one run, as files of these names. Returns the findings, sorted.
    pub fn check(&mut self, files: Vec<(String, String)>, sources: &mut Sources) -> Vec<Diagnostic> {
        let mut sink = Sink::default();
        let (mut ids, mut contents) = (Vec::new(), Vec::new());
        for (name, text) in files {
            let file = sources.add(name, text);
            ids.push(file);
            contents.push(intake::read(sources, file, Hint { named: true }, &mut sink));
        }
        let mut targets = Targets::default();
        self.targets.iter().cloned().for_each(|t| targets.add(t));
        sink.extend(lint::check(&contents, &mut self.catalog, &targets, &self.settings));
        let today = Date::parse(TODAY).expect("a day");
        let mut sifted = Sink::default();
        sifted.extend(suppress::sift(sources, &ids, &contents, sink.into_sorted(), today).findings);
        sifted.into_sorted().into_iter().filter(|d| self.all || d.code.on_by_default()).collect()
    }

    fn target(&mut self, text: &str) -> Result<Target> {
        let (name, version) = text.split_once('@').ok_or("engine: expected NAME@VERSION")?;
        let profile = self.catalog.profile(name).ok_or(format!("no profile `{name}`"))?;
        let release = Release::parse(version).ok_or(format!("no release `{version}`"))?;
        let selected = profile.select(&release, None).ok_or(format!("no such release: {text}"))?;
        Ok(Target {
            profile: profile.name.clone(),
            release: selected.view.release,
            generation: selected.view.generation,
            declared_by: format!("engine {text}"),
            named_by: Vec::new(),
            own_fields: false,
            mig: None,
            fields: Vec::new(),
        })
    }
}
