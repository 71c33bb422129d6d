//! A recipe describes an experiment completely, from its data and layers to its learning rate.
//!
//! Written in strict TOML. [`Recipe::load`] reads a built-in recipe by name or a file by path and
//! applies `--set key=value` on top; [`Recipe::to_toml`] writes it back with every default written out.

/// The crate's README, whose example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod anchor_sizes;
mod augment;
mod builtin;
mod checkpoints;
mod data;
mod detector;
mod error;
mod layer;
mod memory;
mod optimizer;
mod options;
mod parse;
mod problem;
mod scenes;
mod schedule;
mod shapes;
mod summary;
#[cfg(test)]
mod tests;
mod training;
mod value;
mod write;

pub use anchor_sizes::AnchorSizes;
pub use augment::Augment;
pub use builtin::{BuiltIn, built_in, names};
pub use checkpoints::Checkpoints;
pub use data::{Data, Normalize, SCENES};
pub use detector::{
    Anchors, Backbone, BoxLoss, BoxRegression, Detections, FasterRcnn, Norm, Pyramid, Roi, Rpn,
};
pub use error::{RecipeError, WrongLine};
pub use layer::{Layer, Pool};
pub use memory::{Bytes, Memory, TooLarge};
pub use optimizer::{Adam, AdamW, Muon, Optimizer, RmsProp, Sgd};
pub use parse::source;
pub use scenes::Scenes;
pub use schedule::{Constant, Cosine, OneCycle, Schedule, Step};
pub use shapes::{ShapeError, Stage, stages, summary};
pub use summary::{LayerSummary, Shape, Summary};
pub use training::{EarlyStopping, Metric, Precision, Training};

use options::{Check, Checked, at, within};
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
        training::check_with_the_rest(self)
    }
}

impl Model {
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
    /// In order; the last has as many features as there are classes.
    pub layers: Vec<Layer>,
    /// Test-time augmentation. Pixels: predictions are averaged over the image shifted by up to this much in each
    /// direction; 1 takes nine times as long, 3 takes 49 times as long. Default 0.
    #[serde(default)]
    pub test_shift: usize,
}

impl Check for Cnn {
    fn check(&self) -> Checked {
        at("layers", layer::check_all(&self.layers))?;
        at("test-shift", within(..=3)(&self.test_shift))
    }
}
