//! Copies of images with what was detected drawn on them.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage};
use measure::files::{FileError, write_atomically};

use crate::predict::ImageAnswer;

/// Why an annotated copy could not be written.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// The original can't be read any more.
    #[error("{}: {cause}", path.display())]
    Image {
        /// The original.
        path: PathBuf,
        /// What the decoder says.
        cause: image::ImageError,
    },
    /// The copy can't be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Colours of detections, best first; colour-blind safe (Okabe & Ito 2008).
const COLOURS: [Rgb<u8>; 4] = [
    Rgb([213, 94, 0]),
    Rgb([0, 114, 178]),
    Rgb([0, 158, 115]),
    Rgb([204, 121, 167]),
];
/// The shorter side of a copy is at least this many pixels, so that lines can be told apart.
const LEAST_SIDE: u32 = 224;
/// Enlarging never goes beyond this many pixels a side.
const MOST_SIDE: u32 = 4096;
/// Detections less sure than this are not drawn.
const LEAST_SCORE: f32 = 0.05;

/// Writes `folder/FILE.boxes.png`: the image at `path`, enlarged where it is small, with the boxes of `answer`.
///
/// # Errors
/// [`AnnotateError`] when the original can't be read or the copy not be written.
pub fn write(path: &Path, answer: &ImageAnswer, folder: &Path) -> Result<(), AnnotateError> {
    let failed = |cause| AnnotateError::Image {
        path: path.to_path_buf(),
        cause,
    };
    let original = upright(&measure::files::read_bytes(path)?).map_err(failed)?;
    let (width, height) = original.dimensions();
    let factor = LEAST_SIDE.div_ceil(width.min(height).max(1));
    let factor = factor.min((MOST_SIDE / width.max(height).max(1)).max(1));
    let mut canvas = image::imageops::resize(
        &original,
        width * factor,
        height * factor,
        image::imageops::FilterType::Nearest,
    );
    let sure = answer
        .detections
        .iter()
        .filter(|found| found.score >= LEAST_SCORE);
    for (found, colour) in sure.zip(COLOURS.iter().cycle()) {
        let corners = found
            .bounds
            .map(|side| (side * factor as f32).round() as i64);
        rectangle(&mut canvas, corners, i64::from(factor.clamp(2, 4)), *colour);
    }
    let mut png = Vec::new();
    canvas
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(failed)?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".boxes.png");
    Ok(write_atomically(folder.join(name), png)?)
}

/// The image as it is meant to be seen: photos may say that they lie on a side.
fn upright(bytes: &[u8]) -> Result<RgbImage, image::ImageError> {
    let mut decoder = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()?
        .into_decoder()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image.to_rgb8())
}

/// The outline of a box, `width` pixels inwards from its corners.
fn rectangle(canvas: &mut RgbImage, [x1, y1, x2, y2]: [i64; 4], width: i64, colour: Rgb<u8>) {
    for y in y1.max(0)..y2.min(i64::from(canvas.height())) {
        for x in x1.max(0)..x2.min(i64::from(canvas.width())) {
            let inside =
                (x1 + width..x2 - width).contains(&x) && (y1 + width..y2 - width).contains(&y);
            if !inside {
                canvas.put_pixel(x as u32, y as u32, colour);
            }
        }
    }
}
