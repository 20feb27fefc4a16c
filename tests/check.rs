//! `llmobs check` as users run it: each folder below tests/check/cases is copied to a temporary folder, each line of its file `cmd`
//! is run there, and what the program says, how it exits and which files it changes is the snapshot `expected`. `LLMOBS_UPDATE=1`
//! rewrites the snapshots; read them before committing.
//!
//! tests/check/sarif-2.1.0.schema.json is the schema of OASIS as the crate serde-sarif 0.8.0 carries it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use tempfile::TempDir;

type Done<T = ()> = Result<T, Failed>;

/// Day that every case has, unless its command says another.
const TODAY: &str = "2027-01-15";

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for name in names() {
        trials.push(Trial::test(format!("case/{name}"), move || case(&name)));
    }
    trials.push(Trial::test("sarif_validates_and_its_regions_are_exact", sarif));
    trials.push(Trial::test("hostile_files_are_findings", hostile));
    trials.push(Trial::test("a_thousand_files_come_in_order", thousand));
    trials.push(Trial::test("fixes_keep_links_and_rights", rights));
    trials.push(Trial::test("actions_of_this_repository_take_several_paths", actions));
    libtest_mimic::run(&arguments, trials).exit();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(folder().join("cases")).into_iter().flatten().flatten();
    let mut out: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    out.sort();
    out
}

fn program(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobs"));
    command.current_dir(dir).env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn run(dir: &Path, arguments: &[&str]) -> Done<Output> {
    Ok(program(dir).arg("check").args(["--today", TODAY]).args(arguments).output()?)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns every file below a folder by its path.
fn files(dir: &Path) -> Done<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(dir)?.to_string_lossy().replace('\\', "/");
                out.insert(name, text(&fs::read(&path)?));
            }
        }
    }
    Ok(out)
}

/// Runs one line of `cmd`: arguments of `llmobs`, and `< FILE` at the end.
fn run_line(dir: &Path, line: &str) -> Done<Output> {
    let (line, stdin) = line.split_once(" < ").map_or((line, None), |(l, file)| (l, Some(file)));
    let mut command = program(dir);
    let words: Vec<&str> = line.split_whitespace().collect();
    command.args(&words);
    if words.first() == Some(&"check") && !line.contains("--today") {
        command.args(["--today", TODAY]);
    }
    if let Some(file) = stdin {
        command.stdin(fs::File::open(dir.join(file))?);
    }
    Ok(command.output()?)
}

fn case(name: &str) -> Done {
    let from = folder().join("cases").join(name);
    let dir = TempDir::new()?;
    for (file, content) in files(&from)? {
        if !["cmd", "expected"].contains(&file.as_str()) {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().ok_or("no parent")?)?;
            fs::write(path, content)?;
        }
    }
    let mut actual = String::new();
    for line in fs::read_to_string(from.join("cmd"))?.lines().filter(|l| !l.is_empty()) {
        let before = files(dir.path())?;
        let ran = run_line(dir.path(), line)?;
        let _ = writeln!(actual, "$ llmobs {line}");
        for (stream, bytes) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            if !bytes.is_empty() {
                let _ = write!(actual, "--- {stream}\n{}", text(bytes));
            }
        }
        let _ = writeln!(actual, "--- exit {}", code(&ran));
        let generated = line.starts_with("generate");
        for (file, content) in files(dir.path())? {
            if before.get(&file) != Some(&content) && !generated {
                let _ = write!(actual, "--- wrote {file}\n{content}");
            }
        }
        actual.push('\n');
    }
    if actual.contains(&*dir.path().to_string_lossy()) {
        return Err("the output names the temporary folder".into());
    }
    snapshot(&from.join("expected"), &actual)
}

fn snapshot(path: &Path, actual: &str) -> Done {
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        return Ok(fs::write(path, actual)?);
    }
    let expected =
        fs::read_to_string(path).map_err(|e| format!("{}: {e}; LLMOBS_UPDATE=1 writes it", path.display()))?;
    if expected == actual {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&expected, actual);
    Err(format!("{} differs:\n{}", path.display(), diff.unified_diff()).into())
}

fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> Done {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().ok_or("no parent")?)?;
    Ok(fs::write(path, content)?)
}

/// A rule file with a letter outside of the basic plane before the fault, so that bytes, letters and UTF-16 units differ.
const WIDE: &str = "groups:
- name: g
  rules:
  # llmobs: allow promql/rate-of-gauge -- a trend
  - record: a
    expr: rate(vllm:num_requests_waiting[5m])
  - record: b
    expr: label_replace(vllm:gpu_cache_usage_perc, \"x\", \"é😀\", \"\", \"\") + sum(vllm:nothing_of_the_kind)
";

fn sarif() -> Done {
    let dir = TempDir::new()?;
    write(dir.path(), "a b/rules.yaml", WIDE)?;
    write(dir.path(), "broken.yaml", "groups: [\n")?;
    let arguments = ["a b/rules.yaml", "broken.yaml", "--format", "sarif", "--engine", "vllm@0.12.0"];
    let ran = run(dir.path(), &arguments)?;
    let log: Value = serde_json::from_slice(&ran.stdout)?;
    // The pattern of languages has a bracket too many, which no strict reader of expressions takes.
    let schema = fs::read_to_string(folder().join("sarif-2.1.0.schema.json"))?;
    let schema: Value = serde_json::from_str(&schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$"))?;
    let validator = jsonschema::draft7::new(&schema).map_err(|e| e.to_string())?;
    let faults: Vec<String> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    if !faults.is_empty() {
        return Err(faults.join("\n").into());
    }
    // The judge refuses what it should.
    let mut spoiled = log.clone();
    spoiled["runs"][0]["results"][0]["level"] = "fatal".into();
    if validator.is_valid(&spoiled) {
        return Err("the schema accepts a level that is none".into());
    }
    let results = log["runs"][0]["results"].as_array().ok_or("no results")?;
    let mut seen = Vec::new();
    for result in results {
        let id = result["ruleId"].as_str().unwrap_or_default();
        let rule = &log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap_or(999) as usize];
        if rule["id"] != id || !rule["help"]["markdown"].as_str().is_some_and(|m| m.starts_with(&format!("# {id}\n"))) {
            return Err(format!("{id}: its rule is {rule}").into());
        }
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().unwrap_or_default();
        if uri == "a%20b/rules.yaml" {
            let allowed = result["suppressions"][0]["justification"].as_str().unwrap_or("-");
            seen.push(format!("{id} {allowed}: {}", utf16(WIDE, &location["region"])?));
        }
        for change in result["fixes"].as_array().into_iter().flatten() {
            let replacement = &change["artifactChanges"][0]["replacements"][0];
            let inserted = replacement["insertedContent"]["text"].as_str().unwrap_or_default();
            seen.push(format!("{} becomes {inserted}", utf16(WIDE, &replacement["deletedRegion"])?));
        }
    }
    seen.sort();
    let expected = [
        "metric/gone -: vllm:gpu_cache_usage_perc",
        "metric/unknown -: vllm:nothing_of_the_kind",
        "promql/rate-of-gauge a trend: vllm:num_requests_waiting[5m]",
        "vllm:gpu_cache_usage_perc becomes vllm:kv_cache_usage_perc",
    ];
    let missing: Vec<&str> = expected.into_iter().filter(|e| !seen.iter().any(|s| s == e)).collect();
    if !missing.is_empty() || code(&ran) != 1 {
        return Err(format!("exit {}; {missing:#?} is not in {seen:#?}", code(&ran)).into());
    }
    Ok(())
}

/// Returns the text of a region whose columns are UTF-16 code units.
fn utf16(text: &str, region: &Value) -> Done<String> {
    let number = |key: &str| region[key].as_u64().map(|n| n as usize).ok_or_else(|| format!("no {key} in {region}"));
    let (line, start, end) = (number("startLine")?, number("startColumn")?, number("endColumn")?);
    let units: Vec<u16> = text.lines().nth(line - 1).unwrap_or_default().encode_utf16().collect();
    Ok(String::from_utf16_lossy(units.get(start - 1..end - 1).unwrap_or_default()))
}

/// Files that no editor writes: each is one finding or passed over, within seconds.
fn hostile() -> Done {
    let dir = TempDir::new()?;
    let at = dir.path();
    write(at, "binary.yaml", [0u8, 159, 146, 150])?;
    write(at, "utf16.yaml", [0xff, 0xfe, b'g', 0])?;
    write(at, "empty.yaml", "")?;
    write(at, "blank.json", "\n\n")?;
    write(at, "line.json", format!("{{\"panels\": [], \"title\": \"{}\"}}", "x".repeat(8_000_000)))?;
    let comments = "# llmobs: allow metric/gone -- x\n---\n".repeat(50_000);
    write(at, "comments.yaml", format!("{comments}groups: []\n"))?;
    write(at, "deep.yaml", format!("groups: {}", "[".repeat(100_000)))?;
    let mut said = String::new();
    let mut names =
        vec!["binary.yaml", "utf16.yaml", "empty.yaml", "blank.json", "line.json", "comments.yaml", "deep.yaml"];
    #[cfg(unix)]
    {
        fs::create_dir(at.join("loop"))?;
        std::os::unix::fs::symlink("..", at.join("loop/up"))?;
        std::os::unix::fs::symlink("nowhere", at.join("loop/dangling.yaml"))?;
        names.push("loop");
    }
    names.push("absent.yaml");
    names.push("*.none");
    for name in names {
        let started = std::time::Instant::now();
        let ran = run(at, &[name, "--format", "concise", "--no-notes"])?;
        let took = started.elapsed();
        if took.as_secs() > 20 || text(&ran.stderr).contains("internal error") {
            return Err(format!("{name} took {took:?}: {}", text(&ran.stderr)).into());
        }
        // Of thousands of findings the first will do.
        let first = text(&ran.stdout).lines().next().unwrap_or_default().to_owned();
        let _ = writeln!(said, "{name}: exit {}: {first}", code(&ran));
    }
    snapshot(&folder().join("hostile"), &said)
}

/// The order of findings does not depend on the file system, and every file is read.
fn thousand() -> Done {
    let dir = TempDir::new()?;
    for n in (0..2_000).rev() {
        write(
            dir.path(),
            &format!("f{}/r{n:04}.yaml", n % 7),
            "groups:\n- name: a\n  rules:\n  - record: a\n    expr: sum(\n",
        )?;
    }
    let ran = run(dir.path(), &[".", "--format", "concise"])?;
    let lines: Vec<String> = text(&ran.stdout).lines().map(str::to_owned).collect();
    let mut sorted = lines.clone();
    sorted.sort();
    if lines != sorted || lines.len() < 2_000 || code(&ran) != 1 || !text(&ran.stderr).ends_with(" in 2000 files\n") {
        return Err(format!("{} lines, {}", lines.len(), text(&ran.stderr)).into());
    }
    let files: std::collections::BTreeSet<&str> = lines.iter().filter_map(|l| l.split(':').next()).collect();
    if files.len() == 2_000 { Ok(()) } else { Err(format!("{} files", files.len()).into()) }
}

/// A fixed file keeps its rights, and a link to it stays a link.
#[cfg(unix)]
fn rights() -> Done {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new()?;
    write(
        dir.path(),
        "real.yaml",
        "groups:\n- name: a\n  rules:\n  - record: a\n    expr: vllm:gpu_cache_usage_perc\n",
    )?;
    fs::set_permissions(dir.path().join("real.yaml"), fs::Permissions::from_mode(0o640))?;
    std::os::unix::fs::symlink("real.yaml", dir.path().join("link.yaml"))?;
    let ran = run(dir.path(), &["link.yaml", "--fix", "--engine", "vllm@0.12.0"])?;
    let fixed = fs::read_to_string(dir.path().join("real.yaml"))?;
    let mode = fs::metadata(dir.path().join("real.yaml"))?.permissions().mode() & 0o777;
    let link = fs::symlink_metadata(dir.path().join("link.yaml"))?.is_symlink();
    let left = fs::read_dir(dir.path())?.count();
    if !fixed.contains("expr: vllm:kv_cache_usage_perc\n") || mode != 0o640 || !link || left != 2 {
        return Err(format!("{fixed} {mode:o} {link} {left} {}", text(&ran.stderr)).into());
    }
    // What must not be written is told and left alone.
    let old = fixed.replace("kv_cache", "gpu_cache");
    write(dir.path(), "kept.yaml", &old)?;
    fs::set_permissions(dir.path().join("kept.yaml"), fs::Permissions::from_mode(0o440))?;
    let ran = run(dir.path(), &["kept.yaml", "--fix", "--engine", "vllm@0.12.0", "--format", "concise"])?;
    let told = text(&ran.stdout).contains("error[output/unwritable] cannot write `kept.yaml`");
    if !told || code(&ran) != 1 || fs::read_to_string(dir.path().join("kept.yaml"))? != old {
        return Err(format!("{}{}", text(&ran.stdout), text(&ran.stderr)).into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn rights() -> Done {
    Ok(())
}

/// What pre-commit and the GitHub action run is a command that the program takes.
fn actions() -> Done {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = TempDir::new()?;
    write(dir.path(), "a.yaml", "groups: []\n")?;
    write(dir.path(), "b c.yaml", "groups: []\n")?;
    for (file, needle) in [(".pre-commit-hooks.yaml", "entry: llmobs check"), ("action.yml", "llmobs check ")] {
        let content = fs::read_to_string(root.join(file))?;
        let line = content.lines().find(|l| l.contains(needle)).ok_or(format!("{file} has no `{needle}`"))?;
        let flags: Vec<&str> = line.split_whitespace().filter(|w| w.starts_with("--")).collect();
        let ran = run(dir.path(), &[&flags[..], &["a.yaml", "b c.yaml"]].concat())?;
        if code(&ran) != 0 {
            return Err(format!("{file}: {line}: {}", text(&ran.stderr)).into());
        }
    }
    Ok(())
}
