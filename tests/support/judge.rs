//! Finds and runs judges. A missing judge is an ignored test, or a failed one where judges are required.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Completion, Failed, Trial};

use super::{Context, Result};

/// Returns the folder that `tests/judges/install.sh` installs into.
pub fn folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    variable("LLMOBS_JUDGES").unwrap_or_else(|| {
        let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|h| h.join(".cache")));
        cache.unwrap_or_default().join("llmobs/judges")
    })
}

/// Returns the folder of schemas.
pub fn schemas() -> PathBuf {
    folder().join("schemas")
}

/// Returns where a program is: among the judges, else on the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder().join("bin")).chain(std::env::split_paths(&path));
    folders.map(|f| f.join(program)).find(|p| p.is_file())
}

/// Returns whether a missing judge fails the test.
pub fn required() -> bool {
    std::env::var("LLMOBS_REQUIRE_JUDGES").is_ok_and(|v| v == "1")
}

/// Makes a test that needs programs.
pub fn trial<F>(name: String, programs: &'static [&'static str], test: F) -> Trial
where
    F: FnOnce() -> Result + Send + 'static,
{
    Trial::ignorable_test(name, move || {
        if let Some(missing) = programs.iter().find(|p| find(p).is_none()) {
            return absent(&format!("`{missing}` is missing: run tests/judges/install.sh"));
        }
        test()?;
        Ok(Completion::Completed)
    })
}

/// What becomes of a test whose judge is not there.
pub fn absent(why: &str) -> std::result::Result<Completion, Failed> {
    if required() { Err(why.into()) } else { Ok(Completion::ignored_with(why)) }
}

/// Returns a command that calls a judge.
pub fn command(program: &str) -> Result<Command> {
    find(program).map(Command::new).context(format!("`{program}` is missing: run tests/judges/install.sh"))
}

/// Returns a command that calls promtool to run tests: a short life, so more memory instead of collecting garbage.
pub fn promtool() -> Result<Command> {
    let mut promtool = command("promtool")?;
    promtool.env("GOGC", "400");
    Ok(promtool)
}

/// Runs a judge that must accept.
pub fn accepts(command: &mut Command) -> Result<Output> {
    let output = output(command)?;
    if output.status.success() { Ok(output) } else { Err(told(command, &output)) }
}

/// Runs a judge that must refuse, and must say `word` while it does: it may refuse for a reason that is not meant.
pub fn refuses(command: &mut Command, word: &str) -> Result {
    let output = output(command)?;
    let told = told(command, &output);
    if output.status.success() {
        Err(format!("accepted what must be refused\n{told}"))
    } else if !told.to_lowercase().contains(&word.to_lowercase()) {
        Err(format!("refused, but not because of `{word}`\n{told}"))
    } else {
        Ok(())
    }
}

/// Writes down what a judge said.
pub fn told(command: &Command, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    format!("{command:?}\n{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn output(command: &mut Command) -> Result<Output> {
    let program = Path::new(command.get_program()).display().to_string();
    command.output().context(program)
}
