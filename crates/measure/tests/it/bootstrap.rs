//! Bootstrap intervals are those of scipy (`golden/bootstrap.py`), as far as resamples drawn at random can agree.

use measure::significance::{Interval, bootstrap_difference, bootstrap_mean};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    pairs: Vec<Pair>,
    means: Vec<Mean>,
}

#[derive(Deserialize)]
struct Pair {
    only_a: usize,
    only_b: usize,
    images: usize,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Mean {
    name: String,
    values: Vec<f64>,
    interval: [f64; 2],
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/bootstrap.json")).unwrap()
}

/// An end varies by about 0.7 % of the width from seed to seed, and by a whole `step` where figures are counts.
#[track_caller]
fn close(found: Interval, expected: [f64; 2], step: f64, what: &str) {
    let tolerance = 0.03 * (expected[1] - expected[0]) + 1.001 * step;
    for (found, expected) in [found.low, found.high].into_iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance,
            "{what}: {found}, expected {expected}"
        );
    }
}

#[test]
fn paired_as_scipy() {
    for case in golden().pairs {
        let Pair {
            only_a,
            only_b,
            images,
            interval,
        } = case;
        let a: Vec<bool> = (0..images).map(|image| image < only_a).collect();
        let b: Vec<bool> = (0..images)
            .map(|image| (only_a..only_a + only_b).contains(&image))
            .collect();
        let what = format!("{only_a} and {only_b} of {images}");
        let step = 1.0 / images as f64;
        close(bootstrap_difference(&a, &b, 0), interval, step, &what);
        let differences = a.iter().zip(&b);
        let differences: Vec<f64> = differences
            .map(|(&a, &b)| f64::from(i8::from(a) - i8::from(b)))
            .collect();
        close(bootstrap_mean(&differences, 0), interval, step, &what);
    }
}

#[test]
fn means_as_scipy() {
    for case in golden().means {
        let found = bootstrap_mean(&case.values, 0);
        close(found, case.interval, 0.0, &case.name);
    }
}
