use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::source::support::{classes, described, empty_files};

fn listing(files: &[&str]) -> Listing {
    let dir = empty_files(files);
    read(dir.path(), &recipe::Data::default()).unwrap()
}

#[test]
fn one_level() {
    let listing = listing(&[
        "dog/2.png",
        "cat/1.JPG",
        "cat/deep/er/3.webp",
        "bird/.DS_Store",
        "cat/._1.JPG",
    ]);
    assert_eq!(classes(&listing), ["cat", "dog"]);
    assert_eq!(
        described(&listing.train),
        ["cat/1.JPG 0", "cat/deep/er/3.webp 0", "dog/2.png 1"]
    );
    assert!(listing.validation.is_none() && listing.test.is_none());
    assert_eq!(listing.notes, ["bird holds no pictures."]);
    assert_eq!(listing.problems, []);
}

#[test]
fn parts() {
    for (train, validation, test) in [
        ("train", "val", "test"),
        ("Training", "Validation", "Testing"),
        ("training_set", "dev", "test_set"),
        ("images/train", "images/valid", "images/test"),
        (
            "archive/data/train",
            "archive/data/val",
            "archive/data/test",
        ),
    ] {
        let files = [
            format!("{train}/cat/1.png"),
            format!("{train}/dog/1.png"),
            format!("{validation}/dog/2.png"),
            format!("{test}/cat/3.png"),
        ];
        let listing = listing(&files.each_ref().map(String::as_str));
        assert_eq!(classes(&listing), ["cat", "dog"], "{train}");
        assert_eq!(listing.train.len(), 2, "{train}");
        let labels = |entries: &Option<Vec<Entry>>| {
            entries
                .iter()
                .flatten()
                .map(|entry| entry.labels.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(&listing.validation), [Labels::Class(1)], "{train}");
        assert_eq!(labels(&listing.test), [Labels::Class(0)], "{train}");
        assert_eq!(listing.problems, [], "{train}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let listing = listing(&[
        "train/cat/1.png",
        "train/cat/notes.txt",
        "train/dog/1.png",
        "train/loose.png",
        "train/empty/",
        "extra/x.png",
        "README.md",
        "test/cat/1.png",
        "test/Dog/1.png",
        "test/wolf/1.png",
        "test/wolf/2.png",
    ]);
    assert_eq!(
        described(listing.test.as_ref().unwrap()),
        ["test/Dog/1.png 1", "test/cat/1.png 0"]
    );
    assert_eq!(
        listing.notes,
        [
            "train/empty holds no pictures.",
            "2 pictures are left out: they lie in no class folder (extra/x.png, for example).",
            "2 files are left out: they are not pictures (README.md, for example).",
            "Class folder `Dog` counts as `dog`: only the case differs.",
        ]
    );
    let problems: Vec<String> = listing.problems.iter().map(ToString::to_string).collect();
    let what = "class `wolf` is not one of the 2 classes that the training pictures have";
    assert_eq!(
        problems,
        [
            format!("test/wolf/1.png: {what}"),
            format!("test/wolf/2.png: {what}")
        ]
    );
}

#[test]
fn accents_written_in_two_ways_are_one_class() {
    let listing = listing(&[
        "train/caf\u{e9}/1.png",
        "train/the/1.png",
        "test/cafe\u{301}/1.png",
    ]);
    assert_eq!(listing.problems, []);
    assert_eq!(listing.test.unwrap()[0].labels, Labels::Class(0));
}

#[test]
fn unlabelled_test_pictures_are_no_test_part() {
    let listing = listing(&["train/cat/1.png", "train/dog/1.png", "test/1.png"]);
    assert!(listing.test.is_none());
    assert_eq!(
        listing.notes,
        ["test/1.png is left out: it lies in no class folder."]
    );
}

#[test]
fn a_class_may_be_called_train() {
    let listing = listing(&["train/1.png", "bus/1.png", "car/1.png"]);
    assert_eq!(classes(&listing), ["bus", "car", "train"]);
    let nested = self::listing(&["train/steam/1.png", "bus/1.png"]);
    assert_eq!(classes(&nested), ["bus", "train"]);
}

#[test]
fn digits_in_order() {
    let files: Vec<String> = (0..11).map(|digit| format!("{digit}/a.png")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(
        classes(&listing(&files)),
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]
    );
}

#[test]
fn recognised_or_not() {
    let cases: &[(&str, &[&str], bool)] = &[
        ("class folders", &["cat/1.png", "dog/1.png"], true),
        (
            "with a list beside",
            &["cat/1.png", "dog/1.png", "README.md", "labels.csv"],
            true,
        ),
        (
            "parts",
            &["train/cat/1.png", "train/dog/1.png", "test/cat/1.png"],
            true,
        ),
        ("wrapped", &["archive/images/train/cat/1.png"], true),
        ("one class", &["cat/1.png"], true),
        ("empty", &[], false),
        ("pictures only", &["1.png", "2.png"], false),
        (
            "parts without classes",
            &["train/1.png", "test/1.png"],
            false,
        ),
        (
            "parts without classes, and more",
            &["train/1.png", "test/1.png", "extra/1.png"],
            false,
        ),
        ("text files", &["cat/1.txt", "dog/1.txt"], false),
        ("YOLO", &["images/1.png", "labels/1.txt"], false),
        (
            "YOLO, parts within",
            &[
                "images/train/1.png",
                "images/val/1.png",
                "labels/train/1.txt",
            ],
            false,
        ),
        (
            "YOLO, parts outside",
            &[
                "train/images/1.png",
                "train/labels/1.txt",
                "valid/images/1.png",
            ],
            false,
        ),
        (
            "YOLO, Roboflow",
            &["data.yaml", "train/images/1.png", "train/labels/1.txt"],
            false,
        ),
        ("masks", &["images/1.png", "labels/1.png"], false),
        (
            "COCO",
            &["train.json", "train/1.png", "test.json", "test/1.png"],
            false,
        ),
        ("COCO, nested", &["train.json", "train/cam 1/1.png"], false),
        (
            "COCO 2017",
            &[
                "annotations/instances_val2017.json",
                "train2017/1.jpg",
                "val2017/1.jpg",
            ],
            false,
        ),
        (
            "COCO, Roboflow",
            &["train/_annotations.coco.json", "train/1.jpg", "valid/1.jpg"],
            false,
        ),
        (
            "COCO, CVAT",
            &["annotations/instances_default.json", "images/default/1.png"],
            false,
        ),
        (
            "VOC",
            &[
                "Annotations/1.xml",
                "JPEGImages/1.jpg",
                "ImageSets/Main/train.txt",
            ],
            false,
        ),
        (
            "VOC, wrapped",
            &[
                "VOCdevkit/VOC2007/Annotations/1.xml",
                "VOCdevkit/VOC2007/JPEGImages/1.jpg",
            ],
            false,
        ),
        (
            "VOC beside",
            &["train/1.jpg", "train/1.xml", "valid/1.jpg", "valid/1.xml"],
            false,
        ),
        (
            "VOC beside, other folders",
            &["a/1.jpg", "a/1.xml", "b/1.jpg", "b/1.xml"],
            false,
        ),
    ];
    for (case, files, expected) in cases {
        let dir = empty_files(files);
        assert_eq!(recognises(dir.path()), *expected, "{case}");
    }
    assert!(!recognises(Path::new("/no/such/folder")));
}

#[test]
fn refused_with_a_reason() {
    for (files, expected) in [
        (
            &["1.png"][..],
            "there are no class folders. Expected one folder per class",
        ),
        (
            &["cat/1.png"],
            "fewer than two class folders with pictures for training (cat)",
        ),
    ] {
        let dir = empty_files(files);
        let error = read(dir.path(), &recipe::Data::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn natural_order() {
    use Ordering::*;
    for (a, b, expected) in [
        ("9", "10", Less),
        ("a2", "a10", Less),
        ("a02", "a2", Less),
        ("a2b10", "a2b9", Greater),
        ("", "0", Less),
        ("a", "b", Less),
        ("0", "a", Less),
        (
            "99999999999999999999999999",
            "100000000000000000000000000",
            Less,
        ),
        ("é", "é", Equal),
    ] {
        assert_eq!(natural::order(a, b), expected, "{a} {b}");
        assert_eq!(natural::order(b, a), expected.reverse(), "{b} {a}");
    }
}

proptest! {
    #[test]
    fn natural_order_is_an_order(mut names in prop::collection::vec("[a0-2é]{0,5}", 3)) {
        names.sort_by(|a, b| natural::order(a, b));
        prop_assert_ne!(natural::order(&names[0], &names[2]), Ordering::Greater);
        prop_assert_eq!(natural::order(&names[0], &names[1]) == Ordering::Equal, names[0] == names[1]);
    }
}
