//! Trained networks as graphs: what they compute in inference, in operators that every runtime has.
//!
//! A network is given by its recipe and its parameters, which are found by their names.

mod blocks;
mod boxes;
mod classifier;
mod detector;
mod features;
mod graph;
mod layers;
mod parts;
mod picture;
mod regions;

use recipe::{Cnn, ShapeError};

pub use classifier::Scores;
pub use features::Plan;
pub use graph::Graph;
pub use layers::Weights;
use layers::Writer;
pub use parts::between_parts;
pub use picture::Picture;

/// A classifier for `picture`, with the output `logits` or `probabilities`, `[N, K]`.
///
/// # Errors
/// When the recipe does not fit the picture.
///
/// # Panics
/// When a parameter of the recipe's layers is missing.
pub fn classifier(
    weights: Weights,
    cnn: &Cnn,
    picture: &Picture,
    scores: Scores,
) -> Result<Graph, ShapeError> {
    let mut writer = Writer::new(weights);
    let image = picture::image(&mut writer.graph, picture);
    classifier::add(&mut writer, cnn, picture.shape, scores, image)?;
    Ok(writer.graph)
}

/// A detector for pictures of the plan's size, with the outputs `boxes`, `scores`, `labels` and `count`.
///
/// # Errors
/// As [`classifier`].
///
/// # Panics
/// As [`classifier`].
pub fn detector(weights: Weights, plan: &Plan, picture: &Picture) -> Result<Graph, ShapeError> {
    let mut writer = Writer::new(weights);
    let image = picture::image(&mut writer.graph, picture);
    detector::add_whole(&mut writer, plan, image)?;
    Ok(writer.graph)
}

/// The part of a detector before RoIAlign, for pictures of the plan's size.
///
/// # Errors
/// As [`classifier`].
///
/// # Panics
/// As [`classifier`].
pub fn trunk(weights: Weights, plan: &Plan, picture: &Picture) -> Result<Graph, ShapeError> {
    let mut writer = Writer::new(weights);
    let image = picture::image(&mut writer.graph, picture);
    detector::add_trunk(&mut writer, plan, image)?;
    Ok(writer.graph)
}

/// The part of a detector after RoIAlign.
///
/// # Panics
/// As [`classifier`].
pub fn head(weights: Weights, plan: &Plan) -> Graph {
    let mut writer = Writer::new(weights);
    detector::add_head(&mut writer, plan);
    writer.graph
}
