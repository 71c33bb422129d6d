//! Round trips, and files that are wrong in one place.

use proptest::prelude::*;

use super::*;

fn sample() -> Predictions {
    let seen = |x1| Localisation {
        bounds: [x1, 0.5, 20.25, 27.0],
        iou: 0.9,
    };
    let row = |index, label, predicted, detection| Prediction {
        index,
        label,
        predicted,
        score: 0.3,
        probabilities: vec![1e-20, 1.0],
        detection,
    };
    Predictions {
        classes: vec!["a, \"quoted\"".into(), "x1".into()],
        rows: vec![row(0, 1, 1, Some(seen(-3.5))), row(7, 0, 1, None)],
    }
}

#[test]
fn a_detector_comes_back_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.csv");
    sample().write(&path).unwrap();
    assert_eq!(Predictions::read(&path).unwrap(), sample());
    let expected = "index,label,predicted,score,\"p_a, \"\"quoted\"\"\",p_x1,x1,y1,x2,y2,iou\n\
                    0,x1,x1,0.3,1e-20,1.0,-3.5,0.5,20.25,27.0,0.9\n\
                    7,\"a, \"\"quoted\"\"\",x1,0.3,1e-20,1.0,,,,,\n";
    assert_eq!(sample().to_csv().unwrap(), expected);
}

#[test]
fn classes_of_one_name_are_numbered() {
    let mut predictions = sample();
    predictions.classes = vec!["x1".into(), "x1".into()];
    let text = predictions.to_csv().unwrap();
    assert!(text.contains("\n7,0,1,0.3"), "{text}");
    assert_eq!(Predictions::from_csv(&text, "p.csv").unwrap(), predictions);
}

#[test]
fn a_classifier_has_no_boxes() {
    let mut predictions = sample();
    predictions.rows[0].detection = None;
    let text = predictions.to_csv().unwrap();
    assert!(text.lines().next().unwrap().ends_with(",p_x1"), "{text}");
    assert_eq!(Predictions::from_csv(&text, "p.csv").unwrap(), predictions);
    assert_eq!(predictions.mean_iou(), None);
    assert_eq!(sample().mean_iou(), Some(f64::from(0.9_f32) / 2.0));
}

#[test]
fn wrong_files_are_told_by_line() {
    let header = "index,label,predicted,score,p_0,p_1";
    let boxes = "index,label,predicted,score,p_0,p_1,x1,y1,x2,y2,iou";
    for (name, text, expected) in [
        (
            "empty",
            String::new(),
            "line 1: expected column 1 to be 'index', found ''",
        ),
        (
            "other columns",
            "index,truth\n".into(),
            "line 1: expected column 2 to be 'label', found 'truth'",
        ),
        (
            "half the boxes",
            format!("{header},x1,y1\n"),
            "line 1: expected 'p_NAME' columns, then none or x1,y1,x2,y2,iou, found 'x1,y1'",
        ),
        (
            "open quotation",
            format!("{header}\n0,0,0,\"1,1,0\n"),
            "line 2: expected a closing quotation mark, found the end of the line",
        ),
        (
            "missing field",
            format!("{header}\n0,0,0,1,1,0\n1,0,0,1,1\n"),
            "line 3: expected 6 fields, found 5",
        ),
        (
            "negative index",
            format!("{header}\n-1,0,0,1,1,0\n"),
            "line 2: expected a whole number for index, found '-1'",
        ),
        (
            "unknown class",
            format!("{header}\n0,0,2,1,1,0\n"),
            "line 2: expected the name of one of the classes for predicted, found '2'",
        ),
        (
            "not a number",
            format!("{header}\n0,0,0,1,1,NaN\n"),
            "line 2: expected a finite number for probability 1, found 'NaN'",
        ),
        (
            "half a box",
            format!("{boxes}\n0,0,0,1,1,0,1,2,3,,\n"),
            "line 2: expected a finite number for y2, found ''",
        ),
        (
            "cut off",
            format!("{header}\n0,0,0,1,1,0.2"),
            "line 2: expected a line break at the end of the file, found a cut-off file",
        ),
    ] {
        let error = Predictions::from_csv(&text, "run/predictions.csv").unwrap_err();
        let expected = format!("run/predictions.csv: {expected}");
        assert_eq!(error.to_string(), expected, "{name}");
    }
}

#[test]
fn contradictions_are_not_written() {
    let spoil = |change: fn(&mut Prediction)| {
        let mut predictions = sample();
        change(&mut predictions.rows[1]);
        predictions.to_csv().unwrap_err().to_string()
    };
    for (name, message, expected) in [
        (
            "label",
            spoil(|row| row.label = 2),
            "prediction of image 7: expected a label below 2, found 2",
        ),
        (
            "width",
            spoil(|row| row.probabilities.truncate(1)),
            "prediction of image 7: expected 2 probabilities, found 1",
        ),
        (
            "not a number",
            spoil(|row| row.score = f32::NAN),
            "prediction of image 7: expected finite numbers, found NaN",
        ),
    ] {
        assert_eq!(message, expected, "{name}");
    }
}

proptest! {
    #[test]
    fn every_number_comes_back_to_the_bit(
        bits in prop::collection::vec(any::<u32>(), 8),
        class in "\\PC{0,12}",
    ) {
        let mut numbers = bits.into_iter().map(f32::from_bits).filter(|x| x.is_finite());
        let mut next = || numbers.next().unwrap_or(0.5);
        let predictions = Predictions {
            rows: vec![Prediction {
                index: 3,
                label: 0,
                predicted: 0,
                score: next(),
                probabilities: vec![next()],
                detection: Some(Localisation {
                    bounds: [next(), next(), next(), next()],
                    iou: next(),
                }),
            }],
            classes: vec![class],
        };
        let text = predictions.to_csv().unwrap();
        let back = Predictions::from_csv(&text, "p.csv").unwrap();
        prop_assert_eq!(format!("{back:?}"), format!("{predictions:?}"));
    }
}
