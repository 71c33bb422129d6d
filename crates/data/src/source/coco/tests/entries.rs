//! Entries that are wrong, and what is said about the others.

use super::*;
use crate::listing::Fault;

/// What a case does to a file.
type Change = fn(&mut Value);

#[test]
fn everything_that_is_wrong_is_named() {
    use Fault::{BadBox, BadLabel, MissingPicture};
    // The change; the faults with place and what; the objects that are left.
    type Case = (
        &'static str,
        Change,
        &'static [(Fault, &'static str)],
        usize,
    );
    let cases: &[Case] = &[
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
        let objects: usize = listing.train.iter().map(|entry| boxes(entry).len()).sum();
        assert_eq!(objects, *left, "{name}");
    }
}

#[test]
fn what_is_worth_a_note() {
    let cases: &[(&str, Change, &[&str])] = &[
        (
            "masks",
            |t| {
                t["annotations"][0] = json!({"id": 1, "image_id": 2, "category_id": 7,
                    "segmentation": [[1, 2, 4, 2, 4, 6.5, 1, 6.5]]});
            },
            &["train.json: annotations without a box: 1; each gets the box around its mask."],
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
        let objects: usize = listing.train.iter().map(|entry| boxes(entry).len()).sum();
        assert_eq!(objects, 3, "{name}");
    }
}
