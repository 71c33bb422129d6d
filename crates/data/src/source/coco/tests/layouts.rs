//! Where the files of annotations may be.

use super::*;

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
