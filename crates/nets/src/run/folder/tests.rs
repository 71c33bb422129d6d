//! Folders that are taken, locks, and what only looks like one.

use super::*;

#[test]
fn a_name_is_taken_once_a_run_has_begun_or_is_about_to() {
    let root = tempfile::tempdir().unwrap();
    let name = |run: &Run| run.name();
    let first = Run::create(root.path(), "net").unwrap();
    let second = Run::create(root.path(), "net").unwrap();
    assert_eq!([name(&first), name(&second)], ["net", "net-2"]);

    // Killed before it began: its folder is used again, and nothing of it is left.
    files::write_atomically(first.path().join(record::INITIAL), "x").unwrap();
    files::write_atomically(first.path().join(record::ENVIRONMENT), "x").unwrap();
    let message = Run::open(root.path(), "net").unwrap_err().to_string();
    assert!(message.contains("before its training began"), "{message}");
    drop(first);
    let again = Run::create(root.path(), "net").unwrap();
    assert_eq!(name(&again), "net");
    assert_eq!(files::names(again.path()).unwrap(), [record::LOCK]);

    files::write_atomically(again.path().join(record::RECIPE), "").unwrap();
    drop(again);
    assert_eq!(name(&Run::create(root.path(), "net").unwrap()), "net-3");
    // A folder or file of somebody else's is left alone.
    std::fs::create_dir(root.path().join("mine")).unwrap();
    std::fs::write(root.path().join("mine/notes"), "x").unwrap();
    std::fs::write(root.path().join("mine-2"), "x").unwrap();
    assert_eq!(name(&Run::create(root.path(), "mine").unwrap()), "mine-3");
}

#[test]
fn what_is_not_a_lock_is_not_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let mine = root.path().join("mine");
    let lock = root.path().join("run").join(record::LOCK);
    std::fs::create_dir(lock.parent().unwrap()).unwrap();
    let refused = |name: &str| {
        let message = Lock::take(lock.parent().unwrap()).unwrap_err().to_string();
        assert!(
            message.contains("not a lock of atelier"),
            "{name}: {message}"
        );
        assert!(message.contains("run/.lock"), "{name}: {message}");
    };
    for content in ["notes", "", "123"] {
        std::fs::write(&mine, content).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&mine, &lock).unwrap();
            refused("link");
            std::fs::remove_file(&lock).unwrap();
            std::os::unix::fs::symlink(root.path().join("missing"), &lock).unwrap();
            refused("dangling link");
            std::fs::remove_file(&lock).unwrap();
        }
        assert_eq!(files::read_text(&mine).unwrap(), content);
    }
    std::fs::create_dir(&lock).unwrap();
    refused("folder");
    std::fs::remove_dir(&lock).unwrap();
    for content in ["notes\n", "1 2", "\u{e9}"] {
        std::fs::write(&mine, content).unwrap();
        std::fs::hard_link(&mine, &lock).unwrap();
        refused("hard link");
        assert_eq!(files::read_text(&mine).unwrap(), content);
        std::fs::remove_file(&lock).unwrap();
    }
    std::fs::write(&lock, [0xff, 0xfe]).unwrap();
    refused("bytes");
    assert!(!root.path().join("missing").exists());

    std::fs::write(&lock, "4194304").unwrap();
    drop(Lock::take(lock.parent().unwrap()).expect("left by a process that was killed"));
    let id = std::process::id().to_string();
    assert_eq!(files::read_text(&lock).unwrap(), id);
}

#[test]
fn one_at_a_time_holds_a_run() {
    let root = tempfile::tempdir().unwrap();
    let run = Run::create(root.path(), "net").unwrap();
    files::write_atomically(run.path().join(record::RECIPE), "").unwrap();
    let other = Run::open(root.path(), "net").unwrap();
    let message = other.clone().lock().unwrap_err().to_string();
    let process = format!("in use by another atelier (process {})", std::process::id());
    assert!(message.contains(&process), "{message}");
    let copy = run.clone();
    drop(run);
    assert!(other.clone().lock().is_err(), "a clone holds it");
    drop(copy);
    assert!(other.lock().is_ok());
}
