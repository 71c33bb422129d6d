//! A trial is a training: the recipe with the trial's settings, evaluated on the held-out images.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use measure::record::{EpochRecord, SettingValue, SweepParameter, TrialEpoch};

use super::runner::{Next, Objective};
use super::space::{Point, settings};
use crate::training::{BestEpoch, Observer, StepReport, Trainer};
use data::Dataset;
use recipe::{Recipe, RecipeError};

/// The recipe and the data of trials. There is no test set.
#[derive(Debug)]
pub struct Learner<'a> {
    /// The recipe's text, as [`recipe::source`] gives it.
    pub text: &'a str,
    /// The recipe's name in errors.
    pub origin: &'a str,
    /// `key=value` settings of every trial.
    pub sets: &'a [String],
    /// The varied parameters.
    pub parameters: &'a [SweepParameter],
    /// The training images.
    pub train: &'a Dataset,
    /// The images they are evaluated on.
    pub validation: &'a Dataset,
    /// The device they compute on.
    pub device: &'a Device,
}

impl Learner<'_> {
    /// The recipe of a point.
    ///
    /// # Errors
    /// [`RecipeError`] where its values do not fit together.
    pub fn recipe(&self, point: &[SettingValue]) -> Result<Recipe, RecipeError> {
        let varied = settings(self.parameters, point);
        let sets: Vec<&String> = self.sets.iter().chain(&varied).collect();
        Recipe::parse(self.text, self.origin, &sets)
    }
}

impl Objective for Learner<'_> {
    fn epochs(&self, point: &Point) -> usize {
        self.recipe(point)
            .map_or(0, |recipe| recipe.training.epochs)
    }

    fn run(
        &self,
        point: &Point,
        stop: &AtomicBool,
        after_epoch: &mut dyn FnMut(TrialEpoch) -> Next,
    ) -> Result<Option<usize>, String> {
        let recipe = self.recipe(point).map_err(|error| error.to_string())?;
        let trainer = Trainer::new(&recipe, self.train, Some(self.validation), self.device);
        let mut trainer = trainer.map_err(|error| error.to_string())?;
        let halt = AtomicBool::new(false);
        let mut watcher = Watcher {
            stop,
            halt: &halt,
            kept: None,
            after_epoch,
        };
        let ending = trainer.run(None, &halt, &mut watcher);
        let kept = watcher.kept;
        ending.map(|_| kept).map_err(|error| error.to_string())
    }
}

/// Ends a training at a rung, or when the whole sweep is to stop.
struct Watcher<'a> {
    stop: &'a AtomicBool,
    halt: &'a AtomicBool,
    /// The epoch whose weights early stopping keeps.
    kept: Option<usize>,
    after_epoch: &'a mut dyn FnMut(TrialEpoch) -> Next,
}

impl Observer for Watcher<'_> {
    fn step(&mut self, _: &StepReport) {
        if self.stop.load(Ordering::Relaxed) {
            self.halt.store(true, Ordering::Relaxed);
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        let epoch = TrialEpoch {
            epoch: record.epoch,
            accuracy: record.validation_accuracy,
            ap: record.validation_map,
            loss: record.validation_loss,
            seconds: record.seconds,
        };
        if (self.after_epoch)(epoch) == Next::Stop {
            self.halt.store(true, Ordering::Relaxed);
        }
    }

    fn kept(&mut self, best: &BestEpoch, _: [usize; 2]) {
        self.kept = Some(best.epoch);
    }
}
