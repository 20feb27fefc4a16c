//! `llmobs catalog` in the real program. A folder of `tests/catalog/` is a case: its `arguments`, pages beside them, `stdin` if
//! it reads that, and `expected`: exit code, stdout and stderr. `LLMOBS_UPDATE=1` rewrites the latter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let mut trials = Vec::new();
    for entry in fs::read_dir(cases()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        trials.push(Trial::test(name, move || case(&entry.path())));
    }
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    trials.push(Trial::test("there_are_cases", there_are_cases));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog")
}

fn there_are_cases() -> Result<(), Failed> {
    match fs::read_dir(cases())?.count() {
        0 => Err("tests/catalog/ is empty".into()),
        _ => Ok(()),
    }
}

fn case(folder: &Path) -> Result<(), Failed> {
    let arguments = fs::read_to_string(folder.join("arguments"))?;
    let stdin = folder.join("stdin");
    let stdin = if stdin.exists() { Stdio::from(fs::File::open(stdin)?) } else { Stdio::null() };
    let output = Command::new(env!("CARGO_BIN_EXE_llmobs"))
        .current_dir(folder)
        .arg("catalog")
        .args(arguments.lines())
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(stdin)
        .output()?;
    let code = output.status.code().ok_or("the program was ended by a signal")?;
    let found = format!(
        "exit code {code}\n--- stdout\n{}--- stderr\n{}",
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?
    );
    let path = folder.join("expected");
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        fs::write(path, found)?;
        return Ok(());
    }
    let expected = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    if expected == found {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&expected, &found).unified_diff().to_string();
    Err(format!("{}: LLMOBS_UPDATE=1 rewrites it\n{diff}", path.display()).into())
}
