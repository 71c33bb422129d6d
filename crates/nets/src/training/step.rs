//! One training step: losses and gradients of a batch, on all devices, and the next weights.

use std::collections::BTreeMap;
use std::time::Instant;

use burn::tensor::{Device, Gradients, Tensor};
use measure::energy::Meter;

use super::mixup::mix;
use super::step_losses::{READ_EVERY, StepLosses};
use super::{Trainer, TrainingError, precision};
use crate::batch::Batch;
use crate::layers::Mode;
use crate::loss::Losses;
use crate::ops::{self, Scalar};

/// Gradients by parameter, each flat.
pub(super) type FlatGradients = BTreeMap<String, Tensor<1>>;
/// The gradients of a batch on this device and on the others, and the losses of all its images.
type StepGradients = (Option<Gradients>, Vec<FlatGradients>, Losses);

impl Trainer<'_> {
    /// One step on the images of a batch, which is made within the step's time.
    pub(crate) fn step(
        &mut self,
        batch: impl FnOnce(&Device) -> Batch,
    ) -> Result<(), TrainingError> {
        let start = Instant::now();
        if self.unread.is_empty() {
            self.joules = self.meter.as_mut().and_then(Meter::joules);
        }
        let training = &self.recipe.training;
        let mut batch = match &self.replicas {
            None => batch(&self.device),
            Some(_) => batch(&Device::flex()),
        };
        let (images, epoch) = (batch.indices.len(), batch.epoch);
        if training.mixup > 0.0 {
            batch = mix(batch, training.mixup, training.seed, self.state.step);
        }
        let learning_rate = self.learning_rate(self.optimizer.steps());
        let (weight, completes) = self.contribution(images);
        let (gradients, others, losses) = self.gradients(batch, weight)?;
        let mut taken = StepLosses {
            step: self.state.step + 1,
            epoch,
            learning_rate,
            images,
            losses,
            norm: None,
        };
        taken.check()?;
        self.without_gradient = gradients.is_none() && others.iter().all(BTreeMap::is_empty);
        taken.norm = self.update(gradients, others, learning_rate, completes);
        taken.check()?;

        self.unread.push(taken);
        self.state.batch += 1;
        self.state.step += 1;
        // The first after a start is read too, so that there is something to show.
        let is_due = self.unread.len() == READ_EVERY || self.last.is_none();
        let ends = self.state.batch == self.batches();
        if is_due || ends || ops::has_lanes(&self.device) {
            self.settle()?;
        }
        let seconds = start.elapsed().as_secs_f64();
        self.state.sums.seconds += seconds;
        self.state.seconds += seconds;
        Ok(())
    }

    /// The gradients of a batch on this device (`None` where no weight takes part in the loss) and on each other one, and
    /// the losses of all its images. The mean loss is multiplied by `weight`.
    fn gradients(&mut self, mut batch: Batch, weight: f64) -> Result<StepGradients, TrainingError> {
        let training = &self.recipe.training;
        let mode = Mode::Training {
            seed: training.seed,
            step: self.state.step,
            first: 0,
        };
        let loss_scale = self.state.loss_scale.map_or(1.0, |state| state.scale);
        let mut factor = weight * loss_scale;
        let network = self.network.as_ref();
        let shared = self.replicas.as_mut().zip(network);
        let shared = shared.map(|(replicas, network)| {
            let shared = replicas.begin(&mut batch, network, mode, factor, loss_scale);
            factor *= shared.first_share();
            shared
        });
        precision::cast(&mut batch, training.precision);
        let (total, losses) = self.current_network().losses(&batch, &self.loss, mode)?;
        let gradients = backward(total, factor);
        let (losses, others) = match self.replicas.as_ref().zip(shared) {
            Some((replicas, shared)) => replicas.finish(shared, losses)?,
            None => (losses, Vec::new()),
        };
        Ok((gradients, others, losses))
    }

    /// Adds the gradients of a batch to those of the step and, where the batch `completes` it, takes the step. Gives the
    /// norm of the gradient where it is clipped.
    fn update(
        &mut self,
        gradients: Option<Gradients>,
        others: Vec<FlatGradients>,
        learning_rate: f64,
        completes: bool,
    ) -> Option<Scalar> {
        let loss_scale = self.state.loss_scale.map_or(1.0, |state| state.scale);
        // Taken, not cloned: parameters that have no other owner change in place.
        let network = self.network.take();
        let mut network = network.expect("a step puts the network back before it returns");
        if let Some(gradients) = gradients {
            self.optimizer.accumulate(&network, gradients, loss_scale);
        }
        for gradients in others {
            self.optimizer.add(gradients);
        }
        let mut norm = None;
        let mut finite = true;
        if let (true, Some(state)) = (completes, &mut self.state.loss_scale) {
            finite = self.optimizer.has_finite_gradients();
            state.update(finite);
        }
        if completes && finite {
            let limit = self.recipe.training.clip_norm;
            (network, norm) = self.optimizer.update(network, learning_rate, limit);
            if let Some(ema) = &mut self.ema {
                ema.update(&network, self.optimizer.steps());
            }
        }
        self.network = Some(network);
        norm
    }

    /// Reads the losses of this epoch that are still on the device; on the CPU there are none.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] for the first loss that is not finite.
    pub(crate) fn settle(&mut self) -> Result<(), TrainingError> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let state = &mut self.state;
        self.last = state.sums.add(std::mem::take(&mut self.unread))?;
        let after = self.meter.as_mut().and_then(Meter::joules);
        let used = after.zip(self.joules).map(|(after, before)| after - before);
        state.energy_j = state.energy_j.zip(used).map(|(sum, used)| sum + used);
        Ok(())
    }
}

/// The gradients of `loss` times `factor`; `None` where it depends on no parameter.
pub(super) fn backward(loss: Tensor<1>, factor: f64) -> Option<Gradients> {
    if !loss.is_tracked() {
        return None;
    }
    let loss = if factor == 1.0 { loss } else { loss * factor };
    Some(loss.backward())
}
