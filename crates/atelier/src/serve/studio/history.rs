//! How the lines of a history are described.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// What an epoch came to, a line of `history.jsonl`. Losses that are not finite are the texts `NaN`, `Infinity`
/// and `-Infinity`.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "the record itself is measure's; this is its schema"
)]
pub struct EpochAnswer {
    /// The epoch that ended, from 1.
    epoch: usize,
    /// Optimizer steps since the start of training.
    step: u64,
    /// Mean training loss of the epoch's images.
    train_loss: f64,
    /// The parts of `train_loss` by name; a classifier has none.
    losses: Option<BTreeMap<String, f64>>,
    /// Fraction of the epoch's training images classified correctly.
    train_accuracy: Option<f64>,
    /// Mean loss on the validation images; null without any.
    validation_loss: Option<f64>,
    /// The parts of a detector's `validation_loss` by name.
    validation_losses: Option<BTreeMap<String, f64>>,
    /// COCO's average precision on the validation images.
    validation_map: Option<f64>,
    /// Fraction of the validation images classified correctly.
    validation_accuracy: Option<f64>,
    /// Learning rate of the epoch's last step.
    learning_rate: f64,
    /// Seconds spent training since its start, evaluation not counted.
    seconds: f64,
    /// Training images per second in this epoch.
    images_per_s: f64,
    /// Joules spent on training steps; absent where they were not measured.
    energy_j: Option<f64>,
    /// Seconds spent on checkpoints since the start of training.
    checkpoint_s: f64,
}
