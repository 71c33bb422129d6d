//! Walks an image through a network: the shape and cost of each layer, or the layer that does not fit.

mod chain;
mod detector;

use super::experiment::{Model, Recipe};
use super::layer::Layer;
use super::summary::{Shape, Summary};
pub use chain::{ShapeError, summary, summary_of};
pub use detector::{Stage, stages};

impl Recipe {
    /// The whole network on images of `input` = `[C, H, W]` with this many classes.
    ///
    /// # Errors
    /// The first layer whose input does not fit, or a last layer that does not suit the model.
    pub fn summary(&self, input: [usize; 3], classes: usize) -> Result<Summary, ShapeError> {
        match &self.model {
            Model::Cnn(cnn) => classifier(&cnn.layers, input, classes),
            Model::FasterRcnn(model) => detector::summary(model, input, classes),
        }
    }
}

fn classifier(layers: &[Layer], input: [usize; 3], classes: usize) -> Result<Summary, ShapeError> {
    let summary = summary(layers, input)?;
    let output = summary.output();
    if output == Shape::Features(classes) {
        return Ok(summary);
    }
    Err(ShapeError {
        layers: "model.layers".to_string(),
        index: layers.len().saturating_sub(1),
        name: layers
            .last()
            .map_or_else(|| "no layer".to_string(), ToString::to_string),
        what: format!("the last layer gives {output}, but the data has {classes} classes"),
        help: format!("end with {{ linear = {classes} }}"),
    })
}
