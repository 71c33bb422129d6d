//! How much memory a training needs, so that one that cannot fit is refused before anything is allocated.

#[cfg(test)]
mod tests;

use super::optimizer::Optimizer;
use super::summary::{LayerSummary, Summary};
use super::training::Training;
use std::fmt;

/// Bytes of a number: weights, gradients and activations are f32.
const NUMBER: u64 = 4;

/// The least memory that a training needs, in bytes. Buffers that live for one layer only do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The weights and, if the recipe asks for it, their moving average.
    pub weights: u64,
    /// One gradient per weight.
    pub gradients: u64,
    /// What the optimizer remembers of each weight.
    pub optimizer: u64,
    /// Outputs of convolutions and linear layers for one mini-batch, which the backward pass reads.
    pub activations: u64,
    /// Images in a mini-batch.
    pub batch: u64,
    /// The layer that needs most, with its bytes.
    pub largest: Option<(String, u64)>,
}

/// A training that does not fit into memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("training needs {needed}, but only {} are there{}\n  help: {}", Bytes(*.limit), .needed.most(), .needed.help())]
pub struct TooLarge {
    /// What it needs.
    pub needed: Memory,
    /// Bytes that the machine has.
    pub limit: u64,
}

impl Summary {
    /// The memory that training this network takes, with `images` training images.
    pub fn memory(&self, training: &Training, images: usize) -> Memory {
        let batch = training.batch_size.min(images) as u64;
        let averaged = u64::from(training.ema.is_some());
        let remembered = remembered(training);
        let sum = |bytes: &dyn Fn(&LayerSummary) -> u64| {
            let layers = self.layers.iter().map(bytes);
            layers.fold(0, u64::saturating_add)
        };
        let weights = sum(&|layer| layer.parameters.saturating_mul(NUMBER));
        let layers = self.layers.iter();
        let largest = layers.max_by_key(|layer| layer.memory(training, images));
        Memory {
            weights: weights.saturating_mul(1 + averaged),
            gradients: weights,
            optimizer: weights.saturating_mul(remembered),
            activations: sum(&|layer| layer.activation_bytes(batch)),
            batch,
            largest: largest.map(|layer| (layer.name.clone(), layer.memory(training, images))),
        }
    }
}

impl LayerSummary {
    /// The bytes that this layer takes of [`Summary::memory`].
    pub fn memory(&self, training: &Training, images: usize) -> u64 {
        let batch = training.batch_size.min(images) as u64;
        let averaged = u64::from(training.ema.is_some());
        let weights = self.parameters.saturating_mul(NUMBER);
        weights
            .saturating_mul(2 + averaged + remembered(training))
            .saturating_add(self.activation_bytes(batch))
    }

    fn activation_bytes(&self, batch: u64) -> u64 {
        let numbers = self.activations.saturating_mul(batch);
        numbers.saturating_mul(NUMBER)
    }
}

/// Numbers that the optimizer remembers of each weight.
fn remembered(training: &Training) -> u64 {
    match training.optimizer {
        Optimizer::Sgd(sgd) => u64::from(sgd.momentum > 0.0),
        Optimizer::RmsProp(rms) => 1 + u64::from(rms.momentum > 0.0),
        Optimizer::Adam(_) | Optimizer::AdamW(_) => 2,
        // Hidden weights, which are most of them, have a mean only.
        Optimizer::Muon(_) => 1,
    }
}

impl Memory {
    /// The sum.
    pub fn total(&self) -> u64 {
        self.weights
            .saturating_add(self.gradients)
            .saturating_add(self.optimizer)
            .saturating_add(self.activations)
    }

    /// Fails if that is more than `limit` bytes.
    ///
    /// # Errors
    /// [`TooLarge`], which names the largest layer and says what to change.
    pub fn fits(self, limit: u64) -> Result<(), TooLarge> {
        if self.total() > limit {
            return Err(TooLarge {
                needed: self,
                limit,
            });
        }
        Ok(())
    }

    fn most(&self) -> String {
        match &self.largest {
            Some((name, bytes)) => format!("; `{name}` alone needs {}", Bytes(*bytes)),
            None => String::new(),
        }
    }

    fn help(&self) -> String {
        let fewer = "fewer channels or features";
        if self.activations > self.total() / 2 && self.batch > 1 {
            let batch = self.batch;
            return format!(
                "use a smaller training.batch-size than {batch}, smaller maps, or {fewer}"
            );
        }
        format!("use {fewer} in this layer or the one before it, or a smaller map before it")
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "at least {} of memory (weights {}, gradients {}, optimizer {}, activations {})",
            Bytes(self.total()),
            Bytes(self.weights),
            Bytes(self.gradients),
            Bytes(self.optimizer),
            Bytes(self.activations),
        )
    }
}

/// A number of bytes as people read it: `1.5 GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut amount = self.0 as f64;
        let mut unit = "B";
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if amount < 1024.0 {
                break;
            }
            amount /= 1024.0;
            unit = larger;
        }
        let decimals = usize::from(amount < 100.0 && unit != "B");
        write!(formatter, "{amount:.decimals$} {unit}")
    }
}
