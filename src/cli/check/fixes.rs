//! `--fix`, `--fix-unsafe` and `--diff`: rounds of fixes, then files or a diff.

use std::path::Path;

use super::inputs::{Inputs, STDIN};
use super::round::{self, Changed, Options, Round};
use crate::cli::exit::Failure;
use crate::cli::shell::Shell;
use crate::diag::{Code, Diagnostic, Safety};
use crate::diff::text;
use crate::lint::fix;
use crate::output;

/// Rounds, at most: one fix can make room for another.
const MAX_ROUNDS: usize = 10;

/// What fixing gave.
pub struct Fixed {
    /// The findings after the last fix.
    pub round: Round,
    /// The new texts.
    pub changed: Changed,
    /// Fixes that were applied.
    pub n_fixes: usize,
    /// Fixes that were left out because they are in generated files.
    pub n_generated: usize,
}

/// Checks and fixes until nothing changes.
///
/// # Errors
/// A baseline cannot be used.
pub fn run(inputs: &Inputs, options: &Options, safety: Safety) -> Result<Fixed, Failure> {
    let mut changed = Changed::default();
    let mut n_fixes = 0;
    for n in 0.. {
        let round = round::run(inputs, &changed, options)?;
        let by_hand = |file| {
            let of_others = round.inputs.get(&file).and_then(|n| inputs.files.get(*n)).is_some_and(|i| !i.generated);
            of_others || round.projects.get(&file).and_then(|n| inputs.projects.get(*n)).is_some_and(|p| p.asked)
        };
        let fixed = fix::apply(&round.findings, &round.sources, safety, &by_hand);
        if fixed.texts.is_empty() || n == MAX_ROUNDS {
            let fixes = round.findings.iter().filter_map(|d| d.fix.as_ref()).filter(|f| f.safety <= safety);
            let n_generated = fixes.filter(|f| !by_hand(f.place.file)).count();
            return Ok(Fixed { round, changed, n_fixes, n_generated });
        }
        n_fixes += fixed.counts.values().sum::<usize>();
        for (file, text) in fixed.texts {
            if let Some(number) = round.inputs.get(&file) {
                changed.files.insert(*number, text);
            } else if let Some(number) = round.projects.get(&file) {
                changed.projects.insert(*number, text);
            }
        }
    }
    Err(Failure::bug("the rounds of fixes have no end"))
}

impl Fixed {
    /// Returns each changed file: its name, the old and the new text.
    fn files<'a>(&'a self, inputs: &'a Inputs) -> Vec<(String, &'a str, &'a str)> {
        let mut out = Vec::new();
        for (number, new) in &self.changed.projects {
            out.extend(inputs.projects.get(*number).map(|p| (p.at.shown(), p.text.as_str(), new.as_str())));
        }
        for (number, new) in &self.changed.files {
            let input = inputs.files.get(*number);
            let old = input.and_then(|i| Some((i.name.clone(), std::str::from_utf8(&i.bytes).ok()?)));
            out.extend(old.map(|(name, old)| (name, old, new.as_str())));
        }
        out
    }

    /// Returns the number of changed files.
    pub fn n_files(&self) -> usize {
        self.changed.projects.len() + self.changed.files.len()
    }

    /// Prints what would change.
    pub fn print_diff(&self, inputs: &Inputs, shell: &mut Shell) {
        for (name, old, new) in self.files(inputs) {
            let diff = text::unified(&name, Some(old), Some(new));
            shell.result(text::painted(&diff, shell.colours_results()));
        }
    }

    /// Writes the files; the standard input goes to stdout, changed or not. Files that cannot be written become findings.
    pub fn write(&mut self, inputs: &Inputs, shell: &mut Shell) {
        let mut refused = Vec::new();
        for (name, old, new) in self.files(inputs).into_iter().filter(|(name, ..)| name != STDIN) {
            if let Err(error) = output::replace_text(Path::new(&name), old, new) {
                let message = format!("cannot write `{name}`: {error}");
                refused.push(Diagnostic::without_place(Code::OutputUnwritable, message));
            }
        }
        self.round.findings.extend(refused);
        for (number, input) in inputs.files.iter().enumerate().filter(|(_, i)| i.name == STDIN) {
            shell.result(self.changed.files.get(&number).map_or(input.bytes.as_slice(), |t| t.as_bytes()));
        }
    }
}
