//! Files that are read in another way than they are meant.

use super::*;
use crate::detection::Category;

/// Forty images with three objects each, of three classes.
fn files() -> (GroundTruth, Vec<Detection>) {
    let mut truths = Vec::new();
    for image in 1..=40i64 {
        for category in 1..=3i64 {
            let [x, y] = [
                (image * 7 % 50 + category * 90) as f64,
                (image * 11 % 80 + 40) as f64,
            ];
            truths.push(Truth {
                image: image * 10,
                category,
                id: truths.len() as i64 + 1,
                bounds: [x, y, 40.0, 25.0].into(),
                area: 1000.0,
                crowd: false,
            });
        }
    }
    let detections = truths
        .iter()
        .map(|truth| Detection {
            image: truth.image,
            category: truth.category,
            bounds: truth.bounds,
            score: 0.9,
        })
        .collect();
    let category = |id: i64| Category {
        id,
        name: format!("class {id}"),
    };
    let ground_truth = GroundTruth {
        images: (10..=401).collect(),
        categories: (0..=4).map(category).collect(),
        truths,
    };
    (ground_truth, detections)
}

fn said(ground_truth: &GroundTruth, detections: &[Detection], options: &Options) -> Vec<String> {
    let report = evaluate(ground_truth, detections, options).unwrap();
    let hints = hints(ground_truth, detections, options, &report);
    hints.iter().map(ToString::to_string).collect()
}

#[test]
fn other_readings() {
    type Change = fn(&mut Detection);
    let cases: &[(&str, Change, &str)] = &[
        ("right", |_| {}, ""),
        (
            "poor, but rightly written",
            |found| found.bounds.x += 30.0,
            "",
        ),
        (
            "corners",
            |found| {
                found.bounds.width += found.bounds.x;
                found.bounds.height += found.bounds.y;
            },
            "the boxes of the detections look like corners [x1, y1, x2, y2], not [x, y, width, height]: \
             AP would be about 1.00 instead of 0.00",
        ),
        (
            "centres",
            |found| {
                found.bounds.x += found.bounds.width / 2.0;
                found.bounds.y += found.bounds.height / 2.0;
            },
            "the boxes of the detections look like [centre x, centre y, width, height]",
        ),
        (
            "y first",
            |found| found.bounds = transposed(found.bounds),
            "the boxes of the detections look like [y, x, height, width]",
        ),
        (
            "fractions",
            |found| {
                let Xywh {
                    x,
                    y,
                    width,
                    height,
                } = found.bounds;
                found.bounds = [x / 500.0, y / 500.0, width / 500.0, height / 500.0].into();
            },
            "the boxes of the detections look like fractions of the image (0 to 1)",
        ),
        (
            "categories one low",
            |found| found.category -= 1,
            "the category ids of the detections look off by one (too low by 1)",
        ),
        (
            "categories one high",
            |found| found.category += 1,
            "the category ids of the detections look off by one (too high by 1)",
        ),
        (
            "two categories swapped",
            |found| found.category = [2, 1, 3][found.category as usize - 1],
            "the categories of the detections look mixed up, those of 'class 1' lie on objects of 'class 2'",
        ),
        ("one category for all", |found| found.category = 1, ""),
        (
            "image ids one low",
            |found| found.image -= 1,
            "the image ids of the detections look off by one (too low by 1)",
        ),
        (
            "image ids one high",
            |found| found.image += 1,
            "the image ids of the detections look off by one (too high by 1)",
        ),
    ];
    for (name, change, expected) in cases {
        let (mut ground_truth, mut detections) = files();
        // The first image's ids, shifted.
        ground_truth.images.push(9);
        detections.iter_mut().for_each(change);
        let hints = said(&ground_truth, &detections, &Options::default()).join("\n");
        assert_eq!(hints.is_empty(), expected.is_empty(), "{name}: {hints}");
        assert!(hints.starts_with(expected), "{name}: {hints}");
    }
    let (mut ground_truth, detections) = files();
    for truth in &mut ground_truth.truths {
        truth.bounds.width += truth.bounds.x;
        truth.bounds.height += truth.bounds.y;
    }
    let hints = said(&ground_truth, &detections, &Options::default());
    assert!(
        hints[0].starts_with("the boxes of the annotations look like corners"),
        "{hints:?}"
    );
}

#[test]
fn ids_that_come_again() {
    let (mut ground_truth, detections) = files();
    ground_truth.truths[7].id = 3;
    ground_truth.truths[9].id = 3;
    let hints = said(&ground_truth, &detections, &Options::default());
    assert_eq!(
        hints,
        [
            "2 annotations have the id of an earlier one, the first is annotations[7]; each is counted. pycocotools counts the \
          last of an id in place of the others: --pycocotools-quirks gives its figures"
        ]
    );
    let quirks = Options {
        pycocotools_quirks: true,
        ..Options::default()
    };
    assert_eq!(said(&ground_truth, &detections, &quirks), [""; 0]);
}

#[test]
fn too_many_detections() {
    let (ground_truth, mut detections) = files();
    let alarm = Detection {
        score: 0.1,
        ..detections[0]
    };
    detections.extend([alarm; 110]);
    let hints = said(&ground_truth, &detections, &Options::default());
    assert_eq!(hints.len(), 1);
    assert!(
        hints[0].starts_with(
            "11 detections are not counted: their images have more than 100 of one class"
        ),
        "{hints:?}"
    );
    let more = Options {
        max_detections: [1, 10, 200],
        ..Options::default()
    };
    assert_eq!(said(&ground_truth, &detections, &more), [""; 0]);
}

#[test]
fn shifts_that_make_all_ids_known() {
    let cases: [(&[i64], &[i64], Option<i64>); 5] = [
        (&[1, 2], &[0, 1], Some(1)),
        (&[1, 2, 4], &[2, 3, 5], Some(-1)),
        (&[1, 2], &[0, 2], None),
        (&[1, 2], &[i64::MAX, 1], None),
        (&[], &[1], None),
    ];
    for (known, ids, expected) in cases {
        assert_eq!(
            shift_that_fits(known, ids.iter().copied()),
            expected,
            "{ids:?}"
        );
    }
}

#[test]
fn nothing_to_compare() {
    let (ground_truth, detections) = files();
    let empty = GroundTruth {
        truths: Vec::new(),
        ..ground_truth.clone()
    };
    assert_eq!(said(&ground_truth, &[], &Options::default()), [""; 0]);
    assert_eq!(said(&empty, &detections, &Options::default()), [""; 0]);
}
