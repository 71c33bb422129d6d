use super::*;

fn image(id: i64, file_name: &str) -> CocoImage {
    CocoImage {
        id,
        file_name: Some(file_name.to_string()),
        width: None,
        height: None,
    }
}

#[test]
fn images_are_found_by_the_end_of_their_path() {
    struct Case {
        name: &'static str,
        images: &'static [(i64, &'static str)],
        path: &'static str,
        expected: Option<i64>,
    }
    for Case {
        name,
        images,
        path,
        expected,
    } in [
        Case {
            name: "by the file's name alone",
            images: &[(3, "1.png"), (4, "2.png")],
            path: "/somewhere/2.png",
            expected: Some(4),
        },
        Case {
            name: "by its folder, too",
            images: &[(3, "cam-1/1.png"), (4, "cam-2/1.png")],
            path: "photos/cam-2/1.png",
            expected: Some(4),
        },
        Case {
            name: "as Windows writes it",
            images: &[(3, "cam-1\\1.png"), (4, "cam-2\\1.png")],
            path: "cam-1/1.png",
            expected: Some(3),
        },
        Case {
            name: "whatever the case, if only one fits",
            images: &[(3, "A.JPG")],
            path: "a.jpg",
            expected: Some(3),
        },
        Case {
            name: "the same case first",
            images: &[(3, "A.jpg"), (4, "a.jpg")],
            path: "a.jpg",
            expected: Some(4),
        },
        Case {
            name: "several fit",
            images: &[(3, "x/1.png"), (4, "y/1.png")],
            path: "/z/1.png",
            expected: None,
        },
        Case {
            name: "another ending is another picture",
            images: &[(3, "1.jpg")],
            path: "1.png",
            expected: None,
        },
    ] {
        let images: Vec<CocoImage> = images.iter().map(|(id, name)| image(*id, name)).collect();
        let found = ImageNames::of(&images).find(Path::new(path));
        assert_eq!(found, expected, "{name}");
    }
}

/// A file of annotations without any, and what is said of `paths` and `classes` with it.
fn told(images: &str, paths: &[&str], classes: &[&str]) -> Result<(Coco, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("truth.json");
    let text = format!(
        r#"{{"images": {images}, "annotations": [], "categories": [{{"id": 5, "name": "Cat"}}, {{"id": 7, "name": "dog"}}]}}"#
    );
    std::fs::write(&file, text).unwrap();
    let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
    let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
    let made = Coco::with_ids_of(&file, Path::new("found.json"), &paths, &classes);
    made.map_err(|error| error.to_string())
}

const TWO: &str = r#"[{"id": 11, "file_name": "1.png"}, {"id": 12, "file_name": "2.png"}]"#;

#[test]
fn ids_are_those_of_the_annotations() {
    let (coco, notes) = told(TWO, &["a/2.png", "a/1.png"], &["dog", "cat"]).unwrap();
    assert_eq!(coco.images, [Some(12), Some(11)]);
    assert_eq!((coco.categories["dog"], coco.categories["cat"]), (7, 5));
    assert_eq!(notes, [""; 0]);
    let (coco, notes) = told(TWO, &["2.png", "3.png"], &["dog", "horse"]).unwrap();
    assert_eq!(coco.images, [Some(12), None]);
    assert!(notes[0].contains("1 of 2 pictures") && notes[0].contains("3.png"));
    assert!(notes[1].contains("1 of 2 classes") && notes[1].contains("horse"));
}

#[test]
fn annotations_that_do_not_fit_are_refused() {
    let text = r#"[{"id": "one", "file_name": "1.png"}]"#;
    for (images, paths, class, expected) in [
        (TWO, ["3.png", "4.png"], "cat", "none of the pictures"),
        (TWO, ["1.png", "2.png"], "horse", "none of the classes"),
        (TWO, ["a/1.png", "b/1.png"], "cat", "a/1.png and b/1.png"),
        (text, ["1.png", "2.png"], "cat", "ids that are text"),
    ] {
        let error = told(images, &paths, &[class]).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("truth.json"), "{error}");
    }
}

#[test]
fn without_annotations_ids_are_counted_and_named() {
    let classes = ["cat", "dog"].map(String::from);
    let coco = Coco::counted(Path::new("found.json"), 2, &classes);
    assert_eq!(coco.images, [Some(1), Some(2)]);
    assert_eq!(coco.categories["dog"], 2);
    let entry = Entry {
        image_id: 2,
        category_id: 1,
        bbox: [1.5, 2.0, 3.0, 4.25],
        score: 0.9,
        file_name: Some("a/1.png"),
        category_name: Some("cat"),
    };
    assert_eq!(
        serde_json::to_string(&entry).unwrap(),
        r#"{"image_id":2,"category_id":1,"bbox":[1.5,2.0,3.0,4.25],"score":0.9,"file_name":"a/1.png","category_name":"cat"}"#
    );
}
