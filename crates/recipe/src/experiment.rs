//! A recipe: the data, the network, and how it is trained.

use super::backbone::NamedBackbone;
use super::classification::{Loss, Sampler};
use super::data::{Data, Validation};
use super::detector::FasterRcnn;
use super::freeze::{Body, frozen, rates};
use super::image::InputSize;
use super::layer::{self, Layer};
use super::options::{Check, Checked, at, within};
use super::problem::Problem;
use super::training::Training;
use serde::{Deserialize, Serialize};

/// One experiment: the data, the network, and how it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// Images and labels, and how they are prepared.
    #[serde(default)]
    pub data: Data,
    /// The network, layer by layer. The only section without a default.
    pub model: Model,
    /// Epochs, batches, optimizer and schedule.
    #[serde(default)]
    pub training: Training,
}

/// The network; `kind` says which.
// serde's name for the enum is the key that names the variant: see `value.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "kind", rename_all = "kebab-case")]
// A run holds one recipe: 300 bytes more are not worth a Box in every match.
#[expect(clippy::large_enum_variant)]
pub enum Model {
    /// `kind = "cnn"`: a classifier.
    Cnn(Cnn),
    /// `kind = "faster-rcnn"`: a two-stage detector.
    FasterRcnn(FasterRcnn),
}

impl Check for Recipe {
    fn check(&self) -> Checked {
        at("data", self.data.check())?;
        at(
            "model",
            match &self.model {
                Model::Cnn(cnn) => cnn.check(),
                Model::FasterRcnn(detector) => detector.check(),
            },
        )?;
        at("training", self.training.check())?;
        check_training_with_the_rest(self)
    }
}

/// Conditions that the training options put on the rest of the recipe.
fn check_training_with_the_rest(recipe: &Recipe) -> Checked {
    let Recipe { data, training, .. } = recipe;
    let scaling = training.temperature_scaling;
    for (key, used, does) in [
        (
            "early-stopping",
            training.early_stopping.is_some(),
            "watches",
        ),
        ("temperature-scaling", scaling, "fits"),
    ] {
        let nothing = data.validation.is_none()
            || (data.is_built_in() && data.validation == Validation::Folder);
        if used && nothing {
            let what = format!("{does} held-out images, and none are held out");
            let help = "hold out some with data.validation = 5000, say, or leave it out";
            return at(
                "training",
                at(key, Err(Problem::here(what).with_help(help))),
            );
        }
    }
    // Parts are those of the whole network, also where the recipe names its backbone.
    let whole = recipe.model.clone().with_backbone();
    let frozen = frozen(whole.body(), &training.freeze);
    at("training", at("freeze", frozen.map(|_| ())))?;
    let rates = rates(whole.body(), &training.learning_rates);
    at("training", at("learning-rates", rates.map(|_| ())))?;
    let is_classifier = matches!(recipe.model, Model::Cnn(_));
    for (key, used) in [
        ("mixup", training.mixup > 0.0),
        ("temperature-scaling", scaling),
        ("loss", training.loss != Loss::CrossEntropy),
        ("class-weights", training.class_weights.is_some()),
        ("sampler", training.sampler != Sampler::Shuffle),
    ] {
        if used && !is_classifier {
            return at("training", at(key, only_for("classifiers", "cnn")));
        }
    }
    if let Some(InputSize::Sides(_)) = data.image.size {
        if is_classifier {
            let checked = only_for("detectors", "faster-rcnn")
                .map_err(|problem| problem.with_help("write size = [height, width]"));
            return at("data", at("image", at("size", checked)));
        }
        if data.augment.mosaic > 0.0 {
            let what = "joins images of one size, data.image.size = [height, width]";
            let problem = Problem::here(what).with_help("leave it out");
            return at("data", at("augment", at("mosaic", Err(problem))));
        }
    }
    if is_classifier && data.augment.mosaic > 0.0 {
        let checked = only_for("detectors", "faster-rcnn");
        return at("data", at("augment", at("mosaic", checked)));
    }
    Ok(())
}

fn only_for(networks: &str, kind: &str) -> Checked {
    let what = format!("is for {networks} (model.kind = \"{kind}\") only");
    Err(Problem::here(what).with_help("leave it out"))
}

impl Recipe {
    /// Whether each of [`Model::layers`] is frozen: not changed by training.
    pub fn frozen_layers(&self) -> Vec<bool> {
        // The names in a checked recipe are those of parts.
        frozen(self.model.body(), &self.training.freeze).unwrap_or_default()
    }

    /// The part of the network that each of [`Model::layers`] belongs to: `stem`, `stage-1`, `backbone` or `head`.
    pub fn layer_parts(&self) -> Vec<String> {
        self.model.body().names()
    }

    /// What the learning rate of each of [`Model::layers`] is multiplied by.
    pub fn layer_rates(&self) -> Vec<f64> {
        // As above.
        rates(self.model.body(), &self.training.learning_rates).unwrap_or_default()
    }

    /// The same experiment without shorthand: stages and blocks are written as the layers that they stand for, on images
    /// of this many `channels`.
    pub fn expanded(mut self, channels: usize) -> Self {
        let layers = self.model.layers().to_vec();
        let place = |at: usize| layer::expanded(&layers[..at], channels).len();
        // What was called stage-2 is several layers now.
        let rename = |name: &str| match self.model.body().find(name) {
            Ok(range) => format!("layers[{}..{}]", place(range.start), place(range.end)),
            Err(_) => name.to_string(),
        };
        let freeze = self.training.freeze.iter().map(|name| rename(name));
        let freeze = freeze.collect();
        let rates = self.training.learning_rates.iter();
        let rates = rates.map(|(name, factor)| (rename(name), *factor));
        let rates = rates.collect();
        self.training.freeze = freeze;
        self.training.learning_rates = rates;
        match &mut self.model {
            Model::Cnn(cnn) => cnn.layers = layer::expanded(&layers, channels),
            Model::FasterRcnn(detector) => {
                let ends = detector.map_ends().into_iter().map(place);
                let from = ends.map(|end| format!("layers[{}]", end.saturating_sub(1)));
                let from: Vec<String> = from.collect();
                if let Some(pyramid) = &mut detector.pyramid {
                    pyramid.from = from;
                }
                detector.backbone.layers = layer::expanded(&layers, channels);
            }
        }
        self
    }
}

impl Model {
    /// The same network with the layers that a backbone's name stands for.
    pub(super) fn with_backbone(self) -> Self {
        match self {
            Self::Cnn(cnn) => Self::Cnn(cnn.with_backbone()),
            detector => detector,
        }
    }

    /// What parts of it are named in.
    fn body(&self) -> Body<'_> {
        Body {
            layers: self.layers(),
            with_head: matches!(self, Self::Cnn(_)),
        }
    }

    /// The value of `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Cnn(_) => "cnn",
            Self::FasterRcnn(_) => "faster-rcnn",
        }
    }

    /// The layers that read the image: all layers of a CNN, the backbone of a detector.
    pub fn layers(&self) -> &[Layer] {
        match self {
            Self::Cnn(cnn) => &cnn.layers,
            Self::FasterRcnn(detector) => &detector.backbone.layers,
        }
    }
}

/// A chain of layers from the image to one number (logit) per class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cnn {
    /// A network of a known name whose layers come before `layers`. Once a recipe is checked they are part of `layers`.
    #[serde(default, skip_serializing)]
    backbone: Option<NamedBackbone>,
    /// In order; the last has as many features as there are classes.
    pub layers: Vec<Layer>,
    /// Test-time augmentation. Pixels: predictions are averaged over the image shifted by up to this much in each
    /// direction; 1 takes nine times as long, 3 takes 49 times as long. Default 0.
    #[serde(default)]
    pub test_shift: usize,
}

impl Cnn {
    /// These layers.
    pub fn new(layers: Vec<Layer>, test_shift: usize) -> Self {
        Self {
            backbone: None,
            layers,
            test_shift,
        }
    }

    /// The same network with the layers that a backbone's name stands for.
    fn with_backbone(self) -> Self {
        let NamedBackbone(mut layers) = self.backbone.unwrap_or(NamedBackbone(Vec::new()));
        layers.extend(self.layers);
        Self::new(layers, self.test_shift)
    }
}

impl Check for Cnn {
    fn check(&self) -> Checked {
        at("layers", layer::check_all(&self.layers))?;
        at("test-shift", within(..=3)(&self.test_shift))
    }
}
