//! A model that looks at pictures: how they become its input, and its outputs predictions.
//!
//! What a file written by this program says in its metadata is used as it is; of other files the input's shape and the
//! user tell the rest.

mod input;
mod output;

use image::DynamicImage;
use rayon::prelude::*;
use recipe::{Colour, Fit, Image, PerChannel};

use super::error::OnnxError;
use super::model::{Dimension, Model};
use super::tensor::Kind;
use crate::predict::{FoundObject, ImagePrediction};
use data::image::{Fitted, Fitter};
use input::Input;
pub use input::Layout;
use output::Output;

/// Pictures that are computed at once, where the model takes any number: two blocks of lanes.
const BATCH: usize = 32;

/// What the user says about a model. Whatever is left out comes from the file, or is guessed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// Names of the classes, in the order of the outputs.
    pub classes: Option<Vec<String>>,
    /// Order of the input's axes.
    pub layout: Option<Layout>,
    /// `[height, width]` of the input, for models that take any.
    pub size: Option<[usize; 2]>,
    /// How pictures are brought to this size.
    pub fit: Option<Fit>,
    /// The values of black and white, before mean and deviation are applied.
    pub range: Option<[f64; 2]>,
    /// What is subtracted.
    pub mean: Option<PerChannel>,
    /// What it is divided by then.
    pub std: Option<PerChannel>,
}

/// A model with what it takes to show it pictures.
#[derive(Debug)]
pub struct PictureModel {
    model: Model,
    input: Input,
    output: Output,
    /// How pictures become the input, in all that a recipe can say.
    preparation: Image,
    classes: Vec<String>,
}

impl PictureModel {
    /// Makes out what the model takes and gives.
    ///
    /// # Errors
    /// When it takes no pictures, or what it takes can't be told: the message says what has to be given.
    pub fn new(model: Model, given: &Given) -> Result<Self, OnnxError> {
        let unsuitable = OnnxError::Unsuitable;
        let stored = match model.metadata().get("preparation") {
            Some(text) => Some(serde_json::from_str::<Image>(text).map_err(|error| {
                unsuitable(format!(
                    "the metadata's 'preparation' can't be read: {error}"
                ))
            })?),
            None => None,
        };
        let input = Input::of(&model, given).map_err(unsuitable)?;
        let [channels, height, width] = input.shape;
        let colour = if channels == 1 {
            Colour::Grey
        } else {
            Colour::Rgb
        };
        let mut preparation = stored.unwrap_or(Image {
            // A single digit is the most likely thing to be of this size.
            fit: Some(match [channels, height, width] {
                [1, 28, 28] => Fit::Digit,
                _ => Fit::Letterbox,
            }),
            ..Image::default()
        });
        preparation.colour = Some(colour);
        preparation.size = Some([height, width]);
        if given.fit.is_some() {
            preparation.fit = given.fit;
        }
        if let Some(mean) = given.mean {
            preparation.mean = mean;
        }
        if let Some(std) = given.std {
            preparation.std = std;
        }
        if input.kind == Kind::U8 {
            // Bytes: the model itself does what follows.
            preparation.mean = PerChannel::Same(0.0);
            preparation.std = PerChannel::Same(1.0);
        }
        let output = Output::of(&model).map_err(OnnxError::Unsuitable)?;
        let classes = output::classes(&model, given).map_err(OnnxError::Unsuitable)?;
        let range = given.range.unwrap_or([0.0, 1.0]);
        Ok(Self {
            input: Input { range, ..input },
            model,
            output,
            preparation,
            classes,
        })
    }

    /// Images that the model takes, `[C, H, W]`.
    pub fn input(&self) -> [usize; 3] {
        self.input.shape
    }

    /// How pictures become such images.
    pub fn preparation(&self) -> &Image {
        &self.preparation
    }

    /// The class of an output; its number where it has no name.
    fn class(&self, index: usize) -> String {
        self.classes
            .get(index)
            .cloned()
            .unwrap_or_else(|| index.to_string())
    }

    /// Predicts images of any size; the predictions' `image` is left empty.
    ///
    /// # Errors
    /// When the model can't be computed.
    pub fn predict(&self, images: &[DynamicImage]) -> Result<Vec<ImagePrediction>, OnnxError> {
        let [channels, height, width] = self.input.shape;
        let colour = if channels == 1 {
            Colour::Grey
        } else {
            Colour::Rgb
        };
        let fitter = Fitter::new(&self.preparation, colour, [height, width]);
        let fitted: Vec<Fitted> = images.par_iter().map(|image| fitter.fit(image)).collect();
        let mut predictions = Vec::with_capacity(images.len());
        for batch in fitted.chunks(self.input.batch.unwrap_or(BATCH).max(1)) {
            let pixels: Vec<&[u8]> = batch.iter().map(|fitted| &fitted.pixels[..]).collect();
            let outputs = self.run(&pixels)?;
            for (fitted, output) in batch.iter().zip(outputs) {
                let found = |found: &output::Found| FoundObject {
                    bounds: fitted.mapping.to_original(found.bounds),
                    class: self.class(found.class),
                    score: found.score,
                };
                predictions.push(ImagePrediction {
                    image: String::new(),
                    class: output.class.map(|class| self.class(class)),
                    score: output.score,
                    detections: output.detections.iter().map(found).collect(),
                    probabilities: output.probabilities,
                    abreast: fitted.abreast,
                });
            }
        }
        Ok(predictions)
    }

    /// The probabilities of the classes of images `[C, H, W]` of the model's size, 0 to 255; empty for a detector.
    ///
    /// # Errors
    /// When the model can't be computed.
    pub fn probabilities(&self, images: &[&[u8]]) -> Result<Vec<Vec<f32>>, OnnxError> {
        let mut all = Vec::with_capacity(images.len());
        for batch in images.chunks(self.input.batch.unwrap_or(BATCH).max(1)) {
            let outputs = self.run(batch)?;
            all.extend(outputs.into_iter().map(|output| output.probabilities));
        }
        Ok(all)
    }

    /// One batch; where the model takes a fixed number of images, the last batch is filled up.
    fn run(&self, images: &[&[u8]]) -> Result<Vec<output::Prediction>, OnnxError> {
        let tensor = self.input.tensor(images, &self.preparation)?;
        let outputs = self.model.run(&[(&self.input.name, tensor)])?;
        let predictions = self.output.read(&outputs).map_err(OnnxError::Unsuitable)?;
        if predictions.len() < images.len() {
            return Err(OnnxError::Unsuitable(format!(
                "the model gave {} predictions for {} images",
                predictions.len(),
                images.len()
            )));
        }
        Ok(predictions.into_iter().take(images.len()).collect())
    }
}

/// Whether the side is this number, or may be.
fn can_be(side: &Dimension, number: usize) -> bool {
    match side {
        Dimension::Fixed(fixed) => *fixed == number,
        Dimension::Named(_) | Dimension::Any => true,
    }
}
