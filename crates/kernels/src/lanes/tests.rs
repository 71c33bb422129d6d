//! The layout there and back.

use super::*;

#[test]
fn there_and_back_for_full_and_partial_blocks() {
    for n in [0, 1, 15, 16, 17, 40] {
        for features in [1, 3, 255, 256, 257, 784] {
            let x: Vec<f32> = (0..n * features).map(|i| i as f32 + 1.0).collect();
            let packed = pack(&x, n, features);
            assert_eq!(packed.len(), blocks(n) * features * LANES);
            for (i, value) in packed.iter().enumerate() {
                let (lane, rest) = (i % LANES, i / LANES);
                let image = rest / features * LANES + lane;
                let expected = if image < n {
                    x[image * features + rest % features]
                } else {
                    0.0
                };
                assert_eq!(*value, expected, "n {n}, features {features}, at {i}");
            }
            assert_eq!(
                unpack(&packed, n, features),
                x,
                "n {n}, features {features}"
            );
        }
    }
}

#[test]
fn channels_last_there_and_back() {
    for n in [0, 1, 15, 16, 17, 40] {
        for (channels, cells) in [(1, 1), (3, 5), (16, 130), (17, 2), (36, 129)] {
            let name = format!("{n} x {channels} x {cells}");
            let x: Vec<f32> = (0..n * channels * cells).map(|i| i as f32 + 1.0).collect();
            let packed = pack(&x, n, channels * cells);
            let last = unpack_channels_last(&packed, n, channels, cells);
            for (i, value) in last.iter().enumerate() {
                let (c, p) = (i % channels, i / channels % cells);
                let image = i / (channels * cells);
                assert_eq!(
                    *value,
                    x[(image * channels + c) * cells + p],
                    "{name} at {i}"
                );
            }
            assert_eq!(
                pack_channels_last(&last, n, channels, cells),
                packed,
                "{name}"
            );
        }
    }
}

#[test]
fn no_features_is_empty() {
    assert!(pack(&[], 5, 0).is_empty());
    assert!(unpack(&[], 5, 0).is_empty());
}
