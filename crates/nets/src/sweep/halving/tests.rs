//! Tests of `halving`.

use super::*;
use SweepMetric::{Accuracy, Loss};
use proptest::prelude::*;

#[test]
fn rungs() {
    let rungs = |factor, epochs| -> Vec<usize> {
        let halving = Halving { factor };
        (1..=epochs)
            .filter(|epoch| halving.is_rung(*epoch, epochs))
            .collect()
    };
    assert_eq!(rungs(3, 1), [0; 0]);
    assert_eq!(rungs(3, 2), [1]);
    assert_eq!(rungs(3, 5), [1, 3]);
    assert_eq!(rungs(3, 9), [1, 3]);
    assert_eq!(rungs(3, 28), [1, 3, 9, 27]);
    assert_eq!(rungs(2, 9), [1, 2, 4, 8]);
}

#[test]
fn one_in_three_goes_on() {
    let halving = Halving { factor: 3 };
    let cases: [(&str, f64, &[f64], SweepMetric, bool); 8] = [
        ("the first", 0.1, &[], Accuracy, true),
        ("the better of two", 0.9, &[0.8], Accuracy, true),
        ("the worse of two", 0.8, &[0.9], Accuracy, false),
        ("as good as the best", 0.9, &[0.9], Accuracy, true),
        ("second of three", 0.8, &[0.9, 0.7], Accuracy, false),
        ("second of four", 0.8, &[0.9, 0.7, 0.6], Accuracy, true),
        ("third of four", 0.7, &[0.9, 0.8, 0.6], Accuracy, false),
        ("the lower loss", 0.1, &[0.2, 0.3], Loss, true),
    ];
    for (name, own, earlier, metric, expected) in cases {
        assert_eq!(halving.goes_on(own, earlier, metric), expected, "{name}");
    }
}

proptest! {
    /// The obvious way: sort, and look where one's own figure first stands.
    #[test]
    fn is_the_obvious_rule(own in 0..10_u8, earlier in proptest::collection::vec(0..10_u8, 0..30), factor in 2..5_usize) {
        let earlier: Vec<f64> = earlier.into_iter().map(f64::from).collect();
        let mut all = earlier.clone();
        all.push(f64::from(own));
        all.sort_by(|a, b| b.total_cmp(a));
        let place = all.iter().position(|value| *value == f64::from(own)).unwrap();
        let expected = (place as f64) < (all.len() as f64 / factor as f64).ceil();
        prop_assert_eq!(Halving { factor }.goes_on(f64::from(own), &earlier, Accuracy), expected);
    }
}
