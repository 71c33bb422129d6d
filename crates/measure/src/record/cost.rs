//! What a trained network costs beside its training time: latency, throughput, energy.

use serde::{Deserialize, Serialize};

use super::EpochRecord;
use crate::cost::{Latency, seconds_to_accuracy};
use crate::detection::{CocoReport, RECALLS, THRESHOLDS};

/// Accuracies whose times are recorded.
pub const ACCURACIES: [f64; 5] = [0.9, 0.95, 0.98, 0.99, 0.995];

/// Inference speed of a trained network, measured after training: each timing is from u8 pixels to predictions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct InferenceSpeed {
    /// Of single images.
    pub latency_1: Latency,
    /// How many single images were timed.
    pub singles: usize,
    /// By images predicted at a time, ascending; sizes that the test set is too small for, or that would take too long,
    /// are left out.
    pub throughput: Vec<Throughput>,
}

/// Throughput at one batch size.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Throughput {
    /// Images predicted at a time.
    pub batch_size: usize,
    /// Images per second.
    pub images_per_s: f64,
}

/// Energy in joules, of the whole machine part that its meter sees: what else ran meanwhile is counted too.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Energy {
    /// Of the training steps; `None` where it was not measured from the first to the last.
    pub train_j: Option<f64>,
    /// Of answering one image of the evaluated split, the mean over all; `None` where it was not measured.
    pub infer_j_per_image: Option<f64>,
    /// What measured; `None` where nothing did.
    pub meter: Option<EnergyMeter>,
    /// Why nothing measured; `None` where something did.
    pub unavailable: Option<NoEnergy>,
}

/// What measures energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyMeter {
    /// The processor's own counters (running average power limit): packages, and memory where it is counted apart.
    Rapl,
    /// The counters of an NVIDIA GPU.
    Nvml,
}

/// Why energy was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoEnergy {
    /// The system shows no counter, as in most virtual machines.
    NoCounter,
    /// There are counters, but not for this user: Linux lets only root read them.
    NotPermitted,
    /// A GPU computed, and this build does not read its counter; the processor's would miss it.
    Gpu,
    /// Several devices computed, and no counter tells of all.
    Several,
}

/// When training first reached an accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TimeToAccuracy {
    /// The validation accuracy, 0 to 1.
    pub accuracy: f64,
    /// Seconds spent training until the end of the first epoch that reached it.
    pub seconds: f64,
}

impl TimeToAccuracy {
    /// The times of those [`ACCURACIES`] that were reached (see [`seconds_to_accuracy`]).
    pub fn of(history: &[EpochRecord]) -> Vec<Self> {
        let times = ACCURACIES.map(|accuracy| {
            let seconds = seconds_to_accuracy(history, accuracy)?;
            Some(Self { accuracy, seconds })
        });
        times.into_iter().flatten().collect()
    }
}

/// Precision-recall curves of a detector over all classes, as pycocotools computes them: the best precision at a recall
/// or any higher one, at the 101 points of [`recall_grid`](crate::detection::recall_grid) (0, 0.01, ..., 1), the mean over
/// the classes with objects. The mean height of each is the average precision of that name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BoxPrecisionRecall {
    /// At IoU 0.50: its mean is `map_50`.
    pub iou_50: Vec<f64>,
    /// At IoU 0.75: its mean is `map_75`.
    pub iou_75: Vec<f64>,
    /// Mean over IoU 0.50, 0.55, ..., 0.95: its mean is `map`.
    pub iou_50_95: Vec<f64>,
}

impl BoxPrecisionRecall {
    /// `None` without objects to find.
    pub fn of(report: &CocoReport) -> Option<Self> {
        let curves: Option<Vec<[f64; RECALLS]>> = (0..THRESHOLDS)
            .map(|threshold| report.mean_precision_curve(threshold))
            .collect();
        let curves = curves?;
        let mean = |recall: usize| {
            let heights = curves.iter().map(|curve| curve[recall]);
            heights.sum::<f64>() / THRESHOLDS as f64
        };
        Some(Self {
            iou_50: curves[0].to_vec(),
            iou_75: curves[5].to_vec(),
            iou_50_95: (0..RECALLS).map(mean).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
