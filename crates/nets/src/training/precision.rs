//! Mixed precision (Micikevicius et al. 2018, arXiv:1710.03740): layers compute in 16 bits; weights, losses and the optimizer
//! stay in 32.

use burn::tensor::{Device, FloatDType};
use serde::{Deserialize, Serialize};

use super::TrainingError;
use crate::batch::Batch;
use crate::ops;
use recipe::Precision;

/// The type that layers compute in; `None` for the type of the weights.
pub(super) fn compute_type(precision: Precision) -> Option<FloatDType> {
    match precision {
        Precision::F32 => None,
        Precision::F16 => Some(FloatDType::F16),
        Precision::Bf16 => Some(FloatDType::BF16),
    }
}

/// Casts the images to the type that layers compute in.
pub(super) fn cast(batch: &mut Batch, precision: Precision) {
    if let Some(kind) = compute_type(precision) {
        batch.images = batch.images.clone().cast(kind); // layers compute in the type of their input
    }
}

/// Makes sure that the device computes in this precision.
pub(super) fn check(precision: Precision, device: &Device) -> Result<(), TrainingError> {
    let refuse = |reason| {
        Err(TrainingError::Precision {
            precision: precision.name(),
            reason,
        })
    };
    match compute_type(precision) {
        Some(_) if ops::has_lanes(device) => refuse("the CPU's kernels compute in f32"),
        Some(kind) if !device.supports_dtype(kind) => refuse("this GPU or its driver does not"),
        _ => Ok(()),
    }
}

/// The factor of the loss that keeps small gradients above 0 in f16: PyTorch's `GradScaler` with its defaults.
///
/// A step whose gradients are not finite is skipped and halves the factor; 2000 good steps in a row double it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LossScale {
    /// The factor.
    pub scale: f64,
    /// Good steps since it last changed.
    good: u32,
}

/// Good steps after which the factor doubles.
const GROWTH_STEPS: u32 = 2000;

impl LossScale {
    /// `None` for a precision that does not need it: bf16 has the range of f32.
    pub fn of(precision: Precision) -> Option<Self> {
        (precision == Precision::F16).then_some(Self {
            scale: 65_536.0,
            good: 0,
        })
    }

    /// After a step that was taken, or skipped.
    pub fn update(&mut self, taken: bool) {
        self.good += 1;
        if !taken {
            // A smaller factor would not help: the gradients themselves are not finite.
            self.scale = (self.scale / 2.0).max(2.0_f64.powi(-24));
            self.good = 0;
        } else if self.good == GROWTH_STEPS {
            self.scale *= 2.0;
            self.good = 0;
        }
    }
}

#[cfg(test)]
mod tests;
