//! Predictions for a user's images, with boxes in the images' own pixels.

use burn::tensor::{Device, Tensor, TensorData};
use image::DynamicImage;
use rayon::prelude::*;
use serde::Serialize;

use crate::batch::padded;
use crate::foreign::{Foreign, ForeignError};
use crate::prediction::{Detection, Prediction};
use crate::run::Trained;
use data::image::{Fitted, Fitter};
use data::preparation::{normalize, resize_and_normalize};
use data::resized::Resized;
use recipe::{Colour, Fit, Image, InputSize, Sides};

/// The prediction for one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImagePrediction {
    /// The file.
    pub image: String,
    /// The class; `None` for a blank image, which has no probabilities and no detections either.
    pub class: Option<String>,
    /// The score of the best detection, or the probability of the class.
    pub score: f32,
    /// One per class, in the order of the network's classes.
    pub probabilities: Vec<f32>,
    /// Detected objects, best first; empty for a classifier.
    pub detections: Vec<FoundObject>,
    /// Digits side by side, where a network that reads one took them for one.
    #[serde(skip)]
    pub abreast: usize,
}

/// A detected object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundObject {
    /// Corners `[x1, y1, x2, y2]` in pixels of the file, right and bottom excluded.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// The class.
    pub class: String,
    /// Its probability.
    pub score: f32,
}

/// What predicts.
#[derive(Clone, Copy, Debug)]
pub enum Predictor<'a> {
    /// A network on its device.
    Network(&'a Trained, &'a Device),
    /// A model from a file.
    Foreign(&'a Foreign),
}

impl Predictor<'_> {
    /// Images that it takes, `[C, H, W]`.
    pub fn input(self) -> [usize; 3] {
        match self {
            Self::Network(trained, _) => trained.input,
            Self::Foreign(foreign) => foreign.model().input(),
        }
    }

    /// How pictures become such images.
    pub fn preparation(&self) -> &Image {
        match self {
            Self::Network(trained, _) => &trained.preparation,
            Self::Foreign(foreign) => foreign.model().preparation(),
        }
    }

    /// The name of a class.
    fn class(self, class: usize) -> String {
        match self {
            Self::Network(trained, _) => trained.classes[class].clone(),
            Self::Foreign(foreign) => foreign.class(class),
        }
    }

    /// The image in the size and colours of its input.
    pub fn fit(self, image: &DynamicImage) -> Fitted {
        let [channels, height, width] = self.input();
        let colour = if channels == 1 {
            Colour::Grey
        } else {
            Colour::Rgb
        };
        Fitter::new(self.preparation(), colour, [height, width]).fit(image)
    }

    /// The images as it sees them.
    pub fn fit_all(self, images: &[DynamicImage]) -> Vec<Fitted> {
        images.par_iter().map(|image| self.fit(image)).collect()
    }

    /// Whether there is no ink on the paper. Any other picture shows something, even if it is the same everywhere.
    pub(crate) fn shows_nothing(self, image: &Fitted) -> bool {
        self.preparation().fit.is_some_and(Fit::is_ink) && image.is_blank()
    }

    /// Predicts images of any size, prepared as the training pictures were; the predictions' `image` is left empty.
    ///
    /// # Errors
    /// [`ForeignError`] when a model from a file can't be computed.
    pub fn predict(self, images: &[DynamicImage]) -> Result<Vec<ImagePrediction>, ForeignError> {
        self.predict_fitted(&self.fit_all(images))
    }

    /// Predicts images that [`fit_all`](Self::fit_all) prepared; the predictions' `image` is left empty.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_fitted(self, images: &[Fitted]) -> Result<Vec<ImagePrediction>, ForeignError> {
        let blank = images.iter().map(|image| self.shows_nothing(image));
        let blank: Vec<bool> = blank.collect();
        let visible = images.iter().zip(&blank).filter(|(_, blank)| !**blank);
        let visible: Vec<&Fitted> = visible.map(|(image, _)| image).collect();
        let predictions = match (visible.len(), self) {
            (0, _) => Vec::new(),
            (_, Self::Network(trained, device)) => {
                // Padding makes a difference: one at a time, none depends on which others it is with.
                let most = match sides(trained) {
                    Some(_) => 1,
                    None => visible.len(),
                };
                let predict = |images: &[&Fitted]| {
                    let (images, resized) = tensor(trained, images, device);
                    trained.network.predict_resized(images, &resized)
                };
                visible.chunks(most).flat_map(predict).collect()
            }
            (_, Self::Foreign(foreign)) => {
                let pixels: Vec<&[u8]> = visible.iter().map(|it| &it.pixels[..]).collect();
                foreign.predict(&pixels)?
            }
        };
        let mut predictions = predictions
            .into_iter()
            .zip(&visible)
            .map(|(prediction, fitted)| self.in_the_picture(prediction, fitted));
        let prediction = |blank| {
            if blank {
                return Some(blank_prediction());
            }
            predictions.next()
        };
        Ok(blank.into_iter().filter_map(prediction).collect())
    }

    /// A prediction with names instead of numbers, and boxes in pixels of the picture.
    fn in_the_picture(self, prediction: Prediction, fitted: &Fitted) -> ImagePrediction {
        let found = |found: &Detection| FoundObject {
            bounds: fitted.mapping.to_original(found.bounds.into()),
            class: self.class(found.class),
            score: found.score,
        };
        // A detector from a file says nothing of a picture in which it finds nothing.
        let says_nothing = prediction.probabilities.is_empty() && prediction.detections.is_empty();
        ImagePrediction {
            image: String::new(),
            class: (!says_nothing).then(|| self.class(prediction.class)),
            score: prediction.score,
            detections: prediction.detections.iter().map(found).collect(),
            probabilities: prediction.probabilities,
            abreast: fitted.abreast,
        }
    }
}

/// How pictures are resized for the network, where each has its own size.
fn sides(trained: &Trained) -> Option<Sides> {
    trained.preparation.size.and_then(InputSize::sides)
}

/// The network's input, `[N, C, H, W]`, and how each image was resized (see [`crate::batch::Batch::resized`]).
pub(crate) fn tensor(
    trained: &Trained,
    images: &[&Fitted],
    device: &Device,
) -> (Tensor<4>, Vec<Resized>) {
    if let Some(sides) = sides(trained) {
        let of = |image: &&Fitted| Resized::new(sides, [image.height, image.width]);
        let resized: Vec<Resized> = images.iter().map(of).collect();
        let values: Vec<Vec<f32>> = images
            .par_iter()
            .zip(&resized)
            .map(|(image, resized)| {
                resize_and_normalize(resized, &trained.preparation, &image.pixels)
            })
            .collect();
        let channels = trained.input[0];
        let images = padded(&values.concat(), channels, sides, &resized, device);
        return (images, resized);
    }
    let [channels, height, width] = trained.input;
    let mut values = vec![0.0; images.len() * channels * height * width];
    for (image, values) in images
        .iter()
        .zip(values.chunks_exact_mut(channels * height * width))
    {
        normalize(&trained.preparation, &image.pixels, values);
    }
    let shape = [images.len(), channels, height, width];
    let images = Tensor::from_data(TensorData::new(values, shape), device);
    (images, Vec::new())
}

fn blank_prediction() -> ImagePrediction {
    ImagePrediction {
        image: String::new(),
        class: None,
        score: 0.0,
        probabilities: Vec::new(),
        detections: Vec::new(),
        abreast: 0,
    }
}
