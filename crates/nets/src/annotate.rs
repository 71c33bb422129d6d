//! Copies of images with the detections drawn on them.

use image::DynamicImage;

use crate::predict::ImagePrediction;
use data::draw::{self, Labels, colour};
use data::image::opaque_for_ink;

/// The shorter side of a copy has at least this many pixels, so that lines stay apart.
const LEAST_SIDE: u32 = 448;
/// Enlarging never goes beyond this many pixels a side.
const MOST_SIDE: u32 = 4096;
/// Detections with at least this score have a thick line.
const SURE: f32 = 0.5;
/// Detections with a lower score are not drawn.
const LEAST_SCORE: f32 = 0.05;

/// The image, enlarged where it is small, with the boxes of its `prediction`, each in the colour of its class (numbered by
/// `classes`) and labelled with class and score. Boxes with a low score have a thin line.
pub fn annotated(
    image: &DynamicImage,
    prediction: &ImagePrediction,
    classes: &[String],
) -> DynamicImage {
    let original = opaque_for_ink(image).to_rgb8();
    let (width, height) = original.dimensions();
    let factor = LEAST_SIDE.div_ceil(width.min(height).max(1));
    let factor = factor.min((MOST_SIDE / width.max(height).max(1)).max(1));
    let mut canvas = image::imageops::resize(
        &original,
        width * factor,
        height * factor,
        image::imageops::FilterType::Nearest,
    );
    // Lines and text grow with the picture, so that they stay visible when it is scaled down.
    let side = canvas.width().min(canvas.height());
    let text = (side / 200).clamp(2, 8);
    let mut shown: Vec<_> = prediction
        .detections
        .iter()
        .filter(|found| found.score >= LEAST_SCORE)
        .map(|found| {
            let area = found
                .bounds
                .map(|side| (side * factor as f32).round() as i64);
            let class = classes.iter().position(|class| *class == found.class);
            (found, area, colour(class.unwrap_or(0)))
        })
        .collect();
    // The best last, so that it is on top.
    for (found, area, colour) in shown.iter().rev() {
        let width = if found.score >= SURE { text + 1 } else { 1 };
        draw::outline(&mut canvas, *area, width.into(), *colour);
    }
    let mut labels = Labels::default();
    for (found, area, colour) in shown.drain(..) {
        let label = format!("{} {:.0} %", found.class, 100.0 * found.score);
        labels.add(&mut canvas, area, &label, text, colour);
    }
    canvas.into()
}
