//! Times the parts of a detector's training step on made-up images: `detector_step RECIPE SIZE BATCH STEPS`.
//!
//! `perf record -g target/release/examples/detector_step scenes-faster-rcnn 128 16 50` says where the time goes.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use data::random::{Key, Purpose};
use kernels::boxes::Xyxy;
use nets::batch::Batch;
use nets::detector::Truth;
use nets::layers::Mode;
use nets::loss::ClassificationLoss;
use nets::network::Network;
use nets::training::Optimizer;
use recipe::Recipe;

/// As in `atelier`: without it every step would fault its pages in anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bright rectangles on a dark ground, up to ten an image, some images without any.
fn batch(size: usize, images: usize, seed: u64, device: &Device) -> Batch {
    let mut values = vec![0.0; images * size * size];
    let mut truths = Vec::new();
    for (image, pixels) in values.chunks_exact_mut(size * size).enumerate() {
        let key = Key {
            seed,
            purpose: Purpose::Scene,
            epoch: 0,
            index: image as u64,
        };
        let mut stream = key.stream();
        let count = stream.uniform(0.0, 11.0) as usize;
        let objects = (0..count).map(|_| {
            let [width, height] = [stream.uniform(8.0, 20.0), stream.uniform(13.0, 31.0)];
            let x = stream.uniform(0.0, size as f64 - width) as usize;
            let y = stream.uniform(0.0, size as f64 - height) as usize;
            let (right, bottom) = (x + width as usize, y + height as usize);
            for row in y..bottom {
                pixels[row * size + x..row * size + right].fill(1.0);
            }
            Truth {
                bounds: Xyxy::new(x as f32, y as f32, right as f32, bottom as f32),
                class: stream.uniform(0.0, 10.0) as usize,
            }
        });
        truths.push(objects.collect());
    }
    Batch {
        resized: Vec::new(),
        images: Tensor::from_data(TensorData::new(values, [images, 1, size, size]), device),
        labels: vec![Some(0); images],
        truths,
        indices: (0..images).collect(),
        epoch: 0,
        mixed: None,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [recipe, size, images, steps] = &arguments[..] else {
        return Err("usage: detector_step RECIPE SIZE BATCH STEPS".into());
    };
    let (size, images, steps): (usize, usize, u64) =
        (size.parse()?, images.parse()?, steps.parse()?);
    let recipe = Recipe::load::<&str>(recipe, &[])?;
    // On a thread of the pool, as `atelier` does: then no operator has to wake one.
    rayon::scope(|_| run(&recipe, size, images, steps).map_err(|error| error.to_string()))?;
    Ok(())
}

fn run(
    recipe: &Recipe,
    size: usize,
    images: usize,
    steps: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex().autodiff();
    let mut network = Network::new(recipe, [1, size, size], 10, &device)?;
    let mut optimizer = Optimizer::new(recipe.training.optimizer);
    let mut times = [Duration::ZERO; 3];
    let warm_up = 3;
    for step in 0..warm_up + steps {
        if step == warm_up {
            times = [Duration::ZERO; 3];
        }
        let batch = batch(size, images, step, &device);
        let mode = Mode::Training {
            seed: 0,
            step,
            first: 0,
        };
        let start = Instant::now();
        let loss = ClassificationLoss::cross_entropy(recipe.training.label_smoothing);
        let (loss, losses) = network.losses(&batch, &loss, mode)?;
        let forward = Instant::now();
        let gradients = loss.backward();
        let backward = Instant::now();
        (network, _) = optimizer.step(network, gradients, 1e-3, recipe.training.clip_norm);
        times[0] += forward - start;
        times[1] += backward - forward;
        times[2] += backward.elapsed();
        if step + 1 == warm_up + steps {
            eprintln!("losses of the last step: {:?}", losses.parts);
        }
    }
    let milliseconds = times.map(|time| time.as_secs_f64() * 1e3 / steps as f64);
    let total: f64 = milliseconds.iter().sum();
    eprintln!(
        "{total:.1} ms a step ({:.0} images/s): losses {:.1}, gradients {:.1}, optimizer {:.1}",
        images as f64 / total * 1e3,
        milliseconds[0],
        milliseconds[1],
        milliseconds[2]
    );

    let network = network.valid();
    let images_only = batch(size, images, 0, &Device::flex()).images;
    let start = Instant::now();
    for _ in 0..steps {
        network.predict(images_only.clone());
    }
    let total = start.elapsed().as_secs_f64();
    eprintln!(
        "inference: {:.0} images/s",
        images as f64 * steps as f64 / total
    );
    if let Some(peak) = measure::cost::peak_rss_mib() {
        eprintln!("peak memory: {peak:.0} MiB");
    }
    Ok(())
}
