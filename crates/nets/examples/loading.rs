//! What share of a training step's work preparing its images is: `loading RECIPE STEPS [KEY=VALUE...]`.
//!
//! Processor time on one thread, where nothing is prepared ahead: it says the same on a busy machine as on an idle one.
//! `atelier bench RECIPE` tells what of it is left in a step's time once idle threads prepare ahead.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use data::preparation::Preparation;
use data::random::{Purpose, permutation};
use measure::record::EpochRecord;
use nets::batch::Batch;
use nets::training::{Observer, StepReport, Trainer};
use recipe::Recipe;

/// As in `atelier`: without it every step would fault its pages in anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stops after so many steps.
struct StopAfter<'a>(usize, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn step(&mut self, _: &StepReport) {
        self.0 -= 1;
        self.1.store(self.0 == 0, Ordering::Relaxed);
    }

    fn epoch(&mut self, _: &EpochRecord) {}
}

/// Processor time of this process so far, milliseconds.
fn processor_ms() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
    Ok(10.0 * ticks.iter().sum::<f64>())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, steps, sets @ ..] = arguments.as_slice() else {
        return Err("usage: loading RECIPE STEPS [KEY=VALUE...]".into());
    };
    let (recipe, steps) = (Recipe::load(name, sets)?, steps.parse::<usize>()?);
    let train = data::load(&recipe.data, recipe.training.seed)?.train;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let [step, prepare] = pool.install(|| {
        let time = |work: &mut dyn FnMut(usize)| {
            work(3.min(steps)); // caches fill and memory is mapped
            let before = processor_ms().map_err(|error| error.to_string())?;
            work(steps);
            let after = processor_ms().map_err(|error| error.to_string())?;
            Ok::<f64, String>((after - before) / steps as f64)
        };
        let mut failure = None;
        let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex())
            .map_err(|error| error.to_string())?;
        let step = time(&mut |steps| {
            let stop = AtomicBool::new(false);
            let result = trainer.run(None, &stop, &mut StopAfter(steps, &stop));
            failure = result.err();
        })?;
        if let Some(error) = failure {
            return Err(error.to_string());
        }
        let preparation = Preparation::for_training(&recipe);
        let order = permutation(recipe.training.seed, Purpose::Shuffle, 0, train.count);
        let mut batches = order.chunks_exact(recipe.training.batch_size.min(order.len()));
        // Ten times as often: a tick of the clock is 10 ms.
        let prepare = time(&mut |steps| {
            for _ in 0..10 * steps {
                if batches.len() == 0 {
                    batches = order.chunks_exact(recipe.training.batch_size.min(order.len()));
                }
                let numbers = batches.next().unwrap_or_default();
                Batch::prepare(&preparation, &train, numbers, 1, &Device::flex());
            }
        })?;
        Ok([step, prepare / 10.0])
    })?;
    eprintln!(
        "{name}: {step:.2} ms a step of {} images, of which preparing {prepare:.3} ms, {:.2} %",
        recipe.training.batch_size,
        100.0 * prepare / step
    );
    Ok(())
}
