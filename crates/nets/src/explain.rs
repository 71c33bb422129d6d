//! Pictures of how a trained network came to its prediction for one image.
//!
//! All numbers are in pixels of the network's input, whose size is [`Explanation::seen`].

mod board;
mod classifier;
mod detector;
mod heat;
mod inside;
mod occlusion;

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use measure::files::{FileError, write_atomically};
use serde::Serialize;

use crate::foreign::ForeignError;
use crate::network::Network;
use crate::predict::{Predictor, tensor};
pub use classifier::ClassifierMaps;
use data::draw;
use data::image::{self as pictures, Fitted, ImageError};
pub use detector::{DetectorStages, ScoredBox};
pub use inside::{Cell, ClassifierInside, Inside, LayerOutput, Place, cell, inside};
pub use occlusion::{ForeignBox, Occlusion};

/// Why an explanation could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The image file.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A picture can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture can't be encoded.
    #[error("{}: {cause}", path.display())]
    Png {
        /// The picture.
        path: PathBuf,
        /// What the encoder says.
        cause: image::ImageError,
    },
    /// A blank image.
    #[error("{}: nothing to see: the image is blank", .0.display())]
    Blank(PathBuf),
    /// A model from a file can't be computed.
    #[error(transparent)]
    Foreign(#[from] ForeignError),
    /// A classifier without a convolution.
    #[error("the network has no convolution, so there are no activation maps to show")]
    NoMaps,
    /// A model from a file.
    #[error("a model from a file does not show its layers; the run that it was exported from does")]
    Closed,
    /// A value that is not there.
    #[error("{0}")]
    NoCell(String),
}

/// A picture and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// The file.
    pub path: String,
    /// In one sentence.
    pub shows: String,
}

/// The explanation of one image's prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The file.
    pub image: String,
    /// The predicted class.
    pub class: String,
    /// The score of its best detection, or the probability of the class.
    pub score: f32,
    /// Width and height of the network's input.
    pub seen: [usize; 2],
    /// The pictures, in the order of the network.
    pub files: Vec<Picture>,
    /// The numbers behind them.
    #[serde(flatten)]
    pub by: ExplainedBy,
}

/// The numbers behind the pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExplainedBy {
    /// Of a classifier.
    Classifier(ClassifierMaps),
    /// Of a detector.
    Detector(DetectorStages),
    /// Of a classifier from a file.
    Occlusion(Occlusion),
    /// Of a detector from a file.
    Boxes(Vec<ForeignBox>),
}

/// A picture that has not been written yet.
struct Drawing {
    file: String,
    /// In one sentence.
    shows: String,
    picture: RgbImage,
}

/// An explanation that has not been written yet.
struct Explained {
    class: String,
    score: f32,
    drawings: Vec<Drawing>,
    by: ExplainedBy,
}

/// Writes pictures of how `predictor` predicts the image at `path`, of at most `max_pixels`, into `folder`.
///
/// For a detector: its best anchors, proposals before and after non-maximum suppression, regions with their scores, and
/// detections. For a classifier: the activation maps of every convolution, and Grad-CAM of the predicted class. For a model
/// from a file: what happens when parts of the image are covered, or its detections.
///
/// # Errors
/// [`ExplainError`] when the image can't be read, a picture can't be written, or the network has nothing to show.
pub fn explain(
    predictor: Predictor<'_>,
    path: &Path,
    max_pixels: u64,
    folder: &Path,
) -> Result<Explanation, ExplainError> {
    let decoded = pictures::decode(path, &pictures::file(path)?, max_pixels)?;
    let fitted = predictor.fit(&decoded.image);
    if predictor.shows_nothing(&fitted) {
        return Err(ExplainError::Blank(path.to_path_buf()));
    }
    let view = View::of(&fitted);
    let explained = match predictor {
        Predictor::Foreign(foreign) => occlusion::explain(foreign, &fitted, &view)?,
        Predictor::Network(trained, device) => match &trained.network {
            Network::Cnn(cnn) => classifier::explain(trained, cnn, &fitted, &view, device)?,
            Network::FasterRcnn(detector) => {
                let (image, resized) = tensor(trained, &[&fitted], device);
                let inspection = detector.inspect(image, resized.first().copied());
                detector::explain(trained, &inspection, &view)
            }
        },
    };
    let mut files = Vec::with_capacity(explained.drawings.len());
    for drawing in explained.drawings {
        let path = folder.join(drawing.file);
        let png = draw::png(&drawing.picture).map_err(|cause| ExplainError::Png {
            path: path.clone(),
            cause,
        })?;
        write_atomically(&path, png)?;
        files.push(Picture {
            path: path.display().to_string(),
            shows: drawing.shows,
        });
    }
    Ok(Explanation {
        image: path.display().to_string(),
        class: explained.class,
        score: explained.score,
        seen: [fitted.width, fitted.height],
        files,
        by: explained.by,
    })
}

/// The network's input, enlarged by a whole factor so that its pixels and boxes can be seen.
struct View {
    pixels: RgbImage,
    factor: u32,
}

/// The longer side of an enlarged image is at least this many pixels.
const SIDE: u32 = 560;

impl View {
    fn of(fitted: &Fitted) -> Self {
        let [width, height] = [fitted.width, fitted.height].map(|side| side as u32);
        let factor = SIDE.div_ceil(width.max(height).max(1));
        let pixels = RgbImage::from_fn(width, height, |x, y| {
            let pixel = (y * width + x) as usize;
            // A little darker than it is, so that boxes stand out from white ink.
            Rgb([0, 1, 2].map(|channel| {
                let plane = channel % fitted.channels * (width * height) as usize;
                (f32::from(fitted.pixels[plane + pixel]) * 0.8) as u8
            }))
        });
        Self { pixels, factor }
    }

    /// The image enlarged `factor` times.
    fn enlarged(&self, factor: u32) -> RgbImage {
        enlarged(&self.pixels, factor)
    }
}

fn enlarged(image: &RgbImage, factor: u32) -> RgbImage {
    image::imageops::resize(
        image,
        image.width() * factor,
        image.height() * factor,
        image::imageops::FilterType::Nearest,
    )
}

/// A probability as people write it.
fn percent(share: f32) -> String {
    format!("{:.1} %", 100.0 * share)
}
