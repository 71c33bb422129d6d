//! How fast a trained network answers: latency of single images, throughput over batch sizes.

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
/// So long single images are timed, and each batch size; a size of which one pass would take longer is left out.
const BUDGET: Duration = Duration::from_millis(400);

/// Times single images and batches of `data`, in about two seconds.
pub fn speed(
    network: &Network,
    data: &Dataset,
    preparation: &recipe::Data,
    computer: &Computer,
) -> InferenceSpeed {
    let preparation = Preparation {
        normalize: preparation.normalize,
        augment: None,
    };
    let predict = |numbers: &[usize]| {
        let start = Instant::now();
        network.predict(Batch::prepare(&preparation, data, numbers, 0, &computer.device).images);
        start.elapsed()
    };
    let mut next = (0..data.count).cycle();
    // Passes of so many images; the first is not timed: caches fill, memory is mapped.
    let mut timed = |size: usize, most: usize| -> Vec<Duration> {
        let start = Instant::now();
        let mut passes = Vec::new();
        while passes.len() <= most && (passes.len() < 2 || start.elapsed() < BUDGET) {
            let numbers: Vec<usize> = next.by_ref().take(size).collect();
            passes.push(predict(&numbers));
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
    // More at a time than an evaluation takes could be too much for memory.
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
