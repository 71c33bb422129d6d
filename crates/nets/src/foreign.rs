//! Models from ONNX files, made here or elsewhere: they predict and are judged as the network of a run is.

use std::path::{Path, PathBuf};

use data::Dataset;
use kernels::boxes::Xyxy;
use kernels::nms::batched_nms;
use measure::detection::CocoError;
use measure::digest::blake3;
use measure::energy::Meter;
use measure::files::{FileError, read_bytes};
use measure::record::{DataIdentity, Energy, Evaluation, ModelKind, RecordError, RunFacts};
use onnx::{Given, Model, OnnxError, PictureModel};

use crate::detector::postprocess::DetectionOptions;
use crate::device::Computer;
use crate::evaluation::{batch_size, evaluate_by};
use crate::prediction::{Detection, Prediction};
use crate::run::{Judged, Origin};
use crate::speed::speed_of;

/// A share of right answers below this many times that of guessing hints at pictures that the model sees otherwise than
/// it was trained on.
const HARDLY_BETTER: f64 = 1.5;

/// Why a model can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The model in it.
    #[error("{}: {cause}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: OnnxError,
    },
    /// Data with other classes than the model's.
    #[error("{}: the model gives {model} classes, and the data has {data}", path.display())]
    Classes {
        /// The file.
        path: PathBuf,
        /// Those of the model.
        model: usize,
        /// Those of the data.
        data: usize,
    },
    /// The same with names.
    #[error(
        "{}: the model's classes are {model}, and the data's {data}; --classes names the model's as the data does, in \
         the order of its outputs",
        path.display()
    )]
    Names {
        /// The file.
        path: PathBuf,
        /// Those of the model.
        model: String,
        /// Those of the data.
        data: String,
    },
    /// Boxes that make no sense.
    #[error(transparent)]
    Boxes(#[from] CocoError),
    /// Predictions that make no sense.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A model from a file.
#[derive(Debug)]
pub struct Foreign {
    path: PathBuf,
    bytes: u64,
    digest: String,
    model: PictureModel,
    /// What is asked of its detections beyond what it does itself.
    limits: DetectionOptions,
}

impl Foreign {
    /// The model in the file at `path`; what it does not say about itself is `given`.
    ///
    /// # Errors
    /// [`ForeignError::File`] and [`ForeignError::Model`].
    pub fn open(path: &Path, given: &Given) -> Result<Self, ForeignError> {
        let bytes = read_bytes(path)?;
        let model = Model::read_at(path, &bytes).and_then(|model| PictureModel::new(model, given));
        Ok(Self {
            path: path.to_path_buf(),
            bytes: bytes.len() as u64,
            digest: blake3([&bytes[..]]),
            limits: DetectionOptions::default(),
            model: model.map_err(|cause| ForeignError::Model {
                path: path.to_path_buf(),
                cause,
            })?,
        })
    }

    /// The same model, of whose detections only those are kept that these options keep too.
    pub fn detecting_with(self, limits: DetectionOptions) -> Self {
        Self { limits, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's name without its ending.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// The model with what it takes to show it pictures.
    pub fn model(&self) -> &PictureModel {
        &self.model
    }

    /// The name of a class; its number where it has none.
    pub fn class(&self, class: usize) -> String {
        let name = self.model.classes().get(class);
        name.cloned().unwrap_or_else(|| class.to_string())
    }

    /// Predicts images `[C, H, W]` of the model's size, 0 to 255. Of a detector that found nothing, the class is 0 and the
    /// score too.
    ///
    /// # Errors
    /// [`ForeignError::Model`] when the model can't be computed.
    pub fn predict(&self, images: &[&[u8]]) -> Result<Vec<Prediction>, ForeignError> {
        let predictions = self
            .model
            .predict(images)
            .map_err(|cause| self.failed(cause))?;
        let prediction = |found: onnx::Prediction| Prediction {
            class: found.class.unwrap_or(0),
            score: found.score,
            probabilities: found.probabilities,
            detections: self.limited(found.detections),
        };
        Ok(predictions.into_iter().map(prediction).collect())
    }

    /// The detections, best first, that are asked for.
    fn limited(&self, found: Vec<onnx::Found>) -> Vec<Detection> {
        let DetectionOptions {
            score_threshold,
            nms,
            max_detections,
        } = self.limits;
        let all = found.iter().map(|found| Detection {
            bounds: found.bounds.into(),
            class: found.class,
            score: found.score,
        });
        let all = all.filter(|found| {
            score_threshold.is_none_or(|threshold| f64::from(found.score) > threshold)
        });
        let mut all: Vec<Detection> = all.collect();
        let most = max_detections.unwrap_or(all.len());
        if let Some(overlap) = nms {
            let boxes: Vec<Xyxy> = all.iter().map(|found| found.bounds).collect();
            let scores: Vec<f32> = all.iter().map(|found| found.score).collect();
            let classes: Vec<usize> = all.iter().map(|found| found.class).collect();
            let kept = batched_nms(&boxes, &scores, &classes, overlap, most);
            return kept.into_iter().map(|place| all[place]).collect();
        }
        all.truncate(most);
        all
    }

    fn failed(&self, cause: OnnxError) -> ForeignError {
        ForeignError::Model {
            path: self.path.clone(),
            cause,
        }
    }

    /// The images of `data` with some numbers.
    fn predict_of(
        &self,
        data: &Dataset,
        numbers: &[usize],
    ) -> Result<Vec<Prediction>, ForeignError> {
        let images: Vec<_> = numbers.iter().map(|&number| data.image(number)).collect();
        let images: Vec<&[u8]> = images.iter().map(|image| &**image).collect();
        self.predict(&images)
    }

    /// Judges the model on `data`, which its preparation made: a part with the name `split` of `source`.
    ///
    /// # Errors
    /// [`ForeignError`] when it can't be computed, or gives other classes than the data has.
    pub fn judge(
        &self,
        data: &Dataset,
        source: &DataIdentity,
        split: &str,
        computer: &Computer,
        origin: &Origin,
    ) -> Result<Judged, ForeignError> {
        let all: Vec<usize> = (0..data.count).collect();
        let detects = self.model.is_detector();
        let order = self.order(data)?;
        let predict = || -> Result<Vec<Prediction>, ForeignError> {
            let mut predictions = Vec::with_capacity(data.count);
            for numbers in all.chunks(batch_size(data)) {
                let batch = self.predict_of(data, numbers)?;
                let other = batch.iter().find_map(|one| self.other_classes(one, data));
                if let Some(error) = other {
                    return Err(error);
                }
                predictions.extend(batch.into_iter().map(|one| reordered(one, &order)));
            }
            Ok(predictions)
        };
        let evaluated = evaluate_by(data, computer, detects, predict)?;
        let facts = RunFacts {
            recipe: self.name(),
            kind: ModelKind::Onnx,
            split: split.to_string(),
            infer_images_per_s: evaluated.images_per_s,
            parameters: self.model.model().parameters(),
            model_bytes: self.bytes,
            peak_rss_mib: measure::cost::peak_rss_mib(),
            device: computer.names(),
            threads: computer.threads,
            ..RunFacts::default()
        };
        let evaluation = match evaluated.predictions.rows[..] {
            [] => Evaluation::of_run(data.count, facts),
            [..] => Evaluation::from_predictions(&evaluated.predictions, facts)?,
        };
        let meter = computer.energy_meter();
        // A model that predicted everything once predicts it again.
        let speed = speed_of(data, |numbers| drop(self.predict_of(data, numbers)));
        let evaluation = Evaluation {
            model_digest: Some(self.digest.clone()),
            speed: Some(speed),
            energy: Some(Energy {
                train_j: None,
                infer_j_per_image: evaluated.energy_j.map(|joules| joules / data.count as f64),
                meter: meter.as_ref().ok().map(Meter::kind),
                unavailable: meter.err(),
            }),
            box_precision_recall: evaluated.box_precision_recall.clone(),
            localisation: evaluated.localisation,
            ..evaluation
        };
        let names = [&*self.name(), &self.path.to_string_lossy()];
        Ok(Judged::elsewhere(
            names, evaluation, evaluated, source, origin,
        ))
    }

    /// The data's class for each of the model's, which are found by their names.
    fn order(&self, data: &Dataset) -> Result<Vec<usize>, ForeignError> {
        let own = self.model.classes();
        let is_number = |(place, name): (usize, &String)| *name == place.to_string();
        // Numbers in their order are no names.
        if own.iter().enumerate().all(is_number) {
            return Ok((0..data.classes.len()).collect());
        }
        let place = |name: &String| data.classes.iter().position(|other| other == name);
        let order: Option<Vec<usize>> = own.iter().map(place).collect();
        let is_whole = |order: &Vec<usize>| {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            sorted.into_iter().eq(0..data.classes.len())
        };
        order.filter(is_whole).ok_or_else(|| ForeignError::Names {
            path: self.path.clone(),
            model: own.join(", "),
            data: data.classes.join(", "),
        })
    }

    /// What is wrong where a prediction has other classes than the data.
    fn other_classes(&self, prediction: &Prediction, data: &Dataset) -> Option<ForeignError> {
        let classes = data.classes.len();
        let found = prediction.detections.iter().map(|found| found.class + 1);
        let model = found.max().unwrap_or(0).max(prediction.probabilities.len());
        let fits = match self.model.is_detector() {
            true => model <= classes,
            false => model == classes,
        };
        (!fits).then(|| ForeignError::Classes {
            path: self.path.clone(),
            model,
            data: classes,
        })
    }
}

/// A prediction with the classes of `order` in the place of the model's.
fn reordered(mut prediction: Prediction, order: &[usize]) -> Prediction {
    prediction.class = order[prediction.class];
    for found in &mut prediction.detections {
        found.class = order[found.class];
    }
    let own = prediction.probabilities.clone();
    for (probability, place) in own.iter().zip(order) {
        prediction.probabilities[*place] = *probability;
    }
    prediction
}

/// What may be wrong where a model is hardly better than guessing, for people.
pub fn hint(evaluation: &Evaluation) -> Option<&'static str> {
    let scores = evaluation.classification.as_ref()?;
    let classes = scores.per_class.len();
    let is_poor = classes > 1 && scores.accuracy * classes as f64 <= HARDLY_BETTER;
    is_poor.then_some(
        "the model is hardly better than guessing: were its pictures prepared otherwise? --range 0,255 if it takes numbers \
         up to 255, --mean and --std as in its training, --layout, --fit; or are its classes in another order (--classes)?",
    )
}
