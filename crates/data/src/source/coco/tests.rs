//! Layouts, and files that are wrong.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::listing::{Fault, LabelledBox, Labels};

/// Two pictures with three objects, in two classes.
fn plain() -> Value {
    json!({
        "images": [
            {"id": 5, "file_name": "x.png", "width": 20, "height": 10},
            {"id": 2, "file_name": "y.png", "width": null, "height": 0},
        ],
        "annotations": [
            {"id": 1, "image_id": 2, "category_id": 7, "bbox": [1, 2, 3, 4.5], "area": 9, "iscrowd": 0},
            {"id": 9, "image_id": 2, "category_id": 3, "bbox": [0, 0, 20, 10], "iscrowd": 1},
            {"id": 4, "image_id": 5, "category_id": 3, "bbox": [-0.5, 5, 2, 5]},
        ],
        "categories": [{"id": 7, "name": "disc"}, {"id": 3, "name": "square"}],
    })
}

/// Its pictures.
const PICTURES: [&str; 2] = ["x.png", "y.png"];

/// A folder with these files of annotations, and empty files for pictures.
fn folder(annotations: &[(&str, &Value)], pictures: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let texts = annotations
        .iter()
        .map(|(name, value)| (*name, value.to_string()));
    for (name, text) in texts.chain(pictures.iter().map(|name| (*name, String::new()))) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn read_all(path: &Path) -> Result<Listing, DataError> {
    read(path, &recipe::Data::default())
}

/// Each part's pictures, by name.
fn names(listing: &Listing) -> [Option<Vec<&str>>; 3] {
    [
        Some(&listing.train),
        listing.validation.as_ref(),
        listing.test.as_ref(),
    ]
    .map(|part| part.map(|part| part.iter().map(|entry| entry.name.as_str()).collect()))
}

fn boxes(labels: &Labels) -> &[LabelledBox] {
    match labels {
        Labels::Boxes(boxes) => boxes,
        Labels::Class(_) => panic!("not boxes"),
    }
}

#[test]
fn a_folder_is_read() {
    let file = plain();
    let folder = folder(
        &[("train.json", &file), ("test.json", &file)],
        &["train/x.png", "train/y.png", "x.png", "test/y.png"],
    );
    let listing = read_all(folder.path()).unwrap();
    assert_eq!(
        (&listing.problems[..], &listing.notes[..]),
        (&[][..], &[][..])
    );
    let classes: Vec<_> = listing
        .classes
        .iter()
        .map(|class| (class.name.as_str(), class.id))
        .collect();
    assert_eq!(classes, [("square", Some(3)), ("disc", Some(7))], "by id");
    assert_eq!(
        names(&listing),
        [
            Some(vec!["train/x.png", "train/y.png"]),
            None,
            Some(vec!["x.png", "test/y.png"])
        ]
    );
    let [x, y] = &listing.train[..] else {
        panic!("two pictures");
    };
    assert_eq!(
        (x.id, x.stated, y.id, y.stated),
        (Some(5), Some([10, 20]), Some(2), None)
    );
    assert_eq!(boxes(&x.labels)[0].corners, [-0.5, 5.0, 1.5, 10.0]);
    let [disc, square] = boxes(&y.labels) else {
        panic!("two objects");
    };
    assert_eq!((disc.class, disc.corners), (1, [1.0, 2.0, 4.0, 6.5]));
    assert_eq!((disc.area, square.area), (Some(9.0), None));
    assert!(square.crowd && !disc.crowd);
    assert_eq!(square.place, "train.json: annotations[1]");
}

#[test]
fn layouts() {
    type Case = (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        [bool; 3],
    );
    let cases: &[Case] = &[
        (
            "ours",
            &["train.json", "test.json"],
            &["train", "test"],
            [true, false, true],
        ),
        (
            "beside the file",
            &["train.json"],
            &[""],
            [true, false, false],
        ),
        (
            "capitals",
            &["Train.json", "TEST.JSON"],
            &["Train", "Test"],
            [true, false, true],
        ),
        (
            "val",
            &["train.json", "val.json"],
            &["train", "val"],
            [true, true, false],
        ),
        (
            "valid",
            &["train.json", "valid.json", "test.json"],
            &["train", "valid", "test"],
            [true, true, true],
        ),
        (
            "validation",
            &["training.json", "validation.json"],
            &["training", "validation"],
            [true, true, false],
        ),
        (
            "Roboflow",
            &[
                "train/_annotations.coco.json",
                "valid/_annotations.coco.json",
                "test/_annotations.coco.json",
            ],
            &["train", "valid", "test"],
            [true, true, true],
        ),
        (
            "Roboflow without parts",
            &["_annotations.coco.json"],
            &[""],
            [true, false, false],
        ),
        (
            "COCO",
            &[
                "annotations/instances_train2017.json",
                "annotations/instances_val2017.json",
            ],
            &["train2017", "val2017"],
            [true, true, false],
        ),
        (
            "COCO with its other files",
            &[
                "annotations/captions_train2017.json",
                "annotations/instances_train2017.json",
                "annotations/person_keypoints_train2017.json",
            ],
            &["train2017"],
            [true, false, false],
        ),
        (
            "CVAT with parts",
            &[
                "annotations/instances_Train.json",
                "annotations/instances_Validation.json",
            ],
            &["images/Train", "images/Validation"],
            [true, true, false],
        ),
        (
            "CVAT",
            &["annotations/instances_default.json"],
            &["images"],
            [true, false, false],
        ),
        (
            "CVAT's folders",
            &["annotations/instances_default.json"],
            &["images/default"],
            [true, false, false],
        ),
        (
            "Label Studio",
            &["result.json"],
            &["images"],
            [true, false, false],
        ),
        (
            "FiftyOne",
            &["labels.json"],
            &["data"],
            [true, false, false],
        ),
        (
            "annotations.json",
            &["annotations.json"],
            &["images"],
            [true, false, false],
        ),
        (
            "any name",
            &["my shapes.json"],
            &["pictures"],
            [true, false, false],
        ),
        (
            "within a folder",
            &["shapes/train.json"],
            &["shapes/train"],
            [true, false, false],
        ),
        (
            "another file beside it",
            &["train.json", "train_small.json", "classes.json"],
            &["train"],
            [true, false, false],
        ),
    ];
    for (name, files, folders, parts) in cases {
        let file = plain();
        let files: Vec<_> = files.iter().map(|path| (*path, &file)).collect();
        let pictures: Vec<String> = folders
            .iter()
            .flat_map(|folder| PICTURES.map(|name| format!("{folder}/{name}")))
            .map(|path| path.trim_start_matches('/').to_string())
            .collect();
        let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
        let folder = folder(&files, &pictures);
        assert!(recognises(folder.path()), "{name}");
        let listing = read_all(folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(listing.problems, [], "{name}");
        assert_eq!(names(&listing).map(|part| part.is_some()), *parts, "{name}");
        let mut found: Vec<&str> = names(&listing).into_iter().flatten().flatten().collect();
        let mut expected: Vec<&str> = pictures
            .iter()
            .map(|path| path.trim_start_matches("shapes/"))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn one_file_is_all_for_training() {
    let file = plain();
    for (name, pictures) in [
        ("shapes.json", ["x.png", "images/y.png"]),
        ("train.json", ["train/x.png", "train/y.png"]),
        (
            "annotations/instances_default.json",
            ["images/x.png", "images/y.png"],
        ),
        (
            "annotations/instances_val2017.json",
            ["val2017/x.png", "val2017/y.png"],
        ),
    ] {
        let folder = folder(&[(name, &file)], &pictures);
        let path = folder.path().join(name);
        assert!(recognises(&path), "{name}");
        let listing = read_all(&path).unwrap();
        assert_eq!(listing.problems, [], "{name}");
        assert_eq!(
            names(&listing),
            [Some(pictures.to_vec()), None, None],
            "{name}"
        );
    }
}

#[test]
fn what_is_not_recognised() {
    let list = json!([{"image": "x.png"}]);
    let other = json!({"name": "shapes", "version": 1});
    let file = plain();
    let cases: [(&str, &[(&str, &Value)]); 4] = [
        ("nothing", &[]),
        (
            "other JSON",
            &[("labels.json", &list), ("package.json", &other)],
        ),
        ("only for testing", &[("test.json", &file)]),
        (
            "deep below",
            &[("a/b/train.json", &file), ("c/readme.json", &other)],
        ),
    ];
    for (name, files) in cases {
        let folder = folder(files, &["train/disc/x.png", "train/square/y.png"]);
        assert!(!recognises(folder.path()), "{name}");
        let error = read_all(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("there are no COCO annotations for training here"),
            "{name}: {error}"
        );
    }
    let folder = folder(&[("labels.json", &list)], &["x.png"]);
    assert!(!recognises(&folder.path().join("labels.json")));
    assert!(!recognises(&folder.path().join("x.png")));
    assert!(!recognises(&folder.path().join("gone.json")));
}

#[test]
fn what_cannot_be_read() {
    let two = folder(&[("a.json", &plain()), ("b.json", &plain())], &[]);
    let mut empty = plain();
    empty["images"] = json!([]);
    let mut wrong = plain();
    wrong["annotations"][1]["image_id"] = json!([]);
    for (folder, says) in [
        (
            two,
            "both a.json and b.json may hold the annotations; give the path of one of them",
        ),
        (
            folder(&[("train.json", &empty)], &[]),
            "train.json: the list `images` is empty",
        ),
        (
            folder(&[("train.json", &wrong)], &[]),
            "train.json: annotations[1].image_id: invalid type: list, expected a whole number",
        ),
        (
            folder(&[("train.json", &json!([]))], &[]),
            "expected an object with lists `images`, `categories` and `annotations`",
        ),
    ] {
        let error = read_all(folder.path()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}, expected {says}");
    }
}

#[test]
fn everything_that_is_wrong_is_named() {
    use Fault::{BadBox, BadLabel, MissingPicture};
    type Change = fn(&mut Value);
    // The change; the faults with place and what; the objects that are left.
    let cases: &[(&str, Change, &[(Fault, &str)], usize)] = &[
        ("nothing", |_| {}, &[], 3),
        (
            "no width",
            |t| t["annotations"][0]["bbox"] = json!([1, 2, 0, 4]),
            &[(
                BadBox,
                "train.json: annotations[0] (y.png): bbox [1, 2, 0, 4] has no area: width and height must be above 0",
            )],
            2,
        ),
        (
            "negative height",
            |t| t["annotations"][0]["bbox"] = json!([1, 2, 3, -4]),
            &[(
                BadBox,
                "train.json: annotations[0] (y.png): bbox [1, 2, 3, -4] has no area: width and height must be above 0",
            )],
            2,
        ),
        (
            "beyond the picture: not for the reader to say",
            |t| t["annotations"][0]["bbox"] = json!([1, 2, 300, 4]),
            &[],
            3,
        ),
        (
            "not a number",
            |t| t["annotations"][0]["bbox"] = json!([1, 2, "NaN", 4]),
            &[(
                BadBox,
                "train.json: annotations[0] (y.png): bbox [1, 2, NaN, 4] is not finite",
            )],
            2,
        ),
        (
            "huge",
            |t| t["annotations"][0]["bbox"] = json!([1e308, 2, -1e300, 4]),
            &[(
                BadBox,
                "train.json: annotations[0] (y.png): bbox [1e308, 2, -1e300, 4] has no area: width and height must be above 0",
            )],
            2,
        ),
        (
            "three numbers",
            |t| t["annotations"][1]["bbox"] = json!([1, 2, 3]),
            &[(
                BadBox,
                "train.json: annotations[1] (y.png): bbox: expected four numbers, [x, y, width, height], found a list of 3",
            )],
            2,
        ),
        (
            "neither box nor mask",
            |t| t["annotations"][2]["bbox"] = json!(null),
            &[(
                BadBox,
                "train.json: annotations[2] (x.png): bbox: expected four numbers, [x, y, width, height]; there is neither a box nor a mask",
            )],
            2,
        ),
        (
            "unknown category",
            |t| t["annotations"][0]["category_id"] = json!(0),
            &[(
                BadLabel,
                "train.json: annotations[0] (y.png): there is no category with the id 0",
            )],
            2,
        ),
        (
            "unknown image",
            |t| t["annotations"][0]["image_id"] = json!(77),
            &[(
                BadLabel,
                "train.json: annotations[0] (no image): there is no image with the id 77",
            )],
            2,
        ),
        (
            "an image id twice: the first stays",
            |t| t["images"][1]["id"] = json!(5),
            &[
                (
                    BadLabel,
                    "train.json: images[1] (y.png): another image has the id 5 too",
                ),
                (
                    BadLabel,
                    "train.json: annotations[0] (no image): there is no image with the id 2",
                ),
                (
                    BadLabel,
                    "train.json: annotations[1] (no image): there is no image with the id 2",
                ),
            ],
            1,
        ),
        (
            "a category id twice: the first stays",
            |t| t["categories"][1]["id"] = json!(7),
            &[
                (
                    BadLabel,
                    "train.json: categories[1] (square): another category has the id 7 too",
                ),
                (
                    BadLabel,
                    "train.json: annotations[1] (y.png): there is no category with the id 3",
                ),
                (
                    BadLabel,
                    "train.json: annotations[2] (x.png): there is no category with the id 3",
                ),
            ],
            1,
        ),
        (
            "a missing picture takes its objects with it",
            |t| t["images"][1]["file_name"] = json!("gone.png"),
            &[(
                MissingPicture,
                "train.json: images[1] (gone.png): there is no such picture in the folder",
            )],
            1,
        ),
        (
            "outside the folder",
            |t| t["images"][0]["file_name"] = json!("../../gone.png"),
            &[(
                MissingPicture,
                "train.json: images[0] (../../gone.png): there is no such picture in the folder",
            )],
            2,
        ),
        (
            "no file_name",
            |t| t["images"][0]["file_name"] = json!(null),
            &[(MissingPicture, "train.json: images[0]: it has no file_name")],
            2,
        ),
        (
            "areas that are none",
            |t| {
                t["annotations"][0]["area"] = json!(-1);
                t["annotations"][1]["area"] = json!("inf");
            },
            &[
                (
                    BadLabel,
                    "train.json: annotations[0] (y.png): area is -1; expected a number of at least 0",
                ),
                (
                    BadLabel,
                    "train.json: annotations[1] (y.png): area is inf; expected a number of at least 0",
                ),
            ],
            1,
        ),
    ];
    for (name, change, faults, left) in cases {
        let mut file = plain();
        change(&mut file);
        let folder = folder(&[("train.json", &file)], &["train/x.png", "train/y.png"]);
        let listing = read_all(folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found: Vec<_> = listing
            .problems
            .iter()
            .map(|problem| (problem.fault, problem.to_string()))
            .collect();
        let expected: Vec<_> = faults
            .iter()
            .map(|(fault, text)| (*fault, text.to_string()))
            .collect();
        assert_eq!(found, expected, "{name}");
        let objects: usize = listing
            .train
            .iter()
            .map(|entry| boxes(&entry.labels).len())
            .sum();
        assert_eq!(objects, *left, "{name}");
    }
}

#[test]
fn what_is_worth_a_note() {
    type Change = fn(&mut Value);
    let cases: &[(&str, Change, &[&str])] = &[
        (
            "masks",
            |t| {
                t["annotations"][0] = json!({"id": 1, "image_id": 2, "category_id": 7,
                    "segmentation": [[1, 2, 4, 2, 4, 6.5, 1, 6.5]]});
            },
            &["train.json: annotations without a box: 1; each gets that of its mask."],
        ),
        (
            "turned boxes",
            |t| {
                for index in 0..2 {
                    t["annotations"][index]["attributes"] = json!({"rotation": 30.0});
                }
            },
            &[
                "train.json: boxes turned by `attributes.rotation`: 2; each becomes the upright box around it.",
            ],
        ),
        (
            "annotation ids",
            |t| t["annotations"][2]["id"] = json!(9),
            &[
                "train.json: annotations with the id of an earlier one: 1; each counts as an object.",
            ],
        ),
        (
            "corners",
            |t| {
                for (index, corners) in [[10, 4, 19, 9], [0, 0, 20, 10], [12, 1, 18, 8]]
                    .iter()
                    .enumerate()
                {
                    t["annotations"][index]["bbox"] = json!(corners);
                    t["annotations"][index]["image_id"] = json!(5);
                }
            },
            &[
                "train.json: the boxes look like corners [x1, y1, x2, y2]; COCO's are [x, y, width, height].",
            ],
        ),
        (
            "a group",
            |t| {
                t["categories"] = json!([{"id": 0, "name": "shapes", "supercategory": "none"},
                    {"id": 3, "name": "square", "supercategory": "shapes"},
                    {"id": 7, "name": "disc", "supercategory": "shapes"}]);
            },
            &[
                "The category 'shapes' (id 0) of train.json is only the group of all others and has no objects: it is left out.",
            ],
        ),
    ];
    for (name, change, notes) in cases {
        let mut file = plain();
        change(&mut file);
        let folder = folder(&[("train.json", &file)], &["train/x.png", "train/y.png"]);
        let listing = read_all(folder.path()).unwrap();
        assert_eq!(listing.notes, *notes, "{name}");
        assert_eq!(
            (listing.problems.len(), listing.classes.len()),
            (0, 2),
            "{name}"
        );
        let objects: usize = listing
            .train
            .iter()
            .map(|entry| boxes(&entry.labels).len())
            .sum();
        assert_eq!(objects, 3, "{name}");
    }
}

#[test]
fn groups_and_unused_classes_that_stay() {
    let cases = [
        (
            "unused",
            json!([{"id": 0, "name": "ring"}, {"id": 3, "name": "square"}, {"id": 7, "name": "disc"}]),
        ),
        (
            "of some only",
            json!([{"id": 0, "name": "shapes"}, {"id": 3, "name": "square", "supercategory": "shapes"}, {"id": 7, "name": "disc"}]),
        ),
        (
            "with objects",
            json!([{"id": 9, "name": "ring", "supercategory": "disc"}, {"id": 3, "name": "square", "supercategory": "disc"}, {"id": 7, "name": "disc"}]),
        ),
        (
            "strange values",
            json!([{"id": 0, "name": "ring", "supercategory": {"a": [1]}}, {"id": 3, "name": "square", "supercategory": [{}]}, {"id": 7, "name": 7, "supercategory": true}]),
        ),
    ];
    for (name, categories) in cases {
        let mut file = plain();
        file["categories"] = categories;
        let folder = folder(&[("train.json", &file)], &["train/x.png", "train/y.png"]);
        let listing = read_all(folder.path()).unwrap();
        assert_eq!(
            (
                listing.classes.len(),
                listing.notes.len(),
                listing.problems.len()
            ),
            (3, 0, 0),
            "{name}"
        );
    }
}

#[test]
fn categories_of_the_test_set_are_matched_by_name() {
    const RENUMBERED: &str = "test.json and train.json give other ids to the same categories: \
        they are matched by name, and ids are those of train.json.";
    // The categories, the class of each object (square is 0, disc is 1), and what is said.
    type Case = (
        &'static str,
        Value,
        &'static [usize],
        &'static [&'static str],
        &'static [&'static str],
    );
    let cases: &[Case] = &[
        (
            "the same",
            json!([{"id": 7, "name": "disc"}, {"id": 3, "name": "square"}]),
            &[0, 1, 0],
            &[],
            &[],
        ),
        (
            "another order",
            json!([{"id": 3, "name": "square"}, {"id": 7, "name": "disc"}]),
            &[0, 1, 0],
            &[],
            &[],
        ),
        (
            "other ids",
            json!([{"id": 7, "name": "square"}, {"id": 3, "name": "disc"}]),
            &[1, 0, 1],
            &[RENUMBERED],
            &[],
        ),
        (
            "one more, without objects",
            json!([{"id": 3, "name": "square"}, {"id": 7, "name": "disc"}, {"id": 8, "name": "ring"}]),
            &[0, 1, 0],
            &[],
            &[],
        ),
        (
            "case and space",
            json!([{"id": 3, "name": "Square "}, {"id": 7, "name": "disc"}]),
            &[0, 1, 0],
            &["test.json: 'Square ' is taken for 'square'."],
            &[],
        ),
        (
            "an unknown one",
            json!([{"id": 3, "name": "ring"}, {"id": 7, "name": "disc"}]),
            &[1],
            &[],
            &[
                "test.json: categories[0] (ring): train.json has no category of that name, but 2 objects are of it",
            ],
        ),
        (
            "two that differ in case",
            json!([{"id": 3, "name": "SQUARE"}, {"id": 4, "name": "Square"}, {"id": 7, "name": "disc"}]),
            &[1],
            &[],
            &[
                "test.json: categories[0] (SQUARE): train.json has no category of that name, but 2 objects are of it",
            ],
        ),
    ];
    for (name, categories, classes, notes, problems) in cases {
        let train = plain();
        let mut test = plain();
        test["categories"] = categories.clone();
        let folder = folder(
            &[("train.json", &train), ("test.json", &test)],
            &["train/x.png", "train/y.png", "test/x.png", "test/y.png"],
        );
        let listing = read_all(folder.path()).unwrap();
        let entries = listing.test.iter().flatten();
        let found: Vec<usize> = entries
            .flat_map(|entry| boxes(&entry.labels))
            .map(|object| object.class)
            .collect();
        assert_eq!(found, *classes, "{name}");
        assert_eq!(listing.notes, *notes, "{name}");
        let found: Vec<String> = listing.problems.iter().map(ToString::to_string).collect();
        assert_eq!(found, *problems, "{name}");
    }
}

#[test]
fn two_classes_of_one_name_are_told_apart_by_their_ids() {
    let mut file = plain();
    file["categories"] = json!([{"id": 7, "name": "disc"}, {"id": 3, "name": "disc"}]);
    let folder = folder(
        &[("train.json", &file), ("val.json", &file)],
        &["train/x.png", "train/y.png", "val/x.png", "val/y.png"],
    );
    let listing = read_all(folder.path()).unwrap();
    assert_eq!((listing.classes.len(), listing.problems.len()), (2, 0));
    let validation = listing.validation.unwrap();
    assert_eq!(boxes(&validation[1].labels)[0].class, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Bytes replaced, inserted and removed: a listing or an error.
    #[test]
    fn damage_never_panics(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<prop::sample::Index>(), 0..12usize), 1..5),
    ) {
        const PIECES: &[&str] = &[
            "\"", "{", "}", "[", "]", ",", "-", "9", "e9", "\\", "null", "NaN", "1e308", "\u{e9}", "[[1,2],3]", "{\"a\":1}", "true",
        ];
        let mut file = plain();
        file["annotations"][0] = json!({"image_id": 2, "category_id": 7, "segmentation": [[1, 2, 4, 2, 4, 6.5, 1, 6.5]],
            "attributes": {"rotation": 30}});
        file["annotations"][1] = json!({"image_id": 2, "category_id": 7, "bbox": [],
            "segmentation": {"size": [6, 8], "counts": [13, 4, 31]}});
        file["annotations"][2]["bbox"] = json!(null);
        file["annotations"][2]["segmentation"] = json!({"size": [6, 8], "counts": "=42000a0"});
        file["categories"][0]["supercategory"] = json!("square");
        let mut bytes = file.to_string().into_bytes();
        for (place, kind, piece, length) in damage {
            if bytes.is_empty() { break; }
            let at = place.index(bytes.len());
            let end = (at + length).min(bytes.len());
            let piece = PIECES[piece.index(PIECES.len())].as_bytes();
            match kind {
                0 => { bytes.splice(at..at + 1, piece.iter().copied()); }
                1 => { bytes.splice(at..at, piece.iter().copied()); }
                2 => { bytes.drain(at..end); }
                _ => bytes.truncate(at),
            }
        }
        let folder = folder(&[("test.json", &file)], &["train/x.png", "train/y.png", "test/x.png"]);
        std::fs::write(folder.path().join("train.json"), bytes).unwrap();
        recognises(folder.path());
        match read_all(folder.path()) {
            Ok(listing) => {
                let finite = |entry: &crate::listing::Entry| {
                    boxes(&entry.labels).iter().all(|object| object.class < listing.classes.len())
                };
                prop_assert!(listing.train.iter().all(finite));
            }
            Err(error) => prop_assert!(error.to_string().contains("train.json")),
        }
    }
}
