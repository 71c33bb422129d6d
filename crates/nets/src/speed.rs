//! Inference speed of a trained network: latency of single images, throughput by batch size.

use std::time::{Duration, Instant};

use measure::cost::{Latency, images_per_s, median};
use measure::record::{InferenceSpeed, Throughput};

use crate::batch::Batch;
use crate::device::Computer;
use crate::evaluation::batch_size;
use crate::network::Network;
use data::Dataset;
use data::preparation::Preparation;

/// Images predicted at a time, beside one.
const BATCHES: [usize; 3] = [8, 64, 256];
/// Single images that are timed at most.
const SINGLES: usize = 300;
/// Passes at each batch size at most.
const PASSES: usize = 5;
/// Time spent on single images, and on each batch size; a size whose single pass would take longer is skipped.
const BUDGET: Duration = Duration::from_millis(400);

/// Times single images and batches of `data`, in about two seconds.
pub fn speed(network: &Network, data: &Dataset, computer: &Computer) -> InferenceSpeed {
    let preparation = Preparation::WITHOUT_AUGMENTATION;
    speed_of(data, |numbers| {
        network.predict_batch(Batch::prepare(
            &preparation,
            data,
            numbers,
            0,
            &computer.device,
        ));
    })
}

/// [`speed`] of anything that predicts the images with some numbers.
pub(crate) fn speed_of(data: &Dataset, mut predict: impl FnMut(&[usize])) -> InferenceSpeed {
    let mut next = (0..data.count).cycle();
    // Passes of `size` images. The first one, which fills caches and maps memory, is not counted.
    let mut timed = |size: usize, most: usize| -> Vec<Duration> {
        let start = Instant::now();
        let mut passes = Vec::new();
        while passes.len() <= most && (passes.len() < 2 || start.elapsed() < BUDGET) {
            let numbers: Vec<usize> = next.by_ref().take(size).collect();
            let start = Instant::now();
            predict(&numbers);
            passes.push(start.elapsed());
        }
        passes.split_off(1)
    };
    if data.count == 0 {
        return InferenceSpeed::default();
    }
    let singles = timed(1, SINGLES);
    let mut throughput = vec![Throughput {
        batch_size: 1,
        images_per_s: images_per_s(singles.len(), singles.iter().sum()),
    }];
    // Larger batches than an evaluation's might not fit into memory.
    let most = data.count.min(batch_size(data));
    for size in BATCHES.into_iter().filter(|&size| size <= most) {
        let before = throughput[throughput.len() - 1];
        if size as f64 / before.images_per_s > BUDGET.as_secs_f64() {
            break;
        }
        let passes = timed(size, PASSES);
        let rates: Vec<f64> = passes
            .iter()
            .map(|&pass| images_per_s(size, pass))
            .collect();
        throughput.push(Throughput {
            batch_size: size,
            images_per_s: median(&rates).unwrap_or(0.0),
        });
    }
    InferenceSpeed {
        latency_1: Latency::of(&singles).unwrap_or_default(),
        singles: singles.len(),
        throughput,
    }
}
