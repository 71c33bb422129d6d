use super::*;

#[test]
fn few_values_are_kept_as_they_are() {
    let mut curve = Curve::default();
    curve.push(0.5, 2.0, 1.0);
    curve.push(1.0, 1.0, 64.0);
    assert_eq!(curve.points().collect::<Vec<_>>(), [(0.5, 2.0), (1.0, 1.0)]);
}

#[test]
fn what_is_no_number_is_left_out() {
    let mut curve = Curve::default();
    for y in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        curve.push(1.0, y, 1.0);
    }
    curve.push(1.0, 3.0, 0.0);
    assert_eq!(curve.points().count(), 0);
}

#[test]
fn many_values_become_means_in_their_order() {
    let mut curve = Curve::default();
    let count = 100_000;
    for value in 0..count {
        curve.push(f64::from(value), f64::from(value), 1.0);
    }
    let points: Vec<_> = curve.points().collect();
    assert!(
        (CAPACITY / 2..=CAPACITY).contains(&points.len()),
        "{}",
        points.len()
    );
    // 1024 values a point: the first is the mean of 0 to 1023.
    assert_eq!(points[0], (511.5, 511.5));
    assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let values: usize = curve.points.iter().map(|sum| sum.values).sum();
    assert_eq!(values, count as usize);
}
