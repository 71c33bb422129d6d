//! A recipe describes an experiment completely, from its data and layers to its learning rate.
//!
//! Written in strict TOML. [`Recipe::load`] reads a built-in recipe by name or a file by path and
//! applies `--set key=value` on top; [`Recipe::to_toml`] writes it back with every default written out.

/// The crate's README, whose example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod anchor_shapes;
mod anchor_sizes;
mod augment;
mod backbone;
mod builtin;
mod checkpoints;
mod classification;
mod data;
mod detector;
mod error;
mod experiment;
mod freeze;
mod image;
mod layer;
mod memory;
mod optimizer;
mod options;
mod parse;
mod problem;
mod scenes;
mod schedule;
mod shapes;
mod suggest;
mod summary;
#[cfg(test)]
mod tests;
mod training;
mod value;
mod write;

pub use anchor_shapes::AnchorShapes;
pub use anchor_sizes::AnchorSizes;
pub use augment::Augment;
pub use backbone::Backbone;
pub use builtin::{BuiltIn, about, built_in, names};
pub use checkpoints::Checkpoints;
pub use classification::{ClassWeights, Focal, Loss, Sampler};
pub use data::{Boxes, Cache, Data, Format, MNIST, OnError, SCENES, Validation};
pub use detector::{
    Anchors, BoxLoss, BoxRegression, Detections, FasterRcnn, Norm, Pyramid, Roi, Rpn, Spacing,
    group_count,
};
pub use error::{RecipeError, WrongLine};
pub use experiment::{Cnn, Model, Recipe};
pub use image::{Colour, Fit, Image, InputSize, PerChannel, Sides};
pub use layer::{Block, BlockActivation, Gate, Groups, Inverted, Layer, Pool, ResidualStage};
pub use memory::{Bytes, Memory, TooLarge};
pub use optimizer::{Adam, AdamW, Muon, Optimizer, RmsProp, Sgd};
pub use parse::{place_of, source};
pub use scenes::Scenes;
pub use schedule::{Constant, Cosine, OneCycle, ReduceOnPlateau, Schedule, Step};
pub use shapes::{ShapeError, Stage, stages, summary, summary_of};
pub use suggest::{
    BoxShape, Limits, SuggestError, Suggestion, Survey, SurveyedClass, SurveyedObjects, suggest,
};
pub use summary::{LayerSummary, Shape, Summary, grouped};
pub use training::{EarlyStopping, Metric, Precision, Training};
