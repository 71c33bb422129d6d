use std::fs;

use proptest::prelude::*;

use super::*;
use crate::source::support::empty_files;

/// Its name, the files, what is asked for under which folders, and what that gives.
type Case<'a, T> = (&'a str, &'a [&'a str], &'a str, &'a [&'a str], T);

fn search(files: &[&str], asked: &str, under: &[&str]) -> Result<String, Lost> {
    let dir = empty_files(files);
    let found = Finder::new(dir.path()).unwrap().find(asked, under)?;
    assert!(found.path.is_file(), "{}", found.path.display());
    Ok(found.name)
}

#[test]
fn finds_what_is_meant() {
    let nfc = "Capture d\u{2019}\u{e9}cran.png";
    let nfd = "Capture d\u{2019}e\u{301}cran.png";
    let cases: &[Case<&str>] = &[
        ("exact", &["a.png"], "a.png", &[], "a.png"),
        ("dot", &["a.png"], ".//a.png", &[], "a.png"),
        (
            "part first",
            &["a.png", "train/a.png"],
            "a.png",
            &["train"],
            "train/a.png",
        ),
        (
            "then root",
            &["train/b.png", "a.png"],
            "a.png",
            &["train"],
            "a.png",
        ),
        (
            "part in the name, too",
            &["train/a.png"],
            "train/a.png",
            &["train"],
            "train/a.png",
        ),
        (
            "up and down",
            &["train/a.png"],
            "../train/a.png",
            &["train"],
            "train/a.png",
        ),
        ("exact hidden file", &[".a.png"], ".a.png", &[], ".a.png"),
        (
            "prefix that is not there",
            &["train/a.png"],
            "images/a.png",
            &["train"],
            "train/a.png",
        ),
        ("deeper", &["x/y/a.png"], "a.png", &[], "x/y/a.png"),
        (
            "Windows",
            &["images/train/a.png"],
            "images\\train\\a.png",
            &[],
            "images/train/a.png",
        ),
        (
            "Windows, absolute",
            &["train/a b.png"],
            "C:\\Users\\me\\a b.png",
            &["train"],
            "train/a b.png",
        ),
        (
            "Windows, up",
            &["train/a.png"],
            "..\\..\\label-studio\\media\\upload\\4\\a.png",
            &["train"],
            "train/a.png",
        ),
        (
            "absolute",
            &["train/a.png", "test/a.png"],
            "/home/me/shapes/test/a.png",
            &[],
            "test/a.png",
        ),
        (
            "escapes",
            &["train/a b.png"],
            "a%20b.png",
            &["train"],
            "train/a b.png",
        ),
        (
            "an escape in the file's own name",
            &["a%20b.png", "a b.png"],
            "a%20b.png",
            &[],
            "a%20b.png",
        ),
        (
            "file URL",
            &["x/a b.png"],
            "file:///home/me/x/a%20b.png",
            &[],
            "x/a b.png",
        ),
        (
            "web address",
            &["a.png"],
            "https://host.org/shapes/a.png?t=1&u=2",
            &[],
            "a.png",
        ),
        (
            "bucket",
            &["train/a.png"],
            "s3://bucket/shapes/a.png",
            &["train"],
            "train/a.png",
        ),
        (
            "Label Studio's local file",
            &["shapes/a b.png"],
            "/data/local-files/?d=shapes/a%20b.png",
            &[],
            "shapes/a b.png",
        ),
        (
            "Label Studio's upload",
            &["a.png"],
            "/data/upload/1/cb06e2b1-a.png",
            &[],
            "a.png",
        ),
        (
            "an escape in a folder",
            &["x y/a.png", "z/a.png"],
            "/home/me/x%20y/a.png",
            &[],
            "x y/a.png",
        ),
        (
            "upload under its own name, elsewhere",
            &["x/cb06e2b1-a.png", "a.png"],
            "cb06e2b1-a.png",
            &[],
            "x/cb06e2b1-a.png",
        ),
        (
            "upload under its own name",
            &["cb06e2b1-a.png", "a.png"],
            "cb06e2b1-a.png",
            &[],
            "cb06e2b1-a.png",
        ),
        ("composed accents asked", &[nfd], nfc, &[], nfd),
        ("decomposed accents asked", &[nfc], nfd, &[], nfc),
        (
            "case of the ending",
            &["train/a.PNG"],
            "a.png",
            &["train"],
            "train/a.PNG",
        ),
        (
            "case of everything",
            &["Train/A.PNG"],
            "train/a.png",
            &[],
            "Train/A.PNG",
        ),
        (
            "case decides where it can",
            &["x/A.png", "x/a.png"],
            "y/a.png",
            &[],
            "x/a.png",
        ),
        (
            "another ending",
            &["a.jpg", "a.txt", "a.xml"],
            "a.tif",
            &[],
            "a.jpg",
        ),
        ("no ending", &["a.v2.jpg"], "a.v2", &[], "a.v2.jpg"),
        (
            "the ending before all",
            &["x/a.jpg", "x/a.png"],
            "y/a.png",
            &[],
            "x/a.png",
        ),
        ("spaces around", &["a.png"], " a.png\r\n", &[], "a.png"),
        (
            "the part decides between endings",
            &["train/a.jpg", "test/a.jpg"],
            "a.png",
            &["train"],
            "train/a.jpg",
        ),
        (
            "moved to another part",
            &["train/b.png", "valid/a.png"],
            "C:\\all\\train\\a.png",
            &["valid"],
            "valid/a.png",
        ),
    ];
    for (case, files, asked, under, expected) in cases {
        assert_eq!(
            search(files, asked, under),
            Ok(expected.to_string()),
            "{case}"
        );
    }
}

#[test]
fn takes_nothing_else() {
    let lost = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let cases: &[Case<Lost>] = &[
        ("missing", &["a.png"], "b.png", &[], Lost::Missing),
        ("empty", &["a.png"], "", &[], Lost::Missing),
        ("a folder", &["a.png/b.png"], "a.png", &[], Lost::Missing),
        ("only dots", &["a.png"], "../..", &[], Lost::Missing),
        ("the label file", &["a.txt"], "a.png", &[], Lost::Missing),
        (
            "hidden companion",
            &["._a.png", "__MACOSX/a.png"],
            "x/a.png",
            &[],
            Lost::Missing,
        ),
        (
            "two folders",
            &["x/a.png", "y/a.png"],
            "a.png",
            &[],
            Lost::Several(lost(&["x/a.png", "y/a.png"])),
        ),
        (
            "two endings",
            &["a.png", "a.jpg"],
            "a.tif",
            &[],
            Lost::Several(lost(&["a.jpg", "a.png"])),
        ),
        (
            "two cases",
            &["A.png", "a.PNG"],
            "a.png",
            &[],
            Lost::Several(lost(&["A.png", "a.PNG"])),
        ),
        (
            "the other part",
            &["train/b.png", "test/a.png"],
            "a.png",
            &["train"],
            Lost::Elsewhere(lost(&["test/a.png"])),
        ),
        (
            "the other part, listed below images",
            &["images/val/a.png"],
            "a.png",
            &["images/train"],
            Lost::Elsewhere(lost(&["images/val/a.png"])),
        ),
        (
            "an escaped folder without it",
            &["x y/b.png", "z/a.png"],
            "x%20y/a.png",
            &[],
            Lost::Elsewhere(lost(&["z/a.png"])),
        ),
        (
            "the other camera",
            &["cam1/b.png", "cam2/a.png"],
            "cam1/a.png",
            &[],
            Lost::Elsewhere(lost(&["cam2/a.png"])),
        ),
    ];
    for (case, files, asked, under, expected) in cases {
        assert_eq!(search(files, asked, under), Err(expected.clone()), "{case}");
    }
}

#[test]
fn never_leaves_the_folder() {
    let dir = empty_files(&["secret.png", "data/a.png"]);
    let finder = Finder::new(&dir.path().join("data")).unwrap();
    let absolute = dir.path().join("secret.png").display().to_string();
    for asked in [
        "../secret.png",
        "x/../../secret.png",
        "..\\secret.png",
        "%2e%2e/secret.png",
        "/data/local-files/?d=../secret.png",
        &absolute,
    ] {
        assert_eq!(finder.find(asked, &[]), Err(Lost::Missing), "{asked}");
        assert_eq!(finder.find(asked, &["data"]), Err(Lost::Missing), "{asked}");
    }
}

#[test]
#[cfg(unix)]
fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let dir = empty_files(&["pictures/cat/1.png", "pictures/dog/1.png"]);
    let root = dir.path().join("set");
    fs::create_dir_all(root.join("own")).unwrap();
    fs::write(root.join("own/2.png"), b"").unwrap();
    symlink(dir.path().join("pictures/cat"), root.join("b-cat")).unwrap();
    symlink(dir.path().join("pictures/cat"), root.join("cat")).unwrap();
    symlink(&root, root.join("own/loop")).unwrap();
    symlink(root.join("own"), root.join("again")).unwrap();
    symlink(root.join("nowhere"), root.join("broken.png")).unwrap();
    symlink(root.join("own/2.png"), root.join("link.png")).unwrap();
    let names: Vec<String> = images_in(&root)
        .unwrap()
        .iter()
        .map(|path| shown(path))
        .collect();
    assert_eq!(names, ["b-cat/1.png", "link.png", "own/2.png"]);
    // The other name of a linked folder works where an annotation gives it.
    let found = Finder::new(&root).unwrap().find("cat/1.png", &[]).unwrap();
    assert_eq!(found.name, "cat/1.png");
}

#[test]
fn a_missing_folder_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let error = Finder::new(&dir.path().join("none"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("none: cannot list this folder"), "{error}");
}

#[test]
fn companions_and_pictures() {
    for name in [
        "._a.png",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "Desktop.ini",
        "__MACOSX",
        ".hidden.png",
    ] {
        assert!(is_companion(name), "{name}");
    }
    for name in ["a.png", "_a.png", "macosx", "0", "thumbs.png"] {
        assert!(!is_companion(name), "{name}");
    }
    for name in [
        "a.png", "a.JPG", "a.b.jpeg", "a.jfif", "a.WebP", "a.tif", "a.pam",
    ] {
        assert!(is_picture(name), "{name}");
    }
    for name in ["png", ".png", "a.txt", "a.png.txt", "a.", ""] {
        assert!(!is_picture(name), "{name}");
    }
}

#[test]
fn parts_by_name() {
    use Part::*;
    let cases = [
        ("train", Some(Train)),
        ("Training", Some(Train)),
        ("training_set", Some(Train)),
        ("train2017", Some(Train)),
        ("val", Some(Validation)),
        ("valid", Some(Validation)),
        ("VALIDATION", Some(Validation)),
        ("dev", Some(Validation)),
        ("val-2017", Some(Validation)),
        ("test", Some(Test)),
        ("testing", Some(Test)),
        ("test_images", Some(Test)),
        ("trainer", None),
        ("0", None),
        ("set", None),
        ("", None),
        ("images", None),
    ];
    for (name, expected) in cases {
        assert_eq!(Part::of(name), expected, "{name}");
    }
}

#[test]
fn words() {
    let names: Vec<String> = (0..6).map(|n| format!("{n}/a.png")).collect();
    assert_eq!(
        Lost::Several(names).to_string(),
        "it is not clear which picture is meant: 0/a.png, 1/a.png, 2/a.png, 3/a.png and 2 more. Give its path within the folder"
    );
}

proptest! {
    #[test]
    fn any_name_is_found_or_not(asked in ".{0,40}", under in "[a/.]{0,4}") {
        let dir = empty_files(&["a/b.png", "b.png"]);
        let finder = Finder::new(dir.path()).unwrap();
        if let Ok(found) = finder.find(&asked, &[&under]) {
            prop_assert!(found.path.starts_with(dir.path()));
            prop_assert!(!found.name.contains(".."));
        }
    }
}
