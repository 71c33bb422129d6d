//! `data check`: the doctor for data sets.

use super::support::{Path, TempDir, Value, atelier, error, success};

/// Class folders of plain PNM pictures: two of each class in both parts, and whatever a test adds.
fn pets() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (index, part) in ["train", "test"].into_iter().enumerate() {
        for (place, class) in ["cat", "dog"].into_iter().enumerate() {
            for number in 0..2 {
                let name = format!("pets/{part}/{class}/{number}.pgm");
                picture(folder.path(), &name, 10 * index + 5 * place + number);
            }
        }
    }
    folder
}

/// Levels without a pattern that another number has.
fn picture(folder: &Path, name: &str, number: usize) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
    let mut state = number as u64 + 1;
    let levels = (0..64).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    let bytes: Vec<u8> = b"P5 8 8 255\n".iter().copied().chain(levels).collect();
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn data_check_of_a_good_set_succeeds() {
    let folder = pets();
    let at = folder.path();
    let text = String::from_utf8(success(at, &["data", "check", "pets"])).expect("text");
    for part in [
        "8 pictures (4 train, 4 test)",
        "Nothing must be fixed",
        "fewer than 10",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let recipe = super::support::TINY_CNN.replace("validation = 55000", "source = \"pets\"");
    std::fs::write(at.join("pets.toml"), recipe).expect("written");
    let told = super::support::json(at, &["data", "check", "pets.toml", "--json"]);
    assert_eq!(
        (&told["source"], &told["must_fix"]),
        (&"pets".into(), &0.into())
    );
}

#[test]
fn data_check_finds_writes_and_fails() {
    let folder = pets();
    let at = folder.path();
    picture(at, "pets/train/cat/of the test.pgm", 10);
    std::fs::write(at.join("pets/train/dog/broken.png"), b"\x89PNG\r\n\x1a\n").expect("written");
    let before = files(at);
    let output = atelier(
        at,
        &[
            "data",
            "check",
            "pets",
            "--json",
            "--html",
            "page.html",
            "--fix",
            "good.csv",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let kinds: Vec<&Value> = told["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["severity"] == "must-fix")
        .map(|finding| &finding["kind"])
        .collect();
    assert_eq!(kinds, ["damaged-pictures", "same-picture-across-split"]);
    assert_eq!(told["fix"]["pictures"], 8);
    assert_eq!(
        told["fix"]["left_out"],
        serde_json::json!({ "training copies of held-out pictures": 1, "unusable pictures": 1 })
    );
    let page = std::fs::read_to_string(at.join("page.html")).expect("a page");
    assert!(page.contains("data:image/png;base64,"));
    assert!(!page.contains("http"), "nothing from the network");

    let mut after = files(at);
    after.retain(|path| !path.ends_with("page.html") && !path.ends_with("good.csv"));
    assert_eq!(before, after);
    let text = String::from_utf8(success(at, &["data", "check", "good.csv"])).expect("text");
    assert!(text.contains("8 pictures (4 train, 4 test)"), "{text}");

    let cases = [
        (vec!["pets", "--fix", "good.csv"], "nothing is overwritten"),
        (vec!["pets", "--fix", "pets/good.csv"], "beside the folder"),
        (vec!["pets", "--fix", "good.txt"], ".csv"),
        (vec!["mnist", "--fix", "digits.csv"], "not files"),
        (vec!["pets", "--format", "zip"], "--format"),
        (
            vec!["pets", "--html", "pets/train/cat/0.pgm"],
            "must end with .html",
        ),
    ];
    for (arguments, part) in cases {
        let arguments = [vec!["data", "check"], arguments].concat();
        let says = error(at, &arguments, 2);
        assert!(says.contains(part), "{arguments:?}: {says}");
    }
    let says = error(at, &["data", "check", "nowhere"], 1);
    assert!(says.contains("nowhere"), "{says}");
}

/// All files below a folder, with their sizes in the names.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let size = path.metadata().expect("a file").len();
            found.push(format!("{size} {}", path.display()));
        }
    }
    found.sort();
    found
}
