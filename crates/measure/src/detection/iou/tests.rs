//! Tests of `iou`.

use super::*;

#[test]
fn overlaps() {
    let cases = [
        ("the same", [0., 0., 2., 2.], [0., 0., 2., 2.], 1.0, 1.0),
        (
            "a quarter shared: neither hull (1/9) nor +1 (2/7)",
            [0., 0., 2., 2.],
            [1., 1., 2., 2.],
            1.0 / 7.0,
            0.25,
        ),
        (
            "one inside the other",
            [1., 1., 1., 1.],
            [0., 0., 2., 2.],
            0.25,
            1.0,
        ),
        (
            "only an edge in common",
            [0., 0., 2., 2.],
            [2., 0., 2., 2.],
            0.0,
            0.0,
        ),
        (
            "apart on both axes",
            [0., 0., 1., 1.],
            [5., 5., 1., 1.],
            0.0,
            0.0,
        ),
        ("a line", [0., 0., 0., 2.], [0., 0., 2., 2.], 0.0, 0.0),
        (
            "two equal points",
            [1., 1., 0., 0.],
            [1., 1., 0., 0.],
            0.0,
            0.0,
        ),
    ];
    for (name, a, b, expected_iou, expected_crowd) in cases {
        assert_eq!(iou(a.into(), b.into()), expected_iou, "{name}");
        assert_eq!(iou(b.into(), a.into()), expected_iou, "{name}, swapped");
        assert_eq!(
            crowd_overlap(a.into(), b.into()),
            expected_crowd,
            "{name}, crowd"
        );
    }
}

#[test]
fn corners_exclude_right_and_bottom() {
    assert_eq!(
        Xywh::from_corners([1., 2., 4., 6.]),
        Xywh::from([1., 2., 3., 4.])
    );
}
