//! Training and inference speed of a recipe's network on this machine.

use std::time::Instant;

use burn::tensor::Device;
use measure::cost;
use measure::record::{InferenceSpeed, Throughput};
use serde::Serialize;

use crate::batch::Batch;
use crate::device::Computer;
use crate::evaluation::batch_size;
use crate::loader::Loader;
use crate::ops;
use crate::speed::speed;
use crate::training::{Trainer, TrainingError};
use data::preparation::Preparation;
use data::sampling::epoch_order;
use data::{Dataset, Split};
use recipe::Recipe;

/// Steps of each kind that are not timed, while caches fill and memory is mapped.
const WARM_UP: usize = 5;
/// Steps of one kind that are timed before it is the other kind's turn.
const TURN: usize = 20;
/// Images of each timed inference pass.
const INFERENCE_IMAGES: usize = 10_000;

/// What to measure.
#[derive(Clone, Debug)]
pub struct BenchSettings {
    /// The recipe's name, for the record.
    pub name: String,
    /// Training steps to time.
    pub steps: usize,
    /// Images in a batch of predictions; default: 500 of MNIST's size, fewer of larger ones.
    pub inference_batch: Option<usize>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// The recipe.
    pub recipe: String,
    /// The device.
    pub device: String,
    /// What it is; `None` for the CPU.
    pub device_description: Option<String>,
    /// Threads on the CPU.
    pub threads: usize,
    /// Images in a training step.
    pub batch_size: usize,
    /// Images in a batch of predictions.
    pub inference_batch_size: usize,
    /// Training, from u8 pixels to new weights.
    pub train_images_per_s: f64,
    /// Share of a step's time spent waiting for its images: how much faster steps are with prepared images.
    pub loading_share: f64,
    /// Reads from the GPU's memory that a training step waits for; `None` for the CPU.
    pub reads_per_step: Option<f64>,
    /// Inference in batches, median of passes over up to 10,000 images.
    pub infer_images_per_s: f64,
    /// 50 % of single images are predicted within this time.
    pub latency_1_p50_ms: f64,
    /// 95 % of single images are predicted within this time.
    pub latency_1_p95_ms: f64,
    /// 99 % of single images are predicted within this time.
    pub latency_1_p99_ms: f64,
    /// Inference by batch size.
    pub throughput: Vec<Throughput>,
    /// Peak memory of the process up to the end of training, data included.
    pub train_peak_rss_mib: Option<f64>,
    /// Peak memory of the process.
    pub peak_rss_mib: Option<f64>,
}

/// Times training steps, inference in batches and single images; nothing is written.
///
/// # Errors
/// [`TrainingError`] as in a training.
pub fn bench(
    recipe: &Recipe,
    split: &Split,
    computer: &Computer,
    settings: &BenchSettings,
) -> Result<Speed, TrainingError> {
    let mut trainer = Trainer::new(recipe, &split.train, None, &computer.device)?;
    let size = recipe.training.batch_size.min(split.train.count);
    let steps = time_steps(&mut trainer, recipe, &split.train, settings.steps)?;
    let seconds: f64 = steps.loaded.iter().sum();
    let train_peak_rss_mib = cost::peak_rss_mib();

    let network = trainer.network();
    let preparation = Preparation::WITHOUT_AUGMENTATION;
    let test = &split.test;
    let predict = |numbers: &[usize]| {
        let start = Instant::now();
        network.predict_batch(Batch::prepare(
            &preparation,
            test,
            numbers,
            0,
            &computer.device,
        ));
        start.elapsed()
    };
    let numbers: Vec<usize> = (0..test.count.min(INFERENCE_IMAGES)).collect();
    let batch = settings.inference_batch.unwrap_or_else(|| batch_size(test));
    predict(&numbers[..numbers.len().min(batch)]);
    let passes: Vec<f64> = (0..3)
        .map(|_| {
            let time: f64 = numbers
                .chunks(batch)
                .map(|chunk| predict(chunk).as_secs_f64())
                .sum();
            numbers.len() as f64 / time
        })
        .collect();
    let infer_images_per_s = cost::median(&passes).unwrap_or(0.0);
    let InferenceSpeed {
        latency_1: latency,
        throughput,
        ..
    } = speed(&network, test, computer);
    let info = computer.info.as_ref();
    Ok(Speed {
        recipe: settings.name.clone(),
        device: computer.name.clone(),
        device_description: info.map(|info| info.description.clone()),
        threads: computer.threads,
        batch_size: size,
        inference_batch_size: batch,
        train_images_per_s: (settings.steps * size) as f64 / seconds,
        loading_share: steps.loading_share(),
        reads_per_step: info.map(|_| steps.reads as f64 / settings.steps as f64),
        infer_images_per_s,
        latency_1_p50_ms: latency.p50_ms,
        latency_1_p95_ms: latency.p95_ms,
        latency_1_p99_ms: latency.p99_ms,
        throughput,
        train_peak_rss_mib,
        peak_rss_mib: cost::peak_rss_mib(),
    })
}

/// Seconds of each step.
#[derive(Default)]
struct Steps {
    /// From u8 pixels.
    loaded: Vec<f64>,
    /// From batches that were prepared before.
    ready: Vec<f64>,
    /// Reads from a GPU's memory that the steps of `loaded` made.
    reads: u64,
}

impl Steps {
    /// By medians, the least sensitive to a busy machine; not below 0.
    fn loading_share(&self) -> f64 {
        let [loaded, ready] = [&self.loaded, &self.ready].map(|seconds| cost::median(seconds));
        match (loaded, ready) {
            (Some(loaded), Some(ready)) => (1.0 - ready / loaded).max(0.0),
            _ => 0.0,
        }
    }
}

/// Times `count` steps as in training and as many with the same batches prepared beforehand, in turns.
fn time_steps(
    trainer: &mut Trainer<'_>,
    recipe: &Recipe,
    data: &Dataset,
    count: usize,
) -> Result<Steps, TrainingError> {
    let preparation = Preparation::for_training(recipe);
    let order = epoch_order(&recipe.training, data, 0);
    let size = recipe.training.batch_size.min(order.len());
    let batches: Vec<&[usize]> = order.chunks_exact(size).collect();
    let device = trainer.device().clone();
    let full = (0..count / TURN).map(|_| TURN);
    let turns: Vec<usize> = full.chain([count % TURN]).collect();
    rayon::in_place_scope(|scope| {
        let mut loader = Loader::new(scope, data, preparation);
        let mut steps = Steps::default();
        let mut first = 0;
        for turn in [WARM_UP].into_iter().chain(turns) {
            let at = |step: usize| batches[(first + step) % batches.len()];
            for step in 0..turn {
                let then = (step + 1 < turn).then(|| at(step + 1));
                let load = |device: &Device| loader.batch(at(step), then, 1, device);
                let before = ops::reads();
                steps.loaded.push(timed(trainer, load)?);
                steps.reads += ops::reads() - before;
            }
            finish(trainer, &mut steps.loaded)?;
            let ready =
                (0..turn).map(|step| Batch::prepare(&preparation, data, at(step), 1, &device));
            for ready in ready.collect::<Vec<_>>() {
                steps.ready.push(timed(trainer, |_| ready)?);
            }
            finish(trainer, &mut steps.ready)?;
            if first == 0 {
                steps = Steps::default(); // of the warm-up
            }
            first += turn;
        }
        Ok(steps)
    })
}

/// Seconds of one step.
fn timed(
    trainer: &mut Trainer<'_>,
    batch: impl FnOnce(&Device) -> Batch,
) -> Result<f64, TrainingError> {
    let start = Instant::now();
    trainer.step(batch)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Waits until a GPU has finished these steps, and adds the time to the last one.
fn finish(trainer: &mut Trainer<'_>, seconds: &mut [f64]) -> Result<(), TrainingError> {
    let start = Instant::now();
    trainer.settle()?;
    if let Some(last) = seconds.last_mut() {
        *last += start.elapsed().as_secs_f64();
    }
    Ok(())
}
