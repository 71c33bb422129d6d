//! `predict`: classes and boxes for image files of any size and polarity.

mod coco;
mod inputs;
mod pattern;
mod pictures;
mod plan;
mod predicted;
mod results;
mod rows;
mod yolo;

pub use plan::PredictPlan;
use results::Results;

use crate::console::Output;
use crate::error::CommandError;

/// Most images that are predicted at a time.
const BATCH: usize = 64;
/// Bytes of decoded images after which no more are added to a batch, so that a folder of photos need not fit into memory.
const BATCH_BYTES: usize = 256 << 20;

pub fn run(plan: &PredictPlan, output: Output) -> Result<(), CommandError> {
    let inputs::Found {
        inputs,
        mut failures,
    } = inputs::find(&plan.images);
    let all = inputs.len() + failures.len();
    if all == 1
        && let Some(failure) = failures.pop()
    {
        return Err(failure);
    }
    let mut results = Results::open(plan, &inputs, output)?;
    for failure in &failures {
        note!("error: {failure}");
    }
    let mut failed = failures.len();
    let mut waiting = inputs.iter().enumerate().peekable();
    while waiting.peek().is_some() {
        let mut places = Vec::new();
        let mut images = Vec::new();
        let mut held = 0;
        while images.len() < BATCH
            && held < BATCH_BYTES
            && let Some((place, input)) = waiting.next()
        {
            match input.read(plan.max_pixels) {
                Ok(image) => {
                    held += image.as_bytes().len();
                    places.push(place);
                    images.push(image);
                }
                Err(failure) if all == 1 => return Err(failure),
                Err(failure) => {
                    results.counter.hide();
                    note!("error: {failure}");
                    failed += 1;
                }
            }
        }
        results.predict(&inputs, &places, &images)?;
        if !results.are_wanted() {
            break;
        }
    }
    results.finish()?;
    match failed {
        0 => Ok(()),
        failed => Err(CommandError::SomeInputs { failed, files: all }),
    }
}
