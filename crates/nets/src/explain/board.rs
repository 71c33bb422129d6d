//! An enlarged image with boxes, dots and labels, all in pixels of the original.

use std::collections::BTreeSet;

use image::{Rgb, RgbImage};
use kernels::boxes::Xyxy;

use super::View;
use crate::detector::proposals::Proposal;
use data::draw::{self, Area, GREY, Labels};

/// Pixels for each dot, at least.
const DOT_AREA: i64 = 120;

/// An enlarged image with boxes drawn on it, and room around it for those that reach beyond.
pub(super) struct Board {
    pub canvas: RgbImage,
    labels: Labels,
    factor: f32,
    margin: i64,
}

impl Board {
    /// Size of the font's pixels.
    const TEXT: u32 = 2;

    pub fn new<'a>(view: &View, boxes: impl IntoIterator<Item = &'a Xyxy>) -> Self {
        let image = view.enlarged(view.factor);
        let factor = view.factor as f32;
        let [width, height] = [image.width(), image.height()].map(|side| side as f32);
        let beyond = boxes.into_iter().fold(0.0_f32, |most, b| {
            let sides = [
                -b.x1 * factor,
                -b.y1 * factor,
                b.x2 * factor - width,
                b.y2 * factor - height,
            ];
            sides.into_iter().fold(most, f32::max)
        });
        // Room for a label beside boxes at the edge.
        let margin = beyond.ceil() as i64 + 24;
        let wide = |side: u32| side + 2 * margin as u32;
        let ground = Rgb([46, 46, 52]);
        let mut canvas = RgbImage::from_pixel(wide(image.width()), wide(image.height()), ground);
        image::imageops::replace(&mut canvas, &image, margin, margin);
        Self {
            canvas,
            labels: Labels::default(),
            factor,
            margin,
        }
    }

    fn area(&self, bounds: Xyxy) -> Area {
        <[f32; 4]>::from(bounds).map(|side| (side * self.factor).round() as i64 + self.margin)
    }

    /// Marks the centres of boxes, unless they are too close together.
    pub fn dots(&mut self, boxes: &[Proposal]) -> bool {
        let centre = |proposal: &Proposal| {
            let [x1, y1, x2, y2] = self.area(proposal.bounds);
            [i64::midpoint(x1, x2), i64::midpoint(y1, y2)]
        };
        let centres: BTreeSet<[i64; 2]> = boxes.iter().map(centre).collect();
        let area = i64::from(self.canvas.width()) * i64::from(self.canvas.height());
        let apart = centres.len() as i64 * DOT_AREA <= area;
        for [x, y] in centres.into_iter().filter(|_| apart) {
            draw::fill(&mut self.canvas, [x - 1, y - 1, x + 2, y + 2], GREY);
        }
        apart
    }

    pub fn outline(&mut self, bounds: Xyxy, width: i64, colour: Rgb<u8>) {
        let area = self.area(bounds);
        draw::outline(&mut self.canvas, area, width, colour);
    }

    pub fn label(&mut self, bounds: Xyxy, text: &str, colour: Rgb<u8>) {
        let area = self.area(bounds);
        self.labels
            .add(&mut self.canvas, area, text, Self::TEXT, colour);
    }
}
