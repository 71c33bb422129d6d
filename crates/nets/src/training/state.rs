//! All of a training's state that is not a tensor; checkpoints hold it as JSON.

use measure::record::EpochRecord;
use serde::{Deserialize, Serialize};

use super::BestEpoch;
use super::precision::LossScale;
use super::step_losses::EpochSums;

/// Where a training stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Epochs finished.
    pub epoch: usize,
    /// Batches done in the running epoch.
    pub batch: usize,
    /// Batches done in all; the number of optimizer steps, unless gradients are accumulated.
    pub step: u64,
    /// Seconds spent in training steps.
    pub seconds: f64,
    /// Joules spent in training steps; `None` unless all of them were measured.
    pub energy_j: Option<f64>,
    /// Seconds spent on checkpoints.
    pub checkpoint_s: f64,
    /// The best epoch so far.
    pub best: Option<BestEpoch>,
    /// The factor of the loss in f16.
    pub(super) loss_scale: Option<LossScale>,
    /// Sums over the running epoch.
    pub(super) sums: EpochSums,
    /// Finished epochs.
    pub history: Vec<EpochRecord>,
}

impl TrainingState {
    /// Whether the current weights are those of the best epoch.
    pub(super) fn is_best(&self) -> bool {
        let best = self.best.as_ref();
        self.batch == 0 && best.is_some_and(|best| best.epoch == self.epoch)
    }
}
