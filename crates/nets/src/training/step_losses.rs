//! From the losses of a step to the sums of an epoch.
//!
//! On the CPU values are known at once. A GPU runs behind: its values are read for many steps together, so that no step
//! waits for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TrainingError;
use crate::loss::Losses;
use crate::ops::{self, Scalar};

/// A GPU's losses are read, and checked for NaN and infinity, after this many steps and at the end of an epoch.
pub const READ_EVERY: usize = 64;

/// The losses of one step.
#[derive(Debug)]
pub(super) struct StepLosses {
    /// The step, from 1.
    pub step: u64,
    /// The epoch, from 1.
    pub epoch: usize,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Images in the batch.
    pub images: usize,
    /// Its losses.
    pub losses: Losses,
    /// The gradient's norm, where it is clipped.
    pub norm: Option<Scalar>,
}

impl StepLosses {
    /// Makes sure that the known values are finite.
    pub fn check(&self) -> Result<(), TrainingError> {
        let losses = self.losses.parts.iter();
        let losses = losses.map(|(name, value)| (format!("{name} loss"), value));
        let norm = self.norm.iter();
        let norm = norm.map(|norm| ("gradient's norm".to_string(), norm));
        for (name, value) in losses.chain(norm) {
            match value.known() {
                Some(value) if !value.is_finite() => {
                    return Err(TrainingError::NotFinite {
                        name,
                        value,
                        step: self.step,
                        epoch: self.epoch,
                        learning_rate: self.learning_rate,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Sums over the steps of an epoch, weighted by images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EpochSums {
    pub loss: f64,
    pub parts: BTreeMap<String, f64>,
    pub correct: usize,
    pub counted: usize,
    pub images: usize,
    pub seconds: f64,
}

impl EpochSums {
    /// The mean over the images so far.
    pub fn mean(&self, sum: f64) -> f64 {
        sum / self.images.max(1) as f64
    }

    /// The share of correct classifications so far.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.counted.max(1) as f64
    }

    /// Reads the losses of these steps, all at once, and adds them. Gives the loss of the last step and its correct
    /// classifications, of how many.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] for the first value that is not finite.
    pub fn add(
        &mut self,
        mut steps: Vec<StepLosses>,
    ) -> Result<Option<(f64, [usize; 2])>, TrainingError> {
        let scalars = steps
            .iter_mut()
            .flat_map(|step| step.losses.scalars().chain(&mut step.norm));
        let scalars: Vec<&mut Scalar> = scalars.collect();
        let values = ops::read(scalars.iter().map(|scalar| (*scalar).clone()).collect());
        for (scalar, value) in scalars.into_iter().zip(values) {
            *scalar = Scalar::Known(value);
        }
        let mut last = None;
        for step in steps {
            step.check()?;
            let mut loss = 0.0;
            for (name, value) in &step.losses.parts {
                let value = value.known().unwrap_or_default();
                loss += value;
                let sum = value * step.images as f64;
                *self.parts.entry(name.to_string()).or_default() += sum;
                self.loss += sum;
            }
            let correct = step.losses.correct.known().unwrap_or_default() as usize;
            self.correct += correct;
            self.counted += step.losses.counted;
            self.images += step.images;
            last = Some((loss, [correct, step.losses.counted]));
        }
        Ok(last)
    }
}
