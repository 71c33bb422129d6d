//! Student's t, and trainings with several seeds, equal scipy's (`golden/student.py`).

use measure::significance::{Spread, paired_t, student_t_critical, student_t_two_sided};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    tails: Vec<Tail>,
    critical: Vec<Critical>,
    seeds: Vec<Seeds>,
}

#[derive(Deserialize)]
struct Tail {
    t: f64,
    degrees: usize,
    p_value: f64,
}

#[derive(Deserialize)]
struct Critical {
    p: f64,
    degrees: usize,
    t: f64,
}

#[derive(Deserialize)]
struct Seeds {
    name: String,
    a: Vec<f64>,
    b: Vec<f64>,
    t: f64,
    p_value: f64,
    interval: [f64; 2],
    a_mean: f64,
    a_sd: f64,
    a_interval: [f64; 2],
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/student.json")).unwrap()
}

/// Equal to `tolerance`, relative to the value expected.
#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs(),
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn tails_to_ten_digits() {
    for case in golden().tails {
        let what = format!("{} with {} degrees of freedom", case.t, case.degrees);
        for t in [case.t, -case.t] {
            let found = student_t_two_sided(t, case.degrees);
            close(found, case.p_value, 1e-10, &what);
        }
    }
}

#[test]
fn critical_values_to_ten_digits() {
    for case in golden().critical {
        let what = format!("{} with {} degrees of freedom", case.p, case.degrees);
        let found = student_t_critical(case.p, case.degrees);
        close(found, case.t, 1e-10, &what);
    }
}

#[test]
fn seeds_as_scipy() {
    for case in golden().seeds {
        let name = &case.name;
        let differences: Vec<f64> = case.a.iter().zip(&case.b).map(|(a, b)| a - b).collect();
        let test = paired_t(&differences).unwrap();
        // Differences of accuracies lose digits that the accuracies had.
        close(test.t.unwrap(), case.t, 1e-9, name);
        close(test.p_value.unwrap(), case.p_value, 1e-9, name);
        let interval = test.difference.interval.unwrap();
        close(interval.low, case.interval[0], 1e-9, name);
        close(interval.high, case.interval[1], 1e-9, name);
        let spread = Spread::of(&case.a).unwrap();
        close(spread.mean, case.a_mean, 1e-14, name);
        close(spread.sd.unwrap(), case.a_sd, 1e-11, name);
        let interval = spread.interval.unwrap();
        close(interval.low, case.a_interval[0], 1e-11, name);
        close(interval.high, case.a_interval[1], 1e-11, name);
    }
}
