use super::*;
use std::fs;

/// A folder with pictures at several depths, and what a pattern below it matches.
fn matched(pattern: &str) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for file in [
        "1.png",
        "2.PNG",
        "notes.txt",
        "[x].png",
        ".hidden.png",
        "a/3.png",
        "a/b/4.jpg",
        "c/b/5.jpg",
        "c/.trash/6.jpg",
    ] {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        std::os::unix::fs::symlink(root, root.join("a/loop")).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"\xff.tif");
        fs::write(root.join(name), "").unwrap();
    }
    match expand(&root.join(pattern)) {
        None => Err("no pattern".to_string()),
        Some(Err(wrong)) => Err(format!("{wrong:?}")),
        Some(Ok(files)) => {
            let names = files
                .iter()
                .map(|file| shown(file.strip_prefix(root).unwrap()));
            Ok(names.collect())
        }
    }
}

#[test]
fn patterns_match_as_in_a_shell() {
    for (pattern, expected) in [
        ("*.png", &["1.png", "[x].png"][..]),
        ("?.png", &["1.png"]),
        ("[0-9].*", &["1.png", "2.PNG"]),
        ("[!0-9]*.png", &["[x].png"]),
        ("*.txt", &["notes.txt"]),
        ("a/*", &["a/3.png"]),
        ("*/*.png", &["a/3.png"]),
        ("*/b/*", &["a/b/4.jpg", "c/b/5.jpg"]),
        ("**/*.jpg", &["a/b/4.jpg", "c/b/5.jpg"]),
        ("a/**", &["a/3.png", "a/b/4.jpg"]),
        ("*/**/*.jpg", &["a/b/4.jpg", "c/b/5.jpg"]),
        ("*.webp", &[]),
        ("*/../1.png", &[]),
    ] {
        let mut found = matched(pattern).unwrap();
        // Through the link in `a` everything can be reached once more.
        found.retain(|name| !name.contains("loop"));
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn names_that_are_not_unicode_are_found() {
    if cfg!(unix) {
        assert_eq!(matched("*.tif").unwrap(), ["\u{fffd}.tif"]);
    }
}

#[test]
fn what_is_no_pattern_is_said() {
    for (pattern, expected) in [
        ("1.png", "no pattern"),
        ("[x].png", "no pattern"),
        ("none.png", "no pattern"),
        ("x[1.png", "Pattern"),
        ("a**/1.png", "Pattern"),
        ("nowhere/*.png", "Folder"),
    ] {
        let text = matched(pattern).unwrap_err();
        assert!(text.contains(expected), "{pattern}: {text}");
    }
}
