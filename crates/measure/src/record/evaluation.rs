//! `evaluation.json`: every figure of a trained model on one split, and what it cost.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BoxPrecisionRecall, Energy, InferenceSpeed, Predictions, RecordError, TimeToAccuracy};
use crate::calibration::{BINS, reliability_equal_mass, reliability_equal_width};
use crate::classification::{Average, ClassificationError, Confusion, Probabilities};
use crate::detection::DetectionMistakes;
use crate::significance::wilson_95;

/// Version of the JSON of an evaluation, which `docs/evaluation.schema.json` describes. It changes when a key goes or
/// changes its meaning, not when one is added.
pub const EVALUATION_SCHEMA: &str = "atelier-evaluation-1";

/// The kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// A convolutional classifier.
    #[default]
    Cnn,
    /// A two-stage detector.
    FasterRcnn,
    /// A model from an ONNX file.
    Onnx,
}

impl ModelKind {
    /// The name in recipes and records: `cnn`, `faster-rcnn`, `onnx`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cnn => "cnn",
            Self::FasterRcnn => "faster-rcnn",
            Self::Onnx => "onnx",
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What an evaluation needs to know beside the predictions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunFacts {
    /// Name of the run: the recipe's, with a number from the second run on.
    pub recipe: String,
    /// Kind of model.
    pub kind: ModelKind,
    /// Which images were evaluated: "test", "validation", ...
    pub split: String,
    /// Seconds spent training, evaluation not counted.
    pub train_s: f64,
    /// Images predicted per second.
    pub infer_images_per_s: f64,
    /// Trainable parameters.
    pub parameters: u64,
    /// Multiply-adds to predict one image.
    pub multiply_adds: u64,
    /// Size of the weights' file in bytes.
    pub model_bytes: u64,
    /// Peak memory of the process in MiB, where the machine tells.
    pub peak_rss_mib: Option<f64>,
    /// Epochs trained.
    pub epochs: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// The device, for people.
    pub device: String,
    /// Threads used on the CPU.
    pub threads: usize,
}

/// Every figure of a trained model on one split. Figures are fractions from 0 to 1 unless they say
/// otherwise; their formulas are those of [`crate::classification`] and [`crate::calibration`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evaluation {
    /// [`EVALUATION_SCHEMA`].
    pub schema: String,
    /// Name of the run: the recipe's, with a number from the second run on.
    pub recipe: String,
    /// Kind of model.
    pub kind: ModelKind,
    /// Which images were evaluated: "test", "validation", ...
    pub split: String,
    /// Number of images evaluated.
    pub images: usize,
    /// Metrics of one prediction per image, beside the others in the JSON; `None` where images show several
    /// objects or none.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub classification: Option<ClassificationScores>,
    /// Seconds spent training, evaluation not counted.
    pub train_s: f64,
    /// Images predicted per second.
    pub infer_images_per_s: f64,
    /// Trainable parameters.
    pub parameters: u64,
    /// Multiply-adds to predict one image.
    pub multiply_adds: u64,
    /// Size of the weights' file in bytes.
    pub model_bytes: u64,
    /// Digest of the weights as `blake3:HEX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_digest: Option<String>,
    /// Peak memory of the process in MiB, where the machine tells.
    pub peak_rss_mib: Option<f64>,
    /// Epochs trained.
    pub epochs: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// The device, for people.
    pub device: String,
    /// Threads used on the CPU.
    pub threads: usize,
    /// Latency and throughput.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<InferenceSpeed>,
    /// Energy, or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
    /// When training first reached some round accuracies on its validation images; empty without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_to_accuracy: Vec<TimeToAccuracy>,
    /// A detector's curves; `None` for a classifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub box_precision_recall: Option<BoxPrecisionRecall>,
    /// A detector's own figures, beside the others in the JSON; `None` for a classifier.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub localisation: Option<LocalisationFigures>,
}

/// Metrics of one prediction per image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassificationScores {
    /// Fraction of the images classified correctly.
    pub accuracy: f64,
    /// 95 % Wilson interval of the accuracy, low and high.
    pub accuracy_interval: [f64; 2],
    /// F1, mean over the classes that occur as truth or prediction.
    pub f1_macro: f64,
    /// Precision, mean over the classes that occur as truth or prediction.
    pub precision_macro: f64,
    /// Recall, mean over the classes that occur as truth or prediction.
    pub recall_macro: f64,
    /// Negative log-likelihood of the true classes, in nats per image.
    pub loss: f64,
    /// Expected calibration error, bins of equal width.
    pub ece: f64,
    /// Expected calibration error, bins of equal mass.
    pub ece_equal_mass: f64,
    /// Recall, mean over the classes that occur as truth.
    pub balanced_accuracy: f64,
    /// Fraction of the images whose truth is among the two most probable classes.
    pub top_2: f64,
    /// Cohen's kappa, from -1 to 1.
    pub cohens_kappa: f64,
    /// Matthews correlation, from -1 to 1.
    pub matthews: f64,
    /// Brier score, summed over classes: from 0 (best) to 2.
    pub brier: f64,
    /// Precision, mean over classes weighted by their images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision_weighted: Option<f64>,
    /// F1, mean over classes weighted by their images. (The recall so averaged, and all
    /// three counted over images, are the accuracy.)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_weighted: Option<f64>,
    /// Area under the ROC curve of a class against the rest, mean over the classes that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roc_auc_macro: Option<f64>,
    /// Average precision of a class's probability, mean over the classes with images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_precision_macro: Option<f64>,
    /// Images by `[truth][prediction]`.
    pub confusion: Vec<Vec<u64>>,
    /// Figures of each class.
    pub per_class: Vec<ClassFigures>,
}

/// Figures of one class against the rest.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassFigures {
    /// Name of the class.
    pub class: String,
    /// Fraction of the predictions of this class that are correct; 0 without any.
    pub precision: f64,
    /// Fraction of the class's images classified correctly; 0 without any.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 where both are.
    pub f1: f64,
    /// Number of images of the class.
    pub support: u64,
    /// Area under the ROC curve; `None` without images both of the class and of others.
    pub roc_auc: Option<f64>,
    /// Average precision of the class's probability; `None` without images of the class.
    pub average_precision: Option<f64>,
}

/// How well a detector's boxes fit: mean IoU and the twelve figures of COCO's evaluation.
/// `None` where no truth of that size exists (pycocotools prints -1 there).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LocalisationFigures {
    /// IoU of each image's best detection with the truth, averaged; 0 where nothing was detected. Where images show
    /// several objects: IoU of each object with the detection matched to it, 0 without one.
    pub mean_iou: f64,
    /// Share of the objects that are matched by a detection, whatever its class, at an IoU of 0.5 (see
    /// [`matches`](crate::detection::matches)); `None` where each image shows one object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<f64>,
    /// Share of the matched objects whose detection has the right class; `None` where each image shows one object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_accuracy: Option<f64>,
    /// Average precision over IoU 0.50, 0.55, ..., 0.95.
    pub map: Option<f64>,
    /// Average precision at IoU 0.50.
    pub map_50: Option<f64>,
    /// Average precision at IoU 0.75.
    pub map_75: Option<f64>,
    /// Average precision over truths below 32 x 32 pixels.
    pub map_small: Option<f64>,
    /// Average precision over truths from 32 x 32 to 96 x 96 pixels.
    pub map_medium: Option<f64>,
    /// Average precision over truths above 96 x 96 pixels.
    pub map_large: Option<f64>,
    /// Average recall with at most 1 detection an image.
    pub mar_1: Option<f64>,
    /// Average recall with at most 10 detections an image.
    pub mar_10: Option<f64>,
    /// Average recall with at most 100 detections an image.
    pub mar_100: Option<f64>,
    /// Average recall over truths below 32 x 32 pixels.
    pub mar_small: Option<f64>,
    /// Average recall over truths from 32 x 32 to 96 x 96 pixels.
    pub mar_medium: Option<f64>,
    /// Average recall over truths above 96 x 96 pixels.
    pub mar_large: Option<f64>,
    /// What is wrong with the detections that are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mistakes: Option<DetectionMistakes>,
}

impl Evaluation {
    /// What is known without predictions: facts, and no metrics.
    pub fn of_run(images: usize, facts: RunFacts) -> Self {
        Self {
            schema: EVALUATION_SCHEMA.to_string(),
            recipe: facts.recipe,
            kind: facts.kind,
            split: facts.split,
            images,
            classification: None,
            train_s: facts.train_s,
            infer_images_per_s: facts.infer_images_per_s,
            parameters: facts.parameters,
            multiply_adds: facts.multiply_adds,
            model_bytes: facts.model_bytes,
            model_digest: None,
            peak_rss_mib: facts.peak_rss_mib,
            epochs: facts.epochs,
            seed: facts.seed,
            device: facts.device,
            threads: facts.threads,
            speed: None,
            energy: None,
            time_to_accuracy: Vec::new(),
            box_precision_recall: None,
            localisation: None,
        }
    }

    /// The figures that follow from `predictions`; `localisation` is left `None`, for a detector
    /// the caller adds it.
    ///
    /// # Errors
    /// [`RecordError::Classification`] without images, or when predictions contradict themselves.
    pub fn from_predictions(
        predictions: &Predictions,
        facts: RunFacts,
    ) -> Result<Self, RecordError> {
        Ok(Self {
            classification: Some(ClassificationScores::of(predictions)?),
            ..Self::of_run(predictions.rows.len(), facts)
        })
    }
}

impl ClassificationScores {
    /// The figures that follow from `predictions`.
    fn of(predictions: &Predictions) -> Result<Self, RecordError> {
        let classes = predictions.classes.len();
        let labels = predictions.labels();
        let confusion = Confusion::count(&labels, &predictions.predicted(), classes)?;
        for (image, row) in predictions.rows.iter().enumerate() {
            let found = row.probabilities.len();
            if found != classes {
                let what = format!("probabilities of image {image}");
                let expected = classes;
                return Err(ClassificationError::Length {
                    what,
                    expected,
                    found,
                }
                .into());
            }
        }
        let values = predictions.probabilities();
        let probabilities = Probabilities::new(&values, &labels, classes)?;
        let scores: Vec<f32> = predictions.rows.iter().map(|row| row.score).collect();
        let correct = predictions.correct();
        let average = confusion.average(Average::Macro);
        let weighted = confusion.average(Average::Weighted);
        let interval = wilson_95(confusion.correct(), confusion.images());
        let per_class = predictions
            .classes
            .iter()
            .zip(confusion.per_class())
            .enumerate()
            .map(|(class, (name, figures))| ClassFigures {
                class: name.clone(),
                precision: figures.precision,
                recall: figures.recall,
                f1: figures.f1,
                support: figures.support,
                roc_auc: probabilities.roc_auc(class),
                average_precision: probabilities.average_precision(class),
            })
            .collect();
        Ok(Self {
            accuracy: confusion.accuracy(),
            accuracy_interval: [interval.low, interval.high],
            f1_macro: average.f1,
            precision_macro: average.precision,
            recall_macro: average.recall,
            loss: probabilities.log_loss(),
            ece: reliability_equal_width(&scores, &correct, BINS)?.ece(),
            ece_equal_mass: reliability_equal_mass(&scores, &correct, BINS)?.ece(),
            balanced_accuracy: confusion.balanced_accuracy(),
            top_2: probabilities.top_k(2),
            cohens_kappa: confusion.cohens_kappa(),
            matthews: confusion.matthews(),
            brier: probabilities.brier(),
            precision_weighted: Some(weighted.precision),
            f1_weighted: Some(weighted.f1),
            roc_auc_macro: probabilities.roc_auc_macro(),
            average_precision_macro: probabilities.average_precision_macro(),
            confusion: confusion.rows(),
            per_class,
        })
    }
}
