//! A model that looks at pictures: how they become its input, and its outputs predictions.
//!
//! What a file written by this program says in its metadata is used as it is; of other files the input's shape and the
//! user tell the rest.

mod input;
mod output;

use recipe::{Colour, Fit, Image, InputSize, PerChannel};

use super::error::OnnxError;
use super::model::{Dimension, Model};
use super::tensor::Kind;
use input::Input;
pub use input::Layout;
use output::Output;
pub use output::{Found, Prediction};

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
        preparation.size = Some(InputSize::Fixed([height, width]));
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

    /// The names of the classes, in the order of the outputs; empty where nobody said them.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Whether it finds objects instead of classifying pictures.
    pub fn is_detector(&self) -> bool {
        self.output == Output::Boxes
    }

    /// The model itself.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What the model says of images `[C, H, W]` of its size, 0 to 255.
    ///
    /// # Errors
    /// When the model can't be computed.
    pub fn predict(&self, images: &[&[u8]]) -> Result<Vec<Prediction>, OnnxError> {
        let mut all = Vec::with_capacity(images.len());
        for batch in images.chunks(self.input.batch.unwrap_or(BATCH).max(1)) {
            all.extend(self.run(batch)?);
        }
        Ok(all)
    }

    /// One batch; where the model takes a fixed number of images, the last batch is filled up.
    fn run(&self, images: &[&[u8]]) -> Result<Vec<Prediction>, OnnxError> {
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
