//! Telling cases of matching.

use super::*;

fn truth(id: i64, bounds: [f64; 4], crowd: bool) -> Truth {
    Truth {
        id,
        bounds: bounds.into(),
        area: bounds[2] * bounds[3],
        crowd,
        ..Truth::default()
    }
}

/// Outcomes in the range 'all' of detections with these boxes, best score first.
fn outcomes(truths: &[Truth], detections: &[[f64; 4]], quirk: bool) -> Vec<(u16, u16)> {
    let detections: Vec<Detection> = detections
        .iter()
        .map(|&bounds| Detection {
            image: 0,
            category: 0,
            bounds: bounds.into(),
            score: 0.5,
        })
        .collect();
    let mut found = vec![];
    Matcher::new(quirk).match_image(
        &truths.iter().collect::<Vec<_>>(),
        &detections.iter().collect::<Vec<_>>(),
        &mut [0; AREAS.len()],
        &mut found,
    );
    found
        .iter()
        .map(|row| (row[0].hit, row[0].false_alarm))
        .collect()
}

#[test]
fn telling_cases() {
    const ALL: u16 = 0x3ff;
    let object = truth(1, [0., 0., 10., 10.], false);
    let crowd = truth(2, [0., 0., 40., 10.], true);
    let square = [0., 0., 10., 10.];
    type Case = (&'static str, Vec<Truth>, Vec<[f64; 4]>, Vec<(u16, u16)>);
    let cases: &[Case] = &[
        ("nothing there", vec![], vec![square], vec![(0, ALL)]),
        ("found exactly", vec![object], vec![square], vec![(ALL, 0)]),
        (
            "found twice",
            vec![object],
            vec![square, square],
            vec![(ALL, 0), (0, ALL)],
        ),
        (
            "IoU of exactly .5",
            vec![object],
            vec![[0., 0., 10., 5.]],
            vec![(1, ALL - 1)],
        ),
        (
            "a crowd takes any number",
            vec![crowd],
            vec![square, square],
            vec![(0, 0), (0, 0)],
        ),
        (
            "the object before the crowd",
            vec![crowd, object],
            vec![square, square],
            vec![(ALL, 0), (0, 0)],
        ),
    ];
    for (name, truths, detections, expected) in cases {
        assert_eq!(&outcomes(truths, detections, false), expected, "{name}");
    }
}

#[test]
fn annotation_id_zero_is_lost_only_under_quirks() {
    let zero = [truth(0, [0., 0., 10., 10.], false)];
    assert_eq!(outcomes(&zero, &[[0., 0., 10., 10.]], false), [(0x3ff, 0)]);
    // Taken all the same: the second detection does not get it either.
    assert_eq!(
        outcomes(&zero, &[[0., 0., 10., 10.]; 2], true),
        [(0, 0x3ff), (0, 0x3ff)]
    );
}

#[test]
fn the_ninth_threshold_is_a_hair_below_nine_tenths() {
    assert_eq!(iou_thresholds()[8], 0.899_999_999_999_999_9);
}
