//! Masks against telling cases, and against slow twins on random ones.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Whether each pixel is covered, column after column.
fn pixels_of(mask: &Mask) -> Vec<bool> {
    let runs = mask
        .runs()
        .into_iter()
        .zip([false, true].into_iter().cycle());
    runs.flat_map(|(run, covered)| vec![covered; run as usize])
        .collect()
}

/// What pycocotools does, step by step: the points of the outline, then where they cross the middles of columns.
fn drawn_slowly([height, width]: [u32; 2], numbers: &[f64]) -> Vec<bool> {
    let cells: Vec<i64> = numbers.iter().map(|x| (5.0 * x + 0.5) as i64).collect();
    let points: Vec<[i64; 2]> = cells.chunks(2).map(|point| [point[0], point[1]]).collect();
    let mut outline: Vec<[i64; 2]> = Vec::new();
    for (i, &here) in points.iter().enumerate() {
        let next = points[(i + 1) % points.len()];
        let (across, down) = ((here[0] - next[0]).abs(), (here[1] - next[1]).abs());
        let axis = usize::from(across < down);
        let backwards = here[axis] > next[axis];
        let [start, end] = if backwards {
            [next, here]
        } else {
            [here, next]
        };
        let length = across.max(down);
        let slope = (end[1 - axis] - start[1 - axis]) as f64 / length as f64;
        for step in 0..=length {
            let step = if backwards { length - step } else { step };
            let mut point = [0; 2];
            point[axis] = start[axis] + step;
            point[1 - axis] = if length == 0 {
                start[1 - axis]
            } else {
                (start[1 - axis] as f64 + slope * step as f64 + 0.5) as i64
            };
            outline.push(point);
        }
    }
    let mut sides = vec![false; (height * width) as usize + 1];
    for pair in outline.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        if a[0] == b[0] {
            continue;
        }
        let x = (a[0].min(b[0]) as f64 + 0.5) / 5.0 - 0.5;
        if x.floor() != x || x < 0.0 || x > f64::from(width) - 1.0 {
            continue;
        }
        let y = (a[1].min(b[1]) as f64 + 0.5) / 5.0 - 0.5;
        let y = y.clamp(0.0, f64::from(height)).ceil();
        sides[x as usize * height as usize + y as usize] ^= true;
    }
    sides.pop();
    let mut inside = false;
    sides
        .into_iter()
        .map(|crossed| {
            inside ^= crossed;
            inside
        })
        .collect()
}

#[test]
fn telling_cases() {
    // 4 x 5 pixels; a column is four of them.
    let size = [4, 5];
    let whole: &[f64] = &[0., 0., 5., 0., 5., 4., 0., 4.];
    let corner: &[f64] = &[0., 0., 2., 0., 2., 2., 0., 2.];
    let far: &[f64] = &[-90., -90., 90., -90., 90., 90., -90., 90.];
    type Case<'a> = (&'a str, &'a [&'a [f64]], &'a [u32]);
    let cases: &[Case] = &[
        ("all of it", &[whole], &[0, 20]),
        ("around all of it", &[far], &[0, 20]),
        ("the left top corner", &[corner], &[0, 2, 2, 2, 14]),
        ("no width", &[&[1., 0., 1., 4., 1., 2.]], &[20]),
        (
            "left of it",
            &[&[-9., 0., -2., 0., -2., 4., -9., 4.]],
            &[20],
        ),
        (
            "parts that overlap, with one that fills a column",
            &[corner, &[1., 0., 2., 0., 2., 4., 1., 4.]],
            &[0, 2, 2, 4, 12],
        ),
        ("the same twice", &[corner, corner], &[0, 2, 2, 2, 14]),
        (
            "parts that touch become one run",
            &[corner, &[0., 2., 2., 2., 2., 4., 0., 4.]],
            &[0, 8, 12],
        ),
    ];
    for (name, polygons, runs) in cases {
        let mask = Mask::from_polygons(size, polygons).unwrap();
        assert_eq!(mask.runs(), *runs, "{name}");
        assert_eq!(mask, Mask::from_runs(size, runs).unwrap(), "{name}");
    }
    // Empty runs within: the same mask.
    let split = Mask::from_runs(size, &[0, 1, 0, 1, 2, 0, 0, 2, 14, 0]).unwrap();
    assert_eq!(split.runs(), [0, 2, 2, 2, 14]);
}

#[test]
fn masks_that_make_no_sense() {
    let runs = |runs: &[u32]| Mask::from_runs([4, 5], runs).unwrap_err().to_string();
    let expected = "expected run lengths that add up to 4 x 5 = 20, found ";
    assert_eq!(runs(&[3, 4]), format!("{expected}7"));
    assert_eq!(runs(&[]), format!("{expected}0"));
    assert_eq!(
        runs(&[u32::MAX, u32::MAX, 22]),
        format!("{expected}8589934612")
    );
    let huge = Mask::from_runs([1 << 16, 1 << 16], &[]).unwrap_err();
    assert_eq!(
        huge.to_string(),
        "expected an image of at most 4294967295 pixels, found 65536 x 65536"
    );
    let good: &[f64] = &[0., 0., 1., 0., 1., 1.];
    let cases: [(&[f64], &str); 5] = [
        (
            &[0., 0., 1., 0.],
            "expected at least 3 points (6 numbers), found 4 numbers",
        ),
        (
            &[],
            "expected at least 3 points (6 numbers), found 0 numbers",
        ),
        (
            &[0., 0., 1., 0., 1., 1., 4.],
            "expected pairs of x and y, found 7 numbers, which is odd",
        ),
        (
            &[0., 0., 1., f64::NAN, 1., 1.],
            "expected coordinates from -100000000 to 100000000, found NaN",
        ),
        (
            &[0., 0., 1., 0., 1., 1e9],
            "expected coordinates from -100000000 to 100000000, found 1000000000",
        ),
    ];
    for (polygon, expected) in cases {
        let error = Mask::from_polygons([4, 5], &[good, polygon]).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.polygon()),
            (expected, Some(1))
        );
    }
    let none: [&[f64]; 0] = [];
    assert_eq!(
        Mask::from_polygons([4, 5], &none),
        Err(MaskError::NoPolygon)
    );
}

#[test]
fn memory_is_known_before() {
    // To and fro across an image of a billion columns: a few bytes of a file.
    let zigzag: Vec<f64> = (0..400)
        .map(|i| if i % 4 == 0 { 1e8 } else { 0.0 })
        .collect();
    assert!(polygon_bytes([1, 1_000_000_000], &[&zigzag]) > 100_000_000_000);
    let square = [0., 0., 2., 0., 2., 2., 0., 2.];
    assert_eq!(polygon_bytes([4, 5], &[square]), 2 * 2 * 12);
    assert_eq!(polygon_bytes([4, 5], &[[f64::NAN, 1.0]]), 0);
}

#[test]
fn masks_of_other_images_share_nothing() {
    let whole = |size| Mask::from_runs(size, &[0, 20]).unwrap();
    assert_eq!(whole([4, 5]).overlap(&whole([4, 5]), false), 1.0);
    assert_eq!(whole([4, 5]).overlap(&whole([5, 4]), false), 0.0);
    assert_eq!(Mask::default().overlap(&Mask::default(), true), 0.0);
}

fn polygon() -> impl Strategy<Value = Vec<f64>> {
    let number = prop_oneof![
        4 => (-20i32..160).prop_map(|n| f64::from(n) / 5.0),
        4 => -4.0..40.0f64,
        1 => Just(12.0),
        1 => -3000.0..3000.0f64,
    ];
    vec((number.clone(), number), 3..9)
        .prop_map(|points| points.into_iter().flat_map(|(x, y)| [x, y]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn polygons_are_drawn_as_step_by_step(
        height in 1..40u32, width in 1..40u32, polygons in vec(polygon(), 1..4),
    ) {
        let mask = Mask::from_polygons([height, width], &polygons).unwrap();
        let mut expected = vec![false; (height * width) as usize];
        for polygon in &polygons {
            let slowly = drawn_slowly([height, width], polygon);
            expected.iter_mut().zip(slowly).for_each(|(any, one)| *any |= one);
        }
        prop_assert_eq!(pixels_of(&mask), expected);
        prop_assert!(mask.spans.len() as u64 * 24 <= polygon_bytes([height, width], &polygons));
    }

    #[test]
    fn overlaps_are_those_of_pixels(
        height in 1..9u32, width in 1..9u32, a in vec(any::<bool>(), 64), b in vec(any::<bool>(), 64), rare: bool,
    ) {
        let count = (height * width) as usize;
        let sparse = |bits: &[bool]| -> Vec<bool> {
            bits[..count].iter().enumerate().map(|(i, bit)| *bit && (!rare || i % 7 == 0)).collect()
        };
        let (a, b) = (sparse(&a), sparse(&b));
        let mask = |pixels: &[bool]| {
            let mut runs = vec![0];
            for (i, pixel) in pixels.iter().enumerate() {
                if *pixel != (runs.len() % 2 == 0) { runs.push(0); }
                *runs.last_mut().unwrap() += 1;
                prop_assert!(i < count);
            }
            Ok(Mask::from_runs([height, width], &runs).unwrap())
        };
        let (mask_a, mask_b) = (mask(&a)?, mask(&b)?);
        prop_assert_eq!(&pixels_of(&mask_a), &a);
        let number = |of: fn(bool, bool) -> bool| a.iter().zip(&b).filter(|(a, b)| of(**a, **b)).count() as f64;
        let share = |part: f64, whole: f64| if part > 0.0 { part / whole } else { 0.0 };
        let both = number(|a, b| a && b);
        prop_assert_eq!(mask_a.area(), number(|a, _| a));
        prop_assert_eq!(mask_a.overlap(&mask_b, false), share(both, number(|a, b| a || b)));
        prop_assert_eq!(mask_a.overlap(&mask_b, true), share(both, mask_a.area()));
        for (place, covered) in a.iter().enumerate() {
            let (x, y) = (place as u32 / height, place as u32 % height);
            let [left, top, right, bottom] = mask_a.hull;
            prop_assert!(!covered || (left <= x && x < right && top <= y && y < bottom));
        }
    }
}
