//! Tests of `files`.

use super::*;

#[test]
fn replaces_and_leaves_nothing_else_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/file.txt");
    write_atomically(&path, "old, and longer").unwrap();
    write_atomically(&path, "new").unwrap();
    assert_eq!(read_text(&path).unwrap(), "new");
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_refused_write_keeps_no_part_and_names_the_path() {
    let folder = tempfile::tempdir().unwrap();
    // A folder stands where the file should go: the rename is refused, even for root.
    let path = folder.path().join("taken");
    fs::create_dir_all(path.join("inside")).unwrap();
    let message = write_atomically(&path, "x").unwrap_err().to_string();
    assert!(message.starts_with("cannot write "), "{message}");
    assert!(message.contains("taken"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // A file stands where a folder should be.
    fs::write(folder.path().join("file"), "").unwrap();
    let message = write_atomically(folder.path().join("file/x"), "x")
        .unwrap_err()
        .to_string();
    assert!(message.contains("create the folder "), "{message}");
}

#[test]
fn what_a_killed_process_left_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [".atelier-x1Y2z3.part", "model.part", ".atelier-notes"] {
        fs::write(at(name), "x").unwrap();
    }
    remove_unfinished(folder.path()).unwrap();
    let left = names(folder.path()).unwrap();
    assert_eq!(left, [".atelier-notes", "model.part"]);
    remove_unfinished(at("nowhere")).unwrap();
    create_folder(at("a/b/c")).unwrap();
    create_folder(at("a/b/c")).unwrap();
    assert!(at("a/b/c").is_dir());
}

#[cfg(unix)]
#[test]
fn others_may_read_what_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
    write_atomically(&ours, "x").unwrap();
    fs::write(&plain, "x").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}

#[test]
fn a_missing_file_is_named() {
    let message = read_text("no/such/file").unwrap_err().to_string();
    assert!(
        message.starts_with("cannot read no/such/file: "),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "old").unwrap();
    symlink("file", at("link")).unwrap();
    symlink(at("link"), at("link of a link")).unwrap();
    symlink("not/yet", at("dangling")).unwrap();
    for (name, target) in [
        ("file", "file"),
        ("link", "file"),
        ("link of a link", "file"),
        ("dangling", "not/yet"),
        ("new/file", "new/file"),
    ] {
        write_output(at(name), name).unwrap();
        assert_eq!(read_text(at(target)).unwrap(), name);
    }
    assert!(at("link of a link").is_symlink() && at("dangling").is_symlink());

    symlink("loop", at("loop")).unwrap();
    let message = write_output(at("loop"), "x").unwrap_err().to_string();
    assert!(message.starts_with("cannot write "), "{message}");

    write_output("/dev/null", "x").unwrap();
    let kind = fs::metadata("/dev/null").unwrap().file_type();
    assert!(kind.is_char_device());
}
