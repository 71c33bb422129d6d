//! A trained network, put together from its recipe and its weights; its figures.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use data::Dataset;
use measure::energy::Meter;
use measure::record::{
    self, DataIdentity, Energy, EpochRecord, Evaluation, ModelKind, RunFacts, TimeToAccuracy,
};
use recipe::{Model, Recipe};
use serde::{Deserialize, Serialize};

use super::import::gaps;
use super::{Judged, Origin, Run, RunError};
use crate::cnn::PredictionOptions;
use crate::device::Computer;
use crate::evaluation::{Evaluated, evaluate};
use crate::network::Network;
use crate::speed::speed;
use crate::temperature::Calibration;
use crate::training::{self, BestEpoch, Snapshot};
use crate::weights::{self, Weights};

/// Elements of an image that a network takes, at most: 64 Mi, such as 3 x 4096 x 4096.
const MOST_INPUT: usize = 1 << 26;

/// A trained network with everything needed to use it.
#[derive(Debug)]
pub struct Trained {
    /// The network, for predictions.
    pub network: Network,
    /// The recipe it was trained by.
    pub recipe: Recipe,
    /// Its classes.
    pub classes: Vec<String>,
    /// Images it takes, `[C, H, W]`.
    pub input: [usize; 3],
    /// How pictures become such images, with all that was computed from the training pictures.
    pub preparation: recipe::Image,
}

impl Trained {
    /// The network of a recipe with these weights, and what their file says; `files` are those of both, for errors.
    ///
    /// # Errors
    /// [`RunError`] when they do not fit each other.
    pub(crate) fn assemble(
        [path, recipe_path]: [&Path; 2],
        recipe: Recipe,
        weights: &Weights,
        about: About,
        device: &Device,
    ) -> Result<Self, RunError> {
        let (classes, input) = (about.classes, about.input);
        let damaged = |reason: String| RunError::Damaged {
            path: path.to_path_buf(),
            reason,
        };
        let recipe::Image { colour, size, .. } = about.preparation;
        let prepared = colour
            .zip(size)
            .map(|(colour, size)| (colour.channels(), size.nominal()))
            .map(|(channels, [h, w])| [channels, h, w]);
        if prepared != Some(input) {
            return Err(damaged(format!(
                "it states images of {input:?}, but prepares pictures for {prepared:?}"
            )));
        }
        let elements = input
            .iter()
            .try_fold(1_usize, |n, &side| n.checked_mul(side));
        if !elements.is_some_and(|elements| (1..=MOST_INPUT).contains(&elements)) {
            return Err(damaged(format!("it states images of {input:?}")));
        }
        // Before anything of that size is allocated.
        let summary = recipe.summary(input, classes.len());
        let summary = summary.map_err(|cause| RunError::Damaged {
            path: recipe_path.to_path_buf(),
            reason: cause.to_string(),
        })?;
        let described = summary.parameters;
        let held: usize = weights.values().map(|weight| weight.values.len()).sum();
        if described > held as u64 {
            return Err(damaged(format!(
                "it holds {held} numbers, but the network of {} has {described} parameters",
                recipe_path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
            )));
        }
        let network = Network::new(&recipe, input, classes.len(), device)?;
        let network = weights::apply(network, weights).map_err(|cause| RunError::OtherNetwork {
            file: path.to_path_buf(),
            recipe: recipe_path.to_path_buf(),
            cause,
        })?;
        Ok(Self {
            network: network
                .predicting_with(prediction_options(&recipe, about.calibration))
                .without_classes(gaps(&classes)),
            recipe,
            classes,
            input,
            preparation: about.preparation,
        })
    }
}

impl Run {
    /// The network as far as it is trained: of an unfinished run that of its newest checkpoint.
    ///
    /// # Errors
    /// [`RunError::NotFinished`] before the first checkpoint; other errors for damaged files.
    pub fn trained_so_far(&self, computer: &Computer) -> Result<Trained, RunError> {
        if self.weights_file().is_ok() {
            return self.trained(computer);
        }
        let snapshot = training::snapshot(&self.path().join(record::CHECKPOINTS))?;
        let Some(Snapshot {
            file,
            weights,
            images,
        }) = snapshot
        else {
            let path = self.path().to_path_buf();
            return Err(RunError::NotFinished { path });
        };
        let about = About {
            classes: images.classes,
            input: images.input,
            preparation: images.preparation,
            best: None,
            calibration: None,
        };
        let files = [&*file, &self.path().join(record::RECIPE)];
        Trained::assemble(files, self.recipe()?, &weights, about, &computer.device)
    }

    /// What changes when [`trained_so_far`](Self::trained_so_far) gives another network: the newest file of weights.
    pub fn newest_weights(&self) -> Option<PathBuf> {
        let finished = self.weights_file().ok();
        finished.or_else(|| {
            let folder = self.path().join(record::CHECKPOINTS);
            training::newest(&folder).ok()?.map(|(_, file)| file)
        })
    }
}

/// A model that was not trained in a run of this machine.
pub(crate) struct Untrained<'a> {
    pub name: &'a str,
    /// Its file or folder.
    pub path: &'a Path,
    /// Size of its weights.
    pub model_bytes: u64,
}

impl Trained {
    /// Judges the network on `data`: a part with the name `split` of `source`.
    ///
    /// # Errors
    /// [`RunError`] when the data does not suit the network.
    pub(crate) fn judge(
        &self,
        of: &Untrained,
        data: &Dataset,
        source: &DataIdentity,
        split: &str,
        computer: &Computer,
        origin: &Origin,
    ) -> Result<Judged, RunError> {
        let evaluated = evaluate(&self.network, data, computer)?;
        let subject = Subject {
            name: of.name.to_string(),
            recipe: &self.recipe,
            network: &self.network,
            history: &[],
            model_bytes: of.model_bytes,
        };
        let evaluation = subject.evaluation(&evaluated, data, computer, split)?;
        let names = [of.name, &of.path.to_string_lossy()];
        Ok(Judged::elsewhere(
            names, evaluation, evaluated, source, origin,
        ))
    }
}

/// What the figures of a network are about.
pub(crate) struct Subject<'a> {
    /// Of the run or the model.
    pub name: String,
    pub recipe: &'a Recipe,
    pub network: &'a Network,
    /// Every epoch of its training.
    pub history: &'a [EpochRecord],
    /// Size of the file of its weights.
    pub model_bytes: u64,
}

impl Subject<'_> {
    /// The metrics of predictions on a split, with the network's speed, which is measured now.
    ///
    /// # Errors
    /// [`RunError`] when predictions and data do not belong together.
    pub fn evaluation(
        &self,
        evaluated: &Evaluated,
        data: &Dataset,
        computer: &Computer,
        split: &str,
    ) -> Result<Evaluation, RunError> {
        let (recipe, network, history) = (self.recipe, self.network, self.history);
        let summary = recipe.summary(data.image_shape(), data.classes.len())?;
        let facts = RunFacts {
            recipe: self.name.clone(),
            kind: match recipe.model {
                Model::Cnn(_) => ModelKind::Cnn,
                Model::FasterRcnn(_) => ModelKind::FasterRcnn,
            },
            split: split.to_string(),
            train_s: history.last().map_or(0.0, |epoch| epoch.seconds),
            infer_images_per_s: evaluated.images_per_s,
            parameters: summary.parameters,
            multiply_adds: summary.multiply_adds,
            model_bytes: self.model_bytes,
            peak_rss_mib: measure::cost::peak_rss_mib(),
            epochs: history.len(),
            seed: recipe.training.seed,
            device: computer.names(),
            threads: computer.threads,
        };
        let evaluation = match data.labels() {
            Some(_) => Evaluation::from_predictions(&evaluated.predictions, facts)?,
            None => Evaluation::of_run(data.count, facts),
        };
        let meter = computer.energy_meter();
        let energy = Energy {
            train_j: history.last().and_then(|epoch| epoch.energy_j),
            infer_j_per_image: evaluated.energy_j.map(|joules| joules / data.count as f64),
            meter: meter.as_ref().ok().map(Meter::kind),
            unavailable: meter.err(),
        };
        Ok(Evaluation {
            model_digest: Some(weights::digest(&weights::collect(network))),
            speed: Some(speed(network, data, computer)),
            energy: Some(energy),
            time_to_accuracy: TimeToAccuracy::of(history),
            box_precision_recall: evaluated.box_precision_recall.clone(),
            localisation: evaluated.localisation,
            ..evaluation
        })
    }
}

/// How a trained network predicts.
pub(super) fn prediction_options(
    recipe: &Recipe,
    calibration: Option<Calibration>,
) -> PredictionOptions {
    PredictionOptions {
        test_shift: match &recipe.model {
            Model::Cnn(cnn) => cnn.test_shift,
            Model::FasterRcnn(_) => 0,
        },
        temperature: calibration.map_or(1.0, |calibration| calibration.temperature),
    }
}

/// What a file of weights says about itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct About {
    pub classes: Vec<String>,
    /// `[C, H, W]`
    pub input: [usize; 3],
    /// How pictures become such images, with all that was computed from the training pictures.
    pub preparation: recipe::Image,
    /// The epoch they are from, if that is not the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<BestEpoch>,
    /// The temperature of a classifier's probabilities, where one was fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}
