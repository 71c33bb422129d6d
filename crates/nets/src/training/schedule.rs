//! Which learning rate a step has, and how batches make up a step.

use super::Trainer;

impl Trainer<'_> {
    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        self.train.count.div_ceil(self.recipe.training.batch_size)
    }

    /// The learning rate after `steps` optimizer steps.
    pub(super) fn learning_rate(&self, steps: u64) -> f64 {
        if let Some(rate) = self.fixed_rate {
            return rate;
        }
        let training = &self.recipe.training;
        let epochs = self.state.history.iter();
        let losses = epochs.map(|epoch| epoch.validation_loss.unwrap_or(epoch.train_loss));
        let base = training.optimizer.learning_rate();
        let base = training.schedule.base_after(base, losses);
        let steps_per_epoch = self.batches().div_ceil(training.accumulate);
        let all = training.epochs * steps_per_epoch;
        training.schedule.learning_rate(steps as usize, all, base)
    }

    /// The weight of the next batch, of `images`, in its step, and whether it completes the step.
    ///
    /// N batches of b images thus count as one batch of N b, also at the end of an epoch, where the last are smaller.
    pub(super) fn contribution(&self, images: usize) -> (f64, bool) {
        let training = &self.recipe.training;
        let batch = self.state.batch;
        let together = training.batch_size.saturating_mul(training.accumulate);
        let first = (batch / training.accumulate).saturating_mul(together);
        let all = self.train.count.saturating_sub(first).min(together);
        let full = (batch + 1).is_multiple_of(training.accumulate) || batch + 1 == self.batches();
        ((images as f64 / all.max(images) as f64).min(1.0), full)
    }
}
