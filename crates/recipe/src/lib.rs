//! A recipe: everything an experiment is, from its data and layers to its learning rate.
//!
//! Written in strict TOML. [`Recipe::load`] reads a built-in recipe by name or a file by path and
//! applies `--set key=value` on top; [`Recipe::to_toml`] writes it back with every default stated.

mod anchor_sizes;
mod augment;
mod builtin;
mod check;
mod checkpoints;
mod detector;
mod error;
mod layer;
mod optimizer;
mod parse;
mod problem;
mod ranges;
mod scenes;
mod schedule;
mod summary;
#[cfg(test)]
mod tests;
mod training;
mod value;
mod write;

pub use anchor_sizes::AnchorSizes;
pub use augment::Augment;
pub use builtin::{BuiltIn, built_in, names};
pub use check::{ShapeError, Stage, stages, summary};
pub use checkpoints::Checkpoints;
pub use detector::{
    Anchors, Backbone, BoxLoss, BoxRegression, Detections, FasterRcnn, Norm, Pyramid, Roi, Rpn,
};
pub use error::{RecipeError, WrongLine};
pub use layer::{Layer, Pool};
pub use optimizer::{Adam, AdamW, Muon, Optimizer, RmsProp, Sgd};
pub use parse::source;
pub use scenes::Scenes;
pub use schedule::{Constant, Cosine, OneCycle, Schedule, Step};
pub use summary::{LayerSummary, Shape, Summary};
pub use training::{EarlyStopping, Metric, Precision, Training};

use serde::{Deserialize, Serialize};

/// One experiment: what to learn from, what learns, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// Images and labels, and what is done to them before the network sees them.
    #[serde(default)]
    pub data: Data,
    /// The network, layer by layer. The only section without a default.
    pub model: Model,
    /// Epochs, batches, optimizer and schedule.
    #[serde(default)]
    pub training: Training,
}

/// Where images come from and what is done to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Data {
    /// `mnist` (built in, the default), [`SCENES`] (composed of MNIST's digits) or the path of a folder.
    pub source: String,
    /// Images held out of the training set to choose settings with; default 0: train on all.
    pub validation: usize,
    /// Random changes of the training images; default none.
    pub augment: Augment,
    /// The scale of the pixels that the network sees.
    pub normalize: Normalize,
    /// How scenes are composed; stated where `source` is `scenes`, not used elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenes: Option<Scenes>,
}

/// The `data.source` that composes scenes of several digits.
pub const SCENES: &str = "scenes";

impl Data {
    /// Whether both give the same test images.
    pub fn same_test_images(&self, other: &Self) -> bool {
        let test_scenes = |data: &Self| Scenes {
            train_images: 0,
            ..data.scenes.clone().unwrap_or_default()
        };
        self.source == other.source
            && (self.source != SCENES || test_scenes(self) == test_scenes(other))
    }
}

impl Default for Data {
    fn default() -> Self {
        Self {
            source: "mnist".to_string(),
            validation: 0,
            augment: Augment::default(),
            normalize: Normalize::default(),
            scenes: None,
        }
    }
}

/// What a pixel p of 0..=255 becomes: (p / 255 - mean) / std.
///
/// The default, mean 0 and standard deviation 1, leaves pixels in 0..=1. MNIST's own figures are
/// 0.1307 and 0.3081.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Normalize {
    /// Subtracted from each pixel after division by 255; default 0.
    pub mean: f64,
    /// Each pixel is divided by it; default 1.
    pub std: f64,
}

impl Default for Normalize {
    fn default() -> Self {
        Self {
            mean: 0.0,
            std: 1.0,
        }
    }
}

/// The network; `kind` says which.
// Deserialized by `value.rs`, which takes the variant from the key `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
// A run holds one recipe: 300 bytes more are not worth a Box in every match.
#[expect(clippy::large_enum_variant)]
pub enum Model {
    /// `kind = "cnn"`: a classifier.
    Cnn(Cnn),
    /// `kind = "faster-rcnn"`: a two-stage detector.
    FasterRcnn(FasterRcnn),
}

impl Model {
    /// The value of `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Cnn(_) => "cnn",
            Self::FasterRcnn(_) => "faster-rcnn",
        }
    }

    /// The layers that read the image: all of a CNN, the backbone of a detector.
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
    /// In order; the last gives as many features as there are classes.
    pub layers: Vec<Layer>,
    /// Pixels: once trained, an image is also answered moved by up to this much in each direction, and the probabilities
    /// of all its positions are averaged; 1 takes nine times as long. Default 0.
    #[serde(default)]
    pub test_shift: usize,
}
