//! Predictions for a user's images, with boxes in the images' own pixels.

use burn::tensor::{Device, Tensor, TensorData};
use image::DynamicImage;
use rayon::prelude::*;
use serde::Serialize;

use crate::run::Trained;
use data::image::{Fitted, Fitter};
use data::preparation::normalize;
use recipe::{Colour, Fit};

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

/// Predicts images of any size, prepared as the run's training pictures were; the predictions' `image` is left empty.
pub fn predict(
    trained: &Trained,
    images: &[DynamicImage],
    device: &Device,
) -> Vec<ImagePrediction> {
    predict_fitted(trained, &fit_all(trained, images), device)
}

/// The images as the network sees them.
pub fn fit_all(trained: &Trained, images: &[DynamicImage]) -> Vec<Fitted> {
    images.par_iter().map(|image| fit(trained, image)).collect()
}

/// Predicts images that [`fit_all`] prepared; the predictions' `image` is left empty.
pub fn predict_fitted(
    trained: &Trained,
    images: &[Fitted],
    device: &Device,
) -> Vec<ImagePrediction> {
    let blank = images.iter().map(|image| shows_nothing(trained, image));
    let blank: Vec<bool> = blank.collect();
    let visible = images.iter().zip(&blank).filter(|(_, blank)| !**blank);
    let visible: Vec<&Fitted> = visible.map(|(image, _)| image).collect();
    let predictions = match visible.len() {
        0 => Vec::new(),
        _ => trained.network.predict(tensor(trained, &visible, device)),
    };
    let mut predictions = predictions
        .into_iter()
        .zip(&visible)
        .map(|(prediction, fitted)| ImagePrediction {
            image: String::new(),
            class: Some(trained.classes[prediction.class].clone()),
            score: prediction.score,
            probabilities: prediction.probabilities,
            detections: prediction
                .detections
                .iter()
                .map(|found| FoundObject {
                    bounds: fitted.mapping.to_original(found.bounds.into()),
                    class: trained.classes[found.class].clone(),
                    score: found.score,
                })
                .collect(),
            abreast: fitted.abreast,
        });
    let prediction = |blank| {
        if blank {
            return Some(blank_prediction());
        }
        predictions.next()
    };
    blank.into_iter().filter_map(prediction).collect()
}

/// The image in the size and colours of the network's input.
pub(crate) fn fit(trained: &Trained, image: &DynamicImage) -> Fitted {
    let preparation = &trained.preparation;
    let [channels, height, width] = trained.input;
    let colour = if channels == 1 {
        Colour::Grey
    } else {
        Colour::Rgb
    };
    Fitter::new(preparation, colour, [height, width]).fit(image)
}

/// Whether there is no ink on the paper. Any other picture shows something, even if it is the same everywhere.
pub(crate) fn shows_nothing(trained: &Trained, image: &Fitted) -> bool {
    trained.preparation.fit.is_some_and(Fit::is_ink) && image.is_blank()
}

/// The network's input, `[N, C, H, W]`.
pub(crate) fn tensor(trained: &Trained, images: &[&Fitted], device: &Device) -> Tensor<4> {
    let [channels, height, width] = trained.input;
    let mut values = vec![0.0; images.len() * channels * height * width];
    for (image, values) in images
        .iter()
        .zip(values.chunks_exact_mut(channels * height * width))
    {
        normalize(&trained.preparation, &image.pixels, values);
    }
    let shape = [images.len(), channels, height, width];
    Tensor::from_data(TensorData::new(values, shape), device)
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
