//! Properties of the tests and intervals; goldens are in `tests/it/classification.rs`.

use proptest::prelude::*;

use super::*;

#[test]
fn mcnemar_by_hand() {
    for (only_a, only_b, expected) in [
        (0, 0, 1.0),
        (0, 1, 1.0),
        (0, 5, 2.0 / 32.0),
        (3, 3, 1.0),
        (1, 5, 2.0 * 7.0 / 64.0),
        (0, 100_000, 0.0),
    ] {
        let found = mcnemar_exact(only_a, only_b);
        assert!(
            (found - expected).abs() < 1e-15,
            "{only_a} to {only_b}: {found}"
        );
    }
}

#[test]
fn bootstrap_agrees_with_the_normal_approximation() {
    // 10,000 images, 200 only a right, 100 only b: the mean is 0.01 and the standard error known.
    let image = |i: usize| match i {
        0..200 => (true, false),
        200..300 => (false, true),
        _ => (true, true),
    };
    let (a, b): (Vec<bool>, Vec<bool>) = (0..10_000).map(image).unzip();
    let error = ((0.03 - 0.01_f64.powi(2)) / 10_000.0).sqrt();
    let found = bootstrap_difference(&a, &b, 7);
    // The ends themselves are random: to about 3 % of their distance from the mean.
    assert!(
        (found.low - (0.01 - Z_95 * error)).abs() < 0.1 * error,
        "{found:?}"
    );
    assert!(
        (found.high - (0.01 + Z_95 * error)).abs() < 0.1 * error,
        "{found:?}"
    );
    assert_eq!(found, bootstrap_difference(&a, &b, 7));
    assert_ne!(found, bootstrap_difference(&a, &b, 8));
    let values: Vec<f64> = a
        .iter()
        .zip(&b)
        .map(|(&a, &b)| f64::from(u8::from(a)) - f64::from(u8::from(b)))
        .collect();
    assert_eq!(bootstrap_mean(&values, 7), found);
    // Image by image, without the short cut for values that are few.
    let mean = bootstrap(values.len(), 7, |drawn| {
        drawn.iter().map(|&image| values[image]).sum::<f64>() / 10_000.0
    });
    assert!((mean.low - found.low).abs() < 0.1 * error, "{mean:?}");
    assert!((mean.high - found.high).abs() < 0.1 * error, "{mean:?}");
}

#[test]
fn bootstrap_of_anything() {
    let values: Vec<f64> = (0..20).map(f64::from).collect();
    let of_mean = bootstrap_mean(&values, 3);
    let of_indices = bootstrap(20, 3, |drawn| {
        drawn.iter().map(|&i| values[i]).sum::<f64>() / 20.0
    });
    assert_eq!(of_mean, of_indices);
    let nothing = Interval {
        low: 0.0,
        high: 0.0,
    };
    assert_eq!(bootstrap_mean(&[], 0), nothing);
    assert_eq!(bootstrap_difference(&[], &[true], 0), nothing);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let values: Vec<f64> = (0..500).map(|i| f64::from(i).sqrt()).collect();
    let a: Vec<bool> = (0..500).map(|i| i % 9 != 0).collect();
    let b: Vec<bool> = (0..500).map(|i| i % 7 != 0).collect();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let intervals = || {
            let any = bootstrap(500, 3, |drawn| values[drawn[0]] - values[drawn[499]]);
            [
                bootstrap_mean(&values, 3),
                bootstrap_difference(&a, &b, 3),
                any,
            ]
        };
        pool.build().unwrap().install(intervals)
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
}

#[test]
fn draws_are_below_the_bound_and_even() {
    let mut draws = Draws::new(1, 0, 10);
    let mut counts = [0_u32; 10];
    draws.images(100_000, |image| counts[image] += 1);
    // Chi-square with 9 degrees of freedom: above 27.9 once in a thousand seeds, and this one is fixed.
    let chi: f64 = counts
        .iter()
        .map(|&n| (f64::from(n) - 1e4).powi(2) / 1e4)
        .sum();
    assert!(chi < 27.9, "{counts:?}");
}

#[test]
fn binomial_has_the_right_mean_and_spread() {
    for (name, trials, part, whole) in [
        ("a half", 100, 1, 2),
        ("not a multiple of 64 lanes", 129, 3, 10),
        ("rare", 10_000, 160, 10_000),
        ("nearly sure", 64, 99, 100),
    ] {
        let mut draws = Draws::new(5, 0, 1);
        let drawn: Vec<f64> = (0..20_000)
            .map(|_| draws.binomial(trials, part, whole) as f64)
            .collect();
        let count = drawn.len() as f64;
        let mean = drawn.iter().sum::<f64>() / count;
        let spread = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let p = part as f64 / whole as f64;
        let variance = trials as f64 * p * (1.0 - p);
        // Four standard errors; the seed is fixed.
        let off = (mean - trials as f64 * p).abs();
        assert!(off < 4.0 * (variance / count).sqrt(), "{name}: mean {mean}");
        assert!(
            (spread / variance - 1.0).abs() < 0.06,
            "{name}: variance {spread}"
        );
    }
    let mut draws = Draws::new(5, 0, 1);
    assert_eq!(draws.binomial(70, 3, 3), 70);
    assert_eq!(draws.binomial(70, 0, 3), 0);
    assert_eq!(draws.binomial(0, 0, 0), 0);
}

#[test]
fn nothing_tried_nothing_known() {
    let interval = wilson_95(0, 0);
    assert_eq!((interval.low, interval.high), (0.0, 1.0));
    assert_eq!(holm(&[]), Vec::<f64>::new());
}

proptest! {
    /// The sum in whole numbers, as far as they reach.
    #[test]
    fn mcnemar_equals_the_obvious_sum(only_a in 0_u64..60, only_b in 0_u64..60) {
        let all = only_a + only_b;
        let few = only_a.min(only_b);
        let (mut choose, mut sum) = (1_u128, 0_u128);
        for i in 0..=few {
            sum += choose;
            choose = choose * u128::from(all - i) / u128::from(i + 1);
        }
        let obvious = (2.0 * sum as f64 / (all as f64).exp2()).min(1.0);
        let found = mcnemar_exact(only_a, only_b);
        prop_assert!((found - obvious).abs() <= 1e-13 * obvious, "{} and {}", found, obvious);
    }

    #[test]
    fn holm_raises_and_keeps_order(p_values in prop::collection::vec(0.0..=1.0_f64, 1..12)) {
        let adjusted = holm(&p_values);
        for (a, &p) in adjusted.iter().zip(&p_values) {
            prop_assert!(*a >= p && *a <= 1.0);
        }
        for i in 0..p_values.len() {
            for j in 0..p_values.len() {
                prop_assert!(p_values[i] > p_values[j] || adjusted[i] <= adjusted[j]);
            }
        }
    }
}

/// cargo test --release -p atelier-measure -- --ignored --nocapture how_long
#[test]
#[ignore = "timing"]
fn how_long_ten_thousand_resamples_of_ten_thousand_images_take() {
    let a: Vec<bool> = (0..10_000).map(|i| i % 90 != 0).collect();
    let b: Vec<bool> = (0..10_000).map(|i| i % 106 != 0).collect();
    let values: Vec<f64> = (0..10_000).map(|i| f64::from(i).sqrt()).collect();
    let now = std::time::Instant::now();
    let first = bootstrap_difference(&a, &b, 1);
    let difference = now.elapsed();
    let now = std::time::Instant::now();
    let second = bootstrap_mean(&values, 1);
    let mean = now.elapsed();
    let now = std::time::Instant::now();
    let third = bootstrap(10_000, 1, |drawn| {
        let mut counts = [0_u32; 7];
        drawn.iter().for_each(|&image| counts[image % 7] += 1);
        f64::from(counts[0])
    });
    // Over three seeds.
    let few: Vec<f64> = (0..10_000)
        .map(|i| f64::from(i % 97 / 94) - f64::from(i % 61 / 59) / 3.0)
        .collect();
    let any = now.elapsed();
    let now = std::time::Instant::now();
    let fourth = bootstrap_mean(&few, 1);
    eprintln!(
        "difference {difference:?}, over seeds {:?}, mean {mean:?}, any {any:?} {first:?} {second:?} {third:?} {fourth:?}",
        now.elapsed()
    );
}
