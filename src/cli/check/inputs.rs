//! What a run checks: files by their paths, and the llmobs.toml that each belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::exit::Failure;
use crate::cli::project::{FILE, Project};
use crate::diag::{Code, Diagnostic, Sink, shorten};
use crate::intake::{Found, discover};
use crate::names::MANIFEST;
use crate::output;
use crate::source::{DiskWorld, MAX_FILE_BYTES, World as _};

/// Name of the standard input in findings.
pub const STDIN: &str = "<stdin>";
/// Bytes of all files together, at most.
const MAX_BYTES: usize = 1 << 30;

/// Where the files of a run come from.
pub struct Wanted<'a> {
    /// Paths, folders and globs; `-` for the standard input.
    pub paths: Vec<String>,
    /// The llmobs.toml that every file belongs to.
    pub config: Option<&'a Path>,
    /// Whether the versions are given otherwise, so that no llmobs.toml is looked for.
    pub versions_given: bool,
}

/// A file to check.
pub struct Input {
    /// Its name in findings.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether the user named it.
    pub named: bool,
    /// The project that it belongs to.
    pub project: Option<usize>,
    /// Whether a manifest lists it as generated.
    pub generated: bool,
}

/// A llmobs.toml.
pub struct Declared {
    /// Where it is.
    pub at: Project,
    /// Its text.
    pub text: String,
    /// Whether it is checked itself; else it only says what is deployed.
    pub asked: bool,
}

/// Everything that a run reads, in the order of the paths.
#[derive(Default)]
pub struct Inputs {
    /// Files of others.
    pub files: Vec<Input>,
    /// Projects, those that were asked for first.
    pub projects: Vec<Declared>,
    /// What could not be found or read.
    pub findings: Vec<Diagnostic>,
}

/// Finds and reads the files.
///
/// # Errors
/// A llmobs.toml cannot be read, or there is nothing to check.
pub fn gather(wanted: &Wanted<'_>) -> Result<Inputs, Failure> {
    let mut gatherer = Gatherer::default();
    if wanted.paths.is_empty() {
        gatherer.project(Project::at(Path::new("")), true)?;
        return Ok(gatherer.out);
    }
    let mut sink = Sink::default();
    let world = DiskWorld { root: PathBuf::new() };
    let found = discover(&wanted.paths, &world, &mut sink);
    gatherer.out.findings = sink.into_sorted();
    if found.is_empty() && gatherer.out.findings.is_empty() {
        let shown: Vec<String> = wanted.paths.iter().map(|p| format!("`{}`", shorten(p))).collect();
        return Err(Failure::new(format!("there is nothing to check in {}", shown.join(", ")))
            .help("Name a llmobs.toml, rule files, dashboards, or folders with them"));
    }
    let (projects, files): (Vec<Found>, Vec<Found>) = found.into_iter().partition(is_project);
    for found in &projects {
        gatherer.project(Project::at(Path::new(&found.path)), true)?;
    }
    let config = match wanted.config {
        Some(path) => Some(gatherer.project(Project::at(path), false)?),
        None => None,
    };
    for found in files {
        let project = match config {
            None if wanted.versions_given => None,
            None => gatherer.nearest(&found.path)?,
            config => config,
        };
        gatherer.file(found, project, &world);
    }
    Ok(gatherer.out)
}

fn is_project(found: &Found) -> bool {
    let name = found.path.rsplit('/').next().unwrap_or_default();
    name == FILE || found.named && name.ends_with(".toml")
}

#[derive(Default)]
struct Gatherer {
    out: Inputs,
    /// Folder to the project in it, if it has one.
    by_folder: BTreeMap<PathBuf, Option<usize>>,
    /// Folder to what its manifest lists.
    manifests: BTreeMap<PathBuf, BTreeSet<String>>,
    n_bytes: usize,
}

impl Gatherer {
    /// Adds a project and returns its number.
    fn project(&mut self, at: Project, asked: bool) -> Result<usize, Failure> {
        let shown = at.shown();
        if let Some(known) = self.out.projects.iter().position(|p| p.at.shown() == shown) {
            return Ok(known);
        }
        let number = self.out.projects.len();
        let text = at.read()?;
        if asked {
            self.by_folder.entry(at.folder().to_path_buf()).or_insert(Some(number));
        }
        self.out.projects.push(Declared { at, text, asked });
        Ok(number)
    }

    /// Returns the project nearest above a file, else the one of the current folder.
    fn nearest(&mut self, path: &str) -> Result<Option<usize>, Failure> {
        let path = Path::new(path.strip_prefix("./").unwrap_or(path));
        for folder in path.ancestors().skip(1).chain([Path::new("")]) {
            if let Some(project) = self.of_folder(folder)? {
                return Ok(Some(project));
            }
        }
        Ok(None)
    }

    fn of_folder(&mut self, folder: &Path) -> Result<Option<usize>, Failure> {
        if let Some(known) = self.by_folder.get(folder) {
            return Ok(*known);
        }
        let file = folder.join(FILE);
        let project = if file.is_file() { Some(self.project(Project::at(&file), false)?) } else { None };
        self.by_folder.insert(folder.to_path_buf(), project);
        Ok(project)
    }

    fn file(&mut self, found: Found, project: Option<usize>, world: &DiskWorld) {
        if found.path == "-" {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
            if let Err(error) = read {
                self.unreadable(STDIN, &error);
            } else {
                self.out.files.push(Input { name: STDIN.to_owned(), bytes, named: true, project, generated: false });
            }
            return;
        }
        let name = found.path.strip_prefix("./").unwrap_or(&found.path).to_owned();
        let generated = self.is_generated(&name);
        let asked = project.and_then(|p| self.out.projects.get(p)).is_some_and(|p| p.asked);
        // What llmobs.toml gives now is checked, not what it gave when it was last written.
        if generated && asked && !found.named {
            return;
        }
        match world.read_bytes(Path::new(&found.path)) {
            Err(error) => self.unreadable(&name, &error),
            Ok(bytes) if self.n_bytes + bytes.len() > MAX_BYTES => {
                let message =
                    format!("`{}` is not read: the files have more than {MAX_BYTES} bytes together", shorten(&name));
                self.out.findings.push(Diagnostic::without_place(Code::FileLimitExceeded, message));
            }
            Ok(bytes) => {
                self.n_bytes += bytes.len();
                self.out.files.push(Input { name, bytes, named: found.named, project, generated });
            }
        }
    }

    fn unreadable(&mut self, name: &str, error: &std::io::Error) {
        let message = format!("`{}` cannot be read: {error}", shorten(name));
        self.out.findings.push(Diagnostic::without_place(Code::FileUnreadable, message));
    }

    /// Returns whether the manifest of a folder above a file lists it.
    fn is_generated(&mut self, name: &str) -> bool {
        let path = Path::new(name);
        path.ancestors().skip(1).any(|folder| {
            let listed = self.manifests.entry(folder.to_path_buf()).or_insert_with(|| {
                let there = folder.join(MANIFEST).is_file();
                if there { output::generated(folder) } else { BTreeSet::new() }
            });
            path.strip_prefix(folder).is_ok_and(|inside| listed.contains(&output::shown(inside)))
        })
    }
}
