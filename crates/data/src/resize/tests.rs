//! Telling sizes, and the fast sums against obvious ones.

use super::*;
use crate::random::{Key, Purpose};
use proptest::prelude::*;

#[test]
fn telling_sizes() {
    #[rustfmt::skip]
    let cases = [
        ("the same size", 2, &[1, 2, 3, 4][..], 2, &[1, 2, 3, 4][..]),
        ("one pixel to many", 1, &[77], 3, &[77; 9]),
        ("a mean of all", 2, &[0, 100, 100, 200], 1, &[100]),
        // Centres of the new pixels at 0.25, 0.75, 1.25, 1.75 of the source: edges are held, the rest blends.
        ("twice as large", 2, &[0, 100, 0, 100], 4, &[0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100]),
        // A triangle of reach 2 around 1 and 3: weights 3, 3, 1 of 7 from the left.
        ("half as large", 4, &[70, 0, 0, 0, 70, 0, 0, 0, 70, 0, 0, 0, 70, 0, 0, 0], 2, &[30, 0, 30, 0]),
    ];
    for (name, from, picture, to, expected) in cases {
        assert_eq!(
            Resizer::new([from; 2], [to; 2]).resize(picture),
            expected,
            "{name}"
        );
    }
}

#[test]
fn grey_stays_grey_at_any_size() {
    for from in [1, 2, 3, 28, 31] {
        for to in [1, 2, 5, 13, 15, 28, 44, 100] {
            let small = Resizer::new([from; 2], [to; 2]).resize(&vec![200; from * from]);
            assert!(small.iter().all(|&p| p == 200), "{from} to {to}");
        }
    }
}

#[test]
fn each_direction_has_its_own_size() {
    let wide = Resizer::new([1, 4], [2, 2]).resize(&[70, 0, 0, 0]);
    assert_eq!(wide, [30, 0, 30, 0]);
}

/// One pixel at a time, as the sums are defined.
fn obvious(resizer: &Resizer, picture: &[u8]) -> Vec<u8> {
    let Resizer { rows, columns } = resizer;
    let mut narrow = Vec::new();
    for row in picture.chunks_exact(columns.from) {
        for x in 0..columns.to {
            let weights = &columns.weights[x * columns.taps..][..columns.taps];
            let pixels = row[columns.starts[x]..].iter().zip(weights);
            narrow.push(pixels.map(|(&p, w)| f32::from(p) * w).sum::<f32>());
        }
    }
    let mut small = Vec::new();
    for y in 0..rows.to {
        for x in 0..columns.to {
            let weights = &rows.weights[y * rows.taps..][..rows.taps];
            let source = narrow[rows.starts[y] * columns.to..].chunks_exact(columns.to);
            let sum = source
                .zip(weights)
                .fold(0.0f32, |sum, (row, weight)| sum + row[x] * weight);
            small.push(sum.round() as u8);
        }
    }
    small
}

proptest! {
    #[test]
    fn the_same_to_the_bit_as_obvious_sums(
        from in [1..40usize, 1..40usize],
        to in [1..40usize, 1..40usize],
        seed in any::<u64>(),
    ) {
        let mut stream = Key { seed, purpose: Purpose::Scene, epoch: 0, index: 0 }.stream();
        let picture: Vec<u8> = (0..3 * from[0] * from[1]).map(|_| stream.below(256) as u8).collect();
        let resizer = Resizer::new(from, to);
        let planes: Vec<Vec<u8>> = (0..3)
            .map(|channel| picture.iter().skip(channel).step_by(3).copied().collect())
            .map(|plane: Vec<u8>| {
                let expected = obvious(&resizer, &plane);
                assert_eq!(resizer.resize(&plane), expected);
                expected
            })
            .collect();
        let pixels = resizer.resize_rgb(&picture);
        for (at, pixel) in pixels.chunks_exact(3).enumerate() {
            prop_assert_eq!(pixel, [planes[0][at], planes[1][at], planes[2][at]]);
        }
    }
}
