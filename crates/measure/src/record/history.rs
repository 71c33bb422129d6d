//! `history.jsonl`: what each epoch of training came to.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{RecordError, json_error};
use crate::files::{read_text, write_atomically};

/// A line of `history.jsonl`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch that ended, from 1.
    pub epoch: usize,
    /// Optimizer steps since the start of training.
    pub step: u64,
    /// Mean training loss of the epoch's images: of all losses together.
    pub train_loss: f64,
    /// The parts of `train_loss` by name; a detector has `objectness`, `rpn_box`, `class`, `box`,
    /// a classifier none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub losses: BTreeMap<String, f64>,
    /// Fraction of the epoch's training images answered rightly, as they were trained on;
    /// `None` where training gives no answers.
    #[serde(default)]
    pub train_accuracy: Option<f64>,
    /// Mean loss on the validation images; `None` without any.
    #[serde(default)]
    pub validation_loss: Option<f64>,
    /// The parts of `validation_loss` by name, of a detector: its losses without learning.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub validation_losses: BTreeMap<String, f64>,
    /// COCO's average precision on the validation images; `None` without any, and for a classifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_map: Option<f64>,
    /// Fraction of the validation images answered rightly; `None` without any.
    #[serde(default)]
    pub validation_accuracy: Option<f64>,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Seconds spent training since its start, evaluation not counted.
    pub seconds: f64,
    /// Training images per second in this epoch.
    pub images_per_s: f64,
    /// Joules spent on training steps since the start of training; `None` where not all of them were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_j: Option<f64>,
    /// Seconds spent on checkpoints since the start of training, beside `seconds`; `None` in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_s: Option<f64>,
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
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_written() {
        let epochs = vec![
            EpochRecord {
                epoch: 1,
                step: 938,
                train_loss: 0.1 + 0.2,
                losses: BTreeMap::from([("objectness".into(), 0.25), ("rpn_box".into(), 0.05)]),
                ..Default::default()
            },
            EpochRecord {
                epoch: 2,
                train_accuracy: Some(0.99),
                ..Default::default()
            },
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        write_history(&path, &epochs).unwrap();
        assert_eq!(read_history(&path).unwrap(), epochs);
        assert_eq!(read_text(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_newer_field_is_ignored_and_a_broken_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let good = r#"{"epoch":1,"step":2,"train_loss":0.5,"learning_rate":0.1,"seconds":1.0,"images_per_s":3.0,"from_the_future":[]}"#;
        write_atomically(&path, format!("{good}\n")).unwrap();
        assert_eq!(read_history(&path).unwrap()[0].train_loss, 0.5);
        write_atomically(&path, format!("{good}\n{{\"epoch\":\n")).unwrap();
        let message = read_history(&path).unwrap_err().to_string();
        assert!(message.contains("history.jsonl: line 2: "), "{message}");
    }
}
