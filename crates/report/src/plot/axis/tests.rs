use super::*;

fn labels(axis: &Axis) -> Vec<String> {
    let plain = |tick: &Tick| tick.label.replace('\u{202f}', " ");
    axis.ticks.iter().map(plain).collect()
}

#[test]
fn ticks_are_round() {
    use Scale::*;
    use Unit::*;
    type Case<'a> = (&'a str, &'a [f64], Scale, Unit, &'a [&'a str]);
    let cases: [Case<'_>; 10] = [
        (
            "decimals",
            &[0.013, 0.092],
            Linear,
            Plain,
            &["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"],
        ),
        (
            "percent",
            &[0.021, 0.118],
            Linear,
            Percent,
            &["2 %", "4 %", "6 %", "8 %", "10 %", "12 %"],
        ),
        (
            "epochs",
            &[1.0, 5.0],
            Whole,
            Plain,
            &["1", "2", "3", "4", "5"],
        ),
        ("one epoch", &[1.0], Whole, Plain, &["1", "2"]),
        (
            "many epochs",
            &[1.0, 60.0],
            Whole,
            Plain,
            &["20", "40", "60"],
        ),
        (
            "log",
            &[0.02, 0.3],
            Log,
            Plain,
            &["0.02", "0.05", "0.1", "0.2"],
        ),
        (
            "decades",
            &[3e-6, 2.0],
            Log,
            Plain,
            &["10⁻⁵", "0.0001", "0.001", "0.01", "0.1", "1"],
        ),
        (
            "narrow log",
            &[0.02, 0.03],
            Log,
            Plain,
            &["0.020", "0.022", "0.024", "0.026", "0.028", "0.030"],
        ),
        (
            "accuracy",
            &[0.9, 0.995],
            TowardsOne,
            Percent,
            &["90 %", "95 %", "98 %", "99 %", "99.5 %"],
        ),
        (
            "constant",
            &[3.0, 3.0],
            Linear,
            Plain,
            &["2.9", "3.0", "3.1"],
        ),
    ];
    for (name, values, scale, unit, expected) in cases {
        let axis = Axis::around(values.iter().copied(), scale, unit, 5, Language::English).unwrap();
        assert_eq!(labels(&axis), expected, "{name}");
    }
}

#[test]
fn all_that_is_shown_lies_on_the_axis() {
    let cases: [(&str, &[f64], Scale); 5] = [
        ("perfect", &[0.98, 1.0], Scale::TowardsOne),
        ("only perfect", &[1.0, 1.0], Scale::TowardsOne),
        ("hopeless", &[0.0, 0.1], Scale::TowardsOne),
        ("zero among logs", &[0.0, 1.0, 1e-3], Scale::Log),
        (
            "not finite",
            &[f64::NAN, 1.0, f64::INFINITY, 3.0],
            Scale::Linear,
        ),
    ];
    for (name, values, scale) in cases {
        let axis = Axis::around(
            values.iter().copied(),
            scale,
            Unit::Plain,
            5,
            Language::English,
        )
        .unwrap();
        for value in values.iter().filter(|v| v.is_finite()) {
            let place = axis.place(*value);
            assert!((0.0..=1.0).contains(&place), "{name}: {value} at {place}");
        }
        assert!(axis.ticks.len() >= 2, "{name}: {:?}", axis.ticks);
        let inside = |t: &Tick| (-1e-3..=1.001).contains(&t.place);
        assert!(axis.ticks.iter().all(inside), "{name}: {:?}", axis.ticks);
    }
    assert_eq!(
        Axis::around([f64::NAN], Scale::Linear, Unit::Plain, 5, Language::English),
        None
    );
    assert_eq!(
        Axis::around([-1.0, 0.0], Scale::Log, Unit::Plain, 5, Language::English),
        None
    );
    assert_eq!(
        Axis::around([], Scale::TowardsOne, Unit::Plain, 5, Language::English),
        None
    );
}
