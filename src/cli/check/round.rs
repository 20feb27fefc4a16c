//! One round: texts to findings. Reads nothing but profiles and baselines that a llmobs.toml names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::inputs::{Declared, Input, Inputs};
use crate::catalog::{Catalog, Release};
use crate::cli::exit::Failure;
use crate::diag::{Code, Diagnostic, Severity, Sink, Suppressed};
use crate::infer::Targets;
use crate::intake::{self, FileContents, Hint, Kind};
use crate::lint::baseline::{Baseline, within};
use crate::lint::levels::Levels;
use crate::lint::suppress::{self, Date};
use crate::lint::{self, Settings};
use crate::signals::Models;
use crate::source::{DiskWorld, FileId, Sources, World as _};
use crate::units::Duration;
use crate::{Compiled, Program, compile_file, output, parallel};

/// How to check.
pub struct Options {
    /// `--select` and `--ignore`.
    pub levels: Levels,
    /// What `--engine` declares.
    pub targets: Targets,
    /// `--prometheus`.
    pub prometheus: Option<Release>,
    /// `--scrape-interval`.
    pub scrape_interval: Option<Duration>,
    /// The day.
    pub today: Date,
    /// `--baseline`.
    pub baseline: Option<PathBuf>,
    /// Whether notes about generated files are wanted, too.
    pub all_notes: bool,
    /// Whether baselines count; not while one is written.
    pub use_baselines: bool,
}

/// What a round found.
#[derive(Default)]
pub struct Round {
    /// Every text.
    pub sources: Sources,
    /// What is reported, sorted.
    pub findings: Vec<Diagnostic>,
    /// What comments allow and baselines know.
    pub suppressed: Vec<Suppressed>,
    /// Files with something that llmobs reads, or with findings.
    pub n_files: usize,
    /// Files with something that llmobs reads.
    ours: BTreeSet<FileId>,
    /// Number of the input that a file is.
    pub inputs: BTreeMap<FileId, usize>,
    /// Number of the project that a file is the llmobs.toml of.
    pub projects: BTreeMap<FileId, usize>,
}

/// Texts that fixes changed: of inputs and of projects, by number.
#[derive(Clone, Default)]
pub struct Changed {
    /// Files of others.
    pub files: BTreeMap<usize, String>,
    /// Files llmobs.toml.
    pub projects: BTreeMap<usize, String>,
}

/// Findings that share a baseline.
type ByBaseline = BTreeMap<Option<PathBuf>, Vec<Diagnostic>>;

/// Checks everything.
///
/// # Errors
/// A baseline cannot be used.
pub fn run(inputs: &Inputs, changed: &Changed, options: &Options) -> Result<Round, Failure> {
    let mut round = Round::default();
    let mut sink = Sink::default();
    sink.extend(inputs.findings.iter().cloned());
    // Files come first in the order of the paths: findings are sorted by it.
    let mut ids: Vec<Option<FileId>> = Vec::new();
    let mut project_ids = Vec::new();
    for (number, project) in inputs.projects.iter().enumerate() {
        let text = changed.projects.get(&number).unwrap_or(&project.text);
        let file = round.sources.add(project.at.shown(), text.as_str());
        round.projects.insert(file, number);
        project_ids.push(file);
    }
    for (number, input) in inputs.files.iter().enumerate() {
        let bytes = changed.files.get(&number).map_or_else(|| input.bytes.clone(), |t| t.clone().into_bytes());
        let file = intake::add(&mut round.sources, &input.name, bytes, &mut sink);
        ids.extend([file]);
        round.inputs.extend(file.map(|f| (f, number)));
    }
    let mut by_baseline = ByBaseline::new();
    let mut of_project: BTreeMap<Option<usize>, Vec<(FileId, &Input)>> = BTreeMap::new();
    for (input, file) in inputs.files.iter().zip(&ids) {
        let list = of_project.entry(input.project).or_default();
        list.extend(file.map(|f| (f, input)));
    }
    for (number, (project, file)) in inputs.projects.iter().zip(&project_ids).enumerate() {
        let files = of_project.remove(&Some(number)).unwrap_or_default();
        let mut group = Group::new(options, files);
        group.compile(project, *file, &mut round.sources);
        group.finish(&mut round, &mut sink, &mut by_baseline);
    }
    let mut rest = Group::new(options, of_project.remove(&None).unwrap_or_default());
    rest.targets = options.targets.clone();
    rest.finish(&mut round, &mut sink, &mut by_baseline);
    for (path, findings) in by_baseline {
        let Some(path) = path.filter(|_| options.use_baselines) else {
            sink.extend(findings);
            continue;
        };
        sink.extend(known(&path, findings, &mut round, &options.levels)?);
    }
    round.findings = sink.into_sorted();
    let of_files = round.findings.iter().filter(|d| d.code != Code::CheckBaselineStale);
    round.ours.extend(of_files.filter_map(|d| Some(d.primary.as_ref()?.place.file)));
    round.n_files = round.ours.len();
    Ok(round)
}

/// The files of one project, or of none.
struct Group<'a> {
    options: &'a Options,
    catalog: Catalog,
    targets: Targets,
    settings: Settings,
    levels: Levels,
    baseline: Option<PathBuf>,
    files: Vec<(FileId, &'a Input)>,
    /// The llmobs.toml and its output, if they are checked.
    own: Vec<FileId>,
    /// What keeps llmobs.toml from compiling: always shown.
    faults: Vec<Diagnostic>,
    findings: Vec<Diagnostic>,
}

impl<'a> Group<'a> {
    fn new(options: &'a Options, files: Vec<(FileId, &'a Input)>) -> Self {
        Self {
            options,
            catalog: Catalog::default(),
            targets: Targets::default(),
            settings: Settings::default(),
            levels: options.levels.clone(),
            baseline: options.baseline.clone(),
            files,
            own: Vec::new(),
            faults: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Takes what a llmobs.toml declares and, if it is checked itself, its findings and its output.
    fn compile(&mut self, project: &Declared, file: FileId, sources: &mut Sources) {
        let world = DiskWorld { root: project.at.folder().to_path_buf() };
        let Compiled { diagnostics, program, faulty, check } =
            compile_file(file, sources, &mut self.catalog, &world, Models::OneOfEach);
        let (faults, findings): (Vec<_>, Vec<_>) = diagnostics.into_iter().partition(|d| d.severity == Severity::Error);
        self.faults = faults;
        let folder = project.at.folder();
        self.exclude(folder, &check.exclude);
        self.levels.levels = check.levels;
        if self.baseline.is_none() {
            self.baseline = check.baseline.map(|b| folder.join(b));
        }
        if let Some(plan) = program.as_ref().map(|p| &p.plan).or(faulty.as_ref()) {
            self.targets = lint::project::targets(plan);
            self.settings = lint::project::settings(plan);
        }
        if project.asked {
            self.findings = findings;
            self.own.push(file);
            let out = project.at.out(None);
            let read = |path: &str| [".yaml", ".yml", ".json"].iter().any(|e| path.ends_with(e));
            for artifact in program.iter().flat_map(Program::artifacts_to_check).filter(|a| read(&a.path)) {
                self.own.push(sources.add(output::shown(&out.join(&artifact.path)), artifact.text));
            }
        }
    }

    /// Leaves out what `[check]` excludes; what the user named stays.
    fn exclude(&mut self, folder: &Path, globs: &[String]) {
        let mut set = GlobSetBuilder::new();
        for glob in globs.iter().filter_map(|g| GlobBuilder::new(g).literal_separator(true).build().ok()) {
            set.add(glob);
        }
        let set = set.build().unwrap_or_else(|_| GlobSet::empty());
        self.files.retain(|(_, input)| {
            let inside = Path::new(&input.name).strip_prefix(folder).unwrap_or(Path::new(&input.name));
            input.named || !set.is_match(inside)
        });
    }

    fn finish(mut self, round: &mut Round, sink: &mut Sink, by_baseline: &mut ByBaseline) {
        let mut read = Sink::default();
        let mut files: Vec<(FileId, Hint)> = self.own.iter().map(|f| (*f, Hint { named: false })).collect();
        files.extend(self.files.iter().map(|(file, input)| (*file, Hint { named: input.named })));
        let sources = &round.sources;
        let all = parallel::map(&files, 4, |(file, hint)| {
            let mut faults = Sink::default();
            (intake::read(sources, *file, *hint, &mut faults), faults)
        });
        let ids: Vec<FileId> = files.into_iter().map(|(file, _)| file).collect();
        let mut contents: Vec<FileContents> = Vec::new();
        for (content, faults) in all {
            contents.push(content);
            read.extend(faults.into_sorted());
        }
        let ours = |c: &&FileContents| c.documents.iter().any(|d| !matches!(d.kind, Kind::Other));
        round.ours.extend(ids.iter().zip(&contents).filter(|(_, c)| ours(c)).map(|(f, _)| *f));
        if self.options.prometheus.is_some() {
            self.settings.prometheus.clone_from(&self.options.prometheus);
        }
        self.settings.scrape_interval = self.options.scrape_interval.or(self.settings.scrape_interval);
        self.findings.extend(read.into_sorted());
        self.findings.extend(lint::check(&contents, &mut self.catalog, &self.targets, &self.settings));
        let sifted = suppress::sift(&round.sources, &ids, &contents, self.findings, self.options.today);
        round.suppressed.extend(sifted.suppressed);
        // Nobody edits generated files: a note about one can only be taken note of.
        let generated: BTreeSet<FileId> = self.own.iter().copied().skip(1).collect();
        let idle = |d: &Diagnostic| {
            let inside = d.primary.as_ref().is_some_and(|l| generated.contains(&l.place.file));
            inside && d.severity == Severity::Info && !self.options.all_notes
        };
        let levelled = sifted.findings.into_iter().filter_map(|d| self.levels.apply(d));
        by_baseline.entry(self.baseline).or_default().extend(levelled.filter(|d| !idle(d)));
        sink.extend(self.faults);
    }
}

/// Takes out what a baseline knows, and adds which of its entries are gone.
fn known(
    path: &Path,
    findings: Vec<Diagnostic>,
    round: &mut Round,
    levels: &Levels,
) -> Result<Vec<Diagnostic>, Failure> {
    let shown = output::shown(path);
    let text = DiskWorld { root: PathBuf::new() }.read(path).map_err(|e| {
        Failure::new(format!("cannot read the baseline `{shown}`: {e}"))
            .help(format!("Write it with `--write-baseline {shown}`"))
    })?;
    let baseline = Baseline::parse(&text).map_err(|e| {
        Failure::new(format!("`{shown}` is no baseline: {e}"))
            .help(format!("Write it again with `--write-baseline {shown}`"))
    })?;
    let folder = path.parent().map(output::shown).unwrap_or_default();
    let mut sorted = Sink::default();
    sorted.extend(findings);
    let (mut new, known, left) = baseline.hide(sorted.into_sorted(), &round.sources, &folder);
    round.suppressed.extend(known);
    let names: BTreeSet<String> =
        (0..).map_while(|n| round.sources.get(FileId(n))).map(|f| within(&f.name, &folder)).collect();
    let at = Path::new(&folder).to_path_buf();
    let checked = |file: &str| names.contains(file) || !at.join(file).exists();
    let file = round.sources.add(shown, text);
    new.extend(left.stale(&checked, file, &round.sources).into_iter().filter_map(|d| levels.apply(d)));
    Ok(new)
}
