//! Tests of `random`.

use super::*;

fn key(seed: u64) -> Key {
    Key {
        seed,
        purpose: Purpose::Shuffle,
        epoch: 3,
        index: 7,
    }
}

/// If one of these changes, every recorded run changes: raise the version and say so. The values
/// come from ChaCha8 and the rules above, written again in Python.
#[test]
fn values_never_change() {
    let mut stream = key(42).stream();
    let bits = [2_464_397_946_248_255_155, 4_065_792_231_559_412_834];
    assert_eq!([stream.bits(), stream.bits()], bits);
    assert_eq!(stream.unit(), 0.977_113_181_862_224_6);
    assert_eq!(stream.unit_f32(), 0.487_426_4);
    assert_eq!(stream.below(1000), 677);
    assert!((stream.normal() + 0.497_524_426_809_875_5).abs() < 1e-12);
    let order = [6, 4, 5, 0, 9, 1, 2, 8, 3, 7];
    assert_eq!(permutation(0, Purpose::Shuffle, 0, 10), order);
}

#[test]
fn every_part_of_the_key_matters() {
    let first = |key: Key| key.stream().bits();
    let base = key(1);
    let others = [
        key(2),
        Key {
            purpose: Purpose::Augment,
            ..base
        },
        Key { epoch: 4, ..base },
        Key { index: 8, ..base },
        // Parts are not interchangeable.
        Key {
            epoch: 7,
            index: 3,
            ..base
        },
    ];
    for other in others {
        assert_ne!(first(base), first(other), "{other:?}");
    }
    assert_eq!(first(base), first(base));
}

#[test]
fn what_is_skipped_is_what_would_have_been_drawn() {
    for count in [0, 1, 15, 16, 63, 64, 65, 1000] {
        let (mut drawn, mut skipped) = (key(3).stream(), key(3).stream());
        (0..count).for_each(|_| {
            drawn.unit_f32();
        });
        skipped.skip_f32(count);
        assert_eq!(drawn.unit_f32(), skipped.unit_f32(), "{count}");
    }
}

#[test]
fn a_permutation_holds_each_number_once() {
    for count in [0, 1, 2, 1000] {
        let mut order = permutation(5, Purpose::Validation, 0, count);
        order.sort_unstable();
        assert_eq!(order, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn all_orders_of_three_are_equally_likely() {
    let mut counts = std::collections::BTreeMap::new();
    for epoch in 0..6000 {
        *counts
            .entry(permutation(0, Purpose::Shuffle, epoch, 3))
            .or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    // Binomial(6000, 1/6): 29 is one standard deviation, 145 five.
    assert!(
        counts.values().all(|&n: &i32| (n - 1000).abs() < 145),
        "{counts:?}"
    );
}

#[test]
fn moments_are_right() {
    let mut stream = key(0).stream();
    let n = 100_000;
    let normals: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
    let mean = normals.iter().sum::<f64>() / n as f64;
    let variance = normals.iter().map(|x| x * x).sum::<f64>() / n as f64;
    assert!(
        mean.abs() < 0.016 && (variance - 1.0).abs() < 0.023,
        "{mean} {variance}"
    );
    let uniform = (0..n).map(|_| stream.uniform(2.0, 4.0)).sum::<f64>() / n as f64;
    assert!((uniform - 3.0).abs() < 0.01, "{uniform}");
    assert!((0..n).all(|_| stream.below(3) < 3 && stream.unit_f32() < 1.0));
    assert_eq!((stream.below(0), stream.below(1)), (0, 0));
}
