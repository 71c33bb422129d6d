//! Overlap, clipping and the tight box on telling cases.

use super::*;

#[test]
fn overlap_of_telling_pairs() {
    struct Case {
        name: &'static str,
        a: [f32; 4],
        b: [f32; 4],
        iou: f32,
    }
    let cases = [
        // A hull instead of the union gives 1/9 here, an inclusive width 4/14.
        Case {
            name: "one shared pixel",
            a: [0., 0., 2., 2.],
            b: [1., 1., 3., 3.],
            iou: 1. / 7.,
        },
        Case {
            name: "itself",
            a: [3., 4., 8., 9.],
            b: [3., 4., 8., 9.],
            iou: 1.,
        },
        Case {
            name: "only an edge in common",
            a: [0., 0., 2., 2.],
            b: [2., 0., 4., 2.],
            iou: 0.,
        },
        Case {
            name: "apart in both directions",
            a: [0., 0., 2., 2.],
            b: [5., 5., 9., 9.],
            iou: 0.,
        },
        Case {
            name: "inside",
            a: [0., 0., 4., 4.],
            b: [1., 1., 3., 3.],
            iou: 0.25,
        },
        Case {
            name: "no area inside a box",
            a: [1., 1., 1., 3.],
            b: [0., 0., 4., 4.],
            iou: 0.,
        },
    ];
    for Case { name, a, b, iou } in cases {
        assert_eq!(Xyxy::from(a).iou(b.into()), iou, "{name}");
        assert_eq!(Xyxy::from(b).iou(a.into()), iou, "{name}, other way round");
    }
    let point = Xyxy::new(5., 5., 5., 5.);
    assert!(point.iou(point).is_nan(), "no area twice at one place");
}

#[test]
fn clip_keeps_to_the_image_in_height_width_order() {
    let clipped = Xyxy::new(-3., -4., 100., 100.).clip([50, 40]);
    assert_eq!(clipped, Xyxy::new(0., 0., 40., 50.));
    assert_eq!(Xyxy::new(60., 60., 70., 70.).clip([50, 40]).area(), 0.);
    assert!(Xyxy::new(f32::NAN, 0., 1., 1.).clip([50, 40]).x1.is_nan());
}

#[test]
fn sides_count_when_equal_and_never_with_nan() {
    assert!(Xyxy::new(0., 0., 1., 2.).has_sides(1.));
    assert!(!Xyxy::new(0., 0., 0.99, 2.).has_sides(1.));
    assert!(!Xyxy::new(0., 0., f32::NAN, 2.).has_sides(1.));
    assert!(!Xyxy::new(2., 2., 0., 0.).has_sides(0.));
}

#[test]
fn corners_and_sides_convert_back() {
    let b = Xyxy::new(2., 3., 12., 23.);
    assert_eq!(b.to_xywh(), [2., 3., 10., 20.]);
    assert_eq!(Xyxy::from(<[f32; 4]>::from(b)), b);
}

#[test]
fn tight_box_is_end_exclusive() {
    #[rustfmt::skip]
    let ink = [0, 0, 0, 0,
               0, 0, 7, 0,
               0, 9, 0, 0_u8];
    assert_eq!(tight_box(&ink, 4), Some(Xyxy::new(1., 1., 3., 3.)));
    assert_eq!(
        tight_box(&ink.map(|v| v > 0), 4),
        Some(Xyxy::new(1., 1., 3., 3.))
    );
    assert_eq!(tight_box(&[0_u8; 12], 4), None);
    assert_eq!(tight_box::<u8>(&[], 0), None);
    assert_eq!(tight_box(&[1_u8], 1), Some(Xyxy::new(0., 0., 1., 1.)));
}
