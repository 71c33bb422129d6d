//! Which classes there are.

use super::*;

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
    const RENUMBERED: &str = "test.json and train.json give different ids to the same categories: \
        they are matched by name, and the ids of train.json are used.";
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
        let found: Vec<usize> = entries.flat_map(boxes).map(|object| object.class).collect();
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
    assert_eq!(boxes(&validation[1])[0].class, 1);
}
