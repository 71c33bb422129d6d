//! What the server says about images: the objects of `predict --json`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nets::predict::FoundObject;
use serde::Serialize;
use utoipa::ToSchema;

use super::engine::Answered;

/// A PNG file as a `data:` URL.
pub fn png_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}

/// Predictions for all images of a request, in their order.
#[derive(Serialize, ToSchema)]
pub struct Answer {
    /// The model's name.
    pub model: String,
    /// One for each image.
    pub predictions: Vec<ImageAnswer>,
}

/// The prediction for one image.
#[derive(Serialize, ToSchema)]
pub struct ImageAnswer {
    /// The name that the request gave the image, if any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// The class; null for a blank image.
    class: Option<String>,
    /// The score of the best detection, or the probability of the class.
    score: f32,
    /// One for each class of the model, in their order.
    probabilities: Vec<f32>,
    /// Detected objects, best first; empty for a classifier.
    detections: Vec<ObjectAnswer>,
    /// The image as the network saw it, as a `data:` URL; only with `show=input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
}

/// A detected object.
#[derive(Serialize, ToSchema)]
struct ObjectAnswer {
    /// Corners x1, y1, x2, y2 in pixels of the image, right and bottom excluded.
    #[serde(rename = "box")]
    bounds: [f32; 4],
    /// The class.
    class: String,
    /// Its probability.
    score: f32,
}

impl ImageAnswer {
    /// The prediction for the image of this name.
    pub fn of(image: String, Answered { prediction, seen }: Answered) -> Self {
        let object = |found: FoundObject| ObjectAnswer {
            bounds: found.bounds,
            class: found.class,
            score: found.score,
        };
        Self {
            image,
            class: prediction.class,
            score: prediction.score,
            probabilities: prediction.probabilities,
            detections: prediction.detections.into_iter().map(object).collect(),
            input: seen.map(|png| png_url(&png)),
        }
    }
}
