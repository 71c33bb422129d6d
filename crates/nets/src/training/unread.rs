//! What training steps have worked out and the host has not read yet.
//!
//! On the CPU everything is known at once. A GPU runs behind: its figures are fetched for many steps together, so that
//! no step waits for them.

use super::{Sums, TrainingError};
use crate::ops::{self, Scalar};

/// Steps after which a GPU's figures are read, and losses found not to be finite; the end of an epoch is one too.
pub const READ_EVERY: usize = 64;

/// The figures of one step.
#[derive(Debug)]
pub(super) struct Unread {
    /// The step, from 1.
    pub step: u64,
    /// The epoch, from 1.
    pub epoch: usize,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Images in the batch.
    pub images: usize,
    /// Losses by name.
    pub parts: Vec<(&'static str, Scalar)>,
    /// The gradient's norm, where it is limited.
    pub norm: Option<Scalar>,
    /// How many classifications were right.
    pub correct: Scalar,
    /// Of so many.
    pub counted: usize,
}

impl Unread {
    /// Makes sure that what is known is finite.
    pub fn check(&self) -> Result<(), TrainingError> {
        for (name, value) in &self.parts {
            self.finite(|| format!("{name} loss"), value.known())?;
        }
        let norm = self.norm.as_ref().and_then(Scalar::known);
        self.finite(|| "gradient's norm".to_string(), norm)
    }

    fn finite(
        &self,
        name: impl FnOnce() -> String,
        value: Option<f64>,
    ) -> Result<(), TrainingError> {
        match value {
            Some(value) if !value.is_finite() => Err(TrainingError::NotFinite {
                name: name(),
                value,
                step: self.step,
                epoch: self.epoch,
                learning_rate: self.learning_rate,
            }),
            _ => Ok(()),
        }
    }

    fn into_scalars(self) -> (Self, Vec<Scalar>) {
        let mut scalars: Vec<Scalar> = self.parts.iter().map(|(_, value)| value.clone()).collect();
        scalars.push(self.correct.clone());
        scalars.extend(self.norm.clone());
        (self, scalars)
    }
}

/// Reads the figures of all these steps at once and adds them to the epoch's.
///
/// Gives the loss of the last step, and how many classifications were right, of how many.
pub(super) fn settle(
    steps: Vec<Unread>,
    sums: &mut Sums,
) -> Result<Option<(f64, [usize; 2])>, TrainingError> {
    let mut last = None;
    let (steps, scalars): (Vec<Unread>, Vec<Vec<Scalar>>) =
        steps.into_iter().map(Unread::into_scalars).unzip();
    let mut values = ops::read(scalars.concat()).into_iter();
    let mut next = || values.next().expect("as many as were asked for");
    for mut step in steps {
        for (_, value) in &mut step.parts {
            *value = Scalar::Known(next());
        }
        step.correct = Scalar::Known(next());
        if let Some(norm) = &mut step.norm {
            *norm = Scalar::Known(next());
        }
        step.check()?;
        for (name, value) in &step.parts {
            let value = value.known().unwrap_or_default() * step.images as f64;
            *sums.parts.entry(name.to_string()).or_default() += value;
            sums.loss += value;
        }
        let correct = step.correct.known().unwrap_or_default() as usize;
        sums.correct += correct;
        sums.counted += step.counted;
        sums.images += step.images;
        let loss = step.parts.iter().filter_map(|(_, value)| value.known());
        last = Some((loss.sum(), [correct, step.counted]));
    }
    Ok(last)
}
