//! `predict` on whatever people give it, and in every format that other tools read.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use super::own_sources::annotated;
use super::support::*;
use image::{GrayImage, Luma};

/// A detector trained on `coco/`, whose test pictures are `coco/test/test00.png` to `test05.png`.
fn folder_with_a_detector() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    annotated(at, "coco");
    let recipe = TINY_DETECTOR
        .replace(
            "validation = 52000",
            "source = \"coco\"\nimage = { size = [64, 72], mean = \"dataset\" }",
        )
        .replace("batch-size = 32", "batch-size = 4");
    fs::write(at.join("shapes.toml"), recipe).expect("written");
    success(at, &["train", "shapes.toml", "--epochs", "12", "--plain"]);
    folder
}

/// A classifier of ink, `wide`, and pictures with names that are easily confused.
fn folder_with_a_classifier() -> TempDir {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    success(
        at,
        &[
            "train",
            "wide.toml",
            "--set",
            "data.image.fit=ink",
            "--plain",
        ],
    );
    // A stroke on paper, elsewhere in each picture.
    let names = ["a/1.png", "b/1.png", "1.png", "1.bmp", "Cat.png", "cat.png"];
    for (place, name) in (0..).zip(names) {
        let path = at.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        let inked = |x: u32, y: u32| (20 + place..26 + place).contains(&x) && (10..40).contains(&y);
        let stroke = GrayImage::from_fn(60, 50, |x, y| Luma([if inked(x, y) { 0 } else { 255 }]));
        stroke.save(path).expect("written");
    }
    folder
}

/// The names in a folder, sorted.
fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let names = entries.map(|entry| name(entry).to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// What a command does with these bytes on standard input.
fn piped(folder: &Path, arguments: &[&str], bytes: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    // It may end before it has read everything.
    let _ = stdin.write_all(bytes);
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn images(answers: &Value) -> Vec<&str> {
    let answers = answers.as_array().expect("a list").iter();
    answers
        .filter_map(|answer| answer["image"].as_str())
        .collect()
}

fn lines(bytes: Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(bytes).expect("text");
    text.lines().map(str::to_string).collect()
}

/// Image, class, score and box of each detection.
fn detections(answers: &Value) -> Vec<(String, String, f64, [f64; 4])> {
    let answers = answers.as_array().expect("a list").iter();
    let all = answers.flat_map(|answer| {
        let image = answer["image"].as_str().expect("a name").to_string();
        let found = answer["detections"].as_array().expect("a list").iter();
        found.map(move |it| {
            let bounds = std::array::from_fn(|at| it["box"][at].as_f64().expect("a number"));
            let class = it["class"].as_str().expect("a name").to_string();
            let score = it["score"].as_f64().expect("a number");
            (image.clone(), class, score, bounds)
        })
    });
    all.collect()
}

#[test]
fn detections_reach_other_tools() {
    let folder = folder_with_a_detector();
    let at = folder.path();
    let predict =
        |more: &[&str]| success(at, &[&["predict", "shapes", "coco/test"], more].concat());
    let all = json(at, &["predict", "shapes", "coco/test", "--json"]);
    let found = detections(&all);
    assert!(found.len() >= 12, "{found:?}");

    let rows = lines(predict(&["--csv"]));
    assert_eq!(rows[0], "image,class,score,x1,y1,x2,y2");
    assert_eq!(rows.len(), 1 + found.len());
    for (row, (image, class, score, bounds)) in rows[1..].iter().zip(&found) {
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!(fields[..2], [image, class], "{row}");
        for (field, number) in fields[2..].iter().zip([*score].iter().chain(bounds)) {
            let field: f64 = field.parse().expect("a number");
            assert!((field - number).abs() < 1e-4, "{row}");
        }
    }

    // Evaluated by the ids of the annotations, the figures are those of the run.
    let ids = [
        "--coco",
        "out/found.json",
        "--coco-images",
        "coco/test.json",
    ];
    predict(&ids);
    let figures = json(
        at,
        &["coco-eval", "coco/test.json", "out/found.json", "--json"],
    );
    let evaluated = json(at, &["evaluate", "shapes", "--json"]);
    for figure in ["map", "map_50"] {
        let both = [&figures, &evaluated].map(|from| from[figure].as_f64().expect("a number"));
        assert!((both[0] - both[1]).abs() < 0.02, "{figure}: {both:?}");
    }
    // Without annotations each entry says whose it is.
    predict(&["--coco", "counted.json"]);
    let counted = fs::read(at.join("counted.json")).expect("written");
    let counted: Value = serde_json::from_slice(&counted).expect("JSON");
    let counted = counted.as_array().expect("a list");
    assert_eq!(counted.len(), found.len());
    for (entry, (image, class, _, [x1, y1, x2, y2])) in counted.iter().zip(&found) {
        let id = 1 + images(&all)
            .iter()
            .position(|it| it == image)
            .expect("there");
        assert_eq!(entry["image_id"], id, "{entry}");
        assert_eq!(
            (&entry["file_name"], &entry["category_name"]),
            (&Value::from(image.as_str()), &Value::from(class.as_str()))
        );
        for (at, number) in [*x1, *y1, x2 - x1, y2 - y1].into_iter().enumerate() {
            let written = entry["bbox"][at].as_f64().expect("a number");
            assert!((written - number).abs() < 1e-3, "{entry}");
        }
    }
    let same = [
        "--coco",
        "coco/test.json",
        "--coco-images",
        "coco/test.json",
    ];
    let same = [&["predict", "shapes", "coco/test"][..], &same].concat();
    let text = error(at, &same, 2);
    assert!(text.contains("replace the annotations"), "{text}");

    predict(&["--yolo", "labels"]);
    assert_eq!(
        fs::read_to_string(at.join("labels/classes.txt")).expect("written"),
        "plate\nstripes\n"
    );
    assert_eq!(names(at.join("labels")).len(), 7);
    let first = "coco/test/test00.png";
    let size = image::image_dimensions(at.join(first)).expect("a picture");
    let size = [size.0, size.1].map(f64::from);
    let label = fs::read(at.join("labels/test00.txt")).expect("written");
    let of_first = found.iter().filter(|it| it.0 == first);
    for (line, (_, class, score, [x1, y1, x2, y2])) in lines(label).iter().zip(of_first) {
        let numbers: Vec<f64> = line
            .split(' ')
            .map(|it| it.parse().expect("a number"))
            .collect();
        let expected = [
            f64::from(u8::from(class == "stripes")),
            (x1 + x2) / 2.0 / size[0],
            (y1 + y2) / 2.0 / size[1],
            (x2 - x1) / size[0],
            (y2 - y1) / size[1],
            *score,
        ];
        assert_eq!(numbers.len(), expected.len(), "{line}");
        let near = numbers
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near, "{line}: {expected:?}");
    }
    // Annotations in such a folder are not lost.
    fs::write(at.join("labels/test00.txt"), "0 0.5 0.5 0.1 0.1\n").expect("written");
    let text = error(at, &["predict", "shapes", first, "--yolo", "labels"], 2);
    assert!(
        text.contains("test00.txt") && text.contains("annotations"),
        "{text}"
    );
}

#[test]
fn detections_become_pictures() {
    let folder = folder_with_a_detector();
    let at = folder.path();
    let folders = [
        "--crops",
        "cut",
        "--annotate",
        "drawn",
        "--show-input",
        "seen",
    ];
    let predict = ["predict", "shapes", "coco/test", "--json"];
    let found = detections(&json(at, &[&predict[..], &folders].concat()));
    assert_eq!(names(at.join("drawn")).len(), 6);
    for name in names(at.join("seen")) {
        let size = image::image_dimensions(at.join("seen").join(name)).expect("a picture");
        assert_eq!(size, (72, 64));
    }
    assert_eq!(names(at.join("seen")).len(), 6);
    let crops = names(at.join("cut"));
    assert_eq!(crops.len(), found.len());
    // The best of the first picture.
    let (_, class, _, [x1, y1, x2, y2]) = &found[0];
    let best = crops
        .iter()
        .find(|name| name.starts_with("test00-") && name.ends_with(&format!("-1-{class}.png")));
    let size = image::image_dimensions(at.join("cut").join(best.expect("cut out")));
    let size = size.expect("a picture");
    let expected = (x2.ceil() - x1.floor(), y2.ceil() - y1.floor());
    assert_eq!((f64::from(size.0), f64::from(size.1)), expected);
    // What was cut out is a picture like any other.
    success(at, &["predict", "shapes", "cut"]);
    let text = error(at, &["predict", "shapes", "drawn"], 1);
    assert!(text.contains("no PNG or JPEG file"), "{text}");
}

#[test]
fn detections_can_be_limited() {
    let folder = folder_with_a_detector();
    let at = folder.path();
    let predict = |more: &[&str]| {
        let predict = ["predict", "shapes", "coco/test", "--json"];
        let answers = json(at, &[&predict[..], more].concat());
        let counts = answers.as_array().expect("a list").iter();
        let counts = counts.map(|it| it["detections"].as_array().expect("a list").len());
        (counts.collect::<Vec<usize>>(), detections(&answers))
    };
    let (counts, all) = predict(&[]);
    // The recipe's own limit is 5.
    assert!(counts.iter().all(|count| *count <= 5), "{counts:?}");
    assert_eq!(predict(&["--max-detections", "1"]).0, [1; 6]);
    let (more, _) = predict(&["--max-detections", "50", "--nms", "1"]);
    assert!(more.iter().all(|count| *count > 5), "{more:?}");
    let (_, sure) = predict(&["--score-threshold", "0.5"]);
    let expected: Vec<_> = all.iter().filter(|it| it.2 > 0.5).cloned().collect();
    assert_eq!(sure, expected);
    assert!(!sure.is_empty() && sure.len() < all.len());
    assert_eq!(predict(&["--score-threshold", "1"]).1, []);
    let text = success(
        at,
        &[
            "predict",
            "shapes",
            "coco/test/test00.png",
            "--score-threshold",
            "1",
        ],
    );
    assert_eq!(text, b"coco/test/test00.png: nothing detected\n");
    for (flag, value) in [
        ("--score-threshold", "1.01"),
        ("--score-threshold", "-0.1"),
        ("--nms", "nan"),
        ("--max-detections", "0"),
    ] {
        let text = error(at, &["predict", "shapes", "coco/test", flag, value], 2);
        assert!(text.contains(flag) && text.contains(value), "{text}");
    }
}

#[test]
fn files_made_of_different_pictures_have_different_names() {
    let folder = folder_with_a_classifier();
    let at = folder.path();
    let inputs = ["a", "b", "1.png", "1.bmp", "Cat.png", "cat.png"];
    let folders = [
        "--crops",
        "cut",
        "--annotate",
        "drawn",
        "--show-input",
        "seen",
    ];
    let predict = [&["predict", "wide"][..], &inputs, &folders].concat();
    for _ in 0..2 {
        success(at, &predict);
        for folder in ["cut", "drawn", "seen"] {
            let mut names = names(at.join(folder));
            names
                .iter_mut()
                .for_each(|name| *name = name.to_lowercase());
            names.dedup();
            assert_eq!(names.len(), 6, "{folder}: {names:?}");
        }
    }
    // The ink of each, and what the network saw.
    for name in names(at.join("cut")) {
        let size = image::image_dimensions(at.join("cut").join(name)).expect("a picture");
        assert!(
            (6..12).contains(&size.0) && (30..36).contains(&size.1),
            "{size:?}"
        );
    }
    for name in names(at.join("seen")) {
        let seen = image::open(at.join("seen").join(name)).expect("a picture");
        assert_eq!((seen.width(), seen.height()), (28, 28));
        assert_eq!(seen.color(), image::ColorType::L8);
    }
}

#[test]
fn classifiers_have_rows_and_no_boxes() {
    let folder = folder_with_a_classifier();
    let at = folder.path();
    fs::copy(at.join("1.png"), at.join("=1, \"x\".png")).expect("copied");
    GrayImage::from_pixel(30, 30, Luma([255]))
        .save(at.join("blank.png"))
        .expect("written");
    let files = ["a/1.png", "=1, \"x\".png", "blank.png"];
    let predict = [&["predict", "wide"][..], &files].concat();
    let rows = lines(success(at, &[&predict[..], &["--csv"]].concat()));
    let answers = json(at, &[&predict[..], &["--json"]].concat());
    assert_eq!(rows[0], "image,class,score");
    let [class, score] = [&answers[0]["class"], &answers[0]["score"]];
    let expected = format!("a/1.png,{},", class.as_str().expect("a name"));
    let written = rows[1].strip_prefix(&expected).expect(&rows[1]);
    let written: f64 = written.parse().expect("a number");
    assert!((written - score.as_f64().expect("a number")).abs() < 1e-6);
    assert!(
        rows[2].starts_with("\"'=1, \"\"x\"\".png\","),
        "{}",
        rows[2]
    );
    assert_eq!(rows[3], "blank.png,,0.0");

    for flags in [
        &["--coco", "x.json"][..],
        &["--yolo", "x"],
        &["--score-threshold", "0.5"],
        &["--nms", "0.5"],
        &["--max-detections", "3"],
    ] {
        let text = error(at, &[&predict[..], flags].concat(), 2);
        assert!(
            text.contains(flags[0]) && text.contains("wide is a classifier"),
            "{text}"
        );
    }
    for flags in [
        &["--csv", "--json"][..],
        &["--coco-images", "x.json"],
        &["--crops", "1.png"],
    ] {
        let text = error(at, &[&predict[..], flags].concat(), 2);
        assert!(
            text.contains(flags[0]) || text.contains("in the way"),
            "{text}"
        );
    }
    assert!(!at.join("x").exists() && !at.join("x.json").exists());
}

#[test]
fn patterns_are_expanded_where_no_shell_does_it() {
    let folder = folder_with_a_classifier();
    let at = folder.path();
    fs::copy(at.join("1.png"), at.join("[1].png")).expect("copied");
    for (pattern, expected) in [
        (&["*/1.png"][..], &["a/1.png", "b/1.png"][..]),
        (&["./?.bmp"], &["./1.bmp"]),
        (&["a/**", "*/1.png"], &["a/1.png", "b/1.png"]),
        // A file of that name comes first.
        (&["[1].png"], &["[1].png"]),
        (&["[C]at.png"], &["Cat.png"]),
    ] {
        let predict = [&["predict", "wide", "--json"][..], pattern].concat();
        assert_eq!(images(&json(at, &predict)), expected, "{pattern:?}");
    }
    for (pattern, expected) in [
        ("*.webp", "*.webp: no picture matches this pattern"),
        ("none/*.png", "none: can't read the folder"),
        ("x[1.png", "not a valid pattern"),
    ] {
        let text = error(at, &["predict", "wide", pattern], 1);
        assert!(text.contains(expected), "{text}");
    }
    let output = atelier(at, &["predict", "wide", "*.webp", "a", "--csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(output.stdout).len(), 2);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(
        messages.contains("*.webp") && messages.contains("1 of 2 inputs"),
        "{messages}"
    );
}

#[test]
fn a_picture_can_come_by_standard_input() {
    let folder = folder_with_a_classifier();
    let at = folder.path();
    let bytes = fs::read(at.join("1.png")).expect("there");
    let predict = ["predict", "wide", "-", "a", "-", "--json", "--crops", "cut"];
    let output = piped(at, &predict, &bytes);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(images(&answers), ["stdin", "a/1.png"]);
    let file = json(at, &["predict", "wide", "1.png", "--json"]);
    assert_eq!(answers[0]["probabilities"], file[0]["probabilities"]);
    assert!(
        names(at.join("cut"))
            .iter()
            .any(|name| name.starts_with("stdin-"))
    );
    for (bytes, more, expected) in [
        (&b""[..], &[][..], "standard input: it is empty"),
        (b"no picture", &[], "standard input is not an image"),
        (&bytes[..bytes.len() / 2], &[], "standard input is cut off"),
        (
            &bytes,
            &["--max-pixels", "2999"],
            "standard input has 60 x 50 pixels",
        ),
    ] {
        let output = piped(at, &[&["predict", "wide", "-"], more].concat(), bytes);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains(expected) && output.stdout.is_empty(),
            "{text}"
        );
    }
}
