//! What training does beside its plain loop, each only where the recipe asks for it: the average of the weights, gradients of
//! a step that is not yet full, an early end; and which weights are the result.

use super::early_stopping::is_over;
use super::{Trainer, TrainingError};
use crate::network::Network;
use crate::weights::{self, WeightsError};
use data::Dataset;
use recipe::{Metric, Recipe};

/// Makes sure that early stopping can watch its figure on images like `data`.
pub(super) fn check_metric(recipe: &Recipe, data: &Dataset) -> Result<(), TrainingError> {
    let Some(stopping) = recipe.training.early_stopping else {
        return Ok(());
    };
    let one_object = data.labels().is_some();
    let holds = match stopping.metric {
        Metric::Loss => true,
        Metric::Accuracy => one_object,
        Metric::Ap => !one_object,
    };
    match holds {
        true => Ok(()),
        false => Err(TrainingError::NoMetric {
            metric: stopping.metric.name(),
            shows: match one_object {
                true => "one object each",
                false => "several objects, or none",
            },
            other: match one_object {
                true => Metric::Accuracy.name(),
                false => Metric::Ap.name(),
            },
        }),
    }
}

impl Trainer<'_> {
    /// Steps in an epoch: changes of the weights.
    pub(super) fn updates(&self) -> usize {
        self.batches().div_ceil(self.recipe.training.accumulate)
    }

    /// The learning rate of the step after so many.
    pub(super) fn learning_rate(&self, steps: u64) -> f64 {
        let training = &self.recipe.training;
        let base = training.optimizer.learning_rate();
        let all = training.epochs * self.updates();
        let schedule = &training.schedule;
        schedule.learning_rate(steps as usize, all, base)
    }

    /// What the batch to come contributes to its step, by images: the share, and whether the step is full with it.
    ///
    /// N batches of b images so weigh as one batch of N b, also at the end of an epoch, where the last are fewer.
    pub(super) fn contribution(&self, images: usize) -> (f64, bool) {
        let training = &self.recipe.training;
        let batch = self.progress.batch;
        let together = training.batch_size.saturating_mul(training.accumulate);
        let first = (batch / training.accumulate).saturating_mul(together);
        let all = self.train.count.saturating_sub(first).min(together);
        let full = (batch + 1).is_multiple_of(training.accumulate) || batch + 1 == self.batches();
        (images as f64 / all.max(images) as f64, full)
    }

    /// The network as it is now, for predictions: where the recipe asks for an average of the weights, that.
    pub fn network(&self) -> Network {
        match &self.ema {
            Some(ema) => ema.network(),
            None => burn::module::Module::valid(self.learning()),
        }
    }

    /// The network that training gives: of the best epoch with early stopping, else as it is now.
    ///
    /// # Errors
    /// [`WeightsError`] when the best weights are another network's.
    pub fn trained(&self) -> Result<Network, WeightsError> {
        match self.best() {
            Some((_, best)) if self.recipe.training.early_stopping.is_some() => {
                weights::apply(self.network(), best)
            }
            _ => Ok(self.network()),
        }
    }

    /// Whether training ends before the last epoch.
    pub(super) fn is_over(&self) -> bool {
        let stopping = self.recipe.training.early_stopping;
        let best = self.progress.best.as_ref();
        stopping.is_some_and(|stopping| is_over(stopping, self.progress.epoch, best))
    }
}
