//! A whole folder, and files that cannot be read.

mod classes;
mod entries;
mod layouts;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::source::support::{self, boxes};

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
    let folder = support::empty_files(pictures);
    for (name, value) in annotations {
        support::write(&folder.path().join(name), value.to_string().as_bytes());
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
    .map(|part| part.map(|part| support::names(part)))
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
    assert_eq!(boxes(x)[0].corners, [-0.5, 5.0, 1.5, 10.0]);
    let [disc, square] = boxes(y) else {
        panic!("two objects");
    };
    assert_eq!((disc.class, disc.corners), (1, [1.0, 2.0, 4.0, 6.5]));
    assert_eq!((disc.area, square.area), (Some(9.0), None));
    assert!(square.crowd && !disc.crowd);
    assert_eq!(square.place, "train.json: annotations[1]");
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
                    boxes(entry).iter().all(|object| object.class < listing.classes.len())
                };
                prop_assert!(listing.train.iter().all(finite));
            }
            Err(error) => prop_assert!(error.to_string().contains("train.json")),
        }
    }
}
