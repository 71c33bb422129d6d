//! What a recipe leaves to the training pictures: colour, size, mean and standard deviation.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use image::{ImageDecoder, ImageReader};
use rayon::prelude::*;
use recipe::{Colour, Fit, Image, InputSize, PerChannel};

use super::is_open;
use crate::dataset::{Dataset, Samples};
use crate::image::header_limits;
use crate::listing::{Entry, Picture};

/// MNIST's size, which `fit = "digit"` makes unless the recipe says otherwise.
const DIGIT: [usize; 2] = [28, 28];
/// The longest side that is chosen for pictures of many sizes: larger inputs are slow, and the recipe can ask for them.
const LONGEST: usize = 256;
/// A chosen size is a multiple of this, so that it can be halved often.
const MULTIPLE: usize = 32;

/// Chooses the colour and the size of the images where the recipe does not.
pub(super) fn fill_in(image: &mut Image, train: &[Entry], notes: &mut Vec<String>) {
    let fit = match image.size {
        // Pictures in their own proportions are fitted to nothing.
        Some(InputSize::Sides(_)) => Fit::default(),
        _ => *image.fit.get_or_insert_default(),
    };
    if fit.is_ink() {
        image.colour = Some(Colour::Grey);
    }
    if fit == Fit::Digit {
        image.size = image.size.or(Some(InputSize::Fixed(DIGIT)));
    }
    if image.colour.is_some() && image.size.is_some() {
        return;
    }
    let seen: Vec<(bool, [usize; 2])> = train.par_iter().filter_map(header).collect();
    if image.colour.is_none() {
        let colour = seen.iter().any(|(colour, _)| *colour);
        image.colour = Some(if colour { Colour::Rgb } else { Colour::Grey });
    }
    if image.size.is_none() {
        let mut counts: HashMap<[usize; 2], usize> = HashMap::new();
        for (_, size) in &seen {
            *counts.entry(*size).or_default() += 1;
        }
        let size = match counts.len() {
            0 => [MULTIPLE; 2],
            1 => seen[0].1,
            _ => {
                let size = typical(seen.iter().map(|(_, size)| *size).collect());
                notes.push(format!(
                    "the pictures have {} sizes; all are brought to {} x {} pixels (width x height), see data.image.size",
                    counts.len(),
                    size[1],
                    size[0]
                ));
                size
            }
        };
        image.size = Some(InputSize::Fixed(size));
    }
}

/// The median height and width, not too large, each a multiple of 32.
fn typical(sizes: Vec<[usize; 2]>) -> [usize; 2] {
    let median = |axis: usize| {
        let mut sides: Vec<usize> = sizes.iter().map(|size| size[axis]).collect();
        sides.sort_unstable();
        sides[sides.len() / 2]
    };
    let size = [median(0), median(1)];
    let longer = size[0].max(size[1]);
    size.map(|side| {
        let side = if longer > LONGEST {
            side * LONGEST / longer
        } else {
            side
        };
        ((side + MULTIPLE / 2) / MULTIPLE).max(1) * MULTIPLE
    })
}

/// Whether a picture is in colour, and its upright `[height, width]`, by its header alone. Errors show when it is decoded.
pub(crate) fn header(entry: &Entry) -> Option<(bool, [usize; 2])> {
    match &entry.picture {
        Picture::Pixels { all, .. } => Some((all.channels > 1, [all.height, all.width])),
        Picture::Bytes(bytes) => header_of(ImageReader::new(Cursor::new(bytes.as_ref()))),
        Picture::File(path) => header_of_file(path),
    }
}

fn header_of_file(path: &Path) -> Option<(bool, [usize; 2])> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let file = std::fs::File::open(path).ok()?;
    header_of(ImageReader::new(std::io::BufReader::new(file)))
}

fn header_of<R: std::io::BufRead + std::io::Seek>(
    reader: ImageReader<R>,
) -> Option<(bool, [usize; 2])> {
    let mut reader = reader.with_guessed_format().ok()?;
    reader.limits(header_limits());
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let turned = decoder
        .orientation()
        .is_ok_and(|orientation| orientation.to_exif() >= 5);
    let size = if turned {
        [width, height]
    } else {
        [height, width]
    };
    Some((
        decoder.color_type().has_color(),
        size.map(|side| side as usize),
    ))
}

/// Computes the mean and standard deviation of each channel over the training pictures, where they are asked for.
pub(crate) fn measure(image: &mut Image, train: &Dataset) {
    if !is_open(image.mean) && !is_open(image.std) {
        return;
    }
    let images = match &train.samples {
        Samples::Labelled { images, .. } => images,
        Samples::Annotated(annotated) => &annotated.images,
        Samples::Scenes(_) => return,
    };
    // Counts of all levels: exact whatever the order.
    let counts = (0..images.count())
        .into_par_iter()
        .fold(
            || vec![[0_u64; 256]; train.channels],
            |mut counts, index| {
                let pixels = images.get(index);
                let area = (pixels.len() / train.channels.max(1)).max(1);
                for (counts, plane) in counts.iter_mut().zip(pixels.chunks_exact(area)) {
                    for &pixel in plane {
                        counts[usize::from(pixel)] += 1;
                    }
                }
                counts
            },
        )
        .reduce(
            || vec![[0_u64; 256]; train.channels],
            |mut sum, counts| {
                for (sum, counts) in sum.iter_mut().flatten().zip(counts.iter().flatten()) {
                    *sum += counts;
                }
                sum
            },
        );
    let moment = |counts: &[u64; 256], of: &dyn Fn(f64) -> f64| {
        let total: u64 = counts.iter().sum();
        let levels = (0..).map(|level: u32| f64::from(level) / 255.0);
        let sum: f64 = levels
            .zip(counts)
            .map(|(level, &n)| of(level) * n as f64)
            .sum();
        sum / (total as f64).max(1.0)
    };
    let means: Vec<f64> = counts.iter().map(|it| moment(it, &|level| level)).collect();
    let stds: Vec<f64> = counts
        .iter()
        .zip(&means)
        .map(|(counts, mean)| moment(counts, &|level| (level - mean).powi(2)).sqrt())
        // Pictures of one level everywhere.
        .map(|std| if std < 1e-6 { 1.0 } else { std })
        .collect();
    let channels = |values: &[f64]| match *values {
        [red, green, blue] => PerChannel::Rgb([red, green, blue]),
        _ => PerChannel::Same(values.first().copied().unwrap_or(0.0)),
    };
    if is_open(image.mean) {
        image.mean = channels(&means);
    }
    if is_open(image.std) {
        image.std = channels(&stds);
    }
}
