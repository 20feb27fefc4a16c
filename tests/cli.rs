//! Runs the real program in temporary folders: files, streams, exit codes, messages.
//!
//! Texts that a user reads are snapshots in `tests/cli/`; `LLMOBS_UPDATE=1` rewrites them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

type Made = Result<(), Box<dyn std::error::Error>>;

const PROJECT: &str = r#"version = 1
project.name = "demo"

[prometheus]
flavour = "plain"

[models.chat]
engine = "vllm"
version = "0.33.0"
pods = { app = "chat" }
slos.ttft = { objective = "99%", threshold = "2.5s" }

[models.code]
engine = "vllm"
version = "0.33.0"
pods = { app = "code" }
"#;

/// What a run gave.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobs"));
    command
        .current_dir(folder)
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    program(folder, arguments).output().expect("the program starts").into()
}

/// A folder with a project, and its output if wanted.
fn project(generated: bool) -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    fs::write(dir.path().join("llmobs.toml"), PROJECT).expect("a project");
    if generated {
        assert_eq!(run(dir.path(), &["generate"]).code, 0);
    }
    dir
}

fn change(dir: &Path, from: &str, to: &str) -> Made {
    let path = dir.join("llmobs.toml");
    let text = fs::read_to_string(&path)?;
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to))?;
    Ok(())
}

/// Every file of the output folder with its time of writing and its text.
fn files(dir: &Path) -> Vec<(PathBuf, std::time::SystemTime, String)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.join("out")];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = item.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let time = item.metadata().and_then(|m| m.modified()).expect("a time");
                found.push((path.clone(), time, fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(name);
    if std::env::var_os("LLMOBS_UPDATE").is_some() {
        fs::write(&path, text).expect("the snapshot is written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{name} differs; LLMOBS_UPDATE=1 rewrites it. Now:\n{text}");
}

/// Replaces what differs from run to run and with every new artifact: counts of files.
fn without_counts(text: &str) -> String {
    let words: Vec<String> = text
        .split_inclusive([' ', '\n', '('])
        .map(|w| {
            let end = w.trim_end_matches([' ', '\n', '(']);
            if !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()) {
                w.replacen(end, "N", 1)
            } else {
                w.to_owned()
            }
        })
        .collect();
    words.concat()
}

#[test]
fn generate_writes_and_a_second_run_touches_nothing() {
    let dir = project(false);
    let first = run(dir.path(), &["generate"]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""));
    snapshot("generate.stderr", &without_counts(&first.stderr));
    let before = files(dir.path());
    assert!(before.len() > 3);
    let second = run(dir.path(), &["generate"]);
    assert_eq!(second.code, 0);
    assert!(second.stderr.contains("(0 changed, ") && second.stderr.contains(", 0 removed)"), "{}", second.stderr);
    assert_eq!(files(dir.path()), before);
    let quiet = run(dir.path(), &["generate", "-q"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""));
}

#[test]
fn without_promtool_nothing_is_tested_and_that_is_said() {
    let dir = project(false);
    let missing = run(dir.path(), &["test", "--promtool", "no-such-promtool"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(missing.stderr.contains("nothing was tested"), "{}", missing.stderr);
    let other = run(dir.path(), &["test", "--promtool", env!("CARGO_BIN_EXE_llmobs")]);
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains("is not promtool"), "{}", other.stderr);
}

#[test]
fn generate_check_lists_what_would_change() -> Made {
    let dir = project(false);
    let fresh = run(dir.path(), &["generate", "--check"]);
    assert_eq!(fresh.code, 1);
    assert!(fresh.stdout.lines().all(|l| l.starts_with("new ")), "{}", fresh.stdout);
    assert!(!dir.path().join("out").exists());
    run(dir.path(), &["generate"]);
    let clean = run(dir.path(), &["generate", "--check"]);
    assert_eq!((clean.code, clean.stdout.as_str()), (0, ""));
    change(dir.path(), "2.5s", "1s")?;
    let before = files(dir.path());
    let stale = run(dir.path(), &["generate", "--check"]);
    assert_eq!(stale.code, 1);
    assert!(stale.stdout.contains("changed  prometheus/rules/model-chat.yaml\n"), "{}", stale.stdout);
    assert!(stale.stderr.contains("out is not up to date"), "{}", stale.stderr);
    assert_eq!(files(dir.path()), before);
    Ok(())
}

#[test]
fn an_edited_file_is_refused_with_its_difference() -> Made {
    let dir = project(true);
    let edited = dir.path().join("out/prometheus/rules/model-chat.yaml");
    let text = fs::read_to_string(&edited)?;
    fs::write(&edited, text.replace("> 2.5", "> 9"))?;
    let before = files(dir.path());
    let refused = run(dir.path(), &["generate"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    snapshot(
        "edited.stderr",
        &refused.stderr.lines().filter(|l| !l.contains("notes: ")).collect::<Vec<_>>().join("\n"),
    );
    assert_eq!(files(dir.path()), before);
    let listed = run(dir.path(), &["generate", "--check"]);
    assert_eq!(listed.stdout, "changed  prometheus/rules/model-chat.yaml (edited)\n");
    assert_eq!(run(dir.path(), &["generate", "--force"]).code, 0);
    assert_eq!(fs::read_to_string(&edited)?, text);
    Ok(())
}

#[test]
fn a_removed_model_takes_its_files_along_and_leaves_those_of_others() -> Made {
    let dir = project(true);
    let rules = dir.path().join("out/prometheus/rules");
    fs::write(rules.join("mine.yaml"), "groups: []\n")?;
    assert!(rules.join("model-code.yaml").exists());
    change(dir.path(), "[models.code]\nengine = \"vllm\"\nversion = \"0.33.0\"\npods = { app = \"code\" }\n", "")?;
    let ran = run(dir.path(), &["generate"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stderr.contains(" 0 removed"), "{}", ran.stderr);
    assert!(!rules.join("model-code.yaml").exists());
    assert_eq!(fs::read_to_string(rules.join("mine.yaml"))?, "groups: []\n");
    Ok(())
}

#[test]
fn a_foreign_file_in_the_way_is_refused() -> Made {
    let dir = project(false);
    let path = dir.path().join("out/prometheus/rules/model-chat.yaml");
    fs::create_dir_all(path.parent().ok_or("no parent")?)?;
    fs::write(&path, "groups: []\n")?;
    let refused = run(dir.path(), &["generate"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("error[output/foreign-file]: `out/prometheus/rules/model-chat.yaml` is in the way")
    );
    assert_eq!(files(dir.path()).len(), 1);
    assert_eq!(run(dir.path(), &["generate", "--force"]).code, 0);
    Ok(())
}

#[test]
fn diff_tells_the_meaning_and_the_text() -> Made {
    let dir = project(true);
    let none = run(dir.path(), &["diff", "--exit-code"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    let rules = dir.path().join("out/prometheus/rules");
    let old = fs::read_to_string(rules.join("model-chat.yaml"))?;
    // An output that an older llmobs.toml gave: another threshold, one alert less.
    let alert = "      - alert: ";
    let start = old.rfind(alert).ok_or("no alert")?;
    let end = old.len();
    fs::write(rules.join("model-chat.yaml"), format!("{}{}", &old[..start], &old[end..]).replace("> 2.5", "> 9"))?;
    let human = run(dir.path(), &["diff"]);
    assert_eq!(human.code, 0);
    snapshot("diff.stdout", &human.stdout);
    assert_eq!(run(dir.path(), &["diff", "--exit-code"]).code, 1);
    let json = run(dir.path(), &["diff", "--exit-code", "--format", "json"]);
    assert_eq!(json.code, 1);
    let value: serde_json::Value = serde_json::from_str(&json.stdout)?;
    assert_eq!(value["summary"]["alerts"], serde_json::json!({ "added": 1, "removed": 0, "changed": 1 }));
    assert_eq!(value["files"][0]["conflict"], "edited");
    let painted = run(dir.path(), &["diff", "--color", "always"]);
    assert!(painted.stdout.contains("\u{1b}[32m+"));
    Ok(())
}

#[test]
fn findings_stop_generate_and_are_the_result_of_check() -> Made {
    let dir = project(false);
    change(dir.path(), "engine = \"vllm\"\nversion = \"0.33.0\"\npods = { app = \"code\" }", "engin = \"vllm\"")?;
    let generate = run(dir.path(), &["generate"]);
    assert_eq!((generate.code, generate.stdout.as_str()), (1, ""));
    assert!(generate.stderr.contains("error[spec/unknown-key]") && generate.stderr.contains("; nothing was written"));
    assert!(!dir.path().join("out").exists());
    let check = run(dir.path(), &["check", "--format", "concise"]);
    assert_eq!(check.code, 1);
    assert!(check.stdout.contains("llmobs.toml:14:1: error[spec/unknown-key]"), "{}", check.stdout);
    assert!(!check.stderr.contains("spec/unknown-key"));
    let json: serde_json::Value = serde_json::from_str(&run(dir.path(), &["check", "--format", "json"]).stdout)?;
    assert!(json["diagnostics"].as_array().is_some_and(|d| !d.is_empty()));
    assert_eq!(run(dir.path(), &["diff"]).code, 1);
    Ok(())
}

#[test]
fn a_path_names_a_file_or_a_folder() -> Made {
    let dir = TempDir::new()?;
    fs::create_dir_all(dir.path().join("a/b"))?;
    fs::write(dir.path().join("a/b/llmobs.toml"), PROJECT)?;
    fs::write(dir.path().join("a/other.toml"), PROJECT)?;
    for (path, out) in [("a/b", "a/b/out"), ("a/b/llmobs.toml", "a/b/out"), ("./a/other.toml", "a/out")] {
        let ran = run(dir.path(), &["generate", path]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!(" to {out} (")), "{path}: {}", ran.stderr);
    }
    let ran = run(&dir.path().join("a/b"), &["generate", "--out", "../../elsewhere"]);
    assert_eq!(ran.code, 0);
    assert!(dir.path().join("elsewhere/prometheus/rules/model-chat.yaml").exists());
    Ok(())
}

#[test]
fn wrong_usage_and_missing_files_exit_with_2() -> Made {
    let dir = TempDir::new()?;
    let missing = run(dir.path(), &["generate"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    snapshot("missing.stderr", &missing.stderr);
    for arguments in
        [&["generate", "--chek"][..], &["nothing"], &["generate", "--check", "--force"], &[], &["explain", "x"]]
    {
        let ran = run(dir.path(), arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.stderr.is_empty());
    }
    fs::write(dir.path().join("llmobs.toml"), b"version = \xff")?;
    let binary = run(dir.path(), &["check"]);
    assert_eq!(binary.code, 2);
    assert!(binary.stderr.contains("cannot read `llmobs.toml`: not UTF-8 at byte 10"), "{}", binary.stderr);
    Ok(())
}

#[test]
fn help_schema_completions_and_manual_are_results() -> Made {
    let dir = TempDir::new()?;
    let help = run(dir.path(), &["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("Exit codes:"));
    let schema = run(dir.path(), &["schema"]);
    let value: serde_json::Value = serde_json::from_str(&schema.stdout)?;
    assert_eq!((schema.code, &value["title"]), (0, &serde_json::json!("llmobs.toml")));
    for shell in ["bash", "zsh", "fish"] {
        let script = run(dir.path(), &["completions", shell]);
        assert!(script.code == 0 && script.stdout.contains("generate") && script.stderr.is_empty(), "{shell}");
    }
    let page = run(dir.path(), &["man"]);
    assert!(page.code == 0 && page.stdout.contains(".TH llmobs 1") && page.stderr.is_empty());
    assert_eq!(run(dir.path(), &["man", "--out", "man"]).code, 0);
    assert!(dir.path().join("man/llmobs.1").exists() && dir.path().join("man/llmobs-generate.1").exists());
    Ok(())
}

#[test]
fn explain_knows_codes_alerts_and_series_of_the_project() {
    let dir = project(false);
    for topic in ["output/edited-file", "HighTimeToFirstToken", "ai:ttft_seconds:p99"] {
        let ran = run(dir.path(), &["explain", topic]);
        assert!(ran.code == 0 && ran.stdout.contains(topic) && ran.stderr.is_empty(), "{topic}: {}", ran.stderr);
    }
    let unknown = run(dir.path(), &["explain", "HighTimeToFirstTokn"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `HighTimeToFirstToken`?"), "{}", unknown.stderr);
}

#[test]
fn init_writes_a_file_that_generates_and_overwrites_none() -> Made {
    let dir = TempDir::new()?;
    let ran = run(dir.path(), &["init", "--model-name", "org/chat", "--gpu", "h100"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let text = fs::read_to_string(dir.path().join("llmobs.toml"))?;
    assert_eq!(run(dir.path(), &["generate"]).code, 0);
    let again = run(dir.path(), &["init"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("`llmobs.toml` is there already"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(dir.path().join("llmobs.toml"))?, text);
    assert_eq!(run(dir.path(), &["init", "--force"]).code, 0);
    let shown = run(dir.path(), &["init", "--out", "-"]);
    assert!(shown.code == 0 && shown.stdout.contains("version = 1") && shown.stderr.is_empty());
    assert_eq!(run(dir.path(), &["init", "--out", "x.toml", "--engine", "vlm"]).code, 1);
    assert!(!dir.path().join("x.toml").exists());
    Ok(())
}

#[test]
fn init_reads_pages_from_files_and_over_http() -> Made {
    let dir = TempDir::new()?;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init/sglang.prom");
    let file = run(dir.path(), &["init", "--out", "-", "--from-metrics", &page.display().to_string()]);
    assert!(file.code == 0 && file.stdout.contains("engine = \"sglang\""), "{}", file.stderr);
    let url = serve(fs::read_to_string(&page)?)?;
    let fetched = run(dir.path(), &["init", "--out", "-", "--from-metrics", &url]);
    assert!(fetched.code == 0 && fetched.stdout.contains("engine = \"sglang\""), "{}", fetched.stderr);
    for (from, expected) in
        [("ftp://x/metrics", "`ftp` is not http or https"), ("nowhere.prom", "cannot read"), (&url, "cannot fetch")]
    {
        let ran = run(dir.path(), &["init", "--out", "-", "--from-metrics", from]);
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{from}: {}", ran.stderr);
    }
    Ok(())
}

/// Answers one request, then nobody listens any more.
fn serve(page: String) -> std::io::Result<String> {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/metrics", listener.local_addr()?);
    std::thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", page.len());
            let _ = stream.write_all(format!("{head}{page}").as_bytes());
        }
    });
    Ok(url)
}

#[test]
fn a_reader_that_goes_away_is_no_panic() -> Made {
    let dir = project(false);
    let mut child = program(dir.path(), &["schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output()?);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    Ok(())
}
