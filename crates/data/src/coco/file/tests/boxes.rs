//! Boxes that are missing, turned or wrong.

use super::*;

/// The first annotation with these fields changed.
fn annotation(fields: Value) -> CocoAnnotation {
    let mut file = plain();
    for (field, value) in fields.as_object().unwrap() {
        file["annotations"][0][field] = value.clone();
    }
    read_text(file.to_string(), read_annotations)
        .unwrap()
        .annotations
        .remove(0)
}

#[test]
fn boxes_that_are_not_four_numbers() {
    let cases = [
        (json!(7), "found 7"),
        (json!("wide"), "found a text"),
        (json!([1, 2, 3]), "found a list of 3"),
        (json!([1, 2, 3, 4, 5]), "found a list of 5"),
        (json!([[1], 2, 3, 4]), "found a list of lists or objects"),
        (json!({"x": [1]}), "found an object"),
        (json!(null), "there is neither a box nor a mask"),
        (json!([]), "there is neither a box nor a mask"),
    ];
    for (bbox, expected) in cases {
        let read = annotation(json!({"bbox": bbox, "segmentation": []}));
        let what = read.bbox.numbers().unwrap_err();
        assert!(what.starts_with("expected four numbers, [x, y, width, height]"));
        assert!(what.ends_with(expected), "{bbox}: {what}");
    }
    let CocoBox::Given(numbers) = annotation(json!({"bbox": [1, null, 3, 4]})).bbox else {
        panic!("null in a box is a number that is not finite");
    };
    assert!(numbers[1].is_nan());
}

#[test]
fn the_box_of_a_mask() {
    // A column of 4 pixels at x = 2 from y = 1, in 6 rows; then one that runs over into the next column.
    let column = json!({"size": [6, 8], "counts": [13, 4, 31]});
    let two = json!({"size": [6, 8], "counts": [13, 6, 29]});
    let square = [10.0, 20.0, 4.0, 6.0];
    let cases = [
        (
            "a polygon",
            json!([[10, 20, 14, 20, 14, 26, 10, 26]]),
            Some((square, Some(24.0))),
        ),
        (
            "not nested",
            json!([10, 20, 14, 20, 14, 26, 10, 26]),
            Some((square, Some(24.0))),
        ),
        (
            "two parts",
            json!([[10, 20, 12, 20, 12, 22], [13, 25, 14, 25, 14, 26]]),
            Some((square, Some(2.5))),
        ),
        (
            "points as pairs",
            json!([[[10, 20], [14, 20], [14, 26], [10, 26]]]),
            Some((square, None)),
        ),
        (
            "texts",
            json!([["10", "20", "14", "26"]]),
            Some((square, None)),
        ),
        ("runs", column, Some(([2.0, 1.0, 1.0, 4.0], Some(4.0)))),
        (
            "runs over two columns",
            two,
            Some(([2.0, 0.0, 2.0, 6.0], Some(6.0))),
        ),
        // By pycocotools.mask.encode, of a mask of 6 x 8 with rows 1 to 4 of columns 2 to 4.
        (
            "packed runs",
            json!({"counts": "=42000a0", "size": [6, 8]}),
            Some(([2.0, 1.0, 3.0, 4.0], Some(12.0))),
        ),
        ("no points", json!([[]]), None),
        ("one point", json!([[3, 4]]), None),
        ("null", json!(null), None),
        ("a text", json!("mask"), None),
        (
            "more pixels than there are",
            json!({"size": [2, 2], "counts": [1, 9]}),
            None,
        ),
        ("no rows", json!({"size": [0, 2], "counts": [0, 0]}), None),
        ("no size", json!({"counts": [1, 2]}), None),
        (
            "no packed runs",
            json!({"size": [6, 8], "counts": "\u{7f}~"}),
            None,
        ),
        (
            "endless number",
            json!({"size": [6, 8], "counts": "oooooooooooooooooooooooooo"}),
            None,
        ),
        (
            "huge runs",
            json!({"size": [1e300, 8], "counts": [1, 1e300, 1e300]}),
            None,
        ),
    ];
    for (name, mask, expected) in cases {
        let mut fields = json!({"bbox": null, "area": null});
        fields["segmentation"] = mask;
        let read = annotation(fields.clone());
        let expected = expected.map_or((CocoBox::Missing, None), |(bbox, area)| {
            (CocoBox::OfMask(bbox), area)
        });
        assert_eq!((read.bbox, read.area), expected, "{name}");
        // The file's own box and area come first.
        fields["area"] = json!(7);
        assert_eq!(annotation(fields.clone()).area, Some(7.0), "{name}");
        fields["bbox"] = json!([1, 2, 3, 4]);
        assert_eq!(
            annotation(fields).bbox,
            CocoBox::Given([1.0, 2.0, 3.0, 4.0]),
            "{name}"
        );
    }
}

#[test]
fn boxes_that_are_turned() {
    let cases = [
        (json!({"rotation": 0.0}), None),
        (json!({"rotation": 90}), Some([28.0, 12.0, 8.0, 40.0])),
        (json!({"rotation": "180"}), Some([12.0, 28.0, 40.0, 8.0])),
        (
            json!({"occluded": false, "rotation": 30.0}),
            Some([
                12.679_491_924_311_229,
                18.535_898_384_862_247,
                38.641_016_151_377_54,
                26.928_203_230_275_51,
            ]),
        ),
        (json!({"rotation": null}), None),
        (json!({"rotation": [1, {"a": 2}]}), None),
        (json!([1, {"a": 2}]), None),
        (json!("none"), None),
    ];
    for (attributes, expected) in cases {
        let read = annotation(json!({"bbox": [12, 28, 40, 8], "attributes": attributes}));
        let Some(expected) = expected else {
            assert_eq!(
                read.bbox,
                CocoBox::Given([12.0, 28.0, 40.0, 8.0]),
                "{attributes}"
            );
            continue;
        };
        let CocoBox::Turned { around: bbox, .. } = read.bbox else {
            panic!("{attributes}: not turned");
        };
        for (found, expected) in bbox.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{attributes}: {bbox:?}");
        }
    }
}
