//! When checkpoints are written, and a training's state to and from them.

use std::path::Path;
use std::time::{Duration, Instant};

use super::checkpoint::{self, Checkpoint, Groups, ImagesSeen};
use super::ema::Ema;
use super::{CheckpointError, Restored, Trainer};
use crate::weights::{Weights, WeightsError, apply, collect};
use recipe::Checkpoints;

/// Checkpoints that the recipe does not ask for by steps take at most 1/100 of the time: half of the 2 % that they may
/// take, because the time that a disk needs for the same bytes easily doubles.
const AFFORDABLE: u32 = 100;

/// When to write checkpoints.
pub(super) struct Saver<'a> {
    pub folder: &'a Path,
    options: Checkpoints,
    /// When the last was written, or training began here.
    last: (Instant, u64),
    /// Time that the last one took.
    cost: Duration,
}

impl<'a> Saver<'a> {
    /// For a training that has taken `step` steps, which need not be written again.
    pub fn new(folder: &'a Path, options: Checkpoints, step: u64) -> Self {
        Self {
            folder,
            options,
            last: (Instant::now(), step),
            cost: Duration::ZERO,
        }
    }

    /// Whether to write one after `step` steps; the end of an epoch is a good moment.
    pub fn is_due(&self, step: u64, ends_epoch: bool) -> bool {
        let Checkpoints {
            every_seconds,
            every_steps,
            ..
        } = self.options;
        self.is_due_after(self.last.0.elapsed(), step, ends_epoch, every_seconds)
            || every_steps.is_some_and(|steps| step - self.last.1 >= steps as u64)
    }

    fn is_due_after(
        &self,
        waited: Duration,
        step: u64,
        ends_epoch: bool,
        every_seconds: Option<f64>,
    ) -> bool {
        let long = every_seconds.is_some_and(|seconds| waited.as_secs_f64() >= seconds);
        step > self.last.1 && waited >= self.cost * AFFORDABLE && (long || ends_epoch)
    }
}

impl Trainer<'_> {
    /// Writes all state into `folder`, so that [`Trainer::restore`] can go on from here.
    ///
    /// # Errors
    /// [`CheckpointError`] when the file system refuses.
    pub fn save(&self, folder: &Path) -> Result<(), CheckpointError> {
        let (moments, optimizer_steps) = self.optimizer.state();
        let mut groups = Groups::from([
            ("network".to_string(), collect(self.current_network())),
            ("optimizer".to_string(), moments),
            ("gradient".to_string(), self.optimizer.accumulated()),
        ]);
        if let Some(ema) = &self.ema {
            groups.insert("ema".to_string(), collect(&ema.network()));
        }
        if let Some(best) = self.best.as_ref().filter(|_| !self.state.is_best()) {
            groups.insert("best".to_string(), best.clone());
        }
        let checkpoint = Checkpoint {
            groups,
            optimizer_steps,
            state: self.state.clone(),
            images: Some(ImagesSeen {
                classes: self.train.classes.clone(),
                input: self.train.image_shape(),
                preparation: self.train.preparation,
            }),
        };
        checkpoint::save(folder, checkpoint, self.recipe.training.checkpoints.keep)
    }

    pub(super) fn save_now(&mut self, saver: &mut Saver<'_>) -> Result<(), CheckpointError> {
        let start = Instant::now();
        self.save(saver.folder)?;
        saver.cost = start.elapsed();
        saver.last = (Instant::now(), self.state.step);
        self.state.checkpoint_s += saver.cost.as_secs_f64();
        Ok(())
    }

    /// Continues from the newest undamaged checkpoint in `folder`, or from the start if there is none.
    ///
    /// # Errors
    /// [`CheckpointError`] when no checkpoint can be read, or it belongs to another network.
    pub fn restore(&mut self, folder: &Path) -> Result<Restored, CheckpointError> {
        let (restored, checkpoint) = checkpoint::load(folder)?;
        let Some(mut checkpoint) = checkpoint else {
            return Ok(restored);
        };
        let mut take = |group: &str| checkpoint.groups.remove(group).unwrap_or_default();
        let network = take("network");
        self.network = Some(apply(self.current_network().clone(), &network)?);
        let device = self.device.clone().inner();
        self.optimizer
            .restore(take("optimizer"), checkpoint.optimizer_steps, &device)?;
        self.optimizer
            .restore_accumulated(take("gradient"), &device);
        let mut current = network;
        if let Some(ema) = &mut self.ema {
            current = take("ema");
            ema.restore(&current)?;
        }
        self.best = match &checkpoint.state.best {
            None => None,
            Some(_) if checkpoint.state.is_best() => Some(current),
            Some(_) => Some(take("best")),
        };
        self.state = checkpoint.state;
        Ok(restored)
    }

    /// Replaces the initial weights; they are named as [`collect`] does.
    ///
    /// # Errors
    /// [`WeightsError`] for the first that does not fit.
    pub fn start_from(&mut self, weights: &Weights) -> Result<(), WeightsError> {
        self.network = Some(apply(self.current_network().clone(), weights)?);
        let ema = self.recipe.training.ema;
        self.ema = ema.map(|decay| Ema::new(decay, self.current_network()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
