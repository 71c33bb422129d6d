//! Predictions for a user's images, with boxes in the images' own pixels.

use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;

use crate::run::Trained;
use data::image::{Fitted, Gray, digit, whole};
use data::preparation::Preparation;

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

/// Predicts images of any size and polarity; the predictions' `image` is left empty.
pub fn predict(trained: &Trained, images: &[Gray], device: &Device) -> Vec<ImagePrediction> {
    let visible = images.iter().filter(|image| !image.is_blank());
    let fitted: Vec<Fitted> = visible.map(|image| fit(trained, image)).collect();
    let predictions = match fitted.len() {
        0 => Vec::new(),
        _ => trained.network.predict(tensor(trained, &fitted, device)),
    };
    let mut predictions = predictions
        .into_iter()
        .zip(&fitted)
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
        });
    let blank = || ImagePrediction {
        image: String::new(),
        class: None,
        score: 0.0,
        probabilities: Vec::new(),
        detections: Vec::new(),
    };
    let prediction = |image: &Gray| {
        if image.is_blank() {
            return Some(blank());
        }
        predictions.next()
    };
    images.iter().filter_map(prediction).collect()
}

/// The image in the size of the network's input.
pub(crate) fn fit(trained: &Trained, image: &Gray) -> Fitted {
    // A network for 28 x 28 expects digits as MNIST has them; any other sees the whole image.
    match trained.input {
        [_, 28, 28] => digit(image),
        [_, height, width] => whole(image, height, width),
    }
}

/// The network's input, `[N, C, H, W]`.
pub(crate) fn tensor(trained: &Trained, images: &[Fitted], device: &Device) -> Tensor<4> {
    let [channels, height, width] = trained.input;
    let preparation = Preparation::without_augmentation(&trained.recipe.data);
    let mut values = vec![0.0; images.len() * channels * height * width];
    let planes = images
        .iter()
        .flat_map(|image| std::iter::repeat_n(image, channels));
    for (image, plane) in planes.zip(values.chunks_exact_mut(height * width)) {
        preparation.normalize(&image.pixels, plane);
    }
    let shape = [images.len(), channels, height, width];
    Tensor::from_data(TensorData::new(values, shape), device)
}
