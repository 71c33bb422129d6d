use std::fs;

use proptest::prelude::*;

use super::*;
use crate::source::support::{Files, boxes, classes, folder, problems};

const ROW: &str = "0 0.5 0.5 0.5 0.5\n";

fn load(files: Files) -> Listing {
    let dir = folder(files);
    assert!(recognises(dir.path()), "{files:?}");
    read(dir.path(), &recipe::Data::default()).unwrap()
}

fn refusal(files: Files) -> String {
    let dir = folder(files);
    read(dir.path(), &recipe::Data::default())
        .unwrap_err()
        .to_string()
}

/// Names with the number of boxes, by part.
fn counted(listing: &Listing) -> [Vec<(String, usize)>; 3] {
    let of = |entries: &[Entry]| {
        entries
            .iter()
            .map(|entry| (entry.name.clone(), boxes(entry).len()))
            .collect()
    };
    [
        of(&listing.train),
        of(listing.validation.as_deref().unwrap_or_default()),
        of(listing.test.as_deref().unwrap_or_default()),
    ]
}

/// Layouts in which training and validation have one picture each: `a` with a box and `b` without a label file.
#[test]
fn layouts() {
    let names = "names: [cat, dog]\n";
    let cases: &[(&str, Files, [&str; 2])] = &[
        (
            "Ultralytics",
            &[
                (
                    "data.yaml",
                    "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n  1: dog\n",
                ),
                ("images/train/a.png", ""),
                ("images/val/b.png", ""),
                ("labels/train/a.txt", ROW),
            ],
            ["images/train/a.png", "images/val/b.png"],
        ),
        (
            "Ultralytics, from its datasets folder",
            &[
                (
                    "coco8.yaml",
                    "path: ../datasets/coco8\ntrain: images/train\nval: images/val\nnames: {0: cat, 1: dog}\n",
                ),
                ("images/train/a.png", ""),
                ("images/val/b.png", ""),
                ("labels/train/a.txt", ROW),
            ],
            ["images/train/a.png", "images/val/b.png"],
        ),
        (
            "Roboflow",
            &[
                (
                    "data.yaml",
                    "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames: ['cat', 'dog']\nroboflow:\n  version: 1\n",
                ),
                ("train/images/a.png", ""),
                ("valid/images/b.png", ""),
                ("train/labels/a.txt", ROW),
                ("README.roboflow.txt", "words"),
            ],
            ["train/images/a.png", "valid/images/b.png"],
        ),
        (
            "paths of another machine",
            &[
                (
                    "data.yaml",
                    "train: /content/set/train/images\nval: C:\\set\\valid\\images\nnames: [cat, dog]\n",
                ),
                ("train/images/a.png", ""),
                ("valid/images/b.png", ""),
                ("train/labels/a.txt", ROW),
            ],
            ["train/images/a.png", "valid/images/b.png"],
        ),
        (
            "part folders with both",
            &[
                ("data.yaml", "train: train\nval: val\nnames: [cat, dog]\n"),
                ("train/images/a.png", ""),
                ("train/labels/a.txt", ROW),
                ("val/images/b.png", ""),
            ],
            ["train/images/a.png", "val/images/b.png"],
        ),
        (
            "labels beside the pictures",
            &[
                ("data.yaml", "train: [train]\nval: val\nnames: [cat, dog]\n"),
                ("train/a.png", ""),
                ("train/a.txt", ROW),
                ("val/b.png", ""),
            ],
            ["train/a.png", "val/b.png"],
        ),
        (
            "lists of pictures",
            &[
                (
                    "data.yaml",
                    "train: train.txt\nval: val.txt\nnames: [cat, dog]\n",
                ),
                ("train.txt", "./images/x/a.png\n\n"),
                ("val.txt", "/home/me/set/images/x/b.png\r\n"),
                ("images/x/a.png", ""),
                ("images/x/b.png", ""),
                ("labels/x/a.txt", ROW),
            ],
            ["images/x/a.png", "images/x/b.png"],
        ),
        (
            "without data.yaml, parts within",
            &[
                ("classes.txt", "cat\ndog\n"),
                ("images/train/a.png", ""),
                ("images/val/b.png", ""),
                ("labels/train/a.txt", ROW),
            ],
            ["images/train/a.png", "images/val/b.png"],
        ),
        (
            "without data.yaml, parts outside",
            &[
                ("train/images/a.png", ""),
                ("train/labels/a.txt", ROW),
                ("train/labels/classes.txt", "cat\ndog\n"),
                ("valid/images/b.png", ""),
            ],
            ["train/images/a.png", "valid/images/b.png"],
        ),
        (
            "CVAT",
            &[
                ("obj.names", "cat\ndog\n"),
                ("obj.data", "classes = 2\n"),
                ("train.txt", "data/obj_train_data/a.png\n"),
                ("valid.txt", "data/obj_valid_data/b.png\n"),
                ("obj_train_data/a.png", ""),
                ("obj_train_data/a.txt", ROW),
                ("obj_valid_data/b.png", ""),
            ],
            ["obj_train_data/a.png", "obj_valid_data/b.png"],
        ),
        (
            "names alone in data.yaml",
            &[
                ("data.yaml", names),
                ("train/images/a.png", ""),
                ("train/labels/a.txt", ROW),
                ("val/images/b.png", ""),
            ],
            ["train/images/a.png", "val/images/b.png"],
        ),
        (
            "other case",
            &[
                (
                    "data.yaml",
                    "train: Images/train\nval: Images/val\nnames: [cat, dog]\n",
                ),
                ("Images/train/a.PNG", ""),
                ("Labels/train/A.TXT", ROW),
                ("Images/val/b.png", ""),
            ],
            ["Images/train/a.PNG", "Images/val/b.png"],
        ),
    ];
    for (case, files, [train, validation]) in cases {
        let listing = load(files);
        let expected = [
            vec![(train.to_string(), 1)],
            vec![(validation.to_string(), 0)],
            vec![],
        ];
        assert_eq!(counted(&listing), expected, "{case}");
        assert_eq!(classes(&listing), ["cat", "dog"], "{case}");
        assert_eq!(problems(&listing), Vec::<String>::new(), "{case}");
        assert!(
            listing
                .notes
                .contains(&"1 pictures without labels count as showing no object.".to_string()),
            "{case}"
        );
    }
}

#[test]
fn a_wrapped_folder_and_a_yaml_file() {
    let files = [
        ("set/data.yaml", "train: images\nnames: [cat]"),
        ("set/images/a.png", ""),
        ("set/labels/a.txt", ROW),
    ];
    let listing = load(&files);
    assert_eq!(counted(&listing)[0], [("images/a.png".to_string(), 1)]);
    let dir = folder(&files);
    let yaml = dir.path().join("set/data.yaml");
    assert!(recognises(&yaml));
    assert_eq!(
        read(&yaml, &recipe::Data::default()).unwrap().train.len(),
        1
    );
}

#[test]
fn pictures_elsewhere() {
    let dir = folder(&[
        ("a/images/train/a.png", ""),
        ("a/labels/train/a.txt", ROW),
        ("b/data.yaml", ""),
    ]);
    for text in [
        format!(
            "path: {}\ntrain: images/train\nnames: [cat]",
            dir.path().join("a").display()
        ),
        format!(
            "train: {}\nnames: [cat]",
            dir.path().join("a/images/train").display()
        ),
        "path: ../a\ntrain: images/train\nnames: [cat]".to_string(),
    ] {
        fs::write(dir.path().join("b/data.yaml"), &text).unwrap();
        let listing = read(&dir.path().join("b"), &recipe::Data::default()).unwrap();
        assert_eq!(
            counted(&listing)[0],
            [("images/train/a.png".to_string(), 1)],
            "{text}"
        );
    }
}

#[test]
fn what_was_assumed_is_said() {
    let listing = load(&[
        (
            "data.yaml",
            "path: gone\ntrain: images/a\nval: images/a\ntest: images/gone\nnc: 1\n",
        ),
        ("images/a/a.png", ""),
        ("labels/a/a.txt", &ROW.repeat(3)),
    ]);
    let notes = listing.notes.join("\n");
    for expected in [
        "gone, which does not exist; the parts are looked for beside data.yaml",
        "the test part is `images/gone`, which does not exist; it is left out",
        "1 pictures of the validation part are training pictures, too",
        "Classes go by their numbers",
        // Once in training, once in validation.
        "4 rows are left out because they repeat another row of their file",
    ] {
        assert!(notes.contains(expected), "{expected}\n{notes}");
    }
    assert_eq!(classes(&listing), ["0"]);
    assert!(listing.test.is_none());
    let listing = load(&[
        ("images/a.png", ""),
        ("labels/a.txt", "3 .5 .5 .1 .1"),
        ("preview/b.png", ""),
    ]);
    assert_eq!(classes(&listing), ["0", "1", "2", "3"]);
    assert_eq!(
        listing.notes,
        [
            "1 pictures are left out: they lie in no folder of labelled pictures of a part.",
            "Classes go by their numbers: there is no data.yaml, classes.txt or obj.names.",
        ]
    );
}

#[test]
fn wrong_entries() {
    let listing = load(&[
        ("data.yaml", "train: train.txt\nnames: [cat]"),
        (
            "train.txt",
            "images/a.png\nimages/gone.png\nimages/b.png\nimages/c.png\n",
        ),
        ("images/a.png", ""),
        ("images/b.png", ""),
        ("images/c.png", ""),
        ("labels/a.txt", "0 .5 .5 .1 .1\n1 .5 .5 .1 .1\n"),
        ("labels/b.txt", "0 .5 .5 .1 .1\n0 .1 .1 .2 .1 .2 .2\n"),
        ("labels/c.txt", "0 .9 .5 .4 .1\n"),
        ("labels/orphan.txt", ROW),
        ("labels/classes.txt", "cat"),
    ]);
    assert_eq!(
        problems(&listing),
        [
            "train.txt: line 2 (images/gone.png): there is no such picture in the folder",
            "labels/a.txt: line 2: class 1, but there is only class 0",
            "labels/b.txt: 1 of 2 rows are polygons, the others boxes: a file holds one or the other",
            "labels/c.txt: line 1: the box reaches beyond the picture by more than 1 %",
            "labels/orphan.txt: there is no picture for this label file",
        ]
    );
    assert_eq!(
        counted(&listing)[0],
        [
            ("images/a.png".to_string(), 1),
            ("images/c.png".to_string(), 1)
        ]
    );
    let Labels::Boxes(boxes) = &listing.train[1].labels else {
        unreachable!()
    };
    assert_eq!(boxes[0].corners[2], 1.0);
    assert_eq!(listing.problems[3].fault, Fault::CutBox);
}

#[test]
fn refused_with_a_reason() {
    let picture = ("images/a.png", "");
    let cases: &[(&str, Files, &str)] = &[
        (
            "other folder",
            &[("a.png", "")],
            "this is not a YOLO data set. Expected data.yaml",
        ),
        (
            "no train",
            &[("data.yaml", "train: gone\nnames: [a]"), picture],
            "data.yaml: the training part is `gone`, which does not exist",
        ),
        (
            "counts",
            &[
                ("data.yaml", "train: images\nnc: 3\nnames: [a, b]"),
                picture,
            ],
            "nc is 3, but `names` lists 2 classes",
        ),
        (
            "no labels",
            &[("data.yaml", "train: images\nnames: [a]"), picture],
            "there are 1 pictures, but no label file with a row",
        ),
        (
            "no pictures",
            &[
                ("data.yaml", "train: images\nnames: [a]"),
                ("images/a.txt", ""),
            ],
            "there are no pictures for training",
        ),
        (
            "two lists",
            &[
                picture,
                ("labels/a.txt", ROW),
                ("classes.txt", "a\nb"),
                ("labels/classes.txt", "b\na"),
            ],
            "labels/classes.txt: it lists other classes than classes.txt",
        ),
    ];
    for (case, files, expected) in cases {
        let error = refusal(files);
        assert!(error.contains(expected), "{case}: {error}");
    }
}

#[test]
fn recognised_or_not() {
    let cases: &[(&str, Files, bool)] = &[
        ("labels beside", &[("a.png", ""), ("a.txt", ROW)], true),
        (
            "labels beside, in parts",
            &[("train/a.png", ""), ("train/a.txt", ROW)],
            true,
        ),
        (
            "class folders",
            &[("cat/1.png", ""), ("dog/1.png", "")],
            false,
        ),
        (
            "class folders with a list",
            &[
                ("classes.txt", "cat\ndog"),
                ("cat/1.png", ""),
                ("dog/1.png", ""),
            ],
            false,
        ),
        (
            "captions",
            &[("a.png", ""), ("a.txt", "a cat on a mat")],
            false,
        ),
        (
            "masks",
            &[("images/a.png", ""), ("labels/a.png", "")],
            false,
        ),
        (
            "another YAML file",
            &[("config.yaml", "train:\n  epochs: 3\n"), ("a.png", "")],
            false,
        ),
        ("COCO", &[("train.json", ""), ("train/a.png", "")], false),
        (
            "VOC",
            &[("Annotations/a.xml", ""), ("JPEGImages/a.png", "")],
            false,
        ),
    ];
    for (case, files, expected) in cases {
        assert_eq!(recognises(folder(files).path()), *expected, "{case}");
    }
}

/// One of the texts, with a few bytes replaced, put in or cut out.
pub fn mutated(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0..3,
        prop::sample::select(b"\0 \n\t[]{}:-#&*!|>'\"%@`,?0a<\xff".to_vec()),
    );
    (
        prop::sample::select(texts),
        prop::collection::vec(change, 0..6),
    )
        .prop_map(|(text, changes)| {
            let mut bytes = text.as_bytes().to_vec();
            for (place, kind, byte) in changes {
                let place = place.index(bytes.len() + 1);
                match kind {
                    0 => bytes.insert(place, byte),
                    1 if place < bytes.len() => bytes[place] = byte,
                    _ if place < bytes.len() => drop(bytes.remove(place)),
                    _ => {}
                }
            }
            bytes
        })
}
