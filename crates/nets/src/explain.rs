//! Pictures of how a trained network came to its answer on one image.
//!
//! Every figure is in pixels of the image that the network saw, which [`Explanation::seen`] relates to the file's.

mod board;
mod classifier;
mod detector;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use image::{Rgb, RgbImage};
use measure::files::{FileError, write_atomically};
use serde::Serialize;

use crate::network::Network;
use crate::predict::{fit, tensor};
use crate::run::Trained;
pub use classifier::ClassifierFigures;
use data::draw;
use data::image::{Fitted, Gray, ImageError};
pub use detector::DetectorFigures;

/// Why an explanation could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The image file.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A picture can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture has no PNG form.
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
    /// A classifier without a single convolution.
    #[error("the network has no convolution, so it has no maps to look at")]
    NoMaps,
}

/// A picture and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// The file.
    pub path: String,
    /// In one sentence.
    pub shows: String,
}

/// What was found out about one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The file.
    pub image: String,
    /// The class that the network answered.
    pub class: String,
    /// The score of its best detection, or the probability of the class.
    pub score: f32,
    /// Width and height of what the network saw.
    pub seen: [usize; 2],
    /// The pictures, in the order of the network.
    pub files: Vec<Picture>,
    /// The figures behind them.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures behind the pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figures {
    /// Of a classifier.
    Classifier(ClassifierFigures),
    /// Of a detector.
    Detector(DetectorFigures),
}

/// Pictures before they are written.
type Pictures = Vec<(String, String, RgbImage)>;

/// Writes pictures of what `trained` makes of the image at `path` into `folder`.
///
/// For a detector: its best anchors, proposals before and after non-maximum suppression, regions with their scores, and
/// detections. For a classifier: the activation maps of every convolution, and Grad-CAM of the class that it answers.
///
/// # Errors
/// [`ExplainError`] when the image can't be read, a picture not be written, or the network has nothing to show.
pub fn explain(
    trained: &Trained,
    path: &Path,
    folder: &Path,
    device: &Device,
) -> Result<Explanation, ExplainError> {
    let gray = Gray::read(path)?;
    if gray.is_blank() {
        return Err(ExplainError::Blank(path.to_path_buf()));
    }
    let fitted = fit(trained, &gray);
    let seen = View::of(&fitted);
    let (class, score, figures, pictures) = match &trained.network {
        Network::Cnn(cnn) => classifier::pictures(trained, cnn, &fitted, &seen, device)?,
        Network::FasterRcnn(detector) => {
            let image = tensor(trained, std::slice::from_ref(&fitted), device);
            detector::pictures(trained, &detector.inspect(image), &seen)
        }
    };
    let mut files = Vec::with_capacity(pictures.len());
    for (name, shows, picture) in pictures {
        let path = folder.join(name);
        let png = draw::png(&picture).map_err(|cause| ExplainError::Png {
            path: path.clone(),
            cause,
        })?;
        write_atomically(&path, png)?;
        files.push(Picture {
            path: path.display().to_string(),
            shows,
        });
    }
    Ok(Explanation {
        image: path.display().to_string(),
        class,
        score,
        seen: [fitted.width, fitted.height],
        files,
        figures,
    })
}

/// What the network saw, enlarged by a whole factor so that its pixels and boxes can be told apart.
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
            // A little darker than it is, so that boxes stand out from white ink.
            let ink = f32::from(fitted.pixels[(y * width + x) as usize]) * 0.8;
            Rgb([ink as u8; 3])
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
