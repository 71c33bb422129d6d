//! What exporters write, and files that are wrong.

mod boxes;
mod masks;

use serde_json::{Value, json};

use super::*;

fn read_text<T>(
    text: impl AsRef<[u8]>,
    read: fn(&Path) -> Result<T, CocoFileError>,
) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.json");
    std::fs::write(&path, text).unwrap();
    read(&path).map_err(|error| {
        let text = error.to_string();
        let start = format!("{}: ", path.display());
        text.strip_prefix(&start)
            .expect("the path first")
            .to_string()
    })
}

fn plain() -> Value {
    json!({
        "info": {"year": 2026, "more": [[[]]]},
        "images": [{"id": 1, "file_name": "a \"b\".png", "width": 64, "height": 48}],
        "categories": [{"id": 2, "name": "disc", "supercategory": null}],
        "annotations": [{
            "id": 3, "image_id": 1, "category_id": 2, "bbox": [1, 2.5, 30, 40], "area": 1200.0,
            "iscrowd": 0, "segmentation": [[1, 2, 3, 4, 5, 6]],
        }],
    })
}

/// What a file with `value` at `list[0].field` says there, and what is read.
fn with(list: &str, field: &str, value: Value) -> Result<CocoFile, String> {
    let mut file = plain();
    file[list][0][field] = value;
    read_text(file.to_string(), read_annotations)
}

#[test]
fn every_way_to_write_the_same_file() {
    let expected = read_text(plain().to_string(), read_annotations).unwrap();
    assert_eq!(expected.images[0].file_name.as_deref(), Some("a \"b\".png"));
    assert_eq!(
        expected.annotations[0].bbox,
        CocoBox::Given([1.0, 2.5, 30.0, 40.0])
    );
    let same = [
        ("images", "id", json!(1.0)),
        ("images", "id", json!("1")),
        ("images", "id", json!("1.0")),
        ("images", "width", json!(64.0)),
        ("images", "height", json!("48")),
        ("categories", "id", json!("2")),
        ("annotations", "id", json!(3.0)),
        ("annotations", "image_id", json!("1")),
        ("annotations", "category_id", json!(2.0)),
        ("annotations", "bbox", json!(["1", "2.5", 30.0, "4e1"])),
        ("annotations", "area", json!("1200")),
        ("annotations", "iscrowd", json!(0.0)),
        ("annotations", "iscrowd", json!("0")),
        ("annotations", "iscrowd", json!(false)),
        ("annotations", "iscrowd", json!(null)),
    ];
    for (list, field, value) in &same {
        let name = format!("{list}.{field} = {value}");
        let file = with(list, field, value.clone()).expect(&name);
        assert_eq!(file.images, expected.images, "{name}");
        assert_eq!(file.categories, expected.categories, "{name}");
        assert_eq!(file.annotations, expected.annotations, "{name}");
    }
    let text = plain().to_string();
    for (name, text) in [
        ("a byte order mark", format!("\u{feff}{text}")),
        (
            "listed twice",
            text.replace("\"id\":3", "\"id\":7,\"id\":3"),
        ),
    ] {
        let file = read_text(text, read_annotations).expect(name);
        assert_eq!(file.annotations, expected.annotations, "{name}");
    }
}

#[test]
fn what_may_be_missing() {
    let file = r#"{"images": [{"id": 1}], "categories": [{"id": 2}],
        "annotations": [{"image_id": 1, "category_id": 2, "bbox": [0, 0, 5, 5]}]}"#;
    let file = read_text(file, read_annotations).unwrap();
    assert_eq!(file.categories[0].name(), "2");
    let CocoImage {
        file_name,
        width,
        height,
        ..
    } = &file.images[0];
    assert_eq!((file_name, width, height), (&None, &None, &None));
    let annotation = &file.annotations[0];
    assert_eq!(
        (annotation.id, annotation.area, annotation.iscrowd),
        (None, None, false)
    );
    for (list, field) in [
        ("images", "file_name"),
        ("images", "width"),
        ("annotations", "id"),
        ("annotations", "area"),
    ] {
        assert!(with(list, field, json!(null)).is_ok(), "{list}.{field}");
    }
}

#[test]
fn names_and_ids_of_other_types() {
    assert_eq!(
        with("categories", "name", json!(0)).unwrap().categories[0].name(),
        "0"
    );
    let id = |text: &str| with("images", "id", json!(text)).unwrap().images[0].id;
    assert!(is_text(id("img_a")) && id("img_a") == id("img_a") && id("img_a") != id("img_b"));
    assert_eq!(id("0000003"), 3);
    assert!(!is_text(-3));
}

#[test]
fn numbers_that_are_not_finite() {
    let text = plain().to_string();
    let nan = text
        .replace("1200.0", "NaN")
        .replace(":64", ": NaN")
        .replace("disc", "NaN \\\" NaN");
    let file = read_text(nan, read_annotations).unwrap();
    assert_eq!(
        (file.annotations[0].area, file.images[0].width),
        (None, None)
    );
    assert_eq!(file.categories[0].name(), "NaN \" NaN");
    let infinite = read_text(text.replace("1200.0", "-Infinity"), read_annotations).unwrap();
    assert_eq!(infinite.annotations[0].area, Some(f64::NEG_INFINITY));
}

#[test]
fn errors_name_the_entry_and_the_field() {
    let cases = [
        (
            "images",
            "id",
            json!(1.5),
            "images[0].id: invalid type: floating point `1.5`, expected a whole number",
        ),
        (
            "images",
            "id",
            json!(1e300),
            "images[0].id: invalid type: floating point",
        ),
        (
            "images",
            "file_name",
            json!([]),
            "images[0].file_name: invalid type: list, expected a text",
        ),
        (
            "categories",
            "name",
            json!(true),
            "categories[0].name: invalid type: boolean `true`, expected a text",
        ),
        (
            "annotations",
            "iscrowd",
            json!("no"),
            "annotations[0].iscrowd: invalid type: string \"no\", expected 0 or 1",
        ),
        (
            "annotations",
            "area",
            json!("big"),
            "annotations[0].area: invalid type: string \"big\", expected a number",
        ),
    ];
    for (list, field, value, expected) in cases {
        let error = with(list, field, value).unwrap_err();
        assert!(error.starts_with(expected), "{error}, expected {expected}");
        assert!(error.contains(" at line 1 column "), "{error}");
    }
    let missing = r#"{"images": [], "categories": [], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]}"#;
    let error = read_text(missing, read_annotations).unwrap_err();
    assert!(
        error.starts_with("annotations[0].category_id: missing field `category_id`"),
        "{error}"
    );
}

#[test]
fn files_of_another_form() {
    let annotations: [(&str, &str); 6] = [
        (
            "[]",
            "invalid length 0, expected an object with lists `images`, `categories` and `annotations`",
        ),
        ("{}", "missing field `images`"),
        (
            "{\"images\":{}}",
            "images: invalid type: object, expected a list",
        ),
        (
            "{\"images\":[3]}",
            "images[0]: invalid type: integer `3`, expected an object",
        ),
        ("{\"images\":[", "images"),
        ("", "EOF while parsing a value"),
    ];
    for (text, expected) in annotations {
        let error = read_text(text, read_annotations).unwrap_err();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let results: [(&[u8], &str); 6] = [
        (
            b"{\"annotations\": []}",
            "invalid type: object, expected a list",
        ),
        (b"[{\"image_id\": 1,\n \"category_id\"", "detections[0]"),
        (b"[]\n []", "trailing characters at line 2 column 2"),
        (
            b"[{\"image_id\":1,\"category_id\":5,\"bbox\":[1,2,3,4]}]",
            "detections[0].score: missing field `score`",
        ),
        (
            b"[{\"score\":null}]",
            "detections[0].score: invalid type: null, expected a number",
        ),
        (
            b"[\n \"\xff\"",
            "expected UTF-8, found invalid utf-8 sequence",
        ),
    ];
    for (text, expected) in results {
        let error = read_text(text, read_detections).unwrap_err();
        assert!(error.starts_with(expected), "{error}, expected {expected}");
    }
    assert_eq!(read_text("\u{feff} [ ] \n", read_detections).unwrap(), []);
}
