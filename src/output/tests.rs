//! Writing to real folders: conflicts, crashes at every step, paths that lead elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::names::{MANIFEST, TEMPORARY};

type Made = Result<(), Box<dyn std::error::Error>>;

fn artifacts(files: &[(&str, &str)]) -> Vec<Artifact> {
    files.iter().map(|(path, text)| Artifact::file(*path, *text)).collect()
}

fn first() -> Vec<Artifact> {
    artifacts(&[("README.md", "one\n"), ("a/kept.yaml", "k: 1\n"), ("a/x.yaml", "x: 1\n"), ("b/c/gone.yaml", "g: 1\n")])
}

fn second() -> Vec<Artifact> {
    artifacts(&[("README.md", "two\n"), ("a/kept.yaml", "k: 1\n"), ("a/x.yaml", "x: 2\n"), ("d/new.yaml", "n: 1\n")])
}

fn third() -> Vec<Artifact> {
    artifacts(&[("README.md", "three\n"), ("b/c/gone.yaml", "g: 3\n"), ("d", "a file now\n")])
}

/// Every file below a folder, by path.
fn tree(root: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for item in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = item.path();
            if item.file_type().is_ok_and(|t| t.is_dir()) {
                found.insert(format!("{}/", path.strip_prefix(root).unwrap_or(&path).display()), String::new());
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn clean(artifacts: &[Artifact]) -> BTreeMap<String, String> {
    let dir = TempDir::new().expect("a temporary folder");
    written(dir.path(), artifacts);
    tree(dir.path())
}

fn written(root: &Path, artifacts: &[Artifact]) -> Report {
    match write(root, artifacts, Options::default()) {
        Ok(report) => report,
        Err(refusal) => panic!("refused: {refusal:?}"),
    }
}

fn conflicts(result: Result<Report, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::Conflicts(plan)) => {
            plan.changes.iter().filter_map(|c| Some(format!("{} {}", c.conflict.as_ref()?.word(), c.path))).collect()
        }
        other => panic!("no conflicts: {other:?}"),
    }
}

fn findings(result: Result<Report, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::Findings(list)) => list.iter().map(|d| format!("{}: {}", d.code, d.message)).collect(),
        other => panic!("no findings: {other:?}"),
    }
}

/// Does the first `n` steps of writing, as a run that is killed would; `torn` leaves the temporary file of the next.
fn killed(root: &Path, artifacts: &[Artifact], n: usize, torn: bool) -> bool {
    let plan = plan(root, artifacts).expect("a plan");
    assert!(!plan.has_conflicts(), "{:?}", plan.changes);
    let steps = apply::steps(&plan, artifacts);
    apply::run(root, &steps[..n.min(steps.len())]).expect("the steps");
    if let (true, Some(step)) = (torn, steps.get(n)) {
        let folder = match step {
            apply::Step::Write(path, _) => path::on_disk(root, path).parent().map(Path::to_path_buf),
            _ => Some(root.to_path_buf()),
        };
        if let Some(folder) = folder.filter(|f| f.is_dir()) {
            fs::write(folder.join(format!("{TEMPORARY}x1y2z3")), "half a li").expect("a temporary file");
        }
    }
    n < steps.len()
}

#[test]
fn a_second_run_touches_nothing() -> Made {
    let dir = TempDir::new()?;
    assert_eq!(written(dir.path(), &first()), Report { changed: 4, unchanged: 0, removed: 0 });
    let times = |root: &Path| -> std::io::Result<Vec<std::time::SystemTime>> {
        ["README.md", "a/x.yaml", MANIFEST].iter().map(|f| fs::metadata(root.join(f))?.modified()).collect()
    };
    let before = times(dir.path())?;
    assert_eq!(written(dir.path(), &first()), Report { changed: 0, unchanged: 4, removed: 0 });
    assert_eq!(times(dir.path())?, before);
    assert!(plan(dir.path(), &first()).is_ok_and(|p| p.is_clean()));
    Ok(())
}

#[test]
fn what_is_no_longer_generated_goes_with_its_folders_and_what_is_foreign_stays() -> Made {
    let dir = TempDir::new()?;
    written(dir.path(), &first());
    fs::write(dir.path().join("a/mine.txt"), "mine")?;
    assert_eq!(written(dir.path(), &second()), Report { changed: 3, unchanged: 1, removed: 1 });
    let mut expected = clean(&second());
    expected.insert("a/mine.txt".into(), "mine".into());
    assert_eq!(tree(dir.path()), expected);
    written(dir.path(), &artifacts(&[("only.md", "x\n")]));
    assert_eq!(
        tree(dir.path()).into_keys().collect::<Vec<_>>(),
        [MANIFEST, "a/", "a/mine.txt", "only.md"].map(str::to_owned)
    );
    Ok(())
}

#[test]
fn all_conflicts_are_reported_at_once_and_nothing_is_written() -> Made {
    let dir = TempDir::new()?;
    written(dir.path(), &first());
    fs::write(dir.path().join("README.md"), "one, edited\n")?;
    fs::write(dir.path().join("b/c/gone.yaml"), b"g: \xff\n")?;
    fs::create_dir(dir.path().join("d"))?;
    fs::write(dir.path().join("d/new.yaml"), "theirs\n")?;
    let before = tree(dir.path());
    let refused = conflicts(write(dir.path(), &second(), Options::default()));
    assert_eq!(refused, ["edited README.md", "edited b/c/gone.yaml", "foreign d/new.yaml"]);
    assert_eq!(tree(dir.path()), before);
    assert!(write(dir.path(), &second(), Options { force: true }).is_ok());
    assert_eq!(tree(dir.path()), clean(&second()));
    Ok(())
}

#[test]
fn an_edit_that_equals_the_new_content_and_a_foreign_file_that_does_are_taken_over() -> Made {
    let dir = TempDir::new()?;
    written(dir.path(), &first());
    fs::write(dir.path().join("README.md"), "two\n")?;
    fs::create_dir(dir.path().join("d"))?;
    fs::write(dir.path().join("d/new.yaml"), "n: 1\n")?;
    written(dir.path(), &second());
    assert_eq!(tree(dir.path()), clean(&second()));
    fs::remove_file(dir.path().join(MANIFEST))?;
    assert_eq!(written(dir.path(), &second()), Report { changed: 0, unchanged: 4, removed: 0 });
    assert_eq!(tree(dir.path()), clean(&second()));
    Ok(())
}

#[test]
fn after_a_crash_at_any_step_any_next_run_converges_without_force() -> Made {
    for next in [first(), second(), third()] {
        for torn in [false, true] {
            let mut n = 0;
            loop {
                let dir = TempDir::new()?;
                written(dir.path(), &first());
                let more = killed(dir.path(), &second(), n, torn);
                written(dir.path(), &next);
                assert_eq!(tree(dir.path()), clean(&next), "killed after {n} steps, torn: {torn}");
                if !more {
                    break;
                }
                n += 1;
            }
            assert!(n > 5);
        }
    }
    Ok(())
}

#[test]
fn crashes_may_follow_each_other() -> Made {
    for n in 0..8 {
        for m in 0..10 {
            let dir = TempDir::new()?;
            killed(dir.path(), &first(), n, true);
            killed(dir.path(), &second(), m, false);
            killed(dir.path(), &third(), (n + m) % 7, true);
            written(dir.path(), &second());
            assert_eq!(tree(dir.path()), clean(&second()), "killed after {n} and {m} steps");
        }
    }
    Ok(())
}

#[test]
fn an_edit_after_a_crash_at_any_step_is_not_lost() -> Made {
    for file in ["README.md", "a/x.yaml", "b/c/gone.yaml"] {
        let mut n = 0;
        loop {
            let dir = TempDir::new()?;
            written(dir.path(), &first());
            let more = killed(dir.path(), &second(), n, false);
            if dir.path().join(file).exists() {
                fs::write(dir.path().join(file), "edited\n")?;
                assert_eq!(
                    conflicts(write(dir.path(), &second(), Options::default())),
                    [format!("edited {file}")],
                    "killed after {n} steps"
                );
                assert_eq!(fs::read_to_string(dir.path().join(file))?, "edited\n");
            }
            if !more {
                break;
            }
            n += 1;
        }
    }
    Ok(())
}

#[test]
fn an_edit_before_a_forced_run_that_crashes_is_never_taken_for_ours() -> Made {
    let dir = TempDir::new()?;
    written(dir.path(), &first());
    fs::write(dir.path().join("README.md"), "edited\n")?;
    let plan = plan(dir.path(), &second()).expect("a plan");
    apply::run(dir.path(), &apply::steps(&plan, &second())[..1]).expect("the journal");
    assert_eq!(conflicts(write(dir.path(), &first(), Options::default())), ["edited README.md"]);
    Ok(())
}

#[test]
fn an_empty_file_after_a_loss_of_power_is_not_an_edit() -> Made {
    let dir = TempDir::new()?;
    written(dir.path(), &first());
    fs::write(dir.path().join("a/x.yaml"), "")?;
    assert_eq!(written(dir.path(), &first()), Report { changed: 1, unchanged: 3, removed: 0 });
    Ok(())
}

#[test]
fn a_folder_of_ours_becomes_a_file_and_back() -> Made {
    let dir = TempDir::new()?;
    let folder = artifacts(&[("d/e/new.yaml", "n\n"), ("z", "z\n")]);
    let file = artifacts(&[("d", "file\n"), ("z/y", "y\n")]);
    for next in [&folder, &file, &folder] {
        written(dir.path(), next);
        assert_eq!(tree(dir.path()), clean(next));
    }
    Ok(())
}

#[test]
fn a_folder_or_file_of_others_in_the_way_is_refused_even_with_force() -> Made {
    let dir = TempDir::new()?;
    fs::write(dir.path().join("a"), "a file\n")?;
    fs::create_dir_all(dir.path().join("README.md/sub"))?;
    fs::write(dir.path().join("README.md/sub/mine"), "mine")?;
    let refused = findings(write(dir.path(), &first(), Options { force: true }));
    assert_eq!(
        refused,
        [
            "output/foreign-file: `a` is a file where a folder is needed",
            "output/foreign-file: `README.md` is a folder where a file is needed; it holds `README.md/sub/mine`",
        ]
    );
    assert!(!dir.path().join(MANIFEST).exists());
    let as_root = findings(write(&dir.path().join("a"), &first(), Options::default()));
    assert!(as_root[0].starts_with("output/unwritable: cannot create the output folder"), "{as_root:?}");
    Ok(())
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_folder_are_not_written_through() -> Made {
    use std::os::unix::fs::symlink;
    let dir = TempDir::new()?;
    let root = dir.path().join("out");
    fs::create_dir_all(root.join("inside"))?;
    fs::create_dir(dir.path().join("elsewhere"))?;
    fs::write(dir.path().join("secret"), "secret\n")?;
    symlink(dir.path().join("elsewhere"), root.join("a"))?;
    let refused = findings(write(&root, &first(), Options { force: true }));
    assert_eq!(refused, ["output/unwritable: `a` is a symbolic link that leads out of the output folder"]);
    fs::remove_file(root.join("a"))?;
    symlink(root.join("inside"), root.join("a"))?;
    symlink(dir.path().join("secret"), root.join("README.md"))?;
    assert_eq!(conflicts(write(&root, &first(), Options::default())), ["foreign README.md"]);
    assert!(write(&root, &first(), Options { force: true }).is_ok());
    assert_eq!(fs::read_to_string(dir.path().join("secret"))?, "secret\n");
    assert_eq!(fs::read_to_string(root.join("README.md"))?, "one\n");
    assert_eq!(fs::read_to_string(root.join("inside/x.yaml"))?, "x: 1\n");
    Ok(())
}

#[test]
fn a_manifest_that_cannot_be_used_is_said_and_not_replaced() -> Made {
    let hash = "0".repeat(64);
    let cases = [
        ("", "is not JSON"),
        ("<<<<<<< HEAD\n", "is not JSON"),
        ("[]", "has no format version"),
        (r#"{"version": 2, "files": {}}"#, "has format version 2, but this llmobs reads up to 1"),
        (r#"{"version": 1}"#, "has no list of files"),
        (r#"{"version": 1, "files": {"a": "12"}}"#, "has no SHA-256 for `a`"),
        (
            &format!(r#"{{"version": 1, "files": {{"../a": "{hash}"}}}}"#),
            "names `../a`, which is no path in the folder",
        ),
        (&format!(r#"{{"version": 1, "files": {{"/etc/passwd": "{hash}"}}}}"#), "names `/etc/passwd`"),
        (&format!(r#"{{"version": 1, "files": {{"a/..\\b": "{hash}"}}}}"#), "which is no path"),
    ];
    for (text, expected) in cases {
        let dir = TempDir::new()?;
        fs::write(dir.path().join(MANIFEST), text)?;
        let found = findings(write(dir.path(), &first(), Options { force: true }));
        assert!(found[0].starts_with("output/manifest") && found[0].contains(expected), "{found:?}");
        assert_eq!(fs::read_to_string(dir.path().join(MANIFEST))?, text);
    }
    let dir = TempDir::new()?;
    fs::create_dir(dir.path().join(MANIFEST))?;
    assert!(findings(write(dir.path(), &first(), Options::default()))[0].starts_with("output/manifest: cannot read"));
    Ok(())
}

#[test]
fn artifact_paths_stay_in_the_folder() -> Made {
    let dir = TempDir::new()?;
    let bad = ["../x", "/x", "a//b", "a/./b", "", "a\\b", "c:d", "a\nb", MANIFEST];
    let list: Vec<Artifact> = bad.iter().map(|p| Artifact::file(*p, "x\n")).collect();
    let found = findings(write(&dir.path().join("out"), &list, Options { force: true }));
    assert_eq!(found.len(), bad.len(), "{found:?}");
    let twice = findings(write(dir.path(), &artifacts(&[("a", "1\n"), ("a", "2\n")]), Options::default()));
    assert_eq!(twice, ["internal/bug: the generated path `a` is generated twice"]);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_second_run_at_the_same_time_is_refused() -> Made {
    let dir = TempDir::new()?;
    let lock = lock::lock(dir.path());
    assert!(matches!(lock, Ok(Some(_))));
    let found = findings(write(dir.path(), &first(), Options::default()));
    assert!(found[0].starts_with("output/unwritable: another run of llmobs is writing to"), "{found:?}");
    drop(lock);
    written(dir.path(), &first());
    Ok(())
}

#[cfg(unix)]
#[test]
fn generated_files_can_be_read_by_others() -> Made {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new()?;
    fs::write(dir.path().join("probe"), "")?;
    let mode = |name: &str| Ok::<_, std::io::Error>(fs::metadata(dir.path().join(name))?.permissions().mode() & 0o777);
    written(dir.path(), &first());
    assert_eq!(mode("README.md")?, mode("probe")?);
    Ok(())
}
