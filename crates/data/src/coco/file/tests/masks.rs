//! Masks that an evaluation reads, and what is wrong with them.

use super::*;

/// The mask of the first annotation if this is its `segmentation`; of a detection too, which must be the same.
fn mask(segmentation: &Value) -> Result<Segmentation, String> {
    let mut file = plain();
    file["annotations"][0]["segmentation"] = segmentation.clone();
    let annotations = read_text(file.to_string(), read_annotations_with_masks);
    let results =
        json!([{"image_id": 1, "category_id": 2, "score": 0.5, "segmentation": segmentation}]);
    let detections = read_text(results.to_string(), read_detections_with_masks);
    match (annotations, detections) {
        (Ok((file, mut masks)), Ok((detections, other))) => {
            assert_eq!((file.annotations.len(), detections.len()), (1, 1));
            assert_eq!(masks, other);
            assert_eq!(detections[0].bbox, DetectedBox::Missing);
            Ok(masks.remove(0))
        }
        (Err(error), Err(other)) => {
            let place = |error: &str| {
                error
                    .split(" at line")
                    .next()
                    .unwrap_or_default()
                    .to_string()
            };
            assert_eq!(
                place(&error).strip_prefix("annotations"),
                place(&other).strip_prefix("detections")
            );
            Err(place(&error))
        }
        (annotations, detections) => panic!("{annotations:?}, {detections:?}"),
    }
}

#[test]
fn every_form_of_a_mask() {
    let polygon = vec![10.0, 20.0, 14.5, 20.0, 14.0, 26.0];
    let runs = |runs: &[u32]| Segmentation::Runs {
        size: [6, 8],
        runs: runs.to_vec(),
    };
    let cases = [
        (
            json!([[10, 20, 14.5, 20, "14", 26.0]]),
            Segmentation::Polygons(vec![polygon.clone()]),
        ),
        (
            json!([10, 20, 14.5, 20, "14", 26.0]),
            Segmentation::Polygons(vec![polygon.clone()]),
        ),
        (
            json!([[10, 20, 14.5, 20, 14, 26], [1, 2]]),
            Segmentation::Polygons(vec![polygon, vec![1.0, 2.0]]),
        ),
        (json!([]), Segmentation::Polygons(vec![])),
        (json!(null), Segmentation::Missing),
        (
            json!({"size": [6, 8], "counts": [13, 4, 31.0]}),
            runs(&[13, 4, 31]),
        ),
        (
            json!({"counts": "=42000a0", "size": [6.0, "8"], "more": {}}),
            runs(&[13, 4, 2, 4, 2, 4, 19]),
        ),
        // Whether the runs cover the image, the evaluation asks.
        (json!({"size": [6, 8], "counts": ""}), runs(&[])),
    ];
    for (segmentation, expected) in cases {
        assert_eq!(mask(&segmentation), Ok(expected), "{segmentation}");
    }
}

#[test]
fn wrong_masks_are_named() {
    let cases = [
        (
            json!("mask"),
            ": invalid type: string \"mask\", expected a mask: polygons, or an object with `size` and `counts`",
        ),
        (json!(7), ": invalid type: integer `7`, expected a mask"),
        (
            json!([[1, null, 3, 4, 5, 6]]),
            "[0][1]: invalid type: null, expected a number",
        ),
        (
            json!([[[1, 2], [3, 4]]]),
            "[0][0]: invalid type: list, expected a number",
        ),
        (
            json!([[1, 2, 3, 4, 5, 6], 7]),
            ": expected polygons, found numbers among them",
        ),
        (
            json!([{"x": 1}]),
            "[0]: invalid type: object, expected a polygon: a list of numbers",
        ),
        (json!({"size": [6, 8]}), ".counts: missing field `counts`"),
        (json!({"counts": [48]}), ".size: missing field `size`"),
        (
            json!({"size": [6, 8, 1], "counts": [48]}),
            ".size: invalid type: list, expected [height, width]",
        ),
        (
            json!({"size": [6, -8], "counts": [48]}),
            ".size[1]: invalid type: integer `-8`, expected a whole number from 0 to 4294967295",
        ),
        (
            json!({"size": [6, 1e300], "counts": [48]}),
            ".size[1]: invalid type: floating point",
        ),
        (
            json!({"size": [6, 8], "counts": [13, -4, 39]}),
            ".counts[1]: invalid type: integer `-4`, expected a whole number from 0 to 4294967295",
        ),
        (
            json!({"size": [6, 8], "counts": [13, 4.5]}),
            ".counts[1]: invalid type: floating point `4.5`, expected a whole number",
        ),
        (
            json!({"size": [6, 8], "counts": {"a": 1}}),
            ".counts: invalid type: object, expected run lengths: a list, or a text as pycocotools packs them",
        ),
        (
            json!({"size": [6, 8], "counts": "=4 2"}),
            ".counts: expected packed run lengths, characters from '0' to 'o', found byte 32 at place 2",
        ),
        (
            json!({"size": [6, 8], "counts": "oooooooooooooooooooooooooo"}),
            ".counts: expected packed run length 0 from 0 to 4294967295, found a larger number",
        ),
    ];
    for (segmentation, expected) in cases {
        let error = mask(&segmentation).unwrap_err();
        let expected = format!("annotations[0].segmentation{expected}");
        assert!(error.starts_with(&expected), "{error}, expected {expected}");
    }
}

#[test]
fn detections_without_boxes() {
    let entry = |fields: Value| {
        let mut entry = json!({"image_id": 1, "category_id": 2, "score": 0.5});
        for (field, value) in fields.as_object().unwrap() {
            entry[field] = value.clone();
        }
        entry
    };
    let given = json!({"bbox": [1, 2, 3, 4]});
    let masks = json!({"segmentation": {"size": [6, 8], "counts": "=42000a0"}});
    let outlined = json!({"bbox": [], "segmentation": [[1, 2, 5, 2, 5, 8]]});
    // As pycocotools has it: the box of a mask without pixels has no size.
    let blank = json!({"segmentation": {"size": [6, 8], "counts": [48]}});
    let found = |list: &[&Value]| {
        let list: Vec<Value> = list.iter().map(|fields| entry((*fields).clone())).collect();
        let read = read_text(Value::from(list).to_string(), read_detections)?;
        Ok::<_, String>(read.iter().map(|entry| entry.bbox).collect::<Vec<_>>())
    };
    assert_eq!(
        found(&[&given, &masks, &outlined, &blank]).unwrap(),
        [
            DetectedBox::Given([1.0, 2.0, 3.0, 4.0]),
            DetectedBox::OfMask([2.0, 1.0, 3.0, 4.0]),
            DetectedBox::OfMask([1.0, 2.0, 4.0, 6.0]),
            DetectedBox::OfMask([0.0; 4]),
        ]
    );
    for neither in [json!({}), json!({"bbox": null, "segmentation": []})] {
        assert_eq!(
            found(&[&masks, &neither]).unwrap_err(),
            "detections[1].bbox: expected four numbers, [x, y, width, height]; there is neither a box nor a mask"
        );
    }
    let error = found(&[&json!({"bbox": [1, 2, 3]})]).unwrap_err();
    assert!(
        error.starts_with("detections[0].bbox: invalid type: list, expected four numbers"),
        "{error}"
    );
}
