//! The learning-rate range test: a training whose learning rate rises until the loss diverges.

use std::sync::atomic::{AtomicBool, Ordering};

use measure::range_test::{RangeCurve, RangeEnd, RangePoint, RateRange};

use super::{Trainer, TrainingError};
use crate::loader::Loader;
use data::sampling::epoch_order;
use recipe::{Optimizer, Recipe};

/// The least and the greatest number of steps of a test that names none.
const STEPS: [usize; 2] = [100, 200];

impl Trainer<'_> {
    /// Steps of a test that names none: an epoch, but not so few that the curve is rough, or so many that it takes long.
    pub fn range_test_steps(&self) -> usize {
        let epoch = self.batches().div_ceil(self.recipe.training.accumulate);
        epoch.clamp(STEPS[0], STEPS[1])
    }

    /// Trains with a rising learning rate instead of the schedule's, to the last rate or until the loss diverges. `None`
    /// where `stop` was set before the end.
    ///
    /// # Errors
    /// [`TrainingError`] when a box is invalid or a device fails; a loss that is not finite is an end like others.
    pub fn range_test(
        &mut self,
        range: &RateRange,
        stop: &AtomicBool,
        after_step: &mut dyn FnMut(usize, &RangePoint),
    ) -> Result<Option<(RangeCurve, RangeEnd)>, TrainingError> {
        self.with_loader(|trainer, loader| {
            let mut curve = RangeCurve::new(range.steps);
            let mut order = epoch_order(&trainer.recipe.training, trainer.train, 0);
            for step in 0..range.steps {
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                if trainer.state.batch == trainer.batches() {
                    trainer.state.batch = 0;
                    trainer.state.epoch += 1;
                    let epoch = trainer.state.epoch;
                    order = epoch_order(&trainer.recipe.training, trainer.train, epoch);
                }
                let rate = range.rate(step);
                match trainer.step_at(rate, loader, &order) {
                    Ok(loss) => after_step(step + 1, &curve.push(rate, loss)),
                    Err(TrainingError::NotFinite { .. }) => {
                        return Ok(Some((curve, RangeEnd::NotFinite)));
                    }
                    Err(error) => return Err(error),
                }
                if curve.diverges() {
                    return Ok(Some((curve, RangeEnd::Diverged)));
                }
            }
            Ok(Some((curve, RangeEnd::Finished)))
        })
    }

    /// One step of the optimizer at this rate, of several batches where gradients are accumulated; gives the mean loss.
    fn step_at(
        &mut self,
        rate: f64,
        loader: &mut Loader<'_, '_>,
        order: &[usize],
    ) -> Result<f64, TrainingError> {
        self.fixed_rate = Some(rate);
        self.state.sums = Default::default();
        loop {
            let (_, completes) = self.contribution(1);
            self.next_step(loader, order)?;
            self.settle()?;
            if completes {
                break;
            }
        }
        let sums = &self.state.sums;
        Ok(sums.mean(sums.loss))
    }
}

/// The settings, as `KEY=VALUE`, that give a recipe this learning rate. The rate of a muon's other parameters keeps its
/// ratio, as in the test.
pub fn rate_settings(recipe: &Recipe, rate: f64) -> Vec<String> {
    if recipe.training.schedule.ignores_base() {
        return vec![format!("training.schedule.peak={rate}")];
    }
    let mut settings = vec![format!("training.optimizer.learning-rate={rate}")];
    if let Optimizer::Muon(muon) = recipe.training.optimizer {
        let ratio = muon.adam_learning_rate / muon.learning_rate;
        // Three digits: a quotient of two rates seldom has few.
        let other = format!("{:.2e}", rate * ratio);
        let other: f64 = other.parse().unwrap_or(rate * ratio);
        settings.push(format!("training.optimizer.adam-learning-rate={other}"));
    }
    settings
}
