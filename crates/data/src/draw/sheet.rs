//! A picture with a title, notes and a legend.

use image::RgbImage;

use super::{Area, BLACK, GREY, WHITE, fill, text_size, write};
use image::Rgb;

/// Pixels around everything.
const RIM: i64 = 16;
/// Pixels from one line of text to the next.
const LINE: i64 = 22;
/// Size of the font's pixels.
const TEXT: u32 = 2;
/// The side of a legend's patch of colour.
const PATCH: i64 = 14;

/// One line of a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its patch, if it has one.
    pub colour: Option<Rgb<u8>>,
    /// What it says.
    pub text: String,
}

/// A white sheet: a title, notes under it, a picture, and a legend to its right.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The first line.
    pub title: String,
    /// The lines after it.
    pub notes: Vec<String>,
    /// To the right of the picture; may be empty.
    pub legend: Vec<Row>,
}

impl Sheet {
    /// The sheet with `picture` on it.
    pub fn around(&self, picture: &RgbImage) -> RgbImage {
        let [wide, high] = [picture.width(), picture.height()].map(i64::from);
        let widest = |texts: &mut dyn Iterator<Item = &String>| {
            texts
                .map(|text| text_size(text, TEXT)[0])
                .max()
                .unwrap_or(0)
        };
        let head = widest(&mut std::iter::once(&self.title).chain(&self.notes));
        let legend = match widest(&mut self.legend.iter().map(|row| &row.text)) {
            0 => 0,
            width => RIM + PATCH + RIM / 2 + width,
        };
        let top = RIM + LINE * (1 + self.notes.len() as i64) + RIM / 2;
        let rows = LINE * self.legend.len() as i64;
        let width = RIM + head.max(wide + legend) + RIM;
        let height = top + high.max(rows) + RIM;
        let mut canvas = RgbImage::from_pixel(width as u32, height as u32, WHITE);
        write(&mut canvas, [RIM, RIM], &self.title, TEXT, BLACK);
        for (line, note) in (1..).zip(&self.notes) {
            let grey = Rgb([90, 90, 90]);
            write(&mut canvas, [RIM, RIM + line * LINE], note, TEXT, grey);
        }
        let frame = [RIM - 1, top - 1, RIM + wide + 1, top + high + 1];
        fill(&mut canvas, frame, GREY);
        image::imageops::replace(&mut canvas, picture, RIM, top);
        for (line, row) in (0..).zip(&self.legend) {
            let (x, y) = (RIM + wide + RIM, top + line * LINE);
            if let Some(colour) = row.colour {
                let patch: Area = [x, y, x + PATCH, y + PATCH];
                fill(&mut canvas, patch, colour);
            }
            let at = [x + PATCH + RIM / 2, y];
            write(&mut canvas, at, &row.text, TEXT, BLACK);
        }
        canvas
    }
}
