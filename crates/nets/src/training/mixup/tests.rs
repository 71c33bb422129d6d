//! Tests of `mixup`.

use burn::tensor::{Device, Tensor, TensorData};

use super::*;
use crate::ops::to_host;

fn stream(index: u64) -> Stream {
    let key = Key {
        seed: 0,
        purpose: Purpose::Mixup,
        epoch: 0,
        index,
    };
    key.stream()
}

#[test]
fn shares_have_the_moments_of_beta() {
    for alpha in [0.1, 0.4, 1.0, 3.0] {
        let count = 20_000;
        let draws: Vec<f64> = (0..count).map(|i| beta(&mut stream(i), alpha)).collect();
        let mean = draws.iter().sum::<f64>() / count as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count as f64;
        let expected = 0.25 / (2.0 * alpha + 1.0);
        // Five standard deviations of the mean are 0.017, at most.
        assert!((mean - 0.5).abs() < 0.018, "alpha {alpha}: mean {mean}");
        let ratio = variance / expected;
        assert!(
            (ratio - 1.0).abs() < 0.05,
            "alpha {alpha}: variance {variance}"
        );
    }
    // So small that gamma variates themselves would vanish.
    for index in 0..100 {
        let share = beta(&mut stream(index), 1e-4);
        assert!((0.0..=1.0).contains(&share), "{share}");
    }
}

fn batch() -> Batch {
    let values: Vec<f32> = (0..8).map(|value| value as f32).collect();
    Batch {
        resized: Vec::new(),
        images: Tensor::from_data(TensorData::new(values, [4, 1, 1, 2]), &Device::flex()),
        labels: [3, 5, 7, 9].map(Some).to_vec(),
        truths: vec![Vec::new(); 4],
        indices: vec![0, 1, 2, 3],
        epoch: 2,
        mixed: None,
    }
}

#[test]
fn images_and_labels_are_blended_alike() {
    let blended = mix(batch(), 1.0, 1, 5);
    let images = to_host(blended.images);
    let Mixed { labels, share } = blended.mixed.expect("mixed");
    assert_eq!(blended.labels, [3, 5, 7, 9].map(Some));
    for (i, label) in labels.iter().enumerate() {
        let other = blended.labels.iter().position(|l| l == label);
        let other = other.expect("a partner of the batch");
        for pixel in 0..2 {
            let value = |image: usize| (2 * image + pixel) as f64;
            let expected = share * value(i) + (1.0 - share) * value(other);
            let error = f64::from(images[2 * i + pixel]) - expected;
            assert!(error.abs() < 1e-5, "image {i}: {images:?}");
        }
    }
}

#[test]
fn draws_depend_on_seed_epoch_and_step_alone() {
    let drawn = |seed, epoch, step| {
        let batch = Batch { epoch, ..batch() };
        to_host(mix(batch, 1.0, seed, step).images)
    };
    let base = drawn(1, 2, 5);
    assert_eq!(drawn(1, 2, 5), base);
    for other in [drawn(2, 2, 5), drawn(1, 3, 5), drawn(1, 2, 6)] {
        assert_ne!(other, base);
    }
}
