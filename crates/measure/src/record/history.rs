//! `history.jsonl`: what each epoch of training came to.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{RecordError, figure, json_error};
use crate::files::{read_text, write_atomically};

/// A line of `history.jsonl`. Losses that are not finite are written as [`figure`] does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch that ended, from 1.
    pub epoch: usize,
    /// Optimizer steps since the start of training.
    pub step: u64,
    /// Mean training loss of the epoch's images: of all losses together.
    #[serde(with = "figure")]
    pub train_loss: f64,
    /// The parts of `train_loss` by name; a detector has `objectness`, `rpn_box`, `class`, `box`,
    /// a classifier none.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        with = "figure::named"
    )]
    pub losses: BTreeMap<String, f64>,
    /// Fraction of the epoch's training images classified correctly, as they were trained on;
    /// `None` where training classifies nothing.
    pub train_accuracy: Option<f64>,
    /// Mean loss on the validation images; `None` without any.
    #[serde(with = "figure::optional")]
    pub validation_loss: Option<f64>,
    /// The parts of a detector's `validation_loss` by name.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        with = "figure::named"
    )]
    pub validation_losses: BTreeMap<String, f64>,
    /// COCO's average precision on the validation images; `None` without any, and for a classifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_map: Option<f64>,
    /// Fraction of the validation images classified correctly; `None` without any.
    pub validation_accuracy: Option<f64>,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Seconds spent training since its start, evaluation not counted.
    pub seconds: f64,
    /// Training images per second in this epoch.
    pub images_per_s: f64,
    /// Joules spent on training steps since the start of training; `None` where not all of them were measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_j: Option<f64>,
    /// Seconds spent on checkpoints since the start of training, beside `seconds`.
    pub checkpoint_s: f64,
}

/// Writes `history.jsonl` as a whole, atomically: appending could leave half a line.
///
/// # Errors
/// [`RecordError::File`] when the file system refuses.
pub fn write_history(path: impl AsRef<Path>, epochs: &[EpochRecord]) -> Result<(), RecordError> {
    let path = path.as_ref();
    let mut text = String::new();
    for epoch in epochs {
        let line = serde_json::to_string(epoch).map_err(|cause| json_error(path, 0, &cause))?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(write_atomically(path, text)?)
}

/// Reads `history.jsonl`.
///
/// # Errors
/// [`RecordError::File`] when it cannot be read, [`RecordError::Json`] with the line that is no
/// [`EpochRecord`].
pub fn read_history(path: impl AsRef<Path>) -> Result<Vec<EpochRecord>, RecordError> {
    let path = path.as_ref();
    let text = read_text(path)?;
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(before, line)| {
            serde_json::from_str(line).map_err(|cause| json_error(path, before, &cause))
        })
        .collect()
}

#[cfg(test)]
mod tests;
