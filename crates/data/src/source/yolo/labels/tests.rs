use proptest::prelude::*;

use super::super::tests::mutated;
use super::*;

/// Class and corners.
type Object = (usize, [f64; 4]);

#[test]
fn rows() {
    let corners = |text: &str| {
        parse(text.as_bytes(), 3, 0)
            .unwrap()
            .boxes
            .iter()
            .map(|b| (b.class, b.corners))
            .collect::<Vec<_>>()
    };
    let half = [0.25, 0.25, 0.75, 0.75];
    let cases: &[(&str, &str, &[Object])] = &[
        ("box", "1 0.5 0.5 0.5 0.5", &[(1, half)]),
        (
            "BOM, tabs, line ends",
            "\u{feff}1\t0.5 0.5  0.5 0.5 \r\n\r\n",
            &[(1, half)],
        ),
        ("class with a point", "2.0 0.5 0.5 0.5 0.5", &[(2, half)]),
        (
            "twice",
            "1 0.5 0.5 0.5 0.5\n1 0.5 0.50 0.5 0.5\n2 0.5 0.5 0.5 0.5",
            &[(1, half), (2, half)],
        ),
        (
            "polygon",
            "0 0.25 0.5 0.5 0.25 0.75 0.5 0.5 0.75",
            &[(0, half)],
        ),
        (
            "slightly beyond",
            "0 0.5 0.5 1.01 1",
            &[(0, [0.0, 0.0, 1.0, 1.0])],
        ),
        ("nothing", " \n", &[]),
        ("empty", "", &[]),
    ];
    for (case, text, expected) in cases {
        assert_eq!(corners(text), *expected, "{case}");
    }
    let rows = parse(b"0 0.25 0.5 0.5 0.25 0.75 0.5 0.5 0.75", 1, 0).unwrap();
    assert_eq!(
        (
            rows.polygons,
            rows.boxes[0].unit,
            rows.boxes[0].place.as_str()
        ),
        (1, Unit::Fractions, "line 1")
    );
    // Two key points of three numbers each.
    assert_eq!(
        parse(b"1 0.5 0.5 0.5 0.5 .1 .1 2 .2 .2 2", 3, 6)
            .unwrap()
            .boxes[0]
            .corners,
        half
    );
}

#[test]
fn wrong_rows() {
    use Fault::*;
    let cases = [
        (
            "0 0.5 0.5 0.5",
            BadLabel,
            "expected 5 numbers (class, x and y of the centre, width, height), found 4",
        ),
        (
            "0 0.5 0.5 0.5 0.5 0.9",
            BadLabel,
            "found 6. A sixth number is a confidence: these are predictions",
        ),
        (
            "0,0.5,0.5,0.5,0.5",
            BadLabel,
            "found 1. The numbers are separated by spaces",
        ),
        (
            "3 0.5 0.5 0.5 0.5",
            BadLabel,
            "class 3, but the 3 classes are numbered from 0 to 2",
        ),
        (
            "1e300 0.5 0.5 0.5 0.5",
            BadLabel,
            "classes are numbered from 0 to 2",
        ),
        (
            "-1 0.5 0.5 0.5 0.5",
            BadLabel,
            "`-1` is not the number of a class",
        ),
        (
            "1.5 0.5 0.5 0.5 0.5",
            BadLabel,
            "`1.5` is not the number of a class",
        ),
        (
            "nan 0.5 0.5 0.5 0.5",
            BadLabel,
            "`nan` is not the number of a class",
        ),
        (
            "cat 0.5 0.5 0.5 0.5",
            BadLabel,
            "`cat` is not the number of a class",
        ),
        ("0 nan 0.5 0.5 0.5", BadBox, "`nan` is not a number"),
        ("0 0.5 0.5 inf 0.5", BadBox, "`inf` is not a number"),
        ("0 0.5 0.5 0 0.5", BadBox, "the box is 0 wide and 0.5 high"),
        ("0 0.5 0.5 -0.1 0.5", BadBox, "the box is -0.1 wide"),
        ("0 120 80 30 20", BadBox, "are they pixels?"),
        (
            "0 1.5 0.5 0.1 0.1",
            BadBox,
            "the box lies outside the picture",
        ),
        ("0 .1 .1 .2 .1 .3 .1", BadBox, "has no area"),
        (
            "0 .1 .1 .2 .1 .2 .2 .3",
            BadLabel,
            "8 numbers are not a class with the corners (x and y) of a polygon",
        ),
        (
            "0 .9 .5 .4 .1",
            CutBox,
            "reaches beyond the picture by more than 1 %",
        ),
    ];
    for (text, fault, expected) in cases {
        let rows = parse(text.as_bytes(), 3, 0).unwrap();
        let [(1, found, what)] = rows.problems.as_slice() else {
            panic!("{text}: {rows:?}")
        };
        assert_eq!(*found, fault, "{text}");
        assert!(what.contains(expected), "{text}: {what}");
    }
    assert_eq!(
        parse(b"\xff\xfe0", 1, 0),
        Err("not text in UTF-8".to_string())
    );
}

/// Files to mutate.
const LABELS: [&str; 3] = [
    "0 0.5 0.5 0.5 0.5\n1 0.1 0.1 0.1 0.1\n",
    "2 .1 .1 .2 .1 .2 .2\n",
    "\u{feff}0 1e-3 -1 +2 1e9\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_label_file_panics(bytes in mutated(&LABELS), random in prop::collection::vec(any::<u8>(), 0..60)) {
        for bytes in [bytes, random] {
            for rows in parse(&bytes, 2, 0).into_iter().chain(parse(&bytes, 2, 6)) {
                for object in rows.boxes {
                    let [x1, y1, x2, y2] = object.corners;
                    prop_assert!(object.class < 2 && 0.0 <= x1 && x1 < x2 && x2 <= 1.0 && 0.0 <= y1 && y1 < y2 && y2 <= 1.0);
                }
            }
        }
    }
}
